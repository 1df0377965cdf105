//! One connection, from the first subscription to the last packet.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::command::requests::Begin;
use crate::command::wire::{Draft, Parsed};
use crate::command::{Command, Reply, Responder, wire};
use crate::error::{Error, ErrorKind, Result};
use crate::event::ConnectionEvent;
use crate::mqtt::{Incoming, Reader, Writer};
use crate::outbox::Next;

use super::watch::{Line, Watch};
use super::{Ended, Goodbye, Link, Message, Request, Subscription, reply_of};

/// Filters that are asked for on this connection, by packet id, and whether all of the first ones were answered.
struct Subscribing {
    asked: Vec<(u16, String)>,
    ready: bool,
}

impl Link {
    /// Serves one connection until it ends; `first` hears when everything is subscribed to.
    pub(super) async fn serve(
        &mut self,
        (mut reader, mut writer): (Reader, Writer),
        first: &mut Option<oneshot::Sender<Result<()>>>,
    ) -> Ended {
        match self.served(&mut reader, &mut writer, first).await {
            Err(error) => Ended::Lost(error),
            Ok(goodbye) => {
                // Replies that are ready go out with the goodbye; photos do not.
                let last = async {
                    let replies = self.outbox.take_replies();
                    for reply in replies {
                        writer.publish(&reply.topic, reply.payload, None)?;
                    }
                    writer.close().await
                };
                if !matches!(tokio::time::timeout(GOODBYE, last).await, Ok(Ok(()))) {
                    tracing::debug!(device = %self.device, "the connection ended before DISCONNECT was written");
                }
                Ended::Closed(goodbye)
            }
        }
    }

    async fn served(
        &mut self,
        reader: &mut Reader,
        writer: &mut Writer,
        first: &mut Option<oneshot::Sender<Result<()>>>,
    ) -> Result<Goodbye> {
        let mut watch = Watch::new(self.config.keep_alive, Instant::now());
        let mut subscribing = Subscribing {
            asked: Vec::new(),
            ready: false,
        };
        for at in 0..self.subscriptions.len() {
            let Subscription { filter, qos, .. } = &self.subscriptions[at];
            let id = self.outbox.subscribe_id();
            writer.subscribe(filter, *qos, id)?;
            subscribing.asked.push((id, filter.clone()));
            watch.subscribing(Instant::now());
        }
        loop {
            if subscribing.asked.is_empty() {
                watch.subscribed();
                if !std::mem::replace(&mut subscribing.ready, true) {
                    self.tell(ConnectionEvent::Connected {
                        session_present: false,
                    });
                    if let Some(first) = first.take() {
                        let _ = first.send(Ok(()));
                    }
                }
            }
            let held = if subscribing.ready {
                self.fill(writer)?
            } else {
                None
            };
            if watch.check(Instant::now(), self.line(writer))? {
                writer.ping()?;
            }
            let wake = [
                Some(watch.due(self.line(writer))),
                self.running.next_deadline(),
                held.map(|wait| Instant::now() + wait),
            ];
            let wake = wake.into_iter().flatten().min().unwrap_or_else(Instant::now);
            tokio::select! {
                incoming = reader.next() => {
                    watch.received(Instant::now());
                    self.received(incoming?, writer, &mut subscribing)?;
                }
                written = writer.drain(), if writer.is_dirty() => {
                    written?;
                    watch.written(Instant::now());
                    self.outbox.written();
                }
                request = self.requests.recv() => match request {
                    Some(Request::Subscribe { filter, qos, done }) => {
                        let id = self.outbox.subscribe_id();
                        writer.subscribe(&filter, qos, id)?;
                        subscribing.asked.push((id, filter.clone()));
                        watch.subscribing(Instant::now());
                        self.subscriptions.retain(|known| known.filter != filter);
                        self.subscriptions.push(Subscription { filter, qos, done: Some(done) });
                    }
                    other => {
                        if let Some(goodbye) = self.accept(other) {
                            return Ok(goodbye);
                        }
                    }
                },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.answer_late_commands();
        }
    }

    fn line(&self, writer: &Writer) -> Line {
        Line {
            waiting: writer.is_dirty().then(|| writer.waiting()),
            expects: self.outbox.expects_acknowledgement(),
        }
    }

    /// Hands over what may go now; the time to wait when the rate holds something back.
    ///
    /// No more than [`FILL`] octets wait in front of the connection: what is there cannot be overtaken.
    fn fill(&mut self, writer: &mut Writer) -> Result<Option<Duration>> {
        while writer.waiting() < FILL || self.outbox.has_replies() {
            match self.outbox.next(self.started.elapsed()) {
                Next::Send {
                    topic,
                    payload,
                    packet_id,
                } => writer.publish(&topic, payload, packet_id)?,
                Next::Wait(wait) => return Ok(Some(wait)),
                Next::Nothing => break,
            }
        }
        Ok(None)
    }

    /// Answers for handlers whose time is up.
    fn answer_late_commands(&mut self) {
        for late in self.running.late(Instant::now()) {
            tracing::warn!(device = %self.device, id = late.id, name = late.name, "a command took too long");
            self.answer(
                late.entry,
                &Reply::error(Reply::LATE, "the device did not finish in time"),
            );
            self.tell(ConnectionEvent::CommandTimedOut {
                id: late.id,
                name: late.name,
            });
        }
    }

    fn received(
        &mut self,
        incoming: Incoming,
        writer: &mut Writer,
        subscribing: &mut Subscribing,
    ) -> Result<()> {
        match incoming {
            Incoming::PingResp => {}
            Incoming::PubAck(id) => self.outbox.acknowledged(id),
            Incoming::SubAck { packet_id, granted } => {
                self.outbox.subscribed(packet_id);
                if let Some(at) = subscribing.asked.iter().position(|(id, _)| *id == packet_id) {
                    let (_, filter) = subscribing.asked.swap_remove(at);
                    self.subscribed(&filter, granted);
                }
            }
            Incoming::Publish {
                topic,
                payload,
                packet_id,
            } => {
                if let Some(id) = packet_id {
                    writer.puback(id)?;
                }
                self.message(topic, payload);
            }
        }
        Ok(())
    }

    fn subscribed(&mut self, filter: &str, granted: bool) {
        let waiting = self
            .subscriptions
            .iter_mut()
            .find(|subscription| subscription.filter == filter)
            .and_then(|subscription| subscription.done.take());
        let outcome = if granted {
            Ok(())
        } else {
            tracing::warn!(device = %self.device, filter, "the broker refused a subscription");
            self.tell(ConnectionEvent::SubscriptionRefused {
                filter: filter.to_owned(),
            });
            Err(Error::new(
                ErrorKind::Topic,
                format!("the broker refused the subscription to `{filter}`"),
            ))
        };
        if let Some(done) = waiting {
            if outcome.is_err() {
                // The caller knows; it is not asked for again.
                self.subscriptions
                    .retain(|subscription| subscription.filter != filter);
            }
            let _ = done.send(outcome);
        }
    }

    fn message(&mut self, topic: String, payload: bytes::Bytes) {
        match wire::parse(&self.device, &self.controls, &topic, &payload) {
            Parsed::Command(draft) => self.command(draft, topic, payload),
            Parsed::Bad { reason, reply_to } => {
                tracing::warn!(device = %self.device, reason);
                let reply = Reply::error(Reply::BAD_REQUEST, reason);
                if let Some(Ok(answer)) = reply_to.map(|reply_to| wire::answer(&reply_to, &reply)) {
                    self.outbox.push_reply(reply_of(answer));
                }
            }
            Parsed::PostReply { id, code, data } => {
                if let Some(at) = self.expected.iter().position(|(expected, _)| *expected == id) {
                    let (_, answer) = self.expected.swap_remove(at);
                    let outcome = if code == i64::from(Reply::OK) {
                        Ok(data)
                    } else {
                        Err(Error::new(
                            ErrorKind::InvalidArgument,
                            format!("the cloud answered {code}: {data}"),
                        ))
                    };
                    let _ = answer.send(outcome);
                }
            }
            Parsed::Message => {
                let octets = topic.len() + payload.len();
                if let Err(message) = self.inbox.messages.push(Message { topic, payload }, octets) {
                    self.overflow(message.topic);
                }
            }
            Parsed::Nothing => {}
        }
    }

    fn command(&mut self, draft: Draft, topic: String, raw: bytes::Bytes) {
        let patience = self.config.command_timeout;
        let now = Instant::now();
        let (entry, responder) = match draft.request {
            None => (None, None),
            Some((key, reply_to)) => {
                let busy = reply_to.clone();
                match self.running.begin(key, &draft.name, reply_to, now, patience) {
                    Begin::Run(entry) => {
                        let responder = Responder::new(entry, now + patience, self.answers.clone());
                        (Some(entry), Some(std::sync::Arc::new(responder)))
                    }
                    Begin::Running => return,
                    Begin::Again(answer) => return self.outbox.push_reply(reply_of(answer)),
                    Begin::Busy => {
                        let reply = Reply::error(Reply::BUSY, "too many commands are running");
                        if let Ok(answer) = wire::answer(&busy, &reply) {
                            self.outbox.push_reply(reply_of(answer));
                        }
                        return self.overflow(topic);
                    }
                }
            }
        };
        let octets = topic.len() + raw.len();
        let command = Command {
            id: draft.id,
            name: draft.name,
            payload: draft.payload,
            form: draft.form,
            service_id: draft.service_id,
            topic,
            raw,
            responder,
        };
        if let Err(command) = self.inbox.commands.push(command, octets) {
            if let Some(entry) = entry {
                self.answer(entry, &Reply::error(Reply::BUSY, "too many commands wait"));
            }
            self.overflow(command.topic.clone());
        }
    }

    fn overflow(&self, topic: String) {
        tracing::warn!(device = %self.device, topic, "nobody takes what comes: dropped");
        self.tell(ConnectionEvent::Overflow { topic });
    }
}

/// Octets in front of the connection beyond which nothing more is handed over.
const FILL: usize = 32 * 1024;
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
