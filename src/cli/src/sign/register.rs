//! Devices that have no secret of their own yet, and devices behind a gateway.

use faceiot_core::digest::ct_eq;
use faceiot_core::sign::aliyun::{self, Method, register};
use faceiot_core::sign::huawei::{Hour, bootstrap};
use faceiot_core::{ErrorKind, Login};
use serde_json::json;

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::values::wrong;
use crate::failure::Failure;

/// What is registered, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Https,
    Register,
    RegNwl,
    TopoAdd,
    BatchLogin,
}

impl Variant {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        Ok(match arguments.text_or("variant", "https") {
            "https" => Self::Https,
            "register" => Self::Register,
            "regnwl" => Self::RegNwl,
            "topo-add" => Self::TopoAdd,
            "batch-login" => Self::BatchLogin,
            _ => {
                return Err(Failure::usage(
                    "`variant` is none of https, register, regnwl, topo-add, batch-login",
                )
                .todo("correct it"));
            }
        })
    }

    /// Whether it is signed for a device that has its secret already.
    fn is_sub_device(self) -> bool {
        matches!(self, Self::TopoAdd | Self::BatchLogin)
    }
}

pub(super) fn sign_aliyun(arguments: &Arguments) -> Result<Signed, Failure> {
    let variant = Variant::of(arguments)?;
    if variant.is_sub_device() {
        return sub_device(arguments, variant);
    }
    let device = device(arguments)?;
    let (random, method) = (
        arguments.text_or("random", arguments.nonce()),
        arguments.method("sign_method")?,
    );
    let mut text = arguments.buffer();
    let string_to_sign = register::string_to_sign(&device, random, &mut text).map_err(wrong)?;
    let signed = Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: register::sign(&device, random, method)
            .map_err(wrong)?
            .as_str()
            .to_owned(),
        send: Vec::new(),
    };
    let (region, mut buffer) = (arguments.text_or("region", "cn-shanghai"), arguments.buffer());
    if variant == Variant::Https {
        let mut form = arguments.buffer();
        return Ok(signed
            .with("url", register::url(region, &mut buffer).map_err(wrong)?)
            .with(
                "body",
                register::form(&device, random, method, &mut form).map_err(wrong)?,
            ));
    }
    let options = register::Options {
        without_preregistration: variant == Variant::RegNwl,
        random,
        client_id: arguments.text("client_id"),
        method,
        secure_mode: arguments.number("secure_mode")?,
        region,
        instance_id: arguments.text("instance_id"),
        port: None,
    };
    let login = register::mqtt_login(&device, &options, &mut buffer).map_err(wrong)?;
    Ok(with_login(signed, &login))
}

pub(super) fn verify_aliyun(arguments: &Arguments) -> Result<Checked, Failure> {
    let variant = Variant::of(arguments)?;
    let mut text = arguments.buffer();
    match variant {
        Variant::Https => {
            let checked = register::verify(
                &device(arguments)?,
                arguments.need("random")?,
                arguments.method("sign_method")?,
                arguments.need("signature")?,
                &mut text,
            );
            Ok(Checked::new(checked))
        }
        Variant::Register | Variant::RegNwl => Ok(Checked::new(register::verify_mqtt_login(
            arguments.need("client_id")?,
            arguments.need("username")?,
            arguments.need("password")?,
            arguments.secret(),
            &mut text,
        ))),
        Variant::TopoAdd | Variant::BatchLogin => {
            let sub = SubDevice::of(arguments, arguments.need("timestamp")?.to_owned())?;
            let given = arguments.need("signature")?.to_ascii_lowercase();
            let expected = sub.sign(arguments)?;
            if ct_eq(expected.as_bytes(), given.as_bytes()) {
                return Ok(Checked::new(Ok(())));
            }
            let string_to_sign = sub.string_to_sign();
            Ok(Checked::new(Err(faceiot_core::sign::Mismatch {
                kind: ErrorKind::Signature,
                at: "sign",
                string_to_sign: &string_to_sign,
            })))
        }
    }
}

fn device(arguments: &Arguments) -> Result<register::Device<'_>, Failure> {
    Ok(register::Device {
        product_key: arguments.need("product_key")?,
        device_name: arguments.need("device_name")?,
        product_secret: arguments.secret(),
    })
}

/// A device behind a gateway.
struct SubDevice<'a> {
    product_key: &'a str,
    device_name: &'a str,
    client_id: String,
    timestamp: String,
    method: Method,
}

impl<'a> SubDevice<'a> {
    fn of(arguments: &'a Arguments, timestamp: String) -> Result<Self, Failure> {
        let (product_key, device_name) = (arguments.need("product_key")?, arguments.need("device_name")?);
        Ok(Self {
            product_key,
            device_name,
            client_id: arguments
                .text("client_id")
                .map_or_else(|| format!("{product_key}.{device_name}"), str::to_owned),
            timestamp,
            method: arguments.method("sign_method")?,
        })
    }

    fn sign(&self, arguments: &Arguments) -> Result<String, Failure> {
        let credentials = aliyun::Credentials {
            product_key: self.product_key,
            device_name: self.device_name,
            device_secret: arguments.secret(),
        };
        register::sub_device_sign(&credentials, &self.client_id, &self.timestamp, self.method)
            .map(|signature| signature.as_str().to_owned())
            .map_err(wrong)
    }

    fn string_to_sign(&self) -> String {
        format!(
            "clientId{}deviceName{}productKey{}timestamp{}",
            self.client_id, self.device_name, self.product_key, self.timestamp
        )
    }
}

fn sub_device(arguments: &Arguments, variant: Variant) -> Result<Signed, Failure> {
    let timestamp = match arguments.text("timestamp") {
        Some(text) if text != "now" => text.to_owned(),
        _ => arguments.moment().millis()?.to_string(),
    };
    let sub = SubDevice::of(arguments, timestamp)?;
    let signature = sub.sign(arguments)?;
    let mut params = json!({
        "productKey": sub.product_key, "deviceName": sub.device_name, "clientId": sub.client_id,
        "timestamp": sub.timestamp, "sign": signature,
    });
    // A login says its method once, for all its devices.
    if variant == Variant::TopoAdd
        && let Some(object) = params.as_object_mut()
    {
        object.insert("signmethod".to_owned(), sub.method.as_str().into());
    }
    Ok(Signed {
        canonical: None,
        string_to_sign: sub.string_to_sign(),
        signature,
        send: vec![("params", params)],
    })
}

pub(super) fn sign_huawei(arguments: &Arguments) -> Result<Signed, Failure> {
    let device = bootstrap::Device {
        device_id: arguments.need("device_id")?,
        scope_id: arguments.need("scope_id")?,
        group_secret: arguments.secret(),
    };
    let hour = match arguments.text("hour") {
        None | Some("now") => Hour::from_unix(arguments.moment().seconds()?),
        Some(text) => Hour::parse(text)
            .map_err(|_| Failure::usage("`hour` is not ten digits, YYYYMMDDHH, in UTC").todo("correct it"))?,
    };
    let mut buffer = arguments.buffer();
    let login = bootstrap::mqtt_login(&device, hour, arguments.text_or("host", ""), None, &mut buffer)
        .map_err(wrong)?;
    let signed = Signed {
        canonical: None,
        // The hour is the key, and what it signs comes of the group's secret.
        string_to_sign: "*** (the device's own secret, in hex)".to_owned(),
        signature: login.password.to_owned(),
        send: Vec::new(),
    };
    Ok(with_login(signed, &login))
}

pub(super) fn verify_huawei(arguments: &Arguments) -> Result<Checked, Failure> {
    Ok(Checked::new(bootstrap::verify_mqtt_login(
        arguments.need("client_id")?,
        arguments.need("username")?,
        arguments.need("password")?,
        arguments.secret(),
    )))
}

/// Adds what an MQTT client needs.
pub(super) fn with_login(signed: Signed, login: &Login<'_>) -> Signed {
    signed
        .with("host", login.host)
        .with("port", login.port)
        .with("client_id", login.client_id)
        .with("username", login.username)
        .with("password", login.password)
}
