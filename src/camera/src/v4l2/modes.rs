//! What a camera offers, and which of it serves a wish best.
//!
//! # The choice
//!
//! Every format that can be read, in every size, is a candidate. They are put in this order, and the first that the
//! driver accepts is used:
//!
//! 1. Large enough on both sides before too small: a photo is cut and shrunk to the size asked for, never blown up
//!    where that can be avoided.
//! 2. Fast enough for the frames a second asked for (15 when none were); of those too slow, the fastest.
//! 3. Of those large enough the one with the fewest pixels, of those too small the one with the most. Webcams have
//!    no 720x480: asked for it, one with 640x480 and 1280x720 gives 1280x720.
//! 4. Exactly the size asked for (or none was): motion JPEG first, because its octets are the photo and nothing is
//!    encoded. In another size the photo must be cut and encoded anyway: then formats without loss come first,
//!    those with the fewest octets before the others, and motion JPEG after them, which would be decoded and would
//!    lose twice. (Where the bus is too slow for raw frames, rule 2 has chosen motion JPEG already.) Grey is last.

use std::cmp::Reverse;
use std::io;

use super::abi::{FormatDescription, FrameInterval, FrameSize, range};
use super::device::{Call, Device};
use super::fourcc::{Encoding, FourCc};
use crate::Wish;

/// A format and size that a camera offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) fourcc: FourCc,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The most frames a second; `None` where the driver does not tell.
    pub(super) fps: Option<f64>,
}

/// A format with its sizes.
pub(super) struct Offer {
    pub(super) fourcc: FourCc,
    pub(super) sizes: Vec<Sizes>,
}

/// Sizes from the least to the greatest in steps; a single size is a range of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) width: Span,
    pub(super) height: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: u32,
    pub(super) greatest: u32,
    pub(super) step: u32,
}

impl Span {
    fn one(value: u32) -> Self {
        Self {
            least: value,
            greatest: value,
            step: 1,
        }
    }

    /// The smallest value that is not below `wanted`; the greatest when all are.
    pub(super) fn fit(self, wanted: u32) -> u32 {
        let steps = wanted.saturating_sub(self.least).div_ceil(self.step);
        let most = (self.greatest - self.least) / self.step;
        self.least + steps.min(most) * self.step
    }

    /// Whether it is one of the values.
    pub(super) fn has(self, value: u32) -> bool {
        self.fit(value) == value
    }
}

impl Sizes {
    /// `None` for what no driver should say: nothing, or a range the wrong way round.
    fn from_driver(size: &FrameSize) -> Option<Self> {
        let [width, height, ..] = size.values;
        let span = |least: u32, greatest: u32, step: u32| {
            (least <= greatest && greatest > 0).then(|| Span {
                least: least.max(1),
                greatest,
                step: step.max(1),
            })
        };
        let (width, height) = if size.kind == range::DISCRETE {
            (Span::one(width), Span::one(height))
        } else {
            let [least, greatest, step, ..] = size.values;
            let [.., lowest, highest, rise] = size.values;
            match size.kind {
                range::STEPWISE => (span(least, greatest, step)?, span(lowest, highest, rise)?),
                range::CONTINUOUS => (span(least, greatest, 1)?, span(lowest, highest, 1)?),
                _ => return None,
            }
        };
        (width.least > 0 && height.least > 0).then_some(Self { width, height })
    }
}

/// Every format of a device with its sizes; a format whose sizes the driver does not tell has none.
pub(super) fn offers(device: &mut dyn Device) -> io::Result<Vec<Offer>> {
    let formats = enumerate(MOST_FORMATS, |index| {
        let mut format = FormatDescription {
            index,
            ..FormatDescription::default()
        };
        device.call(Call::EnumerateFormat(&mut format))?;
        Ok(FourCc(format.fourcc))
    })?;
    formats
        .into_iter()
        .map(|fourcc| {
            let sizes = enumerate(MOST_SIZES, |index| {
                let mut size = FrameSize {
                    index,
                    fourcc: fourcc.0,
                    ..FrameSize::default()
                };
                device.call(Call::EnumerateSize(&mut size))?;
                Ok(Sizes::from_driver(&size))
            })?;
            Ok(Offer {
                fourcc,
                sizes: sizes.into_iter().flatten().collect(),
            })
        })
        .collect()
}

/// The candidates for a wish in the order of the choice; formats that cannot be read are left out.
pub(super) fn candidates(
    device: &mut dyn Device,
    offers: &[Offer],
    wish: &Wish,
) -> io::Result<Vec<Candidate>> {
    let (width, height) = wish.size.unwrap_or(SIZE);
    let mut found = Vec::new();
    for offer in offers.iter().filter(|offer| offer.fourcc.encoding().is_some()) {
        let fitting = offer
            .sizes
            .iter()
            .map(|sizes| (sizes.width.fit(width), sizes.height.fit(height)));
        let untold = offer.sizes.is_empty().then_some((width, height));
        for (width, height) in fitting.chain(untold) {
            found.push(Candidate {
                fourcc: offer.fourcc,
                width,
                height,
                fps: fastest(device, offer.fourcc, width, height)?,
            });
        }
    }
    found.sort_by_key(|candidate| rank(candidate, wish));
    Ok(found)
}

/// The most frames a second in a size; `None` where the driver does not tell.
pub(super) fn fastest(
    device: &mut dyn Device,
    fourcc: FourCc,
    width: u32,
    height: u32,
) -> io::Result<Option<f64>> {
    let mut end = false;
    let intervals = enumerate(MOST_INTERVALS, |index| {
        if end {
            return Err(io::Error::from_raw_os_error(libc::EINVAL)); // a range has one entry
        }
        let mut interval = FrameInterval {
            index,
            fourcc: fourcc.0,
            width,
            height,
            ..FrameInterval::default()
        };
        device.call(Call::EnumerateInterval(&mut interval))?;
        end = interval.kind != range::DISCRETE;
        // The shortest interval stands first in every kind.
        let [numerator, denominator, ..] = interval.values;
        Ok((numerator > 0 && denominator > 0).then(|| f64::from(denominator) / f64::from(numerator)))
    })?;
    Ok(intervals.into_iter().flatten().max_by(f64::total_cmp))
}

/// Asks for index 0, 1, 2 ... until the driver has no more (`EINVAL`) or does not know the question (`ENOTTY`).
fn enumerate<T>(most: u32, mut ask: impl FnMut(u32) -> io::Result<T>) -> io::Result<Vec<T>> {
    let mut found = Vec::new();
    for index in 0..most {
        match ask(index) {
            Ok(item) => found.push(item),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTTY)) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

type Rank = (bool, Reverse<u32>, u64, bool, Option<usize>);

fn rank(candidate: &Candidate, wish: &Wish) -> Rank {
    let (width, height) = wish.size.unwrap_or(SIZE);
    let too_small = candidate.width < width || candidate.height < height;
    let wanted = wish.fps.unwrap_or(FPS_ENOUGH);
    // A hundredth less than wanted is enough: 29.97 for 30.
    let speed = thousandths(candidate.fps.map_or(wanted, |fps| fps * 1.01).min(wanted));
    let pixels = u64::from(candidate.width) * u64::from(candidate.height);
    let untouched = wish
        .size
        .is_none_or(|size| size == (candidate.width, candidate.height));
    let is_jpeg = candidate.fourcc.encoding() == Some(Encoding::Jpeg);
    (
        too_small,
        Reverse(speed),
        if too_small { u64::MAX - pixels } else { pixels },
        is_jpeg != untouched,
        candidate.fourcc.place(),
    )
}

/// A rate as a whole number, rounded.
#[expect(
    clippy::cast_sign_loss,
    reason = "rates are not negative; what is too large becomes the largest"
)]
pub(super) fn thousandths(fps: f64) -> u32 {
    (fps * 1_000.0).round() as u32
}

/// The size when none is asked for: what webcams have had from their beginning.
pub(super) const SIZE: (u32, u32) = (640, 480);
/// Frames a second when none are asked for: the rate that is set, and the rate that a mode must reach.
pub(super) const FPS: f64 = 30.0;
const FPS_ENOUGH: f64 = 15.0;

/// No driver lists more; one that never says "no more" must not keep us.
const MOST_FORMATS: u32 = 128;
const MOST_SIZES: u32 = 256;
const MOST_INTERVALS: u32 = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_driver_says_of_its_sizes_a_fitting_one_lies_within(
            kind in 0..5_u32,
            values in prop_oneof![any::<[u32; 6]>(), proptest::array::uniform6(0..40_u32)],
            wanted in prop_oneof![any::<u32>(), 0..40_u32],
        ) {
            let said = FrameSize { kind, values, ..FrameSize::default() };
            if let Some(sizes) = Sizes::from_driver(&said) {
                for span in [sizes.width, sizes.height] {
                    let fitting = span.fit(wanted);
                    prop_assert!((span.least..=span.greatest).contains(&fitting) && fitting > 0);
                    prop_assert!((fitting - span.least).is_multiple_of(span.step) && span.has(fitting));
                    // The next smaller one is too small, and one that is too small is the largest.
                    prop_assert!(fitting == span.least || fitting - span.step < wanted);
                    prop_assert!(fitting >= wanted || span.greatest - fitting < span.step);
                }
            }
        }
    }
}
