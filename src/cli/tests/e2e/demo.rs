//! `faceiot demo`: the main job.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{ASTRONAUT, CAMERA, command, exit_code, faceiot, sha256sum, signal, wait};

#[test]
fn the_demo_sends_a_photo_of_each_cloud_and_gets_it_back_whole() {
    let said = faceiot(["demo", "--json"]).ok().json();
    assert_eq!(said["ok"], true);
    assert!(said["page"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    let devices = said["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    for (line, (cloud, format, photo)) in devices
        .iter()
        .zip([("aliyun:", "hex", ASTRONAUT), ("huawei:", "v2", CAMERA)])
    {
        assert!(line["device"].as_str().unwrap().starts_with(cloud), "{line}");
        assert_eq!(line["format"], format);
        assert_eq!(line["bytes"], photo.len());
        let digest = sha256sum(photo);
        assert_eq!(line["sha256_before"], digest.as_str());
        assert_eq!(line["sha256_after"], digest.as_str());
        assert_eq!(line["same"], true);
        assert!(line["problem"].is_null());
        let chunks = if format == "hex" {
            photo.len().div_ceil(400) + 1
        } else {
            photo.len().div_ceil(4096)
        };
        assert_eq!(line["chunks"], chunks, "{format}");
        assert!(line["milliseconds"].as_u64().unwrap() > 0);
    }
}

#[test]
fn the_demo_shows_a_table_and_the_pages_address() {
    let ran = faceiot(["demo"]).ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    for word in [
        "device",
        "format",
        "chunks",
        "bytes",
        "ms",
        "sha256 before",
        "sha256 over HTTP",
    ] {
        assert!(lines[0].contains(word), "{word}: {}", ran.out);
    }
    assert!(lines[1].contains("aliyun:") && lines[1].contains(" hex ") && lines[1].ends_with("same"));
    assert!(lines[2].contains("huawei:") && lines[2].contains(" v2 ") && lines[2].ends_with("same"));
    assert!(lines[3].starts_with("page http://127.0.0.1:"), "{}", ran.out);
    assert!(
        lines.iter().all(|line| line.chars().count() <= 120),
        "{}",
        ran.out
    );
}

#[test]
fn a_lost_chunk_makes_the_demo_exit_1_and_say_what_differs() {
    let ran = faceiot(["demo", "--json", "--lose-chunk", "3"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = ran.json();
    assert_eq!(said["ok"], false);
    for line in said["devices"].as_array().unwrap() {
        assert_eq!(line["same"], false, "{line}");
        assert_ne!(line["sha256_after"], line["sha256_before"]);
        assert!(line["problem"].is_string(), "{line}");
    }
}

#[test]
fn a_demo_that_is_kept_serves_its_page_until_ctrl_c() {
    let mut demo = command()
        .args(["demo", "--keep", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let page = said["page"].as_str().unwrap();
    let host = page.strip_prefix("http://").unwrap().split('/').next().unwrap();
    assert!(std::net::TcpStream::connect(host).is_ok(), "the page is served");
    signal(demo.id(), "INT");
    assert_eq!(exit_code(wait(&mut demo, "faceiot demo --keep")), 0);
}
