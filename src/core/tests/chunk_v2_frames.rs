//! Frames of format v2 that do not come as they were sent: in any order, doubled, contradicting, too large, in part.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::formula;
use faceiot_core::ErrorKind;
use faceiot_core::chunk::v2::{
    self, Assembler, Chunk, Encoder, Frame, Header, Options, Range, RangeSet, Step,
};

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
fn any_order_and_any_number_of_duplicates_give_the_frame() {
    let frame = formula(5000);
    let chunks = raw(
        &frame,
        Options {
            chunk_size: 999,
            ..Options::default()
        },
    );
    let again = raw(
        &frame,
        Options {
            chunk_size: 999,
            retransmit: true,
            ..Options::default()
        },
    );
    let order = [3, 0, 3, 5, 0, 2, 5, 4, 1];
    let (steps, assembled) = assemble(order.iter().map(|i| &chunks[*i]).chain(&again), 5000);
    let expected = [
        Step::More,
        Step::More,
        Step::Duplicate,
        Step::More,
        Step::Duplicate,
        Step::More,
        Step::Duplicate,
        Step::More,
        Step::Complete { len: 5000 },
    ];
    assert_eq!(steps[..9], expected.map(Ok));
    assert!(
        steps[9..].iter().all(|step| *step == Ok(Step::Duplicate)),
        "a complete frame stays complete"
    );
    assert_eq!(assembled, frame);
}

#[test]
fn chunks_of_another_size_fill_the_gaps() {
    let frame = formula(5000);
    let (large, small) = (
        raw(
            &frame,
            Options {
                chunk_size: 2000,
                ..Options::default()
            },
        ),
        raw(
            &frame,
            Options {
                chunk_size: 300,
                retransmit: true,
                ..Options::default()
            },
        ),
    );
    let (steps, assembled) = assemble(large[..1].iter().chain(&small[5..]), 5000);
    assert_eq!(steps[1], Ok(Step::Duplicate), "1500..1800 was there");
    assert_eq!(steps[2], Ok(Step::More), "1800..2100 was there in part");
    assert_eq!(steps.last().unwrap(), &Ok(Step::Complete { len: 5000 }));
    assert_eq!(assembled, frame);
}

#[test]
fn the_same_place_with_other_data_gives_up_the_frame() {
    let (frame, mut other) = (formula(3000), formula(3000));
    other[1500] ^= 1;
    let options = Options {
        chunk_size: 1000,
        ..Options::default()
    };
    let (chunks, changed) = (raw(&frame, options), raw(&other, options));
    let (steps, assembled) = assemble(
        [&chunks[0], &chunks[1], &changed[1], &chunks[2], &chunks[1]],
        3000,
    );
    let conflict = Err(ErrorKind::FrameConflict);
    assert_eq!(
        steps,
        [Ok(Step::More), Ok(Step::More), conflict, conflict, conflict]
    );
    assert!(assembled.is_empty());
    // The last chunk twice, with the CRC of two different frames.
    let (steps, _) = assemble([&chunks[2], &changed[2]], 3000);
    assert_eq!(steps, [Ok(Step::More), conflict]);
    // A late contradiction is refused, and the frame that was complete stands.
    let (steps, assembled) = assemble(chunks.iter().chain(&changed[1..2]), 3000);
    assert_eq!((steps[2], steps[3]), (Ok(Step::Complete { len: 3000 }), conflict));
    assert_eq!(assembled, frame);
}

#[test]
fn a_frame_whose_crc_does_not_match_is_given_up() {
    let (frame, mut other) = (formula(3000), formula(3000));
    other[0] ^= 1;
    let options = Options {
        chunk_size: 1000,
        ..Options::default()
    };
    let (chunks, changed) = (raw(&frame, options), raw(&other, options));
    let (steps, assembled) = assemble([&changed[0], &chunks[1], &chunks[2], &chunks[0]], 3000);
    assert_eq!(
        steps,
        [
            Ok(Step::More),
            Ok(Step::More),
            Err(ErrorKind::FrameCrc),
            Err(ErrorKind::FrameCrc)
        ]
    );
    assert!(assembled.is_empty());
}

#[test]
fn caps_are_checked_before_anything_is_touched() {
    let frame = formula(3000);
    let chunks = raw(
        &frame,
        Options {
            chunk_size: 1000,
            ..Options::default()
        },
    );
    let unknown = raw(
        &frame,
        Options {
            chunk_size: 1000,
            length_known: false,
            ..Options::default()
        },
    );
    let (mut memory, mut ranges) = (vec![0xEE; 2999], [Range::default(); 4]);
    let mut assembler = Assembler::new(&mut memory, &mut ranges);
    let mut push = |chunk: &[u8]| {
        assembler
            .push(&v2::parse(chunk).unwrap())
            .map_err(|error| error.kind)
    };
    assert_eq!(
        push(&chunks[0]),
        Err(ErrorKind::FrameTooLarge),
        "the first chunk says that it cannot fit"
    );
    assert_eq!(push(&unknown[0]), Ok(Step::More));
    assert_eq!(
        push(&unknown[2]),
        Err(ErrorKind::FrameTooLarge),
        "this one would not"
    );
    assert_eq!(assembler.missing().collect::<Vec<_>>(), []);
    assert_eq!(memory[1000..], [0xEE; 1999]);
}

#[test]
fn more_ranges_than_the_caller_gave_room_for_are_refused_and_nothing_is_lost() {
    let frame = formula(900);
    let chunks = raw(
        &frame,
        Options {
            chunk_size: 100,
            ..Options::default()
        },
    );
    let (mut memory, mut ranges) = ([0; 900], [Range::default(); 2]);
    let mut assembler = Assembler::new(&mut memory, &mut ranges);
    let mut push = |i: usize| {
        assembler
            .push(&v2::parse(&chunks[i]).unwrap())
            .map_err(|error| error.kind)
    };
    assert_eq!((push(0), push(2)), (Ok(Step::More), Ok(Step::More)));
    assert_eq!(push(4), Err(ErrorKind::BufferTooSmall));
    assert_eq!(
        (push(1), push(4)),
        (Ok(Step::More), Ok(Step::More)),
        "the gap is filled, so there is room again"
    );
    for i in [3, 5, 6, 7] {
        assert_eq!(push(i), Ok(Step::More));
    }
    assert_eq!(push(8), Ok(Step::Complete { len: 900 }));
}

#[test]
fn what_is_missing_is_told_by_offset_and_length() {
    let frame = formula(5000);
    let chunks = raw(
        &frame,
        Options {
            chunk_size: 1000,
            ..Options::default()
        },
    );
    let unknown = raw(
        &frame,
        Options {
            chunk_size: 1000,
            length_known: false,
            ..Options::default()
        },
    );
    let missing = |chunks: &[&Vec<u8>]| {
        let (mut memory, mut ranges) = (vec![0; 5000], [Range::default(); 8]);
        let mut assembler = Assembler::new(&mut memory, &mut ranges);
        for chunk in chunks {
            assembler.push(&v2::parse(chunk).unwrap()).unwrap();
        }
        assembler.missing().collect::<Vec<_>>()
    };
    assert_eq!(
        missing(&[&chunks[1], &chunks[3]]),
        [(0, 1000), (2000, 1000), (4000, 1000)]
    );
    assert_eq!(
        missing(&[&unknown[1], &unknown[3]]),
        [(0, 1000), (2000, 1000)],
        "the end is not known"
    );
    assert_eq!(
        missing(&[&unknown[4]]),
        [(0, 4000)],
        "the last chunk says how long the frame is"
    );
}

#[test]
fn one_assembler_takes_one_frame_after_the_other() {
    let (one, two) = (formula(1500), formula(2500));
    let chunks = |frame: &[u8], frame_id, epoch| {
        raw(
            frame,
            Options {
                chunk_size: 1000,
                frame_id,
                epoch,
                ..Options::default()
            },
        )
    };
    let (one_chunks, two_chunks, rebooted) = (chunks(&one, 1, 7), chunks(&two, 2, 7), chunks(&two, 1, 8));
    let (mut memory, mut ranges) = (vec![0; 4000], [Range::default(); 4]);
    let mut assembler = Assembler::new(&mut memory, &mut ranges);
    for (before, frame, chunks) in [
        (None, &one, &one_chunks),
        (Some(0), &two, &two_chunks),
        (Some(0), &two, &rebooted),
    ] {
        for (i, chunk) in chunks.iter().enumerate() {
            let chunk = v2::parse(chunk).unwrap();
            if before == Some(i) {
                assert_eq!(
                    assembler.push(&chunk).unwrap_err().kind,
                    ErrorKind::ChunkHeader,
                    "another frame"
                );
                assembler.reset();
            }
            assembler.push(&chunk).unwrap();
        }
        assert_eq!(assembler.frame(), frame);
    }
}

#[test]
fn chunks_that_contradict_what_is_known_of_their_frame_are_refused_and_the_frame_goes_on() {
    let data = [7; 10];
    let base = Header {
        frame_id: 1,
        content_type: v2::JPEG,
        time_ms: 5,
        ..Header::default()
    };
    let mut memory = [0; 100];
    let mut frame = Frame::new([Range::default(); 8]);
    let mut push = |header: Header| {
        frame
            .place(&Chunk { header, data: &data }, &mut memory)
            .map_err(|error| error.kind)
    };
    assert_eq!(push(Header { offset: 40, ..base }), Ok(Step::More));
    assert_eq!(
        push(Header {
            total_length: 45,
            ..base
        }),
        Err(ErrorKind::ChunkHeader),
        "50 octets are known already"
    );
    assert_eq!(
        push(Header {
            total_length: 60,
            ..base
        }),
        Ok(Step::More)
    );
    assert_eq!(
        push(Header {
            offset: 10,
            total_length: 61,
            ..base
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(push(Header { offset: 51, ..base }), Err(ErrorKind::ChunkRange));
    assert_eq!(
        push(Header {
            offset: 10,
            content_type: v2::PNG,
            ..base
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(
        push(Header {
            offset: 10,
            time_ms: 6,
            ..base
        }),
        Err(ErrorKind::ChunkHeader)
    );
    assert_eq!(push(Header { offset: 10, ..base }), Ok(Step::More));
    assert_eq!(
        frame.missing().collect::<Vec<_>>(),
        [Range { start: 20, end: 40 }, Range { start: 50, end: 60 }]
    );
    assert_eq!((frame.received(), frame.length()), (30, Some(60)));
}

#[test]
fn a_host_gives_memory_as_it_is_needed() {
    let photo = formula(10_000);
    let mut frame = Frame::new(vec![Range::default(); 1]);
    let mut memory = Vec::new();
    let mut last = None;
    let chunks = raw(
        &photo,
        Options {
            chunk_size: 1000,
            length_known: false,
            ..Options::default()
        },
    );
    for chunk in chunks.iter().step_by(2).chain(chunks.iter().skip(1).step_by(2)) {
        let chunk = v2::parse(chunk).unwrap();
        if frame
            .check(&chunk, 10_000)
            .is_err_and(|error| error.kind == ErrorKind::BufferTooSmall)
        {
            frame.map_storage(|ranges| {
                let mut larger = ranges.to_vec();
                larger.resize(ranges.len() * 2, Range::default());
                larger
            });
        }
        let needed = frame.check(&chunk, 10_000).unwrap();
        memory.resize(needed.max(memory.len()), 0);
        last = Some(frame.place(&chunk, &mut memory).unwrap());
    }
    assert_eq!(last, Some(Step::Complete { len: 10_000 }));
    assert_eq!(memory, photo);
}

#[test]
fn a_range_set_is_a_set() {
    // Against a plain bitmap, over every order of many overlapping inserts.
    let mut seed = 12_345_u32;
    let mut random = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    for _ in 0..300 {
        let mut set = RangeSet::new([Range::default(); 40]);
        let mut bits = [false; 64];
        for _ in 0..12 {
            let start = random(60);
            let range = Range {
                start,
                end: (start + random(9)).min(64),
            };
            let covered = range.is_empty()
                || bits[range.start as usize..range.end as usize]
                    .iter()
                    .all(|bit| *bit);
            assert_eq!(set.covers(range), covered, "{range:?} in {:?}", set.as_slice());
            let common: u32 = set.common(range).map(|common| common.len()).sum();
            assert_eq!(
                common as usize,
                (range.start..range.end).filter(|at| bits[*at as usize]).count()
            );
            set.insert(range).unwrap();
            bits[range.start as usize..range.end as usize].fill(true);
            assert_eq!(set.octets() as usize, bits.iter().filter(|bit| **bit).count());
            let gaps: Vec<u32> = set.missing(64).flat_map(|gap| gap.start..gap.end).collect();
            assert_eq!(gaps, (0..64).filter(|at| !bits[*at as usize]).collect::<Vec<_>>());
            assert!(
                set.as_slice().windows(2).all(|pair| pair[0].end < pair[1].start),
                "{:?}",
                set.as_slice()
            );
        }
    }
}
