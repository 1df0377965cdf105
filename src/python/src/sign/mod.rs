//! `faceiot.sign`: what both clouds and Meituan want signed, made and verified.
//!
//! | module | Python |
//! |---|---|
//! | `mqtt` | device logins |
//! | `register` | dynamic registration, devices behind a gateway |
//! | `amqp` | consumers of server-side subscriptions, both clouds |
//! | `pop` | Alibaba's POP: RPC, ROA, ACS3 |
//! | `dataplus`, `oss`, `tablestore` | Alibaba's other services |
//! | `huawei` | bootstrap logins, requests with AK and SK |
//! | `meituan` | AWS signature version 2 |
//! | `request`, `filled`, `signed` | what they share: pairs in, what is added to them, a `Signed` out |
//! | `difference` | `explain` |

#![expect(
    clippy::doc_link_with_quotes,
    reason = "`headers[\"..\"]` in Python's examples is no link"
)]

mod amqp;
mod dataplus;
mod difference;
mod filled;
mod huawei;
mod meituan;
mod mqtt;
mod oss;
mod pop;
mod register;
mod request;
mod signed;
mod tablestore;

pub(crate) use amqp::{aliyun_amqp, huawei_amqp, verify_aliyun_amqp, verify_huawei_amqp};
pub(crate) use dataplus::{aliyun_dataplus, verify_aliyun_dataplus};
pub(crate) use difference::explain;
pub(crate) use huawei::{
    huawei_aksk, huawei_bootstrap, huawei_v11, huawei_v11_key, huawei_x509_client_id, verify_huawei_aksk,
    verify_huawei_bootstrap, verify_huawei_v11,
};
pub(crate) use meituan::{meituan_timestamp, meituan_v2, verify_meituan_v2};
pub(crate) use mqtt::{
    Login, aliyun_mqtt, huawei_mqtt, sign_type_numbered, verify_aliyun_mqtt, verify_huawei_mqtt,
};
pub(crate) use oss::{
    oss_v1, oss_v1_url, oss_v4, oss_v4_key, oss_v4_url, verify_oss_v1, verify_oss_v1_url, verify_oss_v4,
    verify_oss_v4_url,
};
pub(crate) use pop::{
    aliyun_acs3, aliyun_roa, aliyun_rpc, verify_aliyun_acs3, verify_aliyun_roa, verify_aliyun_rpc,
};
pub(crate) use register::{
    aliyun_register, aliyun_register_mqtt, aliyun_sub_device, aliyun_token_mqtt, verify_aliyun_register,
    verify_aliyun_register_mqtt,
};
pub(crate) use signed::{Signed, SigningKey};
pub(crate) use tablestore::{
    tablestore_response, tablestore_v2, tablestore_v4, tablestore_v4_key, tablestore_v4_response,
    verify_tablestore_response, verify_tablestore_v2, verify_tablestore_v4, verify_tablestore_v4_response,
};
