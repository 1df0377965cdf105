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

use super::{Ended, Link, Message, Request, Subscription, reply_of};

/// What a connection waits for, and since when.
struct Watch {
    /// Packet ids of subscriptions, and their place in the list of filters.
    subscribing: Vec<(u16, String)>,
    subscribing_since: Instant,
    ready: bool,
    last_received: Instant,
    last_written: Instant,
    ping_since: Option<Instant>,
    stuck_since: Option<(Instant, usize)>,
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
            Ok(done) => {
                // Replies that are ready go out with the goodbye; photos do not.
                let goodbye = async {
                    let replies = self.outbox.take_replies();
                    for reply in replies {
                        writer.publish(&reply.topic, reply.payload, None)?;
                    }
                    writer.close().await
                };
                if !matches!(tokio::time::timeout(GOODBYE, goodbye).await, Ok(Ok(()))) {
                    tracing::debug!(device = %self.device, "the connection ended before DISCONNECT was written");
                }
                Ended::Closed(done)
            }
        }
    }

    async fn served(
        &mut self,
        reader: &mut Reader,
        writer: &mut Writer,
        first: &mut Option<oneshot::Sender<Result<()>>>,
    ) -> Result<Option<oneshot::Sender<()>>> {
        let now = Instant::now();
        let mut watch = Watch {
            subscribing: Vec::new(),
            subscribing_since: now,
            ready: false,
            last_received: now,
            last_written: now,
            ping_since: None,
            stuck_since: None,
        };
        for subscription in &self.subscriptions {
            let id = self.outbox.subscribe_id();
            writer.subscribe(&subscription.filter, subscription.qos, id)?;
            watch.subscribing.push((id, subscription.filter.clone()));
        }
        loop {
            if !watch.ready && watch.subscribing.is_empty() {
                watch.ready = true;
                self.tell(ConnectionEvent::Connected {
                    session_present: false,
                });
                if let Some(first) = first.take() {
                    let _ = first.send(Ok(()));
                }
            }
            let mut wake = self.due(&watch, writer)?;
            if watch.ready
                && let Some(wait) = self.fill(writer)?
            {
                wake = wake.min(Instant::now() + wait);
            }
            tokio::select! {
                incoming = reader.next() => {
                    watch.last_received = Instant::now();
                    watch.ping_since = None;
                    self.received(incoming?, writer, &mut watch)?;
                }
                written = writer.drain(), if writer.is_dirty() => {
                    written?;
                    watch.last_written = Instant::now();
                    self.outbox.written();
                }
                request = self.requests.recv() => match request {
                    Some(Request::Subscribe { filter, qos, done }) => {
                        let id = self.outbox.subscribe_id();
                        writer.subscribe(&filter, qos, id)?;
                        watch.subscribing.push((id, filter.clone()));
                        watch.subscribing_since = Instant::now();
                        self.subscriptions.retain(|known| known.filter != filter);
                        self.subscriptions.push(Subscription { filter, qos, done: Some(done) });
                    }
                    other => {
                        if let Some(done) = self.accept(other) {
                            return Ok(done);
                        }
                    }
                },
                () = tokio::time::sleep_until(wake.into()) => {}
            }
            self.check(&mut watch, writer)?;
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

    /// When something has to be looked at again, whatever happens.
    fn due(&self, watch: &Watch, writer: &Writer) -> Result<Instant> {
        let mut due = watch.last_written + self.keep_alive();
        if !watch.subscribing.is_empty() {
            due = due.min(watch.subscribing_since + PATIENCE);
        }
        if let Some(since) = watch.ping_since {
            due = due.min(since + PATIENCE);
        } else if self.outbox.expects_acknowledgement() {
            due = due.min(watch.last_received.max(watch.last_written) + PATIENCE);
        }
        if writer.is_dirty() {
            due = due.min(watch.stuck_since.map_or_else(Instant::now, |(since, _)| since) + PATIENCE);
        }
        if let Some(deadline) = self.running.next_deadline() {
            due = due.min(deadline);
        }
        Ok(due)
    }

    /// Looks at everything that has a time.
    fn check(&mut self, watch: &mut Watch, writer: &mut Writer) -> Result<()> {
        let now = Instant::now();
        let silent = |what: &str| Error::new(ErrorKind::Disconnected, format!("{what} for {PATIENCE:?}"));
        if !watch.subscribing.is_empty() && now >= watch.subscribing_since + PATIENCE {
            return Err(silent("the broker did not answer SUBSCRIBE"));
        }
        if watch.ping_since.is_some_and(|since| now >= since + PATIENCE) {
            return Err(silent("the broker did not answer PINGREQ"));
        }
        match (writer.is_dirty(), watch.stuck_since) {
            (false, _) => watch.stuck_since = None,
            (true, Some((_, octets))) if octets > writer.waiting() => {
                watch.stuck_since = Some((now, writer.waiting()));
            }
            (true, None) => watch.stuck_since = Some((now, writer.waiting())),
            (true, Some((since, _))) => {
                if now >= since + PATIENCE {
                    return Err(silent("the connection took nothing"));
                }
            }
        }
        let idle = now >= watch.last_written + self.keep_alive();
        let unanswered = self.outbox.expects_acknowledgement()
            && now >= watch.last_received.max(watch.last_written) + PATIENCE;
        if watch.ping_since.is_none() && (idle || unanswered) {
            writer.ping()?;
            watch.ping_since = Some(now);
            watch.last_written = now;
        }
        for late in self.running.late(now) {
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
        Ok(())
    }

    fn received(&mut self, incoming: Incoming, writer: &mut Writer, watch: &mut Watch) -> Result<()> {
        match incoming {
            Incoming::PingResp => {}
            Incoming::PubAck(id) => self.outbox.acknowledged(id),
            Incoming::SubAck { packet_id, granted } => {
                self.outbox.subscribed(packet_id);
                if let Some(at) = watch.subscribing.iter().position(|(id, _)| *id == packet_id) {
                    let (_, filter) = watch.subscribing.swap_remove(at);
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

    /// Both clouds want a packet within the keep-alive and wait half of it longer; a sixth is kept for the way.
    fn keep_alive(&self) -> Duration {
        self.config.keep_alive * 5 / 6
    }
}

/// Octets in front of the connection beyond which nothing more is handed over.
const FILL: usize = 32 * 1024;
/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
