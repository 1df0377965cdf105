//! Commands: what the cloud asks of the device, and what the device answers.
//!
//! Four ways of asking come in as one type. `wire` knows their topics and payloads, `requests` remembers which
//! were seen, so that the same request twice runs the handler once.

pub(crate) mod requests;
pub(crate) mod wire;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::WeakUnboundedSender;

use crate::error::{Error, ErrorKind, Result};
use crate::link::Request;

/// How a command travels. In JSON: `custom`, `property_set`, `service`, `rrpc`, `huawei`, `huawei_property_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommandForm {
    /// A topic of the user's own, such as the tutorial's `/{pk}/{dn}/control`, or Huawei's `messages/down`: nothing
    /// is answered.
    Custom,
    /// Aliyun `thing/service/property/set`.
    PropertySet,
    /// Aliyun `thing/service/{id}`.
    Service,
    /// Aliyun RRPC: a call that waits for its answer.
    Rrpc,
    /// Huawei `commands/request_id=...`.
    Huawei,
    /// Huawei `properties/set/request_id=...`.
    HuaweiPropertySet,
}

/// What the cloud asks.
///
/// | form | `name` | `payload` |
/// |---|---|---|
/// | `Custom` | last level of the topic, or the message's own `name` | the JSON document; text when it is not JSON |
/// | `PropertySet` | `set` | `params`: property -> value |
/// | `Service` | the service's id | `params` |
/// | `Rrpc` | what `method` names (`thing.service.capture` -> `capture`), else `rrpc` | `params`, else the document |
/// | `Huawei` | `command_name` | `paras` |
/// | `HuaweiPropertySet` | `set` | `services`: list of `{service_id, properties}` |
///
/// A command that is dropped without an answer is answered with an error.
#[derive(Clone)]
pub struct Command {
    /// The id of the request; empty when it has none.
    pub id: String,
    /// What is to be done.
    pub name: String,
    /// With what.
    pub payload: Value,
    /// How it came.
    pub form: CommandForm,
    /// Huawei: the service that the command belongs to.
    pub service_id: Option<String>,
    /// The topic it came on.
    pub topic: String,
    /// The payload as it came.
    pub raw: Bytes,
    pub(crate) responder: Option<Arc<Responder>>,
}

impl Command {
    /// Answers. The first answer counts; a form that wants none takes any.
    ///
    /// # Errors
    /// `Timeout` when the cloud was told meanwhile that it took too long; `Closed` when the device is closed;
    /// `Exists` when it was answered before.
    pub fn reply(&self, reply: impl Into<Reply>) -> Result<()> {
        self.responder
            .as_ref()
            .map_or(Ok(()), |responder| responder.answer(reply.into()))
    }

    /// Whether the cloud waits for an answer.
    pub fn wants_reply(&self) -> bool {
        self.responder.is_some()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("form", &self.form)
            .field("service_id", &self.service_id)
            .field("topic", &self.topic)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

/// What the device answers.
///
/// ```
/// use faceiot::Reply;
/// use serde_json::json;
///
/// assert_eq!(Reply::ok(json!({"photo": 1})).code, 200);
/// let failed = Reply::from(Err::<(), _>("the lens is covered"));
/// assert_eq!((failed.code, failed.data), (500, json!({"message": "the lens is covered"})));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// 200 when it went well, as Aliyun has it. Huawei gets 0 for 200, 1 for 500, and any other number as it is.
    pub code: i32,
    /// What comes with it: an object, or something that is then sent as `{"value": ...}`; null: nothing.
    pub data: Value,
}

impl Reply {
    /// It went well.
    pub fn ok(data: Value) -> Self {
        Self { code: Self::OK, data }
    }

    /// It did not; `message` is what the cloud is told. Aliyun reserves 100000 to 110000 for devices' own codes.
    pub fn error(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            data: json!({ "message": message.into() }),
        }
    }

    pub(crate) const OK: i32 = 200;
    pub(crate) const BAD_REQUEST: i32 = 400;
    pub(crate) const BUSY: i32 = 429;
    pub(crate) const FAILED: i32 = 500;
    pub(crate) const LATE: i32 = 504;
}

impl From<Value> for Reply {
    fn from(data: Value) -> Self {
        Self::ok(data)
    }
}

impl From<()> for Reply {
    fn from((): ()) -> Self {
        Self::ok(Value::Null)
    }
}

impl<T: Into<Self>, E: fmt::Display> From<std::result::Result<T, E>> for Reply {
    fn from(result: std::result::Result<T, E>) -> Self {
        match result {
            Ok(data) => data.into(),
            Err(error) => Self::error(Self::FAILED, error.to_string()),
        }
    }
}

/// Where the answer to one request goes.
pub(crate) struct Responder {
    entry: u64,
    deadline: Instant,
    answered: AtomicBool,
    link: WeakUnboundedSender<Request>,
}

impl Responder {
    pub(crate) fn new(entry: u64, deadline: Instant, link: WeakUnboundedSender<Request>) -> Self {
        Self {
            entry,
            deadline,
            answered: AtomicBool::new(false),
            link,
        }
    }

    fn answer(&self, reply: Reply) -> Result<()> {
        if self.answered.swap(true, Ordering::AcqRel) {
            return Err(Error::new(ErrorKind::Exists, "this command is answered already"));
        }
        if Instant::now() >= self.deadline {
            return Err(Error::new(
                ErrorKind::Timeout,
                "the cloud was told that this command took too long",
            ));
        }
        let closed = || Error::new(ErrorKind::Closed, "the device is closed");
        let link = self.link.upgrade().ok_or_else(closed)?;
        link.send(Request::Answer {
            entry: self.entry,
            reply,
        })
        .map_err(|_| closed())
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // Late, closed and answered already are all fine here.
        let _ = self.answer(Reply::error(
            Reply::FAILED,
            "the device dropped the command without an answer",
        ));
    }
}
