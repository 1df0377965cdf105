//! Which device, and where its cloud is: options, then the environment, then a file.
//!
//! The file is the tutorial's `iot.cfg` as it is. Two more sections may stand beside its `[IOT]`:
//!
//! ```ini
//! [IOT]                     ; an Aliyun device
//! productKey = a1B2c3D4e5F
//! deviceName = door
//! deviceSecret = ...
//!                           ; optional: region, instanceId, clientId, signMethod (hmacmd5, hmacsha1, hmacsha256)
//! [HUAWEI]                  ; a Huawei device
//! deviceId = 61e6d1_cam
//! deviceSecret = ...
//! host = a15fbbd7ce.iot-mqtts.cn-north-4.myhuaweicloud.com
//!                           ; optional: signType (0, 1)
//! [ENDPOINT]                ; optional, where to connect instead of the cloud's own address
//! connect = 127.0.0.1:1883  ; what is dialled
//! tls = off                 ; on (default) or off
//!                           ; also: host (the name that TLS verifies), port, ca (a PEM file)
//! ```
//! (The remarks on the right are for the reader: in the file a comment has a line of its own.)

mod endpoint;
pub(crate) mod ini;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use faceiot::credentials::{Method, SignType};
use faceiot::{Credentials, Endpoint, ErrorKind, Secret};

use crate::failure::{Failure, exit};
use crate::secret::{SecretArgs, warn_when_others_can_read};
use endpoint::EndpointArgs;
use ini::Ini;

/// The options that say who signs.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Device")]
pub(crate) struct WhoArgs {
    /// Configuration file, such as the tutorial's iot.cfg [default: ./iot.cfg, then iot.cfg in the user's configuration folder]
    #[arg(long, value_name = "FILE", env = "FACEIOT_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// Aliyun's `ProductKey`
    #[arg(
        long,
        value_name = "KEY",
        env = "FACEIOT_PRODUCT_KEY",
        conflicts_with = "device_id"
    )]
    product_key: Option<String>,

    /// Aliyun's `DeviceName`
    #[arg(
        long,
        value_name = "NAME",
        env = "FACEIOT_DEVICE_NAME",
        conflicts_with = "device_id"
    )]
    device_name: Option<String>,

    /// Huawei's device id
    #[arg(long, value_name = "ID", env = "FACEIOT_DEVICE_ID")]
    device_id: Option<String>,

    #[command(flatten)]
    secret: SecretArgs,
}

/// The options of every command that logs in as a device: who, and where to.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DeviceArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,

    /// Which of the two devices in the file, when it holds both
    #[arg(long, value_enum)]
    cloud: Option<CloudName>,

    #[command(flatten)]
    place: EndpointArgs,
}

/// The clouds by the names that the command line has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CloudName {
    Aliyun,
    Huawei,
}

/// A device that can log in.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Endpoint,
    /// The file that took part, if any.
    pub(crate) file: Option<PathBuf>,
}

impl DeviceArgs {
    /// Puts options, environment and file together.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let settings = self.settings_whoever_reads()?;
        if let Some(path) = &settings.file {
            warn_when_others_can_read(path);
        }
        Ok(settings)
    }

    /// The same without the remark about the file's mode, for `doctor`, which makes it a finding.
    pub(crate) fn settings_whoever_reads(&self) -> Result<Settings, Failure> {
        let (ini, secret, file) = self.who.read()?;
        self.combine(&ini, secret, file.clone())
            .map_err(|failure| located(failure, file.as_deref()))
    }

    fn combine(&self, ini: &Ini, secret: Option<Secret>, file: Option<PathBuf>) -> Result<Settings, Failure> {
        let credentials = self.who.credentials(self.which(ini)?, ini, secret)?;
        Ok(Settings {
            credentials,
            endpoint: self.place.endpoint(ini)?,
            file,
        })
    }

    fn which(&self, ini: &Ini) -> Result<CloudName, Failure> {
        if let Some(cloud) = self.cloud {
            return Ok(cloud);
        }
        if self.who.device_id.is_some() {
            return Ok(CloudName::Huawei);
        }
        if self.who.product_key.is_some() || self.who.device_name.is_some() {
            return Ok(CloudName::Aliyun);
        }
        match (ini.has(IOT), ini.has(HUAWEI)) {
            (true, false) => Ok(CloudName::Aliyun),
            (false, true) => Ok(CloudName::Huawei),
            (true, true) => Err(Failure::usage("the file holds an Aliyun device and a Huawei device")
                .todo("say which one with --cloud aliyun or --cloud huawei")),
            (false, false) => Err(Failure::usage("no device is named").todo(
                "give --config iot.cfg (`faceiot device add ... --save iot.cfg` writes one), or --product-key and --device-name, or --device-id",
            )),
        }
    }
}

impl WhoArgs {
    /// The credentials of the device of this cloud: for `faceiot sign`, which connects nowhere.
    pub(crate) fn signer(&self, cloud: CloudName) -> Result<Credentials, Failure> {
        let (ini, secret, file) = self.read()?;
        if let Some(path) = &file {
            warn_when_others_can_read(path);
        }
        self.credentials(cloud, &ini, secret)
            .map_err(|failure| located(failure, file.as_deref()))
    }

    fn read(&self) -> Result<(Ini, Option<Secret>, Option<PathBuf>), Failure> {
        let file = self.find()?;
        let secret = self.secret.read("FACEIOT_DEVICE_SECRET")?;
        let ini = match &file {
            Some(path) => read(path)?,
            None => Ini::default(),
        };
        Ok((ini, secret, file))
    }

    /// The file that is asked for, or the first of the usual places that has one.
    fn find(&self) -> Result<Option<PathBuf>, Failure> {
        if let Some(path) = &self.config {
            return if path.is_file() {
                Ok(Some(path.clone()))
            } else {
                Err(unusable(
                    ErrorKind::NotFound,
                    format!("there is no file `{}`", path.display()),
                )
                .todo("give the path of your iot.cfg with --config"))
            };
        }
        let usual = [
            Some(PathBuf::from("iot.cfg")),
            crate::place::config_folder().map(|folder| folder.join("iot.cfg")),
        ];
        Ok(usual.into_iter().flatten().find(|path| path.is_file()))
    }

    fn credentials(
        &self,
        cloud: CloudName,
        ini: &Ini,
        secret: Option<Secret>,
    ) -> Result<Credentials, Failure> {
        match cloud {
            CloudName::Aliyun => self.aliyun(ini, secret),
            CloudName::Huawei => self.huawei(ini, secret),
        }
    }

    fn aliyun(&self, ini: &Ini, secret: Option<Secret>) -> Result<Credentials, Failure> {
        let product_key = want(
            self.product_key.as_deref(),
            ini,
            IOT,
            "productKey",
            "--product-key",
        )?;
        let device_name = want(
            self.device_name.as_deref(),
            ini,
            IOT,
            "deviceName",
            "--device-name",
        )?;
        let secret = want_secret(secret, ini, IOT)?;
        let mut credentials = Credentials::aliyun(product_key, device_name, secret);
        if let Credentials::Aliyun {
            method,
            client_id,
            region,
            instance_id,
            ..
        } = &mut credentials
        {
            if let Some(text) = ini.value(IOT, "signMethod") {
                *method = sign_method(text).ok_or_else(|| {
                    Failure::usage("`signMethod` is none of hmacmd5, hmacsha1, hmacsha256")
                        .todo("correct it, or leave it out")
                })?;
            }
            *client_id = ini.value(IOT, "clientId").map(str::to_owned);
            *instance_id = ini.value(IOT, "instanceId").map(str::to_owned);
            if let Some(text) = ini.value(IOT, "region") {
                text.clone_into(region);
            }
        }
        Ok(credentials)
    }

    fn huawei(&self, ini: &Ini, secret: Option<Secret>) -> Result<Credentials, Failure> {
        let device_id = want(self.device_id.as_deref(), ini, HUAWEI, "deviceId", "--device-id")?;
        let secret = want_secret(secret, ini, HUAWEI)?;
        let mut credentials = Credentials::huawei(device_id, secret);
        if let Credentials::Huawei { sign_type, host, .. } = &mut credentials {
            *host = ini.value(HUAWEI, "host").map(str::to_owned);
            *sign_type = match ini.value(HUAWEI, "signType") {
                None | Some("0") => SignType::NoCheck,
                Some("1") => SignType::Check,
                Some(_) => {
                    return Err(
                        Failure::usage("`signType` is neither 0 nor 1").todo("correct it, or leave it out")
                    );
                }
            };
        }
        Ok(credentials)
    }
}

/// Reads and parses a configuration file; a mistake names its line, never its text.
fn read(path: &Path) -> Result<Ini, Failure> {
    let place = format!("`{}`", path.display());
    let length = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    if length > LONGEST {
        return Err(Failure::usage("too long for a configuration file").at(place));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| unusable(ErrorKind::Config, error.to_string()).at(&place))?;
    Ini::parse(&text).map_err(|mistake| {
        unusable(
            ErrorKind::Config,
            format!("line {}: {}", mistake.line, mistake.what),
        )
        .at(&place)
    })
}

/// A configuration that cannot be used is a mistake in what was asked for, not in what was tried.
fn unusable(kind: ErrorKind, message: String) -> Failure {
    Failure {
        exit: exit::USAGE,
        ..Failure::new(kind, message)
    }
}

fn located(failure: Failure, file: Option<&Path>) -> Failure {
    match file {
        Some(path) => failure.at(format_args!("`{}`", path.display())),
        None => failure,
    }
}

fn want(option: Option<&str>, ini: &Ini, section: &str, name: &str, flag: &str) -> Result<String, Failure> {
    option
        .or_else(|| ini.value(section, name))
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| {
            Failure::usage(format!("no `{name}` is given"))
                .todo(format!("add it under [{section}], or use {flag}"))
        })
}

fn want_secret(given: Option<Secret>, ini: &Ini, section: &str) -> Result<Secret, Failure> {
    given.or_else(|| ini.value(section, "deviceSecret").filter(|value| !value.is_empty()).map(Secret::from)).ok_or_else(|| {
        Failure::usage("no secret is given").todo(format!(
            "add `deviceSecret` under [{section}], or use --secret-file FILE, `--secret -` or FACEIOT_DEVICE_SECRET"
        ))
    })
}

/// Aliyun's own names, as they stand in the client id.
fn sign_method(text: &str) -> Option<Method> {
    Some(match text.to_ascii_lowercase().as_str() {
        "hmacmd5" => Method::HmacMd5,
        "hmacsha1" => Method::HmacSha1,
        "hmacsha256" => Method::HmacSha256,
        _ => return None,
    })
}

const IOT: &str = "IOT";
const HUAWEI: &str = "HUAWEI";
const LONGEST: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use faceiot::Tls;

    use super::endpoint::Switch;
    use super::*;

    fn combine(text: &str, args: &DeviceArgs) -> Result<Settings, Failure> {
        args.combine(&Ini::parse(text).expect("a file"), None, None)
    }

    const SEED: &str =
        "[IOT]\nproductKey = pk\ndeviceName = dn\ndeviceSecret = canary\n[OSS]\nossAccessKey = x\n";

    #[test]
    fn the_tutorials_file_is_enough() {
        let settings = combine(SEED, &DeviceArgs::default()).unwrap();
        assert_eq!(settings.credentials.device_id().to_string(), "aliyun:pk:dn");
        assert_eq!(settings.endpoint, Endpoint::default());
        assert!(!format!("{settings:?}").contains("canary"));
    }

    #[test]
    fn an_option_wins_over_the_file() {
        let args = DeviceArgs {
            who: WhoArgs {
                device_name: Some("other".into()),
                ..WhoArgs::default()
            },
            place: EndpointArgs {
                tls: Some(Switch::Off),
                ..EndpointArgs::default()
            },
            ..DeviceArgs::default()
        };
        let settings = combine(&format!("{SEED}[ENDPOINT]\ntls = on\nport = 99\n"), &args).unwrap();
        assert_eq!(settings.credentials.device_id().to_string(), "aliyun:pk:other");
        assert_eq!(
            (settings.endpoint.tls, settings.endpoint.port),
            (Tls::Off, Some(99))
        );
    }

    #[test]
    fn of_two_devices_in_one_file_one_must_be_named() {
        let both = format!(
            "{SEED}[HUAWEI]\ndeviceId = 61e6_cam\ndeviceSecret = s\nhost = h.example\nsignType = 1\n"
        );
        assert!(
            combine(&both, &DeviceArgs::default())
                .unwrap_err()
                .to_string()
                .contains("--cloud")
        );
        let args = DeviceArgs {
            cloud: Some(CloudName::Huawei),
            ..DeviceArgs::default()
        };
        let Credentials::Huawei {
            device_id,
            host,
            sign_type,
            ..
        } = combine(&both, &args).unwrap().credentials
        else {
            panic!("not a Huawei device")
        };
        assert_eq!(
            (device_id.as_str(), host.as_deref(), sign_type),
            ("61e6_cam", Some("h.example"), SignType::Check)
        );
    }

    #[test]
    fn every_mistake_in_the_file_says_what_to_do() {
        for (text, word) in [
            ("", "--config"),
            ("[IOT]\nproductKey = pk\n", "deviceName"),
            ("[IOT]\nproductKey = pk\ndeviceName = dn\n", "--secret-file"),
            (
                "[HUAWEI]\ndeviceId = x\ndeviceSecret = s\nsignType = 2\n",
                "signType",
            ),
            (&format!("{SEED}[ENDPOINT]\nhots = x\n"), "hots"),
            (&format!("{SEED}[ENDPOINT]\nport = 0\n"), "port"),
            (&format!("{SEED}[ENDPOINT]\ntls = maybe\n"), "tls"),
            (&format!("{SEED}[ENDPOINT]\ntls = off\nca = x.pem\n"), "CA"),
            (&SEED.replace("[OSS]", "signMethod = md4\n[OSS]"), "signMethod"),
        ] {
            let failure = combine(text, &DeviceArgs::default()).unwrap_err();
            assert!(
                failure.to_string().contains(word) && failure.todo.is_some(),
                "{text:?}: {failure}"
            );
            assert_eq!(failure.exit, exit::USAGE);
            assert!(!failure.to_string().contains("canary"));
        }
    }
}
