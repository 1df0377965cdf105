//! What the broker asks and tells after login: whose topic, who came and went, and every message of a device.
//!
//! Nothing here blocks: photos go to the photo store's queue, properties to the recorder's, answers straight back.

mod aliyun;
mod huawei;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use faceiot::DeviceId;
use faceiot::ingest::Carrier;
use faceiot_broker::{Hooks, Identity, Message, PublishVerdict, Verdict};
use faceiot_journal::Ticket;

use crate::acl;
use crate::events::{Event, Level};
use crate::rules::session;
use crate::state::State;

pub(crate) struct DeviceHooks {
    pub(crate) state: Arc<State>,
}

impl Hooks for DeviceHooks {
    fn may_publish(&self, identity: &Identity, topic: &str, qos: u8, retain: bool) -> PublishVerdict {
        let Some(session) = session(identity) else {
            return PublishVerdict::Disconnect;
        };
        if qos > 1 || retain {
            let what = if retain { "a retained message" } else { "QoS 2" };
            self.warn(
                &session.device,
                0,
                &format!("{what} on `{topic}`: the clouds offer neither; connection closed"),
            );
            return PublishVerdict::Disconnect;
        }
        if acl::may_publish(&session.device, topic) {
            return PublishVerdict::Allow;
        }
        self.state.counters.foreign_topics.fetch_add(1, Ordering::Relaxed);
        self.warn(
            &session.device,
            0,
            &format!("published to `{topic}`, which is not its own topic: dropped"),
        );
        PublishVerdict::Drop
    }

    fn may_subscribe(&self, identity: &Identity, filter: &str) -> Result<(), ()> {
        let session = session(identity).ok_or(())?;
        if acl::may_subscribe(&session.device, filter) {
            return Ok(());
        }
        self.state.counters.foreign_topics.fetch_add(1, Ordering::Relaxed);
        self.warn(
            &session.device,
            0x80,
            &format!("subscribed to `{filter}`, which is not its own topic: refused"),
        );
        Err(())
    }

    fn intercept(&self, identity: &Identity, message: &Message) -> Verdict {
        let Some(session) = session(identity) else {
            return Verdict::take();
        };
        let device = &session.device;
        let mut verdict = match device {
            DeviceId::Aliyun { .. } => self.aliyun(device, message),
            DeviceId::Huawei { device_id } => self.huawei(device, device_id, message),
        };
        verdict.route = acl::routes(device, &message.topic);
        verdict
    }

    fn connected(&self, identity: &Identity) -> Vec<String> {
        let Some(session) = session(identity) else {
            return Vec::new();
        };
        let now_ms = self.state.clock.now_unix_ms();
        self.state.recorder.seen(&session.device, now_ms);
        if self.state.presence.came(&session.device, now_ms) {
            self.tell_connection(&session.device, true, "", now_ms);
        }
        acl::implicit(&session.device, session.server_subscribes)
    }

    fn disconnected(&self, identity: &Identity, reason: &str) {
        let Some(session) = session(identity) else { return };
        let now_ms = self.state.clock.now_unix_ms();
        self.state.recorder.seen(&session.device, now_ms);
        if self.state.presence.went(&session.device) {
            self.tell_connection(&session.device, false, reason, now_ms);
        }
    }

    fn refused(&self, peer: SocketAddr, client_id: &str, reason: &str) {
        if !self.state.was_noted(peer) {
            let text = format!("login refused: {reason}; client id `{client_id}`, from {peer}");
            self.state
                .recorder
                .log(None, self.state.clock.now_unix_ms(), Level::Warn, 0, &text);
        }
    }

    fn protocol_error(&self, peer: SocketAddr, identity: Option<&Identity>, what: &str) {
        let device = identity.and_then(session).map(|session| &session.device);
        let text = format!("connection closed: {what}; from {peer}");
        self.state
            .recorder
            .log(device, self.state.clock.now_unix_ms(), Level::Warn, 0, &text);
    }
}

impl DeviceHooks {
    /// Hands a chunk to the photo store.
    fn chunk(&self, device: &DeviceId, carrier: Carrier<'_>, qos: u8) -> Ticket {
        self.state
            .photos
            .accept(device, carrier, qos, self.state.clock.now_unix_ms())
    }

    fn info(&self, device: &DeviceId, text: &str) {
        self.state
            .recorder
            .log(Some(device), self.state.clock.now_unix_ms(), Level::Info, 0, text);
    }

    fn warn(&self, device: &DeviceId, code: i64, text: &str) {
        self.state.recorder.log(
            Some(device),
            self.state.clock.now_unix_ms(),
            Level::Warn,
            code,
            text,
        );
    }

    fn tell_connection(&self, device: &DeviceId, online: bool, reason: &str, now_ms: u64) {
        let event = Event::Connection {
            device: device.clone(),
            online,
            reason: reason.to_owned(),
            time: now_ms,
        };
        let _ = self.state.events.send(event);
    }
}

/// A message to the device itself.
fn answer(topic: String, payload: Vec<u8>) -> Message {
    Message {
        topic: topic.into(),
        payload: payload.into(),
        qos: 0,
        retain: false,
    }
}

/// One ticket for several: durable when all are.
fn all(mut tickets: Vec<Ticket>) -> Option<Ticket> {
    if tickets.len() < 2 {
        return tickets.pop();
    }
    let (ticket, done) = Ticket::pending();
    tokio::spawn(async move {
        for ticket in tickets {
            if let Err(failed) = ticket.durable().await {
                return done.complete(Err(failed));
            }
        }
        done.complete(Ok(()));
    });
    Some(ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn several_tickets_are_durable_together_or_not_at_all() {
        assert!(all(Vec::new()).is_none());
        let (one, first) = Ticket::pending();
        let (two, second) = Ticket::pending();
        let both = all(vec![one, two]).unwrap();
        first.complete(Ok(()));
        assert_eq!(both.is_durable(), None);
        second.complete(Ok(()));
        both.durable().await.unwrap();
        let (one, dropped) = Ticket::pending();
        drop(dropped);
        all(vec![one, Ticket::ready()])
            .unwrap()
            .durable()
            .await
            .unwrap_err();
    }
}
