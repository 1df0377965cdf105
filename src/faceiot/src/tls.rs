//! TLS: which authorities are believed, and the only file that names a provider of cryptography (ring).
//!
//! Nothing here can switch verification off. What can differ is the address that is dialled
//! ([`Endpoint::connect`](crate::Endpoint::connect)); the name that is verified and sent as SNI stays the host's.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::Tls;
use crate::error::{Error, ErrorKind, Result};

/// Makes ring the provider of this process, once. Libraries that look for the process's provider (reqwest) need
/// it; calling it again, or after another provider was installed, changes nothing.
pub fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // An error says that someone else has installed a provider already: theirs stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The client side of TLS with these settings; `None` when TLS is off.
///
/// The authorities of the operating system are read once and kept.
///
/// # Errors
/// `Config` for a CA file that cannot be read or holds no certificate; `Tls` when the system has no authorities.
pub fn client_config(tls: &Tls) -> Result<Option<Arc<ClientConfig>>> {
    install();
    match tls {
        Tls::Off => Ok(None),
        Tls::System => {
            static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
            if let Some(config) = SYSTEM.get() {
                return Ok(Some(Arc::clone(config)));
            }
            let config = with_roots(system_roots()?)?;
            Ok(Some(Arc::clone(SYSTEM.get_or_init(|| config))))
        }
        Tls::CaFile(_) | Tls::CaPem(_) => with_roots(roots(tls)?).map(Some),
    }
}

/// The cryptography of every connection.
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The authorities that these settings believe.
pub(crate) fn roots(tls: &Tls) -> Result<RootCertStore> {
    match tls {
        Tls::Off => Err(Error::new(ErrorKind::Config, "TLS is off")),
        Tls::System => system_roots(),
        Tls::CaFile(path) => {
            let pem = std::fs::read(path).map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    format!("cannot read the CA file `{}`: {error}", path.display()),
                )
                .with_source(error)
            })?;
            pem_roots(&pem).map_err(|error| error.context(format!("CA file `{}`", path.display())))
        }
        Tls::CaPem(pem) => pem_roots(pem),
    }
}

/// The TLS handshake over an open connection, verifying `name`.
pub(crate) async fn handshake(
    config: Arc<ClientConfig>,
    name: &str,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>> {
    let server = ServerName::try_from(name.to_owned()).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            format!("`{name}` is not a host name or an IP address"),
        )
    })?;
    TlsConnector::from(config)
        .connect(server, tcp)
        .await
        .map_err(|error| failed(name, error))
}

/// Says in words why a handshake failed.
fn failed(name: &str, error: std::io::Error) -> Error {
    use rustls::CertificateError as Bad;
    let reason = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let words = match reason {
        Some(rustls::Error::InvalidCertificate(bad)) => match bad {
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                format!("the certificate is for another name than `{name}`")
            }
            Bad::UnknownIssuer => {
                format!("the certificate of `{name}` was issued by an authority that is not trusted")
            }
            Bad::Expired | Bad::ExpiredContext { .. } => {
                format!("the certificate of `{name}` has expired, or this clock is wrong")
            }
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                format!("the certificate of `{name}` is not valid yet, or this clock is wrong")
            }
            other => format!("the certificate of `{name}` is refused: {other:?}"),
        },
        Some(rustls::Error::AlertReceived(alert)) => format!("`{name}` ended the TLS handshake: {alert:?}"),
        Some(other) => format!("TLS with `{name}` failed: {other}"),
        None => format!("TLS with `{name}` failed: {error}; is this a TLS port?"),
    };
    // A peer that goes away in mid-handshake may be back; a certificate that is wrong stays wrong.
    let kind = if reason.is_some() || error.kind() == std::io::ErrorKind::InvalidData {
        ErrorKind::Tls
    } else {
        ErrorKind::Disconnected
    };
    Error::new(kind, words).with_source(error)
}

fn with_roots(roots: RootCertStore) -> Result<Arc<ClientConfig>> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Tls, error.to_string()).with_source(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn system_roots() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, unusable) = roots.add_parsable_certificates(found.certs);
    for error in &found.errors {
        tracing::warn!(%error, "some of the system's certificate authorities could not be read");
    }
    if added == 0 {
        return Err(Error::new(
            ErrorKind::Tls,
            format!(
                "this system has no usable certificate authorities ({unusable} unusable); install \
                 `ca-certificates` or name a CA file"
            ),
        ));
    }
    Ok(roots)
}

fn pem_roots(pem: &[u8]) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate =
            certificate.map_err(|error| Error::new(ErrorKind::Config, format!("not valid PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| Error::new(ErrorKind::Config, format!("not a usable certificate: {error}")))?;
    }
    if roots.is_empty() {
        return Err(Error::new(
            ErrorKind::Config,
            "there is no certificate in the PEM text",
        ));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_is_off_and_the_system_is_read_once() {
        assert!(client_config(&Tls::Off).unwrap().is_none());
        let (first, second) = (client_config(&Tls::System), client_config(&Tls::System));
        // A machine without authorities is told so; one with them reads them once.
        match (first, second) {
            (Ok(first), Ok(second)) => assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap())),
            (Err(error), _) => assert!(error.to_string().contains("ca-certificates")),
            (Ok(_), Err(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn a_ca_that_is_none_is_refused_with_its_path() {
        let missing = client_config(&Tls::CaFile("/nonexistent/ca.pem".into())).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Config);
        assert!(missing.to_string().contains("/nonexistent/ca.pem"));
        let empty = client_config(&Tls::CaPem(b"no certificate here".to_vec())).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::Config);
        let torn = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(
            client_config(&Tls::CaPem(torn.to_vec())).unwrap_err().kind(),
            ErrorKind::Config
        );
    }
}
