//! The MQTT logins of devices, which `sign` also takes from the configuration file that the other commands read.

use std::io::{self, IsTerminal};

use clap::{Args, Subcommand, ValueEnum};
use faceiot::{Credentials, ErrorKind};
use faceiot_core::sign::{aliyun, huawei};
use serde_json::json;

use super::answer::{Checked, Signed};
use super::arguments::Arguments;
use super::register::with_login;
use super::values::{now, wrong};
use crate::config::{CloudName, WhoArgs};
use crate::failure::Failure;
use crate::out::Output;

/// The logins, with options of their own.
#[derive(Subcommand, Debug)]
pub(super) enum Login {
    /// The MQTT login of an Aliyun device
    #[command(after_help = ALIYUN_EXAMPLES)]
    AliyunMqtt(AliyunArgs),
    /// The MQTT login of a Huawei device
    #[command(after_help = HUAWEI_EXAMPLES)]
    HuaweiMqtt(HuaweiArgs),
}

#[derive(Args, Debug)]
pub(super) struct AliyunArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// The MAC [default: hmacsha256, or signMethod of the file]
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// The part of the client id before the first `|` [default: `PRODUCT_KEY.DEVICE_NAME`]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// `now` (milliseconds), `none`, or the number to sign
    #[arg(long, value_name = "TIME", default_value = "now")]
    timestamp: String,
    /// 3 for TCP, 2 for TLS; not signed
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 2,
        allow_negative_numbers = true
    )]
    secure_mode: i32,
    /// A further item of the client id, such as lan=C; not signed; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = item)]
    extra: Vec<(String, String)>,
    /// The region in the public instance's host name [default: cn-shanghai]
    #[arg(long)]
    region: Option<String>,
    /// The instance, when the device belongs to one
    #[arg(long, value_name = "ID")]
    instance_id: Option<String>,
    /// Write the password in lower-case hex, as linkkit for Python does
    #[arg(long)]
    lower: bool,
}

#[derive(Args, Debug)]
pub(super) struct HuaweiArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// 0: the platform does not check the hour; 1: it does [default: 0, or signType of the file]
    #[arg(long, value_name = "0|1", value_parser = clap::value_parser!(u8).range(0..=1))]
    sign_type: Option<u8>,
    /// `now` (UTC), or the hour to sign as YYYYMMDDHH
    #[arg(long, default_value = "now")]
    hour: String,
    /// The instance's host name, from the console; passed through
    #[arg(long)]
    host: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lower")]
enum MethodName {
    HmacMd5,
    HmacSha1,
    HmacSha256,
}

const ALIYUN_EXAMPLES: &str = "\
Examples:
  faceiot sign aliyun-mqtt --config iot.cfg
  faceiot sign aliyun-mqtt --product-key a1B2c3D4e5F --device-name door --secret -
  faceiot sign aliyun-mqtt --config iot.cfg --method hmacsha1 --timestamp 789 --client-id 12345 --json";

const HUAWEI_EXAMPLES: &str = "\
Examples:
  faceiot sign huawei-mqtt --device-id 61e6d1_cam --secret-file secret.txt
  faceiot sign huawei-mqtt --config iot.cfg --sign-type 1 --hour 2022010507 --json";

/// Signs a login of the command line, the environment or the configuration file.
pub(super) fn run(login: &Login, out: Output) -> Result<(), Failure> {
    match login {
        Login::AliyunMqtt(args) => aliyun_mqtt(args, out),
        Login::HuaweiMqtt(args) => huawei_mqtt(args, out),
    }
}

/// Whether somebody gave standard input: it is no terminal.
pub(super) fn is_input_given() -> bool {
    !io::stdin().is_terminal()
}

fn aliyun_mqtt(args: &AliyunArgs, out: Output) -> Result<(), Failure> {
    let Credentials::Aliyun {
        product_key,
        device_name,
        device_secret,
        method,
        client_id,
        region,
        instance_id,
        ..
    } = args.who.signer(CloudName::Aliyun)?
    else {
        return Err(Failure::new(
            ErrorKind::Config,
            "the device is not an Aliyun device",
        ));
    };
    let credentials = aliyun::Credentials {
        product_key: &product_key,
        device_name: &device_name,
        device_secret: device_secret.expose(),
    };
    let timestamp = match args.timestamp.as_str() {
        "now" => aliyun::Timestamp::Value(now().as_millis().try_into().unwrap_or(u64::MAX)),
        "none" => aliyun::Timestamp::None,
        text if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) => {
            aliyun::Timestamp::Text(text)
        }
        _ => {
            return Err(Failure::usage("--timestamp is `now`, `none` or a number")
                .todo("the cloud does not check its value"));
        }
    };
    let extra: Vec<(&str, &str)> = args
        .extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let options = aliyun::Options {
        client_id: args.client_id.as_deref().or(client_id.as_deref()),
        method: args.method.map_or(method, |method| match method {
            MethodName::HmacMd5 => aliyun::Method::HmacMd5,
            MethodName::HmacSha1 => aliyun::Method::HmacSha1,
            MethodName::HmacSha256 => aliyun::Method::HmacSha256,
        }),
        secure_mode: args.secure_mode,
        timestamp,
        extra: &extra,
        region: args.region.as_deref().unwrap_or(&region),
        instance_id: args.instance_id.as_deref().or(instance_id.as_deref()),
        port: None,
        hex_upper: !args.lower,
    };
    let (mut text, mut login) = ([0; aliyun::LOGIN_BUFFER], [0; aliyun::LOGIN_BUFFER]);
    let string_to_sign = aliyun::string_to_sign(&credentials, &options, &mut text).map_err(named)?;
    let login = aliyun::mqtt_login(&credentials, &options, &mut login).map_err(named)?;
    print(&login, string_to_sign, "the device secret", out)
}

fn huawei_mqtt(args: &HuaweiArgs, out: Output) -> Result<(), Failure> {
    let Credentials::Huawei {
        device_id,
        device_secret,
        sign_type,
        host,
    } = args.who.signer(CloudName::Huawei)?
    else {
        return Err(Failure::new(
            ErrorKind::Config,
            "the device is not a Huawei device",
        ));
    };
    let hour = match args.hour.as_str() {
        "now" => huawei::Hour::from_unix(now().as_secs()),
        text => huawei::Hour::parse(text).map_err(|_| {
            Failure::usage("--hour is `now` or ten digits, YYYYMMDDHH, in UTC").todo("correct it")
        })?,
    };
    let options = huawei::Options {
        sign_type: match args.sign_type {
            None => sign_type,
            Some(1) => huawei::SignType::Check,
            Some(_) => huawei::SignType::NoCheck,
        },
        hour,
        host: args.host.as_deref().or(host.as_deref()).unwrap_or_default(),
        port: None,
    };
    let credentials = huawei::Credentials {
        device_id: &device_id,
        device_secret: device_secret.expose(),
    };
    let mut buffer = [0; huawei::LOGIN_BUFFER];
    let login = huawei::mqtt_login(&credentials, &options, &mut buffer).map_err(named)?;
    // At Huawei the secret is the message and the hour is the key: what is signed cannot be shown.
    print(&login, "*** (the device secret)", hour.as_str(), out)
}

fn print(
    login: &faceiot_core::Login<'_>,
    string_to_sign: &str,
    key: &str,
    out: Output,
) -> Result<(), Failure> {
    if out.json {
        return out.json(&json!({
            "host": login.host, "port": login.port, "client_id": login.client_id, "username": login.username,
            "password": login.password, "string_to_sign": string_to_sign, "key": key,
        }));
    }
    let host = if login.host.is_empty() {
        "(from the console)"
    } else {
        login.host
    };
    out.line(format!("string to sign  {string_to_sign}"))?;
    out.line(format!("key             {key}"))?;
    out.line(format!("host            {host}"))?;
    out.line(format!("port            {}", login.port))?;
    out.line(format!("client id       {}", login.client_id))?;
    out.line(format!("user name       {}", login.username))?;
    out.line(format!("password        {}", login.password))
}

/// What core finds wrong is in a name that was given.
fn named(error: faceiot_core::Error) -> Failure {
    Failure::usage(error.to_string()).todo("correct the names that are signed")
}

fn item(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "not NAME=VALUE".to_owned())
}

pub(super) fn sign_aliyun(arguments: &Arguments) -> Result<Signed, Failure> {
    let credentials = aliyun::Credentials {
        product_key: arguments.need("product_key")?,
        device_name: arguments.need("device_name")?,
        device_secret: arguments.secret(),
    };
    let millis = arguments.moment().millis()?.to_string();
    let extra = arguments.pairs("extra");
    let extra = extra.lent();
    let options = aliyun::Options {
        client_id: arguments.text("client_id"),
        method: arguments.method("method")?,
        secure_mode: arguments.number("secure_mode")?.unwrap_or(2),
        timestamp: match arguments.text("timestamp") {
            Some("none") => aliyun::Timestamp::None,
            Some(text) if text != "now" => aliyun::Timestamp::Text(text),
            _ => aliyun::Timestamp::Text(&millis),
        },
        extra: &extra,
        region: arguments.text_or("region", "cn-shanghai"),
        instance_id: arguments.text("instance_id"),
        port: arguments.number("port")?,
        hex_upper: arguments.text("hex_upper") != Some("false"),
    };
    let (mut text, mut buffer) = (arguments.buffer(), arguments.buffer());
    let string_to_sign = aliyun::string_to_sign(&credentials, &options, &mut text).map_err(wrong)?;
    let login = aliyun::mqtt_login(&credentials, &options, &mut buffer).map_err(wrong)?;
    Ok(answer(&login, string_to_sign, "the device secret"))
}

pub(super) fn verify_aliyun(arguments: &Arguments) -> Result<Checked, Failure> {
    let mut text = arguments.buffer();
    Ok(Checked::new(aliyun::verify_mqtt_login(
        arguments.need("client_id")?,
        arguments.need("username")?,
        arguments.need("password")?,
        arguments.secret(),
        &mut text,
    )))
}

pub(super) fn sign_huawei(arguments: &Arguments) -> Result<Signed, Failure> {
    let credentials = huawei::Credentials {
        device_id: arguments.need("device_id")?,
        device_secret: arguments.secret(),
    };
    let options = huawei::Options {
        sign_type: match arguments.text_or("sign_type", "0") {
            "0" => huawei::SignType::NoCheck,
            "1" => huawei::SignType::Check,
            _ => return Err(Failure::usage("`sign_type` is neither 0 nor 1").todo("correct it")),
        },
        hour: match arguments.text("hour") {
            None | Some("now") => huawei::Hour::from_unix(arguments.moment().seconds()?),
            Some(text) => huawei::Hour::parse(text).map_err(wrong)?,
        },
        host: arguments.text_or("host", ""),
        port: arguments.number("port")?,
    };
    let mut buffer = arguments.buffer();
    let login = huawei::mqtt_login(&credentials, &options, &mut buffer).map_err(wrong)?;
    Ok(answer(&login, "*** (the device secret)", options.hour.as_str()))
}

pub(super) fn verify_huawei(arguments: &Arguments) -> Result<Checked, Failure> {
    let mut text = arguments.buffer();
    Ok(Checked::new(huawei::verify_mqtt_login(
        arguments.need("client_id")?,
        arguments.need("username")?,
        arguments.need("password")?,
        arguments.secret(),
        arguments.moment().seconds()?,
        &mut text,
    )))
}

fn answer(login: &faceiot_core::Login<'_>, string_to_sign: &str, key: &str) -> Signed {
    let signed = Signed {
        canonical: None,
        string_to_sign: string_to_sign.to_owned(),
        signature: login.password.to_owned(),
        send: Vec::new(),
    };
    with_login(signed, login).with("key", key)
}
