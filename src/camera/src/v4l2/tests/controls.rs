//! What can be set.

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
            query(14, control::INTEGER, "Taken", [1, 5], control::GRABBED),
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
            ("taken", 1, false),
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
