//! Every signature of requests: parsers and `verify` on anything that comes in, and what is signed is accepted.
#![no_main]

use faceiot_core::sign::aliyun::{Method, acs3, amqp, dataplus, oss, register, roa, rpc, tablestore};
use faceiot_core::sign::huawei::aksk::{self, v11};
use faceiot_core::sign::huawei::{amqp as huawei_amqp, bootstrap};
use faceiot_core::sign::{AccessKey, Request, meituan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let fields: Vec<&str> = text.split('\n').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let (secret, authorization, path, method) = (field(0), field(1), field(2), field(3));
    let pairs: Vec<(&str, &str)> = fields
        .iter()
        .skip(4)
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let (query, headers) = pairs.split_at(pairs.len() / 2);
    let mut out = vec![0; 256];
    let mut buffer = vec![0; 16 * data.len() + 1024];
    let request = Request {
        method,
        path,
        query,
        headers,
        body: secret.as_bytes(),
    };

    // What came in was signed with a key that a fuzzer cannot use: nothing of it may be accepted.
    if let Ok(parsed) = acs3::parse_authorization(authorization) {
        assert!(acs3::verify("key of this run", &request, &parsed, &mut out).is_err());
    }
    if let Ok(parsed) = aksk::parse_authorization(authorization) {
        assert!(aksk::verify("key of this run", &request, &parsed, &mut out).is_err());
    }
    if let Ok(parsed) = v11::parse_authorization(authorization) {
        let key =
            v11::signing_key(parsed.access_key_id, "key of this run", parsed.day, parsed.region).unwrap();
        assert!(v11::verify(&key, &request, &parsed, &mut out).is_err());
    }
    for parsed in [
        roa::parse_authorization(authorization),
        dataplus::parse_authorization(authorization),
        oss::v1::parse_authorization(authorization),
    ] {
        assert!(
            parsed.is_err() || roa::verify("key of this run", &request, parsed.unwrap().1, &mut out).is_err()
        );
    }
    let object = oss::Request {
        method,
        bucket: field(4),
        key: path,
        query,
        headers,
    };
    if let Ok(parsed) = oss::v4::parse_authorization(authorization).or(oss::v4::parse_presigned(&object)) {
        let scope = oss::v4::Scope {
            date: "20180817T082338Z",
            region: parsed.region,
            additional_headers: "",
        };
        let key = oss::v4::signing_key("key of this run", &scope).unwrap();
        assert!(oss::v4::verify(&key, &object, &parsed, &mut out).is_err());
        assert!(oss::v4::verify_presigned(&key, &object, &parsed, &mut out).is_err());
    }
    assert!(oss::v1::verify_presigned("key of this run", &object, 0, &mut out).is_err());
    assert!(rpc::verify("key of this run", method, &pairs, &mut out).is_err());
    assert!(tablestore::verify("key of this run", path, headers, secret.as_bytes(), &mut out).is_err());
    assert!(tablestore::verify_response("key of this run", path, headers, authorization, &mut out).is_err());
    let form = meituan::Request {
        method,
        host: authorization,
        path,
        parameters: &pairs,
    };
    assert!(meituan::verify("key of this run", &form, &mut out).is_err());
    assert!(amqp::verify(authorization, path, "key of this run", &mut out).is_err());
    assert!(register::verify_mqtt_login(authorization, path, method, "key of this run", &mut out).is_err());
    let _ = (
        huawei_amqp::verify(authorization, path, secret, 0),
        meituan::parse_timestamp(authorization),
    );
    let _ = bootstrap::verify_mqtt_login(authorization, path, method, secret);

    // What is signed here is accepted here.
    let own = rpc::sign(secret, method, query).unwrap();
    let mut sent: Vec<_> = query
        .iter()
        .copied()
        .filter(|pair| pair.0 != "Signature")
        .collect();
    let names_method = sent.iter().filter(|pair| pair.0 == "SignatureMethod").count() == 1;
    sent.push(("Signature", own.as_str()));
    if names_method && sent.contains(&("SignatureMethod", "HMAC-SHA1")) {
        assert!(rpc::verify(secret, method, &sent, &mut out).is_ok());
    }
    let signature = oss::v1::sign(secret, &object).unwrap();
    assert!(oss::v1::verify(secret, &object, signature.as_str(), &mut out).is_ok());
    let text = roa::sign(secret, &request).unwrap();
    if !headers
        .iter()
        .any(|header| header.0.eq_ignore_ascii_case("content-md5"))
    {
        assert!(roa::verify(secret, &request, text.as_str(), &mut out).is_ok());
    }
    let _ = aksk::authorization("id", secret, &request, &mut buffer).and_then(aksk::parse_authorization);
    let key = AccessKey {
        access_key_id: "id",
        access_key_secret: secret,
        security_token: Some(path),
    };
    let _ = oss::v1::presign(&key, &object, 1, &mut buffer);
    let options = amqp::Options {
        client_id: path,
        timestamp: method,
        method: Method::HmacSha1,
        ..amqp::Options::default()
    };
    if let Ok((username, password)) = amqp::login(&key, &options, &mut buffer) {
        assert!(
            amqp::verify(username, password, secret, &mut out).is_ok(),
            "{username}"
        );
    }
});
