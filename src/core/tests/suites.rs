//! Every suite of tests/vectors is run by a test of this crate or listed with the reason why not; none is lost.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

/// File, suite, number of cases, and the test file that runs it.
const RUN: &[(&str, &str, usize, &str)] = &[
    (
        "aliyun.json",
        "iot_mqtt_login_formula",
        14,
        include_str!("aliyun_mqtt_login.rs"),
    ),
    (
        "aliyun.json",
        "iot_mqtt_login_iot_client",
        11,
        include_str!("aliyun_mqtt_login.rs"),
    ),
    (
        "aliyun.json",
        "iot_mqtt_login_linkkit",
        10,
        include_str!("aliyun_mqtt_login.rs"),
    ),
    (
        "aliyun.json",
        "seed001_aliyunmqtt_cpp",
        8,
        include_str!("aliyun_mqtt_login.rs"),
    ),
    (
        "aliyun.json",
        "seed001_hex_chunks",
        9,
        include_str!("chunk_hex.rs"),
    ),
    (
        "aliyun.json",
        "iot_alink_payloads_linkkit",
        11,
        include_str!("topics_payloads.rs"),
    ),
    ("chunk_v2.json", "chunk_v2", 8, include_str!("chunk_v2.rs")),
    (
        "huawei_meituan.json",
        "huawei_device_sign",
        12,
        include_str!("huawei_mqtt_login.rs"),
    ),
    (
        "huawei_meituan.json",
        "huawei_seed_snippet",
        6,
        include_str!("huawei_mqtt_login.rs"),
    ),
    (
        "huawei_meituan.json",
        "huawei_c_sdk_password",
        7,
        include_str!("huawei_mqtt_login.rs"),
    ),
    (
        "huawei_meituan.json",
        "huawei_device_payloads",
        19,
        include_str!("topics_payloads.rs"),
    ),
    (
        "huawei_meituan.json",
        "seed_chunk_wire",
        9,
        include_str!("chunk_hex.rs"),
    ),
    (
        "huawei_meituan.json",
        "rfc2104_hmac_md5",
        6,
        include_str!("digests.rs"),
    ),
    (
        "huawei_meituan.json",
        "rfc2202_hmac_sha1",
        7,
        include_str!("digests.rs"),
    ),
    (
        "huawei_meituan.json",
        "rfc4231_hmac_sha256",
        7,
        include_str!("digests.rs"),
    ),
    (
        "huawei_meituan.json",
        "rfc4648_base64_base16",
        8,
        include_str!("digests.rs"),
    ),
    ("huawei_meituan.json", "digests", 8, include_str!("digests.rs")),
    (
        "aliyun.json",
        "iot_dynreg_https",
        8,
        include_str!("aliyun_mqtt_login.rs"),
    ),
    (
        "aliyun.json",
        "amqp_login",
        20,
        include_str!("sign_aliyun_amqp.rs"),
    ),
    (
        "aliyun.json",
        "dtplus_seed_js",
        15,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    (
        "aliyun.json",
        "http_date_js",
        9,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    (
        "aliyun.json",
        "pop_rpc_v1_popcore_js",
        11,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    (
        "aliyun.json",
        "pop_rpc_v1_core_python",
        11,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    (
        "aliyun.json",
        "pop_rpc_v1_seed003",
        8,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    (
        "aliyun.json",
        "pop_rpc_v1_openapi_util",
        9,
        include_str!("sign_aliyun_rpc.rs"),
    ),
    ("aliyun.json", "oss_v1_header", 30, include_str!("sign_oss.rs")),
    ("aliyun.json", "oss_v4_header", 29, include_str!("sign_oss.rs")),
    ("aliyun.json", "oss_v1_presign", 18, include_str!("sign_oss.rs")),
    ("aliyun.json", "oss_v4_presign", 18, include_str!("sign_oss.rs")),
    ("aliyun.json", "oss_v4_canonical", 8, include_str!("sign_oss.rs")),
    (
        "aliyun.json",
        "pop_acs3_openapi_util",
        9,
        include_str!("sign_aliyun_pop.rs"),
    ),
    (
        "aliyun.json",
        "pop_acs3_tea_openapi",
        10,
        include_str!("sign_aliyun_pop.rs"),
    ),
    (
        "aliyun.json",
        "pop_roa_core_python",
        9,
        include_str!("sign_aliyun_pop.rs"),
    ),
    (
        "aliyun.json",
        "ots_request_v2",
        12,
        include_str!("sign_tablestore.rs"),
    ),
    (
        "aliyun.json",
        "ots_request_v4",
        10,
        include_str!("sign_tablestore.rs"),
    ),
    (
        "huawei_meituan.json",
        "huawei_aksk_sdk_hmac_sha256",
        14,
        include_str!("sign_huawei_http.rs"),
    ),
    (
        "huawei_meituan.json",
        "huawei_aksk_derived_v11",
        6,
        include_str!("sign_huawei_http.rs"),
    ),
    (
        "huawei_meituan.json",
        "meituan_signature_v2",
        14,
        include_str!("sign_meituan.rs"),
    ),
    (
        "huawei_meituan.json",
        "meituan_prose_variants",
        6,
        include_str!("sign_meituan.rs"),
    ),
    (
        "huawei_meituan.json",
        "meituan_form_body",
        8,
        include_str!("sign_meituan.rs"),
    ),
    (
        "huawei_meituan.json",
        "meituan_timestamp",
        6,
        include_str!("sign_meituan.rs"),
    ),
    (
        "huawei_meituan.json",
        "aws_sigv2_botocore",
        6,
        include_str!("sign_meituan.rs"),
    ),
];

/// Suites of capabilities that are not part of this crate yet: file, suite, number of cases, capability.
const LATER: &[(&str, &str, usize, &str)] = &[
    ("aliyun.json", "amqp_wire_rhea", 19, "server-side subscription"),
    ("aliyun.json", "stomp_frames", 11, "server-side subscription"),
    ("aliyun.json", "mqtt_packets_paho", 8, "the broker's packets"),
    ("aliyun.json", "oss_endpoint_rules", 11, "object store client"),
    ("aliyun.json", "oss_crc64", 12, "object store client"),
    ("aliyun.json", "fc_oss_event", 9, "function compute"),
    ("aliyun.json", "ots_plainbuffer", 13, "table store"),
    ("aliyun.json", "ots_plainbuffer_node", 11, "table store"),
    ("aliyun.json", "ots_crc8", 8, "table store"),
    ("aliyun.json", "seed000_parseBody", 9, "recognition worker"),
    ("aliyun.json", "seed001_to_base64", 12, "recognition worker"),
    (
        "huawei_meituan.json",
        "emqx_file_transfer",
        6,
        "EMQX file transfer",
    ),
];

#[test]
fn every_suite_is_run_or_listed_with_its_number_of_cases() {
    let mut known = BTreeMap::new();
    for (file, suite, count, source) in RUN {
        assert!(source.contains(&format!("\"{suite}\"")), "no test runs {suite}");
        known.insert((*file, (*suite).to_owned()), *count);
    }
    for (file, suite, count, capability) in LATER {
        println!("{file}/{suite}: {count} cases later: {capability}");
        let twice = known.insert((*file, (*suite).to_owned()), *count);
        assert_eq!(twice, None, "{suite} is listed twice");
    }
    let mut there = BTreeMap::new();
    for file in ["aliyun.json", "huawei_meituan.json", "chunk_v2.json"] {
        for (suite, cases) in common::read(file).as_object().unwrap() {
            if suite != "_meta" {
                there.insert((file, suite.clone()), cases.as_object().unwrap().len());
            }
        }
    }
    assert_eq!(there, known);
    let run: usize = RUN.iter().map(|suite| suite.2).sum();
    println!(
        "{} suites with {run} cases are run, {} are listed",
        RUN.len(),
        LATER.len()
    );
}
