//! Alink, Aliyun's thing-model JSON: property and event posts, and the answers to them.
//!
//! Read as the platform reads it, not as its documents say: seed 001 sends a fixed `id`, method `123` and version
//! `1.0.0`, and the platform took it; so only `params` decides whether a post is good.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::recorder::Property;

/// The name of the property that carries photos in chunks (seed 001; `chunk v2` in its text form).
pub(crate) const PHOTO_PROPERTY: &str = "img";

/// A post as far as this cloud reads it.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    /// `id` as the device wrote it, to be repeated in the answer; empty when there is none.
    pub(crate) id: Cow<'a, str>,
    /// `sys.ack` = 0 asks for no answer.
    pub(crate) wants_reply: bool,
    /// `params`, in the device's order.
    pub(crate) params: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// Why a post is refused, with the platform's code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// 400: no JSON object at all. 460: cut short, or `params` is not an object of properties.
    pub(crate) code: i64,
    pub(crate) message: String,
}

/// Reads a post.
///
/// The code of a payload that was cut short is 460: what seed 001 saw in the platform's log when its MQTT client
/// cut messages to its buffer.
pub(crate) fn parse(payload: &[u8]) -> Result<Post<'_>, Refused> {
    let refused = |code, message: String| Refused { code, message };
    let text = std::str::from_utf8(payload)
        .map_err(|e| refused(400, format!("not UTF-8 at octet {}", e.valid_up_to())))?;
    if !text.trim_start().starts_with('{') {
        return Err(refused(400, "not a JSON object".into()));
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|e| refused(460, e.to_string()))?;
    let id = match envelope.id {
        None => Cow::Borrowed(""),
        Some(raw) => text_of(raw).unwrap_or_else(|| Cow::Borrowed(raw.get())),
    };
    let Some(Params(params)) = envelope.params else {
        return Err(refused(460, "no `params`".into()));
    };
    if params.len() > MOST_PARAMS {
        return Err(refused(
            460,
            format!(
                "{} properties in one post; the most is {MOST_PARAMS}",
                params.len()
            ),
        ));
    }
    let wants_reply = envelope.sys.is_none_or(|sys| sys.ack != Some(0));
    Ok(Post {
        id,
        wants_reply,
        params,
    })
}

/// A string value without its quotes; borrowed when it holds no escape, as chunks never do.
pub(crate) fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    if !raw.get().starts_with('"') {
        return None;
    }
    serde_json::from_str::<Text<'_>>(raw.get())
        .ok()
        .map(|Text(text)| text)
}

/// The value of one entry of `params`, and its time when it has one: `{"value":..,"time":..}` is unpacked, all else is
/// the value itself.
pub(crate) fn unpacked(raw: &RawValue) -> (&RawValue, Option<u64>) {
    if !raw.get().starts_with('{') {
        return (raw, None);
    }
    match serde_json::from_str::<Timed<'_>>(raw.get()) {
        Ok(Timed { value, time }) => (value, time),
        Err(_) => (raw, None),
    }
}

/// One entry of `params` as a property.
///
/// # Errors
/// Why the name or the value cannot be a property.
pub(crate) fn property(name: &str, raw: &RawValue, received_ms: u64) -> Result<Property, String> {
    if name.is_empty() || name.len() > NAME_OCTETS {
        return Err(format!("a property name has 1 to {NAME_OCTETS} octets"));
    }
    let (value, time) = unpacked(raw);
    // The platform's limit for a text property: 10,240 characters (limits page; 2,048 in older instances).
    if value.get().chars().count() > VALUE_CHARACTERS + 2 {
        return Err(format!(
            "property `{name}` is longer than {VALUE_CHARACTERS} characters"
        ));
    }
    // Numbers beyond an f64 and very deep nesting are JSON, and nobody could read them back.
    serde_json::from_str::<serde_json::Value>(value.get())
        .map_err(|e| format!("property `{name}` cannot be read: {e}"))?;
    // A device's clock may run ahead by 24 h, not more (same page); otherwise the time of arrival counts.
    let time_ms = time
        .filter(|ms| *ms <= received_ms + 86_400_000)
        .unwrap_or(received_ms);
    Ok(Property {
        name: name.to_owned(),
        value: value.to_owned(),
        time_ms,
    })
}

/// The answer to a post.
pub(crate) fn reply(id: &str, code: i64, message: &str, method: &str) -> Vec<u8> {
    serde_json::json!({
        "code": code, "data": {}, "id": id, "message": message, "method": method, "version": "1.0",
    })
    .to_string()
    .into_bytes()
}

/// The answer to a device that asks for the time; `None` when it did not ask properly.
pub(crate) fn ntp_response(payload: &[u8], now_ms: u64) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow, rename = "deviceSendTime")]
        sent: &'a RawValue,
    }
    let request: Request<'_> = serde_json::from_slice(payload).ok()?;
    let sent = text_of(request.sent).unwrap_or_else(|| Cow::Borrowed(request.sent.get()));
    let sent: u64 = sent.parse().ok()?;
    let now = now_ms.to_string();
    Some(
        serde_json::json!({"deviceSendTime": sent.to_string(), "serverRecvTime": now, "serverSendTime": now})
            .to_string()
            .into_bytes(),
    )
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    sys: Option<Sys>,
    #[serde(borrow, default)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Sys {
    #[serde(default)]
    ack: Option<i64>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// `{"value": .., "time": ..}` and nothing else: a struct property may have a member called `value`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timed<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(default)]
    time: Option<u64>,
}

/// The members of `params` in order, without building a map.
struct Params<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Params<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Params<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`params` with an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut params = Vec::new();
                while params.len() <= MOST_PARAMS {
                    match map.next_entry::<Text<'de>, &'de RawValue>()? {
                        Some((Text(name), value)) => params.push((name, value)),
                        None => return Ok(Params(params)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Params(params))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Aliyun: at most 300 features a module (limits page).
const MOST_PARAMS: usize = 300;
const NAME_OCTETS: usize = 128;
const VALUE_CHARACTERS: usize = 10_240;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_odd_envelope_is_accepted() {
        let post =
            parse(br#"{"id":"1189401707","version":"1.0.0","method":"123","params":{"img":"END"}}"#).unwrap();
        assert_eq!(post.id, "1189401707");
        assert!(post.wants_reply);
        assert_eq!(post.params[0].0, "img");
        let text = text_of(post.params[0].1).unwrap();
        assert!(matches!(text, Cow::Borrowed("END")), "a chunk is not copied");
    }

    #[test]
    fn a_number_as_id_is_repeated_and_ack_0_wants_no_answer() {
        let post = parse(br#" {"id":123,"sys":{"ack":0},"params":{}}"#).unwrap();
        assert_eq!((post.id.as_ref(), post.wants_reply), ("123", false));
    }

    #[test]
    fn bad_posts_have_the_platforms_codes() {
        let many: Vec<String> = (0..400).map(|i| format!("\"p{i}\":1")).collect();
        let long = format!(r#"{{"params":{{{}}}}}"#, many.join(","));
        for (payload, code) in [
            (&b"\xff{}"[..], 400),
            (b"hello", 400),
            (b"", 400),
            (br#"{"id":"1","params":{"img":"FFD8"#, 460),
            (br#"{"id":"1"}"#, 460),
            (br#"{"id":"1","params":[1]}"#, 460),
            (br#"{"id":"1","params":"x"}"#, 460),
            (long.as_bytes(), 460),
        ] {
            assert_eq!(
                parse(payload).unwrap_err().code,
                code,
                "{}",
                String::from_utf8_lossy(payload)
            );
        }
    }

    #[test]
    fn a_value_with_its_time_is_unpacked_and_a_struct_is_not() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let timed = property("t", &raw(r#"{"value":21.50,"time":5}"#), 9).unwrap();
        assert_eq!((timed.value.get(), timed.time_ms), ("21.50", 5));
        let structure = property("t", &raw(r#"{"value":1,"unit":"C"}"#), 9).unwrap();
        assert_eq!(
            (structure.value.get(), structure.time_ms),
            (r#"{"value":1,"unit":"C"}"#, 9)
        );
        let ahead = property("t", &raw(r#"{"value":1,"time":99999999999}"#), 9).unwrap();
        assert_eq!(ahead.time_ms, 9);
        assert!(property("t", &raw(&format!("\"{}\"", "x".repeat(VALUE_CHARACTERS + 1))), 9).is_err());
        property("t", &raw(&format!("\"{}\"", "像".repeat(VALUE_CHARACTERS))), 9).unwrap();
    }

    #[test]
    fn a_value_that_could_not_be_read_back_is_refused() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for bad in ["1e999", &deep, r#"{"value":1e999,"time":5}"#] {
            assert!(property("t", &raw(bad), 9).is_err(), "{bad}");
        }
        property("t", &raw("1e308"), 9).unwrap();
    }

    #[test]
    fn the_answer_is_the_platforms() {
        assert_eq!(
            String::from_utf8(reply("1\"2", 200, "success", "thing.event.property.post")).unwrap(),
            r#"{"code":200,"data":{},"id":"1\"2","message":"success","method":"thing.event.property.post","version":"1.0"}"#
        );
    }

    #[test]
    fn the_time_is_told_in_decimal_text() {
        let answer = ntp_response(br#"{"deviceSendTime":"1571724098000"}"#, 1_571_724_098_110).unwrap();
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            r#"{"deviceSendTime":"1571724098000","serverRecvTime":"1571724098110","serverSendTime":"1571724098110"}"#
        );
        assert!(ntp_response(br#"{"deviceSendTime":5}"#, 1).is_some());
        assert!(ntp_response(br#"{"deviceSendTime":"soon"}"#, 1).is_none());
    }
}
