//! MD5, SHA-1 and SHA-256 out of their compression functions, and HMAC (RFC 2104) over them.
//!
//! The libraries bring the compression functions. What stands between those and a message - a block that fills, padding,
//! a key's two pads - is the same for the three, and a login is so short that it costs more than the hashing when it is
//! done in a general way (docs/decisions/hmac.md).

use core::slice::from_ref;

use subtle::ConstantTimeEq;
use zeroize::optimization_barrier;

use crate::error::Result;
use crate::text::Sink;

/// What a compression function takes at a time.
type Block = [u8; 64];

/// Blocks that are gathered before they are hashed. Canonical text comes in many small parts: hashing it at a stroke leaves
/// the processor time to get the parts into memory. A microcontroller gathers one.
const GATHERED: usize = if cfg!(target_pointer_width = "64") { 3 } else { 1 };

/// The gathered blocks and one for the padding, in lines of the cache.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
struct Gathered([Block; GATHERED + 1]);

/// A hash of 64-octet blocks.
pub(crate) trait Algorithm {
    /// What is handed from block to block.
    type State: Copy + AsRef<[u32]> + AsMut<[u32]>;
    /// The result.
    type Digest: Copy + Default + AsRef<[u8]> + AsMut<[u8]>;
    /// The state before the first block.
    const INITIAL: Self::State;
    /// Takes blocks.
    fn compress(state: &mut Self::State, blocks: &[Block]);
    /// The octets of a word, in the order of this hash.
    fn word(word: u32) -> [u8; 4];
    /// The octets of a message's length in bits.
    fn length(bits: u64) -> [u8; 8];
}

/// MD5 (RFC 1321).
pub(crate) struct Md5;

impl Algorithm for Md5 {
    type State = [u32; 4];
    type Digest = [u8; 16];
    const INITIAL: Self::State = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];

    fn compress(state: &mut Self::State, blocks: &[Block]) {
        md5::block_api::compress(state, blocks);
    }

    fn word(word: u32) -> [u8; 4] {
        word.to_le_bytes()
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_le_bytes()
    }
}

/// SHA-1 (FIPS 180-4).
pub(crate) struct Sha1;

impl Algorithm for Sha1 {
    type State = [u32; 5];
    type Digest = [u8; 20];
    const INITIAL: Self::State = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];

    fn compress(state: &mut Self::State, blocks: &[Block]) {
        sha1::block_api::compress(state, blocks);
    }

    fn word(word: u32) -> [u8; 4] {
        word.to_be_bytes()
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }
}

/// SHA-256 (FIPS 180-4).
pub(crate) struct Sha256;

impl Algorithm for Sha256 {
    type State = [u32; 8];
    type Digest = [u8; 32];
    const INITIAL: Self::State = [
        0x6A09_E667,
        0xBB67_AE85,
        0x3C6E_F372,
        0xA54F_F53A,
        0x510E_527F,
        0x9B05_688C,
        0x1F83_D9AB,
        0x5BE0_CD19,
    ];

    fn compress(state: &mut Self::State, blocks: &[Block]) {
        sha2::block_api::compress256(state, blocks);
    }

    fn word(word: u32) -> [u8; 4] {
        word.to_be_bytes()
    }

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }
}

/// A hash of what came so far. Wiped when dropped: it may be that of a secret.
pub(crate) struct Hash<A: Algorithm> {
    state: A::State,
    /// Octets that are not in the state yet, and zeros behind them.
    gathered: Gathered,
    /// How many those are: less than the blocks hold.
    fill: usize,
    /// Octets in the state.
    taken: u64,
}

impl<A: Algorithm> Hash<A> {
    /// The hash of nothing yet.
    #[inline]
    pub(crate) fn new() -> Self {
        Self::behind(A::INITIAL, 0)
    }

    /// Goes on behind octets, whole blocks, that led to this state.
    #[inline]
    fn behind(state: A::State, taken: u64) -> Self {
        Self {
            state,
            gathered: Gathered([[0; 64]; GATHERED + 1]),
            fill: 0,
            taken,
        }
    }

    /// Takes the next octets.
    #[inline]
    pub(crate) fn update(&mut self, octets: &[u8]) {
        let end = self.fill.saturating_add(octets.len());
        match self.gathered.0.as_flattened_mut().get_mut(self.fill..end) {
            Some(place) if end < GATHERED * 64 => {
                place.copy_from_slice(octets);
                self.fill = end;
            }
            _ => self.overflow(octets),
        }
    }

    /// Takes octets that fill the blocks, and perhaps more than them.
    #[inline(never)]
    fn overflow(&mut self, octets: &[u8]) {
        let (full, _) = self.gathered.0.split_at_mut(GATHERED);
        let room = full.as_flattened_mut().get_mut(self.fill..).unwrap_or_default();
        let Some((head, rest)) = octets.split_at_checked(room.len()) else {
            return; // not called with fewer
        };
        room.copy_from_slice(head);
        A::compress(&mut self.state, full);
        let (blocks, tail) = rest.as_chunks();
        if !blocks.is_empty() {
            A::compress(&mut self.state, blocks);
        }
        self.taken += ((GATHERED + blocks.len()) * 64) as u64;
        full.as_flattened_mut().fill(0);
        full.as_flattened_mut()
            .split_at_mut(tail.len())
            .0
            .copy_from_slice(tail);
        self.fill = tail.len();
    }

    /// The hash of all that came. Nothing can come behind it.
    pub(crate) fn finish(&mut self) -> A::Digest {
        self.pad();
        digest::<A>(&self.state)
    }

    /// Takes the padding: a one, zeros and the length in bits.
    fn pad(&mut self) {
        let octets = self.gathered.0.as_flattened_mut();
        if let Some(one) = octets.get_mut(self.fill) {
            *one = 0x80;
        }
        let blocks = (self.fill + 1 + 8).div_ceil(64);
        let (blocks, _) = self.gathered.0.split_at_mut(blocks.min(GATHERED + 1));
        if let Some(place) = blocks.as_flattened_mut().last_chunk_mut() {
            *place = A::length((self.taken + self.fill as u64) * 8);
        }
        A::compress(&mut self.state, blocks);
    }
}

impl<A: Algorithm> Drop for Hash<A> {
    fn drop(&mut self) {
        wipe(self.state.as_mut());
        wipe(self.gathered.0.as_flattened_mut());
    }
}

/// A state as octets.
fn digest<A: Algorithm>(state: &A::State) -> A::Digest {
    let mut digest = A::Digest::default();
    let (places, _) = digest.as_mut().as_chunks_mut();
    for (place, word) in places.iter_mut().zip(state.as_ref()) {
        *place = A::word(*word);
    }
    digest
}

/// A key of HMAC: the two states behind its pads, so that a message costs its own blocks and one more. Wiped when dropped.
pub(crate) struct Key<A: Algorithm> {
    inner: A::State,
    outer: A::State,
}

impl<A: Algorithm> Key<A> {
    /// The key that these parts are, one behind the other. One that is longer than a block is hashed first.
    pub(crate) fn new(parts: &[&[u8]]) -> Self {
        let mut block = [0; 64];
        let mut room = &mut block[..];
        let fits = parts.iter().all(|part| {
            let place = room.split_off_mut(..part.len());
            place.map(|place| place.copy_from_slice(part)).is_some()
        });
        if !fits {
            let mut digest = hash::<A>(parts);
            block = [0; 64];
            for (to, from) in block.iter_mut().zip(digest.as_ref()) {
                *to = *from;
            }
            wipe(digest.as_mut());
        }
        let mut key = Self {
            inner: A::INITIAL,
            outer: A::INITIAL,
        };
        let (inner, outer) = (0x36, 0x5C);
        for octet in &mut block {
            *octet ^= inner;
        }
        A::compress(&mut key.inner, from_ref(&block));
        for octet in &mut block {
            *octet ^= inner ^ outer;
        }
        A::compress(&mut key.outer, from_ref(&block));
        wipe(&mut block);
        key
    }

    /// The code of nothing yet.
    #[inline]
    pub(crate) fn mac(&self) -> Mac<A> {
        Mac {
            hash: Hash::behind(self.inner, 64),
            outer: self.outer,
        }
    }
}

impl<A: Algorithm> Clone for Key<A> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<A: Algorithm> PartialEq for Key<A> {
    fn eq(&self, other: &Self) -> bool {
        let equal = |a: &A::State, b: &A::State| a.as_ref().ct_eq(b.as_ref());
        (equal(&self.inner, &other.inner) & equal(&self.outer, &other.outer)).into()
    }
}

impl<A: Algorithm> Eq for Key<A> {}

impl<A: Algorithm> Drop for Key<A> {
    fn drop(&mut self) {
        wipe(self.inner.as_mut());
        wipe(self.outer.as_mut());
    }
}

/// The HMAC of what came so far. Wiped when dropped.
pub(crate) struct Mac<A: Algorithm> {
    hash: Hash<A>,
    outer: A::State,
}

impl<A: Algorithm> Mac<A> {
    /// Takes the next octets.
    #[inline]
    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.hash.update(octets);
    }

    /// The code of all that came. Nothing can come behind it.
    pub(crate) fn finish(&mut self) -> A::Digest {
        self.seal(&[]);
        self.code()
    }

    /// Takes the last parts and the end of the message: the first half of [`finish`](Self::finish). The processor works on
    /// what the caller does next while the compressions wait for each other.
    pub(crate) fn seal(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.update(part);
        }
        self.hash.pad();
    }

    /// The code of a message that is sealed: the second half of [`finish`](Self::finish).
    pub(crate) fn code(&mut self) -> A::Digest {
        let inner = digest::<A>(&self.hash.state);
        let mut block = [0; 64];
        if let Some((place, [one, ..])) = block.split_at_mut_checked(inner.as_ref().len()) {
            place.copy_from_slice(inner.as_ref());
            *one = 0x80;
        }
        if let Some(place) = block.last_chunk_mut() {
            *place = A::length((64 + inner.as_ref().len() as u64) * 8);
        }
        A::compress(&mut self.outer, from_ref(&block));
        wipe(&mut block);
        digest::<A>(&self.outer)
    }
}

impl<A: Algorithm> Drop for Mac<A> {
    fn drop(&mut self) {
        wipe(self.outer.as_mut());
    }
}

/// The hash of the parts, one behind the other.
pub(crate) fn hash<A: Algorithm>(parts: &[&[u8]]) -> A::Digest {
    let mut hash = Hash::<A>::new();
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// The HMAC of the parts, one behind the other; the key comes in parts too.
pub(crate) fn hmac<A: Algorithm>(key: &[&[u8]], parts: &[&[u8]]) -> A::Digest {
    let mut mac = Key::<A>::new(key).mac();
    mac.seal(parts);
    mac.code()
}

/// Overwrites memory that held a secret; the compiler may not leave it out.
pub(crate) fn wipe<T: Copy + Default>(memory: &mut [T]) {
    memory.fill(T::default());
    optimization_barrier(memory);
}

impl<A: Algorithm> Sink for Hash<A> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.update(octets);
        Ok(())
    }
}

impl<A: Algorithm> Sink for Mac<A> {
    #[inline]
    fn put_octets(&mut self, octets: &[u8]) -> Result<()> {
        self.update(octets);
        Ok(())
    }
}
