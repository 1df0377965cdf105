//! Server-sent events: what happens, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use faceiot::ErrorKind;
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::Api;
use super::answer::{Answer, Failure};

/// `event: photo|property|connection|command|log`, data JSON. A listener that is too slow gets one `event: lagged`
/// with the number it missed and should read the tables again.
pub(super) async fn events(
    State(api): State<Api>,
) -> Answer<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let permit = Arc::clone(&api.state.streams).try_acquire_owned().map_err(|_| {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::RateLimit,
            "too many event streams are open",
        )
    })?;
    let mut stopping = api.stopping.clone();
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let events = BroadcastStream::new(api.state.events.subscribe()).map(move |event| {
        // Lives as long as the stream.
        let _permit = &permit;
        Ok(match event {
            Ok(event) => Sent::default()
                .event(event.name())
                .data(serde_json::to_string(&event).unwrap_or_default()),
            Err(BroadcastStreamRecvError::Lagged(missed)) => Sent::default()
                .event("lagged")
                .data(json!({ "missed": missed }).to_string()),
        })
    });
    // The first octets leave at once, so that a browser reports the stream as open before anything happens.
    let hello = stream::once(async { Ok(Sent::default().comment("faceiot")) });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(hello.chain(events).take_until(Box::pin(stopped))).keep_alive(keep_alive))
}

/// How many streams may be open.
pub(crate) fn permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(32))
}
