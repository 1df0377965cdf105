//! Huawei logins: parsers and `verify` on anything; what is signed is accepted.
#![no_main]

use faceiot_core::sign::huawei::{self, Credentials, Hour, Options, SignType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let now = data.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets));
    let text = String::from_utf8_lossy(data);
    let mut fields = text.split('\n');
    let mut field = || fields.next().unwrap_or_default();
    let (client_id, password, secret) = (field(), field(), field());
    let mut out = [0; 64];
    if let Ok(parsed) = huawei::parse_client_id(client_id) {
        assert_eq!(
            format!(
                "{}_0_{}_{}",
                parsed.device_id,
                parsed.sign_type.as_str(),
                parsed.hour
            ),
            client_id
        );
        assert!(
            huawei::verify_mqtt_login(client_id, parsed.device_id, password, secret, now, &mut out).is_err()
        );
    }
    let _ = huawei::verify_mqtt_login(client_id, field(), password, secret, now, &mut out);

    let hour = Hour::from_unix(now);
    assert_eq!(Hour::parse(hour.as_str()), Ok(hour));
    let sign_type = if data.len() % 2 == 0 {
        SignType::Check
    } else {
        SignType::NoCheck
    };
    let device = Credentials {
        device_id: client_id,
        device_secret: secret,
    };
    let mut buffer = vec![0; 4 * data.len() + 512];
    if let Ok(login) = huawei::mqtt_login(
        &device,
        &Options {
            sign_type,
            hour,
            ..Options::default()
        },
        &mut buffer,
    ) {
        huawei::verify_mqtt_login(
            login.client_id,
            login.username,
            login.password,
            secret,
            now,
            &mut out,
        )
        .unwrap();
    }
});
