//! Alibaba logins: parsers and `verify` on anything; what is signed is accepted, with any other password it is not.
#![no_main]

use faceiot_core::sign::aliyun::{self, Credentials, Method, Options, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut fields = text.split('\n');
    let mut field = || fields.next().unwrap_or_default();
    let (client_id, username, password, secret) = (field(), field(), field(), field());
    let mut out = [0; 128];
    let _ = aliyun::parse_username(username);
    if let Ok(parsed) = aliyun::parse_client_id(client_id) {
        assert!(
            parsed
                .items()
                .all(|(name, value)| client_id.contains(name) && client_id.contains(value))
        );
    }
    // A password of this much entropy cannot be guessed: to be accepted it would have to be computed.
    assert!(aliyun::verify_mqtt_login(client_id, username, password, secret, &mut out).is_err());

    let credentials = Credentials {
        product_key: username,
        device_name: password,
        device_secret: secret,
    };
    let method = [Method::HmacMd5, Method::HmacSha1, Method::HmacSha256][data.len() % 3];
    let options = Options {
        client_id: Some(client_id),
        method,
        timestamp: Timestamp::Text(field()),
        extra: &[(field(), field())],
        hex_upper: data.len() % 2 == 0,
        ..Options::default()
    };
    let mut buffer = vec![0; 4 * data.len() + 512];
    if let Ok(login) = aliyun::mqtt_login(&credentials, &options, &mut buffer) {
        let checked =
            aliyun::verify_mqtt_login(login.client_id, login.username, login.password, secret, &mut out);
        // The only signed login that is not checked is the one whose unsigned item names another flow.
        assert!(
            checked.is_ok() || options.extra[0].0 == "authType",
            "{login:?} {checked:?}"
        );
        let _ = aliyun::mqtt_login(&credentials, &options, &mut out[..data.len() % 128]);
    }
});
