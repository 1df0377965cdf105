//! What of the broker must survive a crash, as records of a journal.
//!
//! | kind | fields | |
//! |---|---|---|
//! | `C` | session:u64 name | a persistent session begins |
//! | `X` | session:u64 | it ends, with all that is queued for it |
//! | `S` | session:u64 qos:u8 filter | it subscribes |
//! | `U` | session:u64 filter | it unsubscribes |
//! | `M` | message:u64 n:u32 session:u64 (n times) length:u16 topic payload | a message is queued for n sessions: body and enqueueing in one record, so that one cannot be torn from the other |
//! | `A` | session:u64 message:u64 | the session's client acknowledged it |
//!
//! Numbers are little endian. `P` (packet id given), `L`, `I`, `J` (QoS 2), `R` (retained) and `W` (will) are
//! reserved for what the broker does not offer yet. `C`, `S` and `U` are synced before they are answered; `A`
//! and `X` are lazy: losing one costs a repeated message, which QoS 1 allows.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;

use faceiot_journal::{Damage, Journal, Options, Record, Snapshot, Sync, Ticket};

use crate::protocol::Payload;
use crate::route::SessionId;
use crate::session::Routed;

const CREATE: u8 = b'C';
const DROP: u8 = b'X';
const SUBSCRIBE: u8 = b'S';
const UNSUBSCRIBE: u8 = b'U';
const MESSAGE: u8 = b'M';
const DONE: u8 = b'A';

/// The broker's journal.
pub(crate) struct Log {
    journal: Journal,
}

/// What was found in it.
#[derive(Default)]
pub(crate) struct Restored {
    pub(crate) sessions: BTreeMap<SessionId, RestoredSession>,
    pub(crate) last_session: SessionId,
    pub(crate) last_message: u64,
}

#[derive(Default)]
pub(crate) struct RestoredSession {
    pub(crate) name: String,
    pub(crate) subscriptions: BTreeMap<String, u8>,
    pub(crate) queue: VecDeque<Arc<Routed>>,
}

/// A persistent session as a snapshot of the log has it.
pub(crate) struct Saved {
    pub(crate) session: SessionId,
    pub(crate) name: Arc<str>,
    pub(crate) subscriptions: Vec<(Arc<str>, u8)>,
    pub(crate) queue: Vec<Arc<Routed>>,
}

impl Log {
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Restored)> {
        let mut restored = Restored::default();
        // A damaged place costs the messages in it; not starting would cost all of them. The journal logs it
        // as an error.
        let options = Options {
            on_damage: Damage::Skip,
            ..Options::default()
        };
        let journal = Journal::open(path, options, |record| {
            if restored.apply(&record).is_none() {
                tracing::error!(
                    seq = record.seq,
                    kind = record.kind,
                    "a record of the broker's log makes no sense and is left out"
                );
            }
        })?;
        Ok((Self { journal }, restored))
    }

    pub(crate) fn create(&self, session: SessionId, name: &str) -> Ticket {
        self.journal
            .append(CREATE, &[&session.to_le_bytes(), name.as_bytes()], Sync::Yes)
    }

    pub(crate) fn drop_session(&self, session: SessionId) {
        self.journal.append(DROP, &[&session.to_le_bytes()], Sync::Lazy);
    }

    pub(crate) fn subscribe(&self, session: SessionId, filter: &str, qos: u8) -> Ticket {
        self.journal.append(
            SUBSCRIBE,
            &[&session.to_le_bytes(), &[qos], filter.as_bytes()],
            Sync::Yes,
        )
    }

    pub(crate) fn unsubscribe(&self, session: SessionId, filter: &str) -> Ticket {
        self.journal.append(
            UNSUBSCRIBE,
            &[&session.to_le_bytes(), filter.as_bytes()],
            Sync::Yes,
        )
    }

    pub(crate) fn message(&self, message: &Routed, sessions: &[SessionId]) -> Ticket {
        let head = message_head(message, sessions);
        self.journal
            .append(MESSAGE, &[&head, message.payload.as_ref()], Sync::Yes)
    }

    pub(crate) fn done(&self, session: SessionId, message: u64) {
        self.journal.append(
            DONE,
            &[&session.to_le_bytes(), &message.to_le_bytes()],
            Sync::Lazy,
        );
    }

    pub(crate) fn wants_compaction(&self, live: u64) -> bool {
        self.journal.wants_compaction(live)
    }

    /// Replaces the log by `state`, which must be complete as of now (see [`Journal::compact`]).
    pub(crate) fn compact(&self, state: Vec<Saved>) {
        self.journal
            .compact(move |snapshot| write_snapshot(&state, snapshot));
    }

    pub(crate) fn size(&self) -> u64 {
        self.journal.size()
    }

    pub(crate) fn failed(&self) -> Option<String> {
        self.journal.failed()
    }

    /// Writes what is pending. Blocks.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.journal.clone().close()
    }
}

fn write_snapshot(state: &[Saved], snapshot: &mut Snapshot) {
    // By message number, which is the order of arrival in every queue.
    let mut messages: BTreeMap<u64, (&Routed, Vec<SessionId>)> = BTreeMap::new();
    for Saved {
        session,
        name,
        subscriptions,
        queue,
    } in state
    {
        snapshot.append(CREATE, &[&session.to_le_bytes(), name.as_bytes()]);
        for (filter, qos) in subscriptions {
            snapshot.append(SUBSCRIBE, &[&session.to_le_bytes(), &[*qos], filter.as_bytes()]);
        }
        for message in queue {
            messages
                .entry(message.id)
                .or_insert_with(|| (message, Vec::new()))
                .1
                .push(*session);
        }
    }
    for (message, sessions) in messages.values() {
        snapshot.append(
            MESSAGE,
            &[&message_head(message, sessions), message.payload.as_ref()],
        );
    }
}

fn message_head(message: &Routed, sessions: &[SessionId]) -> Vec<u8> {
    let mut head = Vec::with_capacity(14 + 8 * sessions.len() + message.topic.len());
    head.extend_from_slice(&message.id.to_le_bytes());
    head.extend_from_slice(&(sessions.len() as u32).to_le_bytes());
    for session in sessions {
        head.extend_from_slice(&session.to_le_bytes());
    }
    // A topic that came over the wire has at most 65,535 bytes; `route` refuses a longer one that was
    // injected.
    head.extend_from_slice(&(message.topic.len() as u16).to_le_bytes());
    head.extend_from_slice(message.topic.as_bytes());
    head
}

impl Restored {
    /// `None`: the record makes no sense.
    fn apply(&mut self, record: &Record<'_>) -> Option<()> {
        let mut fields = Fields { rest: record.payload };
        match record.kind {
            CREATE => {
                let session = fields.number()?;
                self.last_session = self.last_session.max(session);
                let name = fields.text()?.to_owned();
                self.sessions.insert(
                    session,
                    RestoredSession {
                        name,
                        ..RestoredSession::default()
                    },
                );
            }
            DROP => drop(self.sessions.remove(&fields.number()?)),
            SUBSCRIBE => {
                let (session, qos) = (fields.number()?, fields.take(1)?[0]);
                self.sessions
                    .get_mut(&session)?
                    .subscriptions
                    .insert(fields.text()?.to_owned(), qos.min(1));
            }
            UNSUBSCRIBE => {
                let session = fields.number()?;
                self.sessions
                    .get_mut(&session)?
                    .subscriptions
                    .remove(fields.text()?);
            }
            MESSAGE => {
                let id = fields.number()?;
                self.last_message = self.last_message.max(id);
                let n = u32::from_le_bytes(fields.take(4)?.try_into().ok()?) as usize;
                let sessions = fields.take(n.checked_mul(8)?)?;
                let length = u16::from_le_bytes(fields.take(2)?.try_into().ok()?);
                let topic = Arc::from(std::str::from_utf8(fields.take(usize::from(length))?).ok()?);
                let message = Arc::new(Routed {
                    id,
                    topic,
                    payload: Payload::from(fields.rest),
                });
                for session in sessions.chunks_exact(8) {
                    let session = u64::from_le_bytes(session.try_into().ok()?);
                    // A session that has ended meanwhile: its end may stand in the log before the message.
                    if let Some(session) = self.sessions.get_mut(&session) {
                        session.queue.push_back(Arc::clone(&message));
                    }
                }
            }
            DONE => {
                let (session, message) = (fields.number()?, fields.number()?);
                if let Some(session) = self.sessions.get_mut(&session)
                    && let Some(at) = session.queue.iter().position(|m| m.id == message)
                {
                    session.queue.remove(at);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.rest).ok()?;
        self.rest = &[];
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queue_of(log: &Path, session: SessionId) -> Vec<(u64, String, Vec<u8>)> {
        let (log, restored) = Log::open(log).expect("a log");
        log.close().expect("closed");
        let queue = &restored.sessions.get(&session).expect("the session").queue;
        queue
            .iter()
            .map(|m| (m.id, m.topic.to_string(), m.payload.as_ref().to_vec()))
            .collect()
    }

    fn message(id: u64, topic: &str) -> Routed {
        Routed {
            id,
            topic: topic.into(),
            payload: Payload::from(&b"p"[..]),
        }
    }

    #[test]
    fn a_log_gives_back_what_is_not_done_and_a_snapshot_says_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("broker.log");
        let (log, restored) = Log::open(&path).expect("a log");
        assert!(restored.sessions.is_empty());
        for (session, name) in [(1, "one"), (2, "two"), (3, "three")] {
            log.create(session, name);
            log.subscribe(session, "x/#", 1);
        }
        log.unsubscribe(2, "x/#");
        let routed: Vec<_> = (1..=4).map(|id| Arc::new(message(id, "x/y"))).collect();
        log.message(&routed[0], &[1, 2]);
        log.message(&routed[1], &[1]);
        log.message(&routed[2], &[3, 1, 2]);
        log.message(&routed[3], &[2, 99]);
        log.done(1, 2);
        log.done(2, 1);
        log.done(99, 7);
        log.drop_session(3);
        log.close().expect("closed");
        let one = [
            (1, "x/y".to_owned(), b"p".to_vec()),
            (3, "x/y".to_owned(), b"p".to_vec()),
        ];
        let two = [
            (3, "x/y".to_owned(), b"p".to_vec()),
            (4, "x/y".to_owned(), b"p".to_vec()),
        ];
        let (log, restored) = Log::open(&path).expect("a log");
        assert_eq!((restored.last_session, restored.last_message), (3, 4));
        assert_eq!(restored.sessions.keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(
            restored.sessions[&1].subscriptions,
            BTreeMap::from([("x/#".to_owned(), 1)])
        );
        assert!(restored.sessions[&2].subscriptions.is_empty());
        let saved = restored.sessions.into_iter().map(|(session, s)| Saved {
            session,
            name: s.name.into(),
            subscriptions: s.subscriptions.into_iter().map(|(f, q)| (f.into(), q)).collect(),
            queue: s.queue.into(),
        });
        log.compact(saved.collect());
        log.close().expect("closed");
        assert_eq!(queue_of(&path, 1), one);
        assert_eq!(queue_of(&path, 2), two);
    }

    proptest! {
        #[test]
        fn a_record_of_any_bytes_is_taken_or_left_without_a_panic(
            records in prop::collection::vec((prop::sample::select(b"CXSUMAz".to_vec()), prop::collection::vec(any::<u8>(), 0..40)), 0..20),
        ) {
            let mut restored = Restored::default();
            for (kind, payload) in &records {
                let _ = restored.apply(&Record { seq: 1, kind: *kind, payload });
            }
        }
    }
}
