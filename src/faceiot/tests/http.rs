//! The HTTP client against a server that answers what a test wrote down.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is a test")]

use std::time::Duration;

use faceiot::ErrorKind;
use faceiot::http::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(10);

/// A server that gives these answers, one a connection; it returns what it was asked.
async fn server(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut request, mut octets) = (Vec::new(), [0; 4096]);
            loop {
                let count = stream.read(&mut octets).await.unwrap();
                request.extend_from_slice(&octets[..count]);
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next());
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    break;
                }
            }
            asked.push(String::from_utf8(request).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    });
    (base, served)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn json_goes_both_ways_with_the_token() {
    let (base, served) = server(vec![
        answer("200 OK", "[1]"),
        answer("201 Created", "{\"id\":7}"),
        answer("204 No Content", ""),
    ])
    .await;
    let client = Client::new(&base, Some("canary-token"), None).unwrap();
    assert!(!format!("{client:?}").contains("canary-token"));
    assert_eq!(
        client.get_json::<Value>("/api/photos?limit=1").await.unwrap(),
        json!([1])
    );
    assert_eq!(
        client
            .post_json::<Value>("/api/devices", &json!({"a": "b"}))
            .await
            .unwrap(),
        json!({"id": 7})
    );
    client.delete("/api/devices/x").await.unwrap();
    let asked = tokio::time::timeout(PATIENCE, served).await.unwrap().unwrap();
    assert!(
        asked[0].starts_with("GET /api/photos?limit=1 HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked
            .iter()
            .all(|request| request.contains("authorization: Bearer canary-token\r\n"))
    );
    assert!(
        asked[1].starts_with("POST /api/devices ") && asked[1].ends_with("{\"a\":\"b\"}"),
        "{}",
        asked[1]
    );
    assert!(asked[2].starts_with("DELETE /api/devices/x "));
}

#[tokio::test]
async fn what_the_server_says_is_in_the_error() {
    let rows = [
        (
            "404 Not Found",
            "{\"error\":{\"message\":\"no such photo\"}}",
            ErrorKind::NotFound,
            "no such photo",
        ),
        (
            "409 Conflict",
            "{\"error\":\"the device is offline\"}",
            ErrorKind::Http,
            "the device is offline",
        ),
        (
            "504 Gateway Timeout",
            "{\"message\":\"no answer\"}",
            ErrorKind::Timeout,
            "no answer",
        ),
        (
            "401 Unauthorized",
            "",
            ErrorKind::Refused,
            "HTTP 401 Unauthorized",
        ),
        ("500 Internal Server Error", "oops", ErrorKind::Http, "oops"),
        ("302 Found", "", ErrorKind::Http, "302"),
        ("200 OK", "not JSON", ErrorKind::Http, "not the JSON expected"),
    ];
    let (base, _served) = server(rows.iter().map(|row| answer(row.0, row.1)).collect()).await;
    let client = Client::new(&base, None, None).unwrap();
    for (status, _, kind, words) in rows {
        let error = client.get_json::<Value>("/x").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error}");
        assert!(error.to_string().contains(words), "{status}: {error}");
    }
}

#[tokio::test]
async fn files_and_events_come_through() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
                  event: photo\ndata: {\"id\":1}\n\n: ping\n\ndata: two\n\n";
    let (base, served) = server(vec![answer("200 OK", "octets"), stream.into()]).await;
    let client = Client::new(&base, None, None).unwrap();
    assert_eq!(client.get_bytes("/api/photos/1/image").await.unwrap(), b"octets");
    let mut events = client.events("/api/events").await.unwrap();
    let first = events.next().await.unwrap().unwrap();
    assert_eq!(
        (first.event.as_str(), first.data.as_str()),
        ("photo", "{\"id\":1}")
    );
    assert_eq!(events.next().await.unwrap().unwrap().data, "two");
    tokio::time::timeout(PATIENCE, served).await.unwrap().unwrap();
    assert_eq!(events.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_one_that_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(&base, None, None).unwrap();
    let error = client.get_bytes("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
    assert_eq!(
        client.get_bytes("no-slash").await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    for wrong in ["", "localhost:8080", "ftp://localhost", "http://"] {
        assert_eq!(
            Client::new(wrong, None, None).unwrap_err().kind(),
            ErrorKind::Config,
            "{wrong:?}"
        );
    }
    assert_eq!(
        Client::new(&base, Some("a\nb"), None).unwrap_err().kind(),
        ErrorKind::Config
    );
    assert_eq!(
        Client::new("https://localhost", None, Some(b"no PEM"))
            .unwrap_err()
            .kind(),
        ErrorKind::Config
    );
}
