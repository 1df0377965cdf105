//! `Command` and `Reply`, and the thread that hands commands to a callback.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use pyo3::prelude::*;
use pyo3::types::PyString;
use serde_json::{Value, json};

use crate::errors::Result;
use crate::json;
use crate::wait::{Owned, runtime};

/// What the cloud asks of the device.
///
/// A command that is dropped without an answer is answered with an error.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Command {
    inner: Owned<faceiot::Command>,
}

impl Command {
    pub(super) fn new(inner: faceiot::Command) -> Self {
        Self {
            inner: Owned::new(inner),
        }
    }
}

#[pymethods]
impl Command {
    /// Id of the request; empty when it has none.
    #[getter]
    fn id(&self) -> Result<&str> {
        Ok(&self.inner.get()?.id)
    }

    /// What is to be done: the service or command; `"set"` for properties; the last level of a custom topic.
    #[getter]
    fn name(&self) -> Result<&str> {
        Ok(&self.inner.get()?.name)
    }

    /// The arguments, as JSON holds them; text when a custom message is not JSON.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        json::to_python(py, &self.inner.get()?.payload)
    }

    /// How it came: `"custom"`, `"property_set"`, `"service"`, `"rrpc"`, `"huawei"` or `"huawei_property_set"`.
    #[getter]
    fn form(&self) -> Result<&'static str> {
        Ok(form_name(self.inner.get()?.form))
    }

    /// Answers. Huawei gives a device 20 seconds for it; a custom message needs no answer and takes any.
    ///
    /// Args:
    ///     data: What comes with the answer; anything that JSON can hold.
    ///     code: None when it went well, otherwise the device's own code.
    ///
    /// Raises:
    ///     TypeError: The data is nothing that JSON can hold.
    ///     StoreError: It was answered before.
    ///     TimedOutError: The cloud was told meanwhile that it took too long.
    ///     ConnectError: The device is closed.
    #[pyo3(signature = (data=None, *, code=None))]
    fn reply(&self, data: Option<&Bound<'_, PyAny>>, code: Option<i32>) -> Result<()> {
        let data = data.map_or(Ok(Value::Null), json::from_python)?;
        let reply = match code {
            None => faceiot::Reply::ok(data),
            Some(code) => faceiot::Reply { code, data },
        };
        Ok(self.inner.get()?.reply(reply)?)
    }

    fn __repr__(&self) -> Result<String> {
        let command = self.inner.get()?;
        Ok(format!(
            "<faceiot.Command {:?} {} id={:?}>",
            command.name,
            form_name(command.form),
            command.id
        ))
    }
}

/// The name of a form, the same as in the local cloud's interface.
fn form_name(form: faceiot::CommandForm) -> &'static str {
    use faceiot::CommandForm;
    match form {
        CommandForm::PropertySet => "property_set",
        CommandForm::Service => "service",
        CommandForm::Rrpc => "rrpc",
        CommandForm::Huawei => "huawei",
        CommandForm::HuaweiPropertySet => "huawei_property_set",
        _ => "custom",
    }
}

/// An answer with a code of its own, for callbacks of `Device.on_command`.
///
/// Args:
///     code: 200 when it went well (Huawei is sent its own 0 for it); any other number says that it did not.
///     data: What comes with the answer; anything that JSON can hold.
///
/// Raises:
///     TypeError: The data is nothing that JSON can hold.
#[pyclass(frozen, module = "faceiot")]
pub(crate) struct Reply {
    inner: faceiot::Reply,
}

#[pymethods]
impl Reply {
    #[new]
    #[pyo3(signature = (code, data=None))]
    fn new(code: i32, data: Option<&Bound<'_, PyAny>>) -> Result<Self> {
        let data = data.map_or(Ok(Value::Null), json::from_python)?;
        Ok(Self {
            inner: faceiot::Reply { code, data },
        })
    }

    /// The code.
    #[getter]
    fn code(&self) -> i32 {
        self.inner.code
    }

    /// What comes with it.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        json::to_python(py, &self.inner.data)
    }

    fn __repr__(&self) -> String {
        format!("Reply({}, {})", self.inner.code, self.inner.data)
    }
}

/// The callback of a device, and the thread that calls it.
pub(super) struct Callbacks {
    function: Arc<Mutex<Py<PyAny>>>,
    thread: JoinHandle<()>,
}

impl Callbacks {
    pub(super) fn start(mut commands: faceiot::CommandStream, function: Py<PyAny>) -> Result<Self> {
        let runtime = runtime()?;
        let function = Arc::new(Mutex::new(function));
        let current = Arc::clone(&function);
        let thread = std::thread::Builder::new()
            .name("faceiot-commands".to_owned())
            .spawn(move || {
                while let Some(command) = runtime.block_on(commands.next()) {
                    // None: the interpreter is ending; the command is answered with an error as it is dropped.
                    let handled = Python::try_attach(|py| {
                        let function = current
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .clone_ref(py);
                        answer(py, function.bind(py), command);
                    });
                    if handled.is_none() {
                        break;
                    }
                }
            })
            .map_err(faceiot::Error::from)?;
        Ok(Self { function, thread })
    }

    pub(super) fn replace(&self, function: Py<PyAny>) {
        *self.function.lock().unwrap_or_else(PoisonError::into_inner) = function;
    }

    /// Waits for the callback that is running, unless it is the one that closes the device.
    pub(super) fn join(self, py: Python<'_>) {
        if self.thread.thread().id() != std::thread::current().id() {
            // A panic of the thread was printed when it happened.
            let _ = py.detach(|| self.thread.join());
        }
    }
}

/// Calls the callback and sends what it returns.
fn answer(py: Python<'_>, function: &Bound<'_, PyAny>, command: faceiot::Command) {
    let outcome = Py::new(py, Command::new(command.clone()))
        .and_then(|argument| function.call1((argument,)))
        .and_then(|value| Ok(reply_of(&value)?));
    let reply = outcome.unwrap_or_else(|error| {
        // The type's name only: the text of an exception may hold anything, a secret included.
        let name = error
            .get_type(py)
            .name()
            .map_or_else(|_| "Exception".to_owned(), |name| name.to_string());
        error.write_unraisable(py, Some(function));
        faceiot::Reply::error(FAILED, name)
    });
    // Answered by the callback itself, too late or closed: the device's events tell.
    let _ = command.reply(reply);
}

/// What a callback returned, as an answer.
fn reply_of(value: &Bound<'_, PyAny>) -> Result<faceiot::Reply> {
    if value.is_none() {
        return Ok(().into());
    }
    if let Ok(reply) = value.cast::<Reply>() {
        return Ok(reply.get().inner.clone());
    }
    if value.is_instance_of::<PyString>() {
        return Ok(faceiot::Reply::ok(
            json!({ "message": value.extract::<String>()? }),
        ));
    }
    Ok(faceiot::Reply::ok(json::from_python(value)?))
}

const FAILED: i32 = 500;
