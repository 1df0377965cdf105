//! What may go wrong on the way.

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
        let error = super::super::problem::opening(Path::new(PATH), &io::Error::from_raw_os_error(number));
        assert_eq!(error.kind, kind);
        assert!(
            error.message.contains(advice) && error.message.contains(PATH),
            "{error}"
        );
    }
}
