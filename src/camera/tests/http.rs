//! Cameras that are web servers, good ones and bad ones, each a socket of its own on this computer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{eventually, options, photo, red, wish};
use faceiot_camera::{Camera, ErrorKind, Options, Wish, open, open_with};

/// A server that answers each connection by this function, which is given the request and its number.
struct Server {
    port: u16,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&mut TcpStream, &str, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, count, answer) = (Arc::clone(&stop), Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(mut stream), answer, count) = (stream, Arc::clone(&answer), Arc::clone(&count))
                else {
                    return;
                };
                thread::spawn(move || {
                    let request = request(&mut stream);
                    let number = count.fetch_add(1, Ordering::SeqCst);
                    answer(&mut stream, &request, number);
                });
            }
        });
        Self { port, stop, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port)); // wakes `incoming`
    }
}

fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut octet).is_ok_and(|read| read == 1) {
        head.push(octet[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Writing to who went away is no failure of a server.
fn send(stream: &mut TcpStream, octets: &[u8]) -> bool {
    stream.write_all(octets).is_ok()
}

fn answer(stream: &mut TcpStream, kind: &str, body: &[u8]) -> bool {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    send(stream, head.as_bytes()) && send(stream, body)
}

/// The head and one part of a stream as the ESP32-CAM's example sketch (`CameraWebServer`, `app_httpd.cpp`) writes them.
const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=123456789000000000000987654321\r\n\
    Transfer-Encoding: chunked\r\nAccess-Control-Allow-Origin: *\r\nX-Framerate: 60\r\n\r\n";

fn part(stream: &mut TcpStream, jpeg: &[u8]) -> bool {
    let header = format!(
        "Content-Type: image/jpeg\r\nContent-Length: {}\r\nX-Timestamp: 7.000000\r\n\r\n",
        jpeg.len()
    );
    [
        b"\r\n--123456789000000000000987654321\r\n",
        header.as_bytes(),
        jpeg,
    ]
    .iter()
    .all(|piece| {
        send(stream, format!("{:x}\r\n", piece.len()).as_bytes())
            && send(stream, piece)
            && send(stream, b"\r\n")
    })
}

fn impatient() -> Wish {
    Wish {
        timeout: Duration::from_millis(300),
        ..wish()
    }
}

/// The error of opening and of the first frame are one to who uses a camera.
fn first_error(url: &str, wish: &Wish) -> faceiot_camera::Error {
    open_with(url, wish)
        .and_then(|mut source| source.next())
        .expect_err("a bad server gives no photo")
}

#[test]
fn a_snapshot_is_a_request_for_each_photo_as_it_came() {
    let server = Server::start(|stream, _, number| {
        answer(stream, "image/jpeg", &photo(number as u8 * 40, 64, 48));
    });
    let camera = Camera::open(options(server.url("/capture"))).unwrap();
    let (first, second) = (camera.capture().unwrap(), camera.capture().unwrap());
    assert_eq!(
        first.jpeg().unwrap(),
        photo(40, 64, 48),
        "the first answer only said what the server gives"
    );
    assert_eq!(second.jpeg().unwrap(), photo(80, 64, 48));
    assert_eq!((first.sequence(), second.sequence()), (0, 1));
    assert_eq!(server.asked.load(Ordering::SeqCst), 3);
    assert_eq!(camera.mode().unwrap().to_string(), "64x48 MJPG");
}

#[test]
fn an_esp32_cams_stream_gives_its_newest_frame() {
    let server = Server::start(|stream, _, _| {
        send(stream, STREAM);
        for number in 0_u8.. {
            if !part(stream, &photo(number, 64, 48)) {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    });
    let camera = Camera::open(options(server.url("/stream"))).unwrap();
    let frames: Vec<_> = camera.frames().take(5).map(Result::unwrap).collect();
    assert!(frames.windows(2).all(|two| two[0].sequence() < two[1].sequence()));
    assert!(
        frames
            .iter()
            .all(|frame| frame.width() == 64 && frame.time_ms() > 0)
    );
    assert_eq!(camera.statistics().restarts, 0);
}

#[test]
fn a_stream_that_ends_is_opened_again_and_told_when_it_stays_away() {
    let server = Server::start(|stream, _, number| {
        if number < 3 {
            send(stream, STREAM);
            part(stream, &photo(100, 64, 48));
        } else {
            send(stream, b"HTTP/1.1 503 Busy\r\n\r\n");
        }
    });
    let camera = Camera::open(options(server.url("/stream"))).unwrap();
    let mut frames = camera.frames();
    let failure = frames.find_map(Result::err).unwrap();
    assert_eq!(failure.kind, ErrorKind::Disconnected, "{failure}");
    assert_eq!((camera.statistics().frames, camera.statistics().restarts), (3, 2));
    let anew = camera.capture().unwrap_err();
    assert!(anew.to_string().ends_with("answers with status 503"), "{anew}");
}

#[test]
fn half_a_picture_in_a_stream_is_dropped_and_counted() {
    let server = Server::start(|stream, _, _| {
        send(stream, STREAM);
        let whole = photo(50, 320, 240);
        part(stream, &whole[..whole.len() / 2]);
        while part(stream, &whole) {
            thread::sleep(Duration::from_millis(2));
        }
    });
    let mut source = open(&server.url("/stream")).unwrap();
    assert!(source.live());
    assert_eq!(source.next().unwrap().width(), 320);
    assert_eq!(source.lost().damaged, 1);
}

#[test]
fn a_server_that_drips_is_given_up_in_time_wherever_it_drips() {
    fn drip(stream: &mut TcpStream, octets: &[u8]) {
        for octet in octets {
            if !send(stream, &[*octet]) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
    let head = Server::start(|stream, _, _| drip(stream, &b"HTTP/1.1 200 OK\r\nX: ".repeat(50)));
    let body = Server::start(|stream, _, number| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n");
        if number > 0 {
            drip(stream, &photo(1, 64, 48));
        }
    });
    let frames = Server::start(|stream, _, _| {
        send(stream, STREAM);
        send(stream, b"10000\r\n");
        drip(stream, &photo(1, 64, 48));
    });
    for server in [head, body, frames] {
        let start = Instant::now();
        let error = first_error(&server.url("/"), &impatient());
        assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let server = Server::start(|stream, _, _| {
        let _ = stream.read(&mut [0]); // until the other side goes
    });
    assert_eq!(
        first_error(&server.url("/"), &impatient()).kind,
        ErrorKind::Timeout
    );
}

#[test]
fn a_body_without_end_is_given_up_at_the_cap() {
    let server = Server::start(|stream, _, number| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n");
        let piece = [0x55; 16 << 10];
        while number > 0 && send(stream, &piece) {}
    });
    let error = first_error(&server.url("/"), &wish());
    assert_eq!(error.kind, ErrorKind::FrameTooLarge, "{error}");
}

#[test]
fn a_length_above_the_cap_is_refused_before_anything_is_read() {
    let server = Server::start(|stream, _, _| {
        send(
            stream,
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 999999999999\r\n\r\n",
        );
        let _ = stream.read(&mut [0]);
    });
    assert_eq!(
        first_error(&server.url("/"), &wish()).kind,
        ErrorKind::FrameTooLarge
    );
}

#[test]
fn a_stream_of_something_else_is_given_up() {
    let server = Server::start(|stream, _, _| {
        send(
            stream,
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n",
        );
        while send(stream, &[0x55; 16 << 10]) {}
    });
    assert_eq!(first_error(&server.url("/"), &wish()).kind, ErrorKind::Jpeg);
}

#[test]
fn an_answer_that_is_no_picture_is_named() {
    let page = Server::start(|stream, _, _| {
        answer(stream, "text/html; charset=utf-8", b"<h1>Camera</h1>");
    });
    let error = first_error(&page.url("/"), &wish());
    assert_eq!(error.kind, ErrorKind::Http);
    assert!(
        error
            .to_string()
            .contains("answers with text/html, not with a picture"),
        "{error}"
    );

    let liar = Server::start(|stream, _, _| {
        answer(stream, "image/jpeg", b"<h1>Camera</h1>");
    });
    assert_eq!(first_error(&liar.url("/"), &wish()).kind, ErrorKind::Jpeg);

    let other = Server::start(|stream, _, _| {
        send(stream, b"SSH-2.0-OpenSSH_9.2\r\n");
    });
    assert_eq!(first_error(&other.url("/"), &wish()).kind, ErrorKind::Protocol);

    for (status, kind) in [
        (404, ErrorKind::NotFound),
        (500, ErrorKind::Http),
        (401, ErrorKind::Refused),
    ] {
        let server = Server::start(move |stream, _, _| {
            send(stream, format!("HTTP/1.1 {status} x\r\n\r\n").as_bytes());
        });
        assert_eq!(first_error(&server.url("/"), &wish()).kind, kind, "{status}");
    }
}

#[test]
fn redirects_are_followed_and_a_loop_of_them_is_not() {
    let server = Server::start(|stream, request, _| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/old" => send(stream, b"HTTP/1.1 302 Found\r\nLocation: new/place.jpg\r\n\r\n"),
            "/new/place.jpg" => answer(stream, "image/jpeg", &photo(200, 64, 48)),
            _ => send(stream, b"HTTP/1.1 301 Moved\r\nLocation: /loop\r\n\r\n"),
        };
    });
    assert!(red(&open(&server.url("/old")).unwrap().next().unwrap()).abs_diff(200) < 5);
    let before = server.asked.load(Ordering::SeqCst);
    let error = first_error(&server.url("/loop"), &wish());
    assert!(
        error.to_string().contains("redirects more than 5 times"),
        "{error}"
    );
    assert_eq!(server.asked.load(Ordering::SeqCst) - before, 6);
}

#[test]
fn name_and_password_go_to_the_server_and_nowhere_else() {
    let server = Server::start(|stream, request, _| {
        // base64 of `door:canary`
        if request.contains("\r\nAuthorization: Basic ZG9vcjpjYW5hcnk=\r\n") {
            answer(stream, "image/jpeg", &photo(200, 64, 48));
        } else {
            send(
                stream,
                b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n",
            );
        }
    });
    let with = |user: &str| format!("http://{user}@127.0.0.1:{}/?token=canary", server.port);
    let camera = Camera::open(options(with("door:canary"))).unwrap();
    let frame = camera.capture().unwrap();
    for shown in [
        camera.describe().to_owned(),
        format!("{camera:?}"),
        frame.source().to_owned(),
        format!("{frame:?}"),
    ] {
        assert!(!shown.contains("canary") && shown.contains("***"), "{shown}");
    }
    let refused = first_error(&with("door:canary2"), &wish());
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(!refused.to_string().contains("canary"), "{refused}");
}

#[test]
fn nobody_at_the_address_is_told_at_once() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = first_error(&format!("http://127.0.0.1:{port}/"), &wish());
    assert_eq!(error.kind, ErrorKind::ConnectionRefused);
}

#[test]
fn a_photo_in_chunks_of_any_size_comes_out_whole() {
    let server = Server::start(|stream, _, _| {
        send(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (size, chunk) in photo(70, 64, 48).chunks(97).enumerate() {
            let line = format!("{:X};x={size}\r\n", chunk.len());
            send(stream, line.as_bytes());
            send(stream, chunk);
            send(stream, b"\r\n");
        }
        send(stream, b"0\r\n\r\n");
    });
    assert_eq!(
        open(&server.url("/")).unwrap().next().unwrap().jpeg().unwrap(),
        photo(70, 64, 48)
    );

    let torn = Server::start(|stream, _, _| {
        send(
            stream,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nabc",
        );
    });
    assert_eq!(first_error(&torn.url("/"), &wish()).kind, ErrorKind::Disconnected);
}

#[test]
fn a_photo_whose_connection_broke_is_asked_for_again() {
    let server = Server::start(|stream, _, number| {
        // The second and the third go away without a word.
        if !(1..=2).contains(&number) {
            answer(stream, "image/jpeg", &photo(70, 64, 48));
        }
    });
    let camera = Camera::open(options(server.url("/capture"))).unwrap();
    assert_eq!(camera.capture().unwrap().jpeg().unwrap(), photo(70, 64, 48));
    assert_eq!((camera.statistics().frames, camera.statistics().restarts), (1, 2));

    let deaf = Server::start(|stream, _, number| {
        if number == 0 {
            answer(stream, "image/jpeg", &photo(70, 64, 48));
        }
    });
    let camera = Camera::open(options(deaf.url("/capture"))).unwrap();
    assert_eq!(camera.capture().unwrap_err().kind, ErrorKind::Disconnected);
    assert_eq!(
        deaf.asked.load(Ordering::SeqCst),
        4,
        "opened, asked, and asked again twice"
    );
}

#[test]
fn closing_leaves_a_server_that_says_nothing_more_at_once() {
    let server = Server::start(|stream, request, number| {
        if request.starts_with("GET /stream") {
            send(stream, STREAM);
            part(stream, &photo(7, 64, 48));
        } else if number == 0 {
            answer(stream, "image/jpeg", &photo(7, 64, 48));
            return;
        }
        let _ = stream.read(&mut [0]); // until the other side goes
    });
    for path in ["/capture", "/stream"] {
        let asked = server.asked.load(Ordering::SeqCst);
        let camera = Camera::open(Options {
            wish: Wish {
                timeout: Duration::from_mins(2),
                ..wish()
            },
            ..options(server.url(path))
        })
        .unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| camera.frames().find_map(Result::err).unwrap());
            eventually("it waits for the server", || {
                let asks = server.asked.load(Ordering::SeqCst) - asked;
                if path == "/stream" {
                    camera.statistics().frames == 1
                } else {
                    asks == 2
                }
            });
            let start = Instant::now();
            camera.close();
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{path}: {:?}",
                start.elapsed()
            );
            assert_eq!(waiting.join().unwrap().kind, ErrorKind::Closed, "{path}");
        });
    }
}

#[test]
fn a_frame_of_a_stream_that_was_begun_before_the_call_is_no_photo_of_it() {
    let go = Arc::new(AtomicUsize::new(0));
    let wait = Arc::clone(&go);
    let server = Server::start(move |stream, _, _| {
        send(
            stream,
            b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n",
        );
        let (old, new) = (photo(20, 64, 48), photo(220, 64, 48));
        send(stream, &[&old[..], &old[..old.len() / 2]].concat()); // in one piece: both are there, or none
        eventually("the rest is wanted", || wait.load(Ordering::SeqCst) == 1);
        send(stream, &old[old.len() / 2..]);
        eventually("the next one is wanted", || wait.load(Ordering::SeqCst) == 2);
        send(stream, &new);
        let _ = stream.read(&mut [0]); // until the other side goes
    });
    let camera = Camera::open(options(server.url("/stream"))).unwrap();
    eventually("the first frame", || camera.statistics().frames == 1);
    let came = u128::from(camera.latest().unwrap().unwrap().time_ms());
    eventually("the next millisecond", || {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() > came
    });
    let mut position = camera.position().unwrap();
    go.store(1, Ordering::SeqCst);
    eventually("the frame that was begun", || camera.statistics().frames == 2);
    assert!(camera.wait(&mut position, Duration::ZERO).unwrap().is_none());
    go.store(2, Ordering::SeqCst);
    let frame = camera
        .wait(&mut position, Duration::from_mins(1))
        .unwrap()
        .unwrap();
    assert!(red(&frame).abs_diff(220) < 5);
}
