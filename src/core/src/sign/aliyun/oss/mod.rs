//! Object Storage Service: signature versions 1 and 4, in the header `Authorization` or in a URL that expires.
//!
//! | version | header | URL | what differs |
//! |---|---|---|---|
//! | [`v1`] | [`v1::authorization`] | [`v1::presign`] | HMAC-SHA1, the object's key signed raw |
//! | [`v4`] | [`v4::authorization`] | [`v4::presign`] | HMAC-SHA256 with a key for the day, the object's key signed encoded |
//!
//! The URL that is sent may spell the key in another way (oss2 writes `/` as `%2F`): signed is what it means.

pub mod v1;
pub mod v4;

/// What is signed of a request. Names and values are plain text, not encoded.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Bucket; empty for requests to the service itself. With a virtual host or a CNAME it is the bucket all the same.
    pub bucket: &'a str,
    /// Key of the object; empty for requests to the bucket.
    pub key: &'a str,
    /// Query parameters; one without a value has an empty one.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers; the case of their names does not matter. Those that are not signed may be among them.
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> Request<'a> {
    /// The value of a header; empty when it is not there.
    fn header(&self, name: &str) -> &'a str {
        crate::sign::request::value_of(self.headers, name)
    }

    /// The value of a query parameter.
    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.query
            .iter()
            .find(|parameter| parameter.0 == name)
            .map(|parameter| parameter.1)
    }
}

/// Queries and headers can hold security tokens and signatures.
impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Whether a header's name begins with `x-oss-`.
fn is_oss(name: &str) -> bool {
    name.get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("x-oss-"))
}
