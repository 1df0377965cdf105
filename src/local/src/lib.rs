//! The local cloud: what Alibaba's and Huawei's IoT platforms do for a camera, on this computer and without an account.
//!
//! Devices log in over MQTT with their signed secrets and are held to their own topics; photos that come in chunks are
//! rebuilt and kept; properties have their last value and history; commands go out in the clouds' own forms; people
//! and programs look on over HTTP.
//!
//! ```text
//! device --CONNECT--> broker --> rules --> login ----------> registry (SQLite)
//!        --PUBLISH--> broker --> hooks --> acl: own topic?
//!                                  |--> photos   journal -> assembler -> file -> row -\
//!                                  |--> recorder one transaction for many reports ----+--> events --> SSE, page
//!                                  |--> commands the answer finds who waits ----------/
//! person --HTTP-----> http: guard --> devices, photos, stream, metrics, health, page
//! ```
//!
//! | module | answers |
//! |---|---|
//! | `cloud` | what runs, and in which order it starts and stops? |
//! | `data_dir`, `db` | where is it kept, who may read it, how does its schema grow? |
//! | `registry` | which devices are there, and with which secrets? |
//! | `login`, `rules` | may this client come in? |
//! | `acl` | whose topic is this? |
//! | `hooks`, `payload` | what does a message of a device mean, and what is answered? |
//! | `recorder`, `tables` | how do properties and log lines get to disk, and back? |
//! | `photos` | how do chunks become a photo that is whole or absent? |
//! | `commands` | how does a command find its device, and its answer the asker? |
//! | `presence`, `events` | who is here, and what happens? |
//! | `tls` | which certificate does the server show? |
//! | `http` | who may ask what over HTTP? |
//!
//! It may import `faceiot-broker`, `faceiot-journal`, `faceiot`, `faceiot-camera` and `faceiot-core`.
//!
//! # What is promised
//!
//! - QoS 1 acknowledged is on disk: properties by the recorder's commit, photo chunks by the journal's sync.
//! - Everything is bounded: queues, names and history per device, lines of log, commands that wait, event streams.
//! - A secret is in no log, no `Debug` and no HTTP answer; a refused login says what was signed here, never the MAC.
//! - HTTP is on loopback only, and closed to other users and other sites (see `http::guard`).

mod acl;
mod cloud;
mod commands;
mod data_dir;
mod db;
mod events;
mod hooks;
mod http;
mod login;
mod payload;
pub mod photos;
mod presence;
mod recorder;
mod registry;
mod rules;
mod state;
mod tables;
mod tls;

pub use cloud::{Cloud, CloudConfig};
pub use commands::{CommandReply, CommandRequest};
pub use events::{Event, Level, LogLine};
pub use faceiot::CommandForm;
pub use registry::{Device, NewDevice, Product, Registry};
