//! What `Camera(source)` takes: a text, a path, or somebody else's camera, a Python object.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

use faceiot_camera as camera;
use faceiot_core::ErrorKind;
use numpy::{PyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::errors::{Failure, Result};
use crate::frame::Frame;

/// What `Camera(source)` was given.
pub(super) enum Given {
    Spec(String),
    Foreign(Foreign),
}

impl Given {
    pub(super) fn new(source: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let Some(source) = source else {
            return Ok(Self::Spec("auto".into()));
        };
        if let Ok(text) = source.cast::<PyString>() {
            let text = text.to_cow().map_err(|_| not_utf8(text.as_any()))?;
            return of_text(text).map(Self::Spec);
        }
        if source.hasattr("__fspath__")? {
            let path: PathBuf = source.extract()?;
            let text = path.to_str().ok_or_else(|| not_utf8(source))?;
            return Ok(Self::Spec(format!("{}:{text}", kind(&path))));
        }
        for method in ["capture_file", "capture_array"] {
            if source.hasattr(method)? {
                return Ok(Self::Foreign(Foreign {
                    object: source.clone().unbind(),
                    name: source.get_type().name()?.to_string(),
                    files: method == "capture_file",
                }));
            }
        }
        let message = format!(
            "`{}` is no source: give a text such as \"auto\", a path, or an object with capture_file or capture_array",
            source.get_type().name()?
        );
        Err(Failure::new(ErrorKind::InvalidArgument, message))
    }
}

fn of_text(text: Cow<'_, str>) -> Result<String> {
    let path = Path::new(&*text);
    if text.is_empty() {
        Ok("auto".into())
    } else if !text.contains(':') && text != "auto" && path.exists() {
        let message = format!(
            "`{text}` is a path: say `{}:{text}`, or give a pathlib.Path",
            kind(path)
        );
        Err(Failure::new(ErrorKind::InvalidArgument, message))
    } else {
        Ok(text.into_owned())
    }
}

/// The source that reads what is there.
fn kind(path: &Path) -> &'static str {
    let is = |suffix: &str| {
        path.extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(suffix))
    };
    if path.is_dir() {
        "dir"
    } else if is("mjpeg") || is("mjpg") {
        "mjpeg"
    } else {
        "file"
    }
}

fn not_utf8(source: &Bound<'_, PyAny>) -> Failure {
    let shown = source.repr().map(|text| text.to_string_lossy().into_owned());
    let message = format!(
        "{} is not UTF-8: give the photo or folder another name",
        shown.unwrap_or_default()
    );
    Failure::new(ErrorKind::InvalidArgument, message)
}

thread_local! {
    /// What the Python object raised in this thread, until [`told`] takes it: it runs in the thread that asks.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// An error that came through a camera, with what its Python object raised: that is the cause of a `CameraError`, unless
/// it is no `Exception` (`KeyboardInterrupt`, `SystemExit`), which comes out as it is.
pub(super) fn told(py: Python<'_>, error: camera::Error) -> Failure {
    match RAISED.take() {
        None => error.into(),
        Some(raised) if !raised.is_instance_of::<PyException>(py) => raised.into(),
        Some(raised) => {
            let told = PyErr::from(Failure::from(error));
            told.set_cause(py, Some(raised));
            told.into()
        }
    }
}

/// A camera of somebody else's, in Python: `Picamera2` has both methods.
pub(super) struct Foreign {
    object: Py<PyAny>,
    name: String,
    /// It writes JPEG to a file-like object; otherwise it gives arrays: RGB, RGBX or grey.
    files: bool,
}

impl Foreign {
    fn take(&self, py: Python<'_>) -> Result<camera::Frame> {
        let object = self.object.bind(py);
        if self.files {
            let file = py.import("io")?.call_method0("BytesIO")?;
            let options = PyDict::new(py);
            options.set_item("format", "jpeg")?;
            object.call_method("capture_file", (&file,), Some(&options))?;
            let octets = file.call_method0("getvalue")?;
            let octets = octets.extract::<&[u8]>().map_err(PyErr::from)?;
            return Ok(camera::Frame::from_jpeg(camera::jpeg::repair(octets)?)?);
        }
        let numpy = py.import("numpy")?;
        let array = object.call_method0("capture_array")?;
        let pixels = match self.shape(&array)? {
            Shape::Rgb => array,
            Shape::Rgbx => {
                let builtins = py.import("builtins")?;
                let three = builtins.getattr("slice")?.call1((3,))?;
                array.get_item((builtins.getattr("Ellipsis")?, three))?
            }
            Shape::Grey => numpy.call_method1("stack", (PyTuple::new(py, [&array, &array, &array])?, -1))?,
        };
        let frame = Frame::of_array(py, &pixels, camera::DEFAULT_QUALITY)?;
        Ok(frame.inner().clone())
    }

    /// What an array holds, as numpy itself knows it; looked at before anything is copied.
    fn shape(&self, array: &Bound<'_, PyAny>) -> Result<Shape> {
        let wrong = |found: String| {
            let message = format!(
                "capture_array of Python's {} gave {found}, not a numpy array of uint8 and of shape (height, width, 3), \
                 (height, width, 4) or (height, width)",
                self.name
            );
            Failure::new(ErrorKind::Camera, message)
        };
        let Ok(array) = array.cast::<PyArrayDyn<u8>>() else {
            let found = array.get_type().name()?;
            return Err(match array.getattr("dtype") {
                Ok(kind) => wrong(format!("a {found} of {kind}")),
                Err(_) => wrong(format!("a {found}")),
            });
        };
        let (height, width, shape) = match *array.shape() {
            [height, width, 3] => (height, width, Shape::Rgb),
            [height, width, 4] => (height, width, Shape::Rgbx),
            [height, width] => (height, width, Shape::Grey),
            ref other => return Err(wrong(format!("shape {other:?}"))),
        };
        if height == 0 || width == 0 || height as u128 * width as u128 > camera::jpeg::MAX_PIXELS.into() {
            let most = camera::jpeg::MAX_PIXELS;
            let message = format!(
                "capture_array of Python's {} gave {width}x{height}: pictures have 1 to {most} pixels",
                self.name
            );
            return Err(Failure::new(ErrorKind::Camera, message));
        }
        Ok(shape)
    }
}

enum Shape {
    Rgb,
    Rgbx,
    Grey,
}

impl camera::FrameSource for Foreign {
    fn next(&mut self) -> camera::Result<camera::Frame> {
        Python::attach(|py| {
            self.take(py).map_err(|failure| {
                let (kind, message) = match failure {
                    Failure::Ours { kind, message } => (kind, message),
                    Failure::Python(error) => {
                        let message = format!("Python's {}: {error}", self.name);
                        RAISED.set(Some(error));
                        (ErrorKind::Camera, message)
                    }
                };
                camera::Error::new(kind, message)
            })
        })
    }

    fn describe(&self) -> String {
        format!("Python's {}", self.name)
    }
}
