//! `Frame`, what a camera gives, and `FrameSource`, what gives frames.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use faceiot_camera as camera;
use faceiot_core::ErrorKind;
use numpy::{PyArray1, PyArray3, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::bytes::Octets;
use crate::errors::{Failure, Result};
use crate::wait::aside;

/// One picture: the JPEG bytes as the camera gave them, with its size and the time it was taken.
///
/// A frame shows itself in a notebook, is a numpy array when numpy asks (`numpy.asarray(frame)`: height, width, 3
/// channels RGB, `uint8`) and can be sent by `Device.send`. It never changes; two frames are equal when their bytes are.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Frame {
    inner: camera::Frame,
}

impl Frame {
    pub(crate) fn inner(&self) -> &camera::Frame {
        &self.inner
    }

    /// The JPEG bytes; raw pixels are encoded by the first call, which lets other threads run.
    fn octets(&self, py: Python<'_>) -> Result<&[u8]> {
        Ok(py.detach(|| self.inner.jpeg())?)
    }

    /// A frame of an array of shape (height, width, 3), `uint8`.
    pub(crate) fn of_array(py: Python<'_>, pixels: &Bound<'_, PyAny>, quality: u8) -> Result<Self> {
        py.import("numpy")?; // a clear ImportError instead of the panic of the binding
        let array = pixels.cast::<PyArray3<u8>>().map_err(|_| {
            Failure::new(
                ErrorKind::InvalidArgument,
                "pixels must be a numpy array of shape (height, width, 3), uint8",
            )
        })?;
        let (height, width) = match *array.shape() {
            [height, width, 3] => (height, width),
            ref other => {
                let message = format!("pixels have shape {other:?}, not (height, width, 3)");
                return Err(Failure::new(ErrorKind::InvalidArgument, message));
            }
        };
        let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(Failure::new(
                ErrorKind::InvalidArgument,
                "the array is larger than any JPEG",
            ));
        };
        if u64::from(width) * u64::from(height) > camera::jpeg::MAX_PIXELS {
            let message = format!(
                "{width}x{height} is too large: {} pixels at most",
                camera::jpeg::MAX_PIXELS
            );
            return Err(Failure::new(ErrorKind::Jpeg, message));
        }
        let contiguous = py.import("numpy")?.call_method1("ascontiguousarray", (array,))?;
        let rgb = contiguous
            .call_method0("tobytes")?
            .cast_into::<PyBytes>()
            .map_err(PyErr::from)?;
        let rgb = Octets::Borrowed(rgb.into());
        Ok(py
            .detach(|| camera::Frame::from_rgb(rgb.as_slice(), width, height, quality))?
            .into())
    }
}

impl From<camera::Frame> for Frame {
    fn from(inner: camera::Frame) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl Frame {
    /// Makes a frame of JPEG bytes, which are kept as they are.
    ///
    /// Only the header is read; `check` reads the picture.
    ///
    /// Args:
    ///     data: The bytes of a JPEG file.
    ///
    /// Returns:
    ///     The frame.
    ///
    /// Raises:
    ///     JpegError: There is no JPEG header, or the picture has too many pixels.
    #[staticmethod]
    fn from_jpeg(py: Python<'_>, data: Octets) -> Result<Self> {
        Ok(py.detach(|| camera::Frame::from_jpeg(data.as_slice()))?.into())
    }

    /// Makes a frame of pixels by compressing them.
    ///
    /// Args:
    ///     pixels: An array of shape (height, width, 3), RGB, `uint8`.
    ///     quality: JPEG quality, 1 to 100.
    ///
    /// Returns:
    ///     The frame.
    ///
    /// Raises:
    ///     ArgumentError: The array has another shape or type, or the quality is outside 1 to 100.
    ///     JpegError: The array has too many pixels.
    ///     ImportError: numpy is not installed.
    #[staticmethod]
    #[pyo3(signature = (pixels, *, quality=85))]
    fn from_numpy(
        py: Python<'_>,
        pixels: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = quality)] quality: u8,
    ) -> Result<Self> {
        Self::of_array(py, pixels, quality)
    }

    /// Takes one frame from a source.
    ///
    /// Args:
    ///     source: What to open, such as `"file:photo.jpg"`, `"dir:photos"` or `"testcard:640x480"`; see `FrameSource`.
    ///
    /// Returns:
    ///     The first frame of the source.
    ///
    /// Raises:
    ///     ArgumentError: The text is not a source.
    ///     CameraError: The source gives nothing.
    ///     NotFoundError: The photo or folder is not there.
    ///     JpegError: What it gives is not a picture.
    ///
    /// Example:
    ///     >>> faceiot.Frame.open("testcard:320x240").width
    ///     320
    #[staticmethod]
    fn open(py: Python<'_>, source: String) -> Result<Self> {
        Ok(aside(py, move || camera::open(&source)?.next())??.into())
    }

    /// The JPEG bytes, as they came.
    #[getter]
    pub(crate) fn jpeg<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.octets(py)?))
    }

    /// Width in pixels.
    #[getter]
    fn width(&self) -> u32 {
        self.inner.width()
    }

    /// Height in pixels.
    #[getter]
    fn height(&self) -> u32 {
        self.inner.height()
    }

    /// When it was taken, in milliseconds since 1970; 0 if that is not known.
    #[getter]
    fn time_ms(&self) -> u64 {
        self.inner.time_ms()
    }

    /// Number of the frame in its camera's stream; 0 for the first, and for frames of no camera.
    ///
    /// What is missing between two was dropped.
    #[getter]
    fn sequence(&self) -> u64 {
        self.inner.sequence()
    }

    /// Where it came from, in words; empty if nobody said.
    #[getter]
    fn source(&self) -> &str {
        self.inner.source()
    }

    /// Makes a frame that is cut, turned, scaled and written on, in this order.
    ///
    /// What needs no change stays: JPEG is encoded again only when its pixels change (a quarter turn of whole blocks
    /// does not change them).
    ///
    /// Args:
    ///     crop: Left, top, width and height of the part to keep, in pixels.
    ///     size: Width and height of the result. The picture fills it: what does not fit the shape is cut off on both
    ///         sides, the rest is scaled.
    ///     rotate: 0, 90, 180 or 270 degrees clockwise.
    ///     hflip: Left becomes right, after turning.
    ///     vflip: Up becomes down, after turning.
    ///     annotate: Text for the upper edge, printable ASCII.
    ///     quality: JPEG quality, 1 to 100; encodes anew what could have stayed.
    ///
    /// Returns:
    ///     The new frame.
    ///
    /// Raises:
    ///     ArgumentError: A part outside the picture, no such angle, a quality outside 1 to 100.
    ///     JpegError: The picture cannot be decoded.
    ///
    /// Example:
    ///     >>> frame = faceiot.Frame.open("testcard:640x480")
    ///     >>> frame.transform(size=(320, 240), rotate=180).width
    ///     320
    #[pyo3(signature = (*, crop=None, size=None, rotate=0, hflip=false, vflip=false, annotate=None, quality=None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of one function")]
    fn transform(
        &self,
        py: Python<'_>,
        crop: Option<Area>,
        size: Option<Size>,
        #[pyo3(from_py_with = whole)] rotate: i64,
        hflip: bool,
        vflip: bool,
        annotate: Option<String>,
        quality: Option<Quality>,
    ) -> Result<Self> {
        let changes = Changes {
            crop,
            size,
            rotate,
            hflip,
            vflip,
            annotate,
            quality,
        };
        let transform = changes.into_transform()?;
        Ok(py.detach(|| self.inner.transform(&transform))?.into())
    }

    /// Makes a frame without the place where it was taken: GPS is taken out of the EXIF, everything else stays.
    ///
    /// Returns:
    ///     The new frame; the same bytes when there was no place.
    fn without_location(&self, py: Python<'_>) -> Result<Self> {
        Ok(py.detach(|| self.inner.without_location())?.into())
    }

    /// Reads the whole picture and says how much of it can be trusted.
    ///
    /// Returns:
    ///     The report. `report.ok` is true when the pixels decode without a single warning.
    fn check(&self, py: Python<'_>) -> Result<JpegReport> {
        let octets = self.octets(py)?;
        Ok(py.detach(|| camera::jpeg::check(octets)).into())
    }

    /// Decodes the picture.
    ///
    /// Returns:
    ///     A new array of shape (height, width, 3), RGB, `uint8`.
    ///
    /// Raises:
    ///     JpegError: The picture cannot be decoded.
    ///     ImportError: numpy is not installed.
    fn to_numpy<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyArray3<u8>>> {
        py.import("numpy")?; // a clear ImportError instead of the panic of the binding
        let pixels = py.detach(|| self.inner.decode_rgb())?;
        let shape = [self.inner.height() as usize, self.inner.width() as usize, 3];
        Ok(PyArray1::from_vec(py, pixels).reshape(shape)?)
    }

    /// What `numpy.asarray(frame)` calls.
    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> Result<Bound<'py, PyAny>> {
        if copy == Some(false) {
            let message =
                "a frame holds JPEG bytes: its pixels are always a new array (copy=False is impossible)";
            return Err(PyValueError::new_err(message).into());
        }
        let array = self.to_numpy(py)?.into_any();
        match dtype {
            None => Ok(array),
            Some(dtype) => Ok(array.call_method1("astype", (dtype,))?),
        }
    }

    /// Writes the JPEG bytes to a file, replacing it.
    ///
    /// Args:
    ///     path: Where to write.
    ///
    /// Raises:
    ///     IoError: The file cannot be written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        let octets = self.octets(py)?;
        py.detach(|| std::fs::write(&path, octets)).map_err(|error| {
            let error = faceiot::Error::from(error);
            Failure::new(error.kind(), format!("{}: {error}", path.display()))
        })
    }

    fn _repr_jpeg_<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        self.jpeg(py)
    }

    #[pyo3(signature = (include=None, exclude=None))]
    fn _repr_mimebundle_<'py>(
        &self,
        py: Python<'py>,
        include: Option<&Bound<'py, PyAny>>,
        exclude: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyDict>> {
        let bundle = PyDict::new(py);
        bundle.set_item("text/plain", self.__repr__(py)?)?;
        bundle.set_item("image/jpeg", self.jpeg(py)?)?;
        for name in ["text/plain", "image/jpeg"] {
            let wanted = include.map_or(Ok(true), |set| set.contains(name))?;
            let unwanted = exclude.map_or(Ok(false), |set| set.contains(name))?;
            if unwanted || !wanted {
                bundle.del_item(name)?;
            }
        }
        Ok(bundle)
    }

    fn __repr__(&self, py: Python<'_>) -> Result<String> {
        let (width, height) = (self.inner.width(), self.inner.height());
        let bytes = self.octets(py)?.len();
        Ok(format!("<faceiot.Frame {width}x{height}, {bytes} bytes>"))
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        self.jpeg(py)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>, py: Python<'_>) -> Result<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(other.get().octets(py)? == self.octets(py)?),
            Err(_) => Ok(false),
        }
    }

    fn __hash__(&self, py: Python<'_>) -> Result<u64> {
        let mut hasher = DefaultHasher::new();
        self.octets(py)?.hash(&mut hasher);
        Ok(hasher.finish())
    }
}

/// The keyword arguments that `Camera` and `Frame.transform` share.
pub(crate) struct Changes {
    pub(crate) crop: Option<Area>,
    pub(crate) size: Option<Size>,
    pub(crate) rotate: i64,
    pub(crate) hflip: bool,
    pub(crate) vflip: bool,
    pub(crate) annotate: Option<String>,
    pub(crate) quality: Option<Quality>,
}

impl Changes {
    pub(crate) fn into_transform(self) -> Result<camera::Transform> {
        Ok(camera::Transform {
            crop: self.crop.map(|Wholes([left, top, width, height])| camera::Rect {
                left,
                top,
                width,
                height,
            }),
            size: self.size.map(|Wholes(size)| size.into()),
            rotate: camera::Rotate::from_degrees(self.rotate)?,
            flip_horizontal: self.hflip,
            flip_vertical: self.vflip,
            annotate: self.annotate,
            quality: self.quality.map(|quality| quality.0),
        })
    }
}

/// A whole number of an argument: one that does not fit is an `ArgumentError`, not Python's `OverflowError`.
pub(crate) fn whole<T: TryFrom<i64>>(object: &Bound<'_, PyAny>) -> PyResult<T> {
    let number = match object.extract::<i64>() {
        Err(error) if !error.is_instance_of::<PyOverflowError>(object.py()) => return Err(error),
        number => number.ok().and_then(|number| T::try_from(number).ok()),
    };
    number.ok_or_else(|| {
        let message = format!("`{object}` is negative or too large");
        Failure::new(ErrorKind::InvalidArgument, message).into()
    })
}

/// A JPEG quality, 1 to 100.
fn quality(object: &Bound<'_, PyAny>) -> PyResult<u8> {
    match whole(object) {
        Ok(quality @ 1..=100) => Ok(quality),
        Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => Err(error),
        _ => {
            let message = format!("quality is `{object}`, not 1 to 100");
            Err(Failure::new(ErrorKind::InvalidArgument, message).into())
        }
    }
}

/// So many whole numbers: a list, a tuple, any sequence.
pub(crate) struct Wholes<const N: usize>(pub(crate) [u32; N]);

/// Width and height.
pub(crate) type Size = Wholes<2>;

/// Left, top, width and height.
pub(crate) type Area = Wholes<4>;

impl<'py, const N: usize> FromPyObject<'_, 'py> for Wholes<N> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let wrong = || -> PyErr {
            let message = format!("`{}` is not {N} whole numbers in pixels", object.to_owned());
            Failure::new(ErrorKind::InvalidArgument, message).into()
        };
        // What is longer is not walked through: one more than wanted tells.
        let numbers: Vec<u32> = object
            .try_iter()
            .map_err(|_| wrong())?
            .take(N + 1)
            .map(|number| number?.extract::<u32>().map_err(|_| wrong()))
            .collect::<PyResult<_>>()?;
        numbers.try_into().map(Self).map_err(|_| wrong())
    }
}

/// A JPEG quality that may be left out.
pub(crate) struct Quality(u8);

impl<'py> FromPyObject<'_, 'py> for Quality {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        quality(&object).map(Self)
    }
}

/// What reading a whole JPEG found.
#[pyclass(frozen, module = "faceiot", get_all)]
pub(crate) struct JpegReport {
    /// `"entropy"`: every pixel decodes without a warning; `"structure"`: only the segments are in order; `"none"`.
    verified: String,
    /// Width in pixels, 0 if there is no header.
    width: u32,
    /// Height in pixels, 0 if there is no header.
    height: u32,
    /// What is wrong, in words; `None` when nothing is.
    problem: Option<String>,
    /// Bytes after the end of the picture.
    trailing: usize,
}

#[pymethods]
impl JpegReport {
    /// Whether the picture decodes without a single warning.
    #[getter]
    fn ok(&self) -> bool {
        self.problem.is_none()
    }

    fn __repr__(&self) -> String {
        let Self {
            verified,
            width,
            height,
            problem,
            trailing,
        } = self;
        let problem = problem
            .as_ref()
            .map_or_else(|| "None".to_owned(), |text| format!("{text:?}"));
        format!(
            "JpegReport(verified={verified:?}, width={width}, height={height}, problem={problem}, trailing={trailing})"
        )
    }
}

impl From<camera::jpeg::Report> for JpegReport {
    fn from(report: camera::jpeg::Report) -> Self {
        Self {
            verified: report.verified.to_string(),
            width: report.width,
            height: report.height,
            problem: report.problem,
            trailing: report.trailing,
        }
    }
}

/// Where frames come from: `"file:photo.jpg"`, `"dir:photos"` (sorted, again and again) or `"testcard:640x480"`.
///
/// Iterating takes frames without end; `next(source)` takes one. The source is opened once.
///
/// Args:
///     spec: What to open.
///
/// Raises:
///     CameraError: There is no such source.
///     ArgumentError: The text is not a source.
///
/// Example:
///     >>> camera = faceiot.FrameSource("testcard:320x240")
///     >>> next(camera)
///     <faceiot.Frame 320x240, ...>
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct FrameSource {
    inner: Arc<Mutex<Box<dyn camera::FrameSource>>>,
    spec: String,
}

#[pymethods]
impl FrameSource {
    #[new]
    fn new(py: Python<'_>, spec: String) -> Result<Self> {
        let text = spec.clone();
        let inner = aside(py, move || camera::open(&text))??;
        Ok(Self {
            inner: Arc::new(Mutex::new(inner)),
            spec,
        })
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> Result<Frame> {
        let inner = Arc::clone(&self.inner);
        // A source that panicked in one thread is still the same source for the next.
        let next = move || inner.lock().unwrap_or_else(PoisonError::into_inner).next();
        Ok(aside(py, next)??.into())
    }

    fn __repr__(&self) -> String {
        format!("<faceiot.FrameSource {:?}>", self.spec)
    }
}
