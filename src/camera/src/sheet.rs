//! Several frames on one sheet.

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::raw::check_size;
use crate::transform::{DEFAULT_QUALITY, Transform};

/// White pixels between two pictures and around them.
const MARGIN: u32 = 4;

/// A contact sheet: the frames from left to right and from top to bottom, each cut and scaled to `width` x `height`.
///
/// The last row is filled with white. `columns` is at least 1 and at most the number of frames that matters.
///
/// # Errors
/// `InvalidArgument` without frames, columns or pixels, `FrameTooLarge` when the sheet would be, and what a damaged
/// frame says.
///
/// ```
/// let mut camera = faceiot_camera::open("testcard:640x480")?;
/// let frames = [camera.next()?, camera.next()?, camera.next()?];
/// let sheet = faceiot_camera::contact_sheet(&frames, 2, (160, 120))?;
/// assert_eq!((sheet.width(), sheet.height()), (2 * 160 + 3 * 4, 2 * 120 + 3 * 4));
/// # Ok::<(), faceiot_camera::Error>(())
/// ```
pub fn contact_sheet(frames: &[Frame], columns: u32, (width, height): (u32, u32)) -> Result<Frame> {
    let wrong = |message: &str| Error::new(ErrorKind::InvalidArgument, message);
    let count = u32::try_from(frames.len()).map_err(|_| wrong("too many frames for one sheet"))?;
    if count == 0 {
        return Err(wrong("a sheet of no frames is empty"));
    }
    if columns == 0 || width == 0 || height == 0 {
        return Err(wrong("a sheet has columns, and its pictures have pixels"));
    }
    let columns = columns.min(count);
    let across = sum(columns, width)?;
    let down = sum(count.div_ceil(columns), height)?;
    check_size(across, down)?;
    let pitch = across as usize * 3;
    let mut rgb = vec![255; pitch * down as usize];
    for (at, frame) in (0..count).zip(frames) {
        let small = frame.transform(&Transform {
            size: Some((width, height)),
            ..Transform::default()
        })?;
        let pixels = small.decode_rgb()?;
        let left = (MARGIN + at % columns * (width + MARGIN)) as usize * 3;
        let top = (MARGIN + at / columns * (height + MARGIN)) as usize;
        let rows = rgb.chunks_exact_mut(pitch).skip(top);
        for (row, picture) in rows.zip(pixels.chunks_exact(width as usize * 3)) {
            if let Some(place) = row.get_mut(left..left + picture.len()) {
                place.copy_from_slice(picture);
            }
        }
    }
    Frame::from_rgb(&rgb, across, down, DEFAULT_QUALITY)
}

/// So many pictures of this size with the margins between and around them.
fn sum(count: u32, size: u32) -> Result<u32> {
    count
        .checked_mul(size.saturating_add(MARGIN))
        .and_then(|pixels| pixels.checked_add(MARGIN))
        .ok_or_else(|| Error::new(ErrorKind::FrameTooLarge, "the sheet would have too many pixels"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(colour: [u8; 3]) -> Frame {
        Frame::from_rgb(&colour.repeat(64 * 48), 64, 48, 95).unwrap()
    }

    #[test]
    fn every_frame_is_at_its_place_and_the_rest_is_white() {
        let frames = [[250, 30, 30], [30, 250, 30], [30, 30, 250]].map(plain);
        let sheet = contact_sheet(&frames, 2, (32, 24)).unwrap();
        assert_eq!((sheet.width(), sheet.height()), (76, 60));
        let rgb = sheet.decode_rgb().unwrap();
        let middle = |column: usize, row: usize| {
            let at = ((4 + row * 28 + 12) * 76 + 4 + column * 36 + 16) * 3;
            [rgb[at], rgb[at + 1], rgb[at + 2]].map(|value| value / 100)
        };
        assert_eq!(middle(0, 0), [2, 0, 0]);
        assert_eq!(middle(1, 0), [0, 2, 0]);
        assert_eq!(middle(0, 1), [0, 0, 2]);
        assert_eq!(middle(1, 1), [2, 2, 2]);
    }

    #[test]
    fn what_makes_no_sheet_is_refused_before_memory_is_taken() {
        let frames = [plain([1, 2, 3])];
        for (frames, columns, size, kind) in [
            (&frames[..0], 1, (8, 8), ErrorKind::InvalidArgument),
            (&frames[..], 0, (8, 8), ErrorKind::InvalidArgument),
            (&frames[..], 1, (0, 8), ErrorKind::InvalidArgument),
            (&frames[..], 1, (u32::MAX, 8), ErrorKind::FrameTooLarge),
            (&frames[..], 1, (65_000, 65_000), ErrorKind::FrameTooLarge),
        ] {
            assert_eq!(contact_sheet(frames, columns, size).unwrap_err().kind, kind);
        }
    }
}
