//! Starting, listening, stopping.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::api::{Config, Limits, Message, Rules};
use crate::conn::{self, Entry};
use crate::route::{Router, SessionInfo};
use crate::stats::{Counter, Counters, Stats};
use faceiot_journal::Ticket;

/// A running broker. Dropping it stops it too, without waiting.
pub struct Broker {
    handle: Handle,
    addrs: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    /// Closed when the last task is gone.
    tasks: mpsc::Receiver<()>,
}

/// What others may do with a running broker. Cheap to clone; does not keep it running.
#[derive(Clone)]
pub struct Handle {
    router: Arc<Router>,
}

impl Broker {
    /// Binds all listeners, reads the log back, and serves.
    ///
    /// # Errors
    ///
    /// When an address cannot be bound (`AddrInUse`), or the log cannot be opened (see
    /// [`faceiot_journal::Journal::open`]).
    pub async fn start(config: Config) -> io::Result<Self> {
        let Config {
            state_dir,
            listeners,
            hooks,
            limits,
        } = config;
        let mut bound = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let socket = TcpListener::bind(listener.addr).await?;
            bound.push((socket, listener));
        }
        let addrs = bound
            .iter()
            .map(|(socket, _)| socket.local_addr())
            .collect::<io::Result<Vec<_>>>()?;
        let opened = tokio::task::spawn_blocking(move || {
            create_private(&state_dir)?;
            Router::open(&state_dir.join("broker.log"), limits, hooks)
        });
        let router = Arc::new(opened.await.map_err(io::Error::other)??);
        let (stop, stopped) = watch::channel(false);
        let (alive, tasks) = mpsc::channel(1);
        for (socket, listener) in bound {
            let gate = Door {
                router: Arc::clone(&router),
                rules: listener.rules,
                name: Arc::from(listener.name),
                tls: listener.tls.map(TlsAcceptor::from),
                limits,
                stop: stopped.clone(),
                open: Arc::default(),
                half_open: Arc::default(),
            };
            tokio::spawn(gate.accept(socket, alive.clone()));
        }
        Ok(Self {
            handle: Handle { router },
            addrs,
            stop,
            tasks,
        })
    }

    /// Where it listens, in the order of [`Config::listeners`]; the free ports found for port 0.
    pub fn addrs(&self) -> Vec<SocketAddr> {
        self.addrs.clone()
    }

    /// For injecting messages and looking at sessions.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Closes all connections and the log. When this returns the ports are free and what was acknowledged is
    /// on disk.
    pub async fn stop(mut self) {
        // Nobody listens any more when every task is gone already.
        let _ = self.stop.send(true);
        if timeout(STOP_PATIENCE, self.tasks.recv()).await.is_err() {
            tracing::warn!("a connection does not end; the broker stops without it");
        }
        let router = Arc::clone(&self.handle.router);
        match tokio::task::spawn_blocking(move || router.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::error!("the broker's log was not closed cleanly: {e}"),
            Err(e) => tracing::error!("the broker's log was not closed: {e}"),
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("addrs", &self.addrs)
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// Sends a message to all sessions that are subscribed to its topic, past every hook. Returns how many
    /// took it.
    pub fn inject(&self, message: Message) -> usize {
        conn::inject(&self.router, message).sessions
    }

    /// Like [`Handle::inject`]; the ticket is durable when the message is on disk for every session that is
    /// kept.
    pub fn inject_logged(&self, message: Message) -> (usize, Ticket) {
        let outcome = conn::inject(&self.router, message);
        (outcome.sessions, outcome.logged.unwrap_or_else(Ticket::ready))
    }

    /// All sessions, connected or kept.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        self.router.sessions()
    }

    /// Drops the connection of a session, if it has one. The session itself goes or stays as if the client
    /// had gone.
    pub fn kick(&self, session: &str) -> bool {
        self.router.kick(session)
    }

    /// Drops the connection of a session and removes the session with its subscriptions and everything queued for
    /// it, for a client that is not to come back: one that is given the same name later begins with nothing.
    /// Calls [`Hooks::disconnected`](crate::Hooks::disconnected), so no hook may call this.
    pub fn forget(&self, session: &str) -> bool {
        self.router.forget(session)
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        self.router.stats()
    }

    /// Why the log does not reach the disk at present; `None` when all is well.
    pub fn log_failure(&self) -> Option<String> {
        self.router.log_failure()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// One listener at work.
struct Door {
    router: Arc<Router>,
    rules: Arc<dyn Rules>,
    name: Arc<str>,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stop: watch::Receiver<bool>,
    /// Of this listener; the router's counters are of all.
    open: Arc<Counter>,
    half_open: Arc<Counter>,
}

impl Door {
    async fn accept(self, socket: TcpListener, alive: mpsc::Sender<()>) {
        let mut stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, &alive),
                Err(e) => {
                    // Out of descriptors, most of all: others have to go before anybody can come.
                    tracing::warn!(listener = %self.name, "cannot accept: {e}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, alive: &mpsc::Sender<()>) {
        let caps = self.rules.caps();
        let counters = &self.router.counters;
        counters.accepted.add(1);
        let open = Count::within(&self.open, counters, |c| &c.connections, caps.connections);
        let half_open = Count::within(&self.half_open, counters, |c| &c.half_open, caps.half_open);
        let (Some(open), Some(half_open)) = (open, half_open) else {
            counters.over_cap.add(1);
            tracing::debug!(listener = %self.name, %peer, "too many connections");
            return;
        };
        if let Err(e) = stream.set_nodelay(true) {
            tracing::debug!(%peer, "no TCP_NODELAY: {e}");
        }
        let entry = Entry {
            router: Arc::clone(&self.router),
            rules: Arc::clone(&self.rules),
            listener: Arc::clone(&self.name),
            tls: self.tls.is_some(),
            peer,
            caps,
            limits: self.limits,
            stop: self.stop.clone(),
            connect_by: Instant::now() + caps.connect_timeout,
        };
        let (tls, alive) = (self.tls.clone(), alive.clone());
        tokio::spawn(async move {
            let _alive = alive;
            let _open = open;
            match tls {
                None => {
                    let (input, output) = stream.into_split();
                    conn::serve(entry, input, output, || drop(half_open)).await;
                }
                Some(acceptor) => {
                    let mut stop = entry.stop.clone();
                    let handshake = tokio::select! {
                        biased;
                        _ = stop.wait_for(|stop| *stop) => return,
                        handshake = timeout_at(entry.connect_by, acceptor.accept(stream)) => handshake,
                    };
                    match handshake {
                        Ok(Ok(stream)) => {
                            let (input, output) = tokio::io::split(stream);
                            conn::serve(entry, input, output, || drop(half_open)).await;
                        }
                        Ok(Err(e)) => tracing::info!(%peer, "TLS handshake failed: {e}"),
                        Err(_) => tracing::info!(%peer, "TLS handshake not in time"),
                    }
                }
            }
        });
    }
}

/// Counts one while it lives, here and in the broker's counters.
struct Count {
    here: Arc<Counter>,
    all: Arc<Counters>,
    which: fn(&Counters) -> &Counter,
}

impl Count {
    fn within(
        here: &Arc<Counter>,
        all: &Arc<Counters>,
        which: fn(&Counters) -> &Counter,
        cap: usize,
    ) -> Option<Self> {
        here.add_within(1, cap as u64).then(|| {
            which(all).add(1);
            Self {
                here: Arc::clone(here),
                all: Arc::clone(all),
                which,
            }
        })
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.here.sub(1);
        (self.which)(&self.all).sub(1);
    }
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

const STOP_PATIENCE: Duration = Duration::from_secs(5);

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
