//! A v2 photo that is interrupted, or delivered twice, makes one row.

use super::*;

const FRAME: u32 = 7;

/// Time runs in these tests: a chunk comes now.
fn now() -> u64 {
    faceiot::Clock::system().now_unix_ms()
}

fn sent(photo: &[u8], again: bool) -> Vec<Vec<u8>> {
    let options = v2_format::Options {
        epoch: 3,
        frame_id: FRAME,
        retransmit: again,
        ..v2_format::Options::default()
    };
    v2_chunks_with(photo, options)
}

fn hasty() -> Limits {
    Limits {
        idle: Duration::from_millis(50),
        ..Limits::default()
    }
}

impl Bench {
    async fn deliver(&self, values: &[Vec<u8>]) {
        for value in values {
            let ticket = self
                .store
                .accept(&device("gate"), Carrier::V2Raw(value), 1, now());
            timely(ticket.durable()).await.unwrap();
        }
    }

    /// Killed, opened again and closed, so that all the journal holds has been looked at: the rows.
    async fn rows_after_a_kill(&self) -> Vec<PhotoRow> {
        let again = self.killed().await;
        again.store.close().await;
        again.rows().await
    }

    /// Sends the first half and waits until it was given up and has its row.
    async fn given_up(&self, values: &[Vec<u8>]) -> PhotoRow {
        let before = self.rows().await.len();
        self.deliver(values).await;
        let row = self.rows_when(before + 1).await.pop().unwrap();
        assert!(
            row.problem.as_deref().unwrap().starts_with("nothing more came"),
            "{row:?}"
        );
        row
    }
}

#[track_caller]
fn once_and_whole(rows: &[PhotoRow]) {
    let [row] = rows else {
        panic!("not one row: {rows:?}")
    };
    assert_eq!(
        (row.sha256.as_str(), row.problem.as_deref(), row.verified.as_str()),
        (sum(CHELSEA).as_str(), None, "crc")
    );
}

#[tokio::test]
async fn a_photo_of_which_only_the_last_acknowledgement_is_lost_makes_one_row() {
    let bench = Bench::new().await;
    bench.deliver(&sent(CHELSEA, false)).await;
    let first = bench.rows_when(1).await;
    bench.deliver(&sent(CHELSEA, true)).await;
    assert_eq!(bench.rows_after_a_kill().await, first);
    bench.store.close().await;
    assert_eq!(bench.rows().await, first);
    once_and_whole(&first);
}

#[tokio::test]
async fn a_whole_photo_that_comes_again_when_its_frame_is_forgotten_makes_one_row() {
    let bench = Bench::with(hasty()).await;
    bench.deliver(&sent(CHELSEA, false)).await;
    let first = bench.rows_when(1).await;
    // Only a part, and later than a finished frame is remembered: a frame that is open, given up, and no row.
    let again = sent(CHELSEA, true);
    until(async || {
        bench.deliver(&again[..1]).await;
        (bench.store.stats().open > 0).then_some(())
    })
    .await;
    until(async || (bench.store.stats().broken > 0).then_some(())).await;
    bench.deliver(&again).await;
    bench.store.close().await;
    assert_eq!(bench.rows().await, first);
    assert_eq!(bench.rows_after_a_kill().await, first);
}

#[tokio::test]
async fn a_photo_that_was_given_up_and_is_sent_again_keeps_one_row_and_is_told_again() {
    let bench = Bench::with(hasty()).await;
    let mut events = bench.store.subscribe();
    let broken = bench.given_up(&sent(CHELSEA, false)[..3]).await;
    bench.deliver(&sent(CHELSEA, true)).await;
    let whole = until(async || bench.rows().await.into_iter().find(|row| row.problem.is_none())).await;
    once_and_whole(&bench.rows().await);
    assert!(whole.id > broken.id, "who follows the ids sees it");
    for row in [broken, whole] {
        let Event::Photo(told) = timely(events.recv()).await.unwrap() else {
            panic!("not a photo")
        };
        assert_eq!(told, row);
    }
    once_and_whole(&bench.rows_after_a_kill().await);
}

#[tokio::test]
async fn a_kill_after_it_was_given_up_or_while_it_is_sent_again_changes_nothing() {
    let bench = Bench::with(hasty()).await;
    bench.given_up(&sent(CHELSEA, false)[..4]).await;
    let again = sent(CHELSEA, true);
    let killed = bench.killed().await; // remembers for 30 s what was given up
    killed.deliver(&again[..2]).await;
    let twice = killed.killed().await;
    twice.deliver(&again[2..]).await;
    let whole = until(async || twice.rows().await.into_iter().find(|row| row.problem.is_none())).await;
    once_and_whole(&twice.rows().await);
    once_and_whole(&twice.rows_after_a_kill().await);
    assert_eq!(whole.size, CHELSEA.len() as u64);
}

#[tokio::test]
async fn a_photo_that_is_given_up_twice_keeps_the_row_of_what_came_most() {
    let bench = Bench::with(hasty()).await;
    let most = bench.given_up(&sent(CHELSEA, false)[..4]).await;
    bench.deliver(&sent(CHELSEA, true)[..2]).await;
    until(async || (bench.store.stats().broken == 2).then_some(())).await;
    bench.store.close().await;
    assert_eq!(bench.rows().await, [most]);
}

#[tokio::test]
async fn the_same_photo_sent_twice_makes_two_rows_though_one_of_them_was_interrupted() {
    let bench = Bench::new().await;
    bench.deliver(&sent(CHELSEA, false)[..3]).await;
    bench.deliver(&sent(CHELSEA, true)).await;
    bench.deliver(&v2_chunks(CHELSEA, FRAME + 1)).await;
    let rows = bench.rows_when(2).await;
    once_and_whole(&rows[..1]);
    once_and_whole(&rows[1..]);
    assert_eq!(bench.rows_after_a_kill().await, rows);
}
