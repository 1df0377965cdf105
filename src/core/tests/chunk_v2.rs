//! Chunk format v2: its golden vectors, the order of its checks, and frames that come in any order.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Case, formula, hex, run, unhex};
use faceiot_core::chunk::v2::{
    self, Assembler, Chunk, Encoder, HEADER_LEN, Header, Message, Options, Range, Step, TEXT_DATA_MAX,
};
use faceiot_core::{ErrorKind, digest};

fn options(case: &Case) -> Options {
    let number = |name| case.input[name].as_u64().unwrap();
    Options {
        chunk_size: number("chunk_data_size") as usize,
        epoch: number("epoch") as u16,
        frame_id: number("frame_id") as u32,
        content_type: number("content_type") as u8,
        time_ms: number("time_ms"),
        retransmit: case.input["retransmit"].as_bool().unwrap(),
        length_known: case.input["length_known"].as_bool().unwrap(),
    }
}

/// The raw chunks of a frame.
fn raw(frame: &[u8], options: Options) -> Vec<Vec<u8>> {
    let encoder = Encoder::new(frame, options).unwrap();
    let count = encoder.len();
    let chunks: Vec<_> = encoder
        .map(|message| {
            let mut out = vec![0; message.len()];
            assert_eq!(message.write_to(&mut out).unwrap().len(), message.len());
            out
        })
        .collect();
    assert_eq!(chunks.len(), count);
    chunks
}

/// Pushes the chunks in this order.
fn assemble<'c>(
    chunks: impl IntoIterator<Item = &'c Vec<u8>>,
    memory: usize,
) -> (Vec<Result<Step, ErrorKind>>, Vec<u8>) {
    let (mut memory, mut ranges) = (vec![0; memory], vec![Range::default(); 64]);
    let mut assembler = Assembler::new(&mut memory, &mut ranges);
    let steps = chunks
        .into_iter()
        .map(|chunk| {
            v2::parse(chunk)
                .and_then(|chunk| assembler.push(&chunk))
                .map_err(|error| error.kind)
        })
        .collect();
    (steps, assembler.frame().to_vec())
}

#[test]
fn the_golden_vectors_are_written_and_read_on_both_carriers() {
    run("chunk_v2.json", "chunk_v2", 8, &[], |case| {
        let frame = formula(case.input["octets"].as_u64().unwrap());
        let options = options(case);
        let chunks = raw(&frame, options);
        assert_eq!(chunks.len() as u64, case.expected["count"].as_u64().unwrap());
        let headers: Vec<_> = chunks.iter().map(|chunk| hex(&chunk[..HEADER_LEN])).collect();
        assert_eq!(serde_json::json!(headers), case.expected["headers_hex"]);
        assert_eq!(
            serde_json::json!(chunks.iter().map(Vec::len).collect::<Vec<_>>()),
            case.expected["lengths"]
        );
        assert_eq!(
            hex(&digest::sha256(&[&chunks.concat()])),
            case.wants("sha256_of_joined")
        );
        assert_eq!(
            u64::from(digest::crc32(&frame)),
            case.expected["frame_crc32"].as_u64().unwrap()
        );

        let mut texts = Vec::new();
        for (message, chunk) in Encoder::new(&frame, options).unwrap().zip(&chunks) {
            let mut out = vec![0; message.text_len()];
            let text = message.write_text_to(&mut out).unwrap();
            assert!(v2::is_text(text.as_bytes()));
            assert_eq!(
                v2::decode_text(text.as_bytes(), &mut vec![0; text.len()]).unwrap(),
                chunk
            );
            texts.push(text.to_owned());
        }
        assert_eq!(
            serde_json::json!(texts.iter().map(String::len).collect::<Vec<_>>()),
            case.expected["text_lengths"]
        );
        if let Some(first) = case.expected["text_first"].as_str() {
            assert_eq!(texts[0], first);
        }
        for chunks in [chunks.clone(), chunks.into_iter().rev().collect()] {
            let (steps, assembled) = assemble(&chunks, frame.len());
            assert_eq!(steps.last().unwrap(), &Ok(Step::Complete { len: frame.len() }));
            assert!(
                steps[..steps.len() - 1]
                    .iter()
                    .all(|step| *step == Ok(Step::More))
            );
            assert_eq!(assembled, frame);
        }
    });
}

#[test]
fn the_largest_text_chunk_fits_a_text_property_and_one_octet_more_does_not() {
    assert!(v2::text_len(HEADER_LEN + TEXT_DATA_MAX) <= 10_240);
    assert!(v2::text_len(HEADER_LEN + TEXT_DATA_MAX + 3) > 10_240);
}

#[test]
fn the_text_carrier_of_every_short_length_is_that_of_the_raw_chunk() {
    for len in 1..20 {
        let frame = formula(len);
        let message = Encoder::new(&frame, Options::default()).unwrap().next().unwrap();
        let (mut raw, mut text) = ([0; 64], [0; 128]);
        let raw = message.write_to(&mut raw).unwrap();
        let text = message.write_text_to(&mut text).unwrap();
        let mut base64 = [0; 128];
        assert_eq!(
            text,
            format!(
                "~2{}",
                faceiot_core::text::base64_encode(raw, &mut base64).unwrap()
            )
        );
        assert_eq!(
            message
                .write_text_to(&mut vec![0; text.len() - 1])
                .unwrap_err()
                .kind,
            ErrorKind::BufferTooSmall
        );
    }
    assert_eq!(
        v2::decode_text(b"FFD8", &mut [0; 9]).unwrap_err().kind,
        ErrorKind::ChunkMagic
    );
    let error = v2::decode_text(b"~2A!==", &mut [0; 9]).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::Base64, 3));
}

/// A header of a two-chunk frame's first chunk, and its data.
fn first() -> (Header, Vec<u8>) {
    let header = Header {
        total: 2,
        frame_id: 1,
        total_length: 8,
        ..Header::default()
    };
    (header, b"data".to_vec())
}

/// The raw chunk, with its CRC made right after `change`.
fn signed(header: Header, data: &[u8], change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut chunk = header.emit(data).to_vec();
    chunk.extend(data);
    change(&mut chunk);
    let length = usize::from(chunk[5]).clamp(HEADER_LEN, chunk.len());
    let crc = digest::crc32(&[&chunk[..36], &chunk[length..]].concat());
    chunk[36..40].copy_from_slice(&crc.to_be_bytes());
    chunk
}

#[test]
fn every_rule_is_checked_and_in_the_order_of_the_specification() {
    let (header, data) = first();
    let good = signed(header, &data, |_| {});
    assert_eq!(v2::parse(&good).unwrap(), Chunk { header, data: &data });

    let kind = |chunk: &[u8]| v2::parse(chunk).map(|_| ()).map_err(|error| error.kind);
    for len in 0..HEADER_LEN {
        assert_eq!(kind(&good[..len]), Err(ErrorKind::ChunkLength), "{len} octets");
    }
    // Everything is wrong at once; then one thing after the other is put right, and the next is named.
    let mut chunk = good.clone();
    chunk[0] = b'X';
    chunk[2] = 3;
    chunk[5] = 39;
    chunk[36] ^= 1;
    chunk[20] = 0xFF; // offset
    assert_eq!(kind(&chunk), Err(ErrorKind::ChunkMagic));
    chunk[0] = b'F';
    assert_eq!(kind(&chunk), Err(ErrorKind::ChunkVersion));
    chunk[2] = 2;
    assert_eq!(kind(&chunk), Err(ErrorKind::ChunkHeader));
    chunk[5] = 40;
    assert_eq!(kind(&chunk), Err(ErrorKind::ChunkCrc));
    let chunk = signed(header, &data, |chunk| chunk[20] = 0xFF);
    assert_eq!(kind(&chunk), Err(ErrorKind::ChunkRange));

    assert_eq!(kind(&good[..HEADER_LEN]), Err(ErrorKind::ChunkLength), "no data");
    assert_eq!(
        kind(&signed(header, &data, |chunk| chunk[5] = 44)),
        Err(ErrorKind::ChunkLength),
        "header eats the data"
    );
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    let (header, data) = first();
    let kind = |header: Header| {
        v2::parse(&signed(header, &data, |_| {}))
            .map(|_| ())
            .map_err(|error| error.kind)
    };
    assert_eq!(kind(header), Ok(()));
    assert_eq!(kind(Header { offset: 4, ..header }), Ok(()));
    assert_eq!(kind(Header { offset: 5, ..header }), Err(ErrorKind::ChunkRange));
    assert_eq!(
        kind(Header {
            offset: u32::MAX - 3,
            total_length: 0,
            ..header
        }),
        Err(ErrorKind::ChunkRange)
    );
    assert_eq!(
        kind(Header {
            offset: u32::MAX - 4,
            total_length: 0,
            ..header
        }),
        Ok(())
    );
    assert_eq!(
        kind(Header {
            sequence: 2,
            ..header
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(
        kind(Header {
            sequence: 2,
            total: 0,
            ..header
        }),
        Ok(())
    );
    let last = Header {
        flags: v2::LAST,
        sequence: 1,
        offset: 4,
        ..header
    };
    assert_eq!(kind(last), Ok(()));
    assert_eq!(
        kind(Header {
            total_length: 9,
            ..last
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(
        kind(Header {
            total_length: 0,
            ..last
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(kind(Header { total: 0, ..last }), Err(ErrorKind::ChunkHeader));
    assert_eq!(kind(Header { sequence: 0, ..last }), Err(ErrorKind::ChunkHeader));
    assert_eq!(
        kind(Header {
            sequence: u16::MAX,
            total: 0,
            ..last
        }),
        Err(ErrorKind::ChunkHeader)
    );
}

#[test]
fn what_a_later_sender_adds_is_skipped() {
    let (header, data) = first();
    let chunk = signed(header, &data, |chunk| {
        chunk[5] = 48; // eight octets more in the header
        chunk.splice(40..40, *b"whatever");
        chunk[3] |= 0xF0; // flags without a meaning yet
        chunk[4] = 200; // a content type without a meaning yet
    });
    let parsed = v2::parse(&chunk).unwrap();
    assert_eq!((parsed.data, parsed.header.content_type), (&data[..], 200));
    assert!(!parsed.header.is_last() && !parsed.header.is_retransmit());
}

#[test]
fn what_cannot_be_a_frame_is_not_encoded() {
    let kind = |frame: &[u8], chunk_size| {
        Encoder::new(
            frame,
            Options {
                chunk_size,
                ..Options::default()
            },
        )
        .map(|_| ())
        .map_err(|error| error.kind)
    };
    assert_eq!(kind(&[], 10), Err(ErrorKind::InvalidArgument));
    assert_eq!(kind(&[1], 0), Err(ErrorKind::InvalidArgument));
    assert_eq!(kind(&vec![0; 65_535], 1), Ok(()));
    assert_eq!(kind(&vec![0; 65_536], 1), Err(ErrorKind::FrameTooLarge));
}

#[test]
fn the_largest_number_of_chunks_is_written_and_read() {
    let frame = vec![5; 65_535];
    let last = Encoder::new(
        &frame,
        Options {
            chunk_size: 1,
            ..Options::default()
        },
    )
    .unwrap()
    .last()
    .unwrap();
    assert_eq!((last.header().sequence, last.header().total), (65_534, 65_535));
    assert!(
        v2::parse(last.write_to(&mut [0; 41]).unwrap())
            .unwrap()
            .header
            .is_last()
    );
}

#[test]
fn a_message_of_own_parts_is_the_chunk_of_the_vector() {
    let header = Header {
        flags: v2::LAST,
        total: 1,
        epoch: 4660,
        frame_id: 1,
        total_length: 1,
        frame_crc: 1_281_784_366,
        ..Header::default()
    };
    let mut out = [0; 41];
    let chunk = Message::new(header, &[7]).write_to(&mut out).unwrap().to_vec();
    assert_eq!(
        chunk[..40],
        unhex("4643020100280000000112340000000100000001000000004c667a2e00000000000000006b68988f")
    );
}
