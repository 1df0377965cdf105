//! TLS against a real server: whose certificate is believed, and for which name.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use faceiot::{Device, DeviceConfig, Endpoint, ErrorKind, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use support::mosquitto::Mosquitto;
use support::{PATIENCE, PK, Session, photo, soon};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const HOST: &str = "a1B2c3D4e5F.iot-as-mqtt.cn-shanghai.aliyuncs.com";

/// An authority of our own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    named_authority("faceiot test authority")
}

fn named_authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for this name (or address), and its key, as PEM.
fn certificate(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
) -> (String, String, CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, authority)
        .unwrap();
    (
        certificate.pem(),
        key.serialize_pem(),
        certificate.der().clone(),
        key,
    )
}

/// A TLS server with a certificate for `name`; it speaks MQTT for one connection and says which SNI it saw.
async fn server(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
) -> (SocketAddr, tokio::task::JoinHandle<Option<String>>) {
    let (_, _, chain, key) = certificate(authority, name);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.ok()?;
        let sni = stream.get_ref().1.server_name().map(str::to_owned);
        let mut session = Session::begin(stream).await;
        assert!(
            session.client_id.contains("securemode=2"),
            "{}",
            session.client_id
        );
        session.welcome().await;
        while session.published().await.is_some() {}
        sni
    });
    (address, served)
}

fn config(address: SocketAddr, authority: &CertifiedIssuer<'static, KeyPair>) -> DeviceConfig {
    let mut config = support::aliyun(address);
    config.endpoint = Endpoint {
        connect: Some(address.to_string()),
        tls: Tls::CaPem(authority.pem().into_bytes()),
        ..Endpoint::default()
    };
    config
}

#[tokio::test]
async fn tls_verifies_the_clouds_name_and_sends_it_as_sni_whatever_address_is_dialled() {
    let authority = authority();
    let (address, served) = server(&authority, HOST).await;
    let device = soon("connect", Device::connect(config(address, &authority)))
        .await
        .unwrap();
    let receipt = device.send_bytes(photo(50_000), 1).unwrap();
    receipt.wait(PATIENCE).await.unwrap();
    device.close().await;
    assert_eq!(
        soon("the server", served).await.unwrap().unwrap().to_lowercase(),
        HOST.to_lowercase()
    );
}

#[tokio::test]
async fn tls_refuses_a_certificate_for_another_name() {
    let authority = authority();
    for name in ["other.iot-as-mqtt.cn-shanghai.aliyuncs.com", "127.0.0.1"] {
        let (address, served) = server(&authority, name).await;
        let error = soon("connect", Device::connect(config(address, &authority)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(
            error.to_string().contains("another name") && error.to_string().contains(PK),
            "{error}"
        );
        assert!(soon("the server", served).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn tls_verifies_the_name_of_the_settings_before_the_clouds_own() {
    let authority = authority();
    let (address, served) = server(&authority, "gateway.lan").await;
    let mut config = config(address, &authority);
    config.endpoint.host = Some("gateway.lan".into());
    soon("connect", Device::connect(config))
        .await
        .unwrap()
        .close()
        .await;
    assert_eq!(
        soon("the server", served).await.unwrap().as_deref(),
        Some("gateway.lan")
    );
}

#[tokio::test]
async fn tls_refuses_an_authority_that_is_not_trusted() {
    let (authority, other) = (authority(), named_authority("someone else"));
    let (address, _served) = server(&other, HOST).await;
    let error = soon("connect", Device::connect(config(address, &authority)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("not trusted"), "{error}");

    // The system's authorities do not know it either.
    let (address, _served) = server(&authority, HOST).await;
    let mut system = config(address, &authority);
    system.endpoint.tls = Tls::System;
    assert_eq!(
        soon("connect", Device::connect(system)).await.unwrap_err().kind(),
        ErrorKind::Tls
    );
}

#[tokio::test]
async fn tls_reads_its_authority_from_a_file() {
    let authority = authority();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    let (address, _served) = server(&authority, HOST).await;
    let mut config = config(address, &authority);
    config.endpoint.tls = Tls::CaFile(path);
    soon("connect", Device::connect(config))
        .await
        .unwrap()
        .close()
        .await;
}

#[tokio::test]
async fn tls_on_a_port_without_tls_says_so() {
    let authority = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut tcp, b"220 mail.example ESMTP ready\r\n").await;
        std::future::pending::<()>().await;
    });
    let error = soon("connect", Device::connect(config(address, &authority)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[tokio::test]
async fn tls_to_mosquitto_carries_a_photo() {
    let authority = authority();
    let (chain, key, ..) = certificate(&authority, HOST);
    let mut config = config("127.0.0.1:1".parse().unwrap(), &authority);
    let login = config.credentials.login(support::NOW, true).unwrap();
    let mosquitto = Mosquitto::start(&[&login], Some((&chain, &key)));
    config.endpoint.connect = Some(mosquitto.address().to_string());
    let device = soon("connect", Device::connect(config)).await.unwrap();
    device
        .send_bytes(photo(300_000), 1)
        .unwrap()
        .wait(PATIENCE)
        .await
        .unwrap();
    device.close().await;
}
