//! A stream on a camera that does as it is told.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::abi::{self, cap, control, flag, range};
use super::device::Readiness;
use super::fake::{Event, Fake, Offered, frame, offered, query};
use super::fourcc::FourCc;
use super::{list, stream::Stream};
use crate::error::Result;
use crate::{ErrorKind, Found, Frame, FrameSource as _, Lost, Mode, Range, Wish};

const PATH: &str = "/dev/video7";

fn start(fake: &Fake, wish: &Wish) -> Result<Stream> {
    Stream::start(fake.boxed(), Path::new(PATH), None, wish)
}

fn wish(width: u32, height: u32) -> Wish {
    Wish {
        size: Some((width, height)),
        ..Wish::default()
    }
}

/// What a camera is set to, in words.
fn mode(fake: &Fake, wish: &Wish) -> String {
    start(fake, wish).unwrap().mode().unwrap().to_string()
}

fn message(result: Result<Stream>) -> (ErrorKind, String) {
    let error = result.err().expect("an error");
    (error.kind, error.message)
}

fn photo() -> Vec<u8> {
    let frame = Frame::from_rgb(&[90; 48 * 32 * 3], 48, 32, 85).unwrap();
    frame.jpeg().unwrap().to_vec()
}

/// A stream of motion JPEG on which these events happen.
fn stream_of(events: impl IntoIterator<Item = Event>) -> (Fake, Stream) {
    let fake = Fake::webcam().with(|state| state.events = events.into_iter().collect());
    let stream = start(&fake, &wish(640, 480)).unwrap();
    (fake, stream)
}

mod choice {
    use super::*;

    #[test]
    fn the_size_asked_for_comes_as_motion_jpeg_and_every_other_size_as_pixels() {
        let fake = Fake::webcam();
        assert_eq!(mode(&fake, &wish(640, 480)), "640x480 MJPG at 30 frames/s");
        assert_eq!(mode(&fake, &wish(1280, 720)), "1280x720 MJPG at 30 frames/s");
        assert_eq!(mode(&fake, &wish(720, 480)), "1280x720 YUYV at 30 frames/s");
        assert_eq!(mode(&fake, &wish(1, 1)), "640x480 YUYV at 30 frames/s");
        assert_eq!(mode(&fake, &Wish::default()), "640x480 MJPG at 30 frames/s");
    }

    #[test]
    fn a_camera_that_is_too_small_gives_its_largest() {
        assert_eq!(
            mode(&Fake::webcam(), &wish(1920, 1080)),
            "1280x720 YUYV at 30 frames/s"
        );
    }

    #[test]
    fn pixels_that_are_too_slow_for_the_bus_come_as_motion_jpeg() {
        let slow_above_vga = |width| {
            vec![(
                range::DISCRETE,
                [1, if width > 640 { 10 } else { 30 }, 0, 0, 0, 0],
            )]
        };
        let fake = Fake::webcam().with(|state| state.formats[0].intervals = slow_above_vga);
        assert_eq!(mode(&fake, &wish(720, 480)), "1280x720 MJPG at 30 frames/s");
        let patient = Wish {
            fps: Some(5.0),
            ..wish(720, 480)
        };
        assert_eq!(mode(&fake, &patient), "1280x720 YUYV at 5 frames/s");
    }

    #[test]
    fn a_rate_that_no_mode_reaches_takes_the_fastest_and_29_97_is_30() {
        let rates = |width: u32| {
            vec![
                (range::DISCRETE, [1, 5, 0, 0, 0, 0]),
                (
                    range::DISCRETE,
                    [1001, if width > 640 { 60_000 } else { 30_000 }, 0, 0, 0, 0],
                ),
            ]
        };
        let fake = Fake::webcam().with(|state| {
            state
                .formats
                .iter_mut()
                .for_each(|format| format.intervals = rates);
        });
        let fast = |fps| Wish {
            fps: Some(fps),
            ..wish(640, 480)
        };
        assert_eq!(mode(&fake, &fast(30.0)), "640x480 MJPG at 30 frames/s");
        assert_eq!(mode(&fake, &fast(120.0)), "1280x720 YUYV at 120 frames/s");
    }

    #[test]
    fn sizes_in_steps_are_rounded_up_and_continuous_ones_taken_as_they_are() {
        let sizes = |kind| {
            Fake::webcam().with(|state| {
                state.driver = "bm2835 mmal";
                state.formats = vec![Offered {
                    fourcc: FourCc::new(*b"MJPG"),
                    sizes: vec![(kind, [32, 2592, 16, 32, 1944, 8])],
                    intervals: |_| vec![(range::CONTINUOUS, [1, 90, 1, 1, 1, 90])],
                }];
            })
        };
        let stepwise = sizes(range::STEPWISE);
        assert_eq!(mode(&stepwise, &wish(721, 479)), "736x480 MJPG at 30 frames/s");
        assert_eq!(
            mode(&stepwise, &wish(9_999, 9_999)),
            "2592x1944 MJPG at 30 frames/s"
        );
        assert_eq!(mode(&stepwise, &wish(1, 1)), "32x32 MJPG at 30 frames/s");
        let continuous = sizes(range::CONTINUOUS);
        assert_eq!(mode(&continuous, &wish(721, 479)), "721x479 MJPG at 30 frames/s");
    }

    #[test]
    fn formats_are_taken_by_their_weight_and_grey_last() {
        let names = [
            *b"GREY", *b"BGR3", *b"RGB3", *b"UYVY", *b"YUYV", *b"NV12", *b"YU12",
        ];
        let mut fake = Fake::webcam().with(|state| {
            state.formats = names.iter().map(|name| offered(*name, &[(640, 480)])).collect();
        });
        for name in ["YU12", "NV12", "YUYV", "UYVY", "RGB3", "BGR3", "GREY"] {
            assert_eq!(
                mode(&fake, &wish(640, 480)),
                format!("640x480 {name} at 30 frames/s")
            );
            fake = fake.with(|state| {
                state.formats.pop();
            });
        }
    }

    #[test]
    fn a_format_asked_for_by_name_is_taken_or_an_error() {
        let fake = Fake::webcam();
        let only = |name| {
            Stream::start(
                fake.boxed(),
                Path::new(PATH),
                Some(FourCc::new(name)),
                &wish(640, 480),
            )
        };
        assert_eq!(only(*b"YUYV").unwrap().mode().unwrap().format, "YUYV");
        let (kind, message) = message(only(*b"NV12"));
        assert_eq!(kind, ErrorKind::InvalidArgument);
        assert!(
            message.contains("NV12") && message.contains("use one of YUYV, MJPG"),
            "{message}"
        );
    }

    #[test]
    fn what_the_driver_made_of_a_format_is_what_counts() {
        let fake = Fake::webcam().with(|state| {
            state.adjust = |format| {
                (format.width, format.height, format.fourcc) = (320, 240, u32::from_le_bytes(*b"YUYV"));
                Ok(())
            };
        });
        assert_eq!(mode(&fake, &wish(640, 480)), "320x240 YUYV at 30 frames/s");
    }

    #[test]
    fn a_driver_that_refuses_or_spoils_a_format_is_asked_for_the_next() {
        let refuses_jpeg = Fake::webcam().with(|state| {
            state.adjust = |format| match &format.fourcc.to_le_bytes() {
                b"MJPG" => Err(io::Error::from_raw_os_error(libc::EINVAL)),
                _ => Ok(()),
            };
        });
        assert_eq!(
            mode(&refuses_jpeg, &wish(640, 480)),
            "640x480 YUYV at 30 frames/s"
        );
        let spoils_jpeg = Fake::webcam().with(|state| {
            state.adjust = |format| {
                if &format.fourcc.to_le_bytes() == b"MJPG" {
                    format.fourcc = u32::from_le_bytes(*b"H264");
                }
                Ok(())
            };
        });
        assert_eq!(mode(&spoils_jpeg, &wish(640, 480)), "640x480 YUYV at 30 frames/s");
        let refuses_all = Fake::webcam().with(|state| {
            state.adjust = |_| Err(io::Error::from_raw_os_error(libc::EINVAL));
        });
        let (kind, message) = message(start(&refuses_all, &wish(640, 480)));
        assert_eq!(kind, ErrorKind::Camera);
        assert!(message.contains("refuses every format"), "{message}");
    }

    #[test]
    fn the_rate_is_always_set_and_what_the_driver_made_of_it_is_told() {
        let fake = Fake::webcam().with(|state| state.interval = Some([2, 25]));
        assert_eq!(mode(&fake, &wish(640, 480)), "640x480 MJPG at 12.5 frames/s");
        assert_eq!(fake.state().asked, [1_000, 30_000]);
        start(
            &fake,
            &Wish {
                fps: Some(7.5),
                ..wish(640, 480)
            },
        )
        .unwrap();
        assert_eq!(fake.state().asked, [1_000, 7_500]);
        let deaf = Fake::webcam().with(|state| {
            state.failing.insert("S_PARM", libc::ENOTTY);
        });
        assert_eq!(mode(&deaf, &wish(640, 480)), "640x480 MJPG at 30 frames/s");
    }

    #[test]
    fn a_driver_that_tells_neither_sizes_nor_rates_is_asked_for_just_what_is_wanted() {
        let fake = Fake::webcam().with(|state| {
            state.failing.insert("ENUM_FRAMESIZES", libc::ENOTTY);
            state.failing.insert("ENUM_FRAMEINTERVALS", libc::ENOTTY);
            state.failing.insert("S_PARM", libc::ENOTTY);
        });
        assert_eq!(mode(&fake, &wish(720, 480)), "720x480 MJPG");
    }

    #[test]
    fn a_driver_that_never_comes_to_an_end_or_talks_nonsense_is_cut_short() {
        let endless = vec![(range::DISCRETE, [640, 480, 0, 0, 0, 0]); 100_000];
        let nonsense = [
            (range::DISCRETE, [0; 6]),
            (range::STEPWISE, [u32::MAX, 1, 0, 5, 0, 0]),
            (range::STEPWISE, [0, 0, 0, 0, 0, 0]),
            (range::STEPWISE, [1, u32::MAX, 0, 1, u32::MAX, 0]),
            (99, [1; 6]),
        ];
        let fake = Fake::webcam().with(|state| {
            state.formats[0].sizes = nonsense.iter().copied().chain(endless).collect();
            state.formats[0].intervals = |_| vec![(range::DISCRETE, [0; 6]), (77, [u32::MAX; 6])];
        });
        assert_eq!(mode(&fake, &wish(640, 480)), "640x480 MJPG at 30 frames/s");
        assert!(fake.state().calls.len() < 2_000);
    }

    #[test]
    fn a_wish_that_makes_no_sense_is_refused() {
        for wish in [
            wish(0, 480),
            wish(640, 0),
            Wish {
                fps: Some(0.0),
                ..Wish::default()
            },
            Wish {
                fps: Some(-1.0),
                ..Wish::default()
            },
            Wish {
                fps: Some(f64::NAN),
                ..Wish::default()
            },
            Wish {
                fps: Some(f64::INFINITY),
                ..Wish::default()
            },
        ] {
            assert_eq!(
                message(start(&Fake::webcam(), &wish)).0,
                ErrorKind::InvalidArgument
            );
        }
        let for_ever = Wish {
            timeout: Duration::MAX,
            ..Wish::default()
        };
        assert_eq!(
            start(&Fake::webcam(), &for_ever)
                .unwrap()
                .next()
                .unwrap_err()
                .kind,
            ErrorKind::Timeout
        );
    }
}

mod identity {
    use super::*;

    fn refusal(driver: &'static str, capabilities: u32, formats: &[[u8; 4]]) -> String {
        let fake = Fake::webcam().with(|state| {
            (state.driver, state.capabilities) = (driver, capabilities);
            state.formats = formats.iter().map(|name| offered(*name, &[(640, 480)])).collect();
        });
        let (kind, message) = message(start(&fake, &Wish::default()));
        assert_eq!(kind, ErrorKind::Camera, "{message}");
        assert!(
            !fake.state().calls.contains(&"S_FMT"),
            "nothing is set at what is no camera"
        );
        message
    }

    #[test]
    fn the_nodes_of_a_raspberry_pis_camera_are_explained() {
        let streaming = cap::VIDEO_CAPTURE | cap::STREAMING;
        for (driver, capabilities, what) in [
            ("rp1-cfe", streaming | cap::IO_MC, "CSI camera"),
            (
                "pispbe",
                cap::VIDEO_CAPTURE_MPLANE | cap::STREAMING,
                "image processor",
            ),
            ("bcm2835-isp", streaming, "image processor"),
            ("bcm2835-codec", cap::VIDEO_M2M_MPLANE, "video codec"),
        ] {
            let message = refusal(driver, capabilities, &[*b"YUYV"]);
            assert!(
                message.contains(what) && message.contains("`rpicam:`"),
                "{message}"
            );
        }
        let sensor = refusal("unicam", streaming, &[*b"pBAA", *b"BG10"]);
        assert!(
            sensor.contains("Bayer") && sensor.contains("`rpicam:`"),
            "{sensor}"
        );
        let controlled = refusal("unicam", streaming | cap::IO_MC, &[*b"YUYV", *b"pBAA"]);
        assert!(controlled.contains("`rpicam:`"), "{controlled}");
    }

    #[test]
    fn a_hdmi_bridge_behind_unicam_and_the_legacy_driver_are_cameras() {
        for (driver, name) in [("unicam", *b"UYVY"), ("bm2835 mmal", *b"MJPG")] {
            let fake = Fake::webcam().with(|state| {
                state.driver = driver;
                state.formats = vec![offered(name, &[(640, 480)])];
            });
            start(&fake, &Wish::default()).unwrap();
        }
    }

    #[test]
    fn what_is_no_camera_says_what_it_is() {
        for (capabilities, what) in [
            (cap::VIDEO_M2M | cap::STREAMING, "converts pictures"),
            (cap::VIDEO_M2M_MPLANE | cap::STREAMING, "converts pictures"),
            (cap::META_CAPTURE | cap::STREAMING, "metadata"),
            (cap::VIDEO_CAPTURE_MPLANE | cap::STREAMING, "multi-planar"),
            (cap::VIDEO_CAPTURE, "cannot stream"),
            (0x0000_0002 | cap::STREAMING, "takes in pictures"),
            (0, "takes in pictures"),
        ] {
            let message = refusal("other", capabilities, &[*b"YUYV"]);
            assert!(message.contains(what) && message.contains(PATH), "{message}");
        }
    }

    #[test]
    fn formats_that_cannot_be_read_are_named() {
        let streaming = cap::VIDEO_CAPTURE | cap::STREAMING;
        let message = refusal("uvcvideo", streaming, &[*b"H264", *b"Z16 "]);
        assert!(message.contains("H264, Z16"), "{message}");
        assert!(refusal("v4l2 loopback", streaming, &[]).contains("until somebody feeds it"));
    }

    #[test]
    fn a_list_tells_every_mode_once_and_what_is_no_camera() {
        let mut found = Found {
            spec: String::new(),
            name: String::new(),
            driver: String::new(),
            modes: Vec::new(),
            usable: false,
            why: String::new(),
        };
        let fake = Fake::webcam().with(|state| {
            state.formats.push(offered(*b"H264", &[(640, 480)]));
            state.formats[0].sizes = vec![(range::STEPWISE, [16, 1024, 16, 16, 768, 16])];
            state.formats[1]
                .sizes
                .push((range::DISCRETE, [640, 480, 0, 0, 0, 0]));
        });
        list::describe(&mut *fake.boxed(), Path::new(PATH), &mut found).unwrap();
        assert!(found.usable && found.name == "Fake" && found.why == "gives YUYV, MJPG");
        let modes: Vec<String> = found.modes.iter().map(Mode::to_string).collect();
        assert_eq!(
            modes,
            [
                "320x240 YUYV at 30 frames/s",
                "640x480 YUYV at 30 frames/s",
                "720x480 YUYV at 30 frames/s",
                "1024x768 YUYV at 30 frames/s",
                "640x480 MJPG at 30 frames/s",
                "1280x720 MJPG at 30 frames/s",
            ]
        );
        found.usable = false;
        let fake = Fake::webcam().with(|state| state.capabilities = cap::META_CAPTURE);
        list::describe(&mut *fake.boxed(), Path::new(PATH), &mut found).unwrap();
        assert!(!found.usable && found.why.contains("metadata"));
    }
}

mod frames {
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
}

mod failures {
    use super::*;

    #[test]
    fn a_poll_that_is_early_is_no_error() {
        let early = Event::Failure(Readiness::Buffer, libc::EAGAIN);
        let (_, mut stream) = stream_of([early, frame(&photo(), 0)]);
        stream.next().unwrap();
    }

    #[test]
    fn a_stream_that_failed_says_why_and_stays_ended() {
        for (readiness, number, words) in [
            (Readiness::Fault, libc::ENODEV, "was unplugged"),
            (Readiness::Fault, libc::EIO, "reported a streaming error"),
            (Readiness::Fault, libc::EAGAIN, "stopped streaming"),
            (Readiness::Fault, libc::EINVAL, "taking a frame"),
            (Readiness::Buffer, libc::EPIPE, "taking a frame"),
        ] {
            let (fake, mut stream) = stream_of([
                frame(&photo(), 0),
                Event::Failure(readiness, number),
                frame(&photo(), 1),
            ]);
            stream.next().unwrap();
            let error = stream.next().unwrap_err();
            assert_eq!(error.kind, ErrorKind::Camera);
            assert!(
                error.message.contains(words) && error.message.contains(PATH),
                "{error}"
            );
            let calls = fake.state().calls.len();
            assert_eq!(stream.next().unwrap_err(), error);
            assert_eq!(
                fake.state().calls.len(),
                calls,
                "nothing is asked of a stream that has ended"
            );
        }
    }

    #[test]
    fn every_call_may_fail_in_every_way() {
        let calls = [
            "QUERYCAP",
            "ENUM_FMT",
            "ENUM_FRAMESIZES",
            "ENUM_FRAMEINTERVALS",
            "S_FMT",
            "S_PARM",
            "REQBUFS",
            "QUERYBUF",
            "map",
            "QBUF",
            "STREAMON",
            "wait",
            "DQBUF",
            "STREAMOFF",
            "QUERYCTRL",
            "G_CTRL",
        ];
        let numbers = [
            libc::EINVAL,
            libc::ENOTTY,
            libc::EIO,
            libc::ENODEV,
            libc::EBUSY,
            libc::ENOMEM,
            libc::ENOSPC,
            libc::EPROTO,
            libc::ETIMEDOUT,
            libc::EAGAIN,
            libc::EPERM,
            libc::ERANGE,
        ];
        for call in calls {
            for number in numbers {
                let fake = Fake::webcam().with(|state| {
                    state.failing.insert(call, number);
                    state.events = [frame(&photo(), 0)].into();
                });
                let soon = Wish {
                    timeout: Duration::from_millis(5),
                    ..wish(640, 480)
                };
                let result = start(&fake, &soon).and_then(|mut stream| {
                    stream.controls()?;
                    stream.next()
                });
                if let Err(error) = result {
                    assert!(error.message.contains(PATH), "{call}, {number}: {error}");
                }
                let state = fake.state();
                let started = state.calls.contains(&"REQBUFS");
                assert_eq!(state.calls.contains(&"STREAMOFF"), started, "{call}, {number}");
            }
        }
    }

    #[test]
    fn what_a_user_can_do_about_it_is_said() {
        for (call, number, advice) in [
            ("S_FMT", libc::EBUSY, "fuser -v /dev/video7"),
            ("REQBUFS", libc::EBUSY, "used by another program"),
            ("STREAMON", libc::ENOSPC, "smaller size or rate"),
            ("QUERYCAP", libc::ENOTTY, "is no V4L2 device"),
        ] {
            let fake = Fake::webcam().with(|state| {
                state.failing.insert(call, number);
            });
            let (_, message) = message(start(&fake, &wish(640, 480)));
            assert!(message.contains(advice), "{message}");
        }
        for (number, kind, advice) in [
            (libc::EACCES, ErrorKind::Camera, "group `video`"),
            (libc::ENODEV, ErrorKind::NoCamera, "unplugged"),
            (libc::ENOENT, ErrorKind::NoCamera, "faceiot cameras"),
            (libc::EBUSY, ErrorKind::Camera, "another program"),
            (libc::EMFILE, ErrorKind::Camera, "opening"),
        ] {
            let error =
                super::super::problem::opening(Path::new(PATH), &io::Error::from_raw_os_error(number));
            assert_eq!(error.kind, kind);
            assert!(
                error.message.contains(advice) && error.message.contains(PATH),
                "{error}"
            );
        }
    }
}

mod controls {
    use super::*;

    fn camera() -> (Fake, Stream) {
        let fake = Fake::webcam().with(|state| {
            state.controls = vec![
                query(1, control::INTEGER, "Brightness", [0, 255], 0),
                query(2, 6, "Camera Controls", [0, 0], 0), // a heading
                query(3, control::MENU, "Auto Exposure", [0, 3], 0),
                query(
                    4,
                    control::INTEGER,
                    "Exposure Time, Absolute",
                    [3, 2047],
                    control::INACTIVE,
                ),
                query(5, control::BUTTON, "Reset", [0, 0], 0),
                query(6, control::INTEGER, "Serial", [0, 9], control::READ_ONLY),
                query(7, 5, "Big", [0, 0], 0),        // 64 bits
                query(8, 0x0107, "Array", [0, 0], 0), // compound
                query(9, 4_711, "Of a newer kernel", [0, 0], 0),
                query(10, control::BOOLEAN, "Off", [0, 1], control::DISABLED),
                query(11, control::INTEGER_MENU, "Link", [0, 0], 0),
                query(12, control::BITMASK, "Mask", [0, -1], 0),
                query(13, control::INTEGER, "Zoom", [1, 5], control::WRITE_ONLY),
            ];
            state.values = [(1, 128), (3, 1), (4, 250), (6, 7), (12, 3)].into();
        });
        let stream = start(&fake, &wish(640, 480)).unwrap();
        (fake, stream)
    }

    #[test]
    fn controls_are_listed_with_limits_values_and_choices() {
        let (_, mut camera) = camera();
        let controls = camera.controls().unwrap();
        let names: Vec<(&str, i64, bool)> = controls
            .iter()
            .map(|control| (control.name.as_str(), control.value, control.writable))
            .collect();
        assert_eq!(
            names,
            [
                ("brightness", 128, true),
                ("auto_exposure", 1, true),
                ("exposure_time_absolute", 250, false),
                ("reset", 0, true),
                ("serial", 7, false),
                ("link", 0, true),
                ("mask", 3, true),
                ("zoom", 1, true),
            ]
        );
        assert_eq!((controls[0].minimum, controls[0].maximum), (0, 255));
        let choices: Vec<&(i64, String)> = controls[1].choices.iter().collect();
        assert_eq!(
            choices,
            [
                &(0, "Item 0".into()),
                &(1, "Item 1".into()),
                &(3, "Item 3".into())
            ]
        );
        assert_eq!(controls[5].choices.len(), 1);
    }

    #[test]
    fn a_control_is_set_by_its_name_and_within_its_limits() {
        let (fake, mut camera) = camera();
        for (name, value, id) in [
            ("brightness", 255, 1),
            ("exposure_time_absolute", 3, 4),
            ("reset", 1, 5),
            ("mask", -1, 12),
        ] {
            camera.set_control(name, value).unwrap();
            assert_eq!(fake.state().values[&id], value as i32);
        }
        for (name, value, words) in [
            ("brightness", 256, "0 to 255, not 256"),
            ("brightness", -1, "0 to 255, not -1"),
            ("brightness", i64::MAX, "0 to 255"),
            ("mask", i64::MIN, "no number as large"),
            ("serial", 1, "only be read"),
            ("warp", 1, "no control `warp`; it has: brightness"),
        ] {
            let error = camera.set_control(name, value).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains(words), "{error}");
        }
    }

    #[test]
    fn a_control_that_the_camera_refuses_says_why() {
        for (number, kind) in [
            (libc::EINVAL, ErrorKind::InvalidArgument),
            (libc::ERANGE, ErrorKind::InvalidArgument),
            (libc::EACCES, ErrorKind::Camera),
            (libc::EBUSY, ErrorKind::Camera),
            (libc::EIO, ErrorKind::Camera),
        ] {
            let (fake, mut camera) = camera();
            fake.state().failing.insert("S_CTRL", number);
            assert_eq!(camera.set_control("brightness", 1).unwrap_err().kind, kind);
        }
    }
}
