//! `Camera` and what comes from it: frames, controls, bursts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use faceiot_camera as camera;
use faceiot_core::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::errors::{Failure, Result};
use crate::frame::{Changes, Frame};

/// How long a signal may stay unnoticed.
const SIGNALS_EVERY: Duration = Duration::from_millis(100);

/// A camera: opened once, asked for photos. Any thread may use it.
///
/// A live camera is read all the time and only its newest frame is kept: `capture()` gives a frame that was taken after
/// the call, never an old one. When it fails it is opened again, a few times; then the error is raised, and the next
/// call tries anew. Iterating gives every new frame; those that came while the last one was looked at are passed over.
/// Used as a context manager it is closed at the end of the block.
///
/// Args:
///     source: `"auto"` (the first camera that works), `"v4l2:/dev/video0"`, `"rpicam:"`, `"http://..."`,
///         `"file:photo.jpg"`, `"dir:photos"`, `"mjpeg:film.mjpeg"`, `"testcard:640x480"`; a path of a photo or folder; or
///         any object with `capture_file` or `capture_array`, such as a started `Picamera2`.
///     size: Width and height of the frames. The camera is set to its nearest mode that is at least as large; what does
///         not fit is cut and scaled. Without it frames are as the camera gives them.
///     fps: Frames in a second, as near as the camera can.
///     rotate: 0, 90, 180 or 270 degrees clockwise.
///     hflip: Left becomes right, after turning.
///     vflip: Up becomes down, after turning.
///     annotate: Text for the upper edge, printable ASCII.
///     quality: JPEG quality of what has to be encoded, 1 to 100; JPEG that came from the camera is not encoded again
///         without a reason.
///     strip_location: Takes the place where a photo was taken out of its EXIF.
///     timeout: Seconds that one frame may take.
///     retries: How often a live camera that failed is opened again before the error is raised.
///
/// Raises:
///     CameraError: There is no camera, or it cannot be used; the message says why.
///     ArgumentError: An argument that is none.
///
/// Example:
///     >>> with faceiot.Camera("testcard:640x480", size=(720, 480)) as camera:
///     ...     camera.capture().width
///     720
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Camera {
    inner: camera::Camera,
    source: String,
}

impl Camera {
    /// The next frame after a position, looking at signals meanwhile.
    fn next_after(&self, py: Python<'_>, position: &mut camera::Position) -> Result<Frame> {
        let began = Instant::now();
        let limit = self.inner.longest_wait();
        loop {
            let frame = py.detach(|| self.inner.wait(position, SIGNALS_EVERY))?;
            py.check_signals()?;
            if let Some(frame) = frame {
                return Ok(frame.into());
            }
            if began.elapsed() > limit {
                let message = format!("no frame from {} in {limit:.0?}", self.inner.describe());
                return Err(Failure::new(ErrorKind::Timeout, message));
            }
        }
    }
}

#[pymethods]
impl Camera {
    #[new]
    #[pyo3(signature = (source=None, *, size=None, fps=None, rotate=0, hflip=false, vflip=false, annotate=None,
                        quality=None, strip_location=false, timeout=5.0, retries=3))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one constructor")]
    fn new(
        py: Python<'_>,
        source: Option<&Bound<'_, PyAny>>,
        size: Option<(u32, u32)>,
        fps: Option<f64>,
        rotate: i64,
        hflip: bool,
        vflip: bool,
        annotate: Option<String>,
        quality: Option<u8>,
        strip_location: bool,
        timeout: f64,
        retries: u32,
    ) -> Result<Self> {
        let wrong = |message: String| Err(Failure::new(ErrorKind::InvalidArgument, message));
        let Ok(timeout) = Duration::try_from_secs_f64(timeout) else {
            return wrong(format!("timeout is `{timeout}`: no number of seconds"));
        };
        if let Some(fps) = fps
            && !(fps.is_finite() && fps > 0.0)
        {
            return wrong(format!("fps is `{fps}`: no number of frames in a second"));
        }
        let changes = Changes {
            crop: None,
            size,
            rotate,
            hflip,
            vflip,
            annotate,
            quality,
        };
        let mut options = camera::Options {
            wish: camera::Wish {
                size: None,
                fps,
                timeout,
            },
            transform: changes.into_transform()?,
            strip_location,
            retries,
            ..camera::Options::default()
        };
        let inner = match given(source)? {
            Given::Spec(spec) => {
                options.source = spec;
                py.detach(|| camera::Camera::open(options))?
            }
            Given::Foreign(object) => camera::Camera::of(Box::new(object), options)?,
        };
        let source = inner.describe().to_owned();
        Ok(Self { inner, source })
    }

    /// What the camera is, in words.
    #[getter]
    fn source(&self) -> &str {
        &self.source
    }

    /// What the camera really gives, such as `"1280x720 MJPG at 30 frames/s"`; None when it does not say.
    ///
    /// Frames are cut and scaled after that.
    #[getter]
    fn mode(&self) -> Option<String> {
        self.inner.mode().map(|mode| mode.to_string())
    }

    /// What can be set at the camera: name and `Control`.
    ///
    /// Raises:
    ///     CameraError: The camera does not tell.
    #[getter]
    fn controls<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let controls = PyDict::new(py);
        for control in py.detach(|| self.inner.controls())? {
            controls.set_item(control.name.clone(), Control::from(control))?;
        }
        Ok(controls)
    }

    /// Sets a control; it is set again when the camera has to be opened again.
    ///
    /// Args:
    ///     name: Its name, as in `controls`.
    ///     value: Its new value.
    ///
    /// Raises:
    ///     ArgumentError: There is no such control, or the value is outside its limits.
    ///     CameraError: The camera refuses.
    fn set_control(&self, py: Python<'_>, name: &str, value: i64) -> Result<()> {
        Ok(py.detach(|| self.inner.set_control(name, value))?)
    }

    /// What went through the camera since it was opened.
    ///
    /// `frames`, `dropped` (taken, never delivered), `damaged` (thrown away) and `restarts` (opened again).
    #[getter]
    fn statistics<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let statistics = self.inner.statistics();
        let counts = PyDict::new(py);
        counts.set_item("frames", statistics.frames)?;
        counts.set_item("dropped", statistics.dropped)?;
        counts.set_item("damaged", statistics.damaged)?;
        counts.set_item("restarts", statistics.restarts)?;
        Ok(counts)
    }

    /// Takes a photo: the first frame that is taken after the call.
    ///
    /// Returns:
    ///     The frame.
    ///
    /// Raises:
    ///     CameraError: The camera failed and did not come back.
    ///     TimedOutError: It gave nothing in time.
    ///     JpegError: What it gives is not a picture.
    fn capture(&self, py: Python<'_>) -> Result<Frame> {
        let mut position = self.inner.position()?;
        self.next_after(py, &mut position)
    }

    /// The newest frame that is there, without waiting; None before the first one and while the camera fails.
    ///
    /// Returns:
    ///     The frame or None.
    fn latest(&self, py: Python<'_>) -> Result<Option<Frame>> {
        Ok(py.detach(|| self.inner.latest())?.map(Frame::from))
    }

    /// Takes several photos, one after the other, as fast as the camera gives them.
    ///
    /// Args:
    ///     count: How many.
    ///
    /// Returns:
    ///     The frames, which show themselves as a contact sheet in a notebook.
    ///
    /// Raises:
    ///     CameraError: As `capture`.
    fn burst(&self, py: Python<'_>, count: usize) -> Result<Burst> {
        let mut position = self.inner.position()?;
        let frames = (0..count)
            .map(|_| Ok(Py::new(py, self.next_after(py, &mut position)?)?))
            .collect::<Result<Vec<_>>>()?;
        Ok(Burst { frames })
    }

    /// Lets the camera go, so that another program can have it. Closing twice is fine.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.inner.close());
    }

    fn __iter__(this: Py<Self>, py: Python<'_>) -> Result<Frames> {
        let position = this.get().inner.position()?;
        Ok(Frames {
            camera: this.clone_ref(py),
            position: Mutex::new(position),
        })
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        match self.mode() {
            Some(mode) => format!("<faceiot.Camera {}, {mode}>", self.source),
            None => format!("<faceiot.Camera {}>", self.source),
        }
    }
}

/// The iterator over a camera's new frames.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Frames {
    camera: Py<Camera>,
    position: Mutex<camera::Position>,
}

#[pymethods]
impl Frames {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Frame> {
        // Copied out and back: the lock is not held while another thread may want the interpreter.
        let mut position = *self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = self.camera.get().next_after(py, &mut position);
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
        frame
    }
}

/// Something that can be set at a camera.
#[pyclass(frozen, module = "faceiot", get_all)]
pub(crate) struct Control {
    /// Its name, as `v4l2-ctl` writes it.
    name: String,
    /// What it is set to.
    value: i64,
    /// The smallest value.
    minimum: i64,
    /// The largest value.
    maximum: i64,
    /// The distance from one value to the next.
    step: i64,
    /// What it is without anybody setting it.
    default: i64,
    /// The values of a menu with their names; empty when it is not a menu.
    choices: Vec<(i64, String)>,
    /// Whether it can be set now; some cannot be while an automatic mode has the say.
    writable: bool,
}

impl From<camera::Control> for Control {
    fn from(control: camera::Control) -> Self {
        Self {
            name: control.name,
            value: control.value,
            minimum: control.minimum,
            maximum: control.maximum,
            step: control.step,
            default: control.default,
            choices: control.choices,
            writable: control.writable,
        }
    }
}

#[pymethods]
impl Control {
    fn __repr__(&self) -> String {
        let Self {
            name,
            value,
            minimum,
            maximum,
            default,
            ..
        } = self;
        format!("Control({name} = {value}, {minimum} to {maximum}, {default} unless set)")
    }
}

/// Photos taken one after the other: a sequence of frames that shows itself as a contact sheet in a notebook.
#[pyclass(frozen, sequence, module = "faceiot")]
pub(crate) struct Burst {
    frames: Vec<Py<Frame>>,
}

#[pymethods]
impl Burst {
    /// All frames on one picture.
    ///
    /// Args:
    ///     columns: How many beside each other.
    ///     width: Pixels of each across; the height follows the first frame.
    ///
    /// Returns:
    ///     The sheet.
    ///
    /// Raises:
    ///     ArgumentError: There are no frames or columns.
    ///     JpegError: A frame is damaged.
    #[pyo3(signature = (*, columns=4, width=240))]
    fn sheet(&self, py: Python<'_>, columns: u32, width: u32) -> Result<Frame> {
        let frames: Vec<camera::Frame> = self
            .frames
            .iter()
            .map(|frame| frame.get().inner().clone())
            .collect();
        let height = frames.first().map_or(0, |first| {
            let high = u64::from(width) * u64::from(first.height()) / u64::from(first.width().max(1));
            u32::try_from(high).unwrap_or(u32::MAX).max(1)
        });
        Ok(py
            .detach(|| camera::contact_sheet(&frames, columns, (width, height)))?
            .into())
    }

    fn __len__(&self) -> usize {
        self.frames.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        // A list's own rules: negative numbers, slices, IndexError.
        Ok(PyList::new(py, &self.frames)?.as_any().get_item(index)?)
    }

    fn _repr_jpeg_<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyBytes>>> {
        if self.frames.is_empty() {
            return Ok(None);
        }
        self.sheet(py, 4, 240)?.jpeg(py).map(Some)
    }

    fn __repr__(&self) -> String {
        format!("<faceiot.Burst of {} frames>", self.frames.len())
    }
}

/// What `Camera(source)` was given.
enum Given {
    Spec(String),
    Foreign(Foreign),
}

fn given(source: Option<&Bound<'_, PyAny>>) -> Result<Given> {
    let Some(source) = source else {
        return Ok(Given::Spec("auto".into()));
    };
    if let Ok(text) = source.cast::<PyString>() {
        return Ok(Given::Spec(text.to_cow()?.into_owned()));
    }
    if source.hasattr("__fspath__")? {
        let path: std::path::PathBuf = source.extract()?;
        let kind = if path.is_dir() { "dir" } else { "file" };
        return Ok(Given::Spec(format!("{kind}:{}", path.display())));
    }
    for method in ["capture_file", "capture_array"] {
        if source.hasattr(method)? {
            return Ok(Given::Foreign(Foreign {
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

/// A camera of somebody else's, in Python: `Picamera2` has both methods.
struct Foreign {
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
            return Ok(camera::Frame::from_jpeg(
                octets.extract::<&[u8]>().map_err(PyErr::from)?,
            )?);
        }
        let mut array = object.call_method0("capture_array")?;
        let numpy = py.import("numpy")?;
        if array.getattr("ndim")?.extract::<usize>()? == 2 {
            array = numpy.call_method1("stack", (PyTuple::new(py, [&array, &array, &array])?, -1))?;
        } else {
            let all = py.import("builtins")?.getattr("Ellipsis")?;
            let three = py.import("builtins")?.call_method1("slice", (3,))?;
            array = array.get_item((all, three))?;
        }
        let frame = Frame::of_array(py, &array, camera::DEFAULT_QUALITY)?;
        Ok(frame.inner().clone())
    }
}

impl camera::FrameSource for Foreign {
    fn next(&mut self) -> camera::Result<camera::Frame> {
        Python::attach(|py| {
            self.take(py).map_err(|failure| {
                let (kind, message) = match failure {
                    Failure::Ours { kind, message } => (kind, message),
                    Failure::Python(error) => (ErrorKind::Camera, format!("{}: {error}", self.name)),
                };
                camera::Error::new(kind, message)
            })
        })
    }

    fn describe(&self) -> String {
        format!("Python's {}", self.name)
    }
}
