//! Topics of Huawei Cloud IoTDA (support.huaweicloud.com, api-iothub/iot_06_v5_3004).
//!
//! ```
//! use faceiot_core::topics::huawei::{self, Kind};
//!
//! let mut buffer = [0; faceiot_core::topics::TOPIC_BUFFER];
//! let topic = huawei::command_response("prod1_gw1", "4444-ab=cd", &mut buffer)?;
//! assert_eq!(topic, "$oc/devices/prod1_gw1/sys/commands/response/request_id=4444-ab=cd");
//!
//! let parsed = huawei::parse("$oc/devices/prod1_gw1/sys/commands/request_id=4444-ab=cd").unwrap();
//! assert_eq!((parsed.device_id, parsed.kind), ("prod1_gw1", Kind::Command("4444-ab=cd")));
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use super::{Direction, check_name, check_suffix, is_name, join};
use crate::error::Result;

/// The longest device id or request id in octets.
pub const NAME_MAX: usize = 256;

/// What every topic of the platform begins with.
const DEVICES: &str = "$oc/devices/";

/// A topic of one device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Topic<'a> {
    /// Device id.
    pub device_id: &'a str,
    /// What it is for.
    pub kind: Kind<'a>,
}

/// What a topic is for. The `&str` is the request id, or what follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind<'a> {
    /// The device reports properties.
    PropertiesReport,
    /// A gateway reports properties of the devices behind it.
    SubDevicesReport,
    /// The device sends a message.
    MessagesUp,
    /// The platform sends a message.
    MessagesDown,
    /// The platform sends a command and waits 20 s.
    Command(&'a str),
    /// The answer to it.
    CommandResponse(&'a str),
    /// The platform sets properties.
    PropertiesSet(&'a str),
    /// The answer to it.
    PropertiesSetResponse(&'a str),
    /// The platform asks for properties.
    PropertiesGet(&'a str),
    /// The answer to it.
    PropertiesGetResponse(&'a str),
    /// The device asks for its shadow.
    ShadowGet(&'a str),
    /// The answer to it.
    ShadowGetResponse(&'a str),
    /// The device reports an event (files, time, OTA, logs).
    EventsUp,
    /// The platform reports an event.
    EventsDown,
    /// The device asks where to connect.
    BootstrapUp,
    /// The answer to it.
    BootstrapDown,
    /// Another topic under `sys/`.
    System(&'a str),
    /// The device's own topic under `user/`.
    User(&'a str),
}

impl Kind<'_> {
    /// Who publishes on it.
    pub fn direction(&self) -> Direction {
        match self {
            Self::PropertiesReport
            | Self::SubDevicesReport
            | Self::MessagesUp
            | Self::CommandResponse(_)
            | Self::PropertiesSetResponse(_)
            | Self::PropertiesGetResponse(_)
            | Self::ShadowGet(_)
            | Self::EventsUp
            | Self::BootstrapUp => Direction::Up,
            Self::MessagesDown
            | Self::Command(_)
            | Self::PropertiesSet(_)
            | Self::PropertiesGet(_)
            | Self::ShadowGetResponse(_)
            | Self::EventsDown
            | Self::BootstrapDown => Direction::Down,
            Self::System(_) | Self::User(_) => Direction::Both,
        }
    }
}

/// Reads a topic. `None`: not one of a device, or not a topic name (a wildcard in it).
///
/// The request id is everything behind the first `request_id=`: it may hold `=` itself, which seed 002 overlooks.
pub fn parse(topic: &str) -> Option<Topic<'_>> {
    let (device_id, rest) = topic
        .strip_prefix(DEVICES)
        .filter(|_| is_name(topic))?
        .split_once('/')?;
    let kind = if let Some(user) = rest.strip_prefix("user/") {
        Kind::User(user)
    } else {
        system(rest.strip_prefix("sys/")?)
    };
    let named = !device_id.is_empty() && kind != Kind::User("") && kind != Kind::System("");
    named.then_some(Topic { device_id, kind })
}

/// What follows `sys/`.
fn system(rest: &str) -> Kind<'_> {
    if let Some((family, id)) = rest.split_once("/request_id=")
        && !id.is_empty()
        && !id.contains('/')
    {
        match family {
            "commands" => return Kind::Command(id),
            "commands/response" => return Kind::CommandResponse(id),
            "properties/set" => return Kind::PropertiesSet(id),
            "properties/set/response" => return Kind::PropertiesSetResponse(id),
            "properties/get" => return Kind::PropertiesGet(id),
            "properties/get/response" => return Kind::PropertiesGetResponse(id),
            "shadow/get" => return Kind::ShadowGet(id),
            "shadow/get/response" => return Kind::ShadowGetResponse(id),
            _ => {}
        }
    }
    match rest {
        "properties/report" => Kind::PropertiesReport,
        "gateway/sub_devices/properties/report" => Kind::SubDevicesReport,
        "messages/up" => Kind::MessagesUp,
        "messages/down" => Kind::MessagesDown,
        "events/up" => Kind::EventsUp,
        "events/down" => Kind::EventsDown,
        "bootstrap/up" => Kind::BootstrapUp,
        "bootstrap/down" => Kind::BootstrapDown,
        _ => Kind::System(rest),
    }
}

/// Writes the builders of topics that have nothing in them but the device id.
macro_rules! builders {
    ($($(#[$doc:meta])* $name:ident = $after:literal;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
        pub fn $name<'b>(device_id: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
            check_name("device id", device_id, NAME_MAX)?;
            join(&[DEVICES, device_id, $after], buffer)
        })*

        #[cfg(test)]
        const BUILDERS: &[for<'b> fn(&str, &'b mut [u8]) -> Result<&'b str>] = &[$($name),*];
    };
}

/// Writes the builders of topics that end with a request id.
macro_rules! request_builders {
    ($($(#[$doc:meta])* $name:ident = $after:literal;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
        pub fn $name<'b>(device_id: &str, request_id: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
            check_name("device id", device_id, NAME_MAX)?;
            check_name("request id", request_id, NAME_MAX)?;
            join(&[DEVICES, device_id, $after, request_id], buffer)
        })*

        #[cfg(test)]
        const REQUEST_BUILDERS: &[for<'b> fn(&str, &str, &'b mut [u8]) -> Result<&'b str>] = &[$($name),*];
    };
}

builders! {
    /// `$oc/devices/{id}/sys/properties/report`: the device reports properties.
    properties_report = "/sys/properties/report";
    /// `$oc/devices/{id}/sys/gateway/sub_devices/properties/report`: a gateway reports for devices behind it.
    sub_devices_report = "/sys/gateway/sub_devices/properties/report";
    /// `$oc/devices/{id}/sys/messages/up`: the device sends a message.
    messages_up = "/sys/messages/up";
    /// `$oc/devices/{id}/sys/messages/down`: the platform sends a message.
    messages_down = "/sys/messages/down";
    /// `$oc/devices/{id}/sys/events/up`: the device reports an event.
    events_up = "/sys/events/up";
    /// `$oc/devices/{id}/sys/events/down`: the platform reports an event.
    events_down = "/sys/events/down";
    /// `$oc/devices/{id}/sys/commands/#`: the filter for commands.
    commands_filter = "/sys/commands/#";
    /// `$oc/devices/{id}/sys/properties/set/#`: the filter for property sets.
    properties_set_filter = "/sys/properties/set/#";
    /// `$oc/devices/{id}/user/photo`: photos in chunks of format v2.
    photo = "/user/photo";
    /// `$oc/devices/{id}/user/photo_ack`: what the receiver of photos answers.
    photo_ack = "/user/photo_ack";
}

request_builders! {
    /// `$oc/devices/{id}/sys/commands/request_id={rid}`: a command.
    commands = "/sys/commands/request_id=";
    /// `$oc/devices/{id}/sys/commands/response/request_id={rid}`: the answer to it.
    command_response = "/sys/commands/response/request_id=";
    /// `$oc/devices/{id}/sys/properties/set/request_id={rid}`: properties are set.
    properties_set = "/sys/properties/set/request_id=";
    /// `$oc/devices/{id}/sys/properties/set/response/request_id={rid}`: the answer to it.
    properties_set_response = "/sys/properties/set/response/request_id=";
    /// `$oc/devices/{id}/sys/properties/get/request_id={rid}`: properties are asked for.
    properties_get = "/sys/properties/get/request_id=";
    /// `$oc/devices/{id}/sys/properties/get/response/request_id={rid}`: the answer to it.
    properties_get_response = "/sys/properties/get/response/request_id=";
    /// `$oc/devices/{id}/sys/shadow/get/request_id={rid}`: the device asks for its shadow.
    shadow_get = "/sys/shadow/get/request_id=";
}

/// `$oc/devices/{id}/user/{suffix}`: the device's own topic.
///
/// # Errors
/// [`ErrorKind::Topic`](crate::ErrorKind::Topic), [`ErrorKind::BufferTooSmall`](crate::ErrorKind::BufferTooSmall).
pub fn user<'b>(device_id: &str, suffix: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    check_name("device id", device_id, NAME_MAX)?;
    check_suffix(suffix, NAME_MAX)?;
    join(&[DEVICES, device_id, "/user/", suffix], buffer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, topics::TOPIC_BUFFER};

    #[test]
    fn every_builder_names_the_device_and_is_read_back() {
        let mut buffer = [0; TOPIC_BUFFER];
        for build in BUILDERS {
            let topic = build("prod1_gw1", &mut buffer).unwrap();
            match parse(topic) {
                Some(parsed) => {
                    assert_eq!(parsed.device_id, "prod1_gw1");
                    assert!(!matches!(parsed.kind, Kind::System(_)), "{topic}");
                }
                None => assert!(topic.ends_with('#'), "{topic}"),
            }
        }
        for build in REQUEST_BUILDERS {
            let topic = build("prod1_gw1", "rid=1", &mut buffer).unwrap();
            let parsed = parse(topic).unwrap();
            assert!(!matches!(parsed.kind, Kind::System(_)), "{topic}");
            assert!(topic.ends_with("request_id=rid=1"), "{topic}");
        }
    }

    #[test]
    fn a_name_that_would_change_the_topic_is_refused_by_every_builder() {
        for name in ["", "a/b", "+", "#", "a+", "a#", "a\0b"] {
            for build in BUILDERS {
                assert_eq!(
                    build(name, &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
            }
            for build in REQUEST_BUILDERS {
                assert_eq!(
                    build(name, "rid", &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
                assert_eq!(
                    build("id", name, &mut [0; 256]).unwrap_err().kind,
                    ErrorKind::Topic,
                    "{name:?}"
                );
            }
        }
        let long = [b'x'; NAME_MAX + 1];
        assert_eq!(
            photo(core::str::from_utf8(&long).unwrap(), &mut [0; 999])
                .unwrap_err()
                .kind,
            ErrorKind::Topic
        );
    }

    #[test]
    fn topics_of_no_device_are_not_read() {
        for topic in [
            "",
            "$oc/devices/",
            "$oc/devices//sys/events/up",
            "$oc/devices/d",
            "$oc/devices/d/sys/",
            "$oc/devices/d/user/",
            "$oc/devices/d/sys/commands/#",
            "$oc/bridges/d/sys/events/up",
        ] {
            assert_eq!(parse(topic), None, "{topic}");
        }
        assert_eq!(
            parse("$oc/devices/d/sys/commands/request_id=").unwrap().kind,
            Kind::System("commands/request_id=")
        );
    }
}
