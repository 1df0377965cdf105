//! JPEGs out of a stream of octets.

use crate::jpeg::walk::{APP1, EOI, RST0, RST7, SOI, SOS, TEM};

/// Finds whole JPEGs in a stream that has nothing else to tell where one ends: the standard output of `rpicam-vid
/// --codec mjpeg`, a recorded `.mjpeg` file, the body of a `multipart/x-mixed-replace` answer (its part headers are then
/// what stands between two pictures).
///
/// It walks the markers: segments are stepped over by their length, with the thumbnail that may be in one, and only the
/// entropy-coded data are searched for their end, where `ff 00` and restart markers are data. A picture that breaks off
/// is dropped and counted, and the next one found. Memory is bounded by the cap; time is linear in the octets.
///
/// ```
/// use faceiot_camera::{Frame, jpeg::Splitter};
///
/// let frame = Frame::from_rgb(&[90; 32 * 32 * 3], 32, 32, 85)?;
/// let stream = [b"--boundary\r\n\r\n", frame.jpeg()?, b"\r\n--boundary\r\n\r\n", &frame.jpeg()?[..100]].concat();
///
/// let mut splitter = Splitter::new(1 << 20);
/// splitter.push(&stream);
/// assert_eq!(splitter.next().as_deref(), Some(frame.jpeg()?));
/// assert_eq!(splitter.next(), None, "the second one has not come yet");
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
#[derive(Debug)]
pub struct Splitter {
    /// From the first octet of the picture being read, once one was found.
    octets: Vec<u8>,
    /// How far `octets` was walked.
    at: usize,
    /// Where to look on when there is no marker at `at`.
    resume: usize,
    state: State,
    cap: usize,
    damaged: u64,
    /// Octets since the last whole picture that belong to none.
    between: usize,
    /// When the last octets came, when those with the begin of the picture being read did, and with that of the last one.
    came: u64,
    begins: u64,
    begun: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Looking for SOI.
    Between,
    /// At a marker.
    Marker { scans: bool },
    /// In entropy-coded data.
    Entropy,
}

/// What one step along the octets came to.
enum Step {
    On,
    /// More octets are needed.
    Wait,
    /// A picture ends at `at`.
    Whole,
    /// No picture: go on looking at `resume`.
    Broken,
}

impl Splitter {
    /// A splitter that gives up pictures of more than `cap` octets.
    pub fn new(cap: usize) -> Self {
        Self {
            octets: Vec::new(),
            at: 0,
            resume: 0,
            state: State::Between,
            cap,
            damaged: 0,
            between: 0,
            came: 0,
            begins: 0,
            begun: 0,
        }
    }

    /// Takes more of the stream. What it holds grows with what is pushed: take the pictures out after each push.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// As [`push`](Self::push), and says when they came.
    pub(crate) fn push_at(&mut self, octets: &[u8], time_ms: u64) {
        self.came = time_ms;
        self.push(octets);
    }

    /// When the first octets of the last picture came; known when all are taken out after each push.
    pub(crate) fn begun_ms(&self) -> u64 {
        self.begun
    }

    /// The next whole picture, from SOI to EOI; `None` when more octets are needed.
    #[expect(clippy::should_implement_trait, reason = "after `None` there may be more")]
    pub fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            // By where the walk is and not by what was pushed: the same pictures come out whatever the pieces are.
            if self.state != State::Between && self.at > self.cap {
                self.resume = self.cap;
                self.broken();
            }
            match self.step() {
                Step::On => {}
                Step::Wait => return None,
                Step::Broken => self.broken(),
                Step::Whole => {
                    let rest = self.octets.split_off(self.at);
                    let picture = std::mem::replace(&mut self.octets, rest);
                    self.at = 0;
                    self.state = State::Between;
                    if picture.len() > self.cap {
                        self.damaged += 1;
                        continue;
                    }
                    self.between = 0;
                    self.begun = self.begins;
                    return Some(picture);
                }
            }
        }
    }

    /// Pictures that began and were thrown away: cut off, damaged or above the cap.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Octets since the last whole picture that belong to none: what tells a stream of something else from one of
    /// pictures.
    pub fn between(&self) -> usize {
        self.between
    }

    fn step(&mut self) -> Step {
        match self.state {
            State::Between => self.find(),
            State::Marker { scans } => self.marker(scans),
            State::Entropy => self.entropy(),
        }
    }

    fn find(&mut self) -> Step {
        let found = self
            .octets
            .windows(3)
            .position(|three| matches!(three, [0xff, SOI, 0xff]));
        // The last two octets may be the begin of one.
        let skip = found.unwrap_or(self.octets.len().saturating_sub(2));
        self.octets.drain(..skip);
        self.between = self.between.saturating_add(skip);
        if found.is_none() {
            return Step::Wait;
        }
        self.begins = self.came;
        self.at = 2;
        self.resume = 2;
        self.state = State::Marker { scans: false };
        Step::On
    }

    fn marker(&mut self, scans: bool) -> Step {
        let length = match *self.octets.get(self.at..).unwrap_or_default() {
            [0xff, 0xff, ..] => {
                self.at += 1; // fill
                return Step::On;
            }
            [0xff, TEM, ..] => {
                self.at += 2;
                return Step::On;
            }
            [0xff, EOI, ..] if scans => {
                self.at += 2;
                return Step::Whole;
            }
            // The picture broke off and this is the next one; a marker without a place here; no marker at all.
            [0xff, 0 | RST0..=EOI, ..] => return Step::Broken,
            [0xff, marker, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                // A scan has one to four components of two octets: a cut must not make one of the next picture.
                if length < 2 || (marker == SOS && length > 14) {
                    return Step::Broken;
                }
                if self.at + 2 + length > self.cap {
                    self.resume = self.at + 2;
                    return Step::Broken;
                }
                length
            }
            [] | [0xff, ..] => return Step::Wait,
            _ => return Step::Broken,
        };
        if self.octets.len() < self.at + 2 + length {
            return Step::Wait;
        }
        // A segment that was cut off takes the begin of the next picture for its own: that is looked for inside it, but
        // not in an EXIF segment, whose thumbnail would be found.
        let segment = self.at;
        let marker = self.octets.get(segment + 1).copied();
        self.at += 2 + length;
        self.resume = if marker == Some(APP1) {
            self.at
        } else {
            segment + 2
        };
        self.state = if marker == Some(SOS) {
            State::Entropy
        } else {
            State::Marker { scans }
        };
        Step::On
    }

    fn entropy(&mut self) -> Step {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let Some(next) = rest.iter().position(|octet| *octet == 0xff) else {
            self.at = self.octets.len();
            return Step::Wait;
        };
        self.at += next;
        match self.octets.get(self.at + 1) {
            None => return Step::Wait,
            Some(0 | RST0..=RST7) => self.at += 2,
            Some(0xff) => self.at += 1,
            Some(_) => {
                self.resume = self.at;
                self.state = State::Marker { scans: true };
            }
        }
        Step::On
    }

    /// Throws away what was walked and looks on from there: back by one segment at most, so that no picture is walked
    /// twice, whatever the stream is.
    fn broken(&mut self) {
        let walked = self.resume.min(self.octets.len());
        self.octets.drain(..walked);
        self.between = self.between.saturating_add(walked);
        self.damaged += 1;
        self.at = 0;
        self.state = State::Between;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COFFEE: &[u8] = include_bytes!("../../../../tests/photos/coffee.jpg"); // with a thumbnail in its EXIF
    const ROCKET: &[u8] = include_bytes!("../../../../tests/photos/rocket.jpg"); // progressive
    const CHELSEA: &[u8] = include_bytes!("../../../../tests/photos/chelsea.jpg");
    const CAP: usize = 1 << 20;

    /// What comes out when the stream comes in pieces of this size.
    fn split(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Splitter) {
        let mut splitter = Splitter::new(CAP);
        let mut pictures = Vec::new();
        for octets in stream.chunks(piece) {
            splitter.push(octets);
            while let Some(picture) = splitter.next() {
                pictures.push(picture);
            }
        }
        (pictures, splitter)
    }

    #[test]
    fn pictures_come_out_as_they_went_in_whatever_the_pieces() {
        let stream = [COFFEE, ROCKET, CHELSEA].concat();
        for piece in [1, 2, 3, 1_000, 65_536, stream.len()] {
            let (pictures, splitter) = split(&stream, piece);
            assert_eq!(pictures, [COFFEE, ROCKET, CHELSEA], "pieces of {piece}");
            assert_eq!((splitter.damaged(), splitter.between()), (0, 0));
        }
    }

    #[test]
    fn a_picture_has_the_time_at_which_it_began_to_come() {
        let stream = [CHELSEA, COFFEE, CHELSEA].concat();
        for piece in [1, 1_000, 65_536, stream.len()] {
            let mut splitter = Splitter::new(CAP);
            let mut begun = Vec::new();
            for (number, octets) in stream.chunks(piece).enumerate() {
                splitter.push_at(octets, number as u64);
                while splitter.next().is_some() {
                    begun.push(splitter.begun_ms());
                }
            }
            // SOI is known by its third octet.
            let begins = [2, CHELSEA.len() + 2, CHELSEA.len() + COFFEE.len() + 2];
            assert_eq!(begun, begins.map(|at| (at / piece) as u64), "pieces of {piece}");
        }
    }

    #[test]
    fn a_thumbnail_is_no_picture_of_its_own() {
        let (pictures, _) = split(COFFEE, 4_096);
        assert_eq!(pictures, [COFFEE]);
    }

    #[test]
    fn part_headers_and_garbage_between_pictures_are_passed_over() {
        let noise: Vec<u8> = (0..5_000_u32).map(|i| ((i * 7_919) >> 5) as u8 & 0xfe).collect();
        let stream = [
            &noise[..],
            CHELSEA,
            b"\r\n--x\r\nContent-Type: image/jpeg\r\n\r\n",
            COFFEE,
            &[0xff],
            CHELSEA,
        ]
        .concat();
        let (pictures, splitter) = split(&stream, 777);
        assert_eq!(pictures, [CHELSEA, COFFEE, CHELSEA]);
        assert_eq!(splitter.damaged(), 0);
    }

    #[test]
    fn half_a_picture_is_dropped_and_counted_and_the_next_one_found() {
        for cut in [21_000, 10_000, 5_000] {
            let stream = [&CHELSEA[..cut], COFFEE, CHELSEA].concat();
            let (pictures, splitter) = split(&stream, 4_096);
            assert_eq!(pictures, [COFFEE, CHELSEA], "cut at {cut}");
            assert_eq!(splitter.damaged(), 1);
        }
    }

    #[test]
    fn a_cut_in_the_header_costs_one_more_picture_at_most() {
        for cut in 3..700 {
            let stream = [&CHELSEA[..cut], COFFEE, CHELSEA, COFFEE].concat();
            let (pictures, _) = split(&stream, 4_096);
            assert!(
                pictures.ends_with(&[CHELSEA.to_vec(), COFFEE.to_vec()]),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_picture_without_end_is_given_up_at_the_cap() {
        let mut splitter = Splitter::new(100_000);
        splitter.push(&CHELSEA[..20_000]);
        for _ in 0..1_000 {
            splitter.push(&[0x55; 1_000]);
            assert_eq!(splitter.next(), None);
            assert!(
                splitter.octets.len() <= 101_000,
                "{} octets held",
                splitter.octets.len()
            );
        }
        splitter.push(COFFEE);
        assert_eq!(splitter.next().as_deref(), Some(COFFEE));
        assert_eq!(splitter.damaged(), 1);
    }

    #[test]
    fn a_picture_above_the_cap_is_dropped_though_it_is_whole() {
        let mut splitter = Splitter::new(COFFEE.len() - 1);
        splitter.push(COFFEE);
        splitter.push(CHELSEA);
        assert_eq!(splitter.next().as_deref(), Some(CHELSEA));
        assert_eq!(splitter.damaged(), 1);
    }

    #[test]
    fn octets_that_are_no_picture_are_not_kept() {
        let mut splitter = Splitter::new(CAP);
        for _ in 0..100 {
            splitter.push(&[0; 10_000]);
            assert_eq!(splitter.next(), None);
            assert!(splitter.octets.len() <= 2);
        }
        assert!(splitter.between() > 990_000);
    }

    proptest::proptest! {
        #[test]
        fn any_pieces_of_any_octets_give_the_same_pictures(
            junk in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            at in 0usize..30_000,
            piece in 1usize..5_000,
        ) {
            let mut stream = [CHELSEA, COFFEE, CHELSEA].concat();
            stream.splice(at..at, junk);
            let (whole, _) = split(&stream, stream.len());
            let (pieces, _) = split(&stream, piece);
            for picture in &whole {
                proptest::prop_assert!(picture.starts_with(&[0xff, SOI]) && picture.ends_with(&[0xff, EOI]));
            }
            proptest::prop_assert_eq!(whole, pieces);
        }
    }
}
