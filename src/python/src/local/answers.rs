//! What the local cloud answers with: devices, photos, replies.

use std::path::PathBuf;

use faceiot_core::ErrorKind;
use faceiot_local as local;
use faceiot_local::CommandForm;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::Value;

use crate::errors::{Failure, Result};
use crate::frame::Frame;
use crate::json;

/// A device in the registry of the local cloud.
#[pyclass(frozen, module = "faceiot.local", get_all)]
pub(crate) struct RegisteredDevice {
    /// `aliyun:{product_key}:{device_name}` or `huawei:{device_id}`.
    id: String,
    /// The device secret; not in `repr()`.
    secret: String,
}

#[pymethods]
impl RegisteredDevice {
    fn __repr__(&self) -> String {
        format!("RegisteredDevice(id={:?}, secret='***')", self.id)
    }
}

impl From<local::Device> for RegisteredDevice {
    fn from(device: local::Device) -> Self {
        Self {
            id: device.id.to_string(),
            secret: device.secret.expose().to_owned(),
        }
    }
}

/// A photo that the local cloud has stored.
#[pyclass(frozen, module = "faceiot.local")]
pub(crate) struct Photo {
    row: local::photos::PhotoRow,
    path: PathBuf,
}

impl Photo {
    pub(super) fn new(store: &local::photos::PhotoStore, row: local::photos::PhotoRow) -> Self {
        Self {
            path: store.image_path(&row),
            row,
        }
    }
}

#[pymethods]
impl Photo {
    /// Number of the photo; later ones are larger.
    #[getter]
    pub(super) fn id(&self) -> i64 {
        self.row.id
    }

    /// The device that sent it.
    #[getter]
    fn device(&self) -> String {
        self.row.device.to_string()
    }

    /// When it was taken, in milliseconds since 1970, as the device says; 0 if it does not say.
    #[getter]
    fn time_ms(&self) -> u64 {
        self.row.time
    }

    /// When all of it was here, in milliseconds since 1970.
    #[getter]
    fn received_ms(&self) -> u64 {
        self.row.received
    }

    /// Bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.row.size
    }

    /// SHA-256 of the bytes, lower-case hex.
    #[getter]
    fn sha256(&self) -> &str {
        &self.row.sha256
    }

    /// How it travelled: `"hex"`, `"v2"` or `"v2-text"`.
    #[getter]
    fn format(&self) -> String {
        self.row.format.clone()
    }

    /// How much of it can be trusted: `"crc"`, `"entropy"`, `"structure"`, `"none"`.
    #[getter]
    fn verified(&self) -> String {
        self.row.verified.clone()
    }

    /// Width in pixels.
    #[getter]
    fn width(&self) -> u32 {
        self.row.width
    }

    /// Height in pixels.
    #[getter]
    fn height(&self) -> u32 {
        self.row.height
    }

    /// What never came, as (offset, length).
    #[getter]
    fn missing(&self) -> Vec<(u64, u64)> {
        self.row.missing.clone()
    }

    /// What is wrong with it, in words; None when nothing is.
    #[getter]
    fn problem(&self) -> Option<&str> {
        self.row.problem.as_deref()
    }

    /// How many chunks it came in.
    #[getter]
    fn chunks(&self) -> u32 {
        self.row.chunks
    }

    /// The file.
    #[getter]
    fn path(&self) -> &PathBuf {
        &self.path
    }

    /// The bytes, read from the file.
    #[getter]
    fn jpeg<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        let bytes = py
            .detach(|| std::fs::read(&self.path))
            .map_err(faceiot::Error::from)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The photo as a frame, for numpy, Pillow and notebooks.
    ///
    /// Returns:
    ///     The frame.
    ///
    /// Raises:
    ///     JpegError: It is not a picture.
    fn frame(&self, py: Python<'_>) -> Result<Frame> {
        let frame = py.detach(|| -> Result<_> {
            let bytes = std::fs::read(&self.path).map_err(faceiot::Error::from)?;
            Ok(faceiot_camera::Frame::from_jpeg(bytes)?)
        })?;
        Ok(frame.into())
    }

    fn _repr_jpeg_<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        self.jpeg(py)
    }

    fn __repr__(&self) -> String {
        let row = &self.row;
        format!(
            "<faceiot.local.Photo {} of {}, {}x{}, {} bytes, verified: {}>",
            row.id, row.device, row.width, row.height, row.size, row.verified
        )
    }
}

/// What a device answered to a command.
#[pyclass(frozen, module = "faceiot.local")]
pub(crate) struct CommandReply {
    code: i64,
    data: Value,
    seconds: f64,
}

#[pymethods]
impl CommandReply {
    /// 200 (Aliyun) or 0 (Huawei) when it went well, otherwise the device's own code.
    #[getter]
    fn code(&self) -> i64 {
        self.code
    }

    /// What came with it.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        json::to_python(py, &self.data)
    }

    /// Seconds from the command to the answer.
    #[getter]
    fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Whether it went well.
    #[getter]
    fn ok(&self) -> bool {
        matches!(self.code, 0 | 200)
    }

    fn __repr__(&self) -> String {
        format!(
            "CommandReply(code={}, data={}, seconds={:.3})",
            self.code, self.data, self.seconds
        )
    }
}

impl From<local::CommandReply> for CommandReply {
    fn from(reply: local::CommandReply) -> Self {
        Self {
            code: reply.code,
            data: reply.data,
            seconds: reply.elapsed.as_secs_f64(),
        }
    }
}

/// The form of this name.
pub(super) fn form_named(name: &str) -> Result<CommandForm> {
    Ok(match name {
        "custom" => CommandForm::Custom,
        "property_set" => CommandForm::PropertySet,
        "service" => CommandForm::Service,
        "rrpc" => CommandForm::Rrpc,
        "huawei" => CommandForm::Huawei,
        "huawei_property_set" => CommandForm::HuaweiPropertySet,
        other => {
            let message = format!(
                "form `{other}` is none of custom, property_set, service, rrpc, huawei, huawei_property_set"
            );
            return Err(Failure::new(ErrorKind::InvalidArgument, message));
        }
    })
}
