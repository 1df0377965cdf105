//! Object storage, signature versions 1 and 4, in headers and in URLs.

mod v1;
mod v4;

use faceiot_core::sign::aliyun::oss::Request;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::request::{Pairs, encoded, string};
use crate::errors::Result;
pub(crate) use v1::{oss_v1, oss_v1_url, verify_oss_v1, verify_oss_v1_url};
pub(crate) use v4::{oss_v4, oss_v4_key, oss_v4_url, verify_oss_v4, verify_oss_v4_url};

/// A request without its headers, as a signature keeps it.
struct Object {
    method: Str,
    bucket: String,
    key: String,
    params: Pairs,
}

impl Object {
    fn new(method: Str, bucket: &str, key: &str, params: Option<Pairs>) -> Self {
        Self {
            method,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            params: params.unwrap_or_default(),
        }
    }

    /// The request with these headers.
    fn with<T>(&self, headers: &[(&str, &str)], then: impl FnOnce(&Request<'_>) -> T) -> T {
        then(&Request {
            method: &self.method,
            bucket: &self.bucket,
            key: &self.key,
            query: &self.params.as_strs(),
            headers,
        })
    }
}

/// The URL that is sent; without a host it begins with the path.
fn url(py: Python<'_>, host: &str, key: &str, query: &str) -> Result<Str> {
    let path = key.split('/').map(encoded).collect::<Vec<_>>().join("/");
    let scheme = if host.is_empty() { "" } else { "https://" };
    string(py, &format!("{scheme}{host}/{path}?{query}"))
}
