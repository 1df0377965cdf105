//! Hops "login", "subscribe" and "echo": does the cloud let this device in, let it listen, and answer.
//!
//! The question of "echo" is one that both platforms answer to every device, whatever its product: what time is it
//! (Aliyun `/ext/ntp/..`, Huawei `$time_sync`). So the clock is looked at once more, with the cloud's own time.

use std::time::{Duration, Instant};

use faceiot::{Device, DeviceConfig, DeviceId, ErrorKind, Qos};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::clock::{TOLERANCE, ahead, now};
use super::{Hop, Outcome, Report};
use crate::config::Settings;
use crate::failure::Failure;

/// Logs in, subscribes, asks, and says what came of it.
pub(super) async fn look(settings: Settings, patience: Duration, report: &mut Report) -> Result<(), Failure> {
    let id = settings.credentials.device_id();
    let mut config = DeviceConfig::new(settings.credentials);
    config.endpoint = settings.endpoint;
    config.connect_timeout = patience;
    // Longer than the attempt itself: a broker that says "later" (CONNACK 3) is asked again until its own time is up.
    let device = match timeout(patience * 3, Device::connect(config)).await {
        Ok(Ok(device)) => {
            report.say(Hop::Login, Outcome::ok(format!("{id} is accepted (CONNACK 0)")))?;
            device
        }
        Ok(Err(error)) => {
            let todo = match error.kind() {
                ErrorKind::Refused => {
                    "compare names and secret with the cloud's console (`faceiot device list` for the local cloud); Huawei's sign type 1 also needs the right hour"
                }
                _ => "look at the broker's log",
            };
            report.say(Hop::Login, Outcome::failed(error.to_string(), todo))?;
            return report.skip(&[Hop::Subscribe, Hop::Echo], "not logged in");
        }
        Err(_) => {
            report.say(
                Hop::Login,
                Outcome::failed("the broker does not answer CONNECT", "is this an MQTT port?"),
            )?;
            return report.skip(&[Hop::Subscribe, Hop::Echo], "not logged in");
        }
    };
    let result = talk(&device, &id, patience, report).await;
    device.close().await;
    result
}

async fn talk(
    device: &Device,
    id: &DeviceId,
    patience: Duration,
    report: &mut Report,
) -> Result<(), Failure> {
    let question = Question::new(id);
    let subscribed = match timeout(patience, device.subscribe(&question.answered_on, Qos::AtMostOnce)).await {
        Ok(Ok(())) => Outcome::ok(format!("`{}` (SUBACK)", question.answered_on)),
        Ok(Err(error)) => Outcome::failed(
            error.to_string(),
            "the cloud does not let this device listen: check its product's topic permissions",
        ),
        Err(_) => Outcome::failed("SUBSCRIBE is not acknowledged", "look at the broker's log"),
    };
    let failed = subscribed.is_failed();
    report.say(Hop::Subscribe, subscribed)?;
    if failed {
        return report.skip(&[Hop::Echo], "the answer could not be heard");
    }
    let (outcome, ahead) = echo(device, &question, patience).await;
    report.say(Hop::Echo, outcome)?;
    match ahead {
        Some(ms) if ms.unsigned_abs() > TOLERANCE.as_millis() as u64 => {
            let way = if ms > 0 { "behind" } else { "ahead of" };
            let words = format!(
                "this computer's clock is {} s {way} the cloud's",
                ms.unsigned_abs() / 1000
            );
            report.say(
                Hop::Clock,
                Outcome::failed(words, "set it (`timedatectl set-ntp true` on Linux)"),
            )
        }
        _ => Ok(()),
    }
}

/// Publishes the question and waits for its answer; also says how far the cloud's clock is ahead.
async fn echo(device: &Device, question: &Question, patience: Duration) -> (Outcome, Option<i64>) {
    let mut messages = device.messages();
    let (asked, sent_ms) = (Instant::now(), now());
    if let Err(error) = device.publish(&question.topic, question.payload(sent_ms), Qos::AtMostOnce) {
        return (
            Outcome::failed(error.to_string(), "look at the broker's log"),
            None,
        );
    }
    let answer = async {
        while let Some(message) = messages.next().await {
            if message.topic == question.answered_on
                && let Some(times) = question.read(&message.payload, sent_ms)
            {
                return Some(times);
            }
        }
        None
    };
    match timeout(patience, answer).await {
        Ok(Some((there, leaves))) => {
            let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
            let ahead = ahead(ms(sent_ms), there, leaves, ms(now()));
            (
                Outcome::ok(format!("answered in {} ms", asked.elapsed().as_millis())),
                Some(ahead),
            )
        }
        Ok(None) | Err(_) => (
            Outcome::failed(
                format!("`{}` was published, and nothing came back", question.topic),
                "the connection works one way only, or this is not the cloud it should be: look at the broker's log",
            ),
            None,
        ),
    }
}

/// "What time is it?", in the words of the device's cloud.
struct Question {
    topic: String,
    answered_on: String,
    huawei: bool,
}

impl Question {
    fn new(id: &DeviceId) -> Self {
        match id {
            DeviceId::Aliyun {
                product_key,
                device_name,
            } => Self {
                topic: format!("/ext/ntp/{product_key}/{device_name}/request"),
                answered_on: format!("/ext/ntp/{product_key}/{device_name}/response"),
                huawei: false,
            },
            DeviceId::Huawei { device_id } => Self {
                topic: format!("$oc/devices/{device_id}/sys/events/up"),
                answered_on: format!("$oc/devices/{device_id}/sys/events/down"),
                huawei: true,
            },
        }
    }

    fn payload(&self, sent_ms: u64) -> Vec<u8> {
        let payload = if self.huawei {
            // usermanual-iothub 3041: a number, although the Python SDK sends a string.
            json!({"services": [{"service_id": "$time_sync", "event_type": "time_sync_request", "paras": {"device_send_time": sent_ms}}]})
        } else {
            json!({"deviceSendTime": sent_ms.to_string()})
        };
        payload.to_string().into_bytes()
    }

    /// When the question came in there, and when the answer left; `None` when it answers another question.
    fn read(&self, payload: &[u8], sent_ms: u64) -> Option<(i64, i64)> {
        let document: Value = serde_json::from_slice(payload).ok()?;
        let (times, names) = if self.huawei {
            let services = document.get("services")?.as_array()?;
            let answer = services.iter().find(|event| {
                event
                    .get("event_type")
                    .is_some_and(|kind| kind == "time_sync_response")
            })?;
            (
                answer.get("paras")?,
                ["device_send_time", "server_recv_time", "server_send_time"],
            )
        } else {
            (&document, ["deviceSendTime", "serverRecvTime", "serverSendTime"])
        };
        let [sent, there, leaves] = names.map(|name| times.get(name).and_then(number));
        (sent? == i64::try_from(sent_ms).ok()?).then_some((there?, leaves?))
    }
}

/// Both clouds write such numbers as numbers and as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_both_clouds_are_read_with_numbers_and_with_text() {
        let aliyun = Question::new(&"aliyun:pk:dn".parse().unwrap());
        let document = br#"{"deviceSendTime":"5","serverRecvTime":"7","serverSendTime":"8"}"#;
        assert_eq!(aliyun.read(document, 5), Some((7, 8)));
        assert_eq!(aliyun.read(document, 6), None, "another question's answer");

        let huawei = Question::new(&"huawei:p_n".parse().unwrap());
        let document = br#"{"object_device_id":"p_n","services":[{"service_id":"$time_sync","event_type":"time_sync_response",
            "paras":{"device_send_time":5,"server_recv_time":7,"server_send_time":8}}]}"#;
        assert_eq!(huawei.read(document, 5), Some((7, 8)));
        for bad in [
            &b"{}"[..],
            b"not JSON",
            br#"{"services":[{"event_type":"time_sync_response","paras":{}}]}"#,
        ] {
            assert_eq!(huawei.read(bad, 5), None);
        }
    }
}
