//! Format v2: any octets as a chunk, and any sequence of well-formed chunks against a model that keeps every octet.
#![no_main]

use faceiot_core::chunk::v2::{self, Assembler, Chunk, Header, LAST, Message, Range, Step};
use faceiot_core::{ErrorKind, digest};
use libfuzzer_sys::fuzz_target;

const CAP: usize = 200;

fuzz_target!(|data: &[u8]| {
    let _ = v2::decode_text(data, &mut [0; 256]);
    if let Ok(chunk) = v2::parse(data) {
        assert!(!chunk.data.is_empty() && chunk.end() as usize >= chunk.data.len());
    }
    // With its CRC made right the rest of the header is reached.
    if data.len() > 40 {
        let mut octets = data.to_vec();
        octets[..3].copy_from_slice(b"FC\x02");
        let start = usize::from(octets[5]).clamp(40, octets.len());
        let crc = digest::crc32(&[&octets[..36], &octets[start..]].concat());
        octets[36..40].copy_from_slice(&crc.to_be_bytes());
        if let Ok(chunk) = v2::parse(&octets) {
            let (mut out, mut back) = (vec![0; 2 * octets.len()], vec![0; octets.len()]);
            let message = Message::new(chunk.header, chunk.data);
            let text = message.write_text_to(&mut out).unwrap();
            assert_eq!(
                v2::parse(v2::decode_text(text.as_bytes(), &mut back).unwrap()).unwrap(),
                chunk
            );
        }
    }
    frames(data);
});

/// Six octets describe a chunk: its flags, place and data.
fn frames(data: &[u8]) {
    let (mut memory, mut ranges) = ([0; CAP], [Range::default(); 4]);
    let mut assembler = Assembler::new(&mut memory, &mut ranges);
    let mut model: [Option<u8>; CAP] = [None; CAP];
    let (steps, _) = data.as_chunks::<6>();
    for [flags, offset, len, total, value, crc] in steps {
        let data = [*value & 3; 16];
        let data = &data[..usize::from(*len % 16) + 1];
        let header = Header {
            flags: flags & LAST,
            frame_id: u32::from(flags >> 7),
            offset: u32::from(*offset),
            total_length: u32::from(*total),
            frame_crc: if *crc == 0 {
                digest::crc32(&model.map(Option::unwrap_or_default)[..usize::from(*total).min(CAP)])
            } else {
                u32::from(*crc)
            },
            ..Header::default()
        };
        let chunk = Chunk { header, data };
        let place = usize::from(*offset)..usize::from(*offset) + data.len();
        let known = |at: usize| model.get(at).copied().flatten();
        match assembler.push(&chunk) {
            Ok(step) => {
                let conflict = place
                    .clone()
                    .zip(data)
                    .any(|(at, octet)| known(at).is_some_and(|old| old != *octet));
                assert!(!conflict);
                assert!(step != Step::Duplicate || place.clone().all(|at| known(at).is_some()));
                model[place]
                    .iter_mut()
                    .zip(data)
                    .for_each(|(to, from)| *to = Some(*from));
                if let Step::Complete { len } = step {
                    let whole: Option<Vec<u8>> = model[..len].iter().copied().collect();
                    assert_eq!(assembler.frame(), whole.unwrap());
                }
            }
            Err(error) if matches!(error.kind, ErrorKind::FrameConflict | ErrorKind::FrameCrc) => {
                assembler.reset();
                model = [None; CAP];
            }
            Err(_) => {}
        }
        let missing: u32 = assembler.missing().map(|gap| gap.1).sum();
        assert!(missing as usize <= CAP);
    }
}
