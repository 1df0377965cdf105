//! The broker's question "who is this", answered by [`login`](crate::login).

use std::sync::Arc;

use faceiot_broker::{Caps, Connect, Identity, LoginFuture, Refusal, Rules};

use crate::events::Level;
use crate::login::{Attempt, ConnAck, Denied, LoginCheck, Session};
use crate::state::State;

pub(crate) struct DeviceRules {
    pub(crate) state: Arc<State>,
    pub(crate) check: Arc<LoginCheck>,
    pub(crate) caps: Caps,
}

impl Rules for DeviceRules {
    fn login<'a>(&'a self, connect: Connect<'a>) -> LoginFuture<'a> {
        Box::pin(async move {
            let attempt = Attempt {
                client_id: connect.client_id,
                username: connect.username,
                password: connect.password,
                keep_alive: connect.keep_alive,
            };
            let now_ms = self.state.clock.now_unix_ms();
            match self.check.check(attempt, now_ms).await {
                Ok(session) => Ok(identity(session, connect.listener)),
                Err(denied) => Err(self.refuse(&connect, &denied, now_ms)),
            }
        })
    }

    fn caps(&self) -> Caps {
        self.caps
    }
}

impl DeviceRules {
    fn refuse(&self, connect: &Connect<'_>, denied: &Denied, now_ms: u64) -> Refusal {
        let Denied {
            answer,
            device,
            reason,
        } = denied;
        let text = format!(
            "login refused (CONNACK {}): {reason}; client id `{}`, from {}",
            *answer as u8, connect.client_id, connect.peer
        );
        self.state.note_refused(connect.peer);
        self.state
            .recorder
            .log(device.as_ref(), now_ms, Level::Warn, *answer as i64, &text);
        let reason = reason.clone();
        match answer {
            ConnAck::IdentifierRejected => Refusal::IdentifierRejected(reason),
            ConnAck::Unavailable => Refusal::Unavailable(reason),
            ConnAck::BadCredentials => Refusal::BadCredentials(reason),
            ConnAck::NotAuthorized => Refusal::NotAuthorized(reason),
        }
    }
}

fn identity(session: Session, listener: &str) -> Identity {
    Identity {
        session: session.device.to_string().into(),
        listener: listener.into(),
        extension: Some(Arc::new(session)),
    }
}

/// Whose connection this is.
pub(crate) fn session(identity: &Identity) -> Option<&Session> {
    identity.extension.as_ref()?.downcast_ref()
}
