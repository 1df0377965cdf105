//! No secret is ever printed: canaries are looked for in everything that can be shown.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::sign::{aliyun, huawei};

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
