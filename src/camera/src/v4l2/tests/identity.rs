//! What is a camera, and what is none.

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

#[test]
fn a_camera_that_fails_while_it_is_looked_at_is_not_listed_as_usable() {
    let mut found = Found {
        spec: String::new(),
        name: String::new(),
        driver: String::new(),
        modes: Vec::new(),
        usable: false,
        why: String::new(),
    };
    let fake = Fake::webcam().with(|state| {
        state.failing.insert("ENUM_FRAMEINTERVALS", libc::ENODEV);
    });
    list::describe(&mut *fake.boxed(), Path::new(PATH), &mut found).unwrap_err();
    assert!(!found.usable);
}
