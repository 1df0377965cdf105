//! A connection from its first byte to its CONNACK.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{timeout, timeout_at};

use crate::api::{Connect, Identity, Refusal};
use crate::conn::{End, Entry, Link};
use crate::gate::{Gate, Phase, gate};
use crate::protocol::{ConnectPacket, Event};
use crate::route::Attached;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Link<R, W> {
    /// From the first byte to the CONNACK.
    pub(crate) async fn admit(&mut self, entry: &Entry) -> Result<(Attached, Option<Duration>), End> {
        let mut stop = entry.stop.clone();
        let connect = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Err(End::Stop),
            connect = timeout_at(entry.connect_by, self.first_packet(entry)) => connect,
        };
        let connect = connect.unwrap_or_else(|_| Err(End::Broken("no CONNECT in time".into())))?;
        let login = entry.rules.login(Connect {
            client_id: &connect.client_id,
            username: connect.username.as_deref(),
            password: connect.password.as_deref(),
            clean_session: connect.clean_session,
            keep_alive: connect.keep_alive,
            has_will: connect.has_will,
            peer: entry.peer,
            listener: &entry.listener,
            tls: entry.tls,
        });
        let identity = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Err(End::Stop),
            identity = timeout(LOGIN_TIMEOUT, login) => identity,
        };
        let identity =
            identity.unwrap_or_else(|_| Err(Refusal::Unavailable("the login took too long".into())));
        let identity = match identity {
            Ok(_) if connect.has_will => Err(Refusal::NotAuthorized("a will is not offered".into())),
            other => other,
        };
        let attached = match identity {
            Ok(identity) => self.attach(entry, &identity, connect.clean_session).await,
            Err(refusal) => Err(refusal),
        };
        match attached {
            Ok(attached) => {
                let keep_alive = u64::from(connect.keep_alive);
                Ok((
                    attached,
                    (keep_alive > 0).then(|| Duration::from_millis(keep_alive * 1500)),
                ))
            }
            Err(refusal) => {
                entry.refused(&connect.client_id, refusal.reason());
                self.protocol
                    .connack(refusal.code(), false, &mut self.output.bytes);
                Err(End::Refused)
            }
        }
    }

    async fn attach(&mut self, entry: &Entry, identity: &Identity, clean: bool) -> Result<Attached, Refusal> {
        let attached = entry
            .router
            .attach(identity, clean)
            .map_err(|why| Refusal::Unavailable(why.to_owned()))?;
        if let Err(failed) = attached.created.durable().await {
            return Err(Refusal::Unavailable(format!(
                "the session cannot be stored: {failed}"
            )));
        }
        self.protocol.connack(0, attached.present, &mut self.output.bytes);
        // Their ids are taken before any new one is given out; they are sent again as fast as the client
        // takes them.
        for (packet_id, _) in &attached.in_flight {
            self.protocol.register_packet_id(*packet_id);
        }
        Ok(attached)
    }

    async fn first_packet(&mut self, entry: &Entry) -> Result<ConnectPacket, End> {
        loop {
            if let Some(packet) = self.frames.next().map_err(|e| End::Broken(e.to_string()))? {
                match gate(packet, Phase::First) {
                    Gate::Pass => {}
                    Gate::Close(why) => return Err(End::Broken(why.into())),
                    Gate::Level(level) => {
                        entry.refused(
                            "",
                            &format!("protocol level {level}, only 4 (MQTT 3.1.1) is offered"),
                        );
                        self.output.bytes.extend_from_slice(&[0x20, 2, 0, 1]);
                        return Err(End::Refused);
                    }
                    Gate::EmptyClientId => {
                        entry.refused("", "an empty client id without a clean session");
                        self.output.bytes.extend_from_slice(&[0x20, 2, 0, 2]);
                        return Err(End::Refused);
                    }
                }
                self.protocol
                    .receive(packet, &mut self.output.bytes, &mut self.events);
                for event in self.events.drain(..) {
                    match event {
                        Event::Connect(connect) => return Ok(connect),
                        Event::Error(what) => return Err(End::Broken(what)),
                        _ => {}
                    }
                }
                return Err(End::Broken("the first packet is not CONNECT".into()));
            }
            match self.frames.fill(&mut self.input).await {
                Ok(0) => return Err(End::Gone("closed before CONNECT".into())),
                Ok(_) => {}
                Err(e) => return Err(End::Gone(e.to_string())),
            }
        }
    }
}

const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);
