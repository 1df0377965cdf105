//! The same broker behind TLS, next to a plain listener with its own name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, Script, Scripted, connect, puback, publish, until};
use faceiot_broker::{Broker, Caps, Config, Limits, Listener, Message};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring};

struct Rig {
    broker: Broker,
    script: Arc<Script>,
    connector: TlsConnector,
    _folder: tempfile::TempDir,
}

impl Rig {
    async fn start() -> Self {
        let key = rcgen::generate_simple_self_signed(vec!["broker.test".into()]).expect("a certificate");
        let certificate = key.cert.der().clone();
        let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private)
            .expect("a server configuration");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a root");
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let script = Arc::new(Script::default());
        let scripted = Arc::new(Scripted(Arc::clone(&script)));
        let listener = |name: &str, tls| Listener {
            name: name.into(),
            addr: ([127, 0, 0, 1], 0).into(),
            tls,
            rules: Arc::clone(&scripted) as _,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let broker = Broker::start(Config {
            state_dir: folder.path().join("broker"),
            listeners: vec![listener("tls", Some(Arc::new(server))), listener("plain", None)],
            hooks: Arc::clone(&scripted) as _,
            limits: Limits::default(),
        })
        .await
        .expect("a broker");
        Self {
            broker,
            script,
            connector: TlsConnector::from(Arc::new(client)),
            _folder: folder,
        }
    }

    async fn client(&self, name: &str) -> Client<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.broker.addrs()[0])
            .await
            .expect("connected");
        let server = ServerName::try_from("broker.test").expect("a name");
        let stream = self.connector.connect(server, stream).await.expect("a handshake");
        let mut client = Client { stream };
        client.send(&connect(name, true, 0)).await;
        client.expect(&[0x20, 2, 0, 0]).await;
        client
    }
}

#[tokio::test]
async fn messages_pass_between_tls_and_plain_listeners() {
    let rig = Rig::start().await;
    let mut secure = rig.client("secure").await;
    let mut plain = Client::login(rig.broker.addrs()[1], "plain", true).await;
    secure.subscribe("x", 1).await;
    plain.send(&publish("x", b"hello", 2, 1)).await;
    plain.expect(&puback(1)).await;
    secure.expect(&publish("x", b"hello", 2, 1)).await;
    assert!(
        rig.script.saw(r#"listener: "tls", tls: true"#) && rig.script.saw(r#"listener: "plain", tls: false"#)
    );
    rig.broker.stop().await;
    assert_eq!(secure.next().await, None, "a clean end of TLS");
}

#[tokio::test]
async fn a_large_message_arrives_whole_although_tls_buffers_it() {
    let rig = Rig::start().await;
    let mut secure = rig.client("secure").await;
    secure.subscribe("x", 0).await;
    let payload: Vec<u8> = (0..900_000_u32).map(|i| (i % 251) as u8).collect();
    for _ in 0..5 {
        let message = Message {
            topic: "x".into(),
            payload: payload.clone().into(),
            qos: 0,
            retain: false,
        };
        assert_eq!(rig.broker.handle().inject(message), 1);
        assert_eq!(secure.packet().await, publish("x", &payload, 0, 0));
    }
    secure.send(&publish("y", &payload, 2, 9)).await;
    secure.expect(&puback(9)).await;
}

#[tokio::test]
async fn a_client_that_never_finishes_its_handshake_is_closed_in_time() {
    let rig = Rig::start().await;
    let caps = Caps {
        connect_timeout: Duration::from_millis(200),
        ..Caps::default()
    };
    *rig.script.caps.lock().expect("caps") = Some(caps);
    let mut stream = TcpStream::connect(rig.broker.addrs()[0])
        .await
        .expect("connected");
    let mut byte = [0];
    let end = tokio::time::timeout(common::PATIENCE, stream.read(&mut byte))
        .await
        .expect("closed in time");
    assert_eq!(end.expect("an orderly end"), 0);
    until("it is counted out", || {
        rig.broker.handle().stats().connections == 0
    })
    .await;
}
