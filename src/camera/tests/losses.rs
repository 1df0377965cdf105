//! How much of what can go wrong with unnumbered chunks does the check see?
//!
//! Four photographs are cut into `hex` chunks of 400 octets, and one chunk is lost, doubled, or swapped with another.
//! A progressive photo is counted apart: it hides some losses (`faceiot_camera::jpeg` says why).
//! `cargo test -p faceiot-camera --test losses -- --nocapture` prints the rates.

use std::collections::BTreeSet;

use faceiot_camera::jpeg::{Verified, check};

/// Octets of a photo in one `hex` chunk.
const CHUNK: usize = 400;

const PHOTOS: [(&str, &[u8]); 4] = [
    ("astronaut", include_bytes!("../../../tests/photos/astronaut.jpg")),
    ("camera", include_bytes!("../../../tests/photos/camera.jpg")),
    ("chelsea", include_bytes!("../../../tests/photos/chelsea.jpg")),
    ("coffee", include_bytes!("../../../tests/photos/coffee.jpg")),
];

/// A small generator with a fixed start: the same thousand accidents on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[derive(Default, Debug)]
struct Rate {
    caught: usize,
    of: usize,
}

impl Rate {
    fn count(&mut self, photo: &[u8]) -> bool {
        let caught = check(photo).verified != Verified::Entropy;
        self.of += 1;
        self.caught += usize::from(caught);
        caught
    }

    fn percent(&self) -> usize {
        self.caught * 100 / self.of
    }
}

#[test]
fn a_thousand_accidents_every_loss_and_doubling_is_caught_and_most_swaps() {
    let mut random = Random(2_026);
    let (mut lost, mut doubled, mut swapped) = (Rate::default(), Rate::default(), Rate::default());
    for accident in 0..1_000 {
        let (name, photo) = PHOTOS[accident % PHOTOS.len()];
        let mut chunks: Vec<&[u8]> = photo.chunks(CHUNK).collect();
        let a = random.below(chunks.len());
        match accident / PHOTOS.len() % 3 {
            0 => {
                chunks.remove(a);
                assert!(
                    lost.count(&chunks.concat()),
                    "{name}: chunk {a} lost and nobody saw it"
                );
            }
            1 => {
                chunks.insert(a, chunks[a]);
                assert!(
                    doubled.count(&chunks.concat()),
                    "{name}: chunk {a} doubled and nobody saw it"
                );
            }
            _ => {
                let b = (a + 1 + random.below(chunks.len() - 1)) % chunks.len();
                chunks.swap(a, b);
                swapped.count(&chunks.concat());
            }
        }
    }
    assert_eq!(lost.of + doubled.of + swapped.of, 1_000);
    for (what, rate) in [("lost", &lost), ("doubled", &doubled), ("swapped", &swapped)] {
        println!(
            "one chunk {what}: {} of {} caught ({} %)",
            rate.caught,
            rate.of,
            rate.percent()
        );
    }
    assert!(
        (60..=99).contains(&swapped.percent()),
        "{swapped:?}: the documentation promises about 80 %"
    );
}

#[test]
fn every_single_loss_and_every_single_doubling_is_caught() {
    for (name, photo) in PHOTOS {
        let chunks: Vec<&[u8]> = photo.chunks(CHUNK).collect();
        for at in 0..chunks.len() {
            let mut lost = chunks.clone();
            lost.remove(at);
            assert_ne!(
                check(&lost.concat()).verified,
                Verified::Entropy,
                "{name}: chunk {at} lost"
            );
            let mut doubled = chunks.clone();
            doubled.insert(at, chunks[at]);
            assert_ne!(
                check(&doubled.concat()).verified,
                Verified::Entropy,
                "{name}: chunk {at} doubled"
            );
        }
    }
}

#[test]
fn a_progressive_photo_hides_some_losses() {
    let photo: &[u8] = include_bytes!("../../../tests/photos/rocket.jpg");
    let (mut lost, mut doubled) = (Rate::default(), Rate::default());
    let chunks: Vec<&[u8]> = photo.chunks(CHUNK).collect();
    for at in 0..chunks.len() {
        let mut damaged = chunks.clone();
        damaged.remove(at);
        lost.count(&damaged.concat());
        damaged = chunks.clone();
        damaged.insert(at, chunks[at]);
        doubled.count(&damaged.concat());
    }
    println!(
        "progressive: {} % of losses caught, {} % of doublings",
        lost.percent(),
        doubled.percent()
    );
    assert!(
        (50..=99).contains(&lost.percent()),
        "{lost:?}: the documentation promises 70 to 85 %"
    );
    assert!(doubled.percent() >= 90, "{doubled:?}");
}

#[test]
fn looking_for_soi_and_eoi_alone_sees_next_to_nothing() {
    // Why the check exists: the first and the last octets are right in almost every damaged photo.
    let pass: BTreeSet<&str> = PHOTOS
        .iter()
        .filter(|(_, photo)| {
            let mut chunks: Vec<&[u8]> = photo.chunks(CHUNK).collect();
            chunks.remove(chunks.len() / 2);
            let damaged = chunks.concat();
            damaged.starts_with(&[0xff, 0xd8, 0xff]) && damaged.ends_with(&[0xff, 0xd9])
        })
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(pass.len(), PHOTOS.len());
}
