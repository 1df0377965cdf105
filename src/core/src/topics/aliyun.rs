//! Topics of Alibaba Cloud IoT Platform: the thing model, RRPC, OTA, shadow, time, and a device's own.
//!
//! ```
//! use faceiot_core::topics::aliyun::{self, Kind};
//!
//! let mut buffer = [0; faceiot_core::topics::TOPIC_BUFFER];
//! let topic = aliyun::property_post("k0xxxxxIM", "esp001_001", &mut buffer)?;
//! assert_eq!(topic, "/sys/k0xxxxxIM/esp001_001/thing/event/property/post");
//!
//! let parsed = aliyun::parse(topic).unwrap();
//! assert_eq!((parsed.product_key, parsed.device_name, parsed.kind), ("k0xxxxxIM", "esp001_001", Kind::PropertyPost));
//! # Ok::<(), faceiot_core::Error>(())
//! ```

mod build;

pub use build::*;

use super::{Direction, is_name};

/// The longest product key, device name, event, service or message id in octets.
pub const NAME_MAX: usize = 128;

/// A topic of one device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Topic<'a> {
    /// `ProductKey`.
    pub product_key: &'a str,
    /// `DeviceName`.
    pub device_name: &'a str,
    /// What it is for.
    pub kind: Kind<'a>,
}

/// What a topic is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind<'a> {
    /// The device reports properties.
    PropertyPost,
    /// The answer to it.
    PropertyPostReply,
    /// The device reports properties and events of many moments.
    PropertyBatchPost,
    /// The answer to it.
    PropertyBatchPostReply,
    /// The device reports the event of this id.
    EventPost(&'a str),
    /// The answer to it.
    EventPostReply(&'a str),
    /// The cloud sets properties.
    PropertySet,
    /// The answer to it.
    PropertySetReply,
    /// The cloud asks for properties.
    PropertyGet,
    /// The answer to it.
    PropertyGetReply,
    /// The cloud calls the service of this id.
    Service(&'a str),
    /// The answer to it.
    ServiceReply(&'a str),
    /// The cloud calls with this message id and waits.
    RrpcRequest(&'a str),
    /// The answer to it.
    RrpcResponse(&'a str),
    /// The device sends octets that a script of the platform translates.
    UpRaw,
    /// The answer to it.
    UpRawReply,
    /// The platform sends such octets.
    DownRaw,
    /// The answer to it.
    DownRawReply,
    /// The device tells its version.
    OtaInform,
    /// The platform announces a version.
    OtaUpgrade,
    /// The device tells how far it is.
    OtaProgress,
    /// The device asks for a version.
    OtaRequest,
    /// The device updates its shadow.
    ShadowUpdate,
    /// The platform tells of the shadow.
    ShadowGet,
    /// The device asks for the time.
    NtpRequest,
    /// The answer to it.
    NtpResponse,
    /// The platform reports an error.
    ExtError,
    /// Another topic under `/sys/{pk}/{dn}/`; what follows.
    System(&'a str),
    /// The device's own topic `/{pk}/{dn}/...`; what follows, such as `user/photo`, `control` or `update`.
    Custom(&'a str),
}

impl Kind<'_> {
    /// Who publishes on it.
    pub fn direction(&self) -> Direction {
        match self {
            Self::PropertyPost
            | Self::PropertyBatchPost
            | Self::EventPost(_)
            | Self::PropertySetReply
            | Self::PropertyGetReply
            | Self::ServiceReply(_)
            | Self::RrpcResponse(_)
            | Self::UpRaw
            | Self::DownRawReply
            | Self::OtaInform
            | Self::OtaProgress
            | Self::OtaRequest
            | Self::ShadowUpdate
            | Self::NtpRequest => Direction::Up,
            Self::PropertyPostReply
            | Self::PropertyBatchPostReply
            | Self::EventPostReply(_)
            | Self::PropertySet
            | Self::PropertyGet
            | Self::Service(_)
            | Self::RrpcRequest(_)
            | Self::UpRawReply
            | Self::DownRaw
            | Self::OtaUpgrade
            | Self::ShadowGet
            | Self::NtpResponse
            | Self::ExtError => Direction::Down,
            Self::System(_) | Self::Custom(_) => Direction::Both,
        }
    }
}

/// Reads a topic. `None`: not one of a device, or not a topic name (a wildcard in it).
pub fn parse(topic: &str) -> Option<Topic<'_>> {
    let mut levels = topic.strip_prefix('/').filter(|_| is_name(topic))?.splitn(4, '/');
    let (first, second, third, rest) = (levels.next()?, levels.next()?, levels.next()?, levels.next());
    let (product_key, device_name, kind) = match first {
        "sys" => (second, third, under_sys(rest?)),
        "shadow" if rest.is_none() => return None,
        "ota" | "shadow" | "ext" | "broadcast" => return named_last(topic),
        _ => (
            first,
            second,
            Kind::Custom(topic.get(first.len() + second.len() + 3..)?),
        ),
    };
    named(product_key, device_name, kind)
}

/// The topic of this device and kind, when the names are not empty.
fn named<'a>(product_key: &'a str, device_name: &'a str, kind: Kind<'a>) -> Option<Topic<'a>> {
    let named = !product_key.is_empty()
        && !device_name.is_empty()
        && kind != Kind::Custom("")
        && kind != Kind::System("");
    named.then_some(Topic {
        product_key,
        device_name,
        kind,
    })
}

/// What follows `/sys/{pk}/{dn}/`.
fn under_sys(rest: &str) -> Kind<'_> {
    let exact = match rest {
        "thing/event/property/post" => Kind::PropertyPost,
        "thing/event/property/post_reply" => Kind::PropertyPostReply,
        "thing/event/property/batch/post" => Kind::PropertyBatchPost,
        "thing/event/property/batch/post_reply" => Kind::PropertyBatchPostReply,
        "thing/service/property/set" => Kind::PropertySet,
        "thing/service/property/set_reply" => Kind::PropertySetReply,
        "thing/service/property/get" => Kind::PropertyGet,
        "thing/service/property/get_reply" => Kind::PropertyGetReply,
        "thing/model/up_raw" => Kind::UpRaw,
        "thing/model/up_raw_reply" => Kind::UpRawReply,
        "thing/model/down_raw" => Kind::DownRaw,
        "thing/model/down_raw_reply" => Kind::DownRawReply,
        _ => Kind::System(rest),
    };
    if !matches!(exact, Kind::System(_)) {
        return exact;
    }
    let id = |id: &'_ str| !id.is_empty() && !id.contains('/');
    if let Some(event) = rest.strip_prefix("thing/event/") {
        match event.split_once('/') {
            Some((event, "post")) if id(event) => return Kind::EventPost(event),
            Some((event, "post_reply")) if id(event) => return Kind::EventPostReply(event),
            _ => {}
        }
    }
    if let Some(service) = rest.strip_prefix("thing/service/").filter(|service| id(service)) {
        return match service.strip_suffix("_reply") {
            Some(service) if !service.is_empty() => Kind::ServiceReply(service),
            _ => Kind::Service(service),
        };
    }
    if let Some(message) = rest.strip_prefix("rrpc/request/").filter(|message| id(message)) {
        return Kind::RrpcRequest(message);
    }
    if let Some(message) = rest.strip_prefix("rrpc/response/").filter(|message| id(message)) {
        return Kind::RrpcResponse(message);
    }
    exact
}

/// The families that name the device at their end.
fn named_last(topic: &str) -> Option<Topic<'_>> {
    const FAMILIES: [(&str, &str, Kind<'static>); 9] = [
        ("/ota/device/inform/", "", Kind::OtaInform),
        ("/ota/device/upgrade/", "", Kind::OtaUpgrade),
        ("/ota/device/progress/", "", Kind::OtaProgress),
        ("/ota/device/request/", "", Kind::OtaRequest),
        ("/shadow/update/", "", Kind::ShadowUpdate),
        ("/shadow/get/", "", Kind::ShadowGet),
        ("/ext/ntp/", "/request", Kind::NtpRequest),
        ("/ext/ntp/", "/response", Kind::NtpResponse),
        ("/ext/error/", "", Kind::ExtError),
    ];
    FAMILIES.iter().find_map(|(prefix, suffix, kind)| {
        let (product_key, device_name) = topic
            .strip_prefix(prefix)?
            .strip_suffix(suffix)?
            .split_once('/')?;
        if device_name.contains('/') {
            None
        } else {
            named(product_key, device_name, *kind)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::build::BUILDERS;
    use super::*;
    use crate::{ErrorKind, topics::TOPIC_BUFFER};

    #[test]
    fn every_builder_names_the_device_and_is_read_back() {
        for build in BUILDERS {
            let mut buffer = [0; TOPIC_BUFFER];
            let topic = build("pk", "dn", &mut buffer).unwrap();
            if topic.ends_with('+') {
                assert_eq!(parse(topic), None, "{topic} is a filter");
                continue;
            }
            let parsed = parse(topic).unwrap();
            assert_eq!((parsed.product_key, parsed.device_name), ("pk", "dn"), "{topic}");
        }
    }

    #[test]
    fn a_name_that_would_change_the_topic_is_refused_by_every_builder() {
        for name in ["", "a/b", "+", "#", "a+", "a#", "a\0b"] {
            for build in BUILDERS {
                assert_eq!(
                    build(name, "dn", &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
                assert_eq!(
                    build("pk", name, &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
            }
            for build in [event_post, service, service_reply, rrpc_request, rrpc_response] {
                assert_eq!(
                    build("pk", "dn", name, &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
            }
        }
        let long = [b'x'; NAME_MAX + 1];
        let long = core::str::from_utf8(&long).unwrap();
        assert_eq!(
            photo("pk", long, &mut [0; 256]).unwrap_err().kind,
            ErrorKind::Topic
        );
        assert!(photo("pk", &long[1..], &mut [0; 256]).is_ok());
        for suffix in ["", "user//x", "/x", "x/", "user/+", "user/#"] {
            assert_eq!(
                custom("pk", "dn", suffix, &mut [0; 256]).unwrap_err().kind,
                ErrorKind::Topic,
                "{suffix:?}"
            );
        }
    }

    #[test]
    fn requests_and_their_answers_are_told_apart() {
        let kind = |topic| parse(topic).map(|topic| topic.kind);
        assert_eq!(
            kind("/sys/p/d/thing/service/reboot"),
            Some(Kind::Service("reboot"))
        );
        assert_eq!(
            kind("/sys/p/d/thing/service/reboot_reply"),
            Some(Kind::ServiceReply("reboot"))
        );
        assert_eq!(
            kind("/sys/p/d/thing/service/property/set"),
            Some(Kind::PropertySet)
        );
        assert_eq!(
            kind("/sys/p/d/thing/event/power_on/post"),
            Some(Kind::EventPost("power_on"))
        );
        assert_eq!(kind("/sys/p/d/rrpc/request/17"), Some(Kind::RrpcRequest("17")));
        assert_eq!(
            kind("/sys/p/d/thing/topo/add"),
            Some(Kind::System("thing/topo/add"))
        );
        assert_eq!(kind("/p/d/user/photo"), Some(Kind::Custom("user/photo")));
        assert_eq!(kind("/p/d/control"), Some(Kind::Custom("control")));
        assert_eq!(kind("/ext/ntp/p/d/request"), Some(Kind::NtpRequest));
        assert_eq!(kind("/shadow/update/p/d"), Some(Kind::ShadowUpdate));
        for topic in [
            "",
            "/",
            "sys/p/d/x",
            "/sys/p/d",
            "/sys//d/x",
            "/p/d",
            "/p/d/",
            "/p//x",
            "/p/d/+",
            "/sys/p/d/#",
            "/ext/ntp/p/d/e/request",
        ] {
            assert_eq!(kind(topic), None, "{topic}");
        }
    }

    #[test]
    fn a_device_publishes_up_and_reads_down() {
        let direction = |topic| parse(topic).unwrap().kind.direction();
        assert_eq!(direction("/sys/p/d/thing/event/property/post"), Direction::Up);
        assert_eq!(
            direction("/sys/p/d/thing/event/property/post_reply"),
            Direction::Down
        );
        assert_eq!(direction("/sys/p/d/thing/service/reboot"), Direction::Down);
        assert_eq!(direction("/p/d/user/photo"), Direction::Both);
        assert!(Direction::Up.device_publishes() && !Direction::Up.device_subscribes());
    }
}
