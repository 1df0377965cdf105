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

type AliyunEntry = for<'b> fn(
    &aliyun::Credentials<'_>,
    &aliyun::Options<'_>,
    &'b mut [u8],
) -> faceiot_core::Result<Login<'b>>;

unsafe fn aliyun_login(
    device: *const FaceiotAliyunDevice,
    options: *const FaceiotAliyunOptions,
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
    entry: AliyunEntry,
) -> Status {
    guard(|| unsafe {
        let device = given(device)?;
        let credentials = aliyun::Credentials {
            product_key: text(device.product_key)?,
            device_name: text(device.device_name)?,
            device_secret: text(device.device_secret)?,
        };
        let mut settings = aliyun::Options::default();
        let mut items = [("", ""); EXTRA_MAX];
        if let Some(given) = options.as_ref() {
            settings.client_id = optional(given.client_id)?;
            settings.instance_id = optional(given.instance_id)?;
            if let Some(region) = optional(given.region)? {
                settings.region = region;
            }
            if let Some(timestamp) = optional(given.timestamp)? {
                settings.timestamp = aliyun::Timestamp::Text(timestamp);
            }
            settings.extra = extra(optional(given.extra)?.unwrap_or_default(), &mut items)?;
            if given.secure_mode != 0 {
                settings.secure_mode = given.secure_mode;
            }
            if given.port != 0 {
                settings.port = Some(u16::try_from(given.port).map_err(|_| ErrorKind::InvalidArgument)?);
            }
            settings.hex_upper = given.lower_hex == 0;
        }
        place(buffer, buffer_len, login, |memory| {
            entry(&credentials, &settings, memory)
        })
    })
}

/// `a=b,c=d` into pairs.
fn extra<'i, 't>(
    text: &'t str,
    items: &'i mut [(&'t str, &'t str); EXTRA_MAX],
) -> Result<&'i [(&'t str, &'t str)], ErrorKind> {
    let mut count = 0;
    for item in text.split(',').filter(|item| !item.is_empty()) {
        let slot = items.get_mut(count).ok_or(ErrorKind::InvalidArgument)?;
        *slot = item.split_once('=').ok_or(ErrorKind::InvalidArgument)?;
        count += 1;
    }
    Ok(items.get(..count).unwrap_or_default())
}

/// Lets the core write a login into the buffer and turns its four strings, which follow each other, into C strings.
unsafe fn place<'b>(
    buffer: *mut c_char,
    buffer_len: usize,
    login: *mut FaceiotLogin,
    write: impl FnOnce(&'b mut [u8]) -> faceiot_core::Result<Login<'b>>,
) -> Result<(), ErrorKind> {
    const STRINGS: usize = 4;
    unsafe { given_mut(login) }?;
    let memory = unsafe { octets_mut(buffer.cast(), buffer_len) }?;
    let room = memory
        .len()
        .checked_sub(STRINGS)
        .ok_or(ErrorKind::BufferTooSmall)?;
    let start = memory.as_mut_ptr();
    let (lengths, port) = {
        // SAFETY: the part of the caller's buffer that the core may use; it is not used again before the login is gone.
        let part = unsafe { octets_mut(start, room) }?;
        let login = write(part).map_err(|e| e.kind)?;
        let lengths = [login.host, login.client_id, login.username, login.password].map(str::len);
        (lengths, login.port)
    };
    // From the last string to the first: each moves right by the NULs of those before it.
    // SAFETY: `lengths` sum up to at most `room`, and string `i` ends `i + 1 <= STRINGS` octets further right.
    let memory = unsafe { octets_mut(start, buffer_len) }?;
    let mut strings = [core::ptr::null::<c_char>(); STRINGS];
    let mut end: usize = lengths.iter().sum();
    for i in (0..STRINGS).rev() {
        let begin = end - lengths[i];
        memory.copy_within(begin..end, begin + i);
        memory[end + i] = 0;
        strings[i] = memory[begin + i..].as_ptr().cast();
        end = begin;
    }
    // SAFETY: checked above not to be NULL.
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
                unsafe { aliyun_login(device, options, buffer, buffer_len, login, $entry) }
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
    let entry: AliyunEntry = match method {
        0 => aliyun::mqtt_login_sha256,
        1 => aliyun::mqtt_login_sha1,
        2 => aliyun::mqtt_login_md5,
        _ => return ErrorKind::SignMethod.code(),
    };
    unsafe { aliyun_login(device, options, buffer, buffer_len, login, entry) }
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
            port: match port {
                0 => None,
                port => Some(u16::try_from(port).map_err(|_| ErrorKind::InvalidArgument)?),
            },
        };
        place(buffer, buffer_len, login, |memory| {
            huawei::mqtt_login(&credentials, &options, memory)
        })
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
