//! The commands' topics and payloads: what comes in becomes a [`Draft`], a [`Reply`] becomes an [`Answer`].

use bytes::Bytes;
use faceiot_core::digest::crc32;
use faceiot_core::payload;
use faceiot_core::topics::{TOPIC_BUFFER, aliyun, huawei};
use serde_json::{Map, Value, json};

use crate::config::Qos;
use crate::error::Result;
use crate::id::DeviceId;

use super::requests::{Answer, Key};
use super::{CommandForm, Reply};

/// Where an answer goes, and in whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReplyTo {
    /// `{"id","code","data"}`.
    Alink { topic: String, id: String, qos: Qos },
    /// `{"result_code","paras"}`.
    Huawei { topic: String },
}

/// A command as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) form: CommandForm,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) service_id: Option<String>,
    pub(crate) payload: Value,
    /// What identifies the request, and where its answer goes; `None`: nothing is answered.
    pub(crate) request: Option<(Key, ReplyTo)>,
}

/// What a message is to the device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Parsed {
    /// A command.
    Command(Draft),
    /// A request that cannot be read; answered when it says where.
    Bad {
        reason: String,
        reply_to: Option<ReplyTo>,
    },
    /// Aliyun's answer to a report.
    PostReply { id: String, code: i64, data: Value },
    /// Something of the user's.
    Message,
    /// Something that only the broker's echo brings: our own answers.
    Nothing,
}

/// The topic filters that a device subscribes to for itself.
pub(crate) fn subscriptions(device: &DeviceId) -> Result<Vec<(String, Qos)>> {
    let mut buffer = [0; TOPIC_BUFFER];
    let mut filters = Vec::new();
    match device {
        DeviceId::Aliyun {
            product_key: pk,
            device_name: dn,
        } => {
            // linkkit 1.2.13 subscribes to these with QoS 1, and to RRPC, which is a QoS 0 call, with 0.
            filters.push((
                aliyun::property_post_reply(pk, dn, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
            filters.push((
                aliyun::property_set(pk, dn, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
            filters.push((
                aliyun::service_filter(pk, dn, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
            filters.push((
                aliyun::rrpc_filter(pk, dn, &mut buffer)?.to_owned(),
                Qos::AtMostOnce,
            ));
        }
        DeviceId::Huawei { device_id } => {
            // The platform subscribes every device to these at QoS 0 by itself (DOC iot_06_v5_3004); our own QoS 1
            // makes it send again what was lost.
            filters.push((
                huawei::commands_filter(device_id, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
            filters.push((
                huawei::properties_set_filter(device_id, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
            filters.push((
                huawei::messages_down(device_id, &mut buffer)?.to_owned(),
                Qos::AtLeastOnce,
            ));
        }
    }
    Ok(filters)
}

/// The topic whose messages are commands without an answer: seed 000's `/{pk}/{dn}/control`.
pub(crate) fn control_topic(device: &DeviceId) -> Result<String> {
    let mut buffer = [0; TOPIC_BUFFER];
    Ok(match device {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => aliyun::control(product_key, device_name, &mut buffer)?,
        DeviceId::Huawei { device_id } => huawei::user(device_id, "control", &mut buffer)?,
    }
    .to_owned())
}

/// Reads a message that came for `device`; `controls` are the filters whose messages are commands.
pub(crate) fn parse(device: &DeviceId, controls: &[String], topic: &str, payload: &[u8]) -> Parsed {
    let parsed = match device {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => aliyun::parse(topic)
            .filter(|t| t.product_key == product_key && t.device_name == device_name)
            .map_or(Parsed::Message, |t| {
                from_aliyun(product_key, device_name, t.kind, topic, payload)
            }),
        DeviceId::Huawei { device_id } => huawei::parse(topic)
            .filter(|t| t.device_id == device_id)
            .map_or(Parsed::Message, |t| {
                from_huawei(device_id, t.kind, topic, payload)
            }),
    };
    if parsed == Parsed::Message && controls.iter().any(|filter| matches(filter, topic)) {
        let name = topic.rsplit('/').next().unwrap_or(topic);
        return Parsed::Command(custom(name, document(payload)));
    }
    parsed
}

/// Writes an answer.
pub(crate) fn answer(reply_to: &ReplyTo, reply: &Reply) -> Result<Answer> {
    let data = object(&reply.data);
    let mut buffer = vec![0; data.len() + 6 * id_of(reply_to).len() + 128];
    match reply_to {
        ReplyTo::Alink { topic, id, qos } => {
            let text = payload::alink_reply(id, reply.code, &data, &mut buffer)?;
            Ok(Answer {
                topic: topic.clone(),
                payload: Bytes::copy_from_slice(text.as_bytes()),
                qos: *qos,
            })
        }
        ReplyTo::Huawei { topic } => {
            let code = match reply.code {
                Reply::OK => 0,
                Reply::FAILED => 1,
                other => other,
            };
            let paras = (data != "{}").then_some(data.as_str());
            let text = payload::huawei_response(code, paras, &mut buffer)?;
            let payload = Bytes::copy_from_slice(text.as_bytes());
            Ok(Answer {
                topic: topic.clone(),
                payload,
                qos: Qos::AtLeastOnce,
            })
        }
    }
}

fn from_aliyun(pk: &str, dn: &str, kind: aliyun::Kind<'_>, topic: &str, payload: &[u8]) -> Parsed {
    use aliyun::Kind;
    let mut buffer = [0; TOPIC_BUFFER];
    match kind {
        Kind::PropertyPostReply => match object_of(payload) {
            Some(reply) => Parsed::PostReply {
                id: text_of(reply.get("id")),
                code: reply
                    .get("code")
                    .and_then(Value::as_i64)
                    .unwrap_or(i64::from(Reply::FAILED)),
                data: reply
                    .get("data")
                    .or_else(|| reply.get("message"))
                    .cloned()
                    .unwrap_or_default(),
            },
            None => Parsed::Nothing,
        },
        Kind::PropertySet => match aliyun::property_set_reply(pk, dn, &mut buffer) {
            Ok(reply) => alink(CommandForm::PropertySet, "set", topic, reply, payload),
            Err(_) => Parsed::Nothing,
        },
        Kind::Service(id) => match aliyun::service_reply(pk, dn, id, &mut buffer) {
            Ok(reply) => alink(CommandForm::Service, id, topic, reply, payload),
            Err(_) => Parsed::Nothing,
        },
        Kind::RrpcRequest(message) => match aliyun::rrpc_response(pk, dn, message, &mut buffer) {
            Ok(reply) => Parsed::Command(rrpc(message, topic, reply, payload)),
            Err(_) => Parsed::Nothing,
        },
        // A broker that is not the cloud gives back what we publish under a filter of ours.
        kind if kind.direction() == faceiot_core::topics::Direction::Up => Parsed::Nothing,
        _ => Parsed::Message,
    }
}

/// A request in Alink: `{"id","version","params","method"}`.
fn alink(form: CommandForm, name: &str, topic: &str, reply: &str, payload: &[u8]) -> Parsed {
    let Some(mut request) = object_of(payload) else {
        return Parsed::Bad {
            reason: format!("the request on `{topic}` is not a JSON object"),
            reply_to: None,
        };
    };
    let id = text_of(request.get("id"));
    let reply_to = ReplyTo::Alink {
        topic: reply.to_owned(),
        id: id.clone(),
        qos: Qos::AtLeastOnce,
    };
    let key = Key {
        topic: topic.to_owned(),
        id: id.clone(),
        crc: crc32(payload),
    };
    let payload = request.get_mut("params").map(Value::take).unwrap_or_default();
    let request = Some((key, reply_to));
    Parsed::Command(Draft {
        form,
        id,
        name: name.to_owned(),
        service_id: None,
        payload,
        request,
    })
}

/// RRPC carries any octets; the platform's synchronous service calls put Alink into it.
fn rrpc(message: &str, topic: &str, reply: &str, payload: &[u8]) -> Draft {
    let mut document = document(payload);
    let id = document
        .get("id")
        .map(|id| text_of(Some(id)))
        .filter(|id| !id.is_empty());
    let method = document
        .get("method")
        .and_then(Value::as_str)
        .and_then(|method| method.rsplit('.').next());
    let method = method
        .filter(|name| !name.is_empty())
        .unwrap_or("rrpc")
        .to_owned();
    let key = Key {
        topic: topic.to_owned(),
        id: message.to_owned(),
        crc: crc32(payload),
    };
    let id = id.unwrap_or_else(|| message.to_owned());
    let reply_to = ReplyTo::Alink {
        topic: reply.to_owned(),
        id,
        qos: Qos::AtMostOnce,
    };
    let params = document.get_mut("params").map(Value::take);
    let (name, payload) = match params {
        Some(params) => (method, params),
        None => named(document).unwrap_or_else(|document| (method, document)),
    };
    Draft {
        form: CommandForm::Rrpc,
        id: message.to_owned(),
        name,
        service_id: None,
        payload,
        request: Some((key, reply_to)),
    }
}

fn from_huawei(device_id: &str, kind: huawei::Kind<'_>, topic: &str, payload: &[u8]) -> Parsed {
    use huawei::Kind;
    let mut buffer = [0; TOPIC_BUFFER];
    let (form, id, reply) = match kind {
        Kind::Command(id) => (
            CommandForm::Huawei,
            id,
            huawei::command_response(device_id, id, &mut buffer),
        ),
        Kind::PropertiesSet(id) => (
            CommandForm::HuaweiPropertySet,
            id,
            huawei::properties_set_response(device_id, id, &mut buffer),
        ),
        Kind::MessagesDown => return Parsed::Command(message_down(payload)),
        kind if kind.direction() == faceiot_core::topics::Direction::Up => return Parsed::Nothing,
        _ => return Parsed::Message,
    };
    let Ok(reply) = reply else { return Parsed::Nothing };
    let reply_to = ReplyTo::Huawei {
        topic: reply.to_owned(),
    };
    let Some(mut request) = object_of(payload) else {
        let reason = format!("the request on `{topic}` is not a JSON object");
        return Parsed::Bad {
            reason,
            reply_to: Some(reply_to),
        };
    };
    let (name, content) = match form {
        CommandForm::Huawei => (text_of(request.get("command_name")), "paras"),
        _ => ("set".to_owned(), "services"),
    };
    let service_id = request
        .get("service_id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let content = request.get_mut(content).map(Value::take).unwrap_or_default();
    let key = Key {
        topic: topic.to_owned(),
        id: id.to_owned(),
        crc: crc32(payload),
    };
    let request = Some((key, reply_to));
    Parsed::Command(Draft {
        form,
        id: id.to_owned(),
        name,
        service_id,
        payload: content,
        request,
    })
}

/// `{"object_device_id","name","id","content"}`, or the bare payload (`payload_format` raw).
fn message_down(payload: &[u8]) -> Draft {
    let mut document = document(payload);
    let is_envelope = document.get("content").is_some();
    let name = document
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or("message")
        .to_owned();
    let id = text_of(document.get("id"));
    let content = document.get_mut("content").map(Value::take);
    let draft = custom("message", content.unwrap_or(document));
    if is_envelope {
        Draft { id, name, ..draft }
    } else {
        draft
    }
}

fn custom(name: &str, payload: Value) -> Draft {
    let id = text_of(payload.get("id"));
    let (name, payload) = named(payload).unwrap_or_else(|payload| (name.to_owned(), payload));
    Draft {
        form: CommandForm::Custom,
        id,
        name,
        service_id: None,
        payload,
        request: None,
    }
}

/// `{"name": ..., "payload": ...}` names the command itself: what our local cloud sends where a cloud's own form
/// has no name.
fn named(mut document: Value) -> std::result::Result<(String, Value), Value> {
    match document.as_object_mut() {
        Some(members) if members.len() == 2 && members.contains_key("payload") => {
            match members.get("name").and_then(Value::as_str).map(str::to_owned) {
                Some(name) => Ok((name, members.remove("payload").unwrap_or_default())),
                None => Err(document),
            }
        }
        _ => Err(document),
    }
}

/// JSON as it is, anything else as text.
fn document(payload: &[u8]) -> Value {
    serde_json::from_slice(payload)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(payload).into_owned()))
}

fn object_of(payload: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(payload).ok()
}

/// Ids are decimal strings by the documents; numbers are seen.
fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn id_of(reply_to: &ReplyTo) -> &str {
    match reply_to {
        ReplyTo::Alink { id, .. } => id,
        ReplyTo::Huawei { .. } => "",
    }
}

/// The data of an answer as an object, as both clouds want it.
fn object(data: &Value) -> String {
    match data {
        Value::Object(_) => data.to_string(),
        Value::Null => "{}".to_owned(),
        other => json!({ "value": other }).to_string(),
    }
}

/// Whether a topic falls under a filter with `+` and `#`.
pub(crate) fn matches(filter: &str, topic: &str) -> bool {
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
