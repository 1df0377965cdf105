//! The cloud's own certificate authority and server certificate, made at the first start.
//!
//! Devices and commands are given `tls/ca.pem`. The authority's key stays in the data folder so that the server
//! certificate can be issued again, under the same authority, when it runs out or another name is asked for.
//! This is the only file of the crate that touches a TLS library.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use faceiot::{Error, ErrorKind, Result};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::data_dir::{DataDir, write_private};

/// What the TLS listener needs, and where the authority's certificate is.
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_file: PathBuf,
}

/// Loads the certificates of the data folder, making those that are missing, run out or lack a name.
///
/// `names` are added to `localhost`, `127.0.0.1` and `::1`; `now` decides what has run out.
pub(crate) fn load_or_create(dir: &DataDir, names: &[String], now: Timestamp) -> Result<Tls> {
    let folder = dir.folder("tls")?;
    let (ca_file, ca_key_file) = (folder.join("ca.pem"), folder.join("ca.key"));
    let (server_file, server_key_file) = (folder.join("server.pem"), folder.join("server.key"));

    let mut names: Vec<String> = ALWAYS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(names.iter().map(|name| name.to_ascii_lowercase()))
        .collect();
    names.sort();
    names.dedup();

    let ca_key = match read(&ca_key_file)? {
        Some(pem) if ca_file.exists() => {
            KeyPair::from_pem(&pem).map_err(|e| broken(&ca_key_file, &e.to_string()))?
        }
        _ => {
            let key = KeyPair::generate().map_err(|e| making(&e))?;
            let certificate = ca_params(&key, now)?.self_signed(&key).map_err(|e| making(&e))?;
            // The key first: a certificate without its key would be taken for a complete authority.
            write_private(&ca_key_file, key.serialize_pem().as_bytes())?;
            write_private(&ca_file, certificate.pem().as_bytes())?;
            let _ = fs::remove_file(&server_file);
            key
        }
    };
    let usable = match (read(&server_file)?, server_key_file.exists()) {
        (Some(pem), true) => serves(&pem, &names, now),
        _ => false,
    };
    if !usable {
        let issuer = Issuer::new(ca_params(&ca_key, now)?, ca_key);
        let key = KeyPair::generate().map_err(|e| making(&e))?;
        let certificate = server_params(&names, now)?
            .signed_by(&key, &issuer)
            .map_err(|e| making(&e))?;
        // The old certificate goes first, so that a crash in between leaves no certificate beside a foreign key.
        let _ = fs::remove_file(&server_file);
        write_private(&server_key_file, key.serialize_pem().as_bytes())?;
        write_private(&server_file, certificate.pem().as_bytes())?;
    }
    let config = server_config(&server_file, &server_key_file, &ca_file)?;
    Ok(Tls {
        config: Arc::new(config),
        ca_file,
    })
}

fn server_config(server_file: &Path, key_file: &Path, ca_file: &Path) -> Result<ServerConfig> {
    let certificate =
        |path: &Path| CertificateDer::from_pem_file(path).map_err(|e| broken(path, &e.to_string()));
    // The authority goes along so that `faceiot doctor` can show the whole chain.
    let chain = vec![certificate(server_file)?, certificate(ca_file)?];
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|e| broken(key_file, &e.to_string()))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| broken(server_file, &e.to_string()))?;
    builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|e| broken(server_file, &e.to_string()))
}

/// Whether a certificate holds every name and lasts another month.
fn serves(pem: &str, names: &[String], now: Timestamp) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(pem.as_bytes()) else {
        return false;
    };
    let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
        return false;
    };
    if certificate.validity().not_after.timestamp() < now.as_second() + RENEW_BEFORE_SECONDS
        || certificate.validity().not_before.timestamp() > now.as_second()
    {
        return false;
    }
    let Ok(Some(alternatives)) = certificate.subject_alternative_name() else {
        return false;
    };
    names.iter().all(|name| {
        let ip = name.parse::<IpAddr>().ok().map(|ip| match ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        });
        alternatives.value.general_names.iter().any(|held| match held {
            GeneralName::DNSName(held) => ip.is_none() && held == name,
            GeneralName::IPAddress(held) => ip.as_deref() == Some(*held),
            _ => false,
        })
    })
}

fn ca_params(key: &KeyPair, now: Timestamp) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new()).map_err(|e| making(&e))?;
    // Part of the key's hash in the name: two data folders are two authorities, and a device that trusts both can
    // tell them apart.
    let hash = faceiot_core::digest::sha256(&[key.der_bytes()]);
    let mut text = [0u8; 8];
    let short = faceiot_core::text::hex_lower(&hash[..4], &mut text)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("faceiot local cloud {short}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, 10 * 366)?;
    Ok(params)
}

fn server_params(names: &[String], now: Timestamp) -> Result<CertificateParams> {
    let bad = |what: &str| {
        Error::new(
            ErrorKind::Config,
            format!("a certificate cannot hold the name {what}"),
        )
    };
    if let Some(name) = names.iter().find(|name| !is_host(name)) {
        return Err(bad(&format!("`{}`", name.escape_default())));
    }
    let mut params = CertificateParams::new(names.to_vec()).map_err(|e| bad(&e.to_string()))?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "faceiot local cloud");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // 825 days: Apple's clients refuse more.
    set_validity(&mut params, now, 820)?;
    Ok(params)
}

fn is_host(name: &str) -> bool {
    name.parse::<IpAddr>().is_ok()
        || (name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'*')
            }))
}

/// From two days ago, for devices whose clock is slow, to `days` from now.
fn set_validity(params: &mut CertificateParams, now: Timestamp, days: i32) -> Result<()> {
    let day = |moment: Zoned| {
        let date = moment.date();
        rcgen::date_time_ymd(
            i32::from(date.year()),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    let now = now.to_zoned(TimeZone::UTC);
    let clock = |e: jiff::Error| Error::new(ErrorKind::Config, format!("the clock makes no sense: {e}"));
    let (first, last) = (
        now.checked_sub(2.days()).map_err(clock)?,
        now.checked_add(days.days()).map_err(clock)?,
    );
    (params.not_before, params.not_after) = (day(first), day(last));
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::from(e).context(format!("reading `{}`", path.display()))),
    }
}

fn broken(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::Tls,
        format!(
            "`{}` cannot be used ({why}); delete the folder it is in to get new certificates",
            path.display()
        ),
    )
}

fn making(error: &rcgen::Error) -> Error {
    Error::new(ErrorKind::Tls, format!("cannot make a certificate: {error}"))
}

const ALWAYS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const RENEW_BEFORE_SECONDS: i64 = 30 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn server(dir: &DataDir) -> String {
        fs::read_to_string(dir.root().join("tls/server.pem")).unwrap()
    }

    #[test]
    fn certificates_are_made_once_and_closed_to_others() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let made = load_or_create(&dir, &[], now()).unwrap();
        let first = server(&dir);
        assert!(serves(
            &first,
            &["localhost".into(), "127.0.0.1".into(), "::1".into()],
            now()
        ));
        load_or_create(&dir, &[], now()).unwrap();
        assert_eq!(server(&dir), first);
        for name in ["ca.pem", "ca.key", "server.pem", "server.key"] {
            let mode = fs::metadata(made.ca_file.with_file_name(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777;
            assert_eq!(mode, 0o600, "{name}");
        }
    }

    #[test]
    fn another_name_or_an_old_certificate_keeps_the_authority() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let ca = fs::read(load_or_create(&dir, &[], now()).unwrap().ca_file).unwrap();
        let first = server(&dir);
        load_or_create(&dir, &["Camera.Example".into(), "192.168.1.9".into()], now()).unwrap();
        let second = server(&dir);
        assert!(serves(
            &second,
            &["camera.example".into(), "192.168.1.9".into()],
            now()
        ));
        assert!(!serves(&first, &["camera.example".into()], now()));
        let later = now() + jiff::SignedDuration::from_hours(24 * 800);
        load_or_create(&dir, &[], later).unwrap();
        assert!(!serves(&second, &["localhost".into()], later));
        assert!(serves(&server(&dir), &["localhost".into()], later));
        assert_eq!(fs::read(dir.root().join("tls/ca.pem")).unwrap(), ca);
    }

    #[test]
    fn a_name_that_is_no_host_is_a_clear_error() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let error = load_or_create(&dir, &["two words".into()], now()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("`two words`"), "{error}");
    }
}
