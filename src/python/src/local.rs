//! `faceiot.local`: the local cloud inside this process.

mod answers;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faceiot::DeviceId;
use faceiot_core::ErrorKind;
use faceiot_local as local;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

pub(crate) use answers::{CommandReply, Photo, RegisteredDevice};

use crate::bytes::Text;
use crate::errors::{Failure, Result};
use crate::json;
use crate::wait::{Owned, runtime, seconds, wait, wait_for};

/// The local cloud: MQTT over TCP and TLS, photos, properties, commands and a page, inside this process.
///
/// It runs from the moment it is made until `stop`; used as a context manager it stops at the end of the block. It
/// checks every login, topic and limit as the real clouds do, and listens on loopback only.
///
/// Args:
///     data_dir: Where photos, properties and devices are kept; without it a temporary folder that `stop` removes. One
///         folder serves one cloud at a time.
///     mqtt_port: Port for MQTT over TCP; 0 takes a free one.
///     mqtts_port: Port for MQTT over TLS; 0 takes a free one.
///     http_port: Port for HTTP and the page; 0 takes a free one.
///
/// Raises:
///     StoreError: A port or the folder is in use.
///     IoError: The folder cannot be written.
///
/// Example:
///     >>> with faceiot.local.Cloud() as cloud:
///     ...     cloud.add_device("aliyun:a1B2c3D4e5F:camera", "0123456789abcdef").id
///     'aliyun:a1B2c3D4e5F:camera'
#[pyclass(frozen, module = "faceiot.local")]
pub(crate) struct Cloud {
    running: Owned<Mutex<Option<Running>>>,
    places: Places,
}

/// What does not change while the cloud runs, and is still known when it has stopped.
struct Places {
    data_dir: PathBuf,
    mqtt: SocketAddr,
    mqtts: SocketAddr,
    http_url: String,
    ca_file: PathBuf,
}

struct Running {
    cloud: Arc<local::Cloud>,
    /// Told when the cloud stops, so that whoever waits stops waiting.
    stopping: watch::Sender<bool>,
    /// The temporary folder, removed when this is dropped.
    folder: Option<tempfile::TempDir>,
}

impl Running {
    async fn stop(self) {
        let _ = self.stopping.send(true);
        let mut cloud = self.cloud;
        // Calls of other threads hold the cloud for moments.
        let cloud = loop {
            match Arc::try_unwrap(cloud) {
                Ok(cloud) => break cloud,
                Err(shared) => cloud = shared,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        cloud.stop().await;
        drop(self.folder);
    }
}

impl Cloud {
    fn running(&self) -> Result<MutexGuard<'_, Option<Running>>> {
        Ok(self.running.get()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The cloud, and what tells that it stops.
    fn cloud_until_it_stops(&self) -> Result<(Arc<local::Cloud>, watch::Receiver<bool>)> {
        match &*self.running()? {
            Some(running) => Ok((Arc::clone(&running.cloud), running.stopping.subscribe())),
            None => Err(stopped()),
        }
    }

    fn cloud(&self) -> Result<Arc<local::Cloud>> {
        self.running()?
            .as_ref()
            .map(|running| Arc::clone(&running.cloud))
            .ok_or_else(stopped)
    }
}

impl Drop for Cloud {
    /// A cloud that nobody can reach any more stops by itself.
    fn drop(&mut self) {
        let Ok(running) = self.running().map(|mut running| running.take()) else {
            return;
        };
        if let (Some(running), Ok(runtime)) = (running, runtime()) {
            runtime.spawn(running.stop());
        }
    }
}

#[pymethods]
impl Cloud {
    #[new]
    #[pyo3(signature = (data_dir=None, *, mqtt_port=0, mqtts_port=0, http_port=0))]
    fn new(
        py: Python<'_>,
        data_dir: Option<PathBuf>,
        mqtt_port: u16,
        mqtts_port: u16,
        http_port: u16,
    ) -> Result<Self> {
        let folder = match data_dir {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("faceiot-")
                    .tempdir()
                    .map_err(faceiot::Error::from)?,
            ),
        };
        let data_dir = match (&folder, data_dir) {
            (Some(folder), _) => folder.path().to_owned(),
            (None, data_dir) => data_dir.unwrap_or_default(),
        };
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let config = local::CloudConfig {
            mqtt: Some(loopback(mqtt_port)),
            mqtts: Some(loopback(mqtts_port)),
            http: loopback(http_port),
            ..local::CloudConfig::new(data_dir.clone())
        };
        let cloud = wait(py, local::Cloud::start(config))??;
        let listens = |addr: Option<SocketAddr>| addr.ok_or_else(stopped);
        let places = Places {
            data_dir,
            mqtt: listens(cloud.mqtt_addr())?,
            mqtts: listens(cloud.mqtts_addr())?,
            http_url: cloud.http_url(),
            ca_file: cloud.ca_file().to_owned(),
        };
        let (stopping, _) = watch::channel(false);
        let running = Running {
            cloud: Arc::new(cloud),
            stopping,
            folder,
        };
        Ok(Self {
            running: Owned::new(Mutex::new(Some(running))),
            places,
        })
    }

    /// The folder that holds everything.
    #[getter]
    fn data_dir(&self) -> &PathBuf {
        &self.places.data_dir
    }

    /// Port of MQTT over TCP.
    #[getter]
    fn mqtt_port(&self) -> u16 {
        self.places.mqtt.port()
    }

    /// Port of MQTT over TLS.
    #[getter]
    fn mqtts_port(&self) -> u16 {
        self.places.mqtts.port()
    }

    /// Address of the HTTP interface, which wants `token` as a bearer.
    #[getter]
    fn http_url(&self) -> &str {
        &self.places.http_url
    }

    /// Address of the page with a code that opens it once: for a browser.
    #[getter]
    fn page_url(&self) -> Result<String> {
        Ok(self.cloud()?.page_url()?)
    }

    /// PEM file with the authority that signed the cloud's certificate.
    #[getter]
    fn ca_file(&self) -> &PathBuf {
        &self.places.ca_file
    }

    /// Token of the HTTP interface. It opens everything: treat it as a password.
    #[getter]
    fn token(&self) -> Result<String> {
        Ok(self.cloud()?.token().to_owned())
    }

    /// Where devices connect, as arguments for `Device.aliyun` and `Device.huawei`.
    ///
    /// Args:
    ///     tls: The TLS listener instead of the TCP one.
    ///
    /// Returns:
    ///     A dict to be spread: `Device.huawei(device_id, secret, **cloud.endpoint())`.
    #[pyo3(signature = (*, tls=false))]
    fn endpoint<'py>(&self, py: Python<'py>, tls: bool) -> Result<Bound<'py, PyDict>> {
        let endpoint = PyDict::new(py);
        if tls {
            endpoint.set_item("host", "localhost")?;
            endpoint.set_item("port", self.mqtts_port())?;
            endpoint.set_item("tls", self.places.ca_file.to_string_lossy())?;
        } else {
            endpoint.set_item("host", Ipv4Addr::LOCALHOST.to_string())?;
            endpoint.set_item("port", self.mqtt_port())?;
            endpoint.set_item("tls", false)?;
        }
        Ok(endpoint)
    }

    /// Registers a device.
    ///
    /// Args:
    ///     device: `"aliyun:{product_key}:{device_name}"` or `"huawei:{device_id}"`.
    ///     secret: Its secret; without it one is made.
    ///
    /// Returns:
    ///     The device with its secret.
    ///
    /// Raises:
    ///     StoreError: It is registered already.
    ///     ArgumentError: The name is none.
    #[pyo3(signature = (device, secret=None))]
    fn add_device(&self, py: Python<'_>, device: &str, secret: Option<String>) -> Result<RegisteredDevice> {
        let new = local::NewDevice {
            id: device_id(device)?,
            secret,
        };
        let cloud = self.cloud()?;
        Ok(wait(py, cloud.registry().add_device(new))??.into())
    }

    /// Removes a device. Its photos and properties stay.
    ///
    /// Args:
    ///     device: The device's name.
    ///
    /// Returns:
    ///     Whether it was registered.
    fn remove_device(&self, py: Python<'_>, device: &str) -> Result<bool> {
        let (cloud, id) = (self.cloud()?, device_id(device)?);
        Ok(wait(py, cloud.registry().remove(&id))??)
    }

    /// The registered devices, with their secrets.
    fn devices(&self, py: Python<'_>) -> Result<Vec<RegisteredDevice>> {
        let cloud = self.cloud()?;
        Ok(wait(py, cloud.registry().list())??
            .into_iter()
            .map(RegisteredDevice::from)
            .collect())
    }

    /// Photos that are stored, the newest first.
    ///
    /// Args:
    ///     device: Only those of this device.
    ///     limit: At most so many.
    ///
    /// Returns:
    ///     The photos.
    #[pyo3(signature = (device=None, *, limit=100))]
    fn photos(&self, py: Python<'_>, device: Option<&str>, limit: u32) -> Result<Vec<Photo>> {
        let (cloud, filter) = (self.cloud()?, filter(device)?);
        let photos = cloud.photos().clone();
        let rows = wait(py, photos.list(&filter, None, limit))??;
        Ok(rows.into_iter().map(|row| Photo::new(&photos, row)).collect())
    }

    /// Waits for a photo.
    ///
    /// Args:
    ///     device: Only of this device.
    ///     after: Only one that was stored after this one; without it the newest that is there counts too.
    ///     timeout: Seconds to wait; without it for ever.
    ///
    /// Returns:
    ///     The first photo after `after`, or without `after` the newest.
    ///
    /// Raises:
    ///     TimedOutError: None came.
    ///     ConnectError: The cloud was stopped.
    #[pyo3(signature = (device=None, *, after=None, timeout=None))]
    fn wait_photo(
        &self,
        py: Python<'_>,
        device: Option<&str>,
        after: Option<&Bound<'_, Photo>>,
        timeout: Option<f64>,
    ) -> Result<Photo> {
        let (filter, timeout) = (filter(device)?, seconds("timeout", timeout)?);
        let after = after.map(|photo| photo.get().id());
        let (cloud, mut stopping) = self.cloud_until_it_stops()?;
        let (photos, mut events) = (cloud.photos().clone(), cloud.subscribe());
        drop(cloud);
        let store = photos.clone();
        let arrive = async move {
            loop {
                // Listening began before the look, so nothing can slip through between the two.
                if let Some(row) = store.list(&filter, after, 1).await?.pop() {
                    return Ok(row);
                }
                loop {
                    match events.recv().await {
                        Ok(local::Event::Photo(_)) | Err(RecvError::Lagged(_)) => break,
                        Ok(_) => {}
                        Err(RecvError::Closed) => return Err(stopped()),
                    }
                }
            }
        };
        let row = wait_for(py, timeout, "no photo came", async move {
            tokio::select! {
                row = arrive => row,
                _ = stopping.wait_for(|stopping| *stopping) => Err(stopped()),
            }
        })??;
        Ok(Photo::new(&photos, row))
    }

    /// The last values that a device reported.
    ///
    /// Args:
    ///     device: The device's name.
    ///
    /// Returns:
    ///     Name and value of each; Huawei's names are `{service_id}.{property}`.
    fn properties<'py>(&self, py: Python<'py>, device: &str) -> Result<Bound<'py, PyDict>> {
        let (cloud, id) = (self.cloud()?, device_id(device)?);
        let properties = PyDict::new(py);
        for (name, value) in wait(py, cloud.properties(&id))?? {
            properties.set_item(name, json::to_python(py, &value)?)?;
        }
        Ok(properties)
    }

    /// Sends a command to a device and waits for its answer.
    ///
    /// Args:
    ///     device: The device's name.
    ///     name: The service or command.
    ///     payload: Its arguments; anything that JSON can hold.
    ///     form: How it travels: `"service"` (the default for Aliyun), `"property_set"`, `"rrpc"`, `"huawei"` (the default
    ///         for Huawei), `"huawei_property_set"`, or `"custom"`, which nothing answers.
    ///     timeout: Seconds to wait for the answer.
    ///
    /// Returns:
    ///     The answer.
    ///
    /// Raises:
    ///     NotFoundError: The device is not registered.
    ///     ConnectError: It is not connected.
    ///     TimedOutError: It did not answer.
    ///     ArgumentError: The form is none, or not one of this cloud.
    #[pyo3(signature = (device, name, payload=None, *, form=None, timeout=20.0))]
    fn command(
        &self,
        py: Python<'_>,
        device: &str,
        name: String,
        payload: Option<&Bound<'_, PyAny>>,
        form: Option<&str>,
        timeout: f64,
    ) -> Result<CommandReply> {
        let id = device_id(device)?;
        let (cloud, mut stopping) = self.cloud_until_it_stops()?;
        let timeout = seconds("timeout", Some(timeout))?.unwrap_or_default();
        let request = local::CommandRequest {
            form: form.map(answers::form_named).transpose()?,
            name,
            payload: payload.map_or(Ok(serde_json::Value::Null), json::from_python)?,
        };
        let reply = wait(py, async move {
            tokio::select! {
                reply = cloud.command(&id, request, timeout) => reply.map_err(Failure::from),
                _ = stopping.wait_for(|stopping| *stopping) => Err(stopped()),
            }
        })??;
        Ok(reply.into())
    }

    /// Publishes a message as the cloud.
    ///
    /// Args:
    ///     topic: The topic.
    ///     payload: The message; text is sent as UTF-8.
    ///     qos: 0 or 1.
    ///
    /// Returns:
    ///     How many devices subscribe to it.
    #[pyo3(signature = (topic, payload, *, qos=1))]
    fn publish(&self, topic: &str, payload: Text, qos: u8) -> Result<usize> {
        Ok(self.cloud()?.publish(topic, payload.as_slice().to_vec(), qos))
    }

    /// Cuts the connection of a device, as a bad network does. The device may come back at once.
    ///
    /// Args:
    ///     device: The device's name.
    fn disconnect(&self, device: &str) -> Result<()> {
        self.cloud()?.disconnect(&device_id(device)?);
        Ok(())
    }

    /// Stops the cloud.
    ///
    /// What is on disk stays, unless the folder was temporary. Stopping twice is fine, and in a forked child it does
    /// nothing.
    fn stop(&self, py: Python<'_>) -> Result<()> {
        if self.running.is_foreign() {
            return Ok(());
        }
        let Some(running) = self.running()?.take() else {
            return Ok(());
        };
        wait(py, running.stop())
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
        self.stop(py)
    }

    fn __repr__(&self) -> String {
        let state = match self.running() {
            Ok(running) if running.is_some() => {
                format!("mqtt {}, mqtts {}", self.places.mqtt, self.places.mqtts)
            }
            Ok(_) => "stopped".to_owned(),
            Err(_) => "of another process".to_owned(),
        };
        format!("<faceiot.local.Cloud {state}>")
    }
}

fn device_id(text: &str) -> Result<DeviceId> {
    Ok(text.parse::<DeviceId>()?)
}

fn filter(device: Option<&str>) -> Result<local::photos::Filter> {
    Ok(local::photos::Filter {
        device: device.map(device_id).transpose()?,
    })
}

fn stopped() -> Failure {
    Failure::new(ErrorKind::Closed, "the local cloud is stopped")
}
