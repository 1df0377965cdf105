//! Object storage, signature versions 1 and 4, in headers and in URLs.

mod v1;
mod v4;

use super::request::encoded;
pub(crate) use v1::{oss_v1, oss_v1_url, verify_oss_v1, verify_oss_v1_url};
pub(crate) use v4::{oss_v4, oss_v4_key, oss_v4_url, verify_oss_v4, verify_oss_v4_url};

/// The URL that is sent; without a host it begins with the path.
fn url(host: &str, key: &str, query: &str) -> String {
    let path = key.split('/').map(encoded).collect::<Vec<_>>().join("/");
    let scheme = if host.is_empty() { "" } else { "https://" };
    format!("{scheme}{host}/{path}?{query}")
}
