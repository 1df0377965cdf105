//! A frame cut, turned, scaled and written on.

use faceiot_core::ErrorKind;

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::jpeg::codec;
use crate::letters::Canvas;
use crate::raw::check_size;
use crate::scale::{Part, scale};

/// What is to be done to a frame, in this order: crop, rotate, flip, scale, annotate. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// The part of the picture to keep, in its pixels as they came; `None` keeps all.
    pub crop: Option<Rect>,
    /// Width and height of the result, in pixels, after turning. The picture fills it: what does not fit the shape is
    /// cut off in equal parts on both sides, the rest is scaled.
    pub size: Option<(u32, u32)>,
    /// Turned clockwise.
    pub rotate: Rotate,
    /// Left becomes right, after turning.
    pub flip_horizontal: bool,
    /// Up becomes down, after turning.
    pub flip_vertical: bool,
    /// Text for the middle of the upper edge, white on black, printable ASCII; `\n` begins a new line.
    pub annotate: Option<String>,
    /// JPEG quality of the result, 1 to 100; encodes anew what could have stayed. `None`: octets that came as JPEG stay
    /// where they can, what has to be encoded is with the frame's own quality or [`DEFAULT_QUALITY`].
    pub quality: Option<u8>,
}

/// The quality of a JPEG when nobody says another.
pub const DEFAULT_QUALITY: u8 = 85;

/// A part of a picture, in pixels from the left upper corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Columns left of it.
    pub left: u32,
    /// Rows above it.
    pub top: u32,
    /// Columns in it.
    pub width: u32,
    /// Rows in it.
    pub height: u32,
}

/// A turn clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotate {
    /// None.
    #[default]
    None,
    /// By 90 degrees.
    By90,
    /// By 180 degrees.
    By180,
    /// By 270 degrees.
    By270,
}

impl Rotate {
    /// The turn of so many degrees.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but 0, 90, 180 and 270.
    pub fn from_degrees(degrees: i64) -> Result<Self> {
        match degrees {
            0 => Ok(Self::None),
            90 => Ok(Self::By90),
            180 => Ok(Self::By180),
            270 => Ok(Self::By270),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a frame is turned by 0, 90, 180 or 270 degrees, not by {degrees}"),
            )),
        }
    }
}

/// Turning and flipping as one: first columns become rows (or not), then the flips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) transpose: bool,
    pub(crate) flip_x: bool,
    pub(crate) flip_y: bool,
}

impl Transform {
    fn turn(&self) -> Turn {
        let (transpose, flip_x, flip_y) = match self.rotate {
            Rotate::None => (false, false, false),
            Rotate::By90 => (true, true, false),
            Rotate::By180 => (false, true, true),
            Rotate::By270 => (true, false, true),
        };
        Turn {
            transpose,
            flip_x: flip_x ^ self.flip_horizontal,
            flip_y: flip_y ^ self.flip_vertical,
        }
    }
}

impl Turn {
    const NONE: Self = Self {
        transpose: false,
        flip_x: false,
        flip_y: false,
    };

    fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.transpose {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns rows of `R G B`.
    fn apply(self, rgb: Vec<u8>, (width, height): (u32, u32)) -> Vec<u8> {
        if self == Self::NONE {
            return rgb;
        }
        let (from, _) = rgb.as_chunks::<3>();
        let (to_width, to_height) = self.size((width, height));
        let (width, to_width, to_height) = (width as usize, to_width as usize, to_height as usize);
        let mut turned = Vec::with_capacity(rgb.len());
        for y in 0..to_height {
            let y = if self.flip_y { to_height - 1 - y } else { y };
            for x in 0..to_width {
                let x = if self.flip_x { to_width - 1 - x } else { x };
                let at = if self.transpose {
                    x * width + y
                } else {
                    y * width + x
                };
                turned.extend_from_slice(from.get(at).unwrap_or(&[0; 3]));
            }
        }
        turned
    }
}

impl Frame {
    /// The frame with this done to it. Time, number and source stay.
    ///
    /// Octets that came as JPEG are given back untouched when nothing has to change (a size that the frame has already
    /// included). Turning and flipping alone moves the coefficients without decoding them, so that nothing is lost, when
    /// the picture consists of whole blocks (16 by 16 pixels at 4:2:0). Everything else works on pixels, which are encoded
    /// when their JPEG is asked for. Pixels have no EXIF: an orientation noted there is neither applied nor kept.
    ///
    /// # Errors
    /// `InvalidArgument` for a part outside the picture, a size of 0 or a quality outside 1..=100; `FrameTooLarge`;
    /// `Jpeg` when the picture is damaged.
    ///
    /// ```
    /// use faceiot_camera::{Rect, Rotate, Transform, open};
    ///
    /// let frame = open("testcard:640x480")?.next()?;
    /// let wide = frame.transform(&Transform { size: Some((720, 480)), ..Transform::default() })?;
    /// assert_eq!((wide.width(), wide.height()), (720, 480));
    ///
    /// let turned = frame.transform(&Transform { rotate: Rotate::By90, ..Transform::default() })?;
    /// assert_eq!((turned.width(), turned.height(), turned.is_jpeg()), (480, 640, true));
    ///
    /// let same = frame.transform(&Transform { size: Some((640, 480)), ..Transform::default() })?;
    /// assert_eq!(same.jpeg()?, frame.jpeg()?);
    /// # Ok::<(), faceiot_camera::Error>(())
    /// ```
    pub fn transform(&self, transform: &Transform) -> Result<Self> {
        let all = Rect {
            left: 0,
            top: 0,
            width: self.width(),
            height: self.height(),
        };
        let crop = transform.crop.unwrap_or(all);
        check_crop(crop, all)?;
        let turn = transform.turn();
        let uncut = turn.size((crop.width, crop.height));
        let size = transform.size.unwrap_or(uncut);
        check_size(size.0, size.1)?;
        if let Some(quality) = transform.quality {
            codec::check_quality(quality)?;
        }
        let annotation = transform.annotate.as_deref().filter(|text| !text.is_empty());

        let stays = crop == all && size == uncut && annotation.is_none();
        if stays && turn == Turn::NONE {
            return match transform.quality {
                None => Ok(self.clone()),
                Some(quality) if self.quality() == Some(quality) => Ok(self.clone()),
                Some(quality) => self.with_quality(quality),
            };
        }
        if stays
            && transform.quality.is_none()
            && self.is_jpeg()
            && let Some(turned) = codec::turn(self.jpeg()?, turn)?
        {
            return Ok(Self::from_jpeg(turned)?.with_facts_of(self));
        }
        let mut rgb = self.decode_rgb()?;
        let before = turn.size(size);
        if crop != all || before != (crop.width, crop.height) {
            rgb = scale(&rgb, self.width(), fill(crop, before), before);
        }
        rgb = turn.apply(rgb, before);
        if let Some(text) = annotation {
            let mut canvas = Canvas {
                rgb: &mut rgb,
                width: size.0 as usize,
                height: size.1 as usize,
            };
            canvas.caption(text);
        }
        let quality = transform.quality.or(self.quality()).unwrap_or(DEFAULT_QUALITY);
        Ok(Self::from_rgb_pixels(rgb, size.0, size.1, quality)?.with_facts_of(self))
    }
}

fn check_crop(crop: Rect, all: Rect) -> Result<()> {
    let inside = |from: u32, length: u32, whole: u32| {
        length > 0 && from.checked_add(length).is_some_and(|end| end <= whole)
    };
    if inside(crop.left, crop.width, all.width) && inside(crop.top, crop.height, all.height) {
        return Ok(());
    }
    let Rect {
        left,
        top,
        width,
        height,
    } = crop;
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "{width}x{height} pixels at {left},{top} are not inside a picture of {}x{}",
            all.width, all.height
        ),
    ))
}

/// The largest part of `crop`, in its middle, that has the shape of `size`.
fn fill(crop: Rect, size: (u32, u32)) -> Part {
    let (width, height) = (f64::from(crop.width), f64::from(crop.height));
    let shape = f64::from(size.0) / f64::from(size.1);
    let (kept_width, kept_height) = (width.min(height * shape), height.min(width / shape));
    Part {
        left: f64::from(crop.left) + (width - kept_width) / 2.0,
        top: f64::from(crop.top) + (height - kept_height) / 2.0,
        width: kept_width,
        height: kept_height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    const COFFEE: &[u8] = include_bytes!("../../../tests/photos/coffee.jpg"); // 600x400, 4:2:0
    const ASTRONAUT: &[u8] = include_bytes!("../../../tests/photos/astronaut.jpg"); // 512x512: whole blocks

    fn frame(octets: &[u8]) -> Frame {
        Frame::from_jpeg(octets)
            .unwrap()
            .with_time_ms(7)
            .with_source("x")
            .with_sequence(3)
    }

    fn pixel(frame: &Frame, x: u32, y: u32) -> [u8; 3] {
        let rgb = frame.decode_rgb().unwrap();
        let at = (y * frame.width() + x) as usize * 3;
        rgb[at..at + 3].try_into().unwrap()
    }

    /// Rows of pixels that tell where they were: red is the column, green the row.
    fn ruler(width: u32, height: u32) -> Frame {
        let rgb = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [(x * 10) as u8, (y * 10) as u8, 0]))
            .collect();
        Frame::from_rgb_pixels(rgb, width, height, 90).unwrap()
    }

    fn every_turn() -> impl Iterator<Item = Transform> {
        [Rotate::None, Rotate::By90, Rotate::By180, Rotate::By270]
            .into_iter()
            .flat_map(|rotate| {
                [(false, false), (true, false), (false, true), (true, true)].map(|(x, y)| Transform {
                    rotate,
                    flip_horizontal: x,
                    flip_vertical: y,
                    ..Transform::default()
                })
            })
    }

    #[test]
    fn octets_stay_as_they_came_when_nothing_has_to_change() {
        let photo = frame(COFFEE);
        let all = Rect {
            left: 0,
            top: 0,
            width: 600,
            height: 400,
        };
        for nothing in [
            Transform::default(),
            Transform {
                size: Some((600, 400)),
                crop: Some(all),
                ..Transform::default()
            },
            Transform {
                annotate: Some(String::new()),
                ..Transform::default()
            },
            Transform {
                rotate: Rotate::By180,
                flip_horizontal: true,
                flip_vertical: true,
                ..Transform::default()
            },
        ] {
            assert_eq!(
                photo.transform(&nothing).unwrap().jpeg().unwrap(),
                COFFEE,
                "{nothing:?}"
            );
        }
    }

    #[test]
    fn pixels_go_where_a_turn_takes_them() {
        let ruler = ruler(4, 3);
        let corner = |transform: Transform| {
            let turned = ruler.transform(&transform).unwrap();
            (
                turned.width(),
                turned.height(),
                pixel(&turned, 0, 0),
                pixel(&turned, 1, 0),
            )
        };
        let turn = |rotate| Transform {
            rotate,
            ..Transform::default()
        };
        assert_eq!(corner(turn(Rotate::By90)), (3, 4, [0, 20, 0], [0, 10, 0]));
        assert_eq!(corner(turn(Rotate::By180)), (4, 3, [30, 20, 0], [20, 20, 0]));
        assert_eq!(corner(turn(Rotate::By270)), (3, 4, [30, 0, 0], [30, 10, 0]));
        let flipped = Transform {
            flip_horizontal: true,
            ..turn(Rotate::By90)
        };
        assert_eq!(
            corner(flipped),
            (3, 4, [0, 0, 0], [0, 10, 0]),
            "turned first, then flipped"
        );
    }

    #[test]
    fn whole_blocks_are_turned_without_loss_and_as_pixels_are() {
        let photo = frame(ASTRONAUT);
        for transform in every_turn() {
            let turned = photo.transform(&transform).unwrap();
            assert!(turned.is_jpeg(), "{transform:?}");
            let as_pixels = transform.turn().apply(photo.decode_rgb().unwrap(), (512, 512));
            let decoded = turned.decode_rgb().unwrap();
            // Chroma is smoothed between blocks from another side: not the same octets, the same picture.
            let off: u64 = decoded
                .iter()
                .zip(&as_pixels)
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum();
            assert!(off < decoded.len() as u64, "{transform:?}: {off}");
        }
        let quarter = Transform {
            rotate: Rotate::By90,
            ..Transform::default()
        };
        let mut back = photo.clone();
        for _ in 0..4 {
            back = back.transform(&quarter).unwrap();
        }
        assert_eq!(
            back.decode_rgb().unwrap(),
            photo.decode_rgb().unwrap(),
            "four quarters lose nothing"
        );
    }

    #[test]
    fn what_is_not_of_whole_blocks_is_turned_as_pixels() {
        let chelsea = frame(include_bytes!("../../../tests/photos/chelsea.jpg")); // 451x300
        let upside_down = Transform {
            rotate: Rotate::By180,
            ..Transform::default()
        };
        let turned = chelsea.transform(&upside_down).unwrap();
        assert!(!turned.is_jpeg());
        assert_eq!(pixel(&turned, 0, 0), pixel(&chelsea, 450, 299));
    }

    #[test]
    fn a_size_of_another_shape_is_filled_from_the_middle() {
        let bars = open("testcard:640x480").unwrap().next().unwrap();
        let transform = Transform {
            size: Some((720, 480)),
            ..Transform::default()
        };
        let wide = bars.transform(&transform).unwrap();
        assert_eq!((wide.width(), wide.height()), (720, 480));
        let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 12);
        assert!(
            near(pixel(&wide, 40, 20), pixel(&bars, 36, 45)),
            "nothing is cut off at the sides"
        );
        let tall = bars
            .transform(&Transform {
                size: Some((160, 480)),
                ..Transform::default()
            })
            .unwrap();
        assert!(
            near(pixel(&tall, 2, 10), pixel(&bars, 242, 10)),
            "160 of 640 columns are left, the middle ones"
        );
        assert!(near(pixel(&tall, 157, 10), pixel(&bars, 397, 10)));
    }

    #[test]
    fn a_part_is_cut_out_before_it_is_turned_and_scaled() {
        let crop = Some(Rect {
            left: 1,
            top: 0,
            width: 2,
            height: 3,
        });
        let part = ruler(4, 3)
            .transform(&Transform {
                crop,
                ..Transform::default()
            })
            .unwrap();
        assert_eq!(
            (part.width(), part.height(), pixel(&part, 0, 2)),
            (2, 3, [10, 20, 0])
        );
        let turned = Transform {
            crop,
            rotate: Rotate::By90,
            size: Some((6, 4)),
            ..Transform::default()
        };
        let turned = ruler(4, 3).transform(&turned).unwrap();
        assert_eq!(
            (turned.width(), turned.height(), pixel(&turned, 0, 0)),
            (6, 4, [10, 20, 0])
        );
    }

    #[test]
    fn a_transformed_frame_keeps_its_time_number_and_source() {
        for transform in [
            Transform {
                size: Some((60, 40)),
                ..Transform::default()
            },
            Transform {
                quality: Some(30),
                ..Transform::default()
            },
            Transform {
                annotate: Some("hello".into()),
                ..Transform::default()
            },
        ] {
            let changed = frame(ASTRONAUT).transform(&transform).unwrap();
            assert_eq!(
                (changed.time_ms(), changed.source(), changed.sequence()),
                (7, "x", 3)
            );
        }
    }

    #[test]
    fn quality_makes_a_jpeg_smaller() {
        let photo = frame(COFFEE);
        let poor = photo
            .transform(&Transform {
                quality: Some(10),
                ..Transform::default()
            })
            .unwrap();
        assert!(poor.jpeg().unwrap().len() < COFFEE.len() / 2);
        let again = poor
            .transform(&Transform {
                quality: Some(95),
                ..Transform::default()
            })
            .unwrap();
        assert!(
            again.jpeg().unwrap().len() > poor.jpeg().unwrap().len(),
            "the pixels were kept"
        );
    }

    #[test]
    fn text_is_written_on_the_picture() {
        let black = Frame::from_rgb(&[0; 64 * 32 * 3], 64, 32, 90).unwrap();
        let text = Transform {
            annotate: Some("8".into()),
            ..Transform::default()
        };
        let rgb = black.transform(&text).unwrap().decode_rgb().unwrap();
        let lit = rgb.chunks(3).filter(|pixel| *pixel == [255; 3]).count();
        assert_eq!(lit, 17, "the dots of an 8");
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let rect = |left, top, width, height| Rect {
            left,
            top,
            width,
            height,
        };
        let crop = |rect| Transform {
            crop: Some(rect),
            ..Transform::default()
        };
        for wrong in [
            crop(rect(0, 0, 601, 1)),
            crop(rect(600, 0, 1, 1)),
            crop(rect(0, 0, 0, 5)),
            crop(rect(u32::MAX, 0, u32::MAX, 5)),
            Transform {
                size: Some((0, 5)),
                ..Transform::default()
            },
            Transform {
                quality: Some(0),
                ..Transform::default()
            },
            Transform {
                quality: Some(101),
                ..Transform::default()
            },
        ] {
            let error = frame(COFFEE).transform(&wrong).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument, "{wrong:?}");
        }
        let huge = Transform {
            size: Some((65_000, 65_000)),
            ..Transform::default()
        };
        assert_eq!(
            frame(COFFEE).transform(&huge).unwrap_err().kind,
            ErrorKind::FrameTooLarge
        );
        let torn = frame(&COFFEE[..COFFEE.len() / 2]);
        let small = Transform {
            size: Some((60, 40)),
            ..Transform::default()
        };
        assert_eq!(torn.transform(&small).unwrap_err().kind, ErrorKind::Jpeg);
        assert!(Rotate::from_degrees(45).is_err() && Rotate::from_degrees(270) == Ok(Rotate::By270));
    }

    proptest::proptest! {
        #[test]
        fn any_transform_gives_the_size_that_was_asked_for(
            width in 1u32..40, height in 1u32..40, to_width in 1u32..60, to_height in 1u32..60, turn in 0usize..16
        ) {
            let transform = Transform { size: Some((to_width, to_height)), ..every_turn().nth(turn).unwrap() };
            let done = ruler(width, height).transform(&transform).unwrap();
            proptest::prop_assert_eq!((done.width(), done.height()), (to_width, to_height));
            proptest::prop_assert!(done.jpeg().is_ok());
        }
    }
}
