//! Messages of Aliyun devices: Alink posts and their answers, events, time, photos.

use std::sync::atomic::Ordering;

use faceiot::DeviceId;
use faceiot::ingest::Carrier;
use faceiot_broker::{Message, Verdict};
use faceiot_core::topics::aliyun::{Kind, parse};

use super::{DeviceHooks, all, answer};
use crate::payload::alink::{self, PHOTO_PROPERTY};

impl DeviceHooks {
    pub(super) fn aliyun(&self, device: &DeviceId, message: &Message) -> Verdict {
        let mut verdict = Verdict::take();
        let Some(topic) = parse(&message.topic) else {
            self.info(
                device,
                &format!("`{}` is accepted; nothing here answers it", message.topic),
            );
            return verdict;
        };
        match topic.kind {
            Kind::PropertyPost => return self.property_post(device, message),
            Kind::EventPost(event) => return self.event_post(device, event, message),
            Kind::Custom("user/photo") => {
                verdict.durable = Some(self.chunk(device, Carrier::V2Raw(&message.payload), message.qos));
            }
            Kind::NtpRequest => match alink::ntp_response(&message.payload, self.state.clock.now_unix_ms()) {
                Some(payload) => {
                    let topic = format!("/ext/ntp/{}/{}/response", topic.product_key, topic.device_name);
                    verdict.inject.push(answer(topic, payload));
                }
                None => self.warn(device, 460, "asked for the time without `deviceSendTime`"),
            },
            Kind::PropertySetReply | Kind::ServiceReply(_) | Kind::RrpcResponse(_) => {
                if !self.state.pending.answered(&message.topic, &message.payload) {
                    self.warn(
                        device,
                        0,
                        &format!("answered on `{}`, where no command waits", message.topic),
                    );
                }
            }
            Kind::Custom(_) => {}
            Kind::OtaInform => self.info(device, &format!("version report: {}", text(&message.payload))),
            kind if kind.direction().device_publishes() => {
                self.info(
                    device,
                    &format!("`{}` is accepted; nothing here answers it", message.topic),
                );
            }
            _ => self.warn(
                device,
                0,
                &format!("`{}` is for the platform to publish: ignored", message.topic),
            ),
        }
        verdict
    }

    fn property_post(&self, device: &DeviceId, message: &Message) -> Verdict {
        const METHOD: &str = "thing.event.property.post";
        let mut verdict = Verdict::take();
        let reply_topic = format!("{}_reply", message.topic);
        let post = match alink::parse(&message.payload) {
            Ok(post) => post,
            Err(refused) => {
                self.state.counters.bad_posts.fetch_add(1, Ordering::Relaxed);
                let octets = message.payload.len();
                self.warn(
                    device,
                    refused.code,
                    &format!("property post of {octets} octets refused: {}", refused.message),
                );
                verdict.inject.push(answer(
                    reply_topic,
                    alink::reply("", refused.code, &refused.message, METHOD),
                ));
                return verdict;
            }
        };
        let now_ms = self.state.clock.now_unix_ms();
        let (mut tickets, mut properties, mut problem) = (Vec::new(), Vec::new(), None);
        for (name, raw) in &post.params {
            if name == PHOTO_PROPERTY
                && let Some(chunk) = alink::text_of(alink::unpacked(raw).0)
            {
                if let Some(wrong) = bad_chunk(&chunk) {
                    problem = Some(wrong);
                }
                // A bad chunk goes along: the store reports the photo that it belongs to.
                tickets.push(self.chunk(device, Carrier::text(chunk.as_bytes()), message.qos));
                continue;
            }
            match alink::property(name, raw, now_ms) {
                Ok(property) => properties.push(property),
                Err(why) => problem = Some(why),
            }
        }
        if !properties.is_empty() {
            self.state
                .counters
                .properties
                .fetch_add(properties.len() as u64, Ordering::Relaxed);
            tickets.push(self.state.recorder.properties(device, properties, now_ms));
        }
        let (code, words) = match &problem {
            None => (200, "success"),
            Some(why) => {
                self.state.counters.bad_posts.fetch_add(1, Ordering::Relaxed);
                self.warn(device, 460, &format!("property post: {why}"));
                (460, why.as_str())
            }
        };
        if post.wants_reply {
            verdict
                .inject
                .push(answer(reply_topic, alink::reply(&post.id, code, words, METHOD)));
        }
        verdict.durable = all(tickets);
        verdict
    }

    fn event_post(&self, device: &DeviceId, event: &str, message: &Message) -> Verdict {
        let mut verdict = Verdict::take();
        let method = format!("thing.event.{event}.post");
        let reply_topic = format!("{}_reply", message.topic);
        match alink::parse(&message.payload) {
            Ok(post) => {
                self.state.counters.device_events.fetch_add(1, Ordering::Relaxed);
                let params: Vec<String> = post
                    .params
                    .iter()
                    .map(|(name, value)| format!("{name}={}", value.get()))
                    .collect();
                self.info(device, &format!("event `{event}`: {}", params.join(", ")));
                if post.wants_reply {
                    verdict.inject.push(answer(
                        reply_topic,
                        alink::reply(&post.id, 200, "success", &method),
                    ));
                }
            }
            Err(refused) => {
                self.state.counters.bad_posts.fetch_add(1, Ordering::Relaxed);
                self.warn(
                    device,
                    refused.code,
                    &format!("event `{event}` refused: {}", refused.message),
                );
                verdict.inject.push(answer(
                    reply_topic,
                    alink::reply("", refused.code, &refused.message, &method),
                ));
            }
        }
        verdict
    }
}

/// What is wrong with a chunk as text, before any photo is looked at.
fn bad_chunk(chunk: &str) -> Option<String> {
    if chunk.starts_with("~2") || chunk == "END" {
        return None;
    }
    if let Some(at) = chunk.bytes().position(|octet| !octet.is_ascii_hexdigit()) {
        return Some(format!("`{PHOTO_PROPERTY}` is not hex at character {at}"));
    }
    (chunk.len() % 2 == 1).then(|| {
        format!(
            "`{PHOTO_PROPERTY}` has an odd number of hex digits ({})",
            chunk.len()
        )
    })
}

fn text(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload.get(..512).unwrap_or(payload)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_that_cannot_be_one_is_described() {
        for good in ["END", "~2AAAA", "FFD8", "ffd8", ""] {
            assert_eq!(bad_chunk(good), None, "{good}");
        }
        assert_eq!(
            bad_chunk("FFD").unwrap(),
            "`img` has an odd number of hex digits (3)"
        );
        assert_eq!(bad_chunk("FFxD").unwrap(), "`img` is not hex at character 2");
        assert!(bad_chunk("end").is_some());
    }
}
