//! Meituan: AWS signature version 2.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the functions of the table have one type"
)]

use faceiot_core::sign::meituan::{self, Method, Options, Order, Request, TimestampForm};

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::{Moment, Pairs, wrong};
use crate::failure::Failure;

pub(super) fn sign(arguments: &Arguments) -> Result<Signed, Failure> {
    let mut form = arguments.pairs("form");
    let name = arguments
        .text("sign_method")
        .or(form.find("SignatureMethod"))
        .unwrap_or("HmacSHA256")
        .to_owned();
    let options = Options {
        order: match arguments.text_or("order", "keys") {
            "keys" => Order::Keys,
            "pairs" => Order::Pairs,
            "insertion" => Order::Insertion,
            _ => return Err(Failure::usage("`order` is none of keys, pairs, insertion").todo("correct it")),
        },
        method: Method::parse(&name).map_err(|_| {
            Failure::usage("`sign_method` is neither HmacSHA256 nor HmacSHA1").todo("correct it")
        })?,
        host_as_is: arguments.is("host_as_is"),
    };
    if form.find("AWSAccessKeyId").is_none() {
        form.or_add("AWSAccessKeyId", arguments.need("access_key_id")?);
    }
    form.or_add("SignatureMethod", name);
    form.or_add("SignatureVersion", "2");
    if form.find("Timestamp").is_none() {
        form.or_add("Timestamp", timestamp(arguments)?);
    }
    let mut text = arguments.buffer();
    let (string_to_sign, signature, body) = {
        let lent = form.lent();
        let request = request(arguments, &lent);
        let signature = meituan::sign(arguments.secret(), &request, &options).map_err(wrong)?;
        let mut body = arguments.buffer();
        let body = meituan::form(&lent, &signature, &mut body)
            .map_err(wrong)?
            .to_owned();
        (
            meituan::string_to_sign(&request, &options, &mut text).map_err(wrong)?,
            signature,
            body,
        )
    };
    form.or_add("Signature", signature.as_str());
    Ok(Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: signature.as_str().to_owned(),
        send: vec![("form", form.list()), ("body", body.into())],
    })
}

pub(super) fn verify(arguments: &Arguments) -> Result<Checked, Failure> {
    let form: Pairs = arguments.pairs("form");
    let (lent, mut text) = (form.lent(), arguments.buffer());
    Ok(Checked::new(meituan::verify(
        arguments.secret(),
        &request(arguments, &lent),
        &mut text,
    )))
}

fn request<'a>(arguments: &'a Arguments, parameters: &'a [(&'a str, &'a str)]) -> Request<'a> {
    let usual = Request::default();
    Request {
        method: arguments.text_or("method", usual.method),
        host: arguments.text_or("host", usual.host),
        path: arguments.text_or("path", usual.path),
        parameters,
    }
}

fn timestamp(arguments: &Arguments) -> Result<String, Failure> {
    let form = match arguments.text_or("timestamp_form", "millis") {
        "millis" => TimestampForm::Millis,
        "zeros3" => TimestampForm::Zeros3,
        "zeros4" => TimestampForm::Zeros4,
        "no-dot" => TimestampForm::NoDot,
        "seconds" => TimestampForm::Seconds,
        _ => {
            return Err(Failure::usage(
                "`timestamp_form` is none of millis, zeros3, zeros4, no-dot, seconds",
            )
            .todo("correct it"));
        }
    };
    match arguments.moment() {
        Moment::Spelled(text) => Ok(text.to_owned()),
        Moment::Unix(ms) => meituan::timestamp(ms, form, &mut [0; 32])
            .map(str::to_owned)
            .map_err(wrong),
    }
}
