//! Whether a device may come in: both clouds' logins, checked as the clouds check them.
//!
//! The form decides the cloud: a user name `{device_name}&{product_key}` is Aliyun's, a client id
//! `{device_id}_0_{sign_type}_{hour}` with the device id as user name is Huawei's. An unknown device is checked against
//! a secret that nobody has, so that it takes as long to refuse as a wrong secret and gets the same answer.

use std::fmt::Write as _;

use faceiot::{Cloud, DeviceId, ErrorKind, Secret};
use faceiot_core::sign;

use crate::data_dir::random_text;
use crate::registry::Registry;

/// What of a CONNECT packet decides.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) username: Option<&'a str>,
    pub(crate) password: Option<&'a [u8]>,
    pub(crate) keep_alive: u16,
}

/// Who came in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) device: DeviceId,
    /// `_ss=1` in an Aliyun client id: the platform subscribes for the device.
    pub(crate) server_subscribes: bool,
}

/// Why somebody did not, and what is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) answer: ConnAck,
    /// The device, when it is a registered one: then the reason goes into its own log.
    pub(crate) device: Option<DeviceId>,
    /// For the log; names what was signed, never the MAC that was expected.
    pub(crate) reason: String,
}

/// The return codes of MQTT 3.1.1 that a refused login gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnAck {
    /// 2: the client id has no form that a cloud takes.
    IdentifierRejected = 2,
    /// 3: the registry cannot be read.
    Unavailable = 3,
    /// 4: user name or password.
    BadCredentials = 4,
    /// 5: known, and not allowed in.
    NotAuthorized = 5,
}

/// Checks logins against a registry.
pub(crate) struct LoginCheck {
    registry: Registry,
    nobodys_secret: Secret,
    /// Refuse keep-alive times that the clouds refuse.
    strict: bool,
}

impl LoginCheck {
    pub(crate) fn new(registry: Registry, strict: bool) -> faceiot::Result<Self> {
        Ok(Self {
            registry,
            nobodys_secret: random_text(32)?.into(),
            strict,
        })
    }

    pub(crate) async fn check(&self, attempt: Attempt<'_>, now_ms: u64) -> Result<Session, Denied> {
        let denied = |answer, reason: &str| Denied {
            answer,
            device: None,
            reason: reason.to_owned(),
        };
        let (Some(username), Some(password)) = (attempt.username, attempt.password) else {
            return Err(denied(ConnAck::BadCredentials, "no user name or no password"));
        };
        let device = identify(attempt.client_id, username)?;
        let found = match self.registry.find(&device).await {
            Ok(found) => found,
            Err(e) => {
                return Err(denied(
                    ConnAck::Unavailable,
                    &format!("the registry cannot be read: {e}"),
                ));
            }
        };
        let secret = found.as_ref().map_or(&self.nobodys_secret, |found| &found.secret);
        let verdict = verify(&device, attempt.client_id, username, password, secret, now_ms)
            .map_err(|(kind, reason)| (answer_to(kind), reason));
        let Some(found) = found else {
            let answer = verdict
                .err()
                .map_or(ConnAck::BadCredentials, |(answer, _)| answer);
            return Err(denied(answer, &format!("unknown device `{device}`")));
        };
        let refuse = |answer, reason: String| Denied {
            answer,
            device: Some(device.clone()),
            reason,
        };
        if let Err((answer, reason)) = verdict {
            return Err(refuse(answer, reason));
        }
        if !found.enabled {
            return Err(refuse(ConnAck::NotAuthorized, "the device is disabled".into()));
        }
        // Aliyun and Huawei document the range and not the code that a refusal carries.
        if self.strict && !KEEP_ALIVE.contains(&attempt.keep_alive) {
            return Err(refuse(
                ConnAck::NotAuthorized,
                format!(
                    "keep-alive {} s: the clouds take {} to {} s",
                    attempt.keep_alive,
                    KEEP_ALIVE.start(),
                    KEEP_ALIVE.end()
                ),
            ));
        }
        let server_subscribes = device.cloud() == Cloud::Aliyun
            && sign::aliyun::parse_client_id(attempt.client_id).is_ok_and(|id| id.item("_ss") == Some("1"));
        Ok(Session {
            device,
            server_subscribes,
        })
    }
}

/// Which device this claims to be.
fn identify(client_id: &str, username: &str) -> Result<DeviceId, Denied> {
    let denied = |answer, reason: String| Denied {
        answer,
        device: None,
        reason,
    };
    if username.contains('&') {
        let (device_name, product_key) = sign::aliyun::parse_username(username)
            .map_err(|e| denied(ConnAck::BadCredentials, format!("user name: {e}")))?;
        sign::aliyun::parse_client_id(client_id)
            .map_err(|e| denied(ConnAck::IdentifierRejected, format!("client id: {e}")))?;
        DeviceId::aliyun(product_key, device_name)
            .map_err(|e| denied(ConnAck::BadCredentials, format!("user name: {e}")))
    } else {
        let parsed = sign::huawei::parse_client_id(client_id).map_err(|e| {
            denied(
                ConnAck::IdentifierRejected,
                format!("neither Aliyun (the user name has no `&`) nor Huawei: client id: {e}"),
            )
        })?;
        if parsed.device_id != username {
            let reason = "client id and user name name two devices".to_owned();
            return Err(denied(ConnAck::BadCredentials, reason));
        }
        DeviceId::huawei(username).map_err(|e| denied(ConnAck::BadCredentials, format!("user name: {e}")))
    }
}

/// What a login that does not verify is answered; the same whether the device is known or not.
fn answer_to(kind: ErrorKind) -> ConnAck {
    match kind {
        ErrorKind::ClientId | ErrorKind::SignMethod => ConnAck::IdentifierRejected,
        _ => ConnAck::BadCredentials,
    }
}

fn verify(
    device: &DeviceId,
    client_id: &str,
    username: &str,
    password: &[u8],
    secret: &Secret,
    now_ms: u64,
) -> Result<(), (ErrorKind, String)> {
    let mut signed = [0u8; SIGNED];
    let verdict = match device {
        DeviceId::Aliyun { .. } => {
            sign::aliyun::verify_mqtt_login(client_id, username, password, secret.expose(), &mut signed)
        }
        DeviceId::Huawei { .. } => sign::huawei::verify_mqtt_login(
            client_id,
            username,
            password,
            secret.expose(),
            now_ms / 1000,
            &mut signed,
        ),
    };
    verdict.map_err(|mismatch| {
        let mut reason = mismatch.to_string();
        if mismatch.kind == ErrorKind::Signature {
            // The length is no secret, and it tells a cut or an unhexed password from a wrong one.
            let _ = write!(reason, "; the password has {} octets", password.len());
        }
        (mismatch.kind, reason)
    })
}

const KEEP_ALIVE: std::ops::RangeInclusive<u16> = 30..=1200;
const SIGNED: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::NewDevice;
    use faceiot::Credentials;

    const NOW: u64 = 1_767_323_045_000; // 2026-01-02T03:04:05Z

    async fn cloud() -> (tempfile::TempDir, LoginCheck) {
        let temp = tempfile::tempdir().unwrap();
        let registry = Registry::open(temp.path()).await.unwrap();
        for id in ["aliyun:pk:dn", "huawei:p_1"] {
            let new = NewDevice {
                id: id.parse().unwrap(),
                secret: Some("s3cret".into()),
            };
            registry.add_device(new).await.unwrap();
        }
        (temp, LoginCheck::new(registry, true).unwrap())
    }

    async fn attempt(
        check: &LoginCheck,
        credentials: &Credentials,
        keep_alive: u16,
    ) -> Result<Session, Denied> {
        let login = credentials.login(NOW, false).unwrap();
        let attempt = Attempt {
            client_id: &login.client_id,
            username: Some(&login.username),
            password: Some(login.password.expose().as_bytes()),
            keep_alive,
        };
        check.check(attempt, NOW).await
    }

    #[tokio::test]
    async fn both_clouds_logins_come_in() {
        let (_temp, check) = cloud().await;
        for credentials in [
            Credentials::aliyun("pk", "dn", "s3cret"),
            Credentials::huawei("p_1", "s3cret"),
        ] {
            let session = attempt(&check, &credentials, 60).await.unwrap();
            assert_eq!(session.device, credentials.device_id());
        }
    }

    #[tokio::test]
    async fn a_wrong_secret_and_an_unknown_device_get_the_same_answer() {
        let (_temp, check) = cloud().await;
        for (wrong, unknown) in [
            (
                Credentials::aliyun("pk", "dn", "wrong"),
                Credentials::aliyun("pk", "other", "s3cret"),
            ),
            (
                Credentials::huawei("p_1", "wrong"),
                Credentials::huawei("p_2", "s3cret"),
            ),
        ] {
            let wrong_secret = attempt(&check, &wrong, 60).await.unwrap_err();
            assert_eq!(wrong_secret.answer, ConnAck::BadCredentials);
            assert_eq!(wrong_secret.device, Some(wrong.device_id()));
            let unknown = attempt(&check, &unknown, 60).await.unwrap_err();
            assert_eq!((unknown.answer, unknown.device), (ConnAck::BadCredentials, None));
        }
        // Nor does a client id that is refused before anything is signed.
        for client_id in [
            "x|securemode=3,authType=register|",
            "x|securemode=3,signmethod=crc32|",
        ] {
            for username in ["dn&pk", "other&pk"] {
                let attempt = Attempt {
                    client_id,
                    username: Some(username),
                    password: Some(b"00"),
                    keep_alive: 60,
                };
                let denied = check.check(attempt, NOW).await.unwrap_err();
                assert_eq!(
                    denied.answer,
                    ConnAck::IdentifierRejected,
                    "{client_id} {username}: {}",
                    denied.reason
                );
            }
        }
    }

    #[tokio::test]
    async fn the_log_names_what_was_signed_and_not_what_was_expected() {
        let (_temp, check) = cloud().await;
        let denied = attempt(&check, &Credentials::aliyun("pk", "dn", "wrong"), 60)
            .await
            .unwrap_err();
        assert!(
            denied.reason.contains("deviceNamednproductKeypk"),
            "{}",
            denied.reason
        );
        let expected = Credentials::aliyun("pk", "dn", "s3cret")
            .login(NOW, false)
            .unwrap();
        let expected = expected.password.expose().to_lowercase();
        assert!(!denied.reason.to_lowercase().contains(&expected) && !denied.reason.contains("s3cret"));
    }

    #[tokio::test]
    async fn keep_alive_outside_the_clouds_range_is_refused_when_strict() {
        let (_temp, mut check) = cloud().await;
        let good = Credentials::aliyun("pk", "dn", "s3cret");
        for (keep_alive, comes_in) in [(0, false), (29, false), (30, true), (1200, true), (1201, false)] {
            assert_eq!(
                attempt(&check, &good, keep_alive).await.is_ok(),
                comes_in,
                "{keep_alive}"
            );
        }
        check.strict = false;
        attempt(&check, &good, 15).await.unwrap();
    }

    #[tokio::test]
    async fn a_login_of_no_cloud_is_told_which_part_is_wrong() {
        let (_temp, check) = cloud().await;
        for (client_id, username, password, answer) in [
            (
                "mqtt-explorer",
                Some("admin"),
                Some("public"),
                ConnAck::IdentifierRejected,
            ),
            ("x", Some("dn&pk"), Some("y"), ConnAck::IdentifierRejected),
            (
                "p_1_0_0_2026010203",
                Some("p_2"),
                Some("y"),
                ConnAck::BadCredentials,
            ),
            (
                "p_1_0_2_2026010203",
                Some("p_1"),
                Some("y"),
                ConnAck::IdentifierRejected,
            ),
            ("a|securemode=3|", Some("&"), Some("y"), ConnAck::BadCredentials),
            ("a|securemode=3|", Some("dn&pk"), None, ConnAck::BadCredentials),
            ("", None, None, ConnAck::BadCredentials),
        ] {
            let attempt = Attempt {
                client_id,
                username,
                password: password.map(str::as_bytes),
                keep_alive: 60,
            };
            let denied = check.check(attempt, NOW).await.unwrap_err();
            assert_eq!(
                denied.answer, answer,
                "{client_id} {username:?}: {}",
                denied.reason
            );
        }
    }

    #[tokio::test]
    async fn a_disabled_device_is_not_authorised() {
        let (_temp, check) = cloud().await;
        let good = Credentials::huawei("p_1", "s3cret");
        check
            .registry
            .set_enabled(&good.device_id(), false)
            .await
            .unwrap();
        assert_eq!(
            attempt(&check, &good, 60).await.unwrap_err().answer,
            ConnAck::NotAuthorized
        );
    }
}
