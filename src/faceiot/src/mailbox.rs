//! A bounded queue from the connection to whoever takes things out: tasks, threads, or nobody yet.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// First in, first out; when full, the newest is refused.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    notify: Notify,
    most: usize,
    most_octets: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    octets: usize,
    closed: bool,
}

/// What came of a wait with an end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken<T> {
    Item(T),
    Nothing,
    Closed,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(most: usize, most_octets: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            octets: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            notify: Notify::new(),
            most,
            most_octets,
        }
    }

    /// Puts something in.
    ///
    /// # Errors
    /// The thing itself when there is no room, or when the box is closed.
    pub(crate) fn push(&self, item: T, octets: usize) -> Result<(), T> {
        let mut state = self.lock();
        if state.closed || state.items.len() >= self.most || state.octets + octets > self.most_octets {
            return Err(item);
        }
        state.octets += octets;
        state.items.push_back((item, octets));
        drop(state);
        self.changed.notify_one();
        self.notify.notify_one();
        Ok(())
    }

    /// Waits for the next thing; `None`: closed and empty.
    pub(crate) async fn take(&self) -> Option<T> {
        loop {
            let notified = self.notify.notified();
            match self.try_take() {
                Taken::Item(item) => return Some(item),
                Taken::Closed => {
                    // Pass it on: `notify_one` wakes one of several that wait.
                    self.notify.notify_one();
                    return None;
                }
                Taken::Nothing => notified.await,
            }
        }
    }

    /// Waits for at most `slice`.
    pub(crate) fn blocking_take(&self, slice: Duration) -> Taken<T> {
        let end = Instant::now() + slice.min(LONGEST);
        loop {
            match self.try_take() {
                Taken::Nothing => {}
                taken => return taken,
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Taken::Nothing;
            }
            let state = self.lock();
            if state.items.is_empty() && !state.closed {
                drop(
                    self.changed
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner),
                );
            }
        }
    }

    /// Nothing more comes; what is in it can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        self.notify.notify_waiters();
        self.notify.notify_one();
    }

    fn try_take(&self) -> Taken<T> {
        let mut state = self.lock();
        match state.items.pop_front() {
            Some((item, octets)) => {
                state.octets -= octets;
                Taken::Item(item)
            }
            None if state.closed => Taken::Closed,
            None => Taken::Nothing,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A year: so that a wait without end can be added to a moment.
const LONGEST: Duration = Duration::from_hours(24 * 365);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_does_not_fit_comes_back() {
        let mailbox = Mailbox::new(2, 10);
        assert_eq!(mailbox.push('a', 4), Ok(()));
        assert_eq!(mailbox.push('b', 7), Err('b'), "too many octets");
        assert_eq!(mailbox.push('c', 6), Ok(()));
        assert_eq!(mailbox.push('d', 0), Err('d'), "too many things");
        assert_eq!(mailbox.blocking_take(Duration::ZERO), Taken::Item('a'));
        mailbox.close();
        assert_eq!(mailbox.push('e', 0), Err('e'), "closed");
        assert_eq!(mailbox.blocking_take(Duration::ZERO), Taken::Item('c'));
        assert_eq!(mailbox.blocking_take(Duration::from_secs(5)), Taken::Closed);
    }

    #[tokio::test]
    async fn several_takers_share_and_all_end_when_it_closes() {
        let mailbox = Arc::new(Mailbox::new(100, 100));
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let mailbox = Arc::clone(&mailbox);
                tokio::spawn(async move {
                    let mut taken = 0;
                    while mailbox.take().await.is_some() {
                        taken += 1;
                    }
                    taken
                })
            })
            .collect();
        for n in 0..50 {
            mailbox.push(n, 1).unwrap();
            tokio::task::yield_now().await;
        }
        mailbox.close();
        let mut sum = 0;
        for taker in takers {
            sum += tokio::time::timeout(Duration::from_secs(5), taker)
                .await
                .unwrap()
                .unwrap();
        }
        assert_eq!(sum, 50);
    }
}
