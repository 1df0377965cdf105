//! Ingest as its callers see it. Chunks are made by the encoders of `faceiot-core`.

use faceiot_camera::jpeg::Verified;
use faceiot_core::chunk::{hex as hex_format, v2 as v2_format};
use proptest::prelude::*;

use super::*;

const ASTRONAUT: &[u8] = include_bytes!("../../../../tests/photos/astronaut.jpg");
const CAMERA: &[u8] = include_bytes!("../../../../tests/photos/camera.jpg");
const CHELSEA: &[u8] = include_bytes!("../../../../tests/photos/chelsea.jpg");
const COFFEE: &[u8] = include_bytes!("../../../../tests/photos/coffee.jpg");

fn device(name: &str) -> DeviceId {
    DeviceId::aliyun("a1Test", name).unwrap()
}

/// The values of `img` for a photo, `END` included.
fn hex_values(photo: &[u8]) -> Vec<Vec<u8>> {
    let mut text = [0; 2 * hex_format::CHUNK_OCTETS];
    hex_format::Encoder::new(photo)
        .map(|m| m.write_text_to(&mut text).unwrap().to_vec())
        .collect()
}

fn v2_chunks(photo: &[u8], frame_id: u32) -> Vec<Vec<u8>> {
    v2_sent(photo, frame_id, false)
}

/// With `again`, chunks that say that they were sent before.
fn v2_sent(photo: &[u8], frame_id: u32, again: bool) -> Vec<Vec<u8>> {
    let options = v2_format::Options {
        chunk_size: 1000,
        epoch: 7,
        frame_id,
        retransmit: again,
        content_type: v2_format::JPEG,
        time_ms: 1_700_000_000_000,
        ..v2_format::Options::default()
    };
    let mut chunk = vec![0; 2000];
    v2_format::Encoder::new(photo, options)
        .unwrap()
        .map(|m| m.write_to(&mut chunk).unwrap().to_vec())
        .collect()
}

/// An ingest with a clock that moves a millisecond, and a number that rises, with every chunk.
struct Bench {
    ingest: Ingest,
    now_ms: u64,
    seq: u64,
}

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        Self {
            ingest: Ingest::new(limits),
            now_ms: 1_000_000,
            seq: 0,
        }
    }

    fn push(&mut self, device: &DeviceId, carrier: Carrier<'_>) -> Vec<Outcome> {
        self.now_ms += 1;
        self.seq += 1;
        let out = self.ingest.push(device, carrier, self.now_ms, self.seq);
        assert!(
            self.ingest.memory() <= self.ingest.limits.memory,
            "the cap holds after every chunk"
        );
        out
    }

    fn hex(&mut self, device: &DeviceId, values: &[impl AsRef<[u8]>]) -> Vec<Outcome> {
        values
            .iter()
            .flat_map(|value| self.push(device, Carrier::HexText(value.as_ref())))
            .collect()
    }

    fn v2(&mut self, device: &DeviceId, chunks: &[impl AsRef<[u8]>]) -> Vec<Outcome> {
        chunks
            .iter()
            .flat_map(|chunk| self.push(device, Carrier::V2Raw(chunk.as_ref())))
            .collect()
    }

    /// Nothing is left behind when nothing is open.
    fn assert_empty(&mut self) {
        assert_eq!(self.ingest.open(), 0);
        self.now_ms += 3_600_000;
        assert_eq!(self.ingest.tick(self.now_ms), []);
        assert_eq!((self.ingest.memory(), self.ingest.oldest_seq()), (0, None));
    }
}

#[track_caller]
fn only_photo(outcomes: Vec<Outcome>) -> Photo {
    match <[Outcome; 1]>::try_from(outcomes) {
        Ok([Outcome::Photo(photo)]) => photo,
        other => panic!("not one photo: {other:?}"),
    }
}

#[track_caller]
fn photos(outcomes: &[Outcome]) -> Vec<&Photo> {
    outcomes
        .iter()
        .filter_map(|o| if let Outcome::Photo(p) = o { Some(p) } else { None })
        .collect()
}

#[track_caller]
fn problems(outcomes: &[Outcome]) -> Vec<(ErrorKind, &str)> {
    outcomes
        .iter()
        .filter_map(|o| {
            if let Outcome::Problem(p) = o {
                Some((p.kind, p.message.as_str()))
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_hex_photo_arrives_whole() {
    for photo in [ASTRONAUT, CAMERA, CHELSEA, COFFEE] {
        let mut bench = Bench::new();
        let got = only_photo(bench.hex(&device("door"), &hex_values(photo)));
        assert_eq!(got.bytes, photo);
        assert_eq!(
            (got.verified, got.problem, got.format),
            (Verified::Entropy, None, Format::Hex)
        );
        assert_eq!(got.chunks as usize, photo.len().div_ceil(400));
        assert_eq!((got.first_seq, got.last_seq), (1, u64::from(got.chunks) + 1));
        bench.assert_empty();
    }
}

#[test]
fn an_exif_thumbnail_at_the_head_of_a_chunk_does_not_restart_the_photo() {
    let values = hex_values(COFFEE);
    assert!(hex_format::begins_photo(&values[2]), "the photo is made so");
    let got = only_photo(Bench::new().hex(&device("door"), &values));
    assert_eq!((got.width, got.height, got.problem), (600, 400, None));
}

#[test]
fn a_v2_photo_arrives_whole_in_any_order_with_duplicates_and_its_capture_time() {
    let mut chunks = v2_chunks(CHELSEA, 1);
    chunks.reverse();
    chunks.insert(3, chunks[1].clone());
    let mut bench = Bench::new();
    let got = only_photo(bench.v2(&device("door"), &chunks));
    assert_eq!(got.bytes, CHELSEA);
    assert_eq!(
        (got.verified, got.problem, got.duplicates),
        (Verified::Crc, None, 1)
    );
    assert_eq!(
        (got.time_ms, got.width, got.height),
        (1_700_000_000_000, 451, 300)
    );
    bench.assert_empty();
}

#[test]
fn a_v2_photo_arrives_in_a_text_property() {
    let options = v2_format::Options {
        chunk_size: v2_format::TEXT_DATA_MAX,
        ..v2_format::Options::default()
    };
    let mut text = vec![0; 10_240];
    let mut bench = Bench::new();
    let mut out = Vec::new();
    for message in v2_format::Encoder::new(CAMERA, options).unwrap() {
        let value = message.write_text_to(&mut text).unwrap();
        let post = format!(r#"{{"id":"1","params":{{"img":"{value}"}}}}"#);
        let value = image_value(post.as_bytes()).unwrap().unwrap();
        out.extend(bench.push(&device("door"), Carrier::text(&value)));
    }
    let got = only_photo(out);
    assert_eq!(
        (got.bytes.as_slice(), got.format, got.verified),
        (CAMERA, Format::V2Text, Verified::Crc)
    );
}

#[test]
fn two_devices_that_send_at_the_same_time_do_not_mix() {
    let (one, two) = (hex_values(ASTRONAUT), hex_values(CHELSEA));
    let mut bench = Bench::new();
    let mut out = Vec::new();
    for at in 0..one.len().max(two.len()) {
        out.extend(
            one.get(at)
                .map(|value| bench.hex(&device("one"), &[value]))
                .unwrap_or_default(),
        );
        out.extend(
            two.get(at)
                .map(|value| bench.hex(&device("two"), &[value]))
                .unwrap_or_default(),
        );
    }
    let got = photos(&out);
    assert_eq!((got.len(), out.len()), (2, 2));
    assert_eq!(
        (&got[0].device, got[0].bytes.as_slice()),
        (&device("two"), CHELSEA)
    );
    assert_eq!(
        (&got[1].device, got[1].bytes.as_slice()),
        (&device("one"), ASTRONAUT)
    );
}

#[test]
fn odd_hex_is_reported_and_the_photo_says_which_chunk() {
    let mut values = hex_values(CHELSEA);
    values[5].pop();
    let mut bench = Bench::new();
    let out = bench.hex(&device("door"), &values);
    let [(kind, words)] = problems(&out)[..] else {
        panic!("{out:?}")
    };
    assert_eq!(kind, ErrorKind::Hex);
    assert!(words.contains("a hex chunk cannot be used"), "{words}");
    let got = photos(&out)[0];
    assert_eq!(got.verified, Verified::Structure);
    assert!(
        got.problem
            .as_deref()
            .unwrap()
            .starts_with("chunk 6 cannot be used"),
        "{got:?}"
    );
    bench.assert_empty();
}

#[test]
fn what_is_no_hex_does_not_begin_a_photo() {
    let mut bench = Bench::new();
    for value in [&b"hello"[..], b"", b"F", b"0x12", b"FF D8 FF", b"FFD8FG"] {
        let out = bench.hex(&device("door"), &[value]);
        assert_eq!(problems(&out).len(), 1, "{value:?}: {out:?}");
    }
    assert_eq!(bench.ingest.counters().bad_chunks, 6);
    bench.assert_empty();
}

#[test]
fn a_lost_chunk_is_reported() {
    let mut values = hex_values(ASTRONAUT);
    values.remove(40);
    let got = only_photo(Bench::new().hex(&device("door"), &values));
    assert_eq!(got.verified, Verified::Structure);
    assert!(got.problem.is_some());
}

#[test]
fn a_lost_first_chunk_is_reported_and_the_next_photo_is_whole() {
    let mut values = hex_values(ASTRONAUT);
    values.remove(0);
    values.pop(); // and its END
    values.extend(hex_values(CHELSEA));
    let out = Bench::new().hex(&device("door"), &values);
    let got = photos(&out);
    assert_eq!((got.len(), got[0].verified), (2, Verified::None));
    let words = got[0].problem.as_deref().unwrap();
    assert!(
        words.contains("another photo began before END") && words.contains("the first octets are missing")
    );
    assert_eq!((got[1].bytes.as_slice(), &got[1].problem), (CHELSEA, &None));
}

#[test]
fn a_doubled_chunk_is_reported_with_its_number() {
    let mut values = hex_values(ASTRONAUT);
    values.insert(41, values[40].clone());
    let got = only_photo(Bench::new().hex(&device("door"), &values));
    assert_eq!(got.verified, Verified::Structure);
    assert!(
        got.problem.as_deref().unwrap().starts_with("chunk 42 came twice"),
        "{:?}",
        got.problem
    );
}

#[test]
fn a_first_chunk_that_is_delivered_again_is_a_duplicate() {
    // A header of 400 octets or less is followed by entropy data, where SOI means another photo - or the same chunk.
    let header = ASTRONAUT.windows(2).position(|two| two == [0xff, 0xda]).unwrap() + 14;
    let first = hex_text(&ASTRONAUT[..header + 50]);
    let rest = hex_text(&ASTRONAUT[header + 50..]);
    let out = Bench::new().hex(&device("door"), &[&first, &first, &rest, &b"END".to_vec()]);
    let got = only_photo(out);
    assert_eq!(
        (got.bytes.as_slice(), got.verified, got.duplicates),
        (ASTRONAUT, Verified::Entropy, 1)
    );
}

fn hex_text(octets: &[u8]) -> Vec<u8> {
    let mut text = vec![0; octets.len() * 2];
    faceiot_core::text::hex_upper(octets, &mut text).unwrap();
    text
}

#[test]
fn a_swapped_pair_of_chunks_is_reported() {
    let mut values = hex_values(ASTRONAUT);
    values.swap(30, 90);
    let got = only_photo(Bench::new().hex(&device("door"), &values));
    assert_eq!(
        got.verified,
        Verified::Structure,
        "this pair is one of the four of five that are seen"
    );
}

#[test]
fn a_chunk_that_is_short_and_not_the_last_is_flagged() {
    let mut values = hex_values(ASTRONAUT);
    values[9].truncate(798);
    let got = only_photo(Bench::new().hex(&device("door"), &values));
    assert!(
        got.problem
            .as_deref()
            .unwrap()
            .starts_with("chunk 10 has 399 octets and is not the last")
    );
}

#[test]
fn a_lost_end_is_noticed_when_the_next_photo_begins() {
    let mut values = hex_values(ASTRONAUT);
    values.pop();
    values.extend(hex_values(CAMERA));
    let out = Bench::new().hex(&device("door"), &values);
    let got = photos(&out);
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].problem.as_deref(), Some("another photo began before END"));
    assert_eq!(
        (got[0].bytes.as_slice(), got[0].verified),
        (ASTRONAUT, Verified::Entropy)
    );
    assert_eq!((got[1].bytes.as_slice(), &got[1].problem), (CAMERA, &None));
}

#[test]
fn a_photo_that_the_device_starts_over_is_reported_and_then_whole() {
    let mut values = hex_values(ASTRONAUT);
    values.truncate(50);
    values.extend(hex_values(ASTRONAUT));
    let out = Bench::new().hex(&device("door"), &values);
    let got = photos(&out);
    assert_eq!(
        (got.len(), got[0].bytes.len(), got[0].verified),
        (2, 50 * 400, Verified::None)
    );
    assert_eq!((got[1].bytes.as_slice(), &got[1].problem), (ASTRONAUT, &None));
    assert_ne!(got[0].key, got[1].key);
}

#[test]
fn an_end_without_a_photo_is_reported_once_and_not_when_it_is_delivered_again() {
    let mut bench = Bench::new();
    let out = bench.hex(&device("door"), &["END"]);
    assert_eq!(problems(&out)[0].0, ErrorKind::FrameIncomplete);
    bench.hex(&device("door"), &hex_values(CHELSEA));
    assert_eq!(bench.hex(&device("door"), &["END"]), []);
    assert_eq!(bench.ingest.counters().late, 1);
}

#[test]
fn a_hex_photo_over_the_cap_is_reported_once_and_the_next_one_is_whole() {
    let limits = Limits {
        photo_bytes: 30_000,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let mut values = hex_values(ASTRONAUT);
    values.extend(hex_values(CHELSEA));
    let out = bench.hex(&device("door"), &values);
    assert_eq!(
        problems(&out),
        [(
            ErrorKind::FrameTooLarge,
            "larger than the 30000 octets a photo may have"
        )]
    );
    let got = photos(&out);
    assert_eq!((got.len(), got[0].bytes.len()), (2, 30_000), "what fits is kept");
    assert!(
        got[0]
            .problem
            .as_deref()
            .unwrap()
            .starts_with("larger than the 30000 octets")
    );
    assert_eq!((got[1].bytes.as_slice(), &got[1].problem), (CHELSEA, &None));
    bench.assert_empty();
}

#[test]
fn a_v2_frame_over_the_cap_is_refused_by_its_first_chunk_and_reported_once() {
    let limits = Limits {
        photo_bytes: 30_000,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let out = bench.v2(&device("door"), &v2_chunks(ASTRONAUT, 1));
    assert_eq!(problems(&out).len(), 1, "{out:?}");
    assert_eq!(
        (problems(&out)[0].0, photos(&out).len()),
        (ErrorKind::FrameTooLarge, 0)
    );
    bench.assert_empty();
}

#[test]
fn a_photo_that_nobody_goes_on_with_is_reported_with_what_is_missing() {
    let mut chunks = v2_chunks(CHELSEA, 1);
    chunks.drain(3..5);
    chunks.pop();
    let mut bench = Bench::new();
    assert_eq!(bench.v2(&device("door"), &chunks), []);
    assert_eq!(bench.hex(&device("gate"), &hex_values(CAMERA)[..4]), []);
    assert_eq!(bench.ingest.tick(bench.now_ms + 29_000), []);
    let mut out = bench.ingest.tick(bench.now_ms + 30_001);
    out.sort_by_key(|o| if let Outcome::Photo(p) = o { p.first_seq } else { 0 });
    let got = photos(&out);
    assert_eq!(got.len(), 2);
    assert_eq!(
        got[0].missing,
        [(3000, 2000), (28_000, CHELSEA.len() as u64 - 28_000)]
    );
    assert!(
        got[0]
            .problem
            .as_deref()
            .unwrap()
            .starts_with("nothing more came for 30 s; "),
        "{:?}",
        got[0]
    );
    assert_eq!(
        (got[1].bytes.as_slice(), got[1].verified),
        (&CAMERA[..1600], Verified::None)
    );
    bench.assert_empty();
}

#[test]
fn a_frame_that_contradicts_itself_is_dropped_and_reported_once() {
    let mut chunks = v2_chunks(CHELSEA, 1);
    let other = v2_chunks(ASTRONAUT, 1);
    chunks.insert(5, other[4].clone()); // same frame and offset, other data (and another length of the frame)
    let mut bench = Bench::new();
    let out = bench.v2(&device("door"), &chunks);
    assert_eq!(problems(&out).len(), 1);
    assert_eq!(problems(&out)[0].0, ErrorKind::FrameConflict);
    assert_eq!(
        (photos(&out).len(), photos(&out)[0].verified),
        (1, Verified::None)
    );
    bench.assert_empty();
}

#[test]
fn a_damaged_v2_chunk_is_refused_and_harms_nothing() {
    let chunks = v2_chunks(CHELSEA, 1);
    let mut damaged = chunks[4].clone();
    damaged[60] ^= 1;
    let mut bench = Bench::new();
    let mut out = bench.v2(&device("door"), &chunks[..4]);
    out.extend(bench.v2(&device("door"), &[damaged]));
    out.extend(bench.push(&device("door"), Carrier::V2Text(b"~2****")));
    out.extend(bench.v2(&device("door"), &chunks[4..]));
    assert_eq!(
        problems(&out).iter().map(|p| p.0).collect::<Vec<_>>(),
        [ErrorKind::ChunkCrc, ErrorKind::Base64]
    );
    assert_eq!(photos(&out)[0].bytes, CHELSEA);
}

#[test]
fn a_last_chunk_whose_octets_are_known_already_ends_the_frame() {
    let header = |sequence, offset, flags| v2_format::Header {
        frame_id: 1,
        sequence,
        offset,
        flags,
        content_type: v2_format::JPEG,
        ..v2_format::Header::default()
    };
    let chunk = |header: v2_format::Header, data: &[u8]| [&header.emit(data)[..], data].concat();
    let (first, rest) = CHELSEA.split_at(8000);
    // The sender streams and does not know the end: it sends the last octets, then says so.
    let last = v2_format::Header {
        total: 2,
        total_length: CHELSEA.len() as u32,
        frame_crc: faceiot_core::digest::crc32(CHELSEA),
        ..header(1, 8000, v2_format::LAST)
    };
    let mut bench = Bench::new();
    let begun = [chunk(header(0, 0, 0), first), chunk(header(1, 8000, 0), rest)];
    assert_eq!(bench.v2(&device("door"), &begun), []);
    let got = only_photo(bench.v2(&device("door"), &[chunk(last, rest)]));
    assert_eq!((got.verified, got.problem), (Verified::Crc, None));
    assert_eq!(got.bytes, CHELSEA);
    bench.assert_empty();
}

#[test]
fn chunks_of_a_finished_frame_are_ignored_and_a_new_frame_is_not() {
    let mut bench = Bench::new();
    let chunks = v2_chunks(CHELSEA, 1);
    assert_eq!(bench.v2(&device("door"), &chunks).len(), 1);
    assert_eq!(
        bench.v2(&device("door"), &chunks),
        [],
        "all of it delivered again"
    );
    assert_eq!(bench.ingest.counters().late, chunks.len() as u64);
    assert_eq!(bench.v2(&device("door"), &v2_chunks(CHELSEA, 2)).len(), 1);
}

#[test]
fn a_frame_that_was_given_up_begins_anew_when_it_is_sent_again() {
    let limits = Limits {
        idle: Duration::from_secs(5),
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let (sent, again) = (v2_sent(CHELSEA, 1, false), v2_sent(CHELSEA, 1, true));
    assert_eq!(bench.v2(&device("door"), &sent[..9]), []);
    bench.now_ms += 6_000;
    let broken = only_photo(bench.ingest.tick(bench.now_ms));
    assert!(broken.given_up && !broken.retransmitted, "{broken:?}");
    assert_eq!(
        bench.v2(&device("door"), &sent[9..12]),
        [],
        "what only comes late begins nothing"
    );
    assert_eq!(bench.ingest.open(), 0);
    let whole = only_photo(bench.v2(&device("door"), &again));
    assert_eq!((&whole.problem, whole.bytes.as_slice()), (&None, CHELSEA));
    assert!(whole.retransmitted && !whole.given_up, "{whole:?}");
    assert_eq!(whole.frame, broken.frame);
    assert_eq!(
        bench.v2(&device("door"), &again),
        [],
        "now it is whole, and what comes again is late"
    );
    bench.assert_empty();
}

#[test]
fn a_frame_that_goes_on_after_an_interruption_uses_what_is_there() {
    let mut bench = Bench::new();
    assert_eq!(bench.v2(&device("door"), &v2_sent(CHELSEA, 1, false)[..9]), []);
    let whole = only_photo(bench.v2(&device("door"), &v2_sent(CHELSEA, 1, true)));
    assert_eq!((&whole.problem, whole.bytes.as_slice()), (&None, CHELSEA));
    assert_eq!((whole.duplicates, whole.retransmitted), (9, true));
    bench.assert_empty();
}

#[test]
fn a_frame_that_gave_way_begins_anew_when_it_is_sent_again_and_one_over_the_cap_does_not() {
    let mut bench = Bench::with(Limits {
        photo_bytes: CHELSEA.len(),
        ..Limits::default()
    });
    let firsts: Vec<_> = (1..=3).map(|id| v2_chunks(CHELSEA, id).remove(0)).collect();
    assert_eq!(only_photo(bench.v2(&device("door"), &firsts)).frame.unwrap().1, 1);
    let got = bench.v2(&device("door"), &v2_sent(CHELSEA, 1, true));
    assert_eq!(photos(&got).last().unwrap().bytes, CHELSEA);
    let large = v2_sent(ASTRONAUT, 9, true);
    assert_eq!(problems(&bench.v2(&device("gate"), &large)).len(), 1, "told once");
}

#[test]
fn a_device_has_no_more_frames_open_than_it_may() {
    let mut bench = Bench::new();
    let first: Vec<_> = (1..=3).map(|id| v2_chunks(CHELSEA, id).remove(0)).collect();
    let got = only_photo(bench.v2(&device("door"), &first));
    assert_eq!(got.frame.unwrap().1, 1, "the oldest gives way");
    assert!(
        got.problem
            .as_deref()
            .unwrap()
            .contains("more than 2 unfinished photos")
    );
    assert_eq!(bench.ingest.open(), 2);
}

#[test]
fn the_same_chunks_give_the_same_key_and_another_photo_another() {
    let run = |values: &[Vec<u8>], seq| {
        let mut bench = Bench::new();
        bench.seq = seq;
        only_photo(bench.hex(&device("door"), values)).key
    };
    let values = hex_values(CHELSEA);
    assert_eq!(run(&values, 5), run(&values, 5));
    assert_ne!(
        run(&values, 5),
        run(&values, 6),
        "the same picture, sent a second time"
    );
    let frame = |id| only_photo(Bench::new().v2(&device("door"), &v2_chunks(CHELSEA, id))).key;
    assert_eq!(frame(1), frame(1));
    assert_ne!(frame(1), frame(2));
}

#[test]
fn a_thousand_devices_that_never_end_a_photo_stay_within_the_cap() {
    let limits = Limits {
        memory: 2 << 20,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let values = hex_values(ASTRONAUT);
    let devices: Vec<_> = (0..1_000).map(|n| device(&format!("d{n}"))).collect();
    let mut reported = 0;
    for value in &values[..30] {
        for device in &devices {
            reported += photos(&bench.hex(device, &[value])).len();
        }
    }
    let counted = bench.ingest.counters();
    assert!(counted.gave_way >= 700, "{counted:?}");
    assert_eq!(
        counted.gave_way, reported as u64,
        "each one that gave way is reported, once"
    );
    let held: usize = bench
        .ingest
        .devices
        .values()
        .filter_map(|s| s.hex.as_ref())
        .map(HexStream::capacity)
        .sum();
    assert!(held <= 2 << 20, "{held} octets are held");
    bench.now_ms += 60_000;
    let rest = bench.ingest.tick(bench.now_ms);
    assert_eq!(reported + rest.len(), 1_000);
}

#[test]
fn a_photo_that_gave_way_is_not_mistaken_for_another_when_it_goes_on() {
    let limits = Limits {
        memory: 100_000,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let values = hex_values(ASTRONAUT);
    let mut out = bench.hex(&device("slow"), &values[..100]);
    out.extend(bench.hex(&device("quick"), &values));
    out.extend(bench.hex(&device("slow"), &values[100..]));
    out.extend(bench.hex(&device("slow"), &hex_values(CHELSEA)));
    let got = photos(&out);
    let told: Vec<_> = got
        .iter()
        .map(|p| (p.device.name(), p.bytes.len(), p.problem.is_none()))
        .collect();
    let (a, c) = (ASTRONAUT.len(), CHELSEA.len());
    assert_eq!(
        told,
        [("slow", 40_000, false), ("quick", a, true), ("slow", c, true)]
    );
    bench.now_ms += 60_000;
    assert_eq!(bench.ingest.tick(bench.now_ms), []);
}

#[test]
fn sparse_frames_cannot_take_more_than_the_cap() {
    let limits = Limits {
        memory: 8 << 20,
        ..Limits::default()
    };
    let mut bench = Bench::with(limits);
    let options = v2_format::Options {
        chunk_size: 4000,
        ..v2_format::Options::default()
    };
    let photo = vec![1; 3 << 20];
    let last = v2_format::Encoder::new(&photo, options).unwrap().last().unwrap();
    let mut chunk = vec![0; 5000];
    let chunk = last.write_to(&mut chunk).unwrap();
    for n in 0..50 {
        bench.push(&device(&format!("d{n}")), Carrier::V2Raw(chunk));
    }
    assert!(bench.ingest.open() <= 2);
    assert_eq!(bench.ingest.counters().gave_way, 48);
}

#[test]
fn unfinished_photos_survive_a_restart() {
    let (values, chunks) = (hex_values(COFFEE), v2_chunks(ASTRONAUT, 9));
    let (door, gate) = (device("door"), DeviceId::huawei("p_gate").unwrap());
    let straight = {
        let mut bench = Bench::new();
        let mut out = bench.hex(&door, &values[..60]);
        out.extend(bench.v2(&gate, &chunks[20..]));
        out.extend(bench.v2(&gate, &chunks[..20]));
        out.extend(bench.hex(&door, &values[60..]));
        out
    };
    let mut bench = Bench::new();
    bench.hex(&door, &values[..60]);
    bench.v2(&gate, &chunks[20..]);
    let mut second = Ingest::new(Limits::default());
    for (head, bytes) in bench.ingest.save() {
        second.restore(&head, bytes, |_, _, _| false).unwrap();
    }
    assert_eq!((second.open(), second.oldest_seq()), (2, Some(1)));
    second.resume(bench.now_ms + 3_600_000);
    assert_eq!(
        second.tick(bench.now_ms + 3_600_000),
        [],
        "their devices get time to come back"
    );
    bench.ingest = second;
    let mut out = bench.v2(&gate, &chunks[..20]);
    out.extend(bench.hex(&door, &values[60..]));
    assert_eq!(out, straight, "keys and all");
    bench.assert_empty();
}

#[test]
fn a_saved_photo_that_is_damaged_is_refused() {
    let mut ingest = Ingest::new(Limits::default());
    assert_eq!(
        ingest.restore(b"{}", b"", |_, _, _| false).unwrap_err().kind(),
        ErrorKind::Store
    );
    assert_eq!((ingest.open(), ingest.memory()), (0, 0));
}

#[test]
fn the_value_of_img_is_found_plain_escaped_and_with_a_time() {
    let find = |post: &str| image_value(post.as_bytes()).map(|value| value.map(std::borrow::Cow::into_owned));
    assert_eq!(
        find(r#"{"params":{"img":"END"}}"#).unwrap(),
        Some(b"END".to_vec())
    );
    assert_eq!(
        find(r#"{"params":{"img":"~2a\/b"}}"#).unwrap(),
        Some(b"~2a/b".to_vec())
    );
    assert_eq!(
        find(r#"{"params":{"img":{"value":"FF","time":1}}}"#).unwrap(),
        Some(b"FF".to_vec())
    );
    assert_eq!(find(r#"{"params":{"img":7}}"#).unwrap(), None);
    assert_eq!(find(r#"{"params":{"temp":7}}"#).unwrap(), None);
    assert_eq!(find("").unwrap_err().kind(), ErrorKind::Json);
}

/// What a test device may do with its next chunk.
#[derive(Clone, Debug)]
enum Move {
    Next(usize),
    Skip(usize),
    Again(usize),
    Junk(usize, Vec<u8>),
    Chunk(usize, Vec<u8>),
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let device = 0usize..4;
    let one = prop_oneof![
        12 => device.clone().prop_map(Move::Next),
        1 => device.clone().prop_map(Move::Skip),
        1 => device.clone().prop_map(Move::Again),
        1 => (device.clone(), proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(d, j)| Move::Junk(d, j)),
        1 => (device, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(d, j)| Move::Chunk(d, j)),
        1 => (0u64..20_000).prop_map(Move::Wait),
    ];
    proptest::collection::vec(one, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_devices_do_the_cap_holds_and_every_photo_is_accounted_for(moves in moves()) {
        let limits = Limits { memory: 60_000, photo_bytes: 40_000, ..Limits::default() };
        let mut bench = Bench::with(limits);
        let hex: Vec<_> = [CHELSEA, ASTRONAUT].iter().flat_map(|photo| hex_values(photo)).collect();
        let v2: Vec<_> = (1..4).flat_map(|id| v2_chunks(CHELSEA, id)).collect();
        let mut at = [0; 4];
        let mut keys = std::collections::HashSet::new();
        for step in moves {
            let mut next = |n: usize, bench: &mut Bench, advance: usize| {
                let script: &[Vec<u8>] = if n < 2 { &hex } else { &v2 };
                let item = &script[at[n] % script.len()];
                at[n] += advance;
                let carrier = if n < 2 { Carrier::HexText(item) } else { Carrier::V2Raw(item) };
                bench.push(&device(&n.to_string()), carrier)
            };
            let out = match step {
                Move::Next(n) => next(n, &mut bench, 1),
                Move::Again(n) => next(n, &mut bench, 0),
                Move::Skip(n) => { at[n] += 1; Vec::new() }
                Move::Junk(n, junk) => bench.push(&device(&n.to_string()), Carrier::text(&junk)),
                Move::Chunk(n, junk) => bench.push(&device(&n.to_string()), Carrier::V2Raw(&junk)),
                Move::Wait(ms) => { bench.now_ms += ms; bench.ingest.tick(bench.now_ms) }
            };
            for photo in photos(&out) {
                prop_assert!(photo.bytes.len() <= 40_000);
                prop_assert!(keys.insert(photo.key.clone()) || photo.frame.is_some(), "a photo was reported twice");
                if photo.verified == Verified::Crc {
                    prop_assert_eq!(&photo.bytes, CHELSEA);
                }
            }
        }
        let counted = bench.ingest.counters();
        prop_assert!(counted.gave_way <= counted.broken);
        bench.now_ms += 100_000;
        bench.ingest.tick(bench.now_ms);
        bench.ingest.tick(bench.now_ms + 100_000);
        bench.ingest.devices.retain(|_, streams| !streams.skip_hex);
        prop_assert_eq!(bench.ingest.open(), 0);
    }

    #[test]
    fn any_order_of_v2_chunks_gives_the_photo(order in Just((0..29).collect::<Vec<usize>>()).prop_shuffle()) {
        let chunks = v2_chunks(CHELSEA, 1);
        let shuffled: Vec<_> = order.iter().map(|at| &chunks[*at]).collect();
        prop_assert_eq!(chunks.len(), 29);
        let got = only_photo(Bench::new().v2(&device("door"), &shuffled));
        prop_assert_eq!(got.bytes, CHELSEA);
    }
}
