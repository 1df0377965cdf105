//! The MQTT login of Alibaba Cloud against what its SDKs and the seed's sketch computed.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, run};
use faceiot_core::ErrorKind;
use faceiot_core::sign::Login;
use faceiot_core::sign::aliyun::{
    Credentials, LOGIN_BUFFER, Method, Options, Timestamp, mqtt_login, parse_client_id, register,
    string_to_sign, verify_mqtt_login,
};

const FILE: &str = "aliyun.json";

fn credentials(case: &Case) -> Credentials<'_> {
    Credentials {
        product_key: case.text("product_key"),
        device_name: case.text("device_name"),
        device_secret: case.text("device_secret"),
    }
}

/// The login must be accepted with its password as it is and in both hex cases, and refused with one character changed.
fn is_accepted(client_id: &str, username: &str, password: &str, secret: &str, signed: &str) {
    let mut out = [0; 512];
    for password in [
        password.to_owned(),
        password.to_lowercase(),
        password.to_uppercase(),
    ] {
        assert_eq!(
            verify_mqtt_login(client_id, username, &password, secret, &mut out),
            Ok(()),
            "{password}"
        );
        let last = if password.ends_with('0') { "1" } else { "0" };
        let wrong = password[..password.len() - 1].to_owned() + last;
        let refused = verify_mqtt_login(client_id, username, &wrong, secret, &mut out).unwrap_err();
        assert_eq!(
            (refused.kind, refused.string_to_sign),
            (ErrorKind::Signature, signed)
        );
        let shown = format!("{refused} {refused:?}").to_lowercase();
        assert!(
            !shown.contains(&password.to_lowercase()),
            "the expected password is shown"
        );
    }
}

/// Signs with the method of the client id, and compares what the vector says of the login.
fn signs_to<'b>(case: &Case, options: &Options<'_>, buffer: &'b mut [u8]) -> Login<'b> {
    let login = mqtt_login(&credentials(case), options, buffer).unwrap();
    assert_eq!(
        string_to_sign(&credentials(case), options, &mut [0; 512]).unwrap(),
        case.signed()
    );
    assert_eq!(login.username, case.wants("username"));
    if let Some(host) = case.expected["host"]
        .as_str()
        .filter(|host| host.contains("aliyuncs.com"))
    {
        assert_eq!(login.host, host);
    }
    is_accepted(
        login.client_id,
        login.username,
        login.password,
        case.text("device_secret"),
        case.signed(),
    );
    login
}

/// The same items, whatever their order.
fn same_items(a: &str, b: &str) {
    let sorted = |client_id| {
        let mut items: Vec<_> = parse_client_id(client_id).unwrap().items().collect();
        items.sort_unstable();
        items
    };
    assert_eq!(sorted(a), sorted(b));
    assert_eq!(parse_client_id(a).unwrap().id, parse_client_id(b).unwrap().id);
}

#[test]
fn the_documented_formula_is_signed_and_accepted() {
    run(FILE, "iot_mqtt_login_formula", 14, &[], |case| {
        if case.input.get("sign_method").is_none() {
            return sdk_for_c_is_signed_and_accepted(case);
        }
        let extra: Vec<_> = case
            .text("extra")
            .split(',')
            .filter(|item| !item.is_empty())
            .map(|item| item.split_once('=').unwrap())
            .collect();
        let options = Options {
            client_id: Some(case.text("client_id")),
            method: Method::parse(case.text("sign_method")).unwrap(),
            secure_mode: case.input["securemode"].as_i64().unwrap() as i32,
            timestamp: case.input["timestamp"]
                .as_str()
                .map_or(Timestamp::None, Timestamp::Text),
            extra: &extra,
            ..Options::default()
        };
        let mut buffer = [0; LOGIN_BUFFER];
        let login = signs_to(case, &options, &mut buffer);
        assert_eq!(login.client_id, case.wants("client_id"));
        assert_eq!(login.password, case.wants("password_upper"));
        if let Some(documented) = case.expected["documented_password"].as_str() {
            assert_eq!(login.password, documented);
        }
        let lower = Options {
            hex_upper: false,
            ..options
        };
        assert_eq!(
            mqtt_login(&credentials(case), &lower, &mut buffer)
                .unwrap()
                .password,
            case.wants("password_lower")
        );
    });
}

/// iotkit-embedded 3.0.1 and Link SDK 4: `pk.dn`, a constant timestamp, and their items in another order than ours.
fn sdk_for_c_is_signed_and_accepted(case: &Case) {
    let theirs = parse_client_id(case.wants("client_id")).unwrap();
    assert_eq!(theirs.timestamp, Some("2524608000000"));
    let extra: Vec<_> = theirs
        .items()
        .filter(|item| !matches!(item.0, "timestamp" | "securemode" | "signmethod"))
        .collect();
    let options = Options {
        secure_mode: theirs.secure_mode.unwrap(),
        timestamp: Timestamp::Value(2_524_608_000_000),
        extra: &extra,
        ..Options::default()
    };
    let mut buffer = [0; LOGIN_BUFFER];
    let login = signs_to(case, &options, &mut buffer);
    assert_eq!(login.password, case.wants("password"));
    same_items(login.client_id, case.wants("client_id"));
    is_accepted(
        case.wants("client_id"),
        case.wants("username"),
        case.wants("password"),
        case.text("device_secret"),
        case.signed(),
    );
}

#[test]
fn the_sketch_of_seed_001_is_signed_byte_for_byte_and_accepted() {
    run(FILE, "seed001_aliyunmqtt_cpp", 8, &[], |case| {
        let options = Options {
            client_id: Some(case.text("device_name")),
            timestamp: Timestamp::Value(case.input["millis"].as_u64().unwrap()),
            region: case.text_or("region", "cn-shanghai"),
            ..Options::default()
        };
        let mut buffer = [0; LOGIN_BUFFER];
        let login = signs_to(case, &options, &mut buffer);
        assert_eq!(login.host, case.wants("host"));
        assert_eq!(u64::from(login.port), case.expected["port"].as_u64().unwrap());
        assert_eq!(login.client_id, case.wants("client_id"));
        assert_eq!(login.password, case.wants("password"));
    });
}

#[test]
fn iot_client_is_accepted_where_it_is_right_and_refused_where_it_is_wrong() {
    run(FILE, "iot_mqtt_login_iot_client", 11, &[], |case| {
        if case.input.get("text").is_some() {
            return bare_signature_is_the_same(case);
        }
        let options = Options {
            client_id: Some(case.text_or("client_id", "iot_client")),
            method: Method::HmacSha1,
            secure_mode: case.input["secure_mode"].as_i64().unwrap_or(2) as i32,
            timestamp: Timestamp::Text(case.signed().rsplit_once("timestamp").unwrap().1),
            ..Options::default()
        };
        let mut buffer = [0; LOGIN_BUFFER];
        let login = signs_to(case, &options, &mut buffer);
        assert_eq!(
            login.password,
            case.wants("password"),
            "iot-client signs with SHA-1 whatever it says"
        );

        let (client_id, username, password) = (
            case.wants("client_id"),
            case.wants("username"),
            case.wants("password"),
        );
        let secret = case.text("device_secret");
        match case.name.as_str() {
            // It names one method in the client id and signs with another; it reads the clock twice.
            "signmethod_hmacmd5_is_ignored"
            | "signmethod_hmacsha256_is_ignored"
            | "clock_ticks_between_the_two_reads" => {
                let mut out = [0; 512];
                let refused = verify_mqtt_login(client_id, username, password, secret, &mut out).unwrap_err();
                assert_eq!(refused.kind, ErrorKind::Signature);
                assert_eq!(
                    refused.string_to_sign == case.signed(),
                    case.name.ends_with("is_ignored")
                );
            }
            _ => {
                assert_eq!(login.client_id, client_id);
                is_accepted(client_id, username, password, secret, case.signed());
            }
        }
    });
}

/// `create_signature` alone; `hmacsha256` raises `UnboundLocalError` there, and signs here.
fn bare_signature_is_the_same(case: &Case) {
    let device = Credentials {
        product_key: "pk",
        device_name: "device",
        device_secret: case.text("secret"),
    };
    let options = Options {
        client_id: Some("12345"),
        method: Method::parse(case.text("sign_method")).unwrap(),
        timestamp: Timestamp::Value(789),
        ..Options::default()
    };
    assert_eq!(
        string_to_sign(&device, &options, &mut [0; 512]).unwrap(),
        case.text("text")
    );
    let mut buffer = [0; LOGIN_BUFFER];
    let login = mqtt_login(&device, &options, &mut buffer).unwrap();
    if let Some(signature) = case.expected["signature"].as_str() {
        assert_eq!(login.password, signature);
    } else {
        assert_eq!(case.wants("raises"), "UnboundLocalError");
        assert_eq!(login.password.len(), 64);
    }
}

#[test]
fn linkkit_is_signed_to_the_same_password_and_accepted() {
    run(FILE, "iot_mqtt_login_linkkit", 10, &[], |case| {
        if case.input["device_secret"].is_null() {
            return without_a_secret_of_its_own_the_login_is_linkkits(case);
        }
        let theirs = parse_client_id(case.wants("client_id")).unwrap();
        let extra: Vec<_> = theirs
            .items()
            .filter(|item| !matches!(item.0, "timestamp" | "securemode" | "signmethod"))
            .collect();
        let options = Options {
            client_id: Some(theirs.id),
            method: Method::HmacSha1,
            secure_mode: theirs.secure_mode.unwrap(),
            timestamp: Timestamp::Value(1_534_494_218),
            extra: &extra,
            region: case.text("host_name"),
            instance_id: case.input["instance_id"].as_str(),
            hex_upper: false,
            ..Options::default()
        };
        let mut buffer = [0; LOGIN_BUFFER];
        let login = signs_to(case, &options, &mut buffer);
        assert_eq!(login.password, case.wants("password"));
        assert_eq!(u64::from(login.port), case.expected["port"].as_u64().unwrap());
        same_items(login.client_id, case.wants("client_id"));
        is_accepted(
            case.wants("client_id"),
            case.wants("username"),
            case.wants("password"),
            case.text("device_secret"),
            case.signed(),
        );
    });
}

/// Dynamic registration, and the login with the token that it may give.
fn without_a_secret_of_its_own_the_login_is_linkkits(case: &Case) {
    let (product_key, device_name) = (case.text("product_key"), case.text("device_name"));
    let (client_id, username, password) = (
        case.wants("client_id"),
        case.wants("username"),
        case.wants("password"),
    );
    let parsed = parse_client_id(client_id).unwrap();
    let options = register::Options {
        without_preregistration: parsed.auth_type == Some("regnwl"),
        random: case.text("random"),
        secure_mode: parsed.secure_mode, // linkkit sends 2 with regnwl too
        region: case.text("host_name"),
        instance_id: case.input["instance_id"].as_str(),
        ..register::Options::default()
    };
    let mut buffer = [0; LOGIN_BUFFER];
    let Some(product_secret) = case.input["product_secret"].as_str() else {
        let login = register::token_login(
            product_key,
            device_name,
            parsed.id,
            password,
            &options,
            &mut buffer,
        )
        .unwrap();
        assert_eq!(
            (login.host, login.username, login.password),
            (case.wants("host"), username, password)
        );
        // linkkit adds items of its own.
        let ours: Vec<_> = parse_client_id(login.client_id).unwrap().items().collect();
        let theirs: Vec<_> = parsed.items().collect();
        assert!(
            ours.iter().all(|item| theirs.contains(item)) && ours.len() == 2,
            "{ours:?}"
        );
        return;
    };
    let device = register::Device {
        product_key,
        device_name,
        product_secret,
    };
    assert_eq!(
        register::string_to_sign(&device, options.random, &mut [0; 128]).unwrap(),
        case.signed()
    );
    let login = register::mqtt_login(&device, &options, &mut buffer).unwrap();
    assert_eq!(
        (login.client_id, login.username, login.password),
        (client_id, username, password)
    );
    assert_eq!(
        (login.host, u64::from(login.port)),
        (case.wants("host"), case.expected["port"].as_u64().unwrap())
    );
    let mut out = [0; 128];
    for password in [password.to_owned(), password.to_uppercase()] {
        assert_eq!(
            register::verify_mqtt_login(client_id, username, &password, product_secret, &mut out),
            Ok(())
        );
    }
    let refused =
        register::verify_mqtt_login(client_id, "other&pk", password, product_secret, &mut out).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Signature);
    assert!(
        refused
            .string_to_sign
            .starts_with("deviceNameotherproductKeypkrandom")
    );
}

#[test]
fn a_registration_over_https_is_the_form_of_linkkit() {
    run(FILE, "iot_dynreg_https", 8, &[], |case| {
        let device = register::Device {
            product_key: case.text("product_key"),
            device_name: case.text("device_name"),
            product_secret: case.text("product_secret"),
        };
        let method = Method::parse(case.text_or("sign_method", "hmacsha256")).unwrap();
        let random = case.text("random");
        assert_eq!(
            register::string_to_sign(&device, random, &mut [0; 128]).unwrap(),
            case.signed()
        );
        let mut buffer = [0; 512];
        if let Some(body) = case.expected["body"].as_str().or(case.expected["form"].as_str()) {
            assert_eq!(
                register::form(&device, random, method, &mut buffer).unwrap(),
                body
            );
        }
        if let Some(url) = case.expected["url"].as_str() {
            assert_eq!(register::url(case.text("host_name"), &mut buffer).unwrap(), url);
        }
        let sign = register::sign(&device, random, method).unwrap();
        if let Some(lower) = case.expected["sign_lower"].as_str() {
            assert_eq!(sign.as_str(), lower);
            assert_eq!(
                register::verify(&device, random, method, case.wants("sign_upper"), &mut []),
                Ok(())
            );
        }
        assert_eq!(
            register::verify(&device, random, method, sign.as_str(), &mut []),
            Ok(())
        );
        let refused = register::verify(&device, "x", method, sign.as_str(), &mut buffer).unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Signature);
        assert!(!format!("{refused:?} {device:?} {sign:?}").contains(sign.as_str()));
    });
}
