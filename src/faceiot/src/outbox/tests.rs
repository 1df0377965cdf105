//! The lanes, the window, and what a lost connection does to them.

use super::*;
use crate::error::ErrorKind;
use crate::photo::{Carrier, Numbers};
use crate::receipt::Receipt;
use std::sync::atomic::AtomicU32;

const NOW: Duration = Duration::ZERO;

fn outbox(rate: Rate) -> Outbox {
    Outbox::new(rate, NOW)
}

fn message(payload: &'static str, qos: Qos) -> (Outgoing, Receipt) {
    let (ticket, receipt) = Ticket::new(1);
    let payload = Bytes::from_static(payload.as_bytes());
    let message = Outgoing {
        topic: "t".into(),
        payload,
        qos,
        ticket: Some(ticket),
        _charge: None,
    };
    (message, receipt)
}

fn photo(key: u64, octets: usize, numbers: &Arc<Numbers>) -> (Photo, Receipt) {
    let carrier = Carrier::Raw(faceiot_core::chunk::v2::Options::default());
    let octets = Bytes::from(vec![7; octets]);
    Photo::new(
        key,
        octets,
        carrier,
        "p".into(),
        Qos::AtLeastOnce,
        Arc::clone(numbers),
        None,
    )
    .unwrap()
}

fn numbers() -> Arc<Numbers> {
    Arc::new(Numbers {
        frame: AtomicU32::new(0),
        message: AtomicU32::new(0),
    })
}

/// What would be sent now: payload and packet id.
fn sent(outbox: &mut Outbox) -> Vec<(Bytes, Option<u16>)> {
    let mut sent = Vec::new();
    while let Next::Send {
        payload, packet_id, ..
    } = outbox.next(NOW)
    {
        sent.push((payload, packet_id));
    }
    sent
}

#[test]
fn a_broker_that_asks_and_never_acknowledges_takes_neither_the_memory_nor_the_packet_ids() {
    let mut outbox = outbox(Rate::unlimited());
    let mut ids = Vec::new();
    for _ in 0..70_000 {
        outbox.push_reply(message("reply", Qos::AtLeastOnce).0);
        ids.extend(sent(&mut outbox).into_iter().filter_map(|(_, id)| id));
    }
    assert_eq!(ids.len(), REPLY_WINDOW);
    assert_eq!(outbox.replies.len(), MOST_REPLIES);
    outbox.acknowledged(ids[0]);
    assert_eq!(sent(&mut outbox).len(), 1, "it goes on when one is there");
}

#[test]
fn replies_go_before_messages_and_messages_before_photos() {
    let mut outbox = outbox(Rate::unlimited());
    outbox.push_photo(photo(1, 100, &numbers()).0);
    outbox.push_message(message("report", Qos::AtLeastOnce).0);
    outbox.push_reply(message("reply", Qos::AtMostOnce).0);
    let sent = sent(&mut outbox);
    assert_eq!((&sent[0].0[..], sent[0].1), (&b"reply"[..], None));
    assert_eq!((&sent[1].0[..], sent[1].1), (&b"report"[..], Some(1)));
    assert_eq!((&sent[2].0[..2], sent[2].1), (&b"FC"[..], Some(2)));
    assert_eq!(sent.len(), 3);
}

#[test]
fn no_more_than_the_window_is_on_its_way_but_replies_pass() {
    let mut outbox = outbox(Rate::unlimited());
    let (whole, receipt) = photo(1, 100 * 4096, &numbers());
    outbox.push_photo(whole);
    assert_eq!(sent(&mut outbox).len(), WINDOW);
    outbox.push_reply(message("reply", Qos::AtLeastOnce).0);
    assert_eq!(sent(&mut outbox), [(Bytes::from_static(b"reply"), Some(21))]);
    outbox.acknowledged(3);
    outbox.acknowledged(21);
    assert_eq!(sent(&mut outbox).len(), 1);
    assert_eq!(receipt.progress(), (1, 100));
}

#[test]
fn packet_ids_wrap_and_pass_over_the_ones_on_their_way() {
    let mut outbox = outbox(Rate::unlimited());
    outbox.push_message(message("first", Qos::AtLeastOnce).0);
    assert_eq!(sent(&mut outbox)[0].1, Some(1));
    for _ in 0..65_534 {
        let id = outbox.subscribe_id();
        outbox.subscribed(id);
    }
    outbox.push_message(message("next", Qos::AtLeastOnce).0);
    assert_eq!(sent(&mut outbox)[0].1, Some(2), "0 is no id, and 1 is on its way");
}

#[test]
fn after_a_loss_everything_that_was_not_acknowledged_comes_again_in_its_order() {
    let mut outbox = outbox(Rate::unlimited());
    let (texts, receipts): (Vec<_>, Vec<_>) = ["a", "b", "c", "d"]
        .map(|text| (text, message(text, Qos::AtLeastOnce)))
        .into_iter()
        .unzip();
    let mut views = Vec::new();
    for (message, receipt) in receipts {
        outbox.push_message(message);
        views.push(receipt);
    }
    assert_eq!(sent(&mut outbox).len(), 4);
    outbox.acknowledged(2);
    assert!(outbox.lost().is_empty());
    let again: Vec<_> = sent(&mut outbox)
        .into_iter()
        .map(|(payload, _)| payload)
        .collect();
    assert_eq!(
        again,
        [texts[0], texts[2], texts[3]].map(|text| Bytes::from_static(text.as_bytes()))
    );
    assert!(views[1].is_done() && !views[0].is_done());
}

#[test]
fn qos_0_is_there_when_it_is_written_and_comes_again_when_it_was_not() {
    let mut outbox = outbox(Rate::unlimited());
    let (first, receipt) = message("x", Qos::AtMostOnce);
    outbox.push_message(first);
    assert_eq!(sent(&mut outbox).len(), 1);
    let _ = outbox.lost();
    assert_eq!(sent(&mut outbox).len(), 1);
    assert!(!receipt.is_done());
    outbox.written();
    assert!(receipt.is_done());
    assert!(sent(&mut outbox).is_empty());
}

#[test]
fn an_acknowledgement_of_an_earlier_connection_changes_nothing() {
    let mut outbox = outbox(Rate::unlimited());
    let (whole, receipt) = photo(1, 3 * 4096, &numbers());
    outbox.push_photo(whole);
    assert_eq!(sent(&mut outbox).len(), 3);
    assert_eq!(
        outbox.lost(),
        [Restarted {
            restarts: 1,
            messages: 3
        }]
    );
    for id in 1..=3 {
        outbox.acknowledged(id);
    }
    assert_eq!(receipt.progress(), (0, 3), "nothing is on its way");
}

#[test]
fn when_it_ends_every_receipt_hears_why() {
    let mut outbox = outbox(Rate::unlimited());
    let (on_its_way, first) = message("x", Qos::AtLeastOnce);
    outbox.push_message(on_its_way);
    let _ = sent(&mut outbox);
    let (waits, second) = message("y", Qos::AtLeastOnce);
    outbox.push_message(waits);
    let (whole, third) = photo(1, 100, &numbers());
    outbox.push_photo(whole);
    outbox.fail(&Error::new(ErrorKind::Refused, "no"));
    for receipt in [first, second, third] {
        assert_eq!(receipt.blocking_wait(NOW).unwrap_err().kind(), ErrorKind::Refused);
    }
}

#[test]
fn the_rate_holds_chunks_back_and_lets_a_reply_pass() {
    let mut outbox = outbox(Rate::within(Some(10), None));
    outbox.push_photo(photo(1, 100 * 4096, &numbers()).0);
    let _ = sent(&mut outbox);
    assert!(matches!(outbox.next(NOW), Next::Wait(wait) if !wait.is_zero()));
    outbox.push_reply(message("reply", Qos::AtLeastOnce).0);
    assert_eq!(sent(&mut outbox)[0].0, "reply");
}

#[test]
fn what_waits_is_counted_and_given_back() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let large = Charge::take(&waiting, 1000, 10).expect("one thing alone may be larger");
    assert!(Charge::take(&waiting, 1, 10).is_none());
    drop(large);
    let _kept = Charge::take(&waiting, 10, 10).unwrap();
    assert!(Charge::take(&waiting, usize::MAX, usize::MAX).is_none());
    assert!(Charge::take(&waiting, 0, 10).is_some());
}
