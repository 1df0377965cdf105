//! What must hold for every signature of requests, whatever is in them: what is signed is accepted; what the service
//! ignores may change; a changed signed character may not; and no parser panics.

#![allow(clippy::unwrap_used, reason = "tests")]

use faceiot_core::ErrorKind;
use faceiot_core::sign::aliyun::{Method, acs3, amqp, dataplus, oss, register, roa, rpc, tablestore};
use faceiot_core::sign::huawei::aksk::{self, v11};
use faceiot_core::sign::meituan;
use faceiot_core::sign::{AccessKey, Mismatch, Request, Utc};
use faceiot_core::text::base64_encode;
use proptest::prelude::*;

/// Text with what is easily encoded wrongly: blanks, `+ % ~ * /`, characters of two, three and four octets.
fn value() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        prop::sample::select("+%~*/ =&?-_.'()!:;,@é中😀aZ09".chars().collect::<Vec<_>>()),
        any::<char>().prop_filter("not a control character", |c| !c.is_control()),
    ];
    prop::collection::vec(characters, 0..8).prop_map(String::from_iter)
}

/// Parameters of different names, in any order.
fn parameters() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::btree_map(
        value().prop_filter("a name", |name| !name.is_empty()),
        value(),
        0..8,
    )
    .prop_map(|map| map.into_iter().collect::<Vec<_>>())
    .prop_shuffle()
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

fn reversed<'a>(list: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    list.iter().rev().copied().collect()
}

/// Refused, and not with another word than that the signature does not match.
fn refused(checked: Result<(), Mismatch<'_>>) -> bool {
    checked.is_err_and(|mismatch| mismatch.kind == ErrorKind::Signature)
}

const DATE: &str = "20180817T082338Z";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pop_rpc_and_meituan_ignore_order_and_nothing_else(list in parameters(), secret in "[a-z中]{1,80}", extra in value()) {
        let other_secret = secret.clone() + "x";
        let mut list = pairs(&list);
        list.retain(|pair| !matches!(pair.0, "Signature" | "SignatureMethod" | "image_content"));
        list.push(("SignatureMethod", "HMAC-SHA1"));
        let signature = rpc::sign(&secret, "POST", &list).unwrap();
        let mut sent = list.clone();
        sent.push(("Signature", signature.as_str()));
        let mut out = vec![0; 4096];
        prop_assert!(rpc::verify(&secret, "POST", &reversed(&sent), &mut out).is_ok());
        prop_assert!(refused(rpc::verify(&secret, "GET", &sent, &mut out)));
        prop_assert!(refused(rpc::verify(&other_secret, "POST", &sent, &mut out)));
        sent.push(("Extra+", &extra));
        prop_assert!(refused(rpc::verify(&secret, "POST", &sent, &mut out)));

        list.retain(|pair| pair.0 != "SignatureMethod");
        list.push(("SignatureMethod", "HmacSHA256"));
        for order in [meituan::Order::Keys, meituan::Order::Pairs, meituan::Order::Insertion] {
            let request = meituan::Request { parameters: &list, ..meituan::Request::default() };
            let options = meituan::Options { order, ..meituan::Options::default() };
            let signature = meituan::sign(&secret, &request, &options).unwrap();
            let mut sent = list.clone();
            sent.extend([("Signature", signature.as_str()), ("image_content", &extra)]);
            let received = meituan::Request { parameters: &sent, ..request };
            prop_assert!(meituan::verify(&secret, &received, &mut out).is_ok());
            let other = meituan::Request { parameters: &sent, path: "/other", ..request };
            prop_assert!(refused(meituan::verify(&secret, &other, &mut out)));
            // Sorted by what is really encoded and joined: by code that does just that.
            let mut encoded: Vec<_> = list.iter().map(|pair| (encoded(pair.0), encoded(pair.1))).collect();
            match order {
                meituan::Order::Keys => { let mut plain = list.clone(); plain.sort_by_key(|pair| pair.0);
                    encoded = plain.iter().map(|pair| (self::encoded(pair.0), self::encoded(pair.1))).collect(); }
                meituan::Order::Pairs => encoded.sort_by_key(|pair| format!("{}={}", pair.0, pair.1)),
                meituan::Order::Insertion => {}
            }
            let joined = encoded.iter().map(|pair| format!("{}={}", pair.0, pair.1)).collect::<Vec<_>>().join("&");
            prop_assert_eq!(
                meituan::string_to_sign(&request, &options, &mut out).unwrap(),
                format!("POST\nmosapi.meituan.com\n/mcs/v1\n{joined}")
            );
        }
    }

    #[test]
    fn requests_with_headers_ignore_their_order_case_and_blanks(
        query in parameters(), custom in "[a-z]{1,9}", text in "[!-~中]{0,12}", body in prop::collection::vec(any::<u8>(), 0..40),
        secret in "[a-z中]{1,80}", unix in 0..4_000_000_000_u64,
    ) {
        let query = pairs(&query);
        let (mut basic, mut iso, mut http) = ([0; 16], [0; 20], [0; 29]);
        let moment = Utc::from_unix(unix);
        let (basic, iso, http) = (moment.basic(&mut basic).unwrap(), moment.iso8601(&mut iso).unwrap(), moment.http_date(&mut http).unwrap());
        let acs = format!("x-acs-{custom}");
        let blanks = format!("  {text} ");
        let mut out = vec![0; 4096];
        let mut buffer = vec![0; 2048];

        let headers = [("Host", "h"), ("X-Sdk-Date", basic), ("X-Custom", text.as_str()), (acs.as_str(), text.as_str()), ("x-acs-date", iso), ("Date", http)];
        let shuffled = [("date", http), ("X-ACS-Date", iso), (acs.as_str(), blanks.as_str()), ("x-custom", blanks.as_str()), ("x-sdk-date", basic), ("HOST", "h")];
        let request = Request { method: "PUT", path: "/a%20b/c", query: &query, headers: &headers, body: &body };
        let same = Request { headers: &shuffled, query: &reversed(&query), ..request };
        let others = [
            Request { method: "GET", ..request },
            Request { path: "/a%20b/d", ..request },
            Request { headers: &headers[..3], ..request },
        ];

        let authorization = acs3::authorization("id", &secret, &request, &mut buffer).unwrap();
        let parsed = acs3::parse_authorization(authorization).unwrap();
        prop_assert!(acs3::verify(&secret, &same, &parsed, &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(acs3::verify(&secret, other, &parsed, &mut out))));

        let (id, signature) = { let text = roa::authorization("id", &secret, &request, &mut buffer).unwrap(); roa::parse_authorization(text).unwrap() };
        prop_assert_eq!(id, "id");
        prop_assert!(roa::verify(&secret, &same, signature, &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(roa::verify(&secret, other, signature, &mut out))));

        let authorization = aksk::authorization("id", &secret, &request, &mut buffer).unwrap();
        let parsed = aksk::parse_authorization(authorization).unwrap();
        prop_assert!(aksk::verify(&secret, &same, &parsed, &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(aksk::verify(&secret, other, &parsed, &mut out))));

        let key = v11::signing_key("id", &secret, &basic[..8], "cn-north-4").unwrap();
        let authorization = v11::authorization("id", &key, &request, "cn-north-4", &mut buffer).unwrap();
        let parsed = v11::parse_authorization(authorization).unwrap();
        prop_assert!(v11::verify(&key, &same, &parsed, &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(v11::verify(&key, other, &parsed, &mut out))));

        let request = dataplus::Request { date: http, path: "/face", body: &body, ..dataplus::Request::default() };
        let signature = dataplus::sign(&secret, &request).unwrap();
        prop_assert!(dataplus::verify(&secret, &request, signature.as_str(), &mut out).is_ok());
        let other = dataplus::Request { path: "/fade", ..request };
        prop_assert!(refused(dataplus::verify(&secret, &other, signature.as_str(), &mut out)));
    }

    #[test]
    fn oss_ignores_order_case_and_unsigned_headers(
        query in parameters(), key in value(), meta in "[a-z]{1,9}", text in "[!-~中]{0,12}", secret in "[a-z中]{1,80}", token in prop::option::of(value()),
    ) {
        let query: Vec<_> = pairs(&query).into_iter().filter(|pair| !pair.0.starts_with("x-oss-")).collect();
        let meta = format!("x-oss-meta-{meta}");
        let headers = [("Content-Type", "image/jpeg"), (meta.as_str(), text.as_str()), ("x-oss-date", DATE)];
        let shuffled = [("user-agent", "u"), ("X-Oss-Date", DATE), (meta.as_str(), text.as_str()), ("content-type", " image/jpeg ")];
        let request = oss::Request { method: "PUT", bucket: "bucket", key: &key, query: &query, headers: &headers };
        let same = oss::Request { query: &reversed(&query), headers: &shuffled, ..request };
        let others = [
            oss::Request { method: "GET", ..request },
            oss::Request { bucket: "other", ..request },
            oss::Request { headers: &headers[1..], ..request },
        ];
        let mut out = vec![0; 4096];
        let mut buffer = vec![0; 4096];
        let signature = oss::v1::sign(&secret, &request).unwrap();
        prop_assert!(oss::v1::verify(&secret, &same, signature.as_str(), &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(oss::v1::verify(&secret, other, signature.as_str(), &mut out))));

        let scope = oss::v4::Scope { date: DATE, region: "cn-shanghai", additional_headers: "" };
        let signing_key = oss::v4::signing_key(&secret, &scope).unwrap();
        let authorization = oss::v4::authorization("id", &signing_key, &request, &scope, &mut buffer).unwrap().to_owned();
        let parsed = oss::v4::parse_authorization(&authorization).unwrap();
        prop_assert!(oss::v4::verify(&signing_key, &same, &parsed, &mut out).is_ok());
        prop_assert!(others.iter().all(|other| refused(oss::v4::verify(&signing_key, other, &parsed, &mut out))));

        let access_key = AccessKey { access_key_id: "id", access_key_secret: &secret, security_token: token.as_deref().filter(|token| !token.is_empty()) };
        let url = oss::v4::presign(&access_key, &signing_key, &request, &scope, 60, &mut buffer).unwrap().to_owned();
        let sent = decoded(&url);
        let received = oss::Request { query: &pairs(&sent), ..request };
        let parsed = oss::v4::parse_presigned(&received).unwrap();
        prop_assert!(oss::v4::verify_presigned(&signing_key, &received, &parsed, &mut out).is_ok());
        let other = oss::Request { bucket: "other", ..received };
        prop_assert!(refused(oss::v4::verify_presigned(&signing_key, &other, &parsed, &mut out)));

        let query: Vec<_> = query.iter().copied().filter(|pair| !matches!(pair.0, "Signature" | "Expires" | "security-token")).collect();
        let request = oss::Request { query: &query, ..request };
        let url = oss::v1::presign(&access_key, &request, 1000, &mut buffer).unwrap().to_owned();
        let sent = decoded(&url);
        let received = oss::Request { query: &pairs(&sent), ..request };
        prop_assert!(oss::v1::verify_presigned(&secret, &received, 1000, &mut out).is_ok());
        prop_assert!(oss::v1::verify_presigned(&secret, &received, 1001, &mut out).is_err());
    }

    #[test]
    fn tablestore_consumers_and_registrations_are_accepted_as_signed(
        body in prop::collection::vec(any::<u8>(), 0..40), name in "[a-zA-Z0-9:@._-]{1,20}", secret in "[a-z中]{1,80}",
        random in "[a-zA-Z0-9]{0,20}", time in any::<u64>(),
    ) {
        let mut md5 = [0; 24];
        let md5 = base64_encode(&faceiot_core::digest::md5(&[&body]), &mut md5).unwrap();
        let headers = [("x-ots-contentmd5", md5), ("X-Ots-Instancename", name.as_str()), ("other", "o")];
        let signature = tablestore::sign(&secret, "/GetRow", &headers).unwrap();
        let sent = [("x-ots-signature", signature.as_str()), ("x-ots-instancename", &name), ("X-OTS-contentmd5", md5)];
        let mut out = vec![0; 2048];
        prop_assert!(tablestore::verify(&secret, "/GetRow", &sent, &body, &mut out).is_ok());
        prop_assert!(refused(tablestore::verify(&secret, "/PutRow", &sent, &body, &mut out)));

        let (timestamp, other_secret) = (time.to_string(), secret.clone() + "x");
        for (method, token) in [(Method::HmacMd5, None), (Method::HmacSha1, Some("t")), (Method::HmacSha256, None)] {
            let key = AccessKey { access_key_id: &name, access_key_secret: &secret, security_token: token };
            let options = amqp::Options { client_id: &name, timestamp: &timestamp, method, ..amqp::Options::default() };
            let mut buffer = vec![0; 512];
            let (username, password) = amqp::login(&key, &options, &mut buffer).unwrap();
            prop_assert!(amqp::verify(username, password, &secret, &mut out).is_ok());
            prop_assert!(refused(amqp::verify(username, password, &other_secret, &mut out)));

            let device = register::Device { product_key: "pk", device_name: &name, product_secret: &secret };
            let options = register::Options { random: &random, method, ..register::Options::default() };
            let login = register::mqtt_login(&device, &options, &mut buffer).unwrap();
            let check = |client_id: &str, username: &str, out: &mut [u8]| {
                register::verify_mqtt_login(client_id, username, login.password, &secret, out).map_err(|mismatch| mismatch.kind)
            };
            prop_assert_eq!(check(login.client_id, login.username, &mut out), Ok(()));
            prop_assert_eq!(check(login.client_id, "x&pk", &mut out).is_err(), name != "x");
        }
    }

    #[test]
    fn no_parser_of_a_signature_panics(text in ".{0,80}", prefix in prop::sample::select(vec!["", "OSS ", "acs ", "Dataplus ", "OTS ",
        "OSS4-HMAC-SHA256 Credential=a/b/c/oss/aliyun_v4_request,", "ACS3-HMAC-SHA256 Credential=", "SDK-HMAC-SHA256 Access=",
        "V11-HMAC-SHA256 Credential=a/b/c/iotdm,", "c|authMode=aksign,", "2016-11-14T"])) {
        let text = format!("{prefix}{text}");
        let request = Request { path: &text, query: &[("a", "b")], headers: &[("x", &text)], ..Request::default() };
        let oss_request = oss::Request { query: &[("x-oss-credential", &text), ("x-oss-signature", &text)], ..oss::Request::default() };
        let _ = (acs3::parse_authorization(&text), roa::parse_authorization(&text), dataplus::parse_authorization(&text));
        let _ = (oss::v1::parse_authorization(&text), oss::v4::parse_authorization(&text), oss::v4::parse_presigned(&oss_request));
        let _ = (aksk::parse_authorization(&text), v11::parse_authorization(&text), amqp::parse_username(&text));
        let _ = (meituan::parse_timestamp(&text), tablestore::verify_response("s", "/", &[], &text, &mut []).is_err());
        let _ = (faceiot_core::sign::huawei::amqp::parse_username(&text), faceiot_core::sign::huawei::bootstrap::parse_client_id(&text));
        let _ = aksk::canonical(&request, &mut [0; 64]);
    }
}

/// Percent-encoding by other code than ours.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|octet| {
            let plain = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
            if plain {
                char::from(octet).to_string()
            } else {
                format!("%{octet:02X}")
            }
        })
        .collect()
}

/// The parameters of a query, decoded by other code than ours.
fn decoded(query: &str) -> Vec<(String, String)> {
    let unescape = |text: &str| {
        let mut octets = Vec::new();
        let mut rest = text.bytes();
        while let Some(octet) = rest.next() {
            let mut digit = || char::from(rest.next().unwrap()).to_digit(16).unwrap() as u8;
            octets.push(if octet == b'%' {
                digit() * 16 + digit()
            } else {
                octet
            });
        }
        String::from_utf8(octets).unwrap()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name), unescape(value))
    };
    query.split('&').map(pair).collect()
}
