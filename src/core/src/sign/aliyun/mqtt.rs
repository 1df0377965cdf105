//! The MQTT login of a device (<https://help.aliyun.com/document_detail/73742.html>), both sides of it.

use super::{Credentials, Method};
use crate::digest::{Algorithm, Key, Md5, Sha1, Sha256, hmac, wipe};
use crate::error::{Error, ErrorKind, Result};
use crate::sign::Login;
use crate::text::{AsciiSet, Writer, hex};

/// A buffer of this size holds the login of any device whose names are within the vendor's lengths.
pub const LOGIN_BUFFER: usize = 1024;

/// The time that goes into the signature. The platform does not check it as a clock: two official SDKs send seconds,
/// the C SDKs always send `2524608000000`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Timestamp<'a> {
    /// None: neither in the client id nor signed.
    #[default]
    None,
    /// A number; milliseconds since 1970 by the documentation.
    Value(u64),
    /// Any text, taken as it is.
    Text(&'a str),
}

impl<'t> Timestamp<'t> {
    /// Writes it; the text of a [`Value`](Self::Value) needs a place to live in.
    fn text(self, digits: &'t mut [u8; 20]) -> Result<Option<&'t str>> {
        Ok(match self {
            Self::None => None,
            Self::Text(text) => Some(text),
            Self::Value(number) => {
                let mut w = Writer::new(digits);
                w.push_u64(number)?;
                Some(w.finish())
            }
        })
    }
}

/// How to log in. Start from `Options::default()`: HMAC-SHA256, plain TCP, upper case, cn-shanghai, no timestamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options<'a> {
    /// The part of the client id that is signed, 64 characters at most and without `|`.
    /// `None`: `{product_key}.{device_name}`, as the vendor's C SDKs do.
    pub client_id: Option<&'a str>,
    /// `signmethod`.
    pub method: Method,
    /// `securemode`: 3 is TCP, 2 is TLS; -2, -1 and 8 are passed on as they are. It is not signed.
    pub secure_mode: i32,
    /// `timestamp`.
    pub timestamp: Timestamp<'a>,
    /// Further items of the client id, such as `("lan", "C")` or `("ext", "1")`. They are not signed.
    pub extra: &'a [(&'a str, &'a str)],
    /// Region of the public instance's host.
    pub region: &'a str,
    /// Instance id: an Enterprise or new public instance has a host of its own.
    pub instance_id: Option<&'a str>,
    /// Port; `None`: 1883 for `secure_mode` 3, otherwise 8883.
    pub port: Option<u16>,
    /// Upper-case hex for the password, as most official SDKs; linkkit for Python sends lower case. Both log in.
    pub hex_upper: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            client_id: None,
            method: Method::HmacSha256,
            secure_mode: 3,
            timestamp: Timestamp::None,
            extra: &[],
            region: "cn-shanghai",
            instance_id: None,
            port: None,
            hex_upper: true,
        }
    }
}

/// Signs the login of a device; the login's strings lie in `buffer` ([`LOGIN_BUFFER`] octets are enough).
///
/// The password is the hex of HMAC(`device_secret`, [`string_to_sign`]).
///
/// ```
/// use faceiot_core::sign::aliyun::{self, Credentials, Method, Options, Timestamp};
///
/// // The example of the vendor's page.
/// let device = Credentials { product_key: "pk", device_name: "device", device_secret: "secret" };
/// let options = Options {
///     client_id: Some("12345"),
///     method: Method::HmacSha1,
///     timestamp: Timestamp::Value(789),
///     ..Options::default()
/// };
/// let mut buffer = [0; aliyun::LOGIN_BUFFER];
/// let login = aliyun::mqtt_login(&device, &options, &mut buffer)?;
/// assert_eq!(login.host, "pk.iot-as-mqtt.cn-shanghai.aliyuncs.com");
/// assert_eq!(login.port, 1883);
/// assert_eq!(login.client_id, "12345|securemode=3,signmethod=hmacsha1,timestamp=789|");
/// assert_eq!(login.username, "device&pk");
/// assert_eq!(login.password, "FAFD82A3D602B37FB0FA8B7892F24A477F851A14");
/// assert!(format!("{login:?}").contains(r#"password: ***"#));
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when a name is empty or holds a character that would end it early (`&` in a name,
/// `|` in the client id, `,` in an item, a control character anywhere), or the client id is longer than 64 characters;
/// [`ErrorKind::BufferTooSmall`].
pub fn mqtt_login<'b>(
    credentials: &Credentials<'_>,
    options: &Options<'_>,
    buffer: &'b mut [u8],
) -> Result<Login<'b>> {
    match options.method {
        Method::HmacMd5 => mqtt_login_md5(credentials, options, buffer),
        Method::HmacSha1 => mqtt_login_sha1(credentials, options, buffer),
        Method::HmacSha256 => mqtt_login_sha256(credentials, options, buffer),
    }
}

macro_rules! logins {
    ($($(#[$doc:meta])* $name:ident = $method:ident, $hash:ty;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        /// As [`mqtt_login`].
        pub fn $name<'b>(
            credentials: &Credentials<'_>,
            options: &Options<'_>,
            buffer: &'b mut [u8],
        ) -> Result<Login<'b>> {
            login::<$hash>(credentials, options, Method::$method, buffer)
        })*
    };
}

logins! {
    /// [`mqtt_login`] with HMAC-SHA256 whatever `options.method` says: firmware that calls nothing else links no other
    /// hash.
    mqtt_login_sha256 = HmacSha256, Sha256;
    /// [`mqtt_login`] with HMAC-SHA1; see [`mqtt_login_sha256`].
    mqtt_login_sha1 = HmacSha1, Sha1;
    /// [`mqtt_login`] with HMAC-MD5; see [`mqtt_login_sha256`].
    mqtt_login_md5 = HmacMd5, Md5;
}

/// The login with the HMAC of this hash. Text is checked and written between the compressions, not before or after them:
/// those wait for each other, and the processor does it meanwhile (docs/decisions/hmac.md).
fn login<'b, A: Algorithm>(
    credentials: &Credentials<'_>,
    options: &Options<'_>,
    method: Method,
    buffer: &'b mut [u8],
) -> Result<Login<'b>> {
    let mut digits = [0; 20];
    let secret = [credentials.device_secret.as_bytes()];
    if cfg!(target_os = "none") {
        // A microcontroller takes one step after the other, and one call is less code.
        let timestamp = checked(credentials, options, &mut digits)?;
        let mut code = hmac::<A>(&secret, &signed_parts(credentials, options.client_id, timestamp));
        let written = write(credentials, options, method, timestamp, buffer);
        let login = finish(written, code.as_ref(), options);
        wipe(code.as_mut());
        return login;
    }
    let key = Key::<A>::new(&secret);
    let checked = checked(credentials, options, &mut digits);
    let timestamp = checked.unwrap_or_default();
    let mut mac = key.mac();
    mac.seal(&signed_parts(credentials, options.client_id, timestamp));
    let written = checked.and_then(|timestamp| write(credentials, options, method, timestamp, buffer));
    let mut code = mac.code();
    let login = finish(written, code.as_ref(), options);
    wipe(code.as_mut());
    login
}

/// Takes apart what is written, and puts the password behind it.
fn finish<'b>(
    written: Result<(Writer<'b>, [usize; 2])>,
    code: &[u8],
    options: &Options<'_>,
) -> Result<Login<'b>> {
    let (writer, ends) = written?;
    let ([host, client_id], username, rest) = writer.finish_cut(ends);
    let port = if options.secure_mode == 3 { 1883 } else { 8883 };
    Ok(Login {
        host,
        port: options.port.unwrap_or(port),
        client_id,
        username,
        password: hex(code, rest, options.hex_upper)?,
    })
}

/// Writes host, client id and user name, and says where the first two end.
fn write<'b>(
    credentials: &Credentials<'_>,
    options: &Options<'_>,
    method: Method,
    timestamp: Option<&str>,
    buffer: &'b mut [u8],
) -> Result<(Writer<'b>, [usize; 2])> {
    let Credentials {
        product_key,
        device_name,
        ..
    } = *credentials;
    let mut w = Writer::new(buffer);
    put_host(product_key, options.region, options.instance_id, &mut w)?;
    let host_end = w.len();

    let [id, dot, name] = id_parts(credentials, options.client_id);
    w.push_all(&[id, dot, name, "|securemode="])?
        .push_i64(options.secure_mode.into())?;
    let (stamp, timestamp) = timestamp.map_or(("", ""), |text| (",timestamp=", text));
    w.push_all(&[",signmethod=", method.as_str(), stamp, timestamp])?;
    for (name, value) in options.extra {
        w.push_all(&[",", name, "=", value])?;
    }
    w.push_str("|")?;
    let client_id_end = w.len();

    w.push_all(&[device_name, "&", product_key])?;
    Ok((w, [host_end, client_id_end]))
}

/// The text that is signed: the given parameters sorted by name, name and value joined without separators.
///
/// ```
/// use faceiot_core::sign::aliyun::{self, Credentials, Options, Timestamp};
///
/// let device = Credentials { product_key: "pk", device_name: "device", device_secret: "secret" };
/// let options = Options { client_id: Some("12345"), timestamp: Timestamp::Value(789), ..Options::default() };
/// let mut buffer = [0; 256];
/// let text = aliyun::string_to_sign(&device, &options, &mut buffer)?;
/// assert_eq!(text, "clientId12345deviceNamedeviceproductKeypktimestamp789");
/// # Ok::<(), faceiot_core::Error>(())
/// ```
///
/// # Errors
/// As [`mqtt_login`].
pub fn string_to_sign<'b>(
    credentials: &Credentials<'_>,
    options: &Options<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b str> {
    let mut digits = [0; 20];
    let timestamp = checked(credentials, options, &mut digits)?;
    let mut w = Writer::new(buffer);
    for part in signed_parts(credentials, options.client_id, timestamp) {
        w.push_bytes(part)?;
    }
    Ok(w.finish())
}

/// The host of the public instance or of an instance of its own.
pub(super) fn put_host(
    product_key: &str,
    region: &str,
    instance_id: Option<&str>,
    w: &mut Writer<'_>,
) -> Result<()> {
    let parts = match instance_id {
        Some(instance) => [instance, ".mqtt.iothub", "", ".aliyuncs.com"],
        None => [product_key, ".iot-as-mqtt.", region, ".aliyuncs.com"],
    };
    w.push_all(&parts)?;
    Ok(())
}

/// What is signed, in order, without joining it.
pub(super) fn signed_parts<'p>(
    credentials: &Credentials<'p>,
    client_id: Option<&'p str>,
    timestamp: Option<&'p str>,
) -> [&'p [u8]; 10] {
    let [id, dot, name] = id_parts(credentials, client_id);
    let (stamp, value) = timestamp.map_or(("", ""), |value| ("timestamp", value));
    [
        "clientId",
        id,
        dot,
        name,
        "deviceName",
        credentials.device_name,
        "productKey",
        credentials.product_key,
        stamp,
        value,
    ]
    .map(str::as_bytes)
}

/// The client id that is signed, in parts.
fn id_parts<'p>(credentials: &Credentials<'p>, client_id: Option<&'p str>) -> [&'p str; 3] {
    match client_id {
        Some(id) => [id, "", ""],
        None => [credentials.product_key, ".", credentials.device_name],
    }
}

/// Refuses what the platform would read differently from what was meant; gives the timestamp that is signed.
fn checked<'t>(
    credentials: &Credentials<'_>,
    options: &Options<'t>,
    digits: &'t mut [u8; 20],
) -> Result<Option<&'t str>> {
    const BAR: AsciiSet = AsciiSet::CONTROLS.with("|");
    const COMMA: AsciiSet = AsciiSet::CONTROLS.with(",");
    const COMMA_OR_BAR: AsciiSet = COMMA.with("|");
    const IN_A_NAME: AsciiSet = COMMA.with("|=");
    check_name("product_key", credentials.product_key)?;
    check_name("device_name", credentials.device_name)?;
    check_name("region", options.region)?;
    if let Some(instance) = options.instance_id {
        check_name("instance_id", instance)?;
    }
    let client_id = options.client_id.unwrap_or_default();
    free("client_id", client_id, BAR)?;
    let begins = |octet: &u8| *octet & 0xC0 != 0x80; // a character, and not only its continuation
    if client_id.len() > 64 && client_id.bytes().filter(begins).count() > 64 {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "client_id is longer than 64 characters",
        ));
    }
    let timestamp = options.timestamp.text(digits)?;
    if let Timestamp::Text(text) = options.timestamp {
        free("timestamp", text, COMMA_OR_BAR)?;
    }
    for (name, value) in options.extra {
        free("extra", name, IN_A_NAME)?;
        free("extra", value, COMMA)?;
        if matches!(*name, "" | "securemode" | "signmethod" | "timestamp") {
            return Err(Error::new(ErrorKind::InvalidArgument, "extra"));
        }
    }
    Ok(timestamp)
}

/// A name that is part of a host or of the user name.
pub(super) fn check_name(at: &'static str, value: &str) -> Result<()> {
    const MARKS: AsciiSet = AsciiSet::CONTROLS.with("&/|");
    if value.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, at));
    }
    free(at, value, MARKS)
}

/// Text without these characters and without control characters, those beyond ASCII included.
fn free(at: &'static str, value: &str, without: AsciiSet) -> Result<()> {
    let mut octets = value.as_bytes();
    if !without.may_be_among(octets) {
        return Ok(());
    }
    while let [octet, rest @ ..] = octets {
        // U+0080 up to U+009F are controls too; UTF-8 spells them C2 80 up to C2 9F.
        if without.contains(*octet) || *octet == 0xC2 && rest.first().is_some_and(|next| *next < 0xA0) {
            return Err(Error::new(ErrorKind::InvalidArgument, at).at_offset(value.len() - octets.len()));
        }
        octets = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entry = for<'b> fn(&Credentials<'_>, &Options<'_>, &'b mut [u8]) -> Result<Login<'b>>;

    #[test]
    fn the_entry_of_each_hash_gives_what_the_general_one_gives() {
        let device = Credentials {
            product_key: "pk",
            device_name: "device",
            device_secret: "secret",
        };
        let entries: [(Method, Entry); 3] = [
            (Method::HmacMd5, mqtt_login_md5),
            (Method::HmacSha1, mqtt_login_sha1),
            (Method::HmacSha256, mqtt_login_sha256),
        ];
        for (method, entry) in entries {
            let options = Options {
                method,
                ..Options::default()
            };
            let (mut one, mut other) = ([0; LOGIN_BUFFER], [0; LOGIN_BUFFER]);
            assert_eq!(
                entry(&device, &Options::default(), &mut one),
                mqtt_login(&device, &options, &mut other)
            );
        }
    }
}
