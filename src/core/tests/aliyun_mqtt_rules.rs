//! What an Alibaba login may and may not be: rules that no vector shows.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::ErrorKind;
use faceiot_core::sign::aliyun::{
    Credentials, LOGIN_BUFFER, Method, Options, Timestamp, mqtt_login, parse_username, string_to_sign,
    verify_mqtt_login,
};

#[test]
fn a_login_of_another_flow_is_not_checked_as_a_device_login() {
    for client_id in [
        "esp001_001.a1b2C3d4E5F|random=8Ygb7ULYh53B6OA,authType=register,securemode=2,signmethod=hmacsha256|",
        "a1b2.xyz|authType=connwl,securemode=-2,_ss=1,ext=3,lan=Python,_v=1.2.13|",
    ] {
        assert_eq!(
            verify_mqtt_login(client_id, "dn&pk", "00", "s", &mut [])
                .unwrap_err()
                .kind,
            ErrorKind::ClientId
        );
    }
}

#[test]
fn without_a_method_in_the_client_id_hmacmd5_is_meant() {
    let device = Credentials {
        product_key: "pk",
        device_name: "device",
        device_secret: "secret",
    };
    let options = Options {
        client_id: Some("12345"),
        method: Method::HmacMd5,
        ..Options::default()
    };
    let mut buffer = [0; LOGIN_BUFFER];
    let login = mqtt_login(&device, &options, &mut buffer).unwrap();
    assert_eq!(
        verify_mqtt_login(
            "12345|securemode=3|",
            "device&pk",
            login.password,
            "secret",
            &mut []
        ),
        Ok(())
    );
}

#[test]
fn what_is_not_signed_may_change_and_what_is_signed_may_not() {
    let device = Credentials {
        product_key: "pk",
        device_name: "dn",
        device_secret: "secret",
    };
    let options = Options {
        client_id: Some("id"),
        timestamp: Timestamp::Value(7),
        ..Options::default()
    };
    let mut buffer = [0; LOGIN_BUFFER];
    let password = mqtt_login(&device, &options, &mut buffer).unwrap().password;
    let check = |client_id: &str, username: &str| {
        verify_mqtt_login(client_id, username, password, "secret", &mut [0; 256])
            .map_err(|refused| refused.kind)
    };
    assert_eq!(check("id|signmethod=hmacsha256,timestamp=7|", "dn&pk"), Ok(()));
    assert_eq!(
        check(
            "id|timestamp=7,lan=C,securemode=2,_v=1,signmethod=HmacSha256,gw=0,|",
            "dn&pk"
        ),
        Ok(())
    );
    for (client_id, username) in [
        ("ie|signmethod=hmacsha256,timestamp=7|", "dn&pk"),
        ("id|signmethod=hmacsha256,timestamp=8|", "dn&pk"),
        ("id|signmethod=hmacsha256|", "dn&pk"),
        ("id|signmethod=hmacsha1,timestamp=7|", "dn&pk"),
        ("id|signmethod=hmacsha256,timestamp=7|", "dm&pk"),
        ("id|signmethod=hmacsha256,timestamp=7|", "dn&pl"),
    ] {
        assert_eq!(
            check(client_id, username),
            Err(ErrorKind::Signature),
            "{client_id} {username}"
        );
    }
    for (client_id, username, kind) in [
        ("id", "dn&pk", ErrorKind::ClientId),
        (
            "id|signmethod=hmacsha256,timestamp=7",
            "dn&pk",
            ErrorKind::ClientId,
        ),
        (
            "id|signmethod=hmacsha256,timestamp=7,timestamp=8|",
            "dn&pk",
            ErrorKind::ClientId,
        ),
        (
            "id|signmethod=hmacsha256,securemode=x|",
            "dn&pk",
            ErrorKind::ClientId,
        ),
        (
            "id|signmethod=hmacsm3,timestamp=7|",
            "dn&pk",
            ErrorKind::SignMethod,
        ),
        (
            "id|signmethod=hmacsha256,timestamp=7|",
            "dnpk",
            ErrorKind::Username,
        ),
        (
            "id|signmethod=hmacsha256,timestamp=7|",
            "d&n&pk",
            ErrorKind::Username,
        ),
        (
            "id|signmethod=hmacsha256,timestamp=7|",
            "&pk",
            ErrorKind::Username,
        ),
    ] {
        assert_eq!(check(client_id, username), Err(kind), "{client_id} {username}");
    }
    assert!(parse_username("dn&").is_err());
    for password in [
        "",
        "0",
        &password[1..],
        &format!("0x{}", &password[2..]),
        &format!("{password}00"),
    ] {
        let refused = verify_mqtt_login(
            "id|signmethod=hmacsha256,timestamp=7|",
            "dn&pk",
            password,
            "secret",
            &mut [],
        );
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Signature, "{password:?}");
    }
}

#[test]
fn what_would_be_read_differently_is_not_signed() {
    let device = Credentials {
        product_key: "pk",
        device_name: "dn",
        device_secret: "secret",
    };
    let refused = |device: &Credentials<'_>, options: &Options<'_>| {
        assert_eq!(
            mqtt_login(device, options, &mut [0; LOGIN_BUFFER])
                .unwrap_err()
                .kind,
            ErrorKind::InvalidArgument,
            "{options:?}"
        );
        assert_eq!(
            string_to_sign(device, options, &mut [0; 512]).unwrap_err().kind,
            ErrorKind::InvalidArgument
        );
    };
    for name in ["", "a&b", "a|b", "a/b", "a\nb"] {
        refused(
            &Credentials {
                product_key: name,
                ..device
            },
            &Options::default(),
        );
        refused(
            &Credentials {
                device_name: name,
                ..device
            },
            &Options::default(),
        );
        refused(
            &device,
            &Options {
                instance_id: Some(name),
                ..Options::default()
            },
        );
    }
    refused(
        &device,
        &Options {
            client_id: Some("a|b"),
            ..Options::default()
        },
    );
    refused(
        &device,
        &Options {
            client_id: Some(&"x".repeat(65)),
            ..Options::default()
        },
    );
    refused(
        &device,
        &Options {
            timestamp: Timestamp::Text("1,2"),
            ..Options::default()
        },
    );
    for extra in [
        ("", "x"),
        ("timestamp", "1"),
        ("a=b", "c"),
        ("a", "b,c"),
        ("a|b", "c"),
    ] {
        refused(
            &device,
            &Options {
                extra: &[extra],
                ..Options::default()
            },
        );
    }
}

#[test]
fn a_buffer_that_is_too_small_is_refused_at_every_length() {
    let device = Credentials {
        product_key: "pk",
        device_name: "dn",
        device_secret: "secret",
    };
    let mut buffer = [0; LOGIN_BUFFER];
    let login = mqtt_login(&device, &Options::default(), &mut buffer).unwrap();
    let needed = login.host.len() + login.client_id.len() + login.username.len() + login.password.len();
    for len in 0..needed {
        let error = mqtt_login(&device, &Options::default(), &mut vec![0; len]).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BufferTooSmall, "{len} of {needed}");
    }
    assert!(mqtt_login(&device, &Options::default(), &mut vec![0; needed]).is_ok());
}
