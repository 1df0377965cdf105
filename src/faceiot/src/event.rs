//! What happens to a connection, told to whoever listens.

use std::time::Duration;

/// A change of the connection, or something on it that needs attention.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// An attempt to connect begins.
    Connecting,
    /// Logged in, and every subscription is acknowledged.
    Connected {
        /// Always false: the device asks for a clean session.
        session_present: bool,
    },
    /// The connection was lost, or an attempt failed.
    Disconnected {
        /// Why, in words.
        reason: String,
        /// The pause before the next attempt.
        retry_in: Duration,
    },
    /// The cloud refused the credentials: there will be no further attempt.
    Refused {
        /// What the cloud said, in words.
        reason: String,
    },
    /// The device was closed.
    Closed,
    /// A photo was interrupted and starts again from its first chunk; in v2 under the same frame id, and with chunks that
    /// say that they were sent before.
    PhotoRestarted {
        /// How often this photo has started again.
        restarts: u32,
        /// Messages of it that were on their way already.
        messages: usize,
    },
    /// The broker refused a subscription.
    SubscriptionRefused {
        /// The topic filter.
        filter: String,
    },
    /// The handler of a command panicked or reported an error; the cloud was told so.
    CommandFailed {
        /// The id of the request.
        id: String,
        /// The name of the command.
        name: String,
        /// What the handler said.
        reason: String,
    },
    /// The handler of a command took too long; the cloud was told so.
    CommandTimedOut {
        /// The id of the request.
        id: String,
        /// The name of the command.
        name: String,
    },
    /// More commands or messages came than were taken; the newest was dropped.
    Overflow {
        /// The topic it came on.
        topic: String,
    },
}
