//! The logins of consumers of server-side subscriptions.

use faceiot_core::sign::AccessKey;
use faceiot_core::sign::aliyun::amqp;
use faceiot_core::sign::huawei::amqp as huawei;

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::wrong;
use crate::failure::Failure;

pub(super) fn sign_aliyun(arguments: &Arguments) -> Result<Signed, Failure> {
    let key = AccessKey {
        access_key_id: arguments.need("access_key_id")?,
        access_key_secret: arguments.secret(),
        security_token: arguments.text("security_token"),
    };
    let timestamp = match arguments.text("timestamp") {
        Some(text) if text != "now" => text.to_owned(),
        _ => arguments.moment().millis()?.to_string(),
    };
    let options = amqp::Options {
        client_id: arguments.need("client_id")?,
        consumer_group_id: arguments.need("consumer_group_id")?,
        instance_id: arguments.text("instance_id"),
        timestamp: &timestamp,
        method: arguments.method("sign_method")?,
        base64_bodies: arguments.is("base64_bodies"),
    };
    let (mut text, mut login) = (arguments.buffer(), arguments.buffer());
    let string_to_sign = amqp::string_to_sign(&key, &timestamp, &mut text).map_err(wrong)?;
    let (username, password) = amqp::login(&key, &options, &mut login).map_err(wrong)?;
    Ok(Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: password.to_owned(),
        send: vec![("username", username.into()), ("password", password.into())],
    })
}

pub(super) fn verify_aliyun(arguments: &Arguments) -> Result<Checked, Failure> {
    let mut text = arguments.buffer();
    Ok(Checked::new(amqp::verify(
        arguments.need("username")?,
        arguments.need("password")?,
        arguments.secret(),
        &mut text,
    )))
}

/// Nothing is signed: the access code is the password, and is not shown.
pub(super) fn sign_huawei(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut text = arguments.buffer();
    let username = huawei::username(
        arguments.need("access_key")?,
        arguments.moment().millis()?,
        arguments.text("instance_id"),
        &mut text,
    )
    .map_err(wrong)?;
    Ok(Signed {
        canonical: None,
        string_to_sign: "(nothing is signed)".to_owned(),
        signature: "*** (the access code is the password)".to_owned(),
        send: vec![("username", username.into())],
    })
}

pub(super) fn verify_huawei(arguments: &Arguments) -> Result<Checked, Failure> {
    let checked = huawei::verify(
        arguments.need("username")?,
        arguments.need("password")?,
        arguments.secret(),
        arguments.moment().millis()?,
    );
    Ok(match checked {
        Ok(()) => Checked::new(Ok(())),
        Err(error) => Checked::refused(error),
    })
}
