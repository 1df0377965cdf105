//! Which cameras there are.

use std::path::{Path, PathBuf};

use super::device::Device;
use super::identity::Identity;
use super::modes::{self, Offer, Sizes};
use super::node::Node;
use super::problem;
use crate::error::Result;
use crate::{Found, Mode};

/// Every `/dev/videoN` in the order of its number, usable or not; opening them disturbs no stream of another program.
pub fn list() -> Vec<Found> {
    nodes().iter().map(|path| look(path)).collect()
}

fn nodes() -> Vec<PathBuf> {
    let mut paths: Vec<(u32, PathBuf)> = std::fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix("video")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    paths.sort();
    paths.into_iter().map(|(_, path)| path).collect()
}

fn look(path: &Path) -> Found {
    let mut found = Found {
        spec: format!("v4l2:{}", path.display()),
        name: String::new(),
        driver: String::new(),
        modes: Vec::new(),
        usable: false,
        why: String::new(),
    };
    let node = Node::open(path).map_err(|error| problem::opening(path, &error));
    let looked = node.and_then(|mut node| describe(&mut node, path, &mut found));
    if let Err(error) = looked {
        found.why = error.message;
    }
    found
}

/// Fills in what a device tells.
pub(super) fn describe(device: &mut dyn Device, path: &Path, found: &mut Found) -> Result<()> {
    let identity = Identity::of(device, path)?;
    found.name.clone_from(&identity.card);
    found.driver.clone_from(&identity.driver);
    if let Some(obstacle) = identity.obstacle() {
        found.why = obstacle;
        return Ok(());
    }
    let asking = |error| problem::failed(path, "asking for its formats", &error);
    let offers = modes::offers(device).map_err(asking)?;
    let readable: Vec<&Offer> = offers
        .iter()
        .filter(|offer| offer.fourcc.encoding().is_some())
        .collect();
    if readable.is_empty() {
        found.why = Identity::nothing_readable(&offers);
        return Ok(());
    }
    let names: Vec<String> = readable.iter().map(|offer| offer.fourcc.to_string()).collect();
    for offer in readable {
        let mut sizes: Vec<(u32, u32)> = offer.sizes.iter().flat_map(Sizes::examples).collect();
        sizes.sort_unstable();
        sizes.dedup();
        for (width, height) in sizes {
            found.modes.push(Mode {
                width,
                height,
                format: offer.fourcc.to_string(),
                fps: modes::fastest(device, offer.fourcc, width, height).map_err(asking)?,
            });
        }
    }
    found.usable = true;
    found.why = format!("gives {}", names.join(", "));
    Ok(())
}

impl Sizes {
    /// A single size as it is; of a range the usual sizes within, and its largest.
    fn examples(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let (width, height) = (self.width, self.height);
        let usual = USUAL
            .iter()
            .copied()
            .filter(move |(x, y)| width.has(*x) && height.has(*y));
        usual.chain([(width.fit(u32::MAX), height.fit(u32::MAX))])
    }
}

/// Sizes that cameras have had; shown of drivers that offer every size within limits.
const USUAL: &[(u32, u32)] = &[(320, 240), (640, 480), (720, 480), (1280, 720), (1920, 1080)];
