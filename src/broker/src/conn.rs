//! One connection: the sole owner of its stream, its packets on the way out, and the acknowledgements it
//! owes.
//!
//! ```text
//! bytes -> frame -> gate -> protocol -> hooks -> Router::route -> the subscribers' mailboxes
//!                                          |  acknowledgement: one FIFO, each waits for its tickets
//! bytes <- out buffer <- protocol <- own mailbox
//! ```
//!
//! Back pressure: input is read only while the output buffer and the FIFO of acknowledgements are below their
//! bounds. A client that does not read stops being read from, its mailbox fills up to its bounds, and after
//! [`Limits::write_stall`] it is dropped.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use faceiot_journal::Ticket;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::api::{Caps, Identity, Limits, Message, PublishVerdict, Rules};
use crate::frame::Frames;
use crate::gate::{Gate, Phase, gate};
use crate::output::Output;
use crate::protocol::{Event, Payload, Protocol};
use crate::route::{Attached, RouteOutcome, Router};

/// What a connection needs to know of where it came in.
pub(crate) struct Entry {
    pub(crate) router: Arc<Router>,
    pub(crate) rules: Arc<dyn Rules>,
    pub(crate) listener: Arc<str>,
    pub(crate) tls: bool,
    pub(crate) peer: SocketAddr,
    pub(crate) caps: Caps,
    pub(crate) limits: Limits,
    pub(crate) stop: watch::Receiver<bool>,
    /// When CONNECT must be there.
    pub(crate) connect_by: Instant,
}

/// Serves a client from its first byte to its last. `logged_in` is called when it stops being half open.
pub(crate) async fn serve<R, W>(entry: Entry, input: R, output: W, logged_in: impl FnOnce())
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut link = Link {
        input,
        frames: Frames::new(entry.caps.before_login),
        protocol: Protocol::new(),
        events: Vec::new(),
        output: Output::new(output),
    };
    let end = match link.admit(&entry).await {
        Ok((attached, keep_alive)) => {
            logged_in();
            link.frames.set_cap(entry.caps.after_login);
            let mut connection = Connection {
                attached,
                entry: &entry,
                acks: VecDeque::new(),
                holds: 0,
                lost_told: None,
                keep_alive,
                alive_until: None,
            };
            connection.heard();
            let end = connection.run(&mut link).await;
            tracing::debug!(session = %connection.attached.live.identity.session, "connection ends: {}", end.words());
            if let End::Broken(what) = &end {
                entry.complain(Some(&connection.attached.live.identity), what);
            }
            end.words().clone_into(&mut connection.attached.reason);
            end
        }
        Err(end) => {
            if let End::Broken(what) = &end {
                entry.complain(None, what);
            }
            end
        }
    };
    // The session is free by now: closing may take its time.
    link.close(&end).await;
}

impl Entry {
    fn complain(&self, identity: Option<&Identity>, what: &str) {
        self.router.counters.protocol_errors.add(1);
        tracing::info!(peer = %self.peer, session = identity.map(|i| &*i.session), "dropped: {what}");
        self.router.hooks.protocol_error(self.peer, identity, what);
    }

    pub(crate) fn refused(&self, client_id: &str, reason: &str) {
        self.router.counters.refused.add(1);
        tracing::info!(peer = %self.peer, client_id, "login refused: {reason}");
        self.router.hooks.refused(self.peer, client_id, reason);
    }
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The client said DISCONNECT.
    Goodbye,
    /// It went without a word.
    Gone(String),
    /// It broke the protocol or a limit.
    Broken(String),
    /// The disk did not take what it sent.
    Unstored(String),
    /// A CONNACK with a refusal is on its way.
    Refused,
    /// Somebody else ended it: take-over, kick.
    Ended(&'static str),
    /// The broker stops.
    Stop,
}

impl End {
    fn words(&self) -> &str {
        match self {
            Self::Goodbye => "disconnected by the client",
            Self::Gone(why) | Self::Broken(why) | Self::Unstored(why) => why,
            Self::Refused => "refused",
            Self::Ended(why) => why,
            Self::Stop => "the broker stops",
        }
    }
}

/// The stream, and what turns it into events.
pub(crate) struct Link<R, W> {
    pub(crate) input: R,
    pub(crate) frames: Frames,
    pub(crate) protocol: Protocol,
    pub(crate) events: Vec<Event>,
    pub(crate) output: Output<W>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    /// Writes what is owed, then closes so that the client can read it: closing with unread input would send
    /// a reset, and the client's system would throw away what we wrote last.
    async fn close(&mut self, end: &End) {
        let polite = async {
            self.output.finish().await?;
            if matches!(end, End::Refused | End::Broken(_) | End::Unstored(_)) {
                let mut sink = [0; 1024];
                while self.input.read(&mut sink).await? > 0 {}
            }
            std::io::Result::Ok(())
        };
        // Nothing is left to do for a client that does not take part in its own farewell.
        let _ = timeout(FAREWELL, polite).await;
    }
}

/// A connection after login.
struct Connection<'a> {
    attached: Attached,
    entry: &'a Entry,
    acks: VecDeque<Owed>,
    /// Of `acks`: QoS 0 messages that the layer above wants to be stored before more is read.
    holds: usize,
    /// When it was last told that a QoS 0 message was not stored. Not told for every one: a client that floods
    /// the disk must not flood the program's log as well.
    lost_told: Option<Instant>,
    keep_alive: Option<Duration>,
    alive_until: Option<Instant>,
}

/// An answer that waits for the disk.
struct Owed {
    tickets: Vec<Ticket>,
    answer: Answer,
}

enum Answer {
    Puback(u16),
    Suback(u16, Vec<Option<u8>>),
    Unsuback(u16),
    /// Nothing to say: a QoS 0 message.
    Hold,
}

impl Connection<'_> {
    async fn run<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(&mut self, link: &mut Link<R, W>) -> End {
        let mut stop = self.entry.stop.clone();
        let mut timer = std::pin::pin!(sleep_until(self.next_tick()));
        let live = Arc::clone(&self.attached.live);
        let mailbox = Arc::clone(&self.attached.mailbox);
        loop {
            if let Err(end) = self.work(link) {
                return end;
            }
            let may_read = self.may_read(link);
            if !may_read {
                // A client we do not listen to cannot be blamed for its silence.
                self.heard();
            }
            let Link {
                input,
                output,
                frames,
                ..
            } = link;
            let (has_room, owes) = (output.has_room(), !output.is_idle());
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return End::Stop,
                why = live.ended() => return End::Ended(why),
                pushed = output.push(), if owes => if let Err(e) = pushed {
                    return End::Gone(e.to_string());
                },
                () = first_settled(&self.acks), if !self.acks.is_empty() => {}
                () = mailbox.wake.notified(), if has_room => {}
                () = timer.as_mut() => {
                    if let Some(end) = self.overdue(&mut link.output) {
                        return end;
                    }
                    timer.as_mut().reset(self.next_tick());
                }
                read = frames.fill(input), if may_read => match read {
                    Ok(0) => return End::Gone("the client closed the connection".into()),
                    Ok(_) => {}
                    Err(e) => return End::Gone(e.to_string()),
                },
            }
        }
    }

    /// Everything that can be done without waiting.
    fn work<R, W>(&mut self, link: &mut Link<R, W>) -> Result<(), End> {
        self.settle(link)?;
        self.deliver(link);
        while self.may_read(link) {
            let Some(packet) = link.frames.next().map_err(|e| End::Broken(e.to_string()))? else {
                break;
            };
            // What arrived before somebody else took the session over and is read only now is not its
            // business any more.
            if let Some(why) = self.attached.live.why_ended() {
                return Err(End::Ended(why));
            }
            if let Gate::Close(why) = gate(packet, Phase::Later) {
                return Err(End::Broken(why.into()));
            }
            link.protocol
                .receive(packet, &mut link.output.bytes, &mut link.events);
            for event in std::mem::take(&mut link.events) {
                self.handle(event, link)?;
            }
        }
        self.deliver(link);
        Ok(())
    }

    fn handle<R, W>(&mut self, event: Event, link: &mut Link<R, W>) -> Result<(), End> {
        match event {
            Event::Publish {
                topic,
                payload,
                qos,
                retain,
                packet_id,
            } => self.publish(topic, payload, qos, retain, packet_id, link),
            Event::Puback(packet_id) => {
                self.entry.router.acknowledged(&self.attached, packet_id);
                Ok(())
            }
            Event::Pubrel(packet_id) => {
                link.protocol.pubcomp(packet_id, &mut link.output.bytes);
                Ok(())
            }
            Event::Subscribe { packet_id, filters } => self.subscribe(packet_id, filters, link),
            Event::Unsubscribe { packet_id, filters } => {
                let tickets = filters
                    .iter()
                    .map(|f| self.entry.router.unsubscribe(&self.attached, f))
                    .collect();
                self.owe(tickets, Answer::Unsuback(packet_id), link)
            }
            Event::Alive => {
                self.heard();
                Ok(())
            }
            Event::Disconnect => Err(End::Goodbye),
            Event::Connect(_) => Err(End::Broken("a second CONNECT".into())),
            Event::Error(what) => Err(End::Broken(what)),
        }
    }

    fn publish<R, W>(
        &mut self,
        topic: Arc<str>,
        payload: Payload,
        qos: u8,
        retain: bool,
        packet_id: Option<u16>,
        link: &mut Link<R, W>,
    ) -> Result<(), End> {
        let router = &self.entry.router;
        let identity = &self.attached.live.identity;
        router.counters.received.add(1);
        router.counters.received_bytes.add(payload.len() as u64);
        let verdict = router.hooks.may_publish(identity, &topic, qos, retain);
        let mut tickets = Vec::new();
        match verdict {
            PublishVerdict::Disconnect => return Err(End::Broken(format!("may not publish to `{topic}`"))),
            _ if qos == 2 => return Err(End::Broken("QoS 2 is not offered".into())),
            PublishVerdict::Drop => {}
            PublishVerdict::Allow if retain => {
                return Err(End::Broken("retained messages are not offered".into()));
            }
            PublishVerdict::Allow => {
                let message = Message {
                    topic,
                    payload: payload.to_bytes(),
                    qos,
                    retain,
                };
                let verdict = router.hooks.intercept(identity, &message);
                if verdict.route {
                    tickets.extend(router.route(&message.topic, qos, || payload).logged);
                }
                for message in verdict.inject {
                    tickets.extend(inject(router, message).logged);
                }
                if qos == 0 {
                    // Nobody waits for a QoS 0 message; only the layer above may ask us to slow its sender
                    // down.
                    tickets.clear();
                }
                tickets.extend(verdict.durable);
            }
        }
        let answer = match packet_id {
            Some(packet_id) => Answer::Puback(packet_id),
            None if tickets.is_empty() => return Ok(()),
            None => Answer::Hold,
        };
        self.owe(tickets, answer, link)
    }

    fn subscribe<R, W>(
        &mut self,
        packet_id: u16,
        filters: Vec<(String, u8)>,
        link: &mut Link<R, W>,
    ) -> Result<(), End> {
        let mut tickets = Vec::new();
        let mut granted = Vec::with_capacity(filters.len());
        for (filter, qos) in filters {
            let router = &self.entry.router;
            let identity = &self.attached.live.identity;
            let added = match router.hooks.may_subscribe(identity, &filter) {
                Ok(()) => router.subscribe(&self.attached, &filter, qos),
                Err(()) => Err("not allowed"),
            };
            match added {
                Ok(ticket) => {
                    tickets.push(ticket);
                    granted.push(Some(qos.min(1)));
                }
                Err(why) => {
                    tracing::info!(session = %identity.session, filter, "subscription refused: {why}");
                    granted.push(None);
                }
            }
        }
        self.owe(tickets, Answer::Suback(packet_id, granted), link)
    }

    /// Answers at once when nothing has to be waited for, otherwise in turn.
    fn owe<R, W>(&mut self, tickets: Vec<Ticket>, answer: Answer, link: &mut Link<R, W>) -> Result<(), End> {
        self.holds += usize::from(matches!(answer, Answer::Hold));
        self.acks.push_back(Owed { tickets, answer });
        if self.acks.len() == 1 {
            self.settle(link)
        } else {
            Ok(())
        }
    }

    /// Gives the answers whose tickets are durable, in order.
    fn settle<R, W>(&mut self, link: &mut Link<R, W>) -> Result<(), End> {
        while let Some(owed) = self.acks.front_mut() {
            while let Some(ticket) = owed.tickets.last() {
                match ticket.is_durable() {
                    None => return Ok(()),
                    // QoS 0 promises nothing: the message is lost, the connection is not.
                    Some(Err(failed)) if matches!(owed.answer, Answer::Hold) => {
                        if self.lost_told.is_none_or(|told| told.elapsed() >= TELL_AGAIN) {
                            self.lost_told = Some(Instant::now());
                            tracing::warn!(session = %self.attached.live.identity.session, "QoS 0 messages are not stored: {failed}");
                        }
                        owed.tickets.pop()
                    }
                    // Not acknowledged, so the client sends it again; staying connected it would wait for
                    // ever.
                    Some(Err(failed)) => {
                        return Err(End::Unstored(format!("not stored, not acknowledged: {failed}")));
                    }
                    Some(Ok(())) => owed.tickets.pop(),
                };
            }
            match &owed.answer {
                Answer::Puback(packet_id) => link.protocol.puback(*packet_id, &mut link.output.bytes),
                Answer::Suback(packet_id, granted) => {
                    link.protocol.suback(*packet_id, granted, &mut link.output.bytes);
                }
                Answer::Unsuback(packet_id) => link.protocol.unsuback(*packet_id, &mut link.output.bytes),
                Answer::Hold => self.holds -= 1,
            }
            self.acks.pop_front();
        }
        Ok(())
    }

    /// Moves messages from the mailbox into the output buffer while there is room.
    fn deliver<R, W>(&mut self, link: &mut Link<R, W>) {
        let counters = &self.entry.router.counters;
        while link.output.has_room() {
            let protocol = &mut link.protocol;
            let (message, packet_id, dup) =
                if let Some((packet_id, message)) = self.attached.in_flight.pop_front() {
                    (message, Some(packet_id), true)
                } else {
                    let generation = self.attached.live.generation;
                    match self
                        .attached
                        .mailbox
                        .next(generation, || protocol.acquire_packet_id())
                    {
                        Some((message, packet_id)) => (message, packet_id, false),
                        None => return,
                    }
                };
            protocol.publish(
                &message.topic,
                &message.payload,
                packet_id,
                dup,
                &mut link.output.bytes,
            );
            counters.sent.add(1);
            counters.sent_bytes.add(message.payload.len() as u64);
        }
    }

    fn may_read<R, W>(&self, link: &Link<R, W>) -> bool {
        link.output.has_room() && self.holds == 0 && self.acks.len() < self.entry.limits.waiting_acks
    }

    fn heard(&mut self) {
        self.alive_until = self.keep_alive.map(|k| Instant::now() + k);
    }

    fn next_tick(&self) -> Instant {
        let stall = Instant::now() + self.entry.limits.write_stall / 2;
        self.alive_until.map_or(stall, |alive| alive.min(stall))
    }

    fn overdue<W>(&self, output: &mut Output<W>) -> Option<End> {
        let now = Instant::now();
        if self.alive_until.is_some_and(|until| until <= now) {
            return Some(End::Gone(
                "silent for longer than one and a half times its keep-alive".into(),
            ));
        }
        let stalled = output
            .stalled_since()
            .is_some_and(|since| now.duration_since(since) >= self.entry.limits.write_stall);
        stalled.then(|| End::Gone("does not read what it is sent".into()))
    }
}

/// Sends a message that no client published.
pub(crate) fn inject(router: &Router, message: Message) -> RouteOutcome {
    let Message {
        topic, payload, qos, ..
    } = message;
    if !crate::topic::is_topic(&topic) {
        tracing::error!(%topic, "a message injected to what is no topic is dropped");
        return RouteOutcome {
            sessions: 0,
            logged: None,
        };
    }
    router.route(&topic, qos.min(1), || Payload::from(&payload[..]))
}

async fn first_settled(acks: &VecDeque<Owed>) {
    if let Some(ticket) = acks.front().and_then(|owed| owed.tickets.last()) {
        // How it ended is looked at when the answer is due.
        let _ = ticket.durable().await;
    }
}

const FAREWELL: Duration = Duration::from_millis(500);

const TELL_AGAIN: Duration = Duration::from_secs(10);
