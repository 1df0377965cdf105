//! When a connection has been silent for too long. Pure: time is an argument.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

/// What a connection waits for, and since when.
#[derive(Debug)]
pub(super) struct Watch {
    /// How long nothing may be written.
    idle: Duration,
    received: Instant,
    written: Instant,
    subscribing: Option<Instant>,
    ping: Option<Instant>,
    /// Since when how many octets wait to be written.
    stuck: Option<(Instant, usize)>,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Octets that wait to be written, or flushed; `None`: nothing does.
    pub(super) waiting: Option<usize>,
    /// Whether something waits for its acknowledgement.
    pub(super) expects: bool,
}

impl Watch {
    /// Both clouds want a packet within the keep-alive and wait half of it longer; a sixth is kept for the way.
    pub(super) fn new(keep_alive: Duration, now: Instant) -> Self {
        Self {
            idle: keep_alive * 5 / 6,
            received: now,
            written: now,
            subscribing: None,
            ping: None,
            stuck: None,
        }
    }

    /// A packet came.
    pub(super) fn received(&mut self, now: Instant) {
        self.received = now;
        self.ping = None;
    }

    /// Everything is written.
    pub(super) fn written(&mut self, now: Instant) {
        self.written = now;
    }

    /// A subscription was asked for.
    pub(super) fn subscribing(&mut self, now: Instant) {
        self.subscribing = Some(now);
    }

    /// Every subscription is answered.
    pub(super) fn subscribed(&mut self) {
        self.subscribing = None;
    }

    /// When to [`check`](Self::check) again, whatever happens.
    pub(super) fn due(&self, line: Line) -> Instant {
        let unanswered = self.received.max(self.written);
        let waits = [
            self.subscribing,
            self.ping,
            (self.ping.is_none() && line.expects).then_some(unanswered),
            self.stuck.map(|(since, _)| since),
        ];
        let patience = waits.into_iter().flatten().map(|since| since + PATIENCE).min();
        let idle = self.ping.is_none().then(|| self.written + self.idle);
        patience
            .into_iter()
            .chain(idle)
            .min()
            .unwrap_or(self.received + PATIENCE)
    }

    /// Looks at the time; true: send a PINGREQ now.
    ///
    /// # Errors
    /// `Disconnected` when the other side is silent.
    pub(super) fn check(&mut self, now: Instant, line: Line) -> Result<bool> {
        let is_over = |since: Instant| now >= since + PATIENCE;
        let silent = |what: &str| {
            Err(Error::new(
                ErrorKind::Disconnected,
                format!("{what} for {PATIENCE:?}"),
            ))
        };
        if self.subscribing.is_some_and(is_over) {
            return silent("the broker did not answer SUBSCRIBE");
        }
        if self.ping.is_some_and(is_over) {
            return silent("the broker did not answer PINGREQ");
        }
        self.stuck = match (line.waiting, self.stuck) {
            (None, _) => None,
            // Less than before: it moves.
            (Some(waiting), Some((since, before))) if waiting >= before => Some((since, before)),
            (Some(waiting), _) => Some((now, waiting)),
        };
        if self.stuck.is_some_and(|(since, _)| is_over(since)) {
            return silent("the connection took nothing");
        }
        let idle = now >= self.written + self.idle;
        let unanswered = line.expects && is_over(self.received.max(self.written));
        if self.ping.is_none() && (idle || unanswered) {
            self.ping = Some(now);
            return Ok(true);
        }
        Ok(false)
    }
}

/// How long the other side may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Line = Line {
        waiting: None,
        expects: false,
    };

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn an_idle_connection_is_kept_alive_in_time() {
        let start = Instant::now();
        let mut watch = Watch::new(seconds(30), start);
        assert_eq!(watch.due(QUIET), start + seconds(25));
        assert!(!watch.check(start + seconds(24), QUIET).unwrap());
        assert!(watch.check(start + seconds(25), QUIET).unwrap());
        assert!(!watch.check(start + seconds(26), QUIET).unwrap(), "one is enough");
        watch.written(start + seconds(25));
        watch.received(start + seconds(27));
        assert_eq!(watch.due(QUIET), start + seconds(50));
    }

    #[test]
    fn what_is_received_does_not_replace_what_has_to_be_sent() {
        let start = Instant::now();
        let mut watch = Watch::new(seconds(30), start);
        watch.received(start + seconds(24));
        assert!(watch.check(start + seconds(25), QUIET).unwrap());
    }

    #[test]
    fn a_broker_that_does_not_answer_a_ping_is_gone() {
        let start = Instant::now();
        let mut watch = Watch::new(seconds(30), start);
        assert!(watch.check(start + seconds(25), QUIET).unwrap());
        assert_eq!(watch.due(QUIET), start + seconds(45));
        assert!(watch.check(start + seconds(44), QUIET).is_ok());
        let error = watch.check(start + seconds(45), QUIET).unwrap_err();
        assert!(error.to_string().contains("PINGREQ"), "{error}");
    }

    #[test]
    fn an_acknowledgement_that_does_not_come_makes_it_ask_long_before_the_keep_alive() {
        let start = Instant::now();
        let line = Line {
            waiting: None,
            expects: true,
        };
        let mut watch = Watch::new(seconds(1200), start);
        assert_eq!(watch.due(line), start + seconds(20));
        assert!(watch.check(start + seconds(20), line).unwrap());
        assert!(watch.check(start + seconds(40), line).is_err());
    }

    #[test]
    fn a_subscription_that_is_not_answered_ends_the_connection() {
        let start = Instant::now();
        let mut watch = Watch::new(seconds(300), start);
        watch.subscribing(start);
        assert_eq!(watch.due(QUIET), start + seconds(20));
        watch.subscribed();
        assert!(watch.check(start + seconds(20), QUIET).is_ok());
        watch.subscribing(start);
        let error = watch.check(start + seconds(20), QUIET).unwrap_err();
        assert!(error.to_string().contains("SUBSCRIBE"), "{error}");
    }

    #[test]
    fn a_connection_that_takes_nothing_is_given_up_and_a_slow_one_is_not() {
        let start = Instant::now();
        let line = |waiting| Line {
            waiting: Some(waiting),
            expects: false,
        };
        let mut watch = Watch::new(seconds(1200), start);
        for second in 0..100 {
            let slow = line(1000 - second as usize);
            assert!(watch.check(start + seconds(second), slow).is_ok(), "{second}");
        }
        assert_eq!(watch.due(line(901)), start + seconds(99 + 20));
        assert!(
            watch.check(start + seconds(118), line(901 + 50)).is_ok(),
            "more may be added"
        );
        let error = watch.check(start + seconds(119), line(951)).unwrap_err();
        assert!(error.to_string().contains("took nothing"), "{error}");
    }
}
