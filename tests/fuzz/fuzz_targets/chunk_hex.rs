//! Seed 001's chunks in any order and any damage: no panic, bounded memory, and the photo is what the accepted chunks
//! said, by a model that keeps them in a `Vec`.
#![no_main]

use faceiot_core::chunk::hex::{Assembler, Encoder, MESSAGE_MAX, MarkerWalk, Step};
use libfuzzer_sys::fuzz_target;

const CAP: usize = 256;

fuzz_target!(|data: &[u8]| {
    let mut memory = [0; CAP];
    let mut assembler = Assembler::new(&mut memory);
    let mut model: Vec<u8> = Vec::new();
    for chunk in data.split(|octet| *octet == b'\n') {
        let octets = unhex(chunk);
        match assembler.push(chunk) {
            Ok(Step::More) => model.extend(octets.unwrap()),
            Ok(Step::Restarted { dropped }) => {
                assert_eq!(dropped, model.len());
                model = octets.unwrap();
            }
            Ok(Step::Complete { len }) => {
                assert_eq!((len, assembler.photo()), (model.len(), &model[..]));
                model.clear();
            }
            Ok(Step::Empty) => assert!(model.is_empty()),
            Ok(Step::Dropped) => {
                if chunk == b"END" {
                    model.clear();
                }
            }
            Err(_) => assert!(octets.is_none_or(|octets| model.len() + octets.len() > CAP)),
        }
        assert!(model.len() <= CAP);
    }

    // Cut anywhere, the marker walk ends in the same place.
    let (mut at_once, mut by_octet) = (MarkerWalk::new(), MarkerWalk::new());
    at_once.feed(data);
    data.iter().for_each(|octet| by_octet.feed(&[*octet]));
    assert_eq!(at_once, by_octet);

    let mut memory = vec![0; data.len()];
    let mut assembler = Assembler::new(&mut memory);
    for message in Encoder::new(data) {
        let mut out = [0; MESSAGE_MAX];
        assert_eq!(message.write_to(&mut out).unwrap().len(), message.len());
        assembler.push(message.write_text_to(&mut out).unwrap()).unwrap();
    }
});

/// The octets of a chunk; `None` when it is not hex or empty.
fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let pairs = text
        .chunks(2)
        .map(|pair| Some((digit(pair[0])? * 16 + digit(*pair.get(1)?)?) as u8));
    pairs
        .collect::<Option<Vec<u8>>>()
        .filter(|octets| !octets.is_empty())
}
