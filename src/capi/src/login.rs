//! Logins of both clouds.

use core::ffi::c_char;

use faceiot_core::sign::{aliyun, huawei};
use faceiot_core::{ErrorKind, Login};

use crate::ffi::{given, given_mut, octets_mut, optional, text};
use crate::status::{Status, guard};

/// What goes into CONNECT; the strings lie in the buffer that was given.
#[repr(C)]
pub struct FaceiotLogin {
    /// Host to connect to.
    pub host: *const c_char,
    /// MQTT client id.
    pub client_id: *const c_char,
    /// MQTT user name.
    pub username: *const c_char,
    /// MQTT password: a secret.
    pub password: *const c_char,
    /// Port to connect to.
    pub port: u32,
}

/// The three names of an Aliyun device.
#[repr(C)]
pub struct FaceiotAliyunDevice {
    /// `ProductKey`.
    pub product_key: *const c_char,
    /// `DeviceName`.
    pub device_name: *const c_char,
    /// `DeviceSecret`.
    pub device_secret: *const c_char,
}

/// How to log in to Aliyun; all zero is the default.
#[repr(C)]
pub struct FaceiotAliyunOptions {
    /// NULL: `{product_key}.{device_name}`.
    pub client_id: *const c_char,
    /// NULL: none.
    pub timestamp: *const c_char,
    /// NULL, or unsigned items such as `lan=C,_v=1.0`.
    pub extra: *const c_char,
    /// NULL: `cn-shanghai`.
    pub region: *const c_char,
    /// NULL: the public instance.
    pub instance_id: *const c_char,
    /// 0: 3, plain TCP.
    pub secure_mode: i32,
    /// 0: 1883 for TCP, 8883 for TLS.
    pub port: u32,
    /// Not 0: lower-case hex.
    pub lower_hex: u32,
}

/// How many items `extra` may hold.
const EXTRA_MAX: usize = 8;

/// What a login is made of, out of C's memory.
struct Given<'a> {
    credentials: aliyun::Credentials<'a>,
    options: aliyun::Options<'a>,
}

impl<'a> Given<'a> {
    unsafe fn read(
        device: *const FaceiotAliyunDevice,
        options: *const FaceiotAliyunOptions,
        items: &'a mut [(&'a str, &'a str); EXTRA_MAX],
    ) -> Result<Self, ErrorKind> {
        const NONE: FaceiotAliyunOptions = FaceiotAliyunOptions {
            client_id: core::ptr::null(),
            timestamp: core::ptr::null(),
            extra: core::ptr::null(),
            region: core::ptr::null(),
            instance_id: core::ptr::null(),
            secure_mode: 0,
            port: 0,
            lower_hex: 0,
        };
        let device = unsafe { given(device) }?;
        // SAFETY: NULL, or valid and aligned by the caller's promise.
        let options = unsafe { options.as_ref() }.unwrap_or(&NONE);
        let mut texts = [None; 8];
        for (text, pointer) in texts.iter_mut().zip([
            device.product_key,
            device.device_name,
            device.device_secret,
            options.client_id,
            options.timestamp,
            options.extra,
            options.region,
            options.instance_id,
        ]) {
            *text = unsafe { optional(pointer) }?;
        }
        let [
            Some(product_key),
            Some(device_name),
            Some(device_secret),
            client_id,
            timestamp,
            more,
            region,
            instance_id,
        ] = texts
        else {
            return Err(ErrorKind::InvalidArgument);
        };
        let usual = aliyun::Options::default();
        Ok(Self {
            credentials: aliyun::Credentials {
                product_key,
                device_name,
                device_secret,
            },
            options: aliyun::Options {
                client_id,
                timestamp: timestamp.map_or(aliyun::Timestamp::None, aliyun::Timestamp::Text),
                extra: extra(more.unwrap_or_default(), items)?,
                region: region.unwrap_or(usual.region),
                instance_id,
                secure_mode: if options.secure_mode == 0 {
                    usual.secure_mode
                } else {
                    options.secure_mode
                },
                port: port(options.port)?,
                hex_upper: options.lower_hex == 0,
                ..usual
            },
        })
    }
}

/// `a=b,c=d` into pairs.
fn extra<'a>(
    text: &'a str,
    items: &'a mut [(&'a str, &'a str); EXTRA_MAX],
) -> Result<&'a [(&'a str, &'a str)], ErrorKind> {
    let (mut rest, mut count) = (text, 0);
    while !rest.is_empty() {
        let (item, behind) = before(rest, b',').unwrap_or((rest, ""));
        rest = behind;
        if item.is_empty() {
            continue;
        }
        let slot = items.get_mut(count).ok_or(ErrorKind::InvalidArgument)?;
        *slot = before(item, b'=').ok_or(ErrorKind::InvalidArgument)?;
        count += 1;
    }
    Ok(items.get(..count).unwrap_or_default())
}

/// What stands before and behind the first `mark`. (`split_once` brings the searching of a whole library along.)
fn before(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|octet| octet == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A port; 0 for the usual one.
pub(crate) fn port(port: u32) -> Result<Option<u16>, ErrorKind> {
    match port {
        0 => Ok(None),
        port => u16::try_from(port)
            .map(Some)
            .map_err(|_| ErrorKind::InvalidArgument),
    }
}

/// How many strings a login has.
const STRINGS: usize = 4;

/// The part of a caller's buffer in which the core may write a login: room is left for the NULs.
pub(crate) unsafe fn room<'b>(
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
) -> Result<&'b mut [u8], ErrorKind> {
    unsafe { given_mut(login) }?;
    let whole = unsafe { octets_mut(buffer.cast(), buffer_len) }?;
    let room = whole
        .len()
        .checked_sub(STRINGS)
        .ok_or(ErrorKind::BufferTooSmall)?;
    whole.get_mut(..room).ok_or(ErrorKind::BufferTooSmall)
}

/// Turns the four strings that the core wrote into [`room`], which follow each other, into C strings.
pub(crate) unsafe fn place(
    buffer: *mut c_char,
    login: *mut FaceiotLogin,
    written: faceiot_core::Result<Login<'_>>,
) -> Result<(), ErrorKind> {
    let Login {
        host,
        port,
        client_id,
        username,
        password,
    } = written.map_err(|e| e.kind)?;
    let lengths = [host.len(), client_id.len(), username.len(), password.len()];
    // From the last string to the first: each moves right by the NULs of those before it.
    let mut strings = [core::ptr::null::<c_char>(); STRINGS];
    let mut end: usize = lengths.iter().sum();
    for i in (0..STRINGS).rev() {
        let begin = end - lengths[i];
        // SAFETY: `lengths` sum up to at most the room, and string `i` ends `i + 1 <= STRINGS` octets further right; the
        // core's strings are not used any more.
        unsafe {
            let string = buffer.add(begin + i);
            core::ptr::copy(buffer.add(begin), string, lengths[i]);
            string.add(lengths[i]).write(0);
            strings[i] = string;
        }
        end = begin;
    }
    // SAFETY: `room` saw that it is not NULL.
    unsafe {
        login.write(FaceiotLogin {
            host: strings[0],
            client_id: strings[1],
            username: strings[2],
            password: strings[3],
            port: port.into(),
        });
    }
    Ok(())
}

macro_rules! aliyun_logins {
    ($($(#[$doc:meta])* $name:ident = $entry:path;)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(
                device: *const FaceiotAliyunDevice,
                options: *const FaceiotAliyunOptions,
                buffer: *mut c_char,
                buffer_len: usize,
                login: *mut FaceiotLogin,
            ) -> Status {
                let mut items = [("", ""); EXTRA_MAX];
                guard(|| unsafe {
                    let given = Given::read(device, options, &mut items)?;
                    let room = room(buffer, buffer_len, login)?;
                    place(buffer, login, $entry(&given.credentials, &given.options, room))
                })
            }
        )*
    };
}

aliyun_logins! {
    /// MQTT login of an Aliyun device, HMAC-SHA256. Links no other hash.
    faceiot_aliyun_login_sha256 = aliyun::mqtt_login_sha256;
    /// MQTT login of an Aliyun device, HMAC-SHA1. Links no other hash.
    faceiot_aliyun_login_sha1 = aliyun::mqtt_login_sha1;
    /// MQTT login of an Aliyun device, HMAC-MD5. Links no other hash.
    faceiot_aliyun_login_md5 = aliyun::mqtt_login_md5;
}

/// MQTT login of an Aliyun device by the number of the method: 0 SHA-256, 1 SHA-1, 2 MD5. Links all three.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_aliyun_login(
    method: u32,
    device: *const FaceiotAliyunDevice,
    options: *const FaceiotAliyunOptions,
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
) -> Status {
    unsafe {
        match method {
            0 => faceiot_aliyun_login_sha256(device, options, buffer, buffer_len, login),
            1 => faceiot_aliyun_login_sha1(device, options, buffer, buffer_len, login),
            2 => faceiot_aliyun_login_md5(device, options, buffer, buffer_len, login),
            _ => ErrorKind::SignMethod.code(),
        }
    }
}

/// MQTT login of a Huawei device. `hour` is UTC, `YYYYMMDDHH`; `port` 0 is 8883.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_huawei_login(
    device_id: *const c_char,
    device_secret: *const c_char,
    host: *const c_char,
    hour: *const c_char,
    sign_type: u32,
    port: u32,
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
) -> Status {
    guard(|| unsafe {
        let credentials = huawei::Credentials {
            device_id: text(device_id)?,
            device_secret: text(device_secret)?,
        };
        let options = huawei::Options {
            sign_type: match sign_type {
                0 => huawei::SignType::NoCheck,
                1 => huawei::SignType::Check,
                _ => return Err(ErrorKind::InvalidArgument),
            },
            hour: huawei::Hour::parse(text(hour)?).map_err(|e| e.kind)?,
            host: optional(host)?.unwrap_or_default(),
            port: self::port(port)?,
        };
        let room = room(buffer, buffer_len, login)?;
        place(buffer, login, huawei::mqtt_login(&credentials, &options, room))
    })
}

/// The UTC hour of a Unix time as `YYYYMMDDHH` and NUL, 11 octets.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faceiot_huawei_hour(unix_seconds: u64, hour: *mut c_char) -> Status {
    guard(|| {
        let out = unsafe { octets_mut(hour.cast(), 11) }?;
        let (digits, nul) = out.split_at_mut(10);
        digits.copy_from_slice(huawei::Hour::from_unix(unix_seconds).as_bytes());
        nul.fill(0);
        Ok(())
    })
}
