//! A look at a TLS endpoint for people who search a fault: what certificates it shows, and why they are not believed.
//!
//! Nothing is sent over a connection that was inspected, and nothing here makes verification weaker: the verifier that
//! connections use does the verifying, and what it was shown is written down on the way.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;

use crate::config::{Address, Tls};
use crate::error::{Error, ErrorKind, Result};
use crate::tls;

/// What a TLS endpoint showed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The certificates in DER, the endpoint's own first, as they were shown. Empty when the handshake ended before.
    pub chain: Vec<Vec<u8>>,
    /// The version of TLS that was agreed, such as `TLS 1.3`, or why the endpoint is not believed.
    pub verified: Result<&'static str>,
}

/// Connects, looks, and hangs up.
///
/// # Errors
/// The connection's own errors, and `Config` for a CA that cannot be used or when TLS is off. A certificate that is
/// not believed is no error here: [`Inspection::verified`] says so.
pub async fn tls(address: &Address, tls: &Tls) -> Result<Inspection> {
    let provider = tls::provider();
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(tls::roots(tls)?), Arc::clone(&provider))
            .build()
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()).with_source(error))?;
    let witness = Arc::new(Witness {
        verifier,
        shown: Mutex::default(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()).with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let tcp = TcpStream::connect((address.dial.as_str(), address.port)).await?;
    let verified = match tls::handshake(Arc::new(config), &address.name, tcp).await {
        Ok(stream) => Ok(match stream.get_ref().1.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS 1.3",
        }),
        Err(error) => Err(error),
    };
    let chain = witness
        .shown
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Ok(Inspection { chain, verified })
}

/// The verifier of every connection, and a note of what it was shown.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Vec<Vec<u8>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|certificate| certificate.to_vec());
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain.collect();
        self.verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
