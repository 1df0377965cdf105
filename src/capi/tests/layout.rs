//! The structs as Rust lays them out, and the numbers of the header against the core's: what C sees is what Rust means.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

use faceiot_capi::{
    FaceiotAliyunDevice, FaceiotAliyunOptions, FaceiotCommand, FaceiotHexAssembler, FaceiotHexEncoder,
    FaceiotLogin, FaceiotRange, FaceiotRegistered, FaceiotRegistration, FaceiotSource, FaceiotText,
    FaceiotV2Assembler, FaceiotV2Encoder,
};
use faceiot_core::ErrorKind;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn header() -> String {
    std::fs::read_to_string(root().join("src/capi/include/faceiot.h")).unwrap()
}

#[test]
fn c_and_rust_lay_out_every_struct_alike() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layout");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(root().join("src/capi/include"))
        .arg(root().join("tests/c/layout.c"))
        .arg("-o")
        .arg(&program)
        .status()
        .expect("a C compiler");
    assert!(compiled.success());
    let printed = String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap();

    let rust = [
        ("faceiot_login", size_of::<FaceiotLogin>()),
        ("faceiot_login.host", offset_of!(FaceiotLogin, host)),
        ("faceiot_login.password", offset_of!(FaceiotLogin, password)),
        ("faceiot_login.port", offset_of!(FaceiotLogin, port)),
        ("faceiot_aliyun_device", size_of::<FaceiotAliyunDevice>()),
        (
            "faceiot_aliyun_device.device_secret",
            offset_of!(FaceiotAliyunDevice, device_secret),
        ),
        ("faceiot_aliyun_options", size_of::<FaceiotAliyunOptions>()),
        (
            "faceiot_aliyun_options.extra",
            offset_of!(FaceiotAliyunOptions, extra),
        ),
        (
            "faceiot_aliyun_options.secure_mode",
            offset_of!(FaceiotAliyunOptions, secure_mode),
        ),
        (
            "faceiot_aliyun_options.lower_hex",
            offset_of!(FaceiotAliyunOptions, lower_hex),
        ),
        ("faceiot_aliyun_registration", size_of::<FaceiotRegistration>()),
        (
            "faceiot_aliyun_registration.instance_id",
            offset_of!(FaceiotRegistration, instance_id),
        ),
        (
            "faceiot_aliyun_registration.method",
            offset_of!(FaceiotRegistration, method),
        ),
        (
            "faceiot_aliyun_registration.port",
            offset_of!(FaceiotRegistration, port),
        ),
        ("faceiot_aliyun_registered_info", size_of::<FaceiotRegistered>()),
        (
            "faceiot_aliyun_registered_info.device_token",
            offset_of!(FaceiotRegistered, device_token),
        ),
        ("faceiot_source", size_of::<FaceiotSource>()),
        ("faceiot_source.context", offset_of!(FaceiotSource, context)),
        ("faceiot_source.position", offset_of!(FaceiotSource, position)),
        ("faceiot_hex_encoder", size_of::<FaceiotHexEncoder>()),
        ("faceiot_hex_encoder.stage", offset_of!(FaceiotHexEncoder, stage)),
        ("faceiot_hex_assembler", size_of::<FaceiotHexAssembler>()),
        ("faceiot_v2_encoder", size_of::<FaceiotV2Encoder>()),
        (
            "faceiot_v2_encoder.time_ms",
            offset_of!(FaceiotV2Encoder, time_ms),
        ),
        ("faceiot_v2_encoder.epoch", offset_of!(FaceiotV2Encoder, epoch)),
        (
            "faceiot_v2_encoder.retransmit",
            offset_of!(FaceiotV2Encoder, retransmit),
        ),
        ("faceiot_v2_encoder.ahead", offset_of!(FaceiotV2Encoder, ahead)),
        ("faceiot_v2_assembler", size_of::<FaceiotV2Assembler>()),
        ("faceiot_range", size_of::<FaceiotRange>()),
        ("faceiot_range.end", offset_of!(FaceiotRange, end)),
        ("faceiot_text", size_of::<FaceiotText>()),
        ("faceiot_text.len", offset_of!(FaceiotText, len)),
        ("faceiot_command_info", size_of::<FaceiotCommand>()),
        ("faceiot_command_info.params", offset_of!(FaceiotCommand, params)),
        ("faceiot_command_info.form", offset_of!(FaceiotCommand, form)),
    ];
    let ours: Vec<String> = rust
        .iter()
        .map(|(name, number)| format!("{name} {number}"))
        .collect();
    assert_eq!(printed.lines().collect::<Vec<_>>(), ours);
}

#[test]
fn the_headers_status_numbers_are_the_cores() {
    let mut seen = 0;
    for line in header().lines() {
        let Some(rest) = line.strip_prefix("#define FACEIOT_E_") else {
            continue;
        };
        let (name, number) = rest.split_once(' ').unwrap();
        let kind = ErrorKind::from_code(number.trim().parse().unwrap()).unwrap();
        assert_eq!(kind.name().to_uppercase(), name);
        seen += 1;
    }
    assert_eq!(seen, 20);
}

#[test]
fn the_headers_version_is_the_workspaces() {
    let part = |name: &str| -> u32 {
        let header = header();
        let line = header
            .lines()
            .find(|l| l.starts_with(&format!("#define FACEIOT_VERSION_{name} ")))
            .unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let version = format!("{}.{}.{}", part("MAJOR"), part("MINOR"), part("PATCH"));
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!(
        faceiot_capi::faceiot_version(),
        part("MAJOR") << 16 | part("MINOR") << 8 | part("PATCH")
    );
}

#[test]
fn every_function_of_the_header_is_in_the_library_and_no_other() {
    let mut sources = String::new();
    for file in std::fs::read_dir(root().join("src/capi/src")).unwrap() {
        sources += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut ours: Vec<String> = sources
        .match_indices("faceiot_")
        .map(|(at, _)| (at, word(&sources[at..])))
        .filter(|(at, name)| {
            let before = &sources[..*at];
            let after = sources[at + name.len()..].trim_start();
            before.ends_with("fn ") && after.starts_with('(')
                || (after.starts_with("= digest::") || after.starts_with("= aliyun::"))
                    && before.ends_with("    ")
        })
        .map(|(_, name)| name)
        .collect();
    let header = header();
    let mut theirs: Vec<String> = header
        .match_indices("faceiot_")
        .map(|(at, _)| (at, word(&header[at..])))
        .filter(|(at, name)| {
            header[at + name.len()..].starts_with('(')
                && !header[..*at].ends_with("(*")
                && !in_comment(&header, *at)
        })
        .map(|(_, name)| name)
        .collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

fn in_comment(text: &str, at: usize) -> bool {
    let before = &text[..at];
    before.rfind("/*") > before.rfind("*/")
}
