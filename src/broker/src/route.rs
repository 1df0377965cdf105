//! Sessions, subscriptions, and the one short critical section that every message passes.
//!
//! `Router` is a mutex around all sessions and the tree of subscriptions. A publish takes it once: match, put
//! into the mailboxes, append the log record. The order of the lock is the order of the log and of every
//! queue. Nothing under it waits or calls a hook. The order of locks: lifecycle, core, mailbox.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use faceiot_journal::Ticket;
use tokio::sync::Notify;

use crate::api::{Hooks, Identity, Limits};
use crate::log::{Log, Restored, Saved};
use crate::protocol::Payload;
use crate::session::{Mailbox, Routed};
use crate::stats::{Counter, Counters, Stats};
use crate::trie::{Subscription, Trie};

pub(crate) type SessionId = u64;

/// Shared by all connections.
pub(crate) struct Router {
    core: Mutex<Core>,
    /// Held over every coming and going together with its hooks, so that the hooks of one session never
    /// overlap or swap.
    lifecycle: Mutex<()>,
    log: Log,
    /// Bytes that a snapshot of the log would have, roughly.
    live_bytes: Counter,
    limits: Limits,
    pub(crate) counters: Arc<Counters>,
    pub(crate) hooks: Arc<dyn Hooks>,
}

#[derive(Default)]
struct Core {
    sessions: HashMap<SessionId, Session>,
    names: HashMap<Arc<str>, SessionId>,
    trie: Trie,
    last_session: SessionId,
    last_message: u64,
    last_generation: u64,
    /// Reused by every publish.
    found: Vec<(SessionId, u8)>,
}

struct Session {
    name: Arc<str>,
    mailbox: Arc<Mailbox>,
    persistent: bool,
    subscriptions: HashMap<Arc<str>, u8>,
    implicit: Vec<String>,
    live: Option<Arc<Live>>,
}

/// The connection that a session has.
pub(crate) struct Live {
    pub(crate) generation: u64,
    pub(crate) identity: Identity,
    /// Why it has to go; see [`Live::ended`].
    end: Mutex<Option<&'static str>>,
    wake: Notify,
    /// Its `disconnected` has been called, or is about to be.
    reported: AtomicBool,
}

impl Live {
    pub(crate) fn end(&self, why: &'static str) {
        self.end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(why);
        self.wake.notify_one();
    }

    /// Has somebody ended this connection, and why?
    pub(crate) fn why_ended(&self) -> Option<&'static str> {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn ended(&self) -> &'static str {
        loop {
            if let Some(why) = self.why_ended() {
                return why;
            }
            self.wake.notified().await;
        }
    }
}

/// A connection's hold on its session; dropping it, also by a panic, lets go.
pub(crate) struct Attached {
    router: Arc<Router>,
    pub(crate) session: SessionId,
    pub(crate) live: Arc<Live>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) present: bool,
    pub(crate) persistent: bool,
    /// The session's own record; the CONNACK waits for it.
    pub(crate) created: Ticket,
    /// Sent to an earlier connection, not acknowledged, not sent again yet.
    pub(crate) in_flight: VecDeque<(u16, Arc<Routed>)>,
    pub(crate) reason: String,
}

/// What became of a message.
pub(crate) struct RouteOutcome {
    pub(crate) sessions: usize,
    pub(crate) logged: Option<Ticket>,
}

/// One session, connected or kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionInfo {
    /// [`Identity::session`].
    pub session: String,
    /// Is a client connected?
    pub connected: bool,
    /// The listener it came through.
    pub listener: Option<String>,
    /// Is it kept when the client goes?
    pub persistent: bool,
    /// Explicit subscriptions with their QoS.
    pub subscriptions: Vec<(String, u8)>,
    /// Messages waiting.
    pub queued: usize,
    /// Messages sent and not acknowledged.
    pub in_flight: usize,
}

impl Router {
    pub(crate) fn open(log: &Path, limits: Limits, hooks: Arc<dyn Hooks>) -> io::Result<Self> {
        let (log, restored) = Log::open(log)?;
        let counters = Arc::new(Counters::default());
        let router = Self {
            core: Mutex::default(),
            lifecycle: Mutex::default(),
            log,
            live_bytes: Counter::default(),
            limits,
            counters,
            hooks,
        };
        router.restore(restored);
        Ok(router)
    }

    fn restore(&self, restored: Restored) {
        let mut core = self.core();
        core.last_session = restored.last_session;
        core.last_message = restored.last_message;
        for (id, saved) in restored.sessions {
            let name: Arc<str> = Arc::from(saved.name);
            self.live_bytes.add(text_weight(&name));
            let mailbox = Arc::new(Mailbox::new(self.limits, Arc::clone(&self.counters)));
            for message in saved.queue {
                self.live_bytes.add(live_weight(&message));
                mailbox.restore(message);
            }
            let mut subscriptions = HashMap::new();
            for (filter, qos) in saved.subscriptions {
                self.live_bytes.add(text_weight(&filter));
                core.trie.insert(
                    &filter,
                    Subscription {
                        session: id,
                        qos,
                        implicit: false,
                    },
                );
                subscriptions.insert(Arc::from(filter), qos);
            }
            core.names.insert(Arc::clone(&name), id);
            let session = Session {
                name,
                mailbox,
                persistent: true,
                subscriptions,
                implicit: Vec::new(),
                live: None,
            };
            core.sessions.insert(id, session);
        }
    }

    /// A client has logged in: its session, new or kept. An earlier connection of the same session is ended
    /// first.
    pub(crate) fn attach(
        self: &Arc<Self>,
        identity: &Identity,
        clean: bool,
    ) -> Result<Attached, &'static str> {
        // Declared before the lock, so that it is dropped after it when a hook panics: its drop takes the
        // lock.
        let attached;
        let _order = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut core = self.core();
        let old = core.names.get(&identity.session).copied();
        let old_live = old
            .and_then(|id| core.sessions.get_mut(&id))
            .and_then(|s| s.live.take());
        let kept = old.filter(|id| !clean && core.sessions.get(id).is_some_and(|s| s.persistent));
        if let (Some(id), None) = (old, kept) {
            self.remove(&mut core, id);
        }
        core.last_generation += 1;
        let live = Arc::new(Live {
            generation: core.last_generation,
            identity: identity.clone(),
            end: Mutex::new(None),
            wake: Notify::new(),
            reported: AtomicBool::new(false),
        });
        let added = match kept {
            Some(id) => Ok((id, Ticket::ready())),
            None => self.create(&mut core, &identity.session, !clean),
        };
        attached = added.map(|(id, created)| {
            let mailbox = match core.sessions.get_mut(&id) {
                Some(session) => {
                    session.live = Some(Arc::clone(&live));
                    Arc::clone(&session.mailbox)
                }
                // Cannot be: it was found or made under this lock. A mailbox of its own keeps even that
                // harmless.
                None => Arc::new(Mailbox::new(self.limits, Arc::clone(&self.counters))),
            };
            Attached {
                router: Arc::clone(self),
                session: id,
                in_flight: mailbox.connect(live.generation),
                mailbox,
                live,
                present: kept.is_some(),
                persistent: !clean,
                created,
                reason: "the connection was lost".to_owned(),
            }
        });
        if let Some(id) = kept {
            core.drop_implicit(id);
        }
        drop(core);
        if let Some(old_live) = old_live {
            old_live.end(TAKEN_OVER);
            self.report(&old_live, TAKEN_OVER);
        }
        if let Ok(attached) = &attached {
            let filters = self.hooks.connected(identity);
            self.add_implicit(attached, filters);
        }
        attached
    }

    fn create(
        &self,
        core: &mut Core,
        name: &Arc<str>,
        persistent: bool,
    ) -> Result<(SessionId, Ticket), &'static str> {
        if core.sessions.len() >= self.limits.sessions {
            return Err("too many sessions");
        }
        core.last_session += 1;
        let id = core.last_session;
        let session = Session {
            name: Arc::clone(name),
            mailbox: Arc::new(Mailbox::new(self.limits, Arc::clone(&self.counters))),
            persistent,
            subscriptions: HashMap::new(),
            implicit: Vec::new(),
            live: None,
        };
        core.sessions.insert(id, session);
        core.names.insert(Arc::clone(name), id);
        if !persistent {
            return Ok((id, Ticket::ready()));
        }
        self.live_bytes.add(text_weight(name));
        let ticket = self.log.create(id, name);
        self.compact_when_long(core);
        Ok((id, ticket))
    }

    fn add_implicit(&self, attached: &Attached, filters: Vec<String>) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(session) = core.sessions.get_mut(&attached.session) else {
            return;
        };
        for filter in filters.iter().filter(|f| crate::topic::is_filter(f)) {
            core.trie.insert(
                filter,
                Subscription {
                    session: attached.session,
                    qos: 0,
                    implicit: true,
                },
            );
        }
        session.implicit = filters;
    }

    fn remove(&self, core: &mut Core, id: SessionId) {
        core.drop_implicit(id);
        let Some(session) = core.sessions.remove(&id) else {
            return;
        };
        core.names.remove(&session.name);
        for filter in session.subscriptions.keys() {
            core.trie.remove(filter, id, false);
        }
        if session.persistent {
            self.log.drop_session(id);
            // Before the sum: an acknowledgement that comes later must not be taken off a second time.
            session.mailbox.disconnect();
            let messages: u64 = session.mailbox.kept().iter().map(|m| live_weight(m)).sum();
            let filters: u64 = session.subscriptions.keys().map(|f| text_weight(f)).sum();
            self.live_bytes
                .sub(messages + filters + text_weight(&session.name));
        }
    }

    fn detach(&self, attached: &Attached) {
        let _order = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut core = self.core();
        let own = core.sessions.get_mut(&attached.session).filter(|s| {
            s.live
                .as_ref()
                .is_some_and(|l| l.generation == attached.live.generation)
        });
        if let Some(session) = own {
            session.live = None;
            session.mailbox.disconnect();
            if session.persistent {
                core.drop_implicit(attached.session);
            } else {
                self.remove(&mut core, attached.session);
            }
        }
        drop(core);
        self.report(&attached.live, &attached.reason);
    }

    /// Exactly once per connection, by whoever comes first: itself, or the one that takes over.
    fn report(&self, live: &Live, reason: &str) {
        if !live.reported.swap(true, Ordering::AcqRel) {
            self.hooks.disconnected(&live.identity, reason);
        }
    }

    /// `Err`: over a limit. The ticket is for the SUBACK to wait for.
    pub(crate) fn subscribe(
        &self,
        attached: &Attached,
        filter: &str,
        qos: u8,
    ) -> Result<Ticket, &'static str> {
        if filter.split('/').nth(self.limits.filter_levels).is_some() {
            return Err("the filter has too many levels");
        }
        let qos = qos.min(1);
        let mut core = self.core();
        let core = &mut *core;
        let Some(session) = core.sessions.get_mut(&attached.session) else {
            return Err("the session has ended");
        };
        if !session.subscriptions.contains_key(filter)
            && session.subscriptions.len() >= self.limits.subscriptions
        {
            return Err("too many subscriptions");
        }
        let known = session.subscriptions.insert(Arc::from(filter), qos);
        core.trie.insert(
            filter,
            Subscription {
                session: attached.session,
                qos,
                implicit: false,
            },
        );
        // Written again even when it is known: the record of the first time may have failed.
        if known.is_none() && session.persistent {
            self.live_bytes.add(text_weight(filter));
        }
        if !session.persistent {
            return Ok(Ticket::ready());
        }
        let ticket = self.log.subscribe(attached.session, filter, qos);
        self.compact_when_long(core);
        Ok(ticket)
    }

    pub(crate) fn unsubscribe(&self, attached: &Attached, filter: &str) -> Ticket {
        let mut core = self.core();
        let core = &mut *core;
        core.trie.remove(filter, attached.session, false);
        match core.sessions.get_mut(&attached.session) {
            Some(session) => {
                let known = session.subscriptions.remove(filter).is_some();
                if known && session.persistent {
                    self.live_bytes.sub(text_weight(filter));
                    let ticket = self.log.unsubscribe(attached.session, filter);
                    self.compact_when_long(core);
                    return ticket;
                }
                Ticket::ready()
            }
            None => Ticket::ready(),
        }
    }

    /// Sends a message to everybody who wants it. `payload` is called only when somebody does.
    pub(crate) fn route(&self, topic: &Arc<str>, qos: u8, payload: impl FnOnce() -> Payload) -> RouteOutcome {
        let mut guard = self.core();
        let core = &mut *guard;
        let mut found = std::mem::take(&mut core.found);
        core.trie
            .matches(topic, &mut |s| found.push((s.session, s.qos.min(qos))));
        if found.is_empty() {
            core.found = found;
            return RouteOutcome {
                sessions: 0,
                logged: None,
            };
        }
        // Overlapping filters: one message, with the highest QoS [MQTT-3.3.5-1].
        found.sort_unstable();
        found.reverse();
        found.dedup_by_key(|f| f.0);
        let kept = |core: &Core, id: &SessionId| core.sessions.get(id).is_some_and(|s| s.persistent);
        let logged = found.iter().any(|(id, qos)| *qos > 0 && kept(core, id));
        core.last_message += u64::from(logged);
        let id = if logged { core.last_message } else { 0 };
        let message = Arc::new(Routed {
            id,
            topic: Arc::clone(topic),
            payload: payload(),
        });
        let mut sessions = 0;
        found.retain(|(id, qos)| {
            let Some(session) = core.sessions.get(id) else {
                return false;
            };
            let taken = session.mailbox.put(&message, *qos);
            sessions += usize::from(taken);
            taken && *qos > 0 && session.persistent
        });
        let ticket = if found.is_empty() {
            None
        } else {
            let ids: Vec<SessionId> = found.iter().map(|f| f.0).collect();
            self.live_bytes.add(live_weight(&message) * ids.len() as u64);
            Some(self.log.message(&message, &ids))
        };
        found.clear();
        core.found = found;
        if ticket.is_some() {
            self.compact_when_long(core);
        }
        RouteOutcome {
            sessions,
            logged: ticket,
        }
    }

    /// The client has a QoS 1 message.
    pub(crate) fn acknowledged(&self, attached: &Attached, packet_id: u16) {
        // Held over both steps: a snapshot taken between them would hold the message, and replace the record
        // that says it is done.
        let _core = self.core();
        let Some(message) = attached.mailbox.acknowledge(attached.live.generation, packet_id) else {
            return;
        };
        if attached.persistent && message.id != 0 {
            self.live_bytes.sub(live_weight(&message));
            self.log.done(attached.session, message.id);
        }
    }

    pub(crate) fn kick(&self, name: &str) -> bool {
        let core = self.core();
        let live = core
            .names
            .get(name)
            .and_then(|id| core.sessions.get(id))
            .and_then(|s| s.live.as_ref());
        live.inspect(|l| l.end("dropped by the operator")).is_some()
    }

    pub(crate) fn forget(&self, name: &str) -> bool {
        let _order = self.lifecycle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut core = self.core();
        let Some(id) = core.names.get(name).copied() else {
            return false;
        };
        let live = core.sessions.get_mut(&id).and_then(|s| s.live.take());
        self.remove(&mut core, id);
        drop(core);
        if let Some(live) = live {
            live.end(FORGOTTEN);
            self.report(&live, FORGOTTEN);
        }
        true
    }

    pub(crate) fn sessions(&self) -> Vec<SessionInfo> {
        let core = self.core();
        let info = |s: &Session| {
            let (queued, in_flight) = s.mailbox.depth();
            SessionInfo {
                session: s.name.to_string(),
                connected: s.live.is_some(),
                listener: s.live.as_ref().map(|l| l.identity.listener.to_string()),
                persistent: s.persistent,
                subscriptions: s.subscriptions.iter().map(|(f, q)| (f.to_string(), *q)).collect(),
                queued,
                in_flight,
            }
        };
        core.sessions.values().map(info).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let sessions = self.core().sessions.len() as u64;
        self.counters.read(sessions, self.log.size())
    }

    pub(crate) fn log_failure(&self) -> Option<String> {
        self.log.failed()
    }

    /// Blocks until the log is on disk.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.log.close()
    }

    /// Called after every record that a client can have written as often as it likes: subscribing and coming
    /// again makes a log long as well as messages do.
    fn compact_when_long(&self, core: &Core) {
        if self.log.wants_compaction(self.live_bytes.value()) {
            self.log.compact(core.saved());
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    fn drop_implicit(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for filter in session.implicit.drain(..) {
            self.trie.remove(&filter, id, true);
        }
    }

    fn saved(&self) -> Vec<Saved> {
        let persistent = self.sessions.iter().filter(|(_, s)| s.persistent);
        persistent
            .map(|(id, s)| Saved {
                session: *id,
                name: Arc::clone(&s.name),
                subscriptions: s.subscriptions.iter().map(|(f, q)| (Arc::clone(f), *q)).collect(),
                queue: s.mailbox.kept().into_iter().filter(|m| m.id != 0).collect(),
            })
            .collect()
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.router.detach(self);
    }
}

fn live_weight(message: &Routed) -> u64 {
    (message.payload.len() + message.topic.len() + 64) as u64
}

/// What a name or a filter costs a snapshot.
fn text_weight(text: &str) -> u64 {
    text.len() as u64 + 32
}

const FORGOTTEN: &str = "its session was removed";

const TAKEN_OVER: &str = "taken over by a newer connection";
