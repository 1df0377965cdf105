//! Topics and payloads of both clouds, and commands taken apart without a JSON library.

use core::ffi::c_char;

use faceiot_core::text::json::{self, Value};
use faceiot_core::topics::{aliyun, huawei};
use faceiot_core::{ErrorKind, payload};

use crate::ffi::{given_mut, octets, optional, text, write_text};
use crate::status::{Status, guard};

/// Topics of an Aliyun device by number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_topic(
    topic: u32,
    product_key: *const c_char,
    device_name: *const c_char,
    id: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let (pk, dn) = (text(product_key)?, text(device_name)?);
        let id = optional(id)?;
        let needed = || id.ok_or(ErrorKind::InvalidArgument);
        match topic {
            0 => write_text(buffer, buffer_len, written, |out| {
                aliyun::property_post(pk, dn, out)
            }),
            1 => write_text(buffer, buffer_len, written, |out| {
                aliyun::property_post_reply(pk, dn, out)
            }),
            2 => write_text(buffer, buffer_len, written, |out| {
                aliyun::property_set(pk, dn, out)
            }),
            3 => write_text(buffer, buffer_len, written, |out| {
                aliyun::property_set_reply(pk, dn, out)
            }),
            4 => {
                let id = needed()?;
                write_text(buffer, buffer_len, written, |out| {
                    aliyun::service(pk, dn, id, out)
                })
            }
            5 => {
                let id = needed()?;
                write_text(buffer, buffer_len, written, |out| {
                    aliyun::service_reply(pk, dn, id, out)
                })
            }
            6 => {
                let id = needed()?;
                write_text(buffer, buffer_len, written, |out| {
                    aliyun::rrpc_response(pk, dn, id, out)
                })
            }
            7 => write_text(buffer, buffer_len, written, |out| aliyun::photo(pk, dn, out)),
            8 => write_text(buffer, buffer_len, written, |out| aliyun::control(pk, dn, out)),
            _ => Err(ErrorKind::InvalidArgument),
        }
    })
}

/// Topics of a Huawei device by number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_huawei_topic(
    topic: u32,
    device_id: *const c_char,
    request_id: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let device = text(device_id)?;
        let id = optional(request_id)?;
        let needed = || id.ok_or(ErrorKind::InvalidArgument);
        match topic {
            0 => write_text(buffer, buffer_len, written, |out| {
                huawei::properties_report(device, out)
            }),
            1 => write_text(buffer, buffer_len, written, |out| {
                huawei::messages_up(device, out)
            }),
            2 => {
                let id = needed()?;
                write_text(buffer, buffer_len, written, |out| {
                    huawei::command_response(device, id, out)
                })
            }
            3 => {
                let id = needed()?;
                write_text(buffer, buffer_len, written, |out| {
                    huawei::properties_set_response(device, id, out)
                })
            }
            4 => write_text(buffer, buffer_len, written, |out| huawei::photo(device, out)),
            _ => Err(ErrorKind::InvalidArgument),
        }
    })
}

/// A property post to Aliyun: `id` decimal, `params` a JSON object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_alink_post(
    id: *const c_char,
    params: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let (id, params) = (text(id)?, text(params)?);
        write_text(buffer, buffer_len, written, |out| {
            payload::alink_post(id, params, out)
        })
    })
}

/// A device's answer to Aliyun: the request's `id`, 200 for success, `data` a JSON object or NULL for `{}`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_alink_reply(
    id: *const c_char,
    code: i32,
    data: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let (id, data) = (text(id)?, optional(data)?.unwrap_or("{}"));
        write_text(buffer, buffer_len, written, |out| {
            payload::alink_reply(id, code, data, out)
        })
    })
}

/// A property report to Huawei for one service; `event_time` NULL or `YYYYMMDD'T'HHMMSS'Z'`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_huawei_report(
    service_id: *const c_char,
    properties: *const c_char,
    event_time: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let (service, properties, time) = (text(service_id)?, text(properties)?, optional(event_time)?);
        write_text(buffer, buffer_len, written, |out| {
            payload::huawei_report(service, properties, time, out)
        })
    })
}

/// A device's answer to Huawei: 0 for success, `paras` a JSON object or NULL for none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_huawei_response(
    result_code: i32,
    paras: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let paras = optional(paras)?;
        write_text(buffer, buffer_len, written, |out| {
            payload::huawei_response(result_code, paras, out)
        })
    })
}

/// A piece of what was given: not ended by NUL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FaceiotText {
    /// First octet; NULL for none.
    pub data: *const c_char,
    /// Octets.
    pub len: usize,
}

impl FaceiotText {
    /// Nothing.
    pub(crate) const NONE: Self = Self {
        data: core::ptr::null(),
        len: 0,
    };
}

impl From<&str> for FaceiotText {
    fn from(text: &str) -> Self {
        Self {
            data: text.as_ptr().cast(),
            len: text.len(),
        }
    }
}

/// A command taken apart; its texts lie in the topic and the payload that were given.
#[repr(C)]
pub struct FaceiotCommand {
    /// Service id, command name; `property_set` is `set`.
    pub name: FaceiotText,
    /// Id to answer with: Alink `id`, RRPC message id, Huawei request id.
    pub id: FaceiotText,
    /// Parameters: the JSON as it came.
    pub params: FaceiotText,
    /// Which of the forms it is.
    pub form: u32,
}

/// Takes a message apart that came on `topic`; `FACEIOT_E_NOT_FOUND` when it is no command.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_command(
    topic: *const c_char,
    topic_len: usize,
    payload: *const u8,
    payload_len: usize,
    command: *mut FaceiotCommand,
) -> Status {
    guard(|| unsafe {
        let topic = core::str::from_utf8(octets(topic.cast(), topic_len)?).map_err(|_| ErrorKind::Utf8)?;
        let payload = octets(payload, payload_len)?;
        let out = given_mut(command)?;
        *out = match aliyun::parse(topic) {
            Some(parsed) => alink(parsed.kind, payload)?,
            None => huawei_command(topic, payload)?,
        };
        Ok(())
    })
}

fn alink(kind: aliyun::Kind<'_>, body: &[u8]) -> Result<FaceiotCommand, ErrorKind> {
    let (form, name) = match kind {
        aliyun::Kind::PropertySet => (0, "set"),
        aliyun::Kind::Service(id) => (1, id),
        aliyun::Kind::RrpcRequest(id) => {
            return Ok(FaceiotCommand {
                name: "rrpc".into(),
                id: id.into(),
                params: raw(body)?,
                form: 2,
            });
        }
        aliyun::Kind::Custom(name) => {
            return Ok(FaceiotCommand {
                name: name.into(),
                id: "".into(),
                params: raw(body)?,
                form: 3,
            });
        }
        _ => return Err(ErrorKind::NotFound),
    };
    Ok(FaceiotCommand {
        name: name.into(),
        id: member(body, &["id"])?,
        params: member(body, &["params"])?,
        form,
    })
}

fn huawei_command(topic: &str, body: &[u8]) -> Result<FaceiotCommand, ErrorKind> {
    match huawei::parse(topic).map(|parsed| parsed.kind) {
        Some(huawei::Kind::Command(id)) => Ok(FaceiotCommand {
            name: member(body, &["command_name"])?,
            id: id.into(),
            params: member(body, &["paras"])?,
            form: 4,
        }),
        Some(huawei::Kind::PropertiesSet(id)) => Ok(FaceiotCommand {
            name: "set".into(),
            id: id.into(),
            params: member(body, &["services"])?,
            form: 5,
        }),
        _ => Err(ErrorKind::NotFound),
    }
}

fn raw(body: &[u8]) -> Result<FaceiotText, ErrorKind> {
    core::str::from_utf8(body)
        .map(FaceiotText::from)
        .map_err(|_| ErrorKind::Utf8)
}

/// A member of the payload as it stands there, a string without its quotes; nothing when it is not there.
fn member(body: &[u8], path: &[&str]) -> Result<FaceiotText, ErrorKind> {
    Ok(match json::find(body, path).map_err(|e| e.kind)? {
        Some(Value::Str(text)) => raw(text.raw())?,
        Some(Value::Number(text)) => text.into(),
        Some(Value::Object(text) | Value::Array(text)) => raw(text)?,
        Some(Value::Bool(true)) => "true".into(),
        Some(Value::Bool(false)) => "false".into(),
        Some(Value::Null) | None => FaceiotText::NONE,
    })
}

/// The value at a path of member names in a JSON document; `FACEIOT_E_NOT_FOUND` when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_json_find(
    document: *const u8,
    document_len: usize,
    path: *const *const c_char,
    path_len: usize,
    value: *mut FaceiotText,
) -> Status {
    const DEPTH: usize = 8;
    guard(|| unsafe {
        let document = octets(document, document_len)?;
        let value = given_mut(value)?;
        let mut names = [""; DEPTH];
        let names = names.get_mut(..path_len).ok_or(ErrorKind::InvalidArgument)?;
        for (i, name) in names.iter_mut().enumerate() {
            crate::ffi::given(path)?;
            // SAFETY: `path` points to `path_len` strings by the caller's promise.
            *name = text(*path.add(i))?;
        }
        let found = member(document, names)?;
        if found.data.is_null() {
            return Err(ErrorKind::NotFound);
        }
        *value = found;
        Ok(())
    })
}
