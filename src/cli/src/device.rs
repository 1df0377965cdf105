//! `faceiot device`: who may log in to the local cloud. Works on its folder, whether it runs or not.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faceiot::DeviceId;
use faceiot_local::{NewDevice, Registry};
use serde_json::json;

use crate::failure::Failure;
use crate::out::{Output, note, table};
use crate::place::{DataArgs, Running, write_private};
use crate::secret::SecretArgs;

/// Options of `faceiot device`.
#[derive(Args, Debug)]
pub(crate) struct DeviceCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Register a device; its secret is shown this once
    #[command(after_help = ADD_EXAMPLES)]
    Add {
        /// `aliyun:PRODUCT_KEY:DEVICE_NAME` or `huawei:DEVICE_ID`
        device: DeviceId,
        #[command(flatten)]
        secret: SecretArgs,
        /// Also write a configuration file for `faceiot send` and the like (mode 0600; an existing file is not touched)
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List the devices (never their secrets)
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Remove a device: it can no longer log in; its photos stay
    #[command(after_help = REMOVE_EXAMPLES)]
    Remove {
        /// The device, as `faceiot device list` shows it
        device: DeviceId,
        #[command(flatten)]
        data: DataArgs,
    },
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  faceiot device add aliyun:a1B2c3D4e5F:door
  faceiot device list";

const ADD_EXAMPLES: &str = "\
Examples:
  faceiot device add aliyun:a1B2c3D4e5F:door                        a new secret, shown once
  faceiot device add huawei:61e6d1_cam --save iot.cfg               and a file to send with
  faceiot device add huawei:61e6d1_cam --secret-file secret.txt     a secret you have
  faceiot device add aliyun:a1B2c3D4e5F:door --secret -             type it in";

const LIST_EXAMPLES: &str = "\
Examples:
  faceiot device list
  faceiot device list --json";

const REMOVE_EXAMPLES: &str = "\
Examples:
  faceiot device remove aliyun:a1B2c3D4e5F:door";

/// Runs `faceiot device`.
pub(crate) async fn run(command: DeviceCommand, out: Output) -> Result<(), Failure> {
    match command.action {
        Action::Add {
            device,
            secret,
            save,
            data,
        } => add(device, &secret, save, &data, out).await,
        Action::List { data } => list(&data, out).await,
        Action::Remove { device, data } => remove(device, &data, out).await,
    }
}

async fn add(
    id: DeviceId,
    secret: &SecretArgs,
    save: Option<PathBuf>,
    data: &DataArgs,
    out: Output,
) -> Result<(), Failure> {
    if let Some(path) = save.as_ref().filter(|path| path.exists()) {
        return Err(
            Failure::usage(format!("`{}` exists", path.display())).todo("name another file with --save")
        );
    }
    let folder = data.folder()?;
    let given = secret.read("FACEIOT_DEVICE_SECRET")?;
    let generated = given.is_none();
    let registry = Registry::open(&folder).await?;
    let new = NewDevice {
        id,
        secret: given.map(|secret| secret.expose().to_owned()),
    };
    let device = registry.add_device(new).await?;
    let running = Running::read(&folder).and_then(|running| running.mqtt);
    if let Some(path) = &save {
        let address = running.map_or_else(|| USUAL.to_owned(), |address| address.to_string());
        let text = configuration(&device.id, device.secret.expose(), &address);
        if let Err(failure) = write_private(path, text.as_bytes()) {
            // Nobody has seen the secret: a device that is left behind could neither log in nor be added again.
            registry.remove(&device.id).await?;
            return Err(failure.todo("the device was not registered; name another file with --save"));
        }
    }
    if out.json {
        // A secret that was given is known to the caller; one that was made is told this once, or is in the saved file.
        let shown = (generated && save.is_none()).then(|| device.secret.expose());
        return out.json(&json!({"device": device.id, "secret": shown, "saved": save}));
    }
    out.line(format!("registered {}", device.id))?;
    match (&save, generated) {
        (Some(path), _) => {
            out.line(format!(
                "its configuration is in `{0}`; try: faceiot send --config {0} photo.jpg",
                path.display()
            ))?;
            if running.is_none() {
                note(format!(
                    "no local cloud listens now: start `faceiot up`; when its MQTT is not {USUAL}, change `connect` in the file"
                ));
            }
            Ok(())
        }
        (None, true) => out.line(format!("secret {}   (shown this once)", device.secret.expose())),
        (None, false) => Ok(()),
    }
}

/// Where the local cloud listens unless told otherwise.
const USUAL: &str = "127.0.0.1:1883";

/// What `--save` writes: the tutorial's file, or its Huawei sister, and where the local cloud listens.
fn configuration(id: &DeviceId, secret: &str, address: &str) -> String {
    // `%` starts an interpolation for Python's configparser, which reads this file in the tutorial.
    let secret = secret.replace('%', "%%");
    let device = match id {
        DeviceId::Aliyun {
            product_key,
            device_name,
        } => {
            format!(
                "[IOT]\nproductKey = {product_key}\ndeviceName = {device_name}\ndeviceSecret = {secret}\n"
            )
        }
        DeviceId::Huawei { device_id } => {
            format!("[HUAWEI]\ndeviceId = {device_id}\ndeviceSecret = {secret}\n")
        }
    };
    format!(
        "{device}\n# the local cloud of `faceiot up`; without this section: the cloud itself\n[ENDPOINT]\nconnect = {address}\ntls = off\n"
    )
}

async fn list(data: &DataArgs, out: Output) -> Result<(), Failure> {
    let registry = open_existing(data).await?;
    let devices = registry.list().await?;
    if out.json {
        let rows: Vec<_> = devices
            .iter()
            .map(|device| {
                json!({"device": device.id, "enabled": device.enabled, "created": device.created_ms, "last_seen": device.last_seen_ms})
            })
            .collect();
        return out.json(&rows);
    }
    if devices.is_empty() {
        return out.line("no devices yet: faceiot device add aliyun:PRODUCT_KEY:DEVICE_NAME");
    }
    let mut rows = vec![
        ["device", "enabled", "created", "last seen"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(devices.iter().map(|device| {
        vec![
            device.id.to_string(),
            if device.enabled { "yes" } else { "no" }.to_owned(),
            moment(Some(device.created_ms)),
            moment(device.last_seen_ms),
        ]
    }));
    table(&rows, &[]).into_iter().try_for_each(|line| out.line(line))
}

async fn remove(id: DeviceId, data: &DataArgs, out: Output) -> Result<(), Failure> {
    let registry = open_existing(data).await?;
    if !registry.remove(&id).await? {
        return Err(
            Failure::new(faceiot::ErrorKind::NotFound, format!("there is no device `{id}`"))
                .todo("`faceiot device list` shows them all"),
        );
    }
    if out.json {
        out.json(&json!({"removed": id}))
    } else {
        out.line(format!("removed {id}"))
    }
}

/// Looking must not make a folder: only what is there is opened.
async fn open_existing(data: &DataArgs) -> Result<Registry, Failure> {
    let folder = data.folder()?;
    if !folder.join("registry.db").is_file() {
        return Err(Failure::new(
            faceiot::ErrorKind::NotFound,
            format!("there is no local cloud in `{}`", folder.display()),
        )
        .todo("name its folder with --data, or add a first device"));
    }
    Ok(Registry::open(&folder).await?)
}

/// A time for people, in this computer's zone.
fn moment(ms: Option<u64>) -> String {
    ms.and_then(|ms| jiff::Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok())
        .map_or_else(
            || "never".to_owned(),
            |time| {
                time.to_zoned(jiff::tz::TimeZone::system())
                    .strftime("%F %T")
                    .to_string()
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ini::Ini;

    #[test]
    fn a_saved_configuration_holds_the_secret_whatever_is_in_it() {
        for secret in ["plain", "50%", "%(x)s", "a=b:c;d#e"] {
            let id = DeviceId::aliyun("pk", "dn").unwrap();
            let ini = Ini::parse(&configuration(&id, secret, "127.0.0.1:1883")).unwrap_or_default();
            assert_eq!(ini.value("IOT", "deviceSecret"), Some(secret));
            assert_eq!(ini.value("ENDPOINT", "connect"), Some("127.0.0.1:1883"));
        }
    }
}
