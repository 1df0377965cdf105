//! Huawei `IoTDA`'s JSON: property reports, events, and the answer to a device that asks for the time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::alink::{property, text_of};
use crate::recorder::Property;

/// A property report, flattened.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Properties under the names `{service_id}.{property}`.
    pub(crate) properties: Vec<Property>,
    /// Texts that are chunks of a photo: `~2...` in a property called `img`.
    pub(crate) chunks: Vec<String>,
    /// What was left out and why.
    pub(crate) problems: Vec<String>,
}

/// Reads `$oc/devices/{device_id}/sys/properties/report`.
///
/// # Errors
/// What is wrong with the JSON, in one line. The platform answers nothing to a report, good or bad.
pub(crate) fn report(payload: &[u8], received_ms: u64) -> Result<Report, String> {
    let body: Body<'_> = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
    let mut report = Report::default();
    for service in body.services {
        let time_ms = service
            .event_time
            .and_then(|text| event_time(&text))
            .unwrap_or(received_ms);
        for (name, raw) in service.properties {
            if report.properties.len() + report.chunks.len() >= MOST_PROPERTIES {
                report
                    .problems
                    .push(format!("more than {MOST_PROPERTIES} properties in one report"));
                return Ok(report);
            }
            if name == super::alink::PHOTO_PROPERTY
                && let Some(text) = text_of(raw).filter(|text| text.starts_with("~2"))
            {
                report.chunks.push(text.into_owned());
                continue;
            }
            match property(&format!("{}.{name}", service.id), raw, received_ms) {
                Ok(read) => report.properties.push(Property { time_ms, ..read }),
                Err(problem) => report.problems.push(problem),
            }
        }
    }
    Ok(report)
}

/// Reads `events/up`: the answer for `events/down` when a device asks for the time, and the names of the others.
///
/// # Errors
/// What is wrong with the JSON, in one line.
pub(crate) fn events(
    payload: &[u8],
    device_id: &str,
    now_ms: u64,
) -> Result<(Option<Vec<u8>>, Vec<String>), String> {
    let body: Events<'_> = serde_json::from_slice(payload).map_err(|e| e.to_string())?;
    let (mut answer, mut others) = (None, Vec::new());
    for event in body.services.into_iter().take(MOST_PROPERTIES) {
        if event.service_id == "$time_sync" && event.event_type == "time_sync_request" {
            // The document writes a number, the vendor's Python SDK a string: the answer repeats what came.
            let sent = event
                .paras
                .and_then(|paras| serde_json::from_str::<TimeSync<'_>>(paras.get()).ok());
            let sent = sent.map(|paras| paras.device_send_time);
            answer = Some(
                serde_json::json!({
                    "object_device_id": device_id,
                    "services": [{
                        "service_id": "$time_sync",
                        "event_type": "time_sync_response",
                        "paras": {
                            "device_send_time": sent,
                            "server_recv_time": now_ms,
                            "server_send_time": now_ms,
                        },
                    }],
                })
                .to_string()
                .into_bytes(),
            );
        } else {
            others.push(format!("{}/{}", event.service_id, event.event_type));
        }
    }
    Ok((answer, others))
}

/// `yyyyMMdd'T'HHmmss'Z'` in milliseconds since 1970; the platform takes the time of arrival for any other form.
fn event_time(text: &str) -> Option<u64> {
    let moment = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let moment = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(moment.timestamp().as_millisecond()).ok()
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    services: Vec<Service<'a>>,
}

#[derive(Deserialize)]
struct Service<'a> {
    #[serde(borrow, rename = "service_id")]
    id: Cow<'a, str>,
    #[serde(borrow)]
    properties: BTreeMap<Cow<'a, str>, &'a RawValue>,
    #[serde(borrow, default)]
    event_time: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    services: Vec<EventBody<'a>>,
}

#[derive(Deserialize)]
struct EventBody<'a> {
    #[serde(borrow)]
    service_id: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    paras: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct TimeSync<'a> {
    #[serde(borrow)]
    device_send_time: &'a RawValue,
}

const MOST_PROPERTIES: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_flattened_and_dated() {
        let read = report(
            br#"{"services":[{"service_id":"room","properties":{"t":21.5,"on":true},"event_time":"20151212T121212Z"},
                 {"service_id":"cam","properties":{"img":"~2AAAA"}}]}"#,
            9,
        )
        .unwrap();
        let names: Vec<_> = read
            .properties
            .iter()
            .map(|p| (p.name.as_str(), p.value.get(), p.time_ms))
            .collect();
        assert_eq!(
            names,
            [
                ("room.on", "true", 1_449_922_332_000),
                ("room.t", "21.5", 1_449_922_332_000)
            ]
        );
        assert_eq!(read.chunks, ["~2AAAA"]);
    }

    #[test]
    fn a_wrong_event_time_is_replaced_by_the_time_of_arrival() {
        let json =
            br#"{"services":[{"service_id":"a","properties":{"b":1},"event_time":"2015-12-12T12:12:12Z"}]}"#;
        assert_eq!(report(json, 9).unwrap().properties[0].time_ms, 9);
    }

    #[test]
    fn a_report_that_is_none_is_described() {
        assert!(report(b"{", 9).is_err());
        assert!(report(br#"{"services":{}}"#, 9).is_err());
    }

    #[test]
    fn a_device_that_asks_for_the_time_gets_its_own_form_back() {
        for sent in ["1609459200000", "\"1609459200000\""] {
            let up = format!(
                r#"{{"services":[{{"service_id":"$time_sync","event_type":"time_sync_request","paras":{{"device_send_time":{sent}}}}},
                    {{"service_id":"door","event_type":"opened","paras":{{}}}}]}}"#
            );
            let (answer, others) = events(up.as_bytes(), "p_1", 1_609_459_200_100).unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer.unwrap()).unwrap();
            let paras = &answer["services"][0]["paras"];
            assert_eq!(paras["device_send_time"].to_string(), sent);
            assert_eq!(paras["server_recv_time"], 1_609_459_200_100_u64);
            assert_eq!(others, ["door/opened"]);
        }
    }
}
