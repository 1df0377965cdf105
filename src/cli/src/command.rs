//! `faceiot command`: an instruction to a device, through the running local cloud, and the device's answer.

use std::io::Read;
use std::time::Duration;

use clap::{Args, ValueEnum};
use faceiot::{DeviceId, ErrorKind};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::out::Output;
use crate::place::{CloudArgs, unreachable_cloud};

/// Options of `faceiot command`.
#[derive(Args, Debug)]
pub(crate) struct ToDevice {
    /// The device, as `faceiot device list` shows it
    device: DeviceId,
    /// The command's name, such as capture
    name: String,
    /// What goes with it, in JSON; `-` reads it from standard input
    #[arg(value_name = "JSON", default_value = "{}", allow_hyphen_values = true)]
    payload: String,
    /// How it travels [default: service for Aliyun, huawei for Huawei]
    #[arg(long, value_enum)]
    form: Option<Form>,
    /// Seconds to wait for the answer (Huawei's platform waits 20)
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=20))]
    timeout: u64,
    #[command(flatten)]
    cloud: CloudArgs,
}

/// The wire forms of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum Form {
    /// The topic `/PRODUCT_KEY/DEVICE_NAME/control` of the Raspberry Pi tutorial: nothing comes back
    Custom,
    /// Aliyun `thing/service/property/set`, Huawei `properties/set`
    PropertySet,
    /// Aliyun `thing/service/NAME`
    Service,
    /// Aliyun RRPC
    Rrpc,
    /// Huawei `commands`
    Huawei,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot command aliyun:a1B2c3D4e5F:door capture
  faceiot command huawei:61e6d1_cam capture '{\"quality\": 80}' --json
  faceiot command aliyun:a1B2c3D4e5F:door brightness '{\"brightness\": 7}' --form property-set";

/// Runs `faceiot command`. A device that answers with another code than success makes it fail.
pub(crate) async fn run(command: ToDevice, out: Output) -> Result<(), Failure> {
    let payload = payload(&command.payload)?;
    let client = command.cloud.client()?;
    let form = command.form.map(|form| wire_name(form, &command.device));
    let body = json!({"form": form, "name": command.name, "payload": payload, "timeout": command.timeout});
    let path = format!(
        "/api/devices/{}/commands",
        percent_encoded(&command.device.to_string())
    );
    let asked = client.post_json::<Value>(&path, &body);
    let answer = tokio::time::timeout(Duration::from_secs(command.timeout + 10), asked)
        .await
        .map_err(|_| {
            Failure::new(ErrorKind::Timeout, "the local cloud does not answer").todo("look at its log")
        })?
        .map_err(|error| explained(error, &command.device))?;
    if out.json {
        out.json(&answer)?;
    } else {
        let data = answer
            .get("data")
            .filter(|data| !data.is_null())
            .map(|data| format!(" {data}"))
            .unwrap_or_default();
        let code = match (command.form, answer.get("code")) {
            (Some(Form::Custom), _) | (_, None) => "sent; nothing answers on a custom topic".to_owned(),
            (_, Some(code)) => format!("code {code}"),
        };
        let ms = answer
            .get("elapsed_ms")
            .map(|ms| format!(" ({ms} ms)"))
            .unwrap_or_default();
        out.line(format!("{code}{data}{ms}"))?;
    }
    // Success is 200 in Alink (help.aliyun.com 2.3), 0 at Huawei (iot_06_v5_3008) and in our own replies.
    match answer.get("code").and_then(Value::as_i64) {
        None | Some(0 | 200) => Ok(()),
        Some(_) => Err(Failure::told(crate::failure::exit::FAILED)),
    }
}

fn payload(text: &str) -> Result<Value, Failure> {
    let mut read = String::new();
    let text = if text == "-" {
        std::io::stdin()
            .lock()
            .take(LONGEST)
            .read_to_string(&mut read)
            .map_err(|error| Failure::new(ErrorKind::Io, format!("cannot read standard input: {error}")))?;
        read.as_str()
    } else {
        text
    };
    serde_json::from_str(text).map_err(|error| {
        Failure::usage(format!("what goes with the command is not JSON: {error}"))
            .todo("quote it for the shell: '{\"key\": 1}'")
    })
}

fn wire_name(form: Form, device: &DeviceId) -> &'static str {
    match form {
        Form::Custom => "custom",
        Form::PropertySet if matches!(device, DeviceId::Huawei { .. }) => "huawei_property_set",
        Form::PropertySet => "property_set",
        Form::Service => "service",
        Form::Rrpc => "rrpc",
        Form::Huawei => "huawei",
    }
}

fn explained(error: faceiot::Error, device: &DeviceId) -> Failure {
    let (kind, words) = (error.kind(), error.to_string());
    let failure = unreachable_cloud(error);
    match kind {
        ErrorKind::NotFound => failure.todo(format!(
            "`faceiot device list` shows the devices; is it `{device}`?"
        )),
        ErrorKind::Timeout => failure.todo("the device is connected and did not answer: look at its program"),
        ErrorKind::Http if words.contains("409") => {
            failure.todo("the device is not connected: start it, then try again")
        }
        _ => failure,
    }
}

/// A device id as one segment of a path (RFC 3986).
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut buffer = vec![0; text.len() * 3];
    let mut writer = faceiot_core::text::Writer::new(&mut buffer);
    match faceiot_core::text::percent_encode(text.as_bytes(), &mut writer) {
        Ok(()) => writer.finish().to_owned(),
        // Three octets for each one is the most there can be.
        Err(_) => String::new(),
    }
}

const LONGEST: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_explained_before_anything_is_sent() {
        assert_eq!(payload("{\"a\":1}").ok(), Some(json!({"a": 1})));
        let failure = payload("{a:1}").unwrap_err();
        assert_eq!(failure.exit, 2);
        assert!(failure.to_string().contains("quote it"));
    }

    #[test]
    fn a_device_id_is_one_segment_of_the_path() {
        assert_eq!(percent_encoded("aliyun:pk:a.b"), "aliyun%3Apk%3Aa.b");
        assert_eq!(percent_encoded("门"), "%E9%97%A8");
    }
}
