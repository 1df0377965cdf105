//! Commands to devices, and their answers.
//!
//! A command is published to the device, and its answer found again by topic and id. How many may wait is bounded,
//! per device and in all; a command that nobody answers ends with its time.

mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use faceiot::{CommandForm, DeviceId, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

/// What a device shall do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// How it travels; `None`: `service` for Aliyun, `huawei` for Huawei.
    #[serde(default)]
    pub form: Option<CommandForm>,
    /// Name of the service or command. For a property set of Huawei the `service_id`; for a property set of Aliyun
    /// it may be empty.
    #[serde(default)]
    pub name: String,
    /// Arguments; `null` is sent as `{}`.
    #[serde(default)]
    pub payload: Value,
}

/// What a device answered.
#[derive(Clone, Debug, Serialize)]
pub struct CommandReply {
    /// 200 (Aliyun) or 0 (Huawei) when it went well; the device's own code otherwise.
    pub code: i64,
    /// The device's data.
    pub data: Value,
    /// From publishing the command to the arrival of the answer.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
}

/// Commands that wait for their answers.
#[derive(Clone, Default)]
pub(crate) struct Pending {
    waiting: Arc<Mutex<HashMap<wire::Key, Waiting>>>,
}

struct Waiting {
    device: DeviceId,
    answer: oneshot::Sender<wire::Answer>,
}

/// A command ready to be published, registered as waiting until this is dropped.
pub(crate) struct Prepared {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    answer: Option<oneshot::Receiver<wire::Answer>>,
    key: Option<wire::Key>,
    pending: Pending,
    started: Instant,
}

impl Pending {
    /// Writes a command and makes room for its answer. `number` makes its id, and must differ between commands that
    /// wait at the same time.
    pub(crate) fn prepare(
        &self,
        device: &DeviceId,
        request: &CommandRequest,
        number: u32,
    ) -> Result<Prepared> {
        let wire::Outgoing { topic, payload, key } = wire::write(device, request, number)?;
        let mut receiver = None;
        if let Some(key) = &key {
            let mut waiting = self.lock();
            if waiting.len() >= MOST_WAITING
                || waiting.values().filter(|w| w.device == *device).count() >= MOST_WAITING_PER_DEVICE
            {
                return Err(Error::new(
                    ErrorKind::RateLimit,
                    format!(
                        "too many commands wait for an answer (at most {MOST_WAITING_PER_DEVICE} per device)"
                    ),
                ));
            }
            let (answer, wait) = oneshot::channel();
            waiting.insert(
                key.clone(),
                Waiting {
                    device: device.clone(),
                    answer,
                },
            );
            receiver = Some(wait);
        }
        Ok(Prepared {
            topic,
            payload,
            answer: receiver,
            key,
            pending: self.clone(),
            started: Instant::now(),
        })
    }

    /// Gives a message of a device to the command that waits for it. Says whether it was one.
    ///
    /// The topic is the device's own (the broker has checked that), so a device cannot answer for another.
    pub(crate) fn answered(&self, topic: &str, payload: &[u8]) -> bool {
        let Some((key, answer)) = wire::read_answer(topic, payload) else {
            return false;
        };
        let Some(waiting) = self.lock().remove(&key) else {
            return false;
        };
        waiting.answer.send(answer).is_ok()
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<wire::Key, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prepared {
    /// Waits for the answer.
    ///
    /// # Errors
    /// `Timeout` when none came in time.
    pub(crate) async fn answer(mut self, timeout: Duration) -> Result<CommandReply> {
        let (code, data) = match self.answer.take() {
            // A custom topic has no answer: what can be said is that the message went out.
            None => (200, Value::Null),
            Some(answer) => match tokio::time::timeout(timeout, answer).await {
                Ok(Ok(answer)) => (answer.code, answer.data),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        format!("the device did not answer within {} s", timeout.as_secs_f64()),
                    ));
                }
            },
        };
        Ok(CommandReply {
            code,
            data,
            elapsed: self.started.elapsed(),
        })
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.pending.lock().remove(key);
        }
    }
}

fn as_millis<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1e6).round() / 1e3)
}

const MOST_WAITING: usize = 1024;
const MOST_WAITING_PER_DEVICE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(name: &str) -> CommandRequest {
        CommandRequest {
            form: None,
            name: name.into(),
            payload: Value::Null,
        }
    }

    #[tokio::test]
    async fn an_answer_finds_its_command() {
        let pending = Pending::default();
        let device = DeviceId::aliyun("pk", "dn").unwrap();
        let one = pending.prepare(&device, &request("take_photo"), 1).unwrap();
        let two = pending.prepare(&device, &request("take_photo"), 2).unwrap();
        let topic = format!("{}_reply", two.topic);
        assert!(pending.answered(&topic, br#"{"id":"2","code":200,"data":{"n":2}}"#));
        assert!(
            !pending.answered(&topic, br#"{"id":"2","code":200}"#),
            "only once"
        );
        assert!(!pending.answered(&topic, br#"{"id":"7","code":200}"#));
        let reply = two.answer(Duration::from_secs(1)).await.unwrap();
        assert_eq!((reply.code, reply.data), (200, json!({"n": 2})));
        let error = one.answer(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn what_waits_is_bounded_and_a_dropped_command_makes_room() {
        let pending = Pending::default();
        let device = DeviceId::huawei("p_1").unwrap();
        let mut held: Vec<_> = (0..16)
            .map(|n| pending.prepare(&device, &request("take_photo"), n).unwrap())
            .collect();
        let error = pending
            .prepare(&device, &request("take_photo"), 99)
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::RateLimit);
        held.pop();
        pending.prepare(&device, &request("take_photo"), 99).unwrap();
    }
}
