//! Dynamic registration at Alibaba's platform, and what a gateway signs for devices behind it.

use faceiot_core::sign::aliyun::{self, register};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr as Str;

use super::filled::{Filled, literal};
use super::mqtt::{Login, method_named};
use super::request::{Pairs, Stamp, checked, nonce as random, string};
use super::signed::{Form, Place, Signed, Texts, written};
use crate::errors::Result;

/// Signs the registration of a device over HTTPS: it knows its product's secret and asks for its own.
///
/// Post `body` to `url` as a form (help.aliyun.com/document_detail/74006).
///
/// Args:
///     product_key: ProductKey of the product.
///     device_name: DeviceName of the device.
///     product_secret: ProductSecret; used as the key, never stored or printed.
///     nonce: The `random` of the request; without it 128 random bits.
///     method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
///     region: Region of the product.
///
/// Returns:
///     Text and signature, URL, body and parameters.
///
/// Raises:
///     SignatureError: The method is unknown.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_register("1234556554", "deviceName1234", "adsfweafdsf", nonce="567345",
///     ...                                       method="hmacsha1")
///     >>> signed.params["sign"]
///     'efb1bdcd7fc888c57e47e6cc580bf2ac170c8000'
#[pyfunction]
#[pyo3(signature = (
    product_key, device_name, product_secret, *, nonce=None, method="hmacsha256", region="cn-shanghai"
))]
pub(crate) fn aliyun_register(
    py: Python<'_>,
    product_key: Str,
    device_name: Str,
    product_secret: &str,
    nonce: Option<Str>,
    method: &str,
    region: &str,
) -> Result<Signed> {
    let random = random(py, nonce.as_ref())?;
    let device = register::Device {
        product_key: &product_key,
        device_name: &device_name,
        product_secret,
    };
    let method = method_named(method)?;
    let signature = string(py, register::sign(&device, &random, method)?.as_str())?;
    let texts = Texts::Written {
        canonical: None,
        string_to_sign: written(py, |out| register::string_to_sign(&device, &random, out))?,
    };
    let url = written(py, |out| register::url(region, out))?;
    let body = written(py, |out| register::form(&device, &random, method, out))?;
    let mut params = Filled::new(Pairs::default(), true);
    params
        .add(literal!("productKey"), || Ok(product_key))?
        .add(literal!("deviceName"), || Ok(device_name))?
        .add(literal!("random"), || Ok(random))?
        .add(literal!("signMethod"), || string(py, method.as_str()))?;
    let carrier = (literal!("sign"), signature);
    let mut signed = Signed::carried(py, Place::Params, params, carrier, texts)?;
    (signed.url, signed.form) = (Some(url), Form::Written(body));
    Ok(signed)
}

/// Checks the signature of a registration over HTTPS; the hex case does not matter.
///
/// Args:
///     product_key: `productKey` of the form.
///     device_name: `deviceName` of the form.
///     product_secret: The secret that the registry holds for this product.
///     nonce: `random` of the form.
///     signature: `sign` of the form.
///     method: `signMethod` of the form.
///
/// Raises:
///     SignatureError: It does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_register("pk", "cam1", "secret", nonce="1")
///     >>> faceiot.sign.verify_aliyun_register("pk", "cam1", "secret", nonce="1", signature=signed.signature)
#[pyfunction]
#[pyo3(signature = (product_key, device_name, product_secret, *, nonce, signature, method="hmacsha256"))]
pub(crate) fn verify_aliyun_register(
    product_key: &str,
    device_name: &str,
    product_secret: &str,
    nonce: &str,
    signature: &str,
    method: &str,
) -> Result<()> {
    let device = register::Device {
        product_key,
        device_name,
        product_secret,
    };
    let method = method_named(method)?;
    checked(|out| register::verify(&device, nonce, method, signature, out))
}

/// Signs the MQTT login with which a device registers itself (TLS only; help.aliyun.com/document_detail/132111).
///
/// The answer comes on `/ext/register` or `/ext/regnwl`, without a subscription.
///
/// Args:
///     product_key: ProductKey of the product.
///     device_name: DeviceName of the device.
///     product_secret: ProductSecret; used as the key, never stored or printed.
///     nonce: The `random` of the client id; without it 128 random bits.
///     method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
///     without_preregistration: The device was not created before and receives a token instead of a secret (`regnwl`).
///     client_id: The free part of the client id; without it `{device_name}.{product_key}`.
///     secure_mode: Without it what the documentation says: 2, and -2 without pre-registration.
///     region: Region of the public instance.
///     instance_id: Id of an instance with a host of its own.
///     port: Port to put into the result; without it 8883.
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     SignatureError: The method is unknown.
///     ArgumentError: A name is empty or holds a character that would break the client id.
///
/// Example:
///     >>> faceiot.sign.aliyun_register_mqtt("pk", "cam1", "secret", nonce="1").client_id
///     'cam1.pk|random=1,authType=register,securemode=2,signmethod=hmacsha256|'
#[pyfunction]
#[pyo3(signature = (
    product_key, device_name, product_secret, *, nonce=None, method="hmacsha256", without_preregistration=false,
    client_id=None, secure_mode=None, region="cn-shanghai", instance_id=None, port=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_register_mqtt(
    py: Python<'_>,
    product_key: &str,
    device_name: &str,
    product_secret: &str,
    nonce: Option<Str>,
    method: &str,
    without_preregistration: bool,
    client_id: Option<&str>,
    secure_mode: Option<i32>,
    region: &str,
    instance_id: Option<&str>,
    port: Option<u16>,
) -> Result<Login> {
    let device = register::Device {
        product_key,
        device_name,
        product_secret,
    };
    let random = random(py, nonce.as_ref())?;
    let options = register::Options {
        without_preregistration,
        random: &random,
        client_id,
        method: method_named(method)?,
        secure_mode,
        region,
        instance_id,
        port,
    };
    let mut memory = [0; aliyun::LOGIN_BUFFER];
    Login::new(py, &register::mqtt_login(&device, &options, &mut memory)?)
}

/// Checks an MQTT login with which a device registers itself.
///
/// Args:
///     client_id: Client id of the CONNECT packet.
///     username: User name of the CONNECT packet.
///     password: Password of the CONNECT packet.
///     product_secret: The secret that the registry holds for this product.
///
/// Raises:
///     SignatureError: The login does not verify. The message shows the string that was signed here.
///
/// Example:
///     >>> login = faceiot.sign.aliyun_register_mqtt("pk", "cam1", "secret")
///     >>> faceiot.sign.verify_aliyun_register_mqtt(login.client_id, login.username, login.password, "secret")
#[pyfunction]
pub(crate) fn verify_aliyun_register_mqtt(
    client_id: &str,
    username: &str,
    password: &str,
    product_secret: &str,
) -> Result<()> {
    checked(|out| register::verify_mqtt_login(client_id, username, password, product_secret, out))
}

/// Makes the MQTT login with the client id and the token that a registration without pre-registration gave.
///
/// Nothing is signed: the token is the password.
///
/// Args:
///     product_key: ProductKey of the product.
///     device_name: DeviceName of the device.
///     client_id: `clientId` of the answer.
///     device_token: `deviceToken` of the answer; it becomes the password.
///     region: Region of the public instance.
///     instance_id: Id of an instance with a host of its own.
///     port: Port to put into the result; without it 8883.
///
/// Returns:
///     The login: host, port, client id, user name and password.
///
/// Raises:
///     ArgumentError: A name is empty or holds a character that would break the client id.
///
/// Example:
///     >>> faceiot.sign.aliyun_token_mqtt("pk", "cam1", "abc", "token").client_id
///     'abc|authType=connwl,securemode=-2|'
#[pyfunction]
#[pyo3(signature = (
    product_key, device_name, client_id, device_token, *, region="cn-shanghai", instance_id=None, port=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub(crate) fn aliyun_token_mqtt(
    py: Python<'_>,
    product_key: &str,
    device_name: &str,
    client_id: &str,
    device_token: &str,
    region: &str,
    instance_id: Option<&str>,
    port: Option<u16>,
) -> Result<Login> {
    let options = register::Options {
        region,
        instance_id,
        port,
        ..register::Options::default()
    };
    let mut memory = [0; aliyun::LOGIN_BUFFER];
    let login = register::token_login(
        product_key,
        device_name,
        client_id,
        device_token,
        &options,
        &mut memory,
    )?;
    Login::new(py, &login)
}

/// Signs what a gateway says of a device behind it: to add it to its topology, or to log it in.
///
/// Args:
///     product_key: ProductKey of the device.
///     device_name: DeviceName of the device.
///     device_secret: DeviceSecret of the device; used as the key, never stored or printed.
///     client_id: Client id of the device, signed whole.
///     timestamp: Signed as it stands.
///     method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
///
/// Returns:
///     Text and signature, and the parameters of the device in the gateway's message.
///
/// Raises:
///     SignatureError: The method is unknown.
///     ArgumentError: A name is empty or holds a character that would be read differently.
///
/// Example:
///     >>> signed = faceiot.sign.aliyun_sub_device("pk", "device", "secret", client_id="12345", timestamp=789,
///     ...                                         method="hmacsha1")
///     >>> signed.params["sign"]
///     'fafd82a3d602b37fb0fa8b7892f24a477f851a14'
#[pyfunction]
#[pyo3(signature = (product_key, device_name, device_secret, *, client_id, timestamp, method="hmacsha256"))]
pub(crate) fn aliyun_sub_device(
    py: Python<'_>,
    product_key: Str,
    device_name: Str,
    device_secret: &str,
    client_id: Str,
    timestamp: Stamp,
    method: &str,
) -> Result<Signed> {
    let device = aliyun::Credentials {
        product_key: &product_key,
        device_name: &device_name,
        device_secret,
    };
    let method = method_named(method)?;
    let timestamp = timestamp.text(py)?;
    let options = aliyun::Options {
        client_id: Some(&client_id),
        timestamp: aliyun::Timestamp::Text(&timestamp),
        ..aliyun::Options::default()
    };
    let texts = Texts::Written {
        canonical: None,
        string_to_sign: written(py, |out| aliyun::string_to_sign(&device, &options, out))?,
    };
    let signature = register::sub_device_sign(&device, &client_id, &timestamp, method)?;
    let signature = string(py, signature.as_str())?;
    let mut params = Filled::new(Pairs::default(), true);
    params
        .add(literal!("productKey"), || Ok(product_key))?
        .add(literal!("deviceName"), || Ok(device_name))?
        .add(literal!("clientId"), || Ok(client_id))?
        .add(literal!("timestamp"), || Ok(timestamp))?
        .add(literal!("signMethod"), || string(py, method.as_str()))?;
    let carrier = (literal!("sign"), signature);
    Signed::carried(py, Place::Params, params, carrier, texts)
}
