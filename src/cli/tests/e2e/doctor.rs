//! `faceiot doctor`: everything in order once, then every hop broken once.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;

use crate::support::broker::{self, Fault};
use crate::support::{Ran, Up, command, finish};

/// A device's configuration that nobody else can read.
fn config(folder: &Path, endpoint: &str) -> PathBuf {
    let path = folder.join("iot.cfg");
    let device = "[IOT]\nproductKey = pk\ndeviceName = door\ndeviceSecret = the-secret\n";
    fs::write(&path, format!("{device}[ENDPOINT]\n{endpoint}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// The doctor with little patience and no time server, looking at a folder without a local cloud, which is no fault there.
fn doctor(config: &Path) -> Command {
    let mut doctor = command();
    doctor
        .args([
            "doctor",
            "--json",
            "--ntp",
            "none",
            "--timeout",
            "5",
            "--min-free",
            "1",
            "--config",
        ])
        .arg(config);
    doctor.env("XDG_DATA_HOME", config.parent().unwrap());
    doctor
}

/// The hop failed, with words and with what to do, and is the exit code.
#[track_caller]
fn failed(ran: &Ran, code: i32, hop: &str) -> String {
    assert_eq!(ran.code, code, "{ran:?}");
    let said = ran.json();
    assert_eq!(
        (said["ok"].as_bool(), said["exit"].as_i64()),
        (Some(false), Some(code.into()))
    );
    let finding = of(&said, hop, "failed");
    assert!(!finding["todo"].as_str().unwrap().is_empty(), "{finding}");
    finding["found"].as_str().unwrap().to_owned()
}

#[track_caller]
fn of<'a>(said: &'a Value, hop: &str, status: &str) -> &'a Value {
    said["hops"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["hop"] == hop && finding["status"] == status)
        .unwrap_or_else(|| panic!("`{hop}` is not {status}: {said:#}"))
}

#[test]
fn everything_in_order_is_exit_code_0_for_both_clouds_over_tls() {
    let up = Up::new();
    for device in ["aliyun:pk:door", "huawei:p_n"] {
        let path = up.add_with_config(device);
        let mut doctor = doctor(&path);
        doctor.args([
            "--tls",
            "on",
            "--host",
            "localhost",
            "--connect",
            &up.mqtts().to_string(),
        ]);
        doctor
            .arg("--ca")
            .arg(up.folder.join("tls/ca.pem"))
            .arg("--data")
            .arg(&up.folder);
        let said = finish(&mut doctor, b"").ok().json();
        assert_eq!(
            (said["ok"].as_bool(), said["hops"].as_array().unwrap().len()),
            (Some(true), 10),
            "{said:#}"
        );
        for hop in [
            "config",
            "clock",
            "dns",
            "tcp",
            "tls",
            "login",
            "subscribe",
            "echo",
            "disk",
            "store",
        ] {
            of(&said, hop, "ok");
        }
        // The chain, with who issued it and until when.
        let tls = of(&said, "tls", "ok")["found"].as_str().unwrap().to_owned();
        assert!(
            tls.contains("issued by `CN=faceiot local cloud") && tls.contains("valid to 20"),
            "{tls}"
        );
    }
}

#[test]
fn the_report_for_people_is_a_line_for_each_hop() {
    let up = Up::new();
    let path = up.add_with_config("huawei:p_n");
    let mut doctor = command();
    doctor
        .args(["doctor", "--min-free", "1"])
        .arg("--config")
        .arg(path)
        .arg("--data")
        .arg(&up.folder);
    let ran = finish(&mut doctor, b"").ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 10, "{}", ran.out);
    assert!(lines[0].starts_with("config    ok "), "{}", ran.out);
    // The saved configuration has no TLS: that is said, not hidden.
    assert!(lines[4].starts_with("tls       skipped"), "{}", ran.out);
}

#[test]
fn a_configuration_that_others_can_read_is_hop_config() {
    let up = Up::new();
    let path = up.add_with_config("huawei:p_n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = finish(doctor(&path).arg("--data").arg(&up.folder), b"");
    assert!(failed(&ran, 10, "config").contains("0644"));
    assert!(ran.out.contains("chmod 600"));
    // It can be used all the same: the other hops are looked at.
    of(&ran.json(), "echo", "ok");
}

#[test]
fn a_configuration_that_says_nothing_useful_is_hop_config() {
    let temp = tempfile::tempdir().unwrap();
    let path = config(temp.path(), "tls = perhaps");
    let ran = finish(&mut doctor(&path), b"");
    assert!(failed(&ran, 10, "config").contains("tls"));
    of(&ran.json(), "login", "skipped");
    assert!(!ran.out.contains("the-secret"));
    let ran = finish(&mut doctor(&temp.path().join("none.cfg")), b"");
    assert!(failed(&ran, 10, "config").contains("none.cfg"));
}

#[test]
fn a_clock_that_differs_from_the_time_servers_is_hop_clock() {
    let temp = tempfile::tempdir().unwrap();
    let up = Up::new();
    let path = up.add_with_config("huawei:p_n");
    for (ahead, word) in [(7_200, "behind"), (-7_200, "ahead of")] {
        let server = time_server(ahead);
        let mut doctor = doctor(&path);
        let mut args: Vec<_> = doctor.get_args().map(std::ffi::OsStr::to_owned).collect();
        let at = args.iter().position(|arg| arg == "none").unwrap();
        args[at] = server.to_string().into();
        doctor = command();
        let ran = finish(doctor.args(args).arg("--data").arg(&up.folder), b"");
        let words = failed(&ran, 11, "clock");
        assert!(
            words.contains(word) && (words.contains("7200.") || words.contains("7199.")),
            "{words}"
        );
    }
    drop(temp);
}

#[test]
fn a_clock_that_differs_from_the_clouds_own_is_hop_clock() {
    let temp = tempfile::tempdir().unwrap();
    for (ahead, code) in [(7_200_000, 11), (-7_200_000, 11)] {
        let address = broker::start(Fault::TellsTime(ahead));
        let path = config(temp.path(), &format!("connect = {address}\ntls = off"));
        let ran = finish(&mut doctor(&path), b"");
        let words = failed(&ran, code, "clock");
        assert!(
            words.contains(if ahead > 0 {
                "behind the cloud's"
            } else {
                "ahead of the cloud's"
            }),
            "{words}"
        );
        // The answer itself came: it is the clock that is wrong, not the way.
        of(&ran.json(), "echo", "ok");
    }
}

/// A time server that is wrong by so many seconds.
fn time_server(ahead_seconds: i64) -> std::net::SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut question = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut question) {
            // RFC 4330: our time in seconds since 1900, its fraction, and the question's transmit time as originate.
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let seconds = (now.as_secs() + 2_208_988_800)
                .checked_add_signed(ahead_seconds)
                .unwrap();
            let stamp = ((seconds << 32) | (u64::from(now.subsec_millis()) * 4_294_967)).to_be_bytes();
            let mut answer = [0; 48];
            answer[0] = 0x24;
            answer[1] = 2;
            answer[24..32].copy_from_slice(&question[40..]);
            answer[32..40].copy_from_slice(&stamp);
            answer[40..].copy_from_slice(&stamp);
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

#[test]
fn a_name_without_an_address_is_hop_dns() {
    let temp = tempfile::tempdir().unwrap();
    // A label of 70 letters is no name: the resolver refuses it without asking anybody (RFC 1035, 2.3.4).
    let path = config(
        temp.path(),
        &format!("connect = {}.invalid:1883\ntls = off", "a".repeat(70)),
    );
    let ran = finish(&mut doctor(&path), b"");
    assert!(failed(&ran, 12, "dns").contains("has no address"));
    of(&ran.json(), "tcp", "skipped");
}

#[test]
fn a_closed_port_is_hop_tcp() {
    let temp = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let ran = finish(
        &mut doctor(&config(temp.path(), &format!("connect = {address}\ntls = off"))),
        b"",
    );
    let words = failed(&ran, 13, "tcp");
    assert!(
        words.contains("refused") && words.contains(&address.to_string()),
        "{words}"
    );
}

#[test]
fn a_chain_of_an_unknown_authority_is_hop_tls() {
    let temp = tempfile::tempdir().unwrap();
    let (shown, believed) = (Authority::new("shown"), Authority::new("believed"));
    let address = broker::start_tls(Fault::Silent, shown.server("localhost", 2099));
    let ran = finish(&mut doctor(&tls_config(temp.path(), address, &believed)), b"");
    let words = failed(&ran, 14, "tls");
    assert!(words.contains("not trusted"), "{words}");
    // Whose certificate it is, is shown although it is not believed: that is what finds the fault.
    assert!(words.contains("issued by `CN=shown`"), "{words}");
    of(&ran.json(), "login", "skipped");
}

#[test]
fn an_expired_certificate_is_hop_tls() {
    let temp = tempfile::tempdir().unwrap();
    let authority = Authority::new("local");
    let address = broker::start_tls(Fault::Silent, authority.server("localhost", 2021));
    let words = failed(
        &finish(&mut doctor(&tls_config(temp.path(), address, &authority)), b""),
        14,
        "tls",
    );
    assert!(
        words.contains("expired") && words.contains("valid to 2021-01-01"),
        "{words}"
    );
}

#[test]
fn a_certificate_for_another_name_is_hop_tls() {
    let temp = tempfile::tempdir().unwrap();
    let authority = Authority::new("local");
    let address = broker::start_tls(Fault::Silent, authority.server("elsewhere.example", 2099));
    let words = failed(
        &finish(&mut doctor(&tls_config(temp.path(), address, &authority)), b""),
        14,
        "tls",
    );
    assert!(
        words.contains("another name than `localhost`") && words.contains("local"),
        "{words}"
    );
}

#[test]
fn a_port_without_tls_is_hop_tls() {
    let temp = tempfile::tempdir().unwrap();
    let up = Up::new();
    let path = tls_config(temp.path(), up.mqtt(), &Authority::new("local"));
    failed(&finish(&mut doctor(&path), b""), 14, "tls");
}

/// A certificate authority.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// A server whose certificate is for this name and ends with the beginning of this year.
    fn server(&self, name: &str, until: i32) -> Arc<rustls::ServerConfig> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let chain = vec![certificate.der().clone()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                chain,
                rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        Arc::new(config)
    }
}

fn tls_config(folder: &Path, address: std::net::SocketAddr, authority: &Authority) -> PathBuf {
    let ca = folder.join("ca.pem");
    fs::write(&ca, &authority.pem).unwrap();
    config(
        folder,
        &format!("host = localhost\nconnect = {address}\nca = {}", ca.display()),
    )
}

#[test]
fn a_wrong_secret_is_hop_login() {
    let temp = tempfile::tempdir().unwrap();
    let up = Up::new();
    up.add("aliyun:pk:door");
    let path = config(temp.path(), &format!("connect = {}\ntls = off", up.mqtt()));
    let ran = finish(doctor(&path).arg("--data").arg(&up.folder), b"");
    let words = failed(&ran, 15, "login");
    assert!(words.contains("CONNACK 4"), "{words}");
    of(&ran.json(), "tcp", "ok");
    of(&ran.json(), "subscribe", "skipped");
}

#[test]
fn every_refusal_of_connack_is_said_in_words() {
    let temp = tempfile::tempdir().unwrap();
    for (code, word) in [
        (1, "3.1.1"),
        (2, "client id"),
        (3, "not available"),
        (4, "password"),
        (5, "no such device"),
    ] {
        let address = broker::start(Fault::Refuses(code));
        let path = config(temp.path(), &format!("connect = {address}\ntls = off"));
        let mut doctor = doctor(&path);
        let mut args: Vec<_> = doctor.get_args().map(std::ffi::OsStr::to_owned).collect();
        let at = args.iter().position(|arg| arg == "--timeout").unwrap();
        // A broker that is busy (3) is asked again for as long as that.
        args[at + 1] = "1".into();
        doctor = command();
        let words = failed(&finish(doctor.args(args), b""), 15, "login");
        assert!(
            words.contains(word) && words.contains(&format!("CONNACK {code}")),
            "{words}"
        );
    }
}

#[test]
fn a_broker_that_says_nothing_is_hop_login() {
    let temp = tempfile::tempdir().unwrap();
    let address = broker::start(Fault::Silent);
    let path = config(temp.path(), &format!("connect = {address}\ntls = off"));
    let mut doctor = doctor(&path);
    failed(&finish(doctor.args(["--data", "/nonexistent"]), b""), 15, "login");
}

#[test]
fn a_refused_subscription_is_hop_subscribe() {
    let temp = tempfile::tempdir().unwrap();
    let address = broker::start(Fault::RefusesToListen("/ext/ntp/"));
    let path = config(temp.path(), &format!("connect = {address}\ntls = off"));
    let ran = finish(&mut doctor(&path), b"");
    assert!(failed(&ran, 16, "subscribe").contains("/ext/ntp/"), "{ran:?}");
    of(&ran.json(), "login", "ok");
    of(&ran.json(), "echo", "skipped");
}

#[test]
fn a_question_without_an_answer_is_hop_echo() {
    let temp = tempfile::tempdir().unwrap();
    let address = broker::start(Fault::Swallows);
    let path = config(temp.path(), &format!("connect = {address}\ntls = off"));
    let ran = finish(&mut doctor(&path), b"");
    assert!(failed(&ran, 17, "echo").contains("nothing came back"), "{ran:?}");
    of(&ran.json(), "subscribe", "ok");
}

#[test]
fn too_little_space_is_hop_disk() {
    let up = Up::new();
    let path = up.add_with_config("huawei:p_n");
    let mut doctor = command();
    // More than any disk has: a million terabytes.
    doctor
        .args(["doctor", "--json", "--min-free", "1000000000000"])
        .arg("--config")
        .arg(path)
        .arg("--data")
        .arg(&up.folder);
    let ran = finish(&mut doctor, b"");
    assert!(failed(&ran, 18, "disk").contains("MB are free"));
    of(&ran.json(), "store", "ok");
}

#[test]
fn a_store_that_is_not_there_or_open_to_others_is_hop_store() {
    let up = Up::new();
    let path = up.add_with_config("huawei:p_n");
    let missing = up.folder.with_file_name("missing");
    let ran = finish(doctor(&path).arg("--data").arg(&missing), b"");
    assert!(failed(&ran, 19, "store").contains("no local cloud"));
    assert!(!missing.exists(), "a doctor makes nothing");

    fs::set_permissions(up.folder.join("registry.db"), fs::Permissions::from_mode(0o640)).unwrap();
    let ran = finish(doctor(&path).arg("--data").arg(&up.folder), b"");
    assert!(failed(&ran, 19, "store").contains("0640"));

    let spoiled = up.folder.with_file_name("spoiled");
    fs::create_dir(&spoiled).unwrap();
    fs::write(
        spoiled.join("registry.db"),
        "this is not a database at all, however long it may be",
    )
    .unwrap();
    fs::set_permissions(spoiled.join("registry.db"), fs::Permissions::from_mode(0o600)).unwrap();
    failed(
        &finish(doctor(&path).arg("--data").arg(&spoiled), b""),
        19,
        "store",
    );
}

#[test]
fn without_any_device_the_local_hops_are_looked_at_all_the_same() {
    let up = Up::new();
    let empty = tempfile::tempdir().unwrap();
    let mut doctor = command();
    doctor
        .current_dir(empty.path())
        .args(["doctor", "--json", "--min-free", "1", "--data"])
        .arg(&up.folder);
    let ran = finish(&mut doctor, b"");
    failed(&ran, 10, "config");
    of(&ran.json(), "store", "ok");
    of(&ran.json(), "tls", "skipped");
}
