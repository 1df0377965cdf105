//! `faceiot.Device`: one connection to a cloud.

mod commands;
mod receipt;
mod settings;
mod streams;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faceiot_core::ErrorKind;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

pub(crate) use commands::{Command, Reply};
pub(crate) use receipt::{Receipt, Sent};
pub(crate) use streams::{Commands, ConnectionEvent, Events, Message, Messages};

use crate::bytes::{Octets, Text};
use crate::errors::{Failure, Result};
use crate::frame::Frame;
use crate::json;
use crate::wait::{Owned, seconds, wait, wait_for};
use commands::Callbacks;
use settings::{Link, Tls};

/// A device: logs in with its signed secret, sends photos and properties, is given commands.
///
/// Made by `Device.aliyun` or `Device.huawei`, which return when the cloud has let the device in. The connection
/// is kept up by threads of its own: when it is lost the device reconnects, subscribes again and starts an interrupted
/// photo again. Used as a context manager it is closed at the end of the block. Iterating gives commands.
///
/// After `os.fork()` a device belongs to the parent: in the child every method raises `ConnectError`.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Device {
    state: Owned<Mutex<Option<Open>>>,
    id: String,
}

/// A device that is not closed.
struct Open {
    device: faceiot::Device,
    use_of_commands: UseOfCommands,
    messages: Option<Messages>,
}

/// Commands go to a callback or to whoever iterates, never to both.
enum UseOfCommands {
    NotYet,
    Iterated(Commands),
    Callback(Callbacks),
}

impl Device {
    fn connect(py: Python<'_>, config: faceiot::DeviceConfig) -> Result<Self> {
        config.check()?;
        let id = config.credentials.device_id().to_string();
        let device = wait(py, faceiot::Device::connect(config))??;
        let open = Open {
            device,
            use_of_commands: UseOfCommands::NotYet,
            messages: None,
        };
        Ok(Self {
            state: Owned::new(Mutex::new(Some(open))),
            id,
        })
    }

    fn state(&self) -> Result<MutexGuard<'_, Option<Open>>> {
        Ok(self.state.get()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs something on the open device. Short: the interpreter lock is held.
    fn with<T>(&self, run: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        match &mut *self.state()? {
            Some(open) => run(open),
            None => Err(Failure::new(ErrorKind::Closed, "the device is closed")),
        }
    }

    fn device(&self) -> Result<faceiot::Device> {
        self.with(|open| Ok(open.device.clone()))
    }
}

#[pymethods]
impl Device {
    /// Connects a device of Alibaba Cloud IoT.
    ///
    /// Args:
    ///     product_key: ProductKey of the product.
    ///     device_name: DeviceName of the device.
    ///     device_secret: DeviceSecret; signs every login afresh, is never sent or printed.
    ///     host: Name of the broker, verified by TLS; without it the cloud's own for this region or instance.
    ///     port: Port of the broker; without it the cloud's own.
    ///     connect: Address to dial when it is not the name: `"10.0.0.7"`, `"10.0.0.7:8883"`, `"[::1]:8883"`.
    ///     tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none. The cloud
    ///         refuses plain TCP to accounts made after 2022-08-02.
    ///     client_id: The free part of the client id; without it `{product_key}.{device_name}`.
    ///     method: `"hmacsha256"`, `"hmacsha1"` or `"hmacmd5"`.
    ///     region: Region of the public instance.
    ///     instance_id: Id of an enterprise or new public instance.
    ///     timestamp: Whether to sign the time of the login.
    ///     format: How photos travel: `"v2"` (the default), `"v2-text"` or `"hex"`, the tutorials' format.
    ///     qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
    ///     keep_alive: Seconds between signs of life, 30 to 1200; without it 300.
    ///     connect_timeout: Seconds that one attempt to connect may take.
    ///
    /// Returns:
    ///     The connected device.
    ///
    /// Raises:
    ///     RefusedError: The cloud does not accept the credentials.
    ///     ConnectError: No connection: DNS, TCP, TLS.
    ///     TimedOutError: The cloud did not answer.
    ///     ConfigError: A setting that the cloud refuses.
    ///     ArgumentError: A setting that is none.
    #[staticmethod]
    #[pyo3(signature = (
        product_key, device_name, device_secret, *, host=None, port=None, connect=None, tls=Tls::System, client_id=None,
        method="hmacsha256", region="cn-shanghai", instance_id=None, timestamp=false, format=None, qos=1,
        keep_alive=None, connect_timeout=20.0
    ), text_signature = "(product_key, device_name, device_secret, *, host=None, port=None, connect=None, tls=True, client_id=None, method='hmacsha256', region='cn-shanghai', instance_id=None, timestamp=False, format=None, qos=1, keep_alive=None, connect_timeout=20.0)")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn aliyun(
        py: Python<'_>,
        product_key: String,
        device_name: String,
        device_secret: String,
        host: Option<String>,
        port: Option<u16>,
        connect: Option<String>,
        tls: Tls,
        client_id: Option<String>,
        method: &str,
        region: &str,
        instance_id: Option<String>,
        timestamp: bool,
        format: Option<&str>,
        qos: u8,
        keep_alive: Option<u64>,
        connect_timeout: f64,
    ) -> Result<Self> {
        let credentials = faceiot::Credentials::Aliyun {
            product_key,
            device_name,
            device_secret: device_secret.into(),
            method: faceiot::credentials::Method::parse(method)?,
            client_id,
            region: region.to_owned(),
            instance_id,
            timestamp,
        };
        let link = Link {
            host,
            port,
            connect,
            tls,
            format,
            qos,
            keep_alive,
            connect_timeout,
        };
        Self::connect(py, link.config(credentials)?)
    }

    /// Connects a device of Huawei Cloud IoTDA.
    ///
    /// Args:
    ///     device_id: Id of the device, usually `{product_id}_{node_id}`.
    ///     device_secret: Secret of the device; signs every login afresh, is never sent or printed.
    ///     host: Name of the broker, verified by TLS: the access domain name that the console shows for the instance.
    ///     port: Port of the broker; without it the cloud's own.
    ///     connect: Address to dial when it is not the name.
    ///     tls: True for TLS with the system's authorities, a path for those in a PEM file, False for none.
    ///     sign_type: 0: the cloud does not check the hour of the login; 1: it does.
    ///     service_id: The service that reported properties belong to.
    ///     format: How photos travel: `"v2"` (the default) or `"v2-text"`.
    ///     qos: 1: a photo is sent when the broker has acknowledged all of it; 0: when it is written.
    ///     keep_alive: Seconds between signs of life, 30 to 1200; without it 120.
    ///     connect_timeout: Seconds that one attempt to connect may take.
    ///
    /// Returns:
    ///     The connected device.
    ///
    /// Raises:
    ///     RefusedError: The cloud does not accept the credentials.
    ///     ConnectError: No connection: DNS, TCP, TLS.
    ///     TimedOutError: The cloud did not answer.
    ///     ConfigError: A setting that the cloud refuses, or no host.
    ///     ArgumentError: A setting that is none.
    #[staticmethod]
    #[pyo3(signature = (
        device_id, device_secret, *, host=None, port=None, connect=None, tls=Tls::System, sign_type=0,
        service_id="camera", format=None, qos=1, keep_alive=None, connect_timeout=20.0
    ), text_signature = "(device_id, device_secret, *, host=None, port=None, connect=None, tls=True, sign_type=0, service_id='camera', format=None, qos=1, keep_alive=None, connect_timeout=20.0)")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn huawei(
        py: Python<'_>,
        device_id: String,
        device_secret: String,
        host: Option<String>,
        port: Option<u16>,
        connect: Option<String>,
        tls: Tls,
        sign_type: u8,
        service_id: &str,
        format: Option<&str>,
        qos: u8,
        keep_alive: Option<u64>,
        connect_timeout: f64,
    ) -> Result<Self> {
        let credentials = faceiot::Credentials::Huawei {
            device_id,
            device_secret: device_secret.into(),
            sign_type: crate::sign::sign_type_numbered(sign_type)?,
            host: None,
        };
        let link = Link {
            host,
            port,
            connect,
            tls,
            format,
            qos,
            keep_alive,
            connect_timeout,
        };
        let mut config = link.config(credentials)?;
        service_id.clone_into(&mut config.service_id);
        Self::connect(py, config)
    }

    /// The device's name: `aliyun:{product_key}:{device_name}` or `huawei:{device_id}`.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// Whether `close` was called, or the cloud refused the device for good.
    #[getter]
    fn closed(&self) -> Result<bool> {
        Ok(self.state()?.as_ref().is_none_or(|open| open.device.is_closed()))
    }

    /// Sends a photo in chunks.
    ///
    /// Args:
    ///     photo: A frame, or the bytes of a JPEG file.
    ///
    /// Returns:
    ///     A receipt, at once: the photo is in memory. `receipt.wait()` returns when the broker has all of it.
    ///
    /// Raises:
    ///     ConnectError: The device is closed, or too much waits to be sent.
    fn send(&self, py: Python<'_>, photo: Photo<'_>) -> Result<Receipt> {
        let device = self.device()?;
        let receipt = match photo {
            Photo::Frame(frame) => device.send(frame.get().inner()),
            Photo::Octets(octets) => {
                py.detach(|| device.send_bytes(octets.as_slice().to_vec(), faceiot_core::chunk::v2::JPEG))
            }
        };
        Ok(Receipt::new(receipt?))
    }

    /// Reports properties: what the device measures or how it is set.
    ///
    /// Args:
    ///     properties: Names and values; anything that JSON can hold.
    ///
    /// Returns:
    ///     A receipt; `receipt.wait()` returns when the broker has it.
    ///
    /// Raises:
    ///     TypeError: A value is nothing that JSON can hold.
    ///     ConnectError: The device is closed.
    fn report(&self, py: Python<'_>, properties: &Bound<'_, PyAny>) -> Result<Receipt> {
        let (device, properties) = (self.device()?, json::from_python(properties)?);
        Ok(Receipt::new(wait(py, device.report(properties))??))
    }

    /// Publishes a message to any topic of the device.
    ///
    /// Args:
    ///     topic: The topic.
    ///     payload: The message; text is sent as UTF-8.
    ///     qos: 0 or 1.
    ///
    /// Returns:
    ///     A receipt; `receipt.wait()` returns when the broker has it.
    ///
    /// Raises:
    ///     ArgumentError: The topic holds a wildcard, or the quality of service is neither 0 nor 1.
    ///     ConnectError: The device is closed.
    #[pyo3(signature = (topic, payload, *, qos=1))]
    fn publish(&self, topic: &str, payload: Text, qos: u8) -> Result<Receipt> {
        let (device, qos) = (self.device()?, settings::qos(qos)?);
        Ok(Receipt::new(device.publish(
            topic,
            payload.as_slice().to_vec(),
            qos,
        )?))
    }

    /// Subscribes to a topic; its messages come out of `messages()`.
    ///
    /// Args:
    ///     filter: A topic, or a filter with `+` and `#`.
    ///     qos: 0 or 1.
    ///
    /// Raises:
    ///     ConnectError: The broker refuses the subscription, or the device is closed.
    #[pyo3(signature = (filter, *, qos=1))]
    fn subscribe(&self, py: Python<'_>, filter: &str, qos: u8) -> Result<()> {
        let (device, qos) = (self.device()?, settings::qos(qos)?);
        Ok(wait(py, device.subscribe(filter, qos))??)
    }

    /// Lets a function answer every command; usable as a decorator.
    ///
    /// It runs on a thread of its own, one command after the other. What it returns is the answer: None, anything that
    /// JSON can hold, or a `Reply` with a code. When it raises, the exception goes to `sys.unraisablehook` (which prints
    /// the traceback), and the cloud is told that the command failed.
    ///
    /// Args:
    ///     callback: Called with each `Command`. A second call of `on_command` replaces it.
    ///
    /// Returns:
    ///     The function itself.
    ///
    /// Raises:
    ///     ArgumentError: Commands are iterated already.
    ///     ConnectError: The device is closed.
    fn on_command(&self, callback: Bound<'_, PyAny>) -> Result<Py<PyAny>> {
        let function = callback.clone().unbind();
        self.with(|open| match &open.use_of_commands {
            UseOfCommands::Iterated(_) => Err(already("iterated")),
            UseOfCommands::Callback(callbacks) => {
                callbacks.replace(function);
                Ok(())
            }
            UseOfCommands::NotYet => {
                let callbacks = Callbacks::start(open.device.commands(), function)?;
                open.use_of_commands = UseOfCommands::Callback(callbacks);
                Ok(())
            }
        })?;
        Ok(callback.unbind())
    }

    /// Commands, as they come.
    ///
    /// Args:
    ///     timeout: Seconds to wait for each; without it for ever.
    ///
    /// Returns:
    ///     An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.
    ///
    /// Raises:
    ///     ArgumentError: A callback answers commands already.
    ///     ConnectError: The device is closed.
    #[pyo3(signature = (*, timeout=None))]
    fn commands(&self, timeout: Option<f64>) -> Result<Commands> {
        let timeout = seconds("timeout", timeout)?;
        self.with(|open| {
            if let UseOfCommands::NotYet = open.use_of_commands {
                open.use_of_commands = UseOfCommands::Iterated(Commands::new(open.device.commands()));
            }
            match &open.use_of_commands {
                UseOfCommands::Iterated(commands) => Ok(commands.with_timeout(timeout)),
                _ => Err(already("answered by a callback")),
            }
        })
    }

    /// Messages of the topics that were subscribed to, as they come.
    ///
    /// Args:
    ///     timeout: Seconds to wait for each; without it for ever.
    ///
    /// Returns:
    ///     An iterator that ends when the device is closed. `next()` raises `TimedOutError` after `timeout`.
    ///
    /// Raises:
    ///     ConnectError: The device is closed.
    #[pyo3(signature = (*, timeout=None))]
    fn messages(&self, timeout: Option<f64>) -> Result<Messages> {
        let timeout = seconds("timeout", timeout)?;
        self.with(|open| {
            if open.messages.is_none() {
                open.messages = Some(Messages::new(open.device.messages()));
            }
            match &open.messages {
                Some(messages) => Ok(messages.with_timeout(timeout)),
                None => Err(Failure::new(ErrorKind::Closed, "the device is closed")),
            }
        })
    }

    /// What happens to the connection from now on.
    ///
    /// Args:
    ///     timeout: Seconds to wait for each event; without it for ever.
    ///
    /// Returns:
    ///     An iterator that ends after the event `"closed"` or `"refused"`. `next()` raises `TimedOutError` after `timeout`.
    ///
    /// Raises:
    ///     ConnectError: The device is closed.
    #[pyo3(signature = (*, timeout=None))]
    fn events(&self, timeout: Option<f64>) -> Result<Events> {
        let timeout = seconds("timeout", timeout)?;
        self.with(|open| Ok(Events::new(open.device.events(), timeout)))
    }

    /// Waits until the device is closed, by another thread or because the cloud refuses it for good.
    ///
    /// For programs whose work is done by `on_command`.
    ///
    /// Args:
    ///     timeout: Seconds to wait; without it for ever.
    ///
    /// Raises:
    ///     TimedOutError: It is still open.
    ///     RefusedError: The cloud no longer accepts the credentials.
    #[pyo3(signature = (*, timeout=None))]
    fn wait_closed(&self, py: Python<'_>, timeout: Option<f64>) -> Result<()> {
        let timeout = seconds("timeout", timeout)?;
        // Listening begins before the look, so that the end cannot slip through between the two.
        let watch = match &*self.state()? {
            Some(open) => (open.device.events(), open.device.is_closed()),
            None => return Ok(()),
        };
        let (mut events, false) = watch else { return Ok(()) };
        wait_for(py, timeout, "the device was not closed", async move {
            streams::end(&mut events).await
        })?
    }

    /// Closes the connection.
    ///
    /// What was not sent yet is dropped; its receipts say so. Closing twice is fine, and in a forked child it does nothing.
    fn close(&self, py: Python<'_>) -> Result<()> {
        if self.state.is_foreign() {
            return Ok(());
        }
        let open = self.state()?.take();
        let Some(open) = open else { return Ok(()) };
        let closed = wait_for(
            py,
            Some(CLOSE_WITHIN),
            "the connection was not closed",
            open.device.close(),
        );
        if let UseOfCommands::Callback(callbacks) = open.use_of_commands {
            callbacks.join(py);
        }
        match closed {
            // A broker that does not read must not keep us: the connection dies with the device.
            Ok(())
            | Err(Failure::Ours {
                kind: ErrorKind::Timeout,
                ..
            }) => Ok(()),
            Err(interrupted) => Err(interrupted),
        }
    }

    fn __iter__(&self) -> Result<Commands> {
        self.commands(None)
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    #[pyo3(signature = (_kind, _value, _trace, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: Option<Bound<'_, PyAny>>,
        _value: Option<Bound<'_, PyAny>>,
        _trace: Option<Bound<'_, PyAny>>,
    ) -> Result<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        let state = match self.state() {
            Ok(state) if state.is_some() => "open",
            Ok(_) => "closed",
            Err(_) => "of another process",
        };
        format!("<faceiot.Device {} {state}>", self.id)
    }
}

/// What can be sent as a photo.
enum Photo<'py> {
    Frame(Bound<'py, Frame>),
    Octets(Octets),
}

impl<'py> FromPyObject<'_, 'py> for Photo<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(frame) = object.cast::<Frame>() {
            return Ok(Self::Frame(frame.to_owned()));
        }
        object.extract().map(Self::Octets).map_err(|_: PyErr| {
            let given = object
                .get_type()
                .name()
                .map_or_else(|_| "this".into(), |name| name.to_string());
            PyTypeError::new_err(format!(
                "a photo is a faceiot.Frame or the bytes of a JPEG file, not {given}; for a file: \
                 faceiot.Frame.open(\"file:photo.jpg\")"
            ))
        })
    }
}

const CLOSE_WITHIN: Duration = Duration::from_secs(3);

fn already(how: &str) -> Failure {
    Failure::new(
        ErrorKind::InvalidArgument,
        format!("the commands of this device are {how} already"),
    )
}
