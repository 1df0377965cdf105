//! Dynamic registration (一型一密): a device that knows its product's secret asks for its own
//! (<https://help.aliyun.com/document_detail/74006.html>, MQTT: 132111), and what gateways sign for devices behind them.
//!
//! ```
//! use faceiot_core::sign::aliyun::{Method, register};
//!
//! let device = register::Device { product_key: "1234556554", device_name: "deviceName1234", product_secret: "adsfweafdsf" };
//! let mut form = [0; 256];
//! assert_eq!(
//!     register::form(&device, "567345", Method::HmacSha1, &mut form)?,
//!     "productKey=1234556554&deviceName=deviceName1234&random=567345\
//!      &sign=efb1bdcd7fc888c57e47e6cc580bf2ac170c8000&signMethod=hmacsha1"
//! );
//! # Ok::<(), faceiot_core::Error>(())
//! ```

use core::fmt;

use super::mqtt;
use super::{ClientId, Mac, Method, parse_client_id, parse_username};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::mac::{Signature, compare};
use crate::sign::{Login, Masked, Mismatch};
use crate::text::{Writer, encode, put_all};

/// A device that has no secret of its own yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Device<'a> {
    /// `ProductKey`.
    pub product_key: &'a str,
    /// `DeviceName`.
    pub device_name: &'a str,
    /// `ProductSecret`, the same in every device of the product. Masked in `Debug`.
    pub product_secret: &'a str,
}

impl fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("product_key", &self.product_key)
            .field("device_name", &self.device_name)
            .field("product_secret", &Masked)
            .finish()
    }
}

/// The text that is signed: `deviceName..productKey..random..`.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn string_to_sign<'b>(device: &Device<'_>, random: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(&mut w, &parts(device, random))?;
    Ok(w.finish())
}

/// The signature, lower-case hex.
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sign(device: &Device<'_>, random: &str, method: Method) -> Result<Signature> {
    Signature::hex(mac(device, random, method).as_bytes())
}

/// The MAC behind the signature.
fn mac(device: &Device<'_>, random: &str, method: Method) -> Mac {
    let parts = parts(device, random).map(str::as_bytes);
    method.mac(device.product_secret.as_bytes(), &parts)
}

/// Checks a signature, of the form or of an MQTT login: hex in either case.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::Signature`].
pub fn verify<'o>(
    device: &Device<'_>,
    random: &str,
    method: Method,
    signature: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let expected = sign(device, random, method).map_err(Mismatch::before)?;
    compare(&expected, signature, "sign", out, |w| {
        put_all(w, &parts(device, random))
    })
}

/// The URL to which [`form`] is posted.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn url<'b>(region: &str, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    put_all(
        &mut w,
        &["https://iot-auth.", region, ".aliyuncs.com/auth/register/device"],
    )?;
    Ok(w.finish())
}

/// The form of a registration over HTTPS.
///
/// # Errors
/// [`ErrorKind::BufferTooSmall`].
pub fn form<'b>(device: &Device<'_>, random: &str, method: Method, buffer: &'b mut [u8]) -> Result<&'b str> {
    let mut w = Writer::new(buffer);
    for (name, value) in [
        ("productKey=", device.product_key),
        ("&deviceName=", device.device_name),
        ("&random=", random),
    ] {
        w.push_str(name)?;
        encode(value, &mut w)?;
    }
    w.push_str("&sign=")?
        .push_hex(mac(device, random, method).as_bytes(), false)?
        .push_all(&["&signMethod=", method.as_str()])?;
    Ok(w.finish())
}

/// How to register over MQTT (TLS only; the server closes the connection after 15 s).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options<'a> {
    /// `authType=regnwl`: the device was not created before, and receives a token instead of a secret. Otherwise
    /// `authType=register`.
    pub without_preregistration: bool,
    /// Random text, chosen anew.
    pub random: &'a str,
    /// The part of the client id before the first bar; `None`: `{device_name}.{product_key}`, as linkkit does.
    pub client_id: Option<&'a str>,
    /// `signmethod`.
    pub method: Method,
    /// `securemode`; `None`: what the documentation says, 2 for `register` and -2 for `regnwl`. linkkit 1.2.13 sends 2
    /// for both.
    pub secure_mode: Option<i32>,
    /// Region of the public instance's host.
    pub region: &'a str,
    /// Instance id, with a host of its own.
    pub instance_id: Option<&'a str>,
    /// Port; `None`: 8883.
    pub port: Option<u16>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            without_preregistration: false,
            random: "",
            client_id: None,
            method: Method::HmacSha256,
            secure_mode: None,
            region: "cn-shanghai",
            instance_id: None,
            port: None,
        }
    }
}

/// The MQTT login that registers a device. The answer comes on `/ext/register` (or `/ext/regnwl`) without a subscription.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] for a name that would be read differently, [`ErrorKind::BufferTooSmall`].
pub fn mqtt_login<'b>(device: &Device<'_>, options: &Options<'_>, buffer: &'b mut [u8]) -> Result<Login<'b>> {
    mqtt::check_name("product_key", device.product_key)?;
    mqtt::check_name("device_name", device.device_name)?;
    let values = [
        options.random,
        options.client_id.unwrap_or_default(),
        options.instance_id.unwrap_or_default(),
    ];
    if values.iter().any(|value| value.contains(['|', ','])) {
        return Err(Error::new(ErrorKind::InvalidArgument, "a value holds `|` or `,`"));
    }
    let mut w = Writer::new(buffer);
    mqtt::put_host(device.product_key, options.region, options.instance_id, &mut w)?;
    let host = w.cut();
    match options.client_id {
        Some(id) => put_all(&mut w, &[id])?,
        None => put_all(&mut w, &[device.device_name, ".", device.product_key])?,
    }
    let (auth_type, documented) = if options.without_preregistration {
        ("regnwl", -2)
    } else {
        ("register", 2)
    };
    put_all(
        &mut w,
        &[
            "|random=",
            options.random,
            ",authType=",
            auth_type,
            ",securemode=",
        ],
    )?;
    w.push_i64(options.secure_mode.unwrap_or(documented).into())?;
    put_all(&mut w, &[",signmethod=", options.method.as_str()])?;
    if let Some(instance) = options.instance_id {
        put_all(&mut w, &[",instanceId=", instance])?;
    }
    w.push_str("|")?;
    let client_id = w.cut();
    put_all(&mut w, &[device.device_name, "&", device.product_key])?;
    let username = w.cut();
    w.push_hex(mac(device, options.random, options.method).as_bytes(), false)?;
    Ok(Login {
        host,
        port: options.port.unwrap_or(8883),
        client_id,
        username,
        password: w.finish(),
    })
}

/// Checks an MQTT login that registers a device, as [`mqtt_login`] signs it.
///
/// # Errors
/// A [`Mismatch`] with [`ErrorKind::ClientId`], [`ErrorKind::Username`], [`ErrorKind::SignMethod`] or
/// [`ErrorKind::Signature`].
pub fn verify_mqtt_login<'o>(
    client_id: &str,
    username: &str,
    password: &str,
    product_secret: &str,
    out: &'o mut [u8],
) -> core::result::Result<(), Mismatch<'o>> {
    let (device_name, product_key) = parse_username(username).map_err(Mismatch::before)?;
    let client = parse_client_id(client_id).map_err(Mismatch::before)?;
    let random = random(&client).map_err(Mismatch::before)?;
    verify(
        &Device {
            product_key,
            device_name,
            product_secret,
        },
        random,
        client.method,
        password,
        out,
    )
}

/// The MQTT login with the client id and the token that a registration without pre-registration gave: nothing is signed,
/// the token is the password.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`], [`ErrorKind::BufferTooSmall`].
pub fn token_login<'b>(
    product_key: &str,
    device_name: &str,
    client_id: &str,
    device_token: &str,
    options: &Options<'_>,
    buffer: &'b mut [u8],
) -> Result<Login<'b>> {
    mqtt::check_name("product_key", product_key)?;
    mqtt::check_name("device_name", device_name)?;
    if client_id.is_empty() || client_id.contains('|') {
        return Err(Error::new(ErrorKind::InvalidArgument, "client_id"));
    }
    let mut w = Writer::new(buffer);
    mqtt::put_host(product_key, options.region, options.instance_id, &mut w)?;
    let host = w.cut();
    put_all(&mut w, &[client_id, "|authType=connwl,securemode=-2|"])?;
    let client_id = w.cut();
    put_all(&mut w, &[device_name, "&", product_key])?;
    let username = w.cut();
    w.push_str(device_token)?;
    Ok(Login {
        host,
        port: options.port.unwrap_or(8883),
        client_id,
        username,
        password: w.finish(),
    })
}

/// What a gateway signs to log a sub-device in or to add it to its topology: the formula of a device login in lower-case
/// hex, with `client_id` taken whole. (linkkit 1.2.13 signs it with its tail `|lan=Python,..|` at `batch_login`.)
///
/// # Errors
/// None in practice; the result keeps the signature of fallible ones.
pub fn sub_device_sign(
    credentials: &super::Credentials<'_>,
    client_id: &str,
    timestamp: &str,
    method: Method,
) -> Result<Signature> {
    let parts = mqtt::signed_parts(credentials, Some(client_id), Some(timestamp));
    Signature::hex(
        method
            .mac(credentials.device_secret.as_bytes(), &parts)
            .as_bytes(),
    )
}

/// The random text of a registering client id.
fn random<'a>(client: &ClientId<'a>) -> Result<&'a str> {
    if !matches!(client.auth_type, Some("register" | "regnwl")) {
        return Err(Error::new(
            ErrorKind::ClientId,
            "authType is not register or regnwl",
        ));
    }
    let mut values = client
        .items()
        .filter(|item| item.0 == "random")
        .map(|item| item.1);
    match (values.next(), values.next()) {
        (Some(random), None) => Ok(random),
        _ => Err(Error::new(ErrorKind::ClientId, "random is not given once")),
    }
}

fn parts<'p>(device: &Device<'p>, random: &'p str) -> [&'p str; 6] {
    [
        "deviceName",
        device.device_name,
        "productKey",
        device.product_key,
        "random",
        random,
    ]
}
