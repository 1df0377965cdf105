//! A photo in pieces that fit into messages, and whole again.
//!
//! | format | what it is | when |
//! |---|---|---|
//! | [`hex`] | seed 001's: 800 hex characters a message, then `END`; no numbers, no lengths | Aliyun, existing sketches and receivers |
//! | [`v2`] | chunks that describe themselves: any order, duplicates harmless, CRC | everywhere else |
//!
//! Which of the two a text property carries is told by [`v2::is_text`]: `~` is neither hex nor base64.

pub mod hex;
pub mod v2;
