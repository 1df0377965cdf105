//! HTTP on loopback: the JSON interface, server-sent events, metrics, health, and the page.
//!
//! | module | what |
//! |---|---|
//! | `guard` | who may ask: Host, Origin, bearer token, cookie; the headers of every answer |
//! | `devices` | devices, their properties and logs, commands |
//! | `photos` | rows and images |
//! | `stream` | server-sent events |
//! | `health`, `metrics` | for machines |
//! | `page` | the page and the way in |
//! | `answer` | errors as JSON |

mod answer;
mod devices;
pub(crate) mod guard;
mod health;
mod metrics;
mod page;
mod photos;
mod stream;

pub(crate) use stream::permits as streams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use faceiot::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::state::State;
use guard::Guard;

/// What every handler gets.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) state: Arc<State>,
    pub(crate) guard: Arc<Guard>,
    /// Turns true when the cloud stops; event streams end then.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A server that runs until it is stopped.
pub(crate) struct Server {
    addr: SocketAddr,
    guard: Arc<Guard>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Binds and serves.
    ///
    /// # Errors
    /// `Config` for an address that is not loopback: the interface has one token and no TLS. `PortInUse`.
    pub(crate) async fn start(addr: SocketAddr, token: String, state: Arc<State>) -> Result<Self> {
        if !addr.ip().is_loopback() {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "HTTP is served on loopback only, not on `{addr}`; use an SSH tunnel to reach it from elsewhere"
                ),
            ));
        }
        let listener = TcpListener::bind(addr)
            .await
            .map_err(|e| Error::from(e).context(format!("HTTP on `{addr}`")))?;
        let addr = listener.local_addr()?;
        let guard = Arc::new(Guard::new(addr, token));
        let (stop, stopping) = watch::channel(false);
        let api = Api {
            state,
            guard: Arc::clone(&guard),
            stopping: stopping.clone(),
        };
        let task = tokio::spawn(serve(listener, router(api), stopping));
        Ok(Self {
            addr,
            guard,
            stop,
            task,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    if let Err(e) = axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await
    {
        tracing::error!("HTTP ended: {e}");
    }
}

fn router(api: Api) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/icon.svg", get(page::icon))
        .route("/login", get(page::login))
        .route("/health", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .route("/api/login-code", post(page::login_code))
        .route("/api/devices", get(devices::list).post(devices::add))
        .route("/api/devices/{id}", get(devices::one).delete(devices::remove))
        .route("/api/devices/{id}/properties", get(devices::properties))
        .route(
            "/api/devices/{id}/properties/{name}/history",
            get(devices::history),
        )
        .route("/api/devices/{id}/log", get(devices::log))
        .route("/api/devices/{id}/commands", post(devices::command))
        .route("/api/log", get(devices::strangers_log))
        .route("/api/photos", get(photos::list))
        .route("/api/photos/{id}", get(photos::one))
        .route("/api/photos/{id}/image", get(photos::image))
        .route("/api/events", get(stream::events))
        .fallback(answer::no_such_path)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .with_state(api)
}

const BODY: usize = 64 * 1024;
const GRACE: Duration = Duration::from_secs(2);
