//! Errors as HTTP answers: `{"error":{"kind":"not_found","code":202,"message":"..."}}`.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use faceiot::{Error, ErrorKind};
use serde_json::json;

/// A handler's failure.
pub(super) struct Failure {
    status: StatusCode,
    error: Error,
}

pub(super) type Answer<T> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        kind: ErrorKind,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            error: Error::new(kind, message),
        }
    }

    pub(super) fn not_found(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorKind::NotFound, message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::InvalidArgument | ErrorKind::Topic | ErrorKind::Json => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound | ErrorKind::UnknownDevice => StatusCode::NOT_FOUND,
            // A device that is not there is a conflict with the state of things, not a fault of the server.
            ErrorKind::Exists | ErrorKind::Disconnected => StatusCode::CONFLICT,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::RateLimit => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() && status != StatusCode::GATEWAY_TIMEOUT {
            tracing::error!("HTTP: {error}");
        }
        Self { status, error }
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(
            rejection.status(),
            ErrorKind::InvalidArgument,
            rejection.body_text(),
        )
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(
            rejection.status(),
            ErrorKind::InvalidArgument,
            rejection.body_text(),
        )
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(
            rejection.status(),
            ErrorKind::InvalidArgument,
            rejection.body_text(),
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "kind": self.error.kind().name(),
            "code": self.error.code(),
            "message": self.error.message(),
        }});
        (self.status, Json(body)).into_response()
    }
}

pub(super) async fn no_such_path(uri: Uri) -> Failure {
    Failure::not_found(format!("no such path `{}`", uri.path()))
}
