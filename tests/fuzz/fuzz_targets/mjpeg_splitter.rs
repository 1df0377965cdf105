//! A stream of JPEGs in pieces of any size: the same pictures come out as from the whole, each from SOI to EOI and within
//! the cap, and every octet is accounted for.
#![no_main]

use faceiot_camera::jpeg::Splitter;
use libfuzzer_sys::fuzz_target;

const CAP: usize = 700;

fn split<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, u64) {
    let mut splitter = Splitter::new(CAP);
    let mut pictures = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        pictures.extend(std::iter::from_fn(|| splitter.next()));
    }
    (pictures, splitter.damaged())
}

fuzz_target!(|data: &[u8]| {
    let [piece, stream @ ..] = data else { return };
    let size = usize::from(*piece) + 1;
    let (pictures, damaged) = split(stream.chunks(size));
    let total: usize = pictures.iter().map(Vec::len).sum();
    assert!(total <= stream.len());
    assert!(damaged as usize <= stream.len());
    for picture in &pictures {
        assert!(picture.len() <= CAP);
        assert!(picture.starts_with(&[0xff, 0xd8, 0xff]) && picture.ends_with(&[0xff, 0xd9]));
        assert!(stream.windows(picture.len()).any(|window| window == picture));
    }
    // Octet by octet is the slowest way to the same pictures.
    assert_eq!(split(stream.chunks(1)).0, split(stream.chunks(3)).0);
});
