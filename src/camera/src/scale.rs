//! Pixels scaled.
//!
//! Our own: the crate that does it with more speed (`fast_image_resize` 6.1) takes minutes to build, for every pixel type
//! there is, and photos are scaled only where a camera has no mode of the size that was asked for.

/// A part of a picture whose edges may lie between two pixels.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Scales a part of rows of `R G B`, each of `stride` pixels, to `size`: bilinear when it grows; when it shrinks, every
/// pixel counts by its distance from the middle (the triangle of Pillow's `BILINEAR`), so that nothing flickers.
///
/// The part lies inside the picture and neither size is 0.
pub(crate) fn scale(rgb: &[u8], stride: u32, part: Part, size: (u32, u32)) -> Vec<u8> {
    let stride = stride as usize * 3;
    let rows = rgb.len() / stride;
    let across = taps(part.left, part.width, size.0, stride / 3);
    let down = taps(part.top, part.height, size.1, rows);
    let top = down.first().map_or(0, |tap| tap.first);
    let bottom = down.last().map_or(0, |tap| tap.first + tap.weights.len());

    let width = size.0 as usize * 3;
    let mut narrowed = Vec::with_capacity((bottom - top) * width);
    for row in rgb.chunks_exact(stride).take(bottom).skip(top) {
        let (pixels, _) = row.as_chunks::<3>();
        for tap in &across {
            let mut sums = [HALF; 3];
            let from = pixels.get(tap.first..).unwrap_or_default();
            for (pixel, weight) in from.iter().zip(&tap.weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * weight;
                }
            }
            narrowed.extend(sums.map(round));
        }
    }

    let mut scaled = Vec::with_capacity(width * size.1 as usize);
    let mut sums = vec![0; width];
    for tap in &down {
        sums.fill(HALF);
        let from = narrowed.chunks_exact(width).skip(tap.first - top);
        for (row, weight) in from.zip(&tap.weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += i32::from(*value) * weight;
            }
        }
        scaled.extend(sums.iter().copied().map(round));
    }
    scaled
}

/// What one value of the result is made of.
struct Tap {
    first: usize,
    /// They add up to 1 << BITS.
    weights: Vec<i32>,
}

#[expect(clippy::cast_sign_loss, reason = "no edge is left of or above the picture")]
#[expect(clippy::cast_precision_loss, reason = "no picture is that wide")]
fn taps(from: f64, length: f64, count: u32, limit: usize) -> Vec<Tap> {
    let step = length / f64::from(count);
    let reach = step.max(1.0);
    // Not a pixel beside the part counts.
    let (low, high) = (
        from.floor() as usize,
        ((from + length).ceil() as usize).min(limit),
    );
    let one = |index| {
        let middle = from + (f64::from(index) + 0.5) * step;
        let first = ((middle - reach + 0.5).floor().max(0.0) as usize).clamp(low, high - 1);
        let end = ((middle + reach + 0.5).floor().max(0.0) as usize).clamp(first + 1, high);
        let far = |at: usize| 1.0 - ((at as f64 + 0.5 - middle) / reach).abs();
        let heights: Vec<f64> = (first..end).map(|at| far(at).max(0.0)).collect();
        let sum: f64 = heights.iter().sum();
        let mut weights: Vec<i32> = heights
            .iter()
            .map(|height| (height / sum * f64::from(1 << BITS)).round() as i32)
            .collect();
        // What rounding took goes to the largest, so that a grey area stays exactly as grey.
        let missing = (1 << BITS) - weights.iter().sum::<i32>();
        if let Some(largest) = weights.iter_mut().max() {
            *largest += missing;
        }
        Tap { first, weights }
    };
    (0..count).map(one).collect()
}

#[expect(clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn round(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

const BITS: u32 = 14;
const HALF: i32 = 1 << (BITS - 1);

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(width: u32, height: u32) -> Part {
        Part {
            left: 0.0,
            top: 0.0,
            width: f64::from(width),
            height: f64::from(height),
        }
    }

    #[test]
    fn the_same_size_is_the_same_picture() {
        let rgb: Vec<u8> = (0..7 * 5 * 3_u8).map(|i| i.wrapping_mul(37)).collect();
        assert_eq!(scale(&rgb, 7, whole(7, 5), (7, 5)), rgb);
    }

    #[test]
    fn shrinking_by_two_weighs_four_pixels_as_pillow_does() {
        // Image.frombytes("L", (8, 1), bytes([0, 0, 255, 255, 0, 0, 255, 255])).resize((4, 1), Image.BILINEAR)
        let rgb = [0, 0, 255, 255, 0, 0, 255, 255].map(|value| [value; 3]).concat();
        let scaled = scale(&rgb, 8, whole(8, 1), (4, 1));
        let grey: Vec<u8> = scaled.chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(grey, [36, 191, 64, 219]);
    }

    #[test]
    fn growing_goes_straight_from_one_pixel_to_the_next() {
        let rgb = [[0; 3], [100; 3]].concat();
        let grey: Vec<u8> = scale(&rgb, 2, whole(2, 1), (4, 1))
            .chunks(3)
            .map(|pixel| pixel[0])
            .collect();
        assert_eq!(grey, [0, 25, 75, 100]);
    }

    proptest::proptest! {
        #[test]
        fn a_plain_area_stays_exactly_as_it_is(
            value in 0u8..=255, width in 1u32..50, height in 1u32..50, to in (1u32..80, 1u32..80),
            left in 0.0..1.0, top in 0.0..1.0, share in 0.01..1.0
        ) {
            let rgb = vec![value; (width * height * 3) as usize];
            let (w, h) = (f64::from(width), f64::from(height));
            let part = Part { left: left * w * (1.0 - share), top: top * h * (1.0 - share), width: w * share, height: h * share };
            let scaled = scale(&rgb, width, part, to);
            proptest::prop_assert_eq!(scaled, vec![value; (to.0 * to.1 * 3) as usize]);
        }
    }
}
