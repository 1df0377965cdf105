//! The bytes of commands and answers, per form. Pure.

use faceiot::{CommandForm, DeviceId, Error, ErrorKind, Result};
use faceiot_core::topics::{aliyun, huawei};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::CommandRequest;

/// What an answer is found by: the topic that it comes on, without the id, and the id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    topic: String,
    id: String,
}

pub(super) struct Outgoing {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    /// `None`: this form has no answer.
    pub(super) key: Option<Key>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) code: i64,
    pub(super) data: Value,
}

pub(super) fn write(device: &DeviceId, request: &CommandRequest, number: u32) -> Result<Outgoing> {
    let CommandRequest { form, name, payload } = request;
    match device {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => {
            let sys = format!("/sys/{product_key}/{device_name}");
            let id = number.to_string();
            match form.unwrap_or(CommandForm::Service) {
                CommandForm::Custom => Ok(Outgoing {
                    topic: format!("/{product_key}/{device_name}/control"),
                    payload: free(name, payload),
                    key: None,
                }),
                CommandForm::PropertySet => {
                    let topic = format!("{sys}/thing/service/property/set");
                    let payload = alink(&id, "thing.service.property.set", &object(payload)?);
                    Ok(Outgoing {
                        key: Some(Key {
                            topic: format!("{topic}_reply"),
                            id,
                        }),
                        topic,
                        payload,
                    })
                }
                CommandForm::Service => {
                    let name = identifier(name, "service")?;
                    let topic = format!("{sys}/thing/service/{name}");
                    let payload = alink(&id, &format!("thing.service.{name}"), &object(payload)?);
                    Ok(Outgoing {
                        key: Some(Key {
                            topic: format!("{topic}_reply"),
                            id,
                        }),
                        topic,
                        payload,
                    })
                }
                // A call with a name is written as the platform writes its synchronous service calls: Alink in RRPC.
                CommandForm::Rrpc => Ok(Outgoing {
                    topic: format!("{sys}/rrpc/request/{id}"),
                    payload: match name.as_str() {
                        "" => free("", payload),
                        name => alink(&id, &format!("thing.service.{name}"), &object(payload)?),
                    },
                    key: Some(Key {
                        topic: format!("{sys}/rrpc/response"),
                        id,
                    }),
                }),
                form => Err(foreign(form, "an Aliyun")),
            }
        }
        DeviceId::Huawei { device_id } => {
            let sys = format!("$oc/devices/{device_id}/sys");
            // The platform's own request ids are UUIDs; any text does.
            let id = format!("{number:08x}");
            match form.unwrap_or(CommandForm::Huawei) {
                CommandForm::Custom => Ok(Outgoing {
                    topic: format!("$oc/devices/{device_id}/user/control"),
                    payload: free(name, payload),
                    key: None,
                }),
                CommandForm::Huawei => {
                    let (service, command) = name.split_once('.').unwrap_or(("camera", name));
                    let (service, command) =
                        (identifier(service, "service")?, identifier(command, "command")?);
                    let body = json!({
                        "object_device_id": device_id,
                        "service_id": service,
                        "command_name": command,
                        "paras": object(payload)?,
                    });
                    Ok(Outgoing {
                        topic: format!("{sys}/commands/request_id={id}"),
                        payload: body.to_string().into_bytes(),
                        key: Some(Key {
                            topic: format!("{sys}/commands/response"),
                            id,
                        }),
                    })
                }
                CommandForm::HuaweiPropertySet => {
                    let body = json!({
                        "object_device_id": device_id,
                        "services": [{ "service_id": identifier(name, "service")?, "properties": object(payload)? }],
                    });
                    Ok(Outgoing {
                        topic: format!("{sys}/properties/set/request_id={id}"),
                        payload: body.to_string().into_bytes(),
                        key: Some(Key {
                            topic: format!("{sys}/properties/set/response"),
                            id,
                        }),
                    })
                }
                form => Err(foreign(form, "a Huawei")),
            }
        }
    }
}

/// Reads a message of a device as an answer; `None` when its topic carries none.
pub(super) fn read_answer(topic: &str, payload: &[u8]) -> Option<(Key, Answer)> {
    if topic.starts_with('/') {
        match aliyun::parse(topic)?.kind {
            aliyun::Kind::RrpcResponse(id) => {
                let (id, base) = (
                    id.to_owned(),
                    topic.strip_suffix(id)?.strip_suffix('/')?.to_owned(),
                );
                Some((Key { topic: base, id }, read_free(payload)))
            }
            aliyun::Kind::PropertySetReply | aliyun::Kind::ServiceReply(_) => {
                let reply: AlinkReply = serde_json::from_slice(payload).ok()?;
                let id = match reply.id {
                    Value::String(id) => id,
                    other => other.to_string(),
                };
                Some((
                    Key {
                        topic: topic.to_owned(),
                        id,
                    },
                    Answer {
                        code: reply.code,
                        data: reply.data,
                    },
                ))
            }
            _ => None,
        }
    } else {
        let (huawei::Kind::CommandResponse(id) | huawei::Kind::PropertiesSetResponse(id)) =
            huawei::parse(topic)?.kind
        else {
            return None;
        };
        let base = topic.strip_suffix(id)?.strip_suffix("/request_id=")?;
        // "result_code 0 is success and the default" (IoTDA, commands); paras and result_desc are optional.
        let reply: HuaweiReply = serde_json::from_slice(payload).unwrap_or_default();
        let data = if reply.paras.is_null() {
            reply.result_desc
        } else {
            reply.paras
        };
        Some((
            Key {
                topic: base.to_owned(),
                id: id.to_owned(),
            },
            Answer {
                code: reply.result_code.unwrap_or(0),
                data,
            },
        ))
    }
}

#[derive(Deserialize)]
struct AlinkReply {
    id: Value,
    #[serde(default = "success")]
    code: i64,
    #[serde(default)]
    data: Value,
}

#[derive(Default, Deserialize)]
struct HuaweiReply {
    #[serde(default)]
    result_code: Option<i64>,
    #[serde(default)]
    paras: Value,
    #[serde(default)]
    result_desc: Value,
}

const fn success() -> i64 {
    200
}

/// "version" is "1.0.0" in what the platform sends down, though the documents write "1.0" (a published device log).
fn alink(id: &str, method: &str, params: &Value) -> Vec<u8> {
    json!({"method": method, "id": id, "params": params, "version": "1.0.0"})
        .to_string()
        .into_bytes()
}

/// A payload whose form is not the platform's: as it is without a name, in a small envelope with one.
fn free(name: &str, payload: &Value) -> Vec<u8> {
    match (name, payload) {
        ("", Value::Null) => Vec::new(),
        ("", Value::String(text)) => text.clone().into_bytes(),
        ("", other) => other.to_string().into_bytes(),
        (name, payload) => json!({"name": name, "payload": payload}).to_string().into_bytes(),
    }
}

fn read_free(payload: &[u8]) -> Answer {
    match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Object(mut members)) if members.get("code").is_some_and(Value::is_i64) => Answer {
            code: members.get("code").and_then(Value::as_i64).unwrap_or(200),
            data: members.remove("data").unwrap_or_default(),
        },
        Ok(data) => Answer { code: 200, data },
        Err(_) => Answer {
            code: 200,
            data: Value::String(String::from_utf8_lossy(payload).into_owned()),
        },
    }
}

fn object(payload: &Value) -> Result<Value> {
    match payload {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) => Ok(payload.clone()),
        other => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "the arguments of this command are a JSON object, not `{}`",
                short(&other.to_string())
            ),
        )),
    }
}

fn identifier<'n>(name: &'n str, what: &str) -> Result<&'n str> {
    let good = |c: char| c.is_alphanumeric() || "_-:$".contains(c);
    if name.is_empty() || name.len() > 128 || !name.chars().all(good) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "`{}` is no name of a {what}: 1 to 128 letters, digits, `_ - : $`",
                short(name)
            ),
        ));
    }
    Ok(name)
}

fn foreign(form: CommandForm, whose: &str) -> Error {
    let form = serde_json::to_string(&form).unwrap_or_default();
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{whose} device has no command of the form {form}"),
    )
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(
        device: &DeviceId,
        form: Option<CommandForm>,
        name: &str,
        payload: Value,
    ) -> (String, Value, Option<Key>) {
        let outgoing = write(
            device,
            &CommandRequest {
                form,
                name: name.into(),
                payload,
            },
            7,
        )
        .unwrap();
        let payload = serde_json::from_slice(&outgoing.payload)
            .unwrap_or_else(|_| Value::String(String::from_utf8(outgoing.payload.clone()).unwrap()));
        (outgoing.topic, payload, outgoing.key)
    }

    fn key(topic: &str, id: &str) -> Key {
        Key {
            topic: topic.into(),
            id: id.into(),
        }
    }

    #[test]
    fn the_forms_of_aliyun() {
        let device = DeviceId::aliyun("pk", "dn").unwrap();
        let (topic, payload, found) = out(&device, None, "take_photo", json!({"width": 640}));
        assert_eq!(topic, "/sys/pk/dn/thing/service/take_photo");
        assert_eq!(
            payload,
            json!({"method":"thing.service.take_photo","id":"7","params":{"width":640},"version":"1.0.0"})
        );
        assert_eq!(found, Some(key("/sys/pk/dn/thing/service/take_photo_reply", "7")));

        let (topic, payload, found) = out(&device, Some(CommandForm::PropertySet), "", json!({"light": 1}));
        assert_eq!(topic, "/sys/pk/dn/thing/service/property/set");
        assert_eq!(
            (&payload["params"], &payload["method"]),
            (&json!({"light":1}), &json!("thing.service.property.set"))
        );
        assert_eq!(
            found,
            Some(key("/sys/pk/dn/thing/service/property/set_reply", "7"))
        );

        let (topic, payload, found) = out(&device, Some(CommandForm::Rrpc), "", json!("hello"));
        assert_eq!(
            (topic.as_str(), payload),
            ("/sys/pk/dn/rrpc/request/7", json!("hello"))
        );
        assert_eq!(found, Some(key("/sys/pk/dn/rrpc/response", "7")));

        let (topic, payload, found) = out(&device, Some(CommandForm::Custom), "take_photo", Value::Null);
        assert_eq!((topic.as_str(), found), ("/pk/dn/control", None));
        assert_eq!(payload, json!({"name":"take_photo","payload":null}));
    }

    #[test]
    fn the_forms_of_huawei() {
        let device = DeviceId::huawei("p_1").unwrap();
        let (topic, payload, found) = out(&device, None, "take_photo", Value::Null);
        assert_eq!(topic, "$oc/devices/p_1/sys/commands/request_id=00000007");
        assert_eq!(
            payload,
            json!({"object_device_id":"p_1","service_id":"camera","command_name":"take_photo","paras":{}})
        );
        assert_eq!(
            found,
            Some(key("$oc/devices/p_1/sys/commands/response", "00000007"))
        );
        let (_, payload, _) = out(&device, None, "door.open", Value::Null);
        assert_eq!(
            (&payload["service_id"], &payload["command_name"]),
            (&json!("door"), &json!("open"))
        );
        let (topic, payload, _) = out(
            &device,
            Some(CommandForm::HuaweiPropertySet),
            "room",
            json!({"t": 1}),
        );
        assert_eq!(topic, "$oc/devices/p_1/sys/properties/set/request_id=00000007");
        assert_eq!(
            payload["services"],
            json!([{"service_id":"room","properties":{"t":1}}])
        );
    }

    #[test]
    fn answers_are_read_in_every_form() {
        let (found, answer) = read_answer(
            "/sys/pk/dn/thing/service/x_reply",
            br#"{"id":"7","code":5,"data":{"a":1}}"#,
        )
        .unwrap();
        assert_eq!(found, key("/sys/pk/dn/thing/service/x_reply", "7"));
        assert_eq!(
            answer,
            Answer {
                code: 5,
                data: json!({"a":1})
            }
        );
        let (found, answer) = read_answer("/sys/pk/dn/rrpc/response/7", b"pong").unwrap();
        assert_eq!(found, key("/sys/pk/dn/rrpc/response", "7"));
        assert_eq!(
            answer,
            Answer {
                code: 200,
                data: json!("pong")
            }
        );
        let (found, answer) = read_answer(
            "$oc/devices/p_1/sys/commands/response/request_id=a=b",
            br#"{"result_code":0}"#,
        )
        .unwrap();
        assert_eq!(found, key("$oc/devices/p_1/sys/commands/response", "a=b"));
        assert_eq!(
            answer,
            Answer {
                code: 0,
                data: Value::Null
            }
        );
        assert_eq!(read_answer("/sys/pk/dn/thing/event/property/post", b"{}"), None);
        assert_eq!(read_answer("/sys/pk/dn/thing/service/x_reply", b"{"), None);
    }

    #[test]
    fn a_name_that_would_change_the_topic_and_a_foreign_form_are_refused() {
        let aliyun = DeviceId::aliyun("pk", "dn").unwrap();
        for (form, name, payload) in [
            (None, "a/b", Value::Null),
            (None, "#", Value::Null),
            (None, "", Value::Null),
            (None, "x", json!([1])),
            (Some(CommandForm::Huawei), "x", Value::Null),
        ] {
            let error = write(
                &aliyun,
                &CommandRequest {
                    form,
                    name: name.into(),
                    payload,
                },
                1,
            )
            .err()
            .unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }
}
