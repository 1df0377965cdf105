//! Which requests were seen, and what was answered. Pure: time is an argument.
//!
//! Clouds send again what was not acknowledged (Huawei up to three times 2 s apart, and five times after the device
//! comes back; DOC usermanual `iot_01_0331`), and a reply can be lost. A request that comes again while its handler
//! runs is passed over; one that was answered gets the same answer again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::config::Qos;

use super::wire::ReplyTo;

/// What makes two requests the same: topic, id and octets. The octets count because tools send one id for
/// everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) topic: String,
    pub(crate) id: String,
    pub(crate) crc: u32,
}

/// An answer as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Never seen: run it. The number is its name here.
    Run(u64),
    /// Its handler is running: nothing.
    Running,
    /// Answered before: the same again.
    Again(Answer),
    /// Too many are running.
    Busy,
}

/// A request whose time is up.
#[derive(Debug)]
pub(crate) struct Late {
    pub(crate) entry: u64,
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The memory.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    entries: VecDeque<Entry>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    key: Key,
    name: String,
    reply_to: ReplyTo,
    since: Instant,
    state: State,
}

#[derive(Debug)]
enum State {
    Running {
        deadline: Instant,
    },
    /// `None`: the answer was too large to keep.
    Answered(Option<Answer>),
}

impl Requests {
    /// A request came.
    pub(crate) fn begin(
        &mut self,
        key: Key,
        name: &str,
        reply_to: ReplyTo,
        now: Instant,
        patience: Duration,
    ) -> Begin {
        self.entries.retain(|entry| {
            matches!(entry.state, State::Running { .. })
                || now.saturating_duration_since(entry.since) < MEMORY
        });
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            return match &entry.state {
                State::Running { .. } | State::Answered(None) => Begin::Running,
                State::Answered(Some(answer)) => Begin::Again(answer.clone()),
            };
        }
        if self.entries.len() >= MOST {
            // The oldest answer gives way; what is running does not.
            let Some(oldest) = self
                .entries
                .iter()
                .position(|entry| matches!(entry.state, State::Answered(_)))
            else {
                return Begin::Busy;
            };
            self.entries.remove(oldest);
        }
        self.last += 1;
        self.entries.push_back(Entry {
            number: self.last,
            key,
            name: name.to_owned(),
            reply_to,
            since: now,
            state: State::Running {
                deadline: now + patience,
            },
        });
        Begin::Run(self.last)
    }

    /// Where the answer to a running request goes; `None` when it was answered or forgotten.
    pub(crate) fn reply_to(&self, entry: u64) -> Option<&ReplyTo> {
        self.entries
            .iter()
            .find(|e| e.number == entry && matches!(e.state, State::Running { .. }))
            .map(|e| &e.reply_to)
    }

    /// It was answered; a large answer is not kept.
    pub(crate) fn answered(&mut self, entry: u64, answer: &Answer) {
        if let Some(found) = self.entries.iter_mut().find(|e| e.number == entry) {
            let kept = (answer.payload.len() <= KEPT).then(|| answer.clone());
            found.state = State::Answered(kept);
        }
    }

    /// The running requests whose time is up.
    pub(crate) fn late(&self, now: Instant) -> Vec<Late> {
        let mut late = Vec::new();
        for entry in &self.entries {
            if matches!(entry.state, State::Running { deadline } if deadline <= now) {
                late.push(Late {
                    entry: entry.number,
                    id: entry.key.id.clone(),
                    name: entry.name.clone(),
                });
            }
        }
        late
    }

    /// When the next request's time is up.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.entries
            .iter()
            .filter_map(|entry| match entry.state {
                State::Running { deadline } => Some(deadline),
                State::Answered(_) => None,
            })
            .min()
    }
}

/// Requests remembered.
const MOST: usize = 256;
/// Octets of an answer that is remembered: with `MOST`, 1 MiB in all.
const KEPT: usize = 4096;
/// How long. Longer than any cloud sends again; short enough that a tool's constant id works again.
const MEMORY: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(19);

    fn key(id: &str) -> Key {
        Key {
            topic: "t".into(),
            id: id.into(),
            crc: 7,
        }
    }

    fn reply_to() -> ReplyTo {
        ReplyTo::Huawei { topic: "r".into() }
    }

    fn answer(payload: &'static [u8]) -> Answer {
        Answer {
            topic: "r".into(),
            payload: Bytes::from_static(payload),
            qos: Qos::AtLeastOnce,
        }
    }

    fn begin(requests: &mut Requests, id: &str, now: Instant) -> Begin {
        requests.begin(key(id), "capture", reply_to(), now, PATIENCE)
    }

    #[test]
    fn a_request_runs_once_and_its_answer_is_sent_again() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        assert_eq!(begin(&mut requests, "1", now), Begin::Run(1));
        assert_eq!(begin(&mut requests, "1", now), Begin::Running);
        requests.answered(1, &answer(b"done"));
        assert_eq!(begin(&mut requests, "1", now), Begin::Again(answer(b"done")));
        assert!(
            requests.reply_to(1).is_none(),
            "a second answer has nowhere to go"
        );
        assert_eq!(
            begin(&mut requests, "1", now + MEMORY),
            Begin::Run(2),
            "after ten minutes it is another request"
        );
    }

    #[test]
    fn the_memory_is_bounded_and_what_runs_is_not_forgotten() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        assert_eq!(begin(&mut requests, "first", now), Begin::Run(1));
        for n in 0..1000 {
            let Begin::Run(entry) = begin(&mut requests, &n.to_string(), now) else {
                panic!("{n}")
            };
            requests.answered(entry, &answer(b""));
        }
        assert_eq!(requests.entries.len(), MOST);
        assert_eq!(begin(&mut requests, "first", now), Begin::Running);
        for n in 1000..2000 {
            begin(&mut requests, &n.to_string(), now);
        }
        assert_eq!(begin(&mut requests, "one more", now), Begin::Busy);
    }

    #[test]
    fn a_request_is_late_at_its_deadline_and_no_longer_after_its_answer() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        begin(&mut requests, "1", now);
        begin(&mut requests, "2", now + Duration::from_secs(1));
        assert_eq!(requests.next_deadline(), Some(now + PATIENCE));
        assert!(requests.late(now).is_empty());
        let late = requests.late(now + PATIENCE);
        assert_eq!((late.len(), late[0].id.as_str()), (1, "1"));
        requests.answered(late[0].entry, &answer(b""));
        assert!(requests.late(now + PATIENCE).is_empty());
    }
}
