//! A camera in thirty lines: it logs in, reports, and sends a photo whenever it is told to.
//!
//! With `faceiot up` running: `faceiot device add aliyun:a1B2c3D4e5F:door`, then
//! `cargo run -p faceiot-example -- 127.0.0.1:1883 a1B2c3D4e5F door SECRET testcard:640x480`.

use std::sync::Mutex;
use std::time::Duration;

use faceiot::{Command, Credentials, Device, DeviceConfig, Endpoint, Error, ErrorKind};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let usage = "camera ADDRESS PRODUCT_KEY DEVICE_NAME DEVICE_SECRET SOURCE";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, product_key, device_name, device_secret, source] = arguments.as_slice() else {
        return Err(Error::new(ErrorKind::InvalidArgument, usage));
    };

    // The local cloud listens at ADDRESS; without this line the device goes to Aliyun, by TLS.
    let mut config = DeviceConfig::new(Credentials::aliyun(
        product_key,
        device_name,
        device_secret.as_str(),
    ));
    config.endpoint = Endpoint::plain(address);
    let device = Device::connect(config).await?;
    device
        .report(json!({"Online": 1}))
        .await?
        .wait(Duration::from_secs(10))
        .await?;

    // Told to: take a photo, send it, and say so. Errors go back to the cloud.
    let camera = Mutex::new(faceiot_camera::open(source)?);
    let sender = device.clone();
    device.on_command(move |command: Command| -> Result<Value, Error> {
        let photo = camera
            .lock()
            .map_err(|_| Error::new(ErrorKind::Camera, "the camera failed before"))?
            .next()?;
        sender.send(&photo)?;
        Ok(json!({"command": command.name, "bytes": photo.jpeg()?.len()}))
    });

    tokio::signal::ctrl_c().await?;
    device.close().await;
    Ok(())
}
