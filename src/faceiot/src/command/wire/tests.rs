//! Topics and payloads of commands, with arbitrary input too.

use super::*;
use proptest::prelude::*;

fn devices() -> [DeviceId; 2] {
    [
        DeviceId::aliyun("pk", "dn").unwrap(),
        DeviceId::huawei("id").unwrap(),
    ]
}

#[test]
fn filters_match_as_mqtt_says() {
    for (filter, topic, expected) in [
        ("a/b", "a/b", true),
        ("a/b", "a/b/c", false),
        ("a/+", "a/b", true),
        ("a/+", "a", false),
        ("a/+/c", "a/b/c", true),
        ("a/#", "a/b/c", true),
        ("a/#", "a", true),
        ("#", "a/b", true),
        ("+", "é", true),
        ("a", "é", false),
    ] {
        assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
    }
}

#[test]
fn what_a_device_subscribes_to_is_a_filter_and_names_the_device() {
    for device in devices() {
        for (filter, _) in subscriptions(&device).unwrap() {
            assert!(
                crate::mqtt::is_filter(&filter) && filter.contains(device.name()),
                "{filter}"
            );
        }
    }
}

#[test]
fn an_answer_is_an_object_on_both_clouds() {
    let alink = ReplyTo::Alink {
        topic: "t".into(),
        id: "a\"b".into(),
        qos: Qos::AtMostOnce,
    };
    let huawei = ReplyTo::Huawei { topic: "t".into() };
    for (reply, expected_alink, expected_huawei) in [
        (
            Reply::ok(Value::Null),
            r#"{"id":"a\"b","code":200,"data":{}}"#,
            r#"{"result_code":0}"#,
        ),
        (
            Reply::ok(json!([1])),
            r#"{"id":"a\"b","code":200,"data":{"value":[1]}}"#,
            r#"{"result_code":0,"paras":{"value":[1]}}"#,
        ),
        (
            Reply {
                code: 100_001,
                data: json!({"x": "é"}),
            },
            r#"{"id":"a\"b","code":100001,"data":{"x":"é"}}"#,
            r#"{"result_code":100001,"paras":{"x":"é"}}"#,
        ),
    ] {
        let text = |reply_to| String::from_utf8(answer(reply_to, &reply).unwrap().payload.to_vec()).unwrap();
        assert_eq!(
            (&*text(&alink), &*text(&huawei)),
            (expected_alink, expected_huawei)
        );
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(
        kind in 0_usize..10,
        id in "[a-z0-9=/+#$]{0,12}",
        payload in prop::collection::vec(any::<u8>(), 0..200),
        json in any::<bool>(),
        number in any::<i64>(),
    ) {
        let topic = match kind {
            0 => "/sys/pk/dn/thing/service/property/set".to_owned(),
            1 => format!("/sys/pk/dn/thing/service/{id}"),
            2 => format!("/sys/pk/dn/rrpc/request/{id}"),
            3 => "/sys/pk/dn/thing/event/property/post_reply".to_owned(),
            4 => format!("/pk/dn/{id}"),
            5 => format!("$oc/devices/id/sys/commands/request_id={id}"),
            6 => format!("$oc/devices/id/sys/properties/set/request_id={id}"),
            7 => "$oc/devices/id/sys/messages/down".to_owned(),
            8 => format!("$oc/devices/id/user/{id}"),
            _ => id.clone(),
        };
        let payload = if json { json!({"id": number, "params": payload, "content": id}).to_string().into() } else { payload };
        for device in devices() {
            if let Parsed::Command(Draft { request: Some((_, reply_to)), .. }) =
                parse(&device, &["/pk/dn/control".to_owned()], &topic, &payload)
            {
                let answer = answer(&reply_to, &Reply::ok(json!({"n": number}))).unwrap();
                prop_assert!(crate::mqtt::is_topic(&answer.topic), "{}", answer.topic);
                prop_assert!(serde_json::from_slice::<Value>(&answer.payload).is_ok());
            }
        }
    }
}
