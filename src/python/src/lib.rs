//! The Python surface of faceiot: classes and functions, no logic.
//!
//! # What this is
//!
//! The extension module `faceiot._faceiot`. The package around it (`python/faceiot/`) only sorts its names into
//! `faceiot`, `faceiot.sign`, `faceiot.chunk` and `faceiot.local`, and holds the exception classes.
//!
//! # The flow
//!
//! ```text
//! arguments --bytes, json--> the crate below --frame, device, ...--> objects
//!                                  |
//!                                  +--errors--> exceptions
//! ```
//!
//! Whatever can take long runs with the interpreter lock released (`wait` for what waits, `py.detach` for what
//! computes); whatever waits looks at signals ten times a second, so that Ctrl-C works everywhere.
//!
//! # Modules
//!
//! | module | Python |
//! |---|---|
//! | `chunk` | `faceiot.chunk`: photos into chunks and back |
//! | `sign` | `faceiot.sign`: logins and requests, signed and verified |
//! | `device` | `Device` and what comes from it |
//! | `camera` | `Camera` and what comes from it |
//! | `frame` | `Frame`, `FrameSource`, `JpegReport` |
//! | `errors` | Rust errors as exceptions; the only place |
//! | `bytes` | bytes-like arguments |
//! | `local` | `faceiot.local`: the local cloud in this process |
//! | `cli` | the `faceiot` command |
//! | `json` | JSON values |
//! | `wait` | waiting, Ctrl-C, fork |
//! | `clock` | the time, for the pure code below |
//!
//! # May import
//!
//! Every crate of ours; this one is the top.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation is Python's: Google style, no backticks around argument names"
)]
#![expect(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod bytes;
mod camera;
mod chunk;
mod cli;
mod clock;
mod device;
mod errors;
mod frame;
mod json;
mod local;
mod sign;
mod wait;

/// The extension module behind the package `faceiot`; import that instead.
#[pyo3::pymodule(gil_used = true)]
mod _faceiot {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::camera::{Burst, Camera, Control, Frames};
    #[pymodule_export]
    use crate::chunk::{HexAssembler, HexMessages, V2Assembler, V2Chunk, hex_encode, v2_encode, v2_parse};
    #[pymodule_export]
    use crate::cli::cli_main;
    #[pymodule_export]
    use crate::device::{
        Command, Commands, ConnectionEvent, Device, Events, Message, Messages, Receipt, Reply, Sent,
    };
    #[pymodule_export]
    use crate::frame::{Frame, FrameSource, JpegReport};
    #[pymodule_export]
    use crate::local::{Cloud, CommandReply, Photo, RegisteredDevice};
    #[pymodule_export]
    use crate::sign::{
        Login, Signed, SigningKey, aliyun_acs3, aliyun_amqp, aliyun_dataplus, aliyun_mqtt, aliyun_register,
        aliyun_register_mqtt, aliyun_roa, aliyun_rpc, aliyun_sub_device, aliyun_token_mqtt, explain,
        huawei_aksk, huawei_amqp, huawei_bootstrap, huawei_mqtt, huawei_v11, huawei_v11_key,
        huawei_x509_client_id, meituan_timestamp, meituan_v2, oss_v1, oss_v1_url, oss_v4, oss_v4_key,
        oss_v4_url, tablestore_response, tablestore_v2, tablestore_v4, tablestore_v4_key,
        tablestore_v4_response, verify_aliyun_acs3, verify_aliyun_amqp, verify_aliyun_dataplus,
        verify_aliyun_mqtt, verify_aliyun_register, verify_aliyun_register_mqtt, verify_aliyun_roa,
        verify_aliyun_rpc, verify_huawei_aksk, verify_huawei_amqp, verify_huawei_bootstrap,
        verify_huawei_mqtt, verify_huawei_v11, verify_meituan_v2, verify_oss_v1, verify_oss_v1_url,
        verify_oss_v4, verify_oss_v4_url, verify_tablestore_response, verify_tablestore_v2,
        verify_tablestore_v4, verify_tablestore_v4_response,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("HEX_OCTETS", faceiot_core::chunk::hex::CHUNK_OCTETS)?;
        module.add("V2_TEXT_DATA_MAX", faceiot_core::chunk::v2::TEXT_DATA_MAX)?;
        module.add("ERROR_KINDS", crate::errors::kinds(module.py())?)?;
        // The package's own modules say what is public; this one is not.
        module.delattr("__all__")
    }
}
