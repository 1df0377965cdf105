//! Whose topic is this: a device may use its own topics and no others. Pure.
//!
//! The clouds print the identity of a device into its topics, so a filter is a device's own when the levels that hold
//! the identity are written out, equal to it, and no wildcard stands before them.
//!
//! Aliyun (`P` = `{product_key}/{device_name}`): `/sys/P/...`, custom `/P/...`, `/ota/device/{action}/P`,
//! `/shadow/{update|get}/P`, `/ext/ntp/P/...`, `/ext/session/P/...`, `/ext/error/P`, `/ext/rrpc/{message_id}/P/...`
//! (custom RRPC; the original topic with its slash may follow, so `/ext/rrpc/1//P/...` is accepted too), and
//! `/broadcast/{product_key}/...` to subscribe only.
//!
//! Huawei: `$oc/devices/{device_id}/...`. The platform also allows any topic that does not start with `$oc`; since
//! all devices of this cloud share one broker, such a topic must begin with the device's own id here:
//! `{device_id}/...`.

use faceiot::DeviceId;

/// Product keys that would make a custom topic look like one of the platform's.
pub(crate) const RESERVED_PRODUCT_KEYS: [&str; 5] = ["sys", "ota", "shadow", "ext", "broadcast"];

/// Whether the device may publish to this topic (which has no wildcards: the broker refuses those).
pub(crate) fn may_publish(device: &DeviceId, topic: &str) -> bool {
    owns(device, topic) && !topic.starts_with("/broadcast/")
}

/// Whether the device may subscribe to this filter.
pub(crate) fn may_subscribe(device: &DeviceId, filter: &str) -> bool {
    owns(device, filter)
}

/// Whether a publication goes on to subscribers. The clouds hand what a device says to their rules, not back to
/// devices; custom topics are the exception, and photos (large, and nobody's but the store's) the exception to that.
pub(crate) fn routes(device: &DeviceId, topic: &str) -> bool {
    match device {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => strip(topic, &["", product_key, device_name]).is_some_and(|rest| rest != "user/photo"),
        DeviceId::Huawei { device_id } => {
            strip(topic, &["$oc", "devices", device_id])
                .is_some_and(|rest| rest.starts_with("user/") && rest != "user/photo")
                || own_space(device_id, topic)
        }
    }
}

/// Filters that a session has without asking, at QoS 0.
///
/// Huawei: "all downstream system topics are subscribed by the platform" (`IoTDA`, topics). Aliyun: the replies to
/// what the device itself asked; with `_ss=1` in the client id (`aliyun-iot-linkkit` 1.2.13 and Link SDK 4 send it,
/// and subscribe to no thing-model topic) everything that the platform sends down.
pub(crate) fn implicit(device: &DeviceId, server_subscribes: bool) -> Vec<String> {
    match device {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => {
            let mine = format!("{product_key}/{device_name}");
            let down = if server_subscribes { ALIYUN_DOWN } else { &[] };
            ALIYUN_REPLIES
                .iter()
                .chain(down)
                .map(|rest| format!("/sys/{mine}/{rest}"))
                .chain([
                    format!("/ext/ntp/{mine}/response"),
                    format!("/ext/error/{mine}"),
                    format!("/shadow/get/{mine}"),
                ])
                .chain(server_subscribes.then(|| format!("/ota/device/upgrade/{mine}")))
                .collect()
        }
        DeviceId::Huawei { device_id } => HUAWEI_DOWN
            .iter()
            .map(|rest| format!("$oc/devices/{device_id}/sys/{rest}"))
            .collect(),
    }
}

fn owns(device: &DeviceId, topic: &str) -> bool {
    match device {
        DeviceId::Aliyun {
            product_key: pk,
            device_name: dn,
        } => {
            let mut levels = topic.split('/');
            if levels.next() != Some("") {
                return false;
            }
            let levels: Vec<&str> = levels.collect();
            match levels.as_slice() {
                ["ota", "device", action, p, d] => *action != "#" && p == pk && d == dn,
                ["sys", p, d, _, ..]
                | ["shadow", "update" | "get", p, d]
                | ["ext", "ntp" | "session", p, d, _, ..]
                | ["ext", "error", p, d] => p == pk && d == dn,
                ["ext", "rrpc", id, "", p, d, _, ..] | ["ext", "rrpc", id, p, d, _, ..] => {
                    *id != "#" && p == pk && d == dn
                }
                ["broadcast", p, _, ..] => p == pk,
                ["sys" | "ota" | "shadow" | "ext" | "broadcast", ..] => false,
                [p, d, _, ..] => p == pk && d == dn,
                _ => false,
            }
        }
        DeviceId::Huawei { device_id } => {
            strip(topic, &["$oc", "devices", device_id]).is_some() || own_space(device_id, topic)
        }
    }
}

/// `{device_id}/...`. A device that is called like the platform's own topics (`$oc`) has no such space.
fn own_space(device_id: &str, topic: &str) -> bool {
    !device_id.starts_with('$') && strip(topic, &[device_id]).is_some()
}

/// What follows these levels; `None` when the topic does not begin with them or nothing follows.
fn strip<'t>(topic: &'t str, levels: &[&str]) -> Option<&'t str> {
    let mut rest = topic;
    for level in levels {
        rest = rest.strip_prefix(level)?.strip_prefix('/')?;
    }
    (!rest.is_empty()).then_some(rest)
}

/// Answers to requests that a device may make. A wildcard per level, since `+_reply` is no filter.
const ALIYUN_REPLIES: &[&str] = &[
    "thing/event/+/post_reply",
    "thing/event/property/batch/post_reply",
    "thing/model/up_raw_reply",
    "thing/deviceinfo/update_reply",
    "thing/deviceinfo/delete_reply",
    "thing/property/desired/get_reply",
    "thing/property/desired/delete_reply",
    "thing/config/get_reply",
    "thing/ota/firmware/get_reply",
];

const ALIYUN_DOWN: &[&str] = &[
    "thing/service/#",
    "thing/model/down_raw",
    "thing/config/push",
    "thing/disable",
    "thing/enable",
    "thing/delete",
    "rrpc/request/+",
];

const HUAWEI_DOWN: &[&str] = &[
    "commands/+",
    "properties/set/+",
    "properties/get/+",
    "messages/down",
    "events/down",
    "shadow/get/response/+",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn aliyun() -> DeviceId {
        DeviceId::aliyun("pk", "dn").unwrap()
    }

    fn huawei() -> DeviceId {
        DeviceId::huawei("p_1").unwrap()
    }

    #[test]
    fn a_device_has_its_own_topics() {
        for topic in [
            "/sys/pk/dn/thing/event/property/post",
            "/sys/pk/dn/#",
            "/sys/pk/dn/rrpc/request/+",
            "/pk/dn/control",
            "/pk/dn/user/photo",
            "/pk/dn/#",
            "/ota/device/inform/pk/dn",
            "/ota/device/+/pk/dn",
            "/shadow/get/pk/dn",
            "/ext/ntp/pk/dn/response",
            "/ext/session/pk/dn/combine/login",
            "/ext/error/pk/dn",
            "/ext/rrpc/+//pk/dn/user/get",
            "/ext/rrpc/+/pk/dn/user/get",
            "/broadcast/pk/all",
        ] {
            assert!(may_subscribe(&aliyun(), topic), "{topic}");
        }
        for topic in [
            "$oc/devices/p_1/sys/commands/#",
            "$oc/devices/p_1/user/photo",
            "p_1/anything",
        ] {
            assert!(
                may_subscribe(&huawei(), topic) && may_publish(&huawei(), topic),
                "{topic}"
            );
        }
        assert!(!may_publish(&aliyun(), "/broadcast/pk/all"));
    }

    #[test]
    fn a_topic_of_another_device_is_not_its_own() {
        for topic in [
            "/sys/pk/other/thing/event/property/post",
            "/sys/other/dn/thing/event/property/post",
            "/sys/pk/dn",
            "/sys/pk/dnx/a",
            "/sys/+/dn/#",
            "/sys/pk/+/#",
            "/sys/#",
            "#",
            "+/pk/dn/a",
            "/+/dn/#",
            "/pk/#",
            "/pk/dn",
            "pk/dn/a",
            "/ota/device/#",
            "/ext/rrpc/#",
            "/ext/rrpc/+/pk/other/user/get",
            "/ext/rrpc/+/#",
            "/broadcast/#",
            "/broadcast/other/all",
            "$share/g/sys/pk/dn/#",
            "$SYS/broker",
            "",
            "/",
        ] {
            assert!(!may_subscribe(&aliyun(), topic), "{topic}");
        }
        for topic in [
            "$oc/devices/p_2/sys/messages/up",
            "$oc/devices/+/#",
            "$oc/#",
            "#",
            "p_1",
            "/p_1/a",
            "p_12/a",
        ] {
            assert!(!may_subscribe(&huawei(), topic), "{topic}");
        }
    }

    #[test]
    fn a_custom_topic_of_one_device_is_never_a_system_topic_of_another() {
        for reserved in RESERVED_PRODUCT_KEYS {
            let device = DeviceId::aliyun(reserved, "error").unwrap();
            assert!(
                !may_publish(&device, &format!("/{reserved}/error/pk/dn")),
                "{reserved}"
            );
        }
    }

    #[test]
    fn a_device_id_that_begins_with_a_dollar_owns_no_system_topic_of_another() {
        let device = DeviceId::huawei("$oc").unwrap(); // the registry takes no such name; the rule stands by itself
        let anothers = "$oc/devices/p_1/sys/messages/up";
        assert!(!may_publish(&device, anothers) && !may_subscribe(&device, anothers));
        assert!(!routes(&device, anothers));
        assert!(may_publish(&device, "$oc/devices/$oc/sys/messages/up"));
    }

    #[test]
    fn only_custom_topics_reach_subscribers() {
        assert!(routes(&aliyun(), "/pk/dn/user/echo"));
        assert!(!routes(&aliyun(), "/pk/dn/user/photo"));
        assert!(!routes(&aliyun(), "/sys/pk/dn/thing/service/property/set"));
        assert!(routes(&huawei(), "$oc/devices/p_1/user/echo") && routes(&huawei(), "p_1/echo"));
        assert!(!routes(&huawei(), "$oc/devices/p_1/user/photo"));
        assert!(!routes(&huawei(), "$oc/devices/p_1/sys/commands/request_id=1"));
    }

    #[test]
    fn what_is_subscribed_without_asking_is_the_devices_own() {
        for device in [aliyun(), huawei()] {
            for server_subscribes in [false, true] {
                for filter in implicit(&device, server_subscribes) {
                    assert!(may_subscribe(&device, &filter), "{filter}");
                }
            }
        }
        let all = implicit(&aliyun(), true);
        assert!(all.iter().any(|f| f == "/sys/pk/dn/thing/service/#"));
        assert!(!implicit(&aliyun(), false).iter().any(|f| f.contains("service")));
    }
}
