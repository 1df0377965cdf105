//! Devices, their properties and logs, and commands to them. No answer holds a device's secret.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use faceiot::{CommandForm, DeviceId, Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::Api;
use super::answer::{Answer, Failure};
use crate::commands::{CommandReply, CommandRequest};
use crate::events::LogLine;
use crate::registry::{Device, NewDevice};
use crate::tables;

/// A device without its secret.
#[derive(Serialize)]
pub(super) struct Shown {
    id: DeviceId,
    cloud: String,
    name: String,
    enabled: bool,
    online: bool,
    /// Since when it is connected.
    since: Option<u64>,
    created: u64,
    last_seen: Option<u64>,
}

pub(super) async fn list(State(api): State<Api>) -> Answer<Json<Vec<Shown>>> {
    let devices = api.state.registry.list().await?;
    Ok(Json(
        devices.into_iter().map(|device| shown(&api, device)).collect(),
    ))
}

pub(super) async fn one(
    State(api): State<Api>,
    path: Result<Path<DeviceId>, PathRejection>,
) -> Answer<Json<Shown>> {
    let Path(id) = path?;
    let device = api.state.registry.find(&id).await?.ok_or_else(|| unknown(&id))?;
    Ok(Json(shown(&api, device)))
}

/// A device to register. Its secret may be given; one that is generated is read from the data folder, not from here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Add {
    id: DeviceId,
    #[serde(default)]
    secret: Option<String>,
}

pub(super) async fn add(
    State(api): State<Api>,
    body: Result<Json<Add>, JsonRejection>,
) -> Answer<(StatusCode, Json<Shown>)> {
    let Json(Add { id, secret }) = body?;
    let device = api.state.registry.add_device(NewDevice { id, secret }).await?;
    Ok((StatusCode::CREATED, Json(shown(&api, device))))
}

pub(super) async fn remove(
    State(api): State<Api>,
    path: Result<Path<DeviceId>, PathRejection>,
) -> Answer<StatusCode> {
    let Path(id) = path?;
    if !api.state.registry.remove(&id).await? {
        return Err(unknown(&id));
    }
    api.state.forget(&id);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn properties(
    State(api): State<Api>,
    path: Result<Path<DeviceId>, PathRejection>,
) -> Answer<Json<Vec<tables::PropertyRow>>> {
    let Path(id) = path?;
    known(&api, &id).await?;
    Ok(Json(tables::properties(api.state.registry.pool(), &id).await?))
}

/// How many rows, newest first.
#[derive(Deserialize)]
pub(super) struct Limit {
    #[serde(default = "hundred")]
    limit: u32,
}

const fn hundred() -> u32 {
    100
}

pub(super) async fn history(
    State(api): State<Api>,
    path: Result<Path<(DeviceId, String)>, PathRejection>,
    query: Result<Query<Limit>, QueryRejection>,
) -> Answer<Json<Vec<tables::PropertyRow>>> {
    let (Path((id, name)), Query(Limit { limit })) = (path?, query?);
    known(&api, &id).await?;
    Ok(Json(
        tables::history(api.state.registry.pool(), &id, &name, limit.min(1000)).await?,
    ))
}

pub(super) async fn log(
    State(api): State<Api>,
    path: Result<Path<DeviceId>, PathRejection>,
    query: Result<Query<Limit>, QueryRejection>,
) -> Answer<Json<Vec<LogLine>>> {
    let (Path(id), Query(Limit { limit })) = (path?, query?);
    known(&api, &id).await?;
    Ok(Json(
        tables::log(api.state.registry.pool(), Some(&id), limit.min(1000)).await?,
    ))
}

pub(super) async fn strangers_log(
    State(api): State<Api>,
    query: Result<Query<Limit>, QueryRejection>,
) -> Answer<Json<Vec<LogLine>>> {
    let Query(Limit { limit }) = query?;
    Ok(Json(
        tables::log(api.state.registry.pool(), None, limit.min(1000)).await?,
    ))
}

/// A command as HTTP brings it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandBody {
    #[serde(default)]
    form: Option<CommandForm>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    payload: serde_json::Value,
    /// Seconds; Huawei's own is 20.
    #[serde(default)]
    timeout: Option<f64>,
}

pub(super) async fn command(
    State(api): State<Api>,
    path: Result<Path<DeviceId>, PathRejection>,
    body: Result<Json<CommandBody>, JsonRejection>,
) -> Answer<Json<CommandReply>> {
    let (
        Path(id),
        Json(CommandBody {
            form,
            name,
            payload,
            timeout,
        }),
    ) = (path?, body?);
    let timeout = timeout.unwrap_or(20.0);
    if !(0.01..=50.0).contains(&timeout) {
        return Err(Error::new(ErrorKind::InvalidArgument, "`timeout` is 0.01 to 50 seconds").into());
    }
    let request = CommandRequest { form, name, payload };
    Ok(Json(
        api.state
            .command(&id, &request, Duration::from_secs_f64(timeout))
            .await?,
    ))
}

async fn known(api: &Api, id: &DeviceId) -> Answer<()> {
    api.state
        .registry
        .find(id)
        .await?
        .map(|_| ())
        .ok_or_else(|| unknown(id))
}

fn unknown(id: &DeviceId) -> Failure {
    Failure::not_found(format!("device `{id}` is not registered"))
}

fn shown(api: &Api, device: Device) -> Shown {
    let since = api.state.presence.online_since(&device.id);
    Shown {
        cloud: device.id.cloud().to_string(),
        name: device.id.name().to_owned(),
        enabled: device.enabled,
        online: since.is_some(),
        since,
        created: device.created_ms,
        last_seen: device.last_seen_ms,
        id: device.id,
    }
}
