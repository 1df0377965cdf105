//! Photos: rows as JSON, images as the device sent them.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use faceiot::{DeviceId, Error};
use serde::Deserialize;

use super::Api;
use super::answer::{Answer, Failure};
use crate::photos::{Filter, PhotoRow};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    device: Option<DeviceId>,
    #[serde(default)]
    after: Option<i64>,
    #[serde(default)]
    limit: Option<u32>,
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Answer<Json<Vec<PhotoRow>>> {
    let Query(Wanted { device, after, limit }) = query?;
    let limit = limit.unwrap_or(50).min(1000);
    Ok(Json(
        api.state.photos.list(&Filter { device }, after, limit).await?,
    ))
}

pub(super) async fn one(
    State(api): State<Api>,
    path: Result<Path<i64>, PathRejection>,
) -> Answer<Json<PhotoRow>> {
    let Path(id) = path?;
    Ok(Json(row(&api, id).await?))
}

pub(super) async fn image(
    State(api): State<Api>,
    path: Result<Path<i64>, PathRejection>,
    headers: HeaderMap,
) -> Answer<Response> {
    let Path(id) = path?;
    let row = row(&api, id).await?;
    let tag = format!("\"{}\"", row.sha256);
    // An id is never given twice, so what it shows never changes.
    let kept = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, max-age=86400".to_owned()),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let path = api.state.photos.image_path(&row);
    let bytes = tokio::fs::read(&path)
        .await
        .map_err(|e| Error::from(e).context(format!("the file of photo {id} cannot be read")))?;
    Ok((kept, [(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response())
}

async fn row(api: &Api, id: i64) -> Answer<PhotoRow> {
    api.state
        .photos
        .get(id)
        .await?
        .ok_or_else(|| Failure::not_found(format!("no photo {id}")))
}
