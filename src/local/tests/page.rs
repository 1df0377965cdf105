//! The page in headless Chromium, on a phone and on a desk, while photos arrive. Screenshots are left in the target
//! folder (`tmp/page-*.png`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first surprise"
)]

mod browser;
mod common;

use std::path::Path;

use browser::{Browser, Window};
use common::{Rig, aliyun, huawei};
use faceiot::{Command, Device, DeviceConfig, Endpoint, Format, Reply};
use faceiot_camera::Frame;
use serde_json::{Value, json};

const PHONE: Window = Window {
    width: 390,
    height: 844,
    phone: true,
    language: "zh-CN",
    dark: true,
};
const DESK: Window = Window {
    width: 1280,
    height: 860,
    phone: false,
    language: "en-US",
    dark: false,
};

/// A device that takes a test card when it is told to.
async fn camera(rig: &Rig, credentials: faceiot::Credentials, format: Format, card: &'static str) -> Device {
    let config = DeviceConfig {
        endpoint: Endpoint::plain(rig.addr()),
        format: Some(format),
        rate: Some(faceiot::Rate::unlimited()),
        ..DeviceConfig::new(credentials)
    };
    let device = Device::connect(config).await.unwrap();
    let sender = device.clone();
    device.on_command(move |_command: Command| {
        let sent = sender.send(&frame(card)).map(|_| json!({"taken": true}));
        Reply::from(sent.map_err(|e| e.to_string()))
    });
    device
}

fn frame(card: &str) -> Frame {
    faceiot_camera::open(&format!("testcard:{card}"))
        .unwrap()
        .next()
        .unwrap()
}

async fn look(window: Window, name: &str) {
    let rig = Rig::start().await;
    let one = camera(&rig, aliyun(), Format::Hex, "320x240").await;
    let two = camera(&rig, huawei(), Format::V2, "640x480").await;
    // What a hostile device would write.
    one.report(json!({"temperature": 21.5, "<img src=x onerror=alert(1)>": "<script>alert(2)</script>"}))
        .await
        .unwrap();

    let browser = Browser::open(window).await;
    browser.go(&rig.cloud.page_url().unwrap()).await;
    browser
        .until("return document.getElementById('live').classList.contains('on')")
        .await;
    browser
        .until("return document.querySelectorAll('.device .dot.on').length === 2")
        .await;
    browser
        .until("return document.querySelectorAll('#photos .photo').length === 0")
        .await;
    assert_eq!(
        browser.run("return document.documentElement.lang").await,
        window.language.replace("en-US", "en")
    );

    // The button takes a photo, and the photo appears while the page is open.
    browser
        .run("document.querySelectorAll('.device .primary').forEach((button) => button.click())")
        .await;
    let both = "return document.querySelectorAll('#photos .photo').length === 2 \
                && [...document.querySelectorAll('#photos img')].every((image) => image.complete && image.naturalWidth > 0)";
    browser.until(both).await;
    browser
        .until("return document.querySelectorAll('.said:not(.hidden):not(.bad)').length === 2")
        .await;
    // A photo that loses its middle is shown for what it is.
    let jpeg = frame("320x240").jpeg().unwrap().to_vec();
    let mut messages = common::hex_messages(&jpeg);
    messages.remove(messages.len() / 2);
    for message in messages {
        let topic = "/sys/k0abcdefgIM/esp001/thing/event/property/post";
        one.publish(topic, message, faceiot::Qos::AtLeastOnce).unwrap();
    }
    browser
        .until("return document.querySelectorAll('#photos .photo').length === 3")
        .await;
    browser
        .until("return document.querySelectorAll('.mark.good').length === 2")
        .await;
    browser.until("return [...document.querySelectorAll('.values dd')].some((dd) => dd.textContent === '<script>alert(2)</script>')").await;
    assert_fits(&browser, "the list").await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    assert!(browser.screenshot(&folder.join(format!("page-{name}.png"))).await > 10_000);

    one_photo_large(&rig, &browser, &folder.join(format!("page-{name}-photo.png"))).await;

    // A device that goes is shown as gone, and cannot be asked.
    two.close().await;
    browser
        .until("return document.querySelectorAll('.device .dot.on').length === 1")
        .await;
    browser
        .until("return document.querySelectorAll('.device .primary:disabled').length === 1")
        .await;

    accessible(&browser).await;
    let console = browser.console().await;
    assert!(console.is_empty(), "{console:#?}");
    let base = format!("{}/", rig.cloud.http_url());
    let requests = browser.requests().await;
    assert!(
        requests.iter().any(|url| url.contains("/api/events")),
        "{requests:#?}"
    );
    // Before the page, the browser shows its own first page, from inside itself.
    let own = |url: &str| url.starts_with("chrome://") || url.starts_with("data:");
    let outside: Vec<_> = requests
        .iter()
        .filter(|url| !url.starts_with(&base) && !own(url))
        .collect();
    assert!(outside.is_empty(), "{outside:#?}");
    browser.close().await;
    one.close().await;
    rig.cloud.stop().await;
}

/// The oldest photo, large; the arrow leads to the next.
async fn one_photo_large(rig: &Rig, browser: &Browser, picture: &Path) {
    browser
        .run("document.querySelector('#photos li:last-child .photo').click()")
        .await;
    browser.until("return document.getElementById('detail').open && document.getElementById('detail-image').complete").await;
    let facts = browser
        .run("return document.getElementById('detail-facts').innerText")
        .await;
    let rows = rig.get("/api/photos").await;
    let oldest = &rows[2];
    assert!(
        facts
            .as_str()
            .unwrap()
            .contains(oldest["sha256"].as_str().unwrap()),
        "{facts}"
    );
    assert_fits(browser, "the photo").await;
    assert!(browser.screenshot(picture).await > 10_000);
    browser.run("document.getElementById('detail').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))").await;
    let newer = rows[1]["sha256"].as_str().unwrap();
    browser
        .until(&format!(
            "return document.getElementById('detail-facts').innerText.includes('{newer}')"
        ))
        .await;
    browser
        .run("document.getElementById('detail-close').click()")
        .await;
}

/// Nothing is wider than the window.
async fn assert_fits(browser: &Browser, what: &str) {
    let widths = browser
        .run("return [document.documentElement.scrollWidth, document.getElementById('detail').scrollWidth, window.innerWidth]")
        .await;
    let (page, detail, window) = (widths[0].as_u64(), widths[1].as_u64(), widths[2].as_u64());
    assert!(page <= window && detail <= window, "{what}: {widths}");
}

/// Everything that can be pressed has a name and is large enough for a thumb, and every image has words.
async fn accessible(browser: &Browser) {
    let script = "return [...document.querySelectorAll('button, summary, a[href]')].filter((node) => node.offsetParent) \
        .map((node) => ({name: node.ariaLabel || node.textContent.trim(), height: node.offsetHeight})) \
        .filter((node) => !node.name || node.height < 32)";
    assert_eq!(browser.run(script).await, json!([]));
    let images = "return [...document.querySelectorAll('#photos img')].filter((image) => !image.alt).length";
    assert_eq!(browser.run(images).await, Value::from(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_on_a_phone_in_chinese_in_the_dark() {
    look(PHONE, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_on_a_desk_in_english() {
    look(DESK, "desk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_from_an_impossible_time_does_not_stop_the_page() {
    let rig = Rig::start().await;
    let device = camera(&rig, huawei(), Format::V2, "320x240").await;
    let mut events = rig.cloud.subscribe();
    for _ in 0..2 {
        device.send(&frame("320x240")).unwrap();
        common::event(&mut events, |e| {
            matches!(e, faceiot_local::Event::Photo(_)).then_some(())
        })
        .await;
    }
    // The newer one gets a time as rows of an earlier version may have it: beyond what a `Date` can hold.
    let database = rig.dir.path().join("registry.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", database.display()))
        .await
        .unwrap();
    sqlx::query("UPDATE photos SET time_ms = ? WHERE id = 2")
        .bind(i64::MAX)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;

    let browser = Browser::open(DESK).await;
    browser.go(&rig.cloud.page_url().unwrap()).await;
    browser
        .until("return document.querySelectorAll('#photos .photo').length === 2")
        .await;
    assert_eq!(
        browser
            .run("return document.querySelector('#photos time').textContent")
            .await,
        "—"
    );
    browser
        .run("document.querySelector('#photos .photo').click()")
        .await;
    browser
        .until("return document.getElementById('detail-facts').innerText.includes('SHA-256')")
        .await;
    let console = browser.console().await;
    assert!(console.is_empty(), "{console:#?}");
    browser.close().await;
    device.close().await;
    rig.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_link_the_page_says_how_to_get_one() {
    let rig = Rig::start().await;
    let browser = Browser::open(PHONE).await;
    browser.go(&rig.cloud.http_url()).await;
    let text = browser.run("return document.body.innerText").await;
    assert!(text.as_str().unwrap().contains("faceiot up"), "{text}");
    assert_eq!(
        browser.run("return document.cookie").await,
        "",
        "the cookie is not for scripts"
    );
    browser.close().await;
}
