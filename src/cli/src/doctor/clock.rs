//! Hop "clock": this computer's time against a time server's (SNTP, RFC 4330).
//!
//! SNTP and not a `Date` header over HTTPS, because TLS itself fails when the clock is wrong, and then the comparison would fail
//! for the reason it should explain.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faceiot::Cloud;
use tokio::net::{UdpSocket, lookup_host};

use super::Outcome;

/// The vendor's public time server, where there is one: Aliyun's is for everybody
/// (<https://www.alibabacloud.com/help/en/ecs/user-guide/alibaba-cloud-ntp-server>); of Huawei none is known to us. Both platforms
/// are asked once more over MQTT, in hop "echo".
pub(super) fn server(cloud: Cloud) -> Option<&'static str> {
    match cloud {
        Cloud::Aliyun => Some("ntp.aliyun.com:123"),
        Cloud::Huawei => None,
    }
}

/// Compares this computer's clock with what this version cannot be older than, and with a time server's if one is given.
pub(super) async fn check(server: Option<&str>) -> Outcome {
    let now = now();
    if now < RELEASED {
        return Outcome::failed(
            format!(
                "this computer says it is {}, which is before this program was made",
                date(now)
            ),
            FIX,
        );
    }
    let Some(server) = server else {
        return Outcome::ok(format!(
            "{}, plausible; no time server to compare with",
            date(now)
        ));
    };
    match tokio::time::timeout(PATIENCE, ask(server)).await {
        Ok(Ok(offset)) if offset.unsigned_abs() > TOLERANCE.as_millis() as u64 => {
            let way = if offset > 0 { "behind" } else { "ahead of" };
            Outcome::failed(
                format!("this computer's clock is {} {way} `{server}`", seconds(offset)),
                FIX,
            )
        }
        Ok(Ok(offset)) => Outcome::ok(format!("{} from `{server}`", seconds(offset))),
        // A firewall that lets no time through is no fault of the clock.
        Ok(Err(error)) => Outcome::skipped(format!(
            "`{server}` cannot be asked: {error}; {} looks plausible",
            date(now)
        )),
        Err(_) => Outcome::skipped(format!(
            "`{server}` does not answer; {} looks plausible",
            date(now)
        )),
    }
}

/// How far the server's clock is ahead of ours, in milliseconds.
async fn ask(server: &str) -> std::io::Result<i64> {
    let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "it has no address");
    let address = lookup_host(server).await?.next().ok_or_else(missing)?;
    let any: SocketAddr = if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        (std::net::Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(address).await?;
    let sent = now();
    socket.send(&question(sent)).await?;
    let mut answer = [0; 64];
    loop {
        let length = socket.recv(&mut answer).await?;
        if let Some(offset) = offset(&answer[..length], sent, now()) {
            return Ok(offset);
        }
    }
}

/// A client's packet, version 4; our time goes out as a cookie and comes back as the answer's originate time.
fn question(sent_ms: u64) -> [u8; 48] {
    let mut packet = [0; 48];
    packet[0] = 0x23; // no warning, version 4, client
    packet[40..].copy_from_slice(&stamp(sent_ms).to_be_bytes());
    packet
}

/// What an answer says: the mean of the two one-way differences. `None` when it is no answer to this question.
fn offset(answer: &[u8], sent_ms: u64, received_ms: u64) -> Option<i64> {
    let field = |at: usize| answer.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    let (mode, stratum) = (answer.first()? & 7, *answer.get(1)?);
    let unsynchronised = answer.first()? >> 6 == 3;
    if mode != 4 || stratum == 0 || unsynchronised || field(24)? != stamp(sent_ms) {
        return None;
    }
    let signed = |ms: u64| i64::try_from(ms).ok();
    let there = millis(field(32)?)?;
    let leaves = millis(field(40)?)?;
    Some(ahead(
        signed(sent_ms)?,
        signed(there)?,
        signed(leaves)?,
        signed(received_ms)?,
    ))
}

/// How far the other clock is ahead, from the four times of a question and its answer: sent, arrived there, left there, received.
/// The way there and the way back are taken to be equally long.
pub(super) const fn ahead(sent: i64, there: i64, leaves: i64, received: i64) -> i64 {
    i64::midpoint(there.saturating_sub(sent), leaves.saturating_sub(received))
}

/// Milliseconds since 1970 as an NTP time: seconds since 1900, and a fraction of 2^-32 s.
fn stamp(ms: u64) -> u64 {
    let seconds = (ms / 1000 + SINCE_1900) & 0xFFFF_FFFF;
    (seconds << 32) | (((ms % 1000) << 32) / 1000)
}

fn millis(stamp: u64) -> Option<u64> {
    let seconds = stamp >> 32;
    // Since February 2036 the counter starts again (RFC 4330, section 3): a small number is a late time.
    let seconds = if seconds < 1 << 31 {
        seconds + (1 << 32)
    } else {
        seconds
    };
    let fraction = ((stamp & 0xFFFF_FFFF) * 1000 + (1 << 31)) >> 32;
    Some(seconds.checked_sub(SINCE_1900)? * 1000 + fraction)
}

pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_millis() as u64)
}

fn date(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || "no time".to_owned(),
            |time| time.strftime("%F %T UTC").to_string(),
        )
}

fn seconds(offset_ms: i64) -> String {
    let ms = offset_ms.unsigned_abs();
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

const FIX: &str = "set it (`timedatectl set-ntp true` on Linux)";
/// 2026-01-01T00:00:00Z: this program did not exist before.
const RELEASED: u64 = 1_767_225_600_000;
/// Seconds from 1900 to 1970.
const SINCE_1900: u64 = 2_208_988_800;
/// What still logs in everywhere: Huawei compares the hour, certificates the second, and nobody less than a minute.
pub(super) const TOLERANCE: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(sent: u64, there: u64) -> [u8; 48] {
        let mut packet = [0; 48];
        packet[..2].copy_from_slice(&[0x24, 1]);
        packet[24..32].copy_from_slice(&stamp(sent).to_be_bytes());
        packet[32..40].copy_from_slice(&stamp(there).to_be_bytes());
        packet[40..].copy_from_slice(&stamp(there).to_be_bytes());
        packet
    }

    #[test]
    fn an_answer_gives_the_difference_in_milliseconds() {
        let sent = 1_767_323_045_123;
        for ahead in [0_i64, 1, 999, -7_200_000, 86_400_000] {
            let there = u64::checked_add_signed(sent, ahead).unwrap_or_default();
            assert_eq!(offset(&answer(sent, there), sent, sent), Some(ahead));
        }
    }

    #[test]
    fn a_known_moment_is_a_known_stamp() {
        // RFC 868 and RFC 5905: 1970-01-01 is 2208988800 seconds; half a second is 0x80000000.
        assert_eq!(stamp(500), (2_208_988_800 << 32) | 0x8000_0000);
        assert_eq!(
            millis(stamp(2_085_978_496_000)),
            Some(2_085_978_496_000),
            "past the end of the era, 2036-02-07"
        );
    }

    #[test]
    fn what_is_no_answer_to_this_question_is_passed_over() {
        let good = answer(5, 6);
        assert_eq!(offset(&good[..47], 5, 5), None);
        assert_eq!(offset(&good, 4, 5), None, "somebody else's question");
        for (at, value) in [(0, 0x23), (0, 0xE4), (1, 0)] {
            let mut bad = good;
            bad[at] = value;
            assert_eq!(offset(&bad, 5, 5), None);
        }
    }
}
