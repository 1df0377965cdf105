//! Dynamic registration of Aliyun devices: one secret in all devices of a product, and each asks for its own.

use core::ffi::c_char;

use faceiot_core::ErrorKind;
use faceiot_core::sign::aliyun::{Method, register};
use faceiot_core::text::json::{self, Value};

use crate::ffi::{given, given_mut, octets, optional, text, write_text};
use crate::login::{FaceiotLogin, place, port, room};
use crate::status::{Status, guard};
use crate::topics::FaceiotText;

/// What a device without a secret of its own registers with; what is all zero has its default.
#[repr(C)]
pub struct FaceiotRegistration {
    /// `ProductKey`.
    pub product_key: *const c_char,
    /// `DeviceName`.
    pub device_name: *const c_char,
    /// `ProductSecret`.
    pub product_secret: *const c_char,
    /// Random text, chosen anew.
    pub random: *const c_char,
    /// MQTT: NULL for `{device_name}.{product_key}`.
    pub client_id: *const c_char,
    /// NULL: `cn-shanghai`.
    pub region: *const c_char,
    /// NULL: the public instance.
    pub instance_id: *const c_char,
    /// 0 SHA-256, 1 SHA-1, 2 MD5.
    pub method: u32,
    /// MQTT: not 0 for `regnwl`.
    pub without_preregistration: u32,
    /// MQTT: 0 for what the documentation says.
    pub secure_mode: i32,
    /// MQTT: 0 for 8883.
    pub port: u32,
}

/// What an answer to a registration says; the texts lie in it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FaceiotRegistered {
    /// The device's own secret.
    pub device_secret: FaceiotText,
    /// Of a registration without pre-registration: the client id to log in with.
    pub client_id: FaceiotText,
    /// Its password.
    pub device_token: FaceiotText,
}

impl FaceiotRegistration {
    unsafe fn device(&self) -> Result<register::Device<'_>, ErrorKind> {
        Ok(register::Device {
            product_key: unsafe { text(self.product_key) }?,
            device_name: unsafe { text(self.device_name) }?,
            product_secret: unsafe { text(self.product_secret) }?,
        })
    }

    unsafe fn options(&self) -> Result<register::Options<'_>, ErrorKind> {
        let usual = register::Options::default();
        Ok(register::Options {
            without_preregistration: self.without_preregistration != 0,
            random: unsafe { text(self.random) }?,
            client_id: unsafe { optional(self.client_id) }?,
            method: match self.method {
                0 => Method::HmacSha256,
                1 => Method::HmacSha1,
                2 => Method::HmacMd5,
                _ => return Err(ErrorKind::SignMethod),
            },
            secure_mode: (self.secure_mode != 0).then_some(self.secure_mode),
            region: unsafe { optional(self.region) }?.unwrap_or(usual.region),
            instance_id: unsafe { optional(self.instance_id) }?,
            port: port(self.port)?,
        })
    }
}

/// The URL to which the form is posted; `region` NULL is `cn-shanghai`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_register_url(
    region: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let region = optional(region)?.unwrap_or("cn-shanghai");
        write_text(buffer, buffer_len, written, |out| register::url(region, out))
    })
}

/// The form of a registration over HTTPS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_register_form(
    registration: *const FaceiotRegistration,
    buffer: *mut c_char,
    buffer_len: usize,
    written: *mut usize,
) -> Status {
    guard(|| unsafe {
        let registration = given(registration)?;
        let (device, options) = (registration.device()?, registration.options()?);
        write_text(buffer, buffer_len, written, |out| {
            register::form(&device, options.random, options.method, out)
        })
    })
}

/// The MQTT login that registers a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_register_login(
    registration: *const FaceiotRegistration,
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
) -> Status {
    guard(|| unsafe {
        let registration = given(registration)?;
        let (device, options) = (registration.device()?, registration.options()?);
        let room = room(buffer, buffer_len, login)?;
        place(buffer, login, register::mqtt_login(&device, &options, room))
    })
}

/// The MQTT login with the client id and the token of a registration without pre-registration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_token_login(
    registration: *const FaceiotRegistration,
    device_token: *const c_char,
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
) -> Status {
    guard(|| unsafe {
        let registration = given(registration)?;
        let (product_key, device_name) = (text(registration.product_key)?, text(registration.device_name)?);
        let (client_id, device_token) = (text(registration.client_id)?, text(device_token)?);
        let usual = register::Options::default();
        let options = register::Options {
            region: optional(registration.region)?.unwrap_or(usual.region),
            instance_id: optional(registration.instance_id)?,
            port: port(registration.port)?,
            ..usual
        };
        let room = room(buffer, buffer_len, login)?;
        let written =
            register::token_login(product_key, device_name, client_id, device_token, &options, room);
        place(buffer, login, written)
    })
}

/// Takes an answer apart, of HTTPS or of MQTT; `FACEIOT_E_NOT_FOUND` when it grants nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_registered(
    answer: *const u8,
    answer_len: usize,
    registered: *mut FaceiotRegistered,
) -> Status {
    guard(|| unsafe {
        let answer = octets(answer, answer_len)?;
        let registered = given_mut(registered)?;
        let found = FaceiotRegistered {
            device_secret: granted(answer, "deviceSecret")?,
            client_id: granted(answer, "clientId")?,
            device_token: granted(answer, "deviceToken")?,
        };
        let token = found.client_id.len != 0 && found.device_token.len != 0;
        if found.device_secret.len == 0 && !token {
            return Err(ErrorKind::NotFound);
        }
        *registered = found;
        Ok(())
    })
}

/// A text of an answer: over HTTPS it stands in `data`.
fn granted(answer: &[u8], name: &str) -> Result<FaceiotText, ErrorKind> {
    for path in [&["data", name][..], &[name]] {
        match json::find(answer, path).map_err(|e| e.kind)? {
            Some(Value::Str(text)) => return text.as_plain().map(FaceiotText::from).ok_or(ErrorKind::Json),
            Some(Value::Null) | None => {}
            Some(_) => return Err(ErrorKind::Json),
        }
    }
    Ok(FaceiotText::NONE)
}
