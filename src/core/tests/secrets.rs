//! No secret is ever printed: canaries are looked for in everything that can be shown.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::sign::aliyun::{amqp, oss, roa, rpc, tablestore};
use faceiot_core::sign::{AccessKey, Request, aliyun, huawei};

const CANARY: &str = "canary7f3a9c";

fn hides(shown: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(
            !shown.to_lowercase().contains(&secret.to_lowercase()),
            "{secret} is shown in: {shown}"
        );
    }
}

#[test]
fn secrets_and_passwords_print_as_stars() {
    let device = aliyun::Credentials {
        product_key: "pk",
        device_name: "dn",
        device_secret: CANARY,
    };
    let mut buffer = [0; aliyun::LOGIN_BUFFER];
    let login = aliyun::mqtt_login(&device, &aliyun::Options::default(), &mut buffer).unwrap();
    for shown in [
        format!("{device:?}"),
        format!("{device:#?}"),
        format!("{login:?}"),
        format!("{login:#?}"),
    ] {
        hides(&shown, &[CANARY, login.password]);
        assert!(shown.contains("***"), "{shown}");
    }

    let device = huawei::Credentials {
        device_id: "d",
        device_secret: CANARY,
    };
    let mut buffer = [0; huawei::LOGIN_BUFFER];
    let login = huawei::mqtt_login(&device, &huawei::Options::default(), &mut buffer).unwrap();
    for shown in [
        format!("{device:?}"),
        format!("{device:#?}"),
        format!("{login:?}"),
        format!("{login:#?}"),
    ] {
        hides(&shown, &[CANARY, login.password]);
        assert!(shown.contains("***"), "{shown}");
    }
}

#[test]
fn a_refused_login_shows_what_was_signed_and_nothing_that_signs() {
    let device = aliyun::Credentials {
        product_key: "pk",
        device_name: "dn",
        device_secret: CANARY,
    };
    let mut buffer = [0; aliyun::LOGIN_BUFFER];
    let login = aliyun::mqtt_login(&device, &aliyun::Options::default(), &mut buffer).unwrap();
    let mut out = [0; 256];
    let refused =
        aliyun::verify_mqtt_login(login.client_id, login.username, "00", CANARY, &mut out).unwrap_err();
    assert_eq!(refused.string_to_sign, "clientIdpk.dndeviceNamednproductKeypk");
    let error = faceiot_core::Error::from(refused);
    hides(
        &format!("{refused} {refused:?} {error} {error:?}"),
        &[CANARY, login.password],
    );

    let device = huawei::Credentials {
        device_id: "d",
        device_secret: CANARY,
    };
    let mut buffer = [0; huawei::LOGIN_BUFFER];
    let login = huawei::mqtt_login(&device, &huawei::Options::default(), &mut buffer).unwrap();
    let refused =
        huawei::verify_mqtt_login(login.client_id, login.username, "00", CANARY, 0, &mut out).unwrap_err();
    assert_eq!(refused.string_to_sign, "HMAC-SHA256(key=1970010100, message=***)");
    hides(&format!("{refused} {refused:?}"), &[CANARY, login.password]);
}

#[test]
fn a_refused_request_shows_what_was_signed_without_its_security_token() {
    let (mut out, mut login) = ([0; 512], [0; 512]);
    let shows = |refused: Result<(), faceiot_core::sign::Mismatch<'_>>, part: &str| {
        let refused = refused.unwrap_err();
        hides(&format!("{refused} {refused:?}"), &[CANARY]);
        assert!(refused.string_to_sign.contains(part), "{refused}");
    };

    let object = oss::Request {
        method: "GET",
        bucket: "b",
        key: "k",
        headers: &[("x-oss-security-token", CANARY), ("x-oss-z", "1")],
        ..oss::Request::default()
    };
    let shown = "x-oss-security-token:***\nx-oss-z:1\n/b/k";
    shows(oss::v1::verify("s", &object, "AA==", &mut out), shown);

    let object = oss::Request {
        query: &[
            ("security-token", CANARY),
            ("Expires", "9"),
            ("Signature", "AA=="),
            ("acl", ""),
        ],
        headers: &[],
        ..object
    };
    let shown = "/b/k?acl&security-token=***";
    shows(oss::v1::verify_presigned("s", &object, 1, &mut out), shown);

    let token = format!("{CANARY}+/=");
    let parameters = [
        ("SecurityToken", token.as_str()),
        ("SignatureMethod", "HMAC-SHA1"),
        ("Signature", "AA=="),
    ];
    let shown = "SecurityToken%3D***%26SignatureMethod%3DHMAC-SHA1";
    shows(rpc::verify("s", "POST", &parameters, &mut out), shown);

    let request = Request {
        method: "GET",
        path: "/p",
        headers: &[("X-Acs-Security-Token", CANARY)],
        ..Request::default()
    };
    shows(
        roa::verify("s", &request, "AA==", &mut out),
        "x-acs-security-token:***\n/p",
    );

    let headers = [
        ("x-ots-ststoken", CANARY),
        ("x-ots-contentmd5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-ots-signature", "AA=="),
    ];
    shows(
        tablestore::verify("s", "/PutRow", &headers, b"", &mut out),
        "x-ots-ststoken:***\n",
    );

    let key = AccessKey {
        access_key_id: "id",
        access_key_secret: "s",
        security_token: Some(CANARY),
    };
    let options = amqp::Options {
        client_id: "c",
        consumer_group_id: "g",
        timestamp: "1",
        ..amqp::Options::default()
    };
    let (username, _) = amqp::login(&key, &options, &mut login).unwrap();
    let shown = "authId=id&securityToken=***&timestamp=1";
    shows(amqp::verify(username, "AA==", "s", &mut out), shown);
}
