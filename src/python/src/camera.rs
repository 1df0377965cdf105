//! `Camera` and what comes from it: frames, controls, bursts.

mod given;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use faceiot_camera as camera;
use faceiot_core::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::errors::{Failure, Result};
use crate::frame::{Changes, Frame, Quality, Size, whole};
use crate::wait::aside;
use given::Given;

/// A camera: opened once, asked for photos. Any thread may use it.
///
/// A live camera is read all the time and only its newest frame is kept: `capture()` gives a frame that was taken after
/// the call, never an old one. When it fails it is opened again, a few times; then the error is raised, and the next
/// call tries anew. Iterating gives every new frame; those that came while the last one was looked at are passed over.
/// Used as a context manager it is closed at the end of the block.
///
/// Args:
///     source: `"auto"` (the first camera that works), `"v4l2:/dev/video0"`, `"rpicam:"`, `"http://..."`,
///         `"file:photo.jpg"`, `"dir:photos"`, `"mjpeg:film.mjpeg"`, `"testcard:640x480"`; a path of a photo, a
///         folder or a `.mjpeg` recording; or any object with `capture_file` (JPEG) or `capture_array` (`uint8`, of shape
///         (height, width, 3), (height, width, 4) or (height, width)), such as a started `Picamera2`. An empty text is
///         `"auto"`.
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
///     CameraError: There is no camera, or it cannot be used, its server is down or refuses; the message says why.
///     TimedOutError: It does not answer.
///     ArgumentError: An argument that is none.
///
/// Example:
///     >>> with faceiot.Camera("testcard:640x480", size=(720, 480)) as camera:
///     ...     camera.capture().width
///     720
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Camera {
    inner: Arc<camera::Camera>,
    source: String,
    /// Whether a Python object takes the photos: then in the thread that asks, where its `KeyboardInterrupt` is raised.
    python: bool,
    closed: AtomicBool,
}

impl Camera {
    /// Asks the camera something that it may take long to answer.
    fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&camera::Camera) -> T + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        aside(py, move || question(&inner))
    }

    /// The next frame after a position.
    fn next_after(&self, py: Python<'_>, position: &mut camera::Position) -> Result<Frame> {
        let limit = self.inner.longest_wait();
        let before = *position;
        let take = move |inner: &camera::Camera| {
            let mut place = before;
            (inner.wait(&mut place, limit), place)
        };
        let (frame, place) = if self.python {
            let (frame, place) = py.detach(|| take(&self.inner));
            (frame.map_err(|error| given::told(py, error)), place)
        } else {
            let (frame, place) = self.ask(py, take)?;
            (frame.map_err(Failure::from), place)
        };
        *position = place;
        frame?.map(Frame::from).ok_or_else(|| {
            let message = format!("no frame from {} in {limit:.0?}", self.inner.describe());
            Failure::new(ErrorKind::Timeout, message)
        })
    }
}

impl Drop for Camera {
    /// Closing may wait for a frame, and the frame for a thread that wants the interpreter.
    fn drop(&mut self) {
        Python::try_attach(|py| py.detach(|| self.inner.close()));
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
        size: Option<Size>,
        fps: Option<f64>,
        #[pyo3(from_py_with = whole)] rotate: i64,
        hflip: bool,
        vflip: bool,
        annotate: Option<String>,
        quality: Option<Quality>,
        strip_location: bool,
        timeout: f64,
        #[pyo3(from_py_with = whole)] retries: u32,
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
        let (inner, python) = match Given::new(source)? {
            Given::Spec(spec) => {
                options.source = spec;
                (aside(py, || camera::Camera::open(options))??, false)
            }
            Given::Foreign(object) => (camera::Camera::of(Box::new(object), options)?, true),
        };
        Ok(Self {
            source: inner.describe().to_owned(),
            inner: Arc::new(inner),
            python,
            closed: AtomicBool::new(false),
        })
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
    fn mode(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| self.inner.mode()).map(|mode| mode.to_string())
    }

    /// What can be set at the camera: name and `Control`.
    ///
    /// Raises:
    ///     CameraError: The camera does not tell, or was closed.
    ///     TimedOutError: It does not answer.
    #[getter]
    fn controls<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let controls = PyDict::new(py);
        for control in self.ask(py, camera::Camera::controls)?? {
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
    ///     CameraError: The camera refuses, or was closed.
    ///     TimedOutError: It does not answer.
    fn set_control(
        &self,
        py: Python<'_>,
        name: String,
        #[pyo3(from_py_with = whole)] value: i64,
    ) -> Result<()> {
        Ok(self.ask(py, move |inner| inner.set_control(&name, value))??)
    }

    /// What went through the camera since it was opened.
    ///
    /// `frames`, `dropped` (taken, never delivered), `damaged` (thrown away) and `restarts` (opened again).
    #[getter]
    fn statistics<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let statistics = py.detach(|| self.inner.statistics());
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
    ///     CameraError: The camera failed and did not come back, or was closed. When its source is a Python object, what
    ///         that raised is the `__cause__`; what is no `Exception`, such as `KeyboardInterrupt`, comes out unchanged.
    ///     NotFoundError: The photo or folder is not there.
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
    ///     ArgumentError: No such number.
    ///     CameraError: As `capture`.
    fn burst(&self, py: Python<'_>, #[pyo3(from_py_with = whole)] count: u32) -> Result<Burst> {
        let mut position = self.inner.position()?;
        let frames = (0..count)
            .map(|_| Ok(Py::new(py, self.next_after(py, &mut position)?)?))
            .collect::<Result<Vec<_>>>()?;
        Ok(Burst { frames })
    }

    /// Lets the camera go, so that another program can have it. Closing twice is fine.
    fn close(&self, py: Python<'_>) -> Result<()> {
        self.closed.store(true, Ordering::Relaxed);
        self.ask(py, camera::Camera::close)
    }

    fn __iter__(this: Py<Self>, py: Python<'_>) -> Result<Frames> {
        if this.get().closed.load(Ordering::Relaxed) {
            return Err(Failure::new(ErrorKind::Camera, "the camera was closed"));
        }
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
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> Result<()> {
        self.close(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match self.mode(py) {
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
    fn sheet(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = whole)] columns: u32,
        #[pyo3(from_py_with = whole)] width: u32,
    ) -> Result<Frame> {
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
