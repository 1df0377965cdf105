//! Which mode is taken.

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

#[test]
fn a_place_may_hold_commas_and_the_format_stands_behind_it() {
    let mjpg = Some(FourCc::new(*b"MJPG"));
    for (argument, place, only) in [
        ("", "", None),
        ("2", "2", None),
        (
            "/dev/v4l/by-id/usb-A,B-index0",
            "/dev/v4l/by-id/usb-A,B-index0",
            None,
        ),
        (
            "/dev/v4l/by-id/usb-A,B-index0,format=MJPG",
            "/dev/v4l/by-id/usb-A,B-index0",
            mjpg,
        ),
        (",format=MJPG", "", mjpg),
    ] {
        let parsed = super::super::parse(argument).unwrap();
        assert!(parsed.0 == place && parsed.1 == only, "{argument}");
    }
    for argument in ["0,format=", "0,format=JPEGS", "0,brightness=7"] {
        assert!(super::super::parse(argument).is_err(), "{argument}");
    }
}

#[test]
fn a_camera_that_gives_odd_and_even_lines_apart_is_refused() {
    for field in abi::FIELDS_APART {
        let fake = Fake::webcam().with(|state| {
            state.adjust = match field {
                5 => |format| {
                    format.field = 5;
                    Ok(())
                },
                6 => |format| {
                    format.field = 6;
                    Ok(())
                },
                _ => |format| {
                    format.field = 7;
                    Ok(())
                },
            };
        });
        let (kind, message) = message(start(&fake, &wish(640, 480)));
        assert_eq!(kind, ErrorKind::Camera);
        assert!(message.contains("interlaced"), "{message}");
    }
}
