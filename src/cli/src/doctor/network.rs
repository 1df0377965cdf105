//! Hops "dns", "tcp" and "tls": is there a way to the cloud, and is it the cloud that stands at its end.

use std::net::SocketAddr;
use std::time::Duration;

use faceiot::{Address, Tls};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Outcome;

/// The addresses of the name, or why there are none.
pub(super) async fn dns(
    address: &Address,
    patience: Duration,
) -> Result<(Vec<SocketAddr>, Outcome), Outcome> {
    let name = &address.dial;
    let fix = "check the name (for Huawei: the console shows it) and this computer's network";
    match timeout(patience, lookup_host((name.as_str(), address.port))).await {
        Ok(Ok(found)) => {
            let found: Vec<SocketAddr> = found.collect();
            if found.is_empty() {
                return Err(Outcome::failed(format!("`{name}` has no address"), fix));
            }
            let list = found
                .iter()
                .map(|address| address.ip().to_string())
                .collect::<Vec<_>>()
                .join(", ");
            let words = if name.parse::<std::net::IpAddr>().is_ok() {
                format!("{list}, nothing to look up")
            } else {
                format!("`{name}` is {list}")
            };
            Ok((found, Outcome::ok(words)))
        }
        Ok(Err(error)) => Err(Outcome::failed(format!("`{name}` has no address: {error}"), fix)),
        Err(_) => Err(Outcome::failed(format!("`{name}`: no name server answers"), fix)),
    }
}

/// Whether one of the addresses lets us in.
pub(super) async fn tcp(addresses: &[SocketAddr], patience: Duration) -> Outcome {
    let mut last = String::new();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Outcome::ok(format!("{address} is open")),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address} does not answer: a firewall?"),
        }
    }
    Outcome::failed(
        last,
        "is the broker running there? (`faceiot up` starts a local one); check the port and firewalls",
    )
}

/// Whether the other end proves its name, and who says so.
pub(super) async fn tls(address: &Address, tls: &Tls, patience: Duration) -> Outcome {
    if !tls.is_on() {
        return Outcome::skipped("the connection is not encrypted (tls = off)");
    }
    let inspection = match timeout(patience, faceiot::inspect::tls(address, tls)).await {
        Ok(Ok(inspection)) => inspection,
        Ok(Err(error)) => {
            return Outcome::failed(
                error.to_string(),
                "is this a TLS port? Aliyun and Huawei use 8883",
            );
        }
        Err(_) => {
            return Outcome::failed(
                "the TLS handshake does not end",
                "is this a TLS port? Aliyun and Huawei use 8883",
            );
        }
    };
    let chain = inspection
        .chain
        .iter()
        .map(|der| describe(der))
        .collect::<Vec<_>>()
        .join(" <- ");
    match inspection.verified {
        Ok(version) => Outcome::ok(format!("{version}, {chain}")),
        Err(error) => {
            let shown = if chain.is_empty() {
                String::new()
            } else {
                format!(" (shown: {chain})")
            };
            Outcome::failed(
                format!("{error}{shown}"),
                "check the host name, this computer's clock, and the CA (`ca` under [ENDPOINT], or --ca; the local cloud's is tls/ca.pem in its folder)",
            )
        }
    }
}

/// One certificate in words: whose, from whom, until when.
fn describe(der: &[u8]) -> String {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => {
            let until = jiff::Timestamp::from_second(certificate.validity().not_after.timestamp())
                .map_or_else(|_| "?".to_owned(), |time| time.strftime("%F").to_string());
            format!(
                "`{}` issued by `{}`, valid to {until}",
                certificate.subject(),
                certificate.issuer()
            )
        }
        Err(_) => "a certificate that cannot be read".to_owned(),
    }
}
