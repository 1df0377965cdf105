//! What becomes of what the driver gives.

use super::*;

#[test]
fn motion_jpeg_passes_bit_for_bit_and_ends_where_the_picture_ends() {
    let photo = photo();
    let padded = [&photo[..], &[0x55; 900]].concat();
    let stale = Event::Frame {
        octets: padded.clone(),
        used: 1_382_400, // more than the buffer has: v4l2loopback 0.12.7
        flags: 0,
        sequence: 2,
        timestamp: [0, 0],
    };
    let (_, mut stream) = stream_of([frame(&photo, 0), frame(&padded, 1), stale]);
    for number in 0..3 {
        let frame = stream.next().unwrap();
        assert!(frame.is_jpeg() && frame.sequence() == number);
        assert_eq!(frame.jpeg().unwrap(), photo);
        assert_eq!(frame.source(), "/dev/video7 (Fake)");
    }
    assert_eq!(stream.lost(), Lost::default());
}

#[test]
fn pixels_keep_the_drivers_stride_and_range() {
    for (quantization, colorspace, range) in [
        (0, 0, Range::Limited),
        (0, abi::COLORSPACE_JPEG, Range::Full),
        (abi::FULL_RANGE, 0, Range::Full),
        (abi::LIMITED_RANGE, abi::COLORSPACE_JPEG, Range::Limited),
    ] {
        let fake = Fake::webcam().with(|state| {
            state.formats = vec![offered(*b"YUYV", &[(4, 2)])];
            state.events = [frame(&[7; 32], 0)].into();
            state.adjust = match (quantization, colorspace) {
                (0, 0) => |format| {
                    format.stride = 16;
                    Ok(())
                },
                (0, _) => |format| {
                    (format.stride, format.colorspace) = (16, abi::COLORSPACE_JPEG);
                    Ok(())
                },
                (abi::FULL_RANGE, _) => |format| {
                    (format.stride, format.quantization) = (16, abi::FULL_RANGE);
                    Ok(())
                },
                _ => |format| {
                    (format.stride, format.quantization) = (16, abi::LIMITED_RANGE);
                    format.colorspace = abi::COLORSPACE_JPEG;
                    Ok(())
                },
            };
        });
        let frame = start(&fake, &wish(4, 2)).unwrap().next().unwrap();
        let raw = frame.raw().unwrap();
        assert_eq!((raw.width, raw.height, raw.stride, raw.range), (4, 2, 16, range));
        assert_eq!(raw.data, [7; 32]);
    }
}

#[test]
fn damaged_frames_are_counted_and_the_next_whole_one_is_given() {
    let photo = photo();
    let flagged = Event::Frame {
        octets: photo.clone(),
        used: photo.len() as u32,
        flags: flag::ERROR,
        sequence: 1,
        timestamp: [0, 0],
    };
    let torn = frame(&photo[..photo.len() / 2], 2);
    let empty = frame(&[], 3);
    let (fake, mut stream) = stream_of([frame(&photo, 0), flagged, torn, empty, frame(&photo, 4)]);
    assert_eq!(stream.next().unwrap().sequence(), 0);
    assert_eq!(stream.next().unwrap().sequence(), 4);
    assert_eq!(
        stream.lost(),
        Lost {
            dropped: 0,
            damaged: 3
        }
    );
    let queued = fake.state().calls.iter().filter(|call| **call == "QBUF").count();
    assert_eq!(queued, 4 + 5, "every buffer went back");
}

#[test]
fn pixels_that_are_too_few_are_a_damaged_frame() {
    let fake = Fake::webcam().with(|state| {
        state.formats = vec![offered(*b"YUYV", &[(4, 2)])];
        state.events = [frame(&[7; 15], 0), frame(&[7; 16], 1)].into();
    });
    let mut stream = start(&fake, &wish(4, 2)).unwrap();
    assert_eq!(stream.next().unwrap().sequence(), 1);
    assert_eq!(stream.lost().damaged, 1);
}

#[test]
fn gaps_in_the_drivers_numbers_are_dropped_frames() {
    let photo = photo();
    let numbers = [u32::MAX - 1, u32::MAX, 2, 2, 0, 10];
    let (_, mut stream) = stream_of(numbers.map(|number| frame(&photo, number)));
    let ours: Vec<u64> = numbers
        .iter()
        .map(|_| stream.next().unwrap().sequence())
        .collect();
    // Round the end of 32 bits two were dropped; standing still and going back tells nothing; then nine.
    assert_eq!(ours, [0, 1, 4, 5, 6, 16]);
    assert_eq!(stream.lost().dropped, 2 + 9);
}

#[test]
fn a_frame_is_as_old_as_the_driver_says() {
    let photo = photo();
    let stamped = |flags, seconds| Event::Frame {
        octets: photo.clone(),
        used: photo.len() as u32,
        flags,
        sequence: 0,
        timestamp: [seconds, 500_000],
    };
    let monotonic = flag::TIMESTAMP_MONOTONIC;
    // The clock stands at 100 s.
    let (_, mut stream) = stream_of([
        stamped(monotonic, 39),
        stamped(0, 39),
        stamped(monotonic, -5),
        stamped(monotonic, i64::MAX),
    ]);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut age = || {
        let before = now();
        let taken = stream.next().unwrap().time_ms();
        (before.saturating_sub(taken), now() - before)
    };
    for expected in [60_500, 0, 99_500, 0] {
        let (age, passed) = age();
        assert!(
            age <= expected && age + passed + 1 >= expected,
            "{age} instead of {expected}"
        );
    }
}

#[test]
fn fewer_or_more_buffers_than_asked_for_will_do_but_none_will_not() {
    for granted in [1, 2, 9] {
        let fake = Fake::webcam().with(|state| {
            state.granted = granted;
            state.events = (0..20).map(|number| frame(&photo(), number)).collect();
        });
        let mut stream = start(&fake, &wish(640, 480)).unwrap();
        assert!((0..20).all(|number| stream.next().unwrap().sequence() == number));
    }
    let none = Fake::webcam().with(|state| state.granted = 0);
    assert!(
        message(start(&none, &wish(640, 480)))
            .1
            .contains("granted no buffer")
    );
}

#[test]
fn a_camera_that_is_silent_or_gives_rubbish_only_ends_in_a_timeout_and_stays_usable() {
    let (fake, mut stream) = stream_of([]);
    let error = stream.next().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("gave no frame within 5 s"), "{error}");
    fake.state().events.push_back(frame(&photo(), 0));
    stream.next().unwrap();

    let fake = Fake::webcam().with(|state| {
        state.events = [frame(b"rubbish", 0)].into();
        state.endless = true;
    });
    let soon = Wish {
        timeout: Duration::from_millis(20),
        ..wish(640, 480)
    };
    let mut stream = start(&fake, &soon).unwrap();
    let error = stream.next().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(
        error.message.contains("no whole frame") && error.message.contains("SOI"),
        "{error}"
    );
    assert!(stream.lost().damaged > 0);
}

#[test]
fn a_camera_is_let_go_though_a_child_holds_its_descriptor() {
    let (fake, stream) = stream_of([frame(&photo(), 0)]);
    drop(stream);
    let calls = &fake.state().calls;
    assert!(
        calls.ends_with(&["STREAMOFF", "unmap", "REQBUFS"]),
        "buffers that are mapped cannot be freed: {calls:?}"
    );
}
