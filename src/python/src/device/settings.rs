//! Keyword arguments of `Device.aliyun` and `Device.huawei` as a configuration.

use std::path::PathBuf;
use std::time::Duration;

use faceiot::{Credentials, DeviceConfig, Endpoint, Qos};
use faceiot_core::ErrorKind;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::errors::{Failure, Result};
use crate::wait::seconds;

/// `tls=`: True, False, or the path of a PEM file.
pub(super) enum Tls {
    Off,
    System,
    CaFile(PathBuf),
}

impl<'py> FromPyObject<'_, 'py> for Tls {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(on) = object.cast::<PyBool>() {
            return Ok(if on.is_true() { Self::System } else { Self::Off });
        }
        object
            .extract()
            .map(Self::CaFile)
            .map_err(|_| PyTypeError::new_err("tls is True, False or the path of a PEM file"))
    }
}

/// What both clouds have in common.
pub(super) struct Link<'a> {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) connect: Option<String>,
    pub(super) tls: Tls,
    pub(super) format: Option<&'a str>,
    pub(super) qos: u8,
    pub(super) keep_alive: Option<u64>,
    pub(super) connect_timeout: f64,
}

impl Link<'_> {
    pub(super) fn config(self, credentials: Credentials) -> Result<DeviceConfig> {
        let mut config = DeviceConfig::new(credentials);
        config.endpoint = Endpoint {
            host: self.host,
            port: self.port,
            connect: self.connect,
            tls: match self.tls {
                Tls::Off => faceiot::Tls::Off,
                Tls::System => faceiot::Tls::System,
                Tls::CaFile(path) => faceiot::Tls::CaFile(path),
            },
        };
        config.format = self.format.map(str::parse).transpose()?;
        config.qos = qos(self.qos)?;
        if let Some(keep_alive) = self.keep_alive {
            config.keep_alive = Duration::from_secs(keep_alive);
        }
        if let Some(timeout) = seconds("connect_timeout", Some(self.connect_timeout))? {
            config.connect_timeout = timeout;
        }
        Ok(config)
    }
}

/// 0 or 1; both clouds refuse 2.
pub(super) fn qos(number: u8) -> Result<Qos> {
    match number {
        0 => Ok(Qos::AtMostOnce),
        1 => Ok(Qos::AtLeastOnce),
        other => Err(Failure::new(
            ErrorKind::InvalidArgument,
            format!("quality of service `{other}`: both clouds know 0 and 1"),
        )),
    }
}
