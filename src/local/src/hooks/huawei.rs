//! Messages of Huawei devices: property reports, messages, events, photos. The platform answers none of them but the
//! question for the time.

use std::sync::atomic::Ordering;

use faceiot::DeviceId;
use faceiot::ingest::Carrier;
use faceiot_broker::{Message, Verdict};
use faceiot_core::topics::huawei::{Kind, parse};

use super::{DeviceHooks, all, answer};
use crate::payload::huawei;

impl DeviceHooks {
    pub(super) fn huawei(&self, device: &DeviceId, device_id: &str, message: &Message) -> Verdict {
        let mut verdict = Verdict::take();
        // A topic under the device's own id, outside `$oc`: for whoever subscribed.
        let Some(topic) = parse(&message.topic) else {
            return verdict;
        };
        match topic.kind {
            Kind::PropertiesReport => return self.properties_report(device, message),
            Kind::User("photo") => {
                verdict.durable = Some(self.chunk(device, Carrier::V2Raw(&message.payload), message.qos));
            }
            Kind::EventsUp => {
                match huawei::events(&message.payload, device_id, self.state.clock.now_unix_ms()) {
                    Ok((time, events)) => {
                        self.state
                            .counters
                            .device_events
                            .fetch_add(events.len() as u64, Ordering::Relaxed);
                        for event in events {
                            self.info(device, &format!("event `{event}`"));
                        }
                        let topic = format!("$oc/devices/{device_id}/sys/events/down");
                        verdict.inject.extend(time.map(|payload| answer(topic, payload)));
                    }
                    Err(why) => self.bad_post(device, "event", &why),
                }
            }
            Kind::MessagesUp => {
                // "The platform does not parse the message": any payload is one.
                let octets = message.payload.len();
                let start = message.payload.get(..256).unwrap_or(&message.payload);
                self.info(
                    device,
                    &format!("message of {octets} octets: {}", String::from_utf8_lossy(start)),
                );
            }
            Kind::CommandResponse(_) | Kind::PropertiesSetResponse(_) => {
                if !self.state.pending.answered(&message.topic, &message.payload) {
                    self.warn(
                        device,
                        0,
                        &format!("answered on `{}`, where no command waits", message.topic),
                    );
                }
            }
            Kind::User(_) => {}
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

    fn properties_report(&self, device: &DeviceId, message: &Message) -> Verdict {
        let mut verdict = Verdict::take();
        let now_ms = self.state.clock.now_unix_ms();
        let report = match huawei::report(&message.payload, now_ms) {
            Ok(report) => report,
            Err(why) => {
                self.bad_post(device, "property report", &why);
                return verdict;
            }
        };
        for problem in &report.problems {
            self.bad_post(device, "property report", problem);
        }
        let mut tickets: Vec<_> = report
            .chunks
            .iter()
            .map(|chunk| self.chunk(device, Carrier::text(chunk.as_bytes()), message.qos))
            .collect();
        if !report.properties.is_empty() {
            self.state
                .counters
                .properties
                .fetch_add(report.properties.len() as u64, Ordering::Relaxed);
            tickets.push(self.state.recorder.properties(device, report.properties, now_ms));
        }
        verdict.durable = all(tickets);
        verdict
    }

    fn bad_post(&self, device: &DeviceId, what: &str, why: &str) {
        self.state.counters.bad_posts.fetch_add(1, Ordering::Relaxed);
        self.warn(device, 0, &format!("{what}: {why}"));
    }
}
