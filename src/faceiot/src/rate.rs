//! How fast a device may send: the clouds' limits in one table, and the token bucket that keeps them.
//!
//! The bucket is pure: time is an argument. It keeps a reserve that photo chunks may not touch, so that the
//! reply to a command never waits behind them.

use std::time::Duration;

use crate::config::Qos;
use crate::id::Cloud;

/// One limit of one cloud, and where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The cloud.
    pub cloud: Cloud,
    /// The QoS it holds for.
    pub qos: Qos,
    /// Publishes a second on one connection.
    pub messages_per_second: u32,
    /// Octets of payload a second on one connection.
    pub bytes_per_second: u64,
    /// The largest payload of one publish.
    pub payload: usize,
    /// Where these numbers come from.
    pub source: &'static str,
}

/// What each cloud allows one device to send. Change a number here and everything that sends follows.
pub const TABLE: [Limit; 4] = [
    Limit {
        cloud: Cloud::Aliyun,
        qos: Qos::AtMostOnce,
        messages_per_second: 30,
        bytes_per_second: 1_000_000,
        payload: 256 * 1024,
        source: ALIYUN,
    },
    Limit {
        cloud: Cloud::Aliyun,
        qos: Qos::AtLeastOnce,
        messages_per_second: 10,
        bytes_per_second: 1_000_000,
        payload: 256 * 1024,
        source: ALIYUN,
    },
    Limit {
        cloud: Cloud::Huawei,
        qos: Qos::AtMostOnce,
        messages_per_second: 50,
        bytes_per_second: 1_000_000,
        payload: 1_000_000,
        source: HUAWEI,
    },
    Limit {
        cloud: Cloud::Huawei,
        qos: Qos::AtLeastOnce,
        messages_per_second: 50,
        bytes_per_second: 1_000_000,
        payload: 1_000_000,
        source: HUAWEI,
    },
];

const ALIYUN: &str =
    "from memory: the table \"Connections and communication\" of Aliyun's limits page could not be read";
// One English copy of the page says 1 Mbit/s where the others say 1 MB/s.
const HUAWEI: &str = "support.huaweicloud.com productdesc-iothub/iot_04_0010";

impl Limit {
    /// The row of the table for a cloud and a QoS.
    pub fn of(cloud: Cloud, qos: Qos) -> &'static Self {
        static TABLE: [Limit; 4] = self::TABLE;
        TABLE
            .iter()
            .find(|row| row.cloud == cloud && row.qos == qos)
            .unwrap_or(&TABLE[0])
    }
}

/// How fast to send.
///
/// ```
/// use faceiot::rate::Rate;
///
/// let slow = Rate::within(Some(5), None); // what the tutorial's `delay(200)` comes to
/// let free = Rate::unlimited();           // the local cloud with its limits off, and benchmarks
/// assert_ne!(slow, free);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    messages: Option<Flow>,
    bytes: Option<Flow>,
}

/// A bucket of `burst` that fills at `per_second`, of which `reserve` is kept for replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flow {
    per_second: u64,
    burst: u64,
    reserve: u64,
}

impl Rate {
    /// As fast as the connection goes.
    pub const fn unlimited() -> Self {
        Self {
            messages: None,
            bytes: None,
        }
    }

    /// What the cloud allows at this QoS.
    pub fn of(cloud: Cloud, qos: Qos) -> Self {
        let limit = Limit::of(cloud, qos);
        Self::within(Some(limit.messages_per_second), Some(limit.bytes_per_second))
    }

    /// Never more than this in any second; `None`: no limit. Zero is taken as one.
    ///
    /// A bucket alone lets its burst pass on top of its rate. Here the burst is a tenth of the limit (two
    /// messages at least) and the rate is what is left, so that the sum over any one second keeps the limit. Limits below
    /// four messages a second leave no room for a burst and are kept on average only.
    pub const fn within(messages_per_second: Option<u32>, bytes_per_second: Option<u64>) -> Self {
        let messages = match messages_per_second {
            None => None,
            Some(limit) if limit < 4 => {
                let limit = if limit == 0 { 1 } else { limit as u64 };
                Some(Flow {
                    per_second: limit,
                    burst: 1,
                    reserve: 0,
                })
            }
            Some(limit) => {
                let limit = limit as u64;
                let burst = if limit / 10 < 2 { 2 } else { limit / 10 };
                Some(Flow {
                    per_second: limit - burst,
                    burst,
                    reserve: 1,
                })
            }
        };
        let bytes = match bytes_per_second {
            None => None,
            Some(limit) => {
                let limit = if limit < 10 { 10 } else { limit };
                let burst = limit / 10;
                Some(Flow {
                    per_second: limit - burst,
                    burst,
                    reserve: burst / 4,
                })
            }
        };
        Self { messages, bytes }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The reply to a command: may use the reserve.
    Reply,
    /// Everything else.
    Other,
}

/// A token bucket for messages and one for octets; both must have room.
///
/// Tokens are counted in billionths, so that a nanosecond at one token a second is a whole number and nothing is
/// rounded away however often the bucket is asked.
#[derive(Clone, Debug)]
pub struct Bucket {
    messages: Option<Level>,
    bytes: Option<Level>,
}

#[derive(Clone, Debug)]
struct Level {
    flow: Flow,
    /// Billionths of a token. Octets may go below zero: a message larger than the burst passes when the
    /// bucket is full and is paid for afterwards.
    tokens: i128,
    at: Duration,
}

const WHOLE: i128 = 1_000_000_000;

impl Bucket {
    /// A full bucket at time `now`; times are counted from any fixed moment.
    pub fn new(rate: Rate, now: Duration) -> Self {
        let level = |flow: Flow| Level {
            flow,
            tokens: i128::from(flow.burst) * WHOLE,
            at: now,
        };
        Self {
            messages: rate.messages.map(level),
            bytes: rate.bytes.map(level),
        }
    }

    /// Takes one message of `octets` out.
    ///
    /// # Errors
    /// How long to wait when there is no room; nothing is taken then. Asked again after exactly that time, by
    /// the same lane and with nothing taken in between, it succeeds.
    pub fn take(&mut self, now: Duration, lane: Lane, octets: usize) -> Result<(), Duration> {
        let messages = self
            .messages
            .as_mut()
            .map_or(Duration::ZERO, |level| level.wait(now, lane, 1));
        let bytes = self
            .bytes
            .as_mut()
            .map_or(Duration::ZERO, |level| level.wait(now, lane, octets as u64));
        let wait = messages.max(bytes);
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(level) = &mut self.messages {
            level.tokens -= WHOLE;
        }
        if let Some(level) = &mut self.bytes {
            level.tokens -= octets as i128 * WHOLE;
        }
        Ok(())
    }
}

impl Level {
    /// Fills up to `now` and says how long until `count` tokens are there.
    fn wait(&mut self, now: Duration, lane: Lane, count: u64) -> Duration {
        // A clock that goes back fills nothing and breaks nothing.
        let elapsed = now.saturating_sub(self.at).as_nanos().cast_signed();
        self.at = self.at.max(now);
        let full = i128::from(self.flow.burst) * WHOLE;
        self.tokens = self
            .tokens
            .saturating_add(elapsed * i128::from(self.flow.per_second))
            .min(full);
        let reserve = match lane {
            Lane::Reply => 0,
            Lane::Other => self.flow.reserve,
        };
        // More than the bucket ever holds counts as the whole bucket.
        let need = i128::from((count + reserve).min(self.flow.burst)) * WHOLE;
        if self.tokens >= need {
            return Duration::ZERO;
        }
        let nanos = (need - self.tokens)
            .unsigned_abs()
            .div_ceil(u128::from(self.flow.per_second));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table_has_one_row_for_each_cloud_and_qos_with_a_source() {
        for cloud in [Cloud::Aliyun, Cloud::Huawei] {
            for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
                let rows: Vec<_> = TABLE
                    .iter()
                    .filter(|r| (r.cloud, r.qos) == (cloud, qos))
                    .collect();
                assert_eq!(rows.len(), 1, "{cloud} {qos:?}");
                assert!(!rows[0].source.is_empty());
                assert_eq!(Limit::of(cloud, qos), rows[0]);
            }
        }
    }

    #[test]
    fn the_limits_are_the_ones_of_the_vendors() {
        let messages = |cloud, qos| Limit::of(cloud, qos).messages_per_second;
        assert_eq!(messages(Cloud::Aliyun, Qos::AtMostOnce), 30);
        assert_eq!(messages(Cloud::Aliyun, Qos::AtLeastOnce), 10);
        assert_eq!(messages(Cloud::Huawei, Qos::AtLeastOnce), 50);
        assert_eq!(
            Limit::of(Cloud::Huawei, Qos::AtMostOnce).bytes_per_second,
            1_000_000
        );
    }

    /// Sends as fast as the bucket allows and returns the times of the messages.
    fn greedy(rate: Rate, octets: usize, span: Duration) -> Vec<Duration> {
        let mut bucket = Bucket::new(rate, Duration::ZERO);
        let (mut now, mut sent) = (Duration::ZERO, Vec::new());
        while now < span {
            match bucket.take(now, Lane::Other, octets) {
                Ok(()) => sent.push(now),
                Err(wait) => now += wait,
            }
        }
        sent
    }

    #[test]
    fn no_second_holds_more_than_the_limit() {
        for limit in [4_u32, 10, 30, 50, 1000] {
            let sent = greedy(Rate::within(Some(limit), None), 1, Duration::from_secs(5));
            for (i, start) in sent.iter().enumerate() {
                let window = sent[i..]
                    .iter()
                    .take_while(|t| **t < *start + Duration::from_secs(1))
                    .count();
                assert!(
                    window <= limit as usize,
                    "{window} messages in a second at a limit of {limit}"
                );
            }
            assert!(
                sent.len() >= limit as usize * 5 / 2,
                "the bucket wastes more than half of {limit}"
            );
        }
    }

    #[test]
    fn a_reply_passes_when_chunks_have_emptied_the_bucket() {
        let mut bucket = Bucket::new(Rate::of(Cloud::Aliyun, Qos::AtLeastOnce), Duration::ZERO);
        while bucket.take(Duration::ZERO, Lane::Other, 4136).is_ok() {}
        assert_eq!(bucket.take(Duration::ZERO, Lane::Reply, 200), Ok(()));
    }

    #[test]
    fn a_message_larger_than_the_burst_passes_and_is_paid_for() {
        let mut bucket = Bucket::new(Rate::within(None, Some(1_000_000)), Duration::ZERO);
        assert_eq!(bucket.take(Duration::ZERO, Lane::Other, 1_000_000), Ok(()));
        let wait = bucket.take(Duration::ZERO, Lane::Other, 1).unwrap_err();
        assert!(
            (Duration::from_millis(900)..Duration::from_millis(1200)).contains(&wait),
            "{wait:?}"
        );
    }

    #[test]
    fn unlimited_never_waits() {
        let mut bucket = Bucket::new(Rate::unlimited(), Duration::ZERO);
        assert!((0..100_000).all(|_| bucket.take(Duration::ZERO, Lane::Other, usize::MAX).is_ok()));
    }

    proptest! {
        #[test]
        fn what_passes_never_exceeds_burst_plus_rate(
            limit in 4_u32..200,
            steps in prop::collection::vec((0_u64..300_000_000, 1_usize..5000, any::<bool>()), 1..300),
        ) {
            let rate = Rate::within(Some(limit), Some(100_000));
            let mut bucket = Bucket::new(rate, Duration::ZERO);
            let (mut now, mut messages, mut bytes) = (Duration::ZERO, 0_u64, 0_u64);
            for (pause, octets, reply) in steps {
                now += Duration::from_nanos(pause);
                let lane = if reply { Lane::Reply } else { Lane::Other };
                if bucket.take(now, lane, octets).is_ok() {
                    messages += 1;
                    bytes += octets as u64;
                }
            }
            for (flow, passed) in [(rate.messages.unwrap(), messages), (rate.bytes.unwrap(), bytes)] {
                let most = u128::from(flow.burst) * 1_000_000_000 + u128::from(flow.per_second) * now.as_nanos();
                prop_assert!(u128::from(passed) * 1_000_000_000 <= most, "{passed} in {now:?}");
            }
        }

        #[test]
        fn waiting_as_long_as_told_is_enough(
            limit in 1_u32..200,
            octets in 0_usize..200_000,
            drained in 0_usize..300,
            reply in any::<bool>(),
        ) {
            let mut bucket = Bucket::new(Rate::within(Some(limit), Some(1_000_000)), Duration::ZERO);
            for _ in 0..drained {
                let _ = bucket.take(Duration::ZERO, Lane::Reply, octets);
            }
            let lane = if reply { Lane::Reply } else { Lane::Other };
            if let Err(wait) = bucket.take(Duration::ZERO, lane, octets) {
                prop_assert_eq!(bucket.take(wait, lane, octets), Ok(()));
            }
        }
    }
}
