//! The doors that a JPEG from outside comes through before anything is decoded: none panics, none is fooled about the
//! size, what was repaired needs no repair, and a place that was taken out is not there any more.
#![no_main]

use faceiot_camera::{Frame, jpeg};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Most inputs begin as a JPEG does, so that the walk goes deep.
    let octets = [&[0xff, 0xd8][..], data].concat();
    for octets in [data, &octets] {
        if let Ok(whole) = jpeg::repair(octets) {
            assert!(whole.len() <= octets.len() + 420);
            let again = jpeg::repair(&whole).expect("what was repaired is whole");
            assert_eq!(again, whole);
        }
        let Ok(frame) = Frame::from_jpeg(octets) else { continue };
        assert!(u64::from(frame.width()) * u64::from(frame.height()) <= jpeg::MAX_PIXELS);
        let without = frame.without_location().expect("a JPEG stays one");
        let once = without.jpeg().expect("it came as JPEG");
        assert!(once.len() <= octets.len());
        let twice = without.without_location().expect("a JPEG stays one");
        assert_eq!(twice.jpeg().expect("it came as JPEG"), once);
    }
});
