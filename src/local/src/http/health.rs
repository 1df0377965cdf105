//! Whether the cloud can do its work: 200 and `"ok"`, or 503 and what is wrong.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Api;
use crate::data_dir::DataDir;

pub(super) async fn health(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    let state = &api.state;
    let db = match state.registry.generation().await {
        Ok(_) => state.recorder.failing(),
        Err(e) => Some(e.to_string()),
    };
    let journal = state.photos.stats().failing;
    let disk = match state.data_dir.free_bytes() {
        Ok(free) if free >= LEAST_FREE => None,
        Ok(free) => Some(format!(
            "{free} octets are free; photos need more than {LEAST_FREE}"
        )),
        Err(e) => Some(e.to_string()),
    };
    let checks = [("db", db), ("journal", journal), ("disk", disk)];
    let well = checks.iter().all(|(_, problem)| problem.is_none());
    let checks: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|(name, problem)| (name.to_owned(), problem.map_or(json!("ok"), Value::String)))
        .collect();
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "status": if well { "ok" } else { "failing" }, "checks": checks })),
    )
}

/// How large the photos' journal is.
pub(super) fn journal_bytes(dir: &DataDir) -> std::io::Result<u64> {
    std::fs::metadata(dir.root().join("journal").join("ingest.log")).map(|meta| meta.len())
}

/// A few photos and the log around them.
const LEAST_FREE: u64 = 16 << 20;
