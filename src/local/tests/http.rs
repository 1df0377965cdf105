//! The HTTP interface as programs and browsers meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first surprise"
)]

mod common;

use common::{Mqtt, PATIENCE, Rig, aliyun, hex_messages, huawei, photo};
use faceiot::ErrorKind;
use faceiot_local::{Cloud, CloudConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One request as text, the whole answer as text.
async fn raw(rig: &Rig, request: &str) -> String {
    let addr = rig.cloud.http_url().replace("http://", "");
    let mut stream = TcpStream::connect(&addr).await.unwrap();
    let request = request.replace("HOST", &addr).replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("an answer")
        .unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = CloudConfig {
        http: "0.0.0.0:0".parse().unwrap(),
        ..CloudConfig::on_free_ports(dir.path())
    };
    let error = Cloud::start(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    // What had started is stopped again: the folder is free.
    Cloud::start(CloudConfig::on_free_ports(dir.path()))
        .await
        .unwrap()
        .stop()
        .await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let rig = Rig::start().await;
    let dir = tempfile::tempdir().unwrap();
    let taken = rig.cloud.mqtt_addr();
    let error = Cloud::start(CloudConfig {
        mqtt: taken,
        ..CloudConfig::on_free_ports(dir.path())
    })
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PortInUse);
    let taken: std::net::SocketAddr = rig.cloud.http_url().replace("http://", "").parse().unwrap();
    let error = Cloud::start(CloudConfig {
        http: taken,
        ..CloudConfig::on_free_ports(dir.path())
    })
    .await
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PortInUse);
    assert!(error.message().contains(&taken.to_string()), "{error}");
}

#[tokio::test]
async fn another_sites_page_gets_nothing() {
    let rig = Rig::start().await;
    let bearer = format!("Authorization: Bearer {}", rig.cloud.token());
    let rebound = raw(
        &rig,
        &format!("GET /api/devices HTTP/1.1\nHost: evil.example\n{bearer}\nConnection: close\n\n"),
    )
    .await;
    assert!(rebound.starts_with("HTTP/1.1 421"), "{rebound}");
    let foreign = "Origin: http://evil.example\nConnection: close\n\n";
    let cross = raw(&rig, &format!("GET /health HTTP/1.1\nHost: HOST\n{foreign}")).await;
    assert!(cross.starts_with("HTTP/1.1 403"), "{cross}");
    let nobody = raw(
        &rig,
        "GET /api/devices HTTP/1.1\nHost: HOST\nConnection: close\n\n",
    )
    .await;
    assert!(
        nobody.starts_with("HTTP/1.1 401") && nobody.contains("x-content-type-options: nosniff"),
        "{nobody}"
    );
}

#[tokio::test]
async fn a_one_time_code_opens_the_page_and_the_page_allows_nothing_from_outside() {
    let rig = Rig::start().await;
    let link = rig.cloud.page_url().unwrap();
    let path = link
        .split_once("/login")
        .map(|(_, query)| format!("/login{query}"))
        .unwrap();
    let get =
        |path: &str, cookie: &str| format!("GET {path} HTTP/1.1\nHost: HOST\n{cookie}Connection: close\n\n");
    let welcome = raw(&rig, &get(&path, "")).await;
    assert!(welcome.starts_with("HTTP/1.1 303"), "{welcome}");
    let set = welcome
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    assert!(
        raw(&rig, &get(&path, "")).await.starts_with("HTTP/1.1 401"),
        "a code works once"
    );
    let cookie = format!("Cookie: {}\n", set.split(';').next().unwrap());
    let page = raw(&rig, &get("/", &cookie)).await;
    let policy = page
        .lines()
        .find_map(|line| line.strip_prefix("content-security-policy: "))
        .unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(page.contains(&format!("<script nonce=\"{nonce}\">")));
    assert!(
        !raw(&rig, &get("/", &cookie)).await.contains(nonce),
        "a nonce is used once"
    );
    let locked = raw(&rig, &get("/", "")).await;
    assert!(
        locked.starts_with("HTTP/1.1 401") && locked.contains("faceiot up"),
        "{locked}"
    );
}

#[tokio::test]
async fn devices_are_added_listed_and_removed_and_no_answer_has_a_secret() {
    let rig = Rig::start().await;
    let added: Value = rig
        .http
        .post_json(
            "/api/devices",
            &json!({"id": "aliyun:k0abcdefgIM:a-b_c@d.e:f", "secret": "canary-by-http"}),
        )
        .await
        .unwrap();
    assert_eq!(
        (&added["online"], &added["cloud"]),
        (&json!(false), &json!("aliyun"))
    );
    let listed = rig.get("/api/devices").await;
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert!(!format!("{added}{listed}").contains("canary"));
    let again = rig
        .http
        .post_json::<Value>("/api/devices", &json!({"id": "aliyun:k0abcdefgIM:esp001"}))
        .await;
    assert!(again.unwrap_err().message().contains("registered already"));
    rig.http
        .delete("/api/devices/aliyun:k0abcdefgIM:a-b_c%40d.e:f")
        .await
        .unwrap();
    assert_eq!(
        rig.http
            .delete("/api/devices/huawei:nobody")
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
    assert_eq!(rig.get("/api/devices").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_requests_are_answered_in_json_with_a_reason() {
    let rig = Rig::start().await;
    for (path, words) in [
        ("/api/devices/nonsense/properties", "PRODUCT_KEY"),
        ("/api/photos/one", "one"),
        ("/api/photos?limit=many", "limit"),
        ("/api/nothing", "no such path"),
        ("/api/photos/99", "no photo 99"),
        ("/api/devices/huawei:nobody/log", "not registered"),
    ] {
        let error = rig.http.get_json::<Value>(path).await.unwrap_err();
        assert!(error.message().contains(words), "{path}: {error}");
    }
    for (body, words) in [
        (json!({"name": "x", "timeout": 3600}), "timeout"),
        (json!({"name": "x", "form": "telepathy"}), "telepathy"),
        (json!({"nam": "x"}), "nam"),
        (json!({"name": "x".repeat(70_000)}), "length limit"),
    ] {
        let error = rig
            .http
            .post_json::<Value>(&format!("/api/devices/{}/commands", aliyun().device_id()), &body)
            .await
            .unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}

#[tokio::test]
async fn commands_over_http_have_a_status_for_every_end() {
    let rig = Rig::start().await;
    let path = format!("/api/devices/{}/commands", huawei().device_id());
    let send = async |timeout: f64| {
        rig.http
            .post_json::<Value>(&path, &json!({"name": "take_photo", "timeout": timeout}))
            .await
    };
    let offline = send(1.0).await.unwrap_err();
    assert!(
        offline.message().starts_with("HTTP 409") && offline.message().contains("offline"),
        "{offline}"
    );
    let mut client = rig.login(&huawei()).await;
    assert_eq!(send(0.05).await.unwrap_err().kind(), ErrorKind::Timeout);
    let (asked, answered) = tokio::join!(send(20.0), async {
        client.message().await; // the one nobody answered
        let (topic, _) = client.message().await;
        client
            .publish(
                &topic.replace("/commands/", "/commands/response/"),
                br#"{"result_code":7}"#,
                0,
                0,
            )
            .await;
    });
    let () = answered;
    let asked = asked.unwrap();
    assert_eq!(asked["code"], 7);
    assert!(asked["elapsed_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let rig = Rig::start().await;
    let mut stream = rig.http.events("/api/events").await.unwrap();
    let mut client = rig.login(&aliyun()).await;
    client
        .publish_acknowledged(
            "/sys/k0abcdefgIM/esp001/thing/event/property/post",
            br#"{"params":{"t":1.5}}"#,
        )
        .await;
    for message in hex_messages(&photo(160, 120)) {
        client
            .publish_acknowledged("/sys/k0abcdefgIM/esp001/thing/event/property/post", &message)
            .await;
    }
    rig.attempt(&faceiot::Credentials::aliyun("k0abcdefgIM", "esp001", "wrong"))
        .await;
    drop(client);
    let mut seen = std::collections::BTreeSet::new();
    while !["connection:true", "connection:false", "property", "photo", "log"]
        .iter()
        .all(|name| seen.contains(*name))
    {
        let next = tokio::time::timeout(PATIENCE, stream.next())
            .await
            .expect("an event")
            .unwrap()
            .unwrap();
        let data: Value = serde_json::from_str(&next.data).unwrap();
        match next.event.as_str() {
            "connection" => seen.insert(format!("connection:{}", data["online"])),
            "property" => {
                assert_eq!((&data["name"], &data["value"]), (&json!("t"), &json!(1.5)));
                seen.insert("property".into())
            }
            name => seen.insert(name.to_owned()),
        };
    }
    rig.cloud.stop().await;
    assert_eq!(
        tokio::time::timeout(PATIENCE, stream.next())
            .await
            .expect("the end")
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn health_and_metrics_say_how_it_goes() {
    let rig = Rig::start().await;
    assert_eq!(
        rig.get("/health").await,
        json!({"status":"ok","checks":{"db":"ok","journal":"ok","disk":"ok"}})
    );
    let mut client = rig.login(&aliyun()).await;
    client
        .publish_acknowledged(
            "/sys/k0abcdefgIM/esp001/thing/event/property/post",
            br#"{"params":{"t":1}}"#,
        )
        .await;
    rig.attempt(&faceiot::Credentials::aliyun("k0abcdefgIM", "esp001", "wrong"))
        .await;
    let text = String::from_utf8(rig.http.get_bytes("/metrics").await.unwrap()).unwrap();
    for line in [
        "faceiot_devices_online 1",
        "faceiot_mqtt_refused_logins_total 1",
        "faceiot_properties_total 1",
        "faceiot_photos{verified=\"crc\"} 0",
        "faceiot_ingest_memory_bytes 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("faceiot_") && value.parse::<u64>().is_ok(),
            "{line}"
        );
    }
}

#[tokio::test]
async fn an_image_is_only_an_image_and_is_not_sent_twice() {
    let rig = Rig::start().await;
    let mut events = rig.cloud.subscribe();
    let mut client = rig.login(&aliyun()).await;
    for message in hex_messages(&photo(160, 120)) {
        client
            .publish_acknowledged("/sys/k0abcdefgIM/esp001/thing/event/property/post", &message)
            .await;
    }
    let id = common::event(&mut events, |e| {
        if let faceiot_local::Event::Photo(row) = e {
            Some(row.id)
        } else {
            None
        }
    })
    .await;
    let bearer = format!("Authorization: Bearer {}", rig.cloud.token());
    let head = format!("GET /api/photos/{id}/image HTTP/1.1\nHost: HOST\n{bearer}\nConnection: close\n");
    let first = raw(&rig, &format!("{head}\n")).await;
    assert!(
        first.contains("content-type: image/jpeg") && first.contains("nosniff"),
        "{}",
        &first[..300]
    );
    let tag = first
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    let second = raw(&rig, &format!("{head}If-None-Match: {tag}\n\n")).await;
    assert!(second.starts_with("HTTP/1.1 304"), "{second}");
}

#[tokio::test]
async fn an_event_stream_too_many_is_refused() {
    let rig = Rig::start().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(rig.http.events("/api/events").await.unwrap());
    }
    let error = rig.http.events("/api/events").await.err().unwrap();
    assert!(error.message().contains("too many"), "{error}");
    drop(open);
    // The server notices a listener that is gone when it next writes: any event will do.
    let wait = async {
        loop {
            let (client, _) = rig.attempt(&aliyun()).await;
            drop::<Mqtt>(client);
            if rig.http.events("/api/events").await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("a stream that was closed makes room");
}
