//! Meituan Open Services (seed 004): AWS signature version 2.

use faceiot_core::ErrorKind;
use faceiot_core::sign::meituan::{self, Method, Options, Order, Request, TimestampForm};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::filled::{Filled, literal};
use super::request::{Pairs, checked, string};
use super::signed::{Form, Place, Signed, Texts, written};
use crate::clock;
use crate::errors::{Failure, Result};

/// Signs a request to Meituan Open Services (AWS signature version 2). The service ended on 2020-05-31.
///
/// `Signature` and `image_content` may be among the parameters and are not signed.
///
/// Args:
///     access_key_id: `AWSAccessKeyId`.
///     access_key_secret: Secret key; used as the key, never stored or printed.
///     params: Form parameters, plain. A truth value is a text; the seed for Python signs `"False"`.
///     method: HTTP method.
///     host: Host, with its port when it has one.
///     path: Path.
///     timestamp: Milliseconds since 1970; without it now.
///     signature_method: `"HmacSHA256"` or `"HmacSHA1"`.
///     order: `"keys"`, as AWS and the official SDKs; `"pairs"`, as the seed for Python; `"insertion"`, as that for PHP.
///     host_as_is: Sign the host as it stands, as botocore does, and not in lower case without a default port.
///     complete: Add `AWSAccessKeyId`, `SignatureMethod`, `SignatureVersion` and `Timestamp` where they are missing; False
///         signs what is given and nothing else.
///
/// Returns:
///     Text and signature, the parameters to add, and the body of the request.
///
/// Raises:
///     SignatureError: The signature method is unknown.
///     ArgumentError: The order is unknown.
///
/// Example:
///     >>> signed = faceiot.sign.meituan_v2("8b5ad48388a347c185b6b7b0ba9e6225", "faceiot-example-secret-key-000001",
///     ...     params={"Action": "GetBalance", "Format": "json", "Timestamp": "2016-11-14T03:10:55.000Z"})
///     >>> signed.signature
///     'BLZ8kqMzyTzAg/o6p5JdGs7imQlYXJG9effsKo0zqsU='
#[pyfunction]
#[pyo3(signature = (
    access_key_id, access_key_secret, *, params, method="POST", host="mosapi.meituan.com", path="/mcs/v1",
    timestamp=None, signature_method="HmacSHA256", order="keys", host_as_is=false, complete=true
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn meituan_v2(
    py: Python<'_>,
    access_key_id: Str,
    access_key_secret: &str,
    params: Pairs,
    method: &str,
    host: &str,
    path: &str,
    timestamp: Option<u64>,
    signature_method: &str,
    order: &str,
    host_as_is: bool,
    complete: bool,
) -> Result<Signed> {
    let options = Options {
        order: match order {
            "keys" => Order::Keys,
            "pairs" => Order::Pairs,
            "insertion" => Order::Insertion,
            other => {
                return Err(Failure::new(
                    ErrorKind::InvalidArgument,
                    format!("order `{other}` is none of keys, pairs, insertion"),
                ));
            }
        },
        method: Method::parse(signature_method)?,
        host_as_is,
    };
    let mut params = Filled::new(params, complete);
    params
        .add(literal!("AWSAccessKeyId"), || Ok(access_key_id))?
        .add(literal!("SignatureMethod"), || string(py, signature_method))?
        .add(literal!("SignatureVersion"), || literal!("2").string(py))?
        .add(literal!("Timestamp"), || {
            meituan_timestamp(py, timestamp, "millis")
        })?;
    let all = params.all();
    let request = Request {
        method,
        host,
        path,
        parameters: &all,
    };
    let signature = meituan::sign(access_key_secret, &request, &options)?;
    let texts = Texts::Written {
        canonical: None,
        string_to_sign: written(py, |out| meituan::string_to_sign(&request, &options, out))?,
    };
    let body = written(py, |out| meituan::form(&all, &signature, out))?;
    let carrier = (literal!("Signature"), string(py, signature.as_str())?);
    let mut signed = Signed::carried(py, Place::Params, params, carrier, texts)?;
    signed.form = Form::Written(body);
    Ok(signed)
}

/// Checks a request to Meituan in every order and host spelling that a client of the service used.
///
/// Time, and whether the signature was seen before, are yours to check.
///
/// Args:
///     access_key_secret: The secret key of the `AWSAccessKeyId` that the request names.
///     params: Form parameters, decoded, in their order, `Signature` among them.
///     method: HTTP method.
///     host: Host, with its port when it has one.
///     path: Path.
///
/// Raises:
///     SignatureError: The request does not verify. The message shows the string that the official SDKs sign.
///
/// Example:
///     >>> params = {"Action": "GetBalance"}
///     >>> signed = faceiot.sign.meituan_v2("id", "secret", params=params, order="pairs")
///     >>> faceiot.sign.verify_meituan_v2("secret", params=params | signed.params)
#[pyfunction]
#[pyo3(signature = (
    access_key_secret, *, params, method="POST", host="mosapi.meituan.com", path="/mcs/v1"
))]
pub(crate) fn verify_meituan_v2(
    access_key_secret: &str,
    params: Pairs,
    method: &str,
    host: &str,
    path: &str,
) -> Result<()> {
    let parameters = params.as_strs();
    let request = Request {
        method,
        host,
        path,
        parameters: &parameters,
    };
    checked(|out| meituan::verify(access_key_secret, &request, out))
}

/// Spells a time as one of Meituan's clients did.
///
/// Args:
///     timestamp: Milliseconds since 1970; without it now.
///     form: `"millis"`: the documentation; `"zeros3"`: the official SDK for Python; `"zeros4"`: the seed for PHP; `"no_dot"`:
///         the official SDK for Java; `"seconds"`: botocore.
///
/// Returns:
///     The parameter `Timestamp`.
///
/// Raises:
///     ArgumentError: The form is unknown.
///
/// Example:
///     >>> faceiot.sign.meituan_timestamp(1479093055123)
///     '2016-11-14T03:10:55.123Z'
#[pyfunction]
#[pyo3(signature = (timestamp=None, *, form="millis"))]
pub(crate) fn meituan_timestamp(py: Python<'_>, timestamp: Option<u64>, form: &str) -> Result<Str> {
    let form = match form {
        "millis" => TimestampForm::Millis,
        "zeros3" => TimestampForm::Zeros3,
        "zeros4" => TimestampForm::Zeros4,
        "no_dot" => TimestampForm::NoDot,
        "seconds" => TimestampForm::Seconds,
        other => {
            return Err(Failure::new(
                ErrorKind::InvalidArgument,
                format!("form `{other}` is none of millis, zeros3, zeros4, no_dot, seconds"),
            ));
        }
    };
    let now = timestamp.unwrap_or_else(|| clock::unix_seconds().saturating_mul(1000));
    written(py, |out| meituan::timestamp(now, form, out))
}
