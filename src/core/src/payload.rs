//! The JSON around what is reported and answered. The parts that a caller gives are JSON already and are checked.
//!
//! ```
//! use faceiot_core::payload;
//!
//! let mut buffer = [0; 256];
//! let post = payload::alink_post("7", r#"{"img":"END"}"#, &mut buffer)?;
//! assert_eq!(post, r#"{"id":"7","version":"1.0","params":{"img":"END"},"method":"thing.event.property.post"}"#);
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use crate::error::{Error, ErrorKind, Result};
use crate::text::{Writer, json, json_string};

/// A property post to Alibaba Cloud (Alink; method `thing.event.property.post`).
///
/// `id` is a decimal number below 2^32 by the documentation, unique for a device and a day; `params` is a JSON object.
///
/// # Errors
/// [`ErrorKind::Json`] when `params` is no JSON object, [`ErrorKind::BufferTooSmall`].
pub fn alink_post<'b>(id: &str, params_json: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    alink_request(id, "thing.event.property.post", params_json, buffer)
}

/// An Alink request of any method, such as `thing.event.power_on.post`.
///
/// # Errors
/// [`ErrorKind::Json`] when `params` is no JSON object or array, [`ErrorKind::BufferTooSmall`].
pub fn alink_request<'b>(id: &str, method: &str, params_json: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    check(params_json, "params", true)?;
    let mut w = Writer::new(buffer);
    w.push_str("{\"id\":")?;
    json_string(id, &mut w)?;
    w.push_str(",\"version\":\"1.0\",\"params\":")?
        .push_str(params_json)?
        .push_str(",\"method\":")?;
    json_string(method, &mut w)?;
    w.push_str("}")?;
    Ok(w.finish())
}

/// The answer of an Alibaba device to a property set or a service call: the request's `id`, a code (200 is success)
/// and a JSON object.
///
/// ```
/// let mut buffer = [0; 64];
/// let reply = faceiot_core::payload::alink_reply("1234", 200, r#"{"ok":1}"#, &mut buffer);
/// assert_eq!(reply, Ok(r#"{"id":"1234","code":200,"data":{"ok":1}}"#));
/// ```
///
/// # Errors
/// [`ErrorKind::Json`] when `data` is no JSON object, [`ErrorKind::BufferTooSmall`].
pub fn alink_reply<'b>(id: &str, code: i32, data_json: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    check(data_json, "data", false)?;
    let mut w = Writer::new(buffer);
    w.push_str("{\"id\":")?;
    json_string(id, &mut w)?;
    w.push_str(",\"code\":")?.push_i64(code.into())?;
    w.push_str(",\"data\":")?.push_str(data_json)?.push_str("}")?;
    Ok(w.finish())
}

/// A property report to Huawei Cloud for one service.
///
/// `event_time` is UTC, `yyyyMMdd'T'HHmmss'Z'`; without it the platform takes the time of arrival. (The vendor's
/// Python SDK writes local time with dashes, which the platform ignores.)
///
/// ```
/// let mut buffer = [0; 96];
/// let report = faceiot_core::payload::huawei_report("A", r#"{"v":1.5}"#, Some("20151212T121212Z"), &mut buffer);
/// assert_eq!(report, Ok(r#"{"services":[{"service_id":"A","properties":{"v":1.5},"event_time":"20151212T121212Z"}]}"#));
/// ```
///
/// # Errors
/// [`ErrorKind::Json`] when `properties` is no JSON object, [`ErrorKind::Timestamp`] when `event_time` has another
/// form, [`ErrorKind::BufferTooSmall`].
pub fn huawei_report<'b>(
    service_id: &str,
    properties_json: &str,
    event_time: Option<&str>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    check(properties_json, "properties", false)?;
    let mut w = Writer::new(buffer);
    w.push_str("{\"services\":[{\"service_id\":")?;
    json_string(service_id, &mut w)?;
    w.push_str(",\"properties\":")?.push_str(properties_json)?;
    if let Some(time) = event_time {
        if !is_event_time(time) {
            return Err(Error::new(
                ErrorKind::Timestamp,
                "event_time is not `yyyyMMddTHHmmssZ`",
            ));
        }
        w.push_str(",\"event_time\":\"")?.push_str(time)?.push_str("\"")?;
    }
    w.push_str("}]}")?;
    Ok(w.finish())
}

/// The answer of a Huawei device to a command or a property set; 0 is success. `paras` is a JSON object, left out when
/// `None`.
///
/// ```
/// let mut buffer = [0; 64];
/// let reply = faceiot_core::payload::huawei_response(0, Some(r#"{"result":"success"}"#), &mut buffer);
/// assert_eq!(reply, Ok(r#"{"result_code":0,"paras":{"result":"success"}}"#));
/// ```
///
/// # Errors
/// [`ErrorKind::Json`] when `paras` is no JSON object, [`ErrorKind::BufferTooSmall`].
pub fn huawei_response<'b>(
    result_code: i32,
    paras_json: Option<&str>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    w.push_str("{\"result_code\":")?.push_i64(result_code.into())?;
    if let Some(paras) = paras_json {
        check(paras, "paras", false)?;
        w.push_str(",\"paras\":")?.push_str(paras)?;
    }
    w.push_str("}")?;
    Ok(w.finish())
}

/// Whether this is a JSON object, or an array where one may stand.
fn check(text: &str, at: &'static str, array: bool) -> Result<()> {
    match json::find(text.as_bytes(), &[]) {
        Ok(Some(json::Value::Object(_))) => Ok(()),
        Ok(Some(json::Value::Array(_))) if array => Ok(()),
        Ok(_) => Err(Error::new(ErrorKind::Json, at)),
        Err(error) => Err(Error { at, ..error }),
    }
}

/// `yyyyMMdd'T'HHmmss'Z'`.
fn is_event_time(text: &str) -> bool {
    text.len() == 16
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}
