//! Topics and payloads against what the vendors' SDKs publish.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, Value, run};
use faceiot_core::sign::aliyun::{Credentials, Method, register};
use faceiot_core::topics::{self, Direction, TOPIC_BUFFER, huawei as build};
use faceiot_core::{ErrorKind, digest, payload};

/// Equal as JSON: the SDK for Python writes blanks and `\u` escapes, we do not.
fn same_json(ours: &str, theirs: &str) {
    let parse = |text| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parse(ours), parse(theirs));
}

#[test]
fn alink_topics_and_payloads_are_those_of_linkkit() {
    run("aliyun.json", "iot_alink_payloads_linkkit", 11, &[], |case| {
        let (pk, dn) = (case.text("product_key"), case.text("device_name"));
        let publish = case.expected["publish"].as_array().unwrap();
        assert_eq!(publish.len(), 1);
        let (topic, theirs) = (
            publish[0]["topic"].as_str().unwrap(),
            publish[0]["payload"].as_str().unwrap_or_default(),
        );
        let args = &case.input["args"];
        let (mut t, mut p) = ([0; TOPIC_BUFFER], [0; 1024]);
        if let Some(signed) = case.string_to_sign.as_deref() {
            sub_device_is_signed(case.text("call"), theirs, signed);
        }
        let ours = match case.text("call") {
            "thing_post_property" => {
                let params = args[0].to_string();
                (
                    topics::aliyun::property_post(pk, dn, &mut t),
                    Some(payload::alink_post("1", &params, &mut p)),
                )
            }
            "thing_trigger_event" => {
                let (event, params) = (
                    args[0][0].as_str().unwrap(),
                    serde_json::json!({"value": args[0][1]}).to_string(),
                );
                let method = format!("thing.event.{event}.post");
                (
                    topics::aliyun::event_post(pk, dn, event, &mut t),
                    Some(payload::alink_request("1", &method, &params, &mut p)),
                )
            }
            "thing_answer_service" => {
                let (service, id, data) = (
                    args[0].as_str().unwrap(),
                    args[1].as_str().unwrap(),
                    args[3].to_string(),
                );
                let code = args[2].as_i64().unwrap() as i32;
                (
                    topics::aliyun::service_reply(pk, dn, service, &mut t),
                    Some(payload::alink_reply(id, code, &data, &mut p)),
                )
            }
            "thing_update_device_info" => (
                topics::aliyun::device_info_update(pk, dn, &mut t),
                Some(payload::alink_request(
                    "1",
                    "thing.deviceinfo.update",
                    &args[0].to_string(),
                    &mut p,
                )),
            ),
            // The job needs where these go; what they say belongs to OTA, raw data and gateways.
            "ota_report_version" => (topics::aliyun::ota_inform(pk, dn, &mut t), None),
            "query_ota_firmware" => (topics::aliyun::ota_firmware_get(pk, dn, &mut t), None),
            "thing_raw_post_data" => (topics::aliyun::up_raw(pk, dn, &mut t), None),
            "gateway_add_subdev_topo" => (topics::aliyun::system(pk, dn, "thing/topo/add", &mut t), None),
            "gateway_product_register_subdev" => (
                topics::aliyun::system(pk, dn, "thing/proxy/provisioning/product_register", &mut t),
                None,
            ),
            // A session's topic is the gateway's, behind `/ext/session/`; it is not one of the families that are parsed.
            "gateway_login_subdev" => {
                assert_eq!(topic, format!("/ext/session/{pk}/{dn}/combine/batch_login"));
                return;
            }
            "gateway_register_subdev" => (topics::aliyun::system(pk, dn, "thing/sub/register", &mut t), None),
            other => panic!("no test for {other}"),
        };
        assert_eq!(ours.0.unwrap(), topic);
        if let Some(ours) = ours.1 {
            same_json(ours.unwrap(), theirs);
        }
        let parsed = topics::aliyun::parse(topic).unwrap();
        assert_eq!((parsed.product_key, parsed.device_name), (pk, dn));
        assert!(parsed.kind.direction().device_publishes());
    });
}

/// The signature that a gateway puts into its payload for a device behind it.
fn sub_device_is_signed(call: &str, payload: &str, signed: &str) {
    let payload: Value = serde_json::from_str(payload).unwrap();
    let params = &payload["params"];
    let device = match call {
        "gateway_add_subdev_topo" => &params[0],
        "gateway_login_subdev" => &params["deviceList"][0],
        _ => &params["proxieds"][0],
    };
    let text = |name: &str| device[name].as_str().unwrap();
    let (product_key, device_name) = (text("productKey"), text("deviceName"));
    let ours = if call == "gateway_product_register_subdev" {
        let device = register::Device {
            product_key,
            device_name,
            product_secret: "subproductsecret",
        };
        assert_eq!(
            register::string_to_sign(&device, text("random"), &mut [0; 256]).unwrap(),
            signed
        );
        register::sign(&device, text("random"), Method::HmacSha256)
    } else {
        let device = Credentials {
            product_key,
            device_name,
            device_secret: "subsecret",
        };
        register::sub_device_sign(&device, text("clientId"), text("timestamp"), Method::HmacSha256)
    };
    assert_eq!(ours.unwrap().as_str(), text("sign"));
}

#[test]
fn the_mac_of_a_method_is_the_hmac_of_its_name() {
    // Gateways spell it `hmacSha256`.
    assert_eq!(Method::parse("hmacSha256"), Ok(Method::HmacSha256));
    assert_eq!(Method::parse("sha256").unwrap_err().kind, ErrorKind::SignMethod);
    assert_eq!(
        digest::hmac_sha1(b"k", &[b"a", b"b"]),
        digest::hmac_sha1(b"k", &[b"ab"])
    );
}

#[test]
fn huawei_topics_and_payloads_are_those_of_the_sdk_for_python() {
    let files = "file upload and download through OBS is a later capability";
    let later = [
        ("file_get_upload_url", files),
        ("file_get_upload_url_attrs_given_sdk_bug", files),
        ("file_get_download_url", files),
        ("file_upload_result", files),
        ("file_download_result", files),
        (
            "time_sync_request",
            "time from the platform is a later capability",
        ),
        ("log_report", "device logs are a later capability"),
        ("ota_version_report", "OTA is a later capability"),
        ("ota_progress_report", "OTA is a later capability"),
        ("gateway_sub_status", "gateways are a later capability"),
        ("gateway_delete_sub", "gateways are a later capability"),
    ];
    run(
        "huawei_meituan.json",
        "huawei_device_payloads",
        19,
        &later,
        |case| {
            let topic = case.wants("topic");
            let (id, rid) = ("prod1_gw1", case.text_or("request_id", ""));
            let (mut t, mut p) = ([0; TOPIC_BUFFER], [0; 1024]);
            let (ours, payload) = match case.name.as_str() {
                "properties_report" | "properties_report_event_time" => {
                    reports_are_the_same(case);
                    (build::properties_report(id, &mut t), None)
                }
                "gateway_sub_devices_report" => (build::sub_devices_report(id, &mut t), None),
                "messages_up" => (build::messages_up(id, &mut t), None),
                "command_response" => {
                    let paras = case.expected["payload_json"]["paras"].to_string();
                    let ours = payload::huawei_response(0, Some(&paras), &mut p).unwrap();
                    (
                        build::command_response(id, rid, &mut t),
                        Some((ours, "response_name")),
                    )
                }
                "properties_set_response" => {
                    let ours = payload::huawei_response(0, None, &mut p).unwrap();
                    (
                        build::properties_set_response(id, rid, &mut t),
                        Some((ours, "result_desc")),
                    )
                }
                "properties_get_response" => (build::properties_get_response(id, rid, &mut t), None),
                "shadow_get" => (build::shadow_get(id, rid, &mut t), None),
                other => panic!("no test for {other}"),
            };
            assert_eq!(ours.unwrap(), topic);
            if let Some((ours, left_out)) = payload {
                // The two names are optional (api-iothub/iot_06_v5_3008, 3010); we leave them out.
                let mut theirs = case.expected["payload_json"].clone();
                theirs.as_object_mut().unwrap().remove(left_out);
                same_json(ours, &theirs.to_string());
            }
            let parsed = build::parse(topic).unwrap();
            assert_eq!((parsed.device_id, parsed.kind.direction()), (id, Direction::Up));
        },
    );
}

/// Each service of the SDK's report, one report each; an `event_time` of `null` is left out (the documentation wants it
/// absent).
fn reports_are_the_same(case: &Case) {
    for service in case.expected["payload_json"]["services"].as_array().unwrap() {
        let mut service = service.clone();
        if service["event_time"].is_null() {
            service.as_object_mut().unwrap().remove("event_time");
        }
        let properties = service["properties"].to_string();
        let mut buffer = [0; 512];
        let ours = payload::huawei_report(
            service["service_id"].as_str().unwrap(),
            &properties,
            service["event_time"].as_str(),
            &mut buffer,
        );
        same_json(
            ours.unwrap(),
            &serde_json::json!({ "services": [service] }).to_string(),
        );
    }
}

#[test]
fn a_payload_part_that_is_not_json_is_refused() {
    let mut out = [0; 256];
    for part in ["", "{", "{\"a\":1}x", "{a:1}", "1", "\"x\"", "null"] {
        assert_eq!(
            payload::alink_post("1", part, &mut out).unwrap_err().kind,
            ErrorKind::Json,
            "{part}"
        );
        assert_eq!(
            payload::alink_reply("1", 200, part, &mut out).unwrap_err().kind,
            ErrorKind::Json,
            "{part}"
        );
        assert_eq!(
            payload::huawei_report("s", part, None, &mut out)
                .unwrap_err()
                .kind,
            ErrorKind::Json,
            "{part}"
        );
        assert_eq!(
            payload::huawei_response(0, Some(part), &mut out)
                .unwrap_err()
                .kind,
            ErrorKind::Json,
            "{part}"
        );
    }
    // Local time with dashes is what the SDK for Python sends; the platform would take its own time instead.
    for time in [
        "2026-01-02T03:04:05Z",
        "20260102T030405",
        "20260102 030405Z",
        "20260102T03040Z",
        "",
    ] {
        let error = payload::huawei_report("s", "{}", Some(time), &mut out).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timestamp, "{time}");
    }
}

#[test]
fn names_in_a_payload_cannot_break_out_of_it() {
    let mut out = [0; 256];
    let evil = "\",\"x\":\"\n";
    let post = payload::alink_request(evil, evil, "{}", &mut out).unwrap();
    assert_eq!(serde_json::from_str::<Value>(post).unwrap()["id"], evil);
    let report = payload::huawei_report(evil, "{}", None, &mut out).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(report).unwrap()["services"][0]["service_id"],
        evil
    );
}

#[test]
fn a_payload_that_does_not_fit_is_refused_at_every_length() {
    let needed = payload::alink_post("7", "{\"img\":\"END\"}", &mut [0; 256])
        .unwrap()
        .len();
    for len in 0..needed {
        let mut out = vec![0; len];
        assert_eq!(
            payload::alink_post("7", "{\"img\":\"END\"}", &mut out)
                .unwrap_err()
                .kind,
            ErrorKind::BufferTooSmall
        );
    }
}
