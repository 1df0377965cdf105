//! Tablestore: requests of versions 2 and 4, and responses.

use faceiot_core::sign::aliyun::tablestore;
use faceiot_core::sign::{Signature, SigningKey};

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::pop::md5;
use super::values::{Moment, Pairs, wrong};
use crate::failure::Failure;

pub(super) fn sign_v2(arguments: &Arguments) -> Result<Signed, Failure> {
    if arguments.is("response") {
        return response(arguments, |path, headers| {
            tablestore::sign_response(arguments.secret(), path, headers)
        });
    }
    let path = arguments.need("path")?;
    let mut text = arguments.buffer();
    let mut headers = usual(arguments)?;
    let (string_to_sign, signature) = {
        let lent = headers.lent();
        (
            tablestore::string_to_sign(path, &lent, &mut text).map_err(wrong)?,
            tablestore::sign(arguments.secret(), path, &lent).map_err(wrong)?,
        )
    };
    headers.or_add("x-ots-signature", signature.as_str());
    Ok(answer(string_to_sign, &signature, &headers))
}

pub(super) fn verify_v2(arguments: &Arguments) -> Result<Checked, Failure> {
    let headers = arguments.pairs("headers");
    let (path, lent, mut text) = (arguments.need("path")?, headers.lent(), arguments.buffer());
    Ok(Checked::new(if arguments.is("response") {
        let authorization = headers.find("authorization").unwrap_or_default();
        tablestore::verify_response(arguments.secret(), path, &lent, authorization, &mut text)
    } else {
        tablestore::verify(arguments.secret(), path, &lent, arguments.body(), &mut text)
    }))
}

pub(super) fn sign_v4(arguments: &Arguments) -> Result<Signed, Failure> {
    if arguments.is("response") {
        let (day, region) = (day(&arguments.moment().iso8601()?), arguments.need("region")?);
        return response(arguments, |path, headers| {
            tablestore::sign_response_v4(arguments.secret(), &day, region, path, headers)
        });
    }
    let path = arguments.need("path")?;
    let mut headers = usual(arguments)?;
    let day = day(headers.find("x-ots-date").unwrap_or_default());
    headers.or_add("x-ots-signdate", day);
    if headers.find("x-ots-signregion").is_none() {
        headers.or_add("x-ots-signregion", arguments.need("region")?);
    }
    let mut text = arguments.buffer();
    let (string_to_sign, signature) = {
        let (lent, key) = (headers.lent(), key(arguments, &headers).map_err(wrong)?);
        (
            tablestore::string_to_sign_v4(path, &lent, &mut text).map_err(wrong)?,
            tablestore::sign_v4(&key, path, &lent).map_err(wrong)?,
        )
    };
    headers.or_add("x-ots-signaturev4", signature.as_str());
    Ok(answer(string_to_sign, &signature, &headers))
}

pub(super) fn verify_v4(arguments: &Arguments) -> Result<Checked, Failure> {
    let headers = arguments.pairs("headers");
    let (path, lent, mut text) = (arguments.need("path")?, headers.lent(), arguments.buffer());
    if arguments.is("response") {
        let (day, region) = (day(&arguments.moment().iso8601()?), arguments.need("region")?);
        let (secret, authorization) = (
            arguments.secret(),
            headers.find("authorization").unwrap_or_default(),
        );
        return Ok(Checked::new(tablestore::verify_response_v4(
            secret,
            &day,
            region,
            path,
            &lent,
            authorization,
            &mut text,
        )));
    }
    Ok(match key(arguments, &headers) {
        Ok(key) => Checked::new(tablestore::verify_v4(
            &key,
            path,
            &lent,
            arguments.body(),
            &mut text,
        )),
        Err(error) => Checked::refused(error),
    })
}

/// A response with its `Authorization`.
fn response(
    arguments: &Arguments,
    sign: impl FnOnce(&str, &[(&str, &str)]) -> faceiot_core::Result<Signature>,
) -> Result<Signed, Failure> {
    let (path, mut headers, mut text) = (
        arguments.need("path")?,
        arguments.pairs("headers"),
        arguments.buffer(),
    );
    let (string_to_sign, signature) = {
        let lent = headers.lent();
        (
            tablestore::response_string_to_sign(path, &lent, &mut text).map_err(wrong)?,
            sign(path, &lent).map_err(wrong)?,
        )
    };
    let id = arguments.need("access_key_id")?;
    headers.or_add("Authorization", format!("OTS {id}:{}", signature.as_str()));
    Ok(answer(string_to_sign, &signature, &headers))
}

/// `YYYYMMDD` of a time: `2018-08-17T..` and `20180817T..` begin with the same digits.
fn day(time: &str) -> String {
    time.chars().filter(char::is_ascii_digit).take(8).collect()
}

/// The headers of a request, those that it lacks added.
fn usual(arguments: &Arguments) -> Result<Pairs, Failure> {
    let mut headers = arguments.pairs("headers");
    if headers.find("x-ots-date").is_none() {
        let date = match arguments.moment() {
            Moment::Spelled(text) => text.to_owned(),
            moment @ Moment::Unix(_) => moment.iso8601()?.replace('Z', ".000Z"),
        };
        headers.or_add("x-ots-date", date);
    }
    headers.or_add("x-ots-apiversion", "2015-12-31");
    if headers.find("x-ots-accesskeyid").is_none() {
        headers.or_add("x-ots-accesskeyid", arguments.need("access_key_id")?);
    }
    if headers.find("x-ots-instancename").is_none() {
        headers.or_add("x-ots-instancename", arguments.need("instance")?);
    }
    headers.or_add("x-ots-contentmd5", md5(arguments.body())?);
    if let Some(token) = arguments.text("security_token") {
        headers.or_add("x-ots-ststoken", token);
    }
    Ok(headers)
}

/// The key of the day and the region that the headers name.
fn key(arguments: &Arguments, headers: &Pairs) -> faceiot_core::Result<SigningKey> {
    tablestore::signing_key(
        arguments.secret(),
        headers.find("x-ots-signdate").unwrap_or_default(),
        headers.find("x-ots-signregion").unwrap_or_default(),
    )
}

fn answer(string_to_sign: &str, signature: &Signature, headers: &Pairs) -> Signed {
    Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("headers", headers.json())],
    }
}
