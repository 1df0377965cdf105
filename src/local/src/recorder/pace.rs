//! How many lines a second may a device add to its log?
//!
//! A device that sends nothing but rubbish earns a line for each message. So many of them say nothing more than the first
//! few, and would cost a transaction, a row and a line of the program's log each: the rest is counted, and the next
//! line that passes is preceded by one that says how many there were.

use std::collections::HashMap;

/// The lines of every device in the second that runs.
#[derive(Debug)]
pub(super) struct Pace {
    most: u32,
    devices: HashMap<Option<String>, Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    second: u64,
    passed: u32,
    left_out: u64,
}

impl Pace {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            devices: HashMap::new(),
        }
    }

    /// Whether a line of this device (`None`: of strangers) may pass now; if so, how many did not since the last that
    /// did.
    pub(super) fn pass(&mut self, device: Option<&str>, now_ms: u64) -> Option<u64> {
        if self.devices.len() >= DEVICES {
            self.devices.clear();
        }
        let lines = self.devices.entry(device.map(ToOwned::to_owned)).or_default();
        let second = now_ms / 1000;
        if lines.second != second {
            lines.second = second;
            lines.passed = 0;
        }
        if lines.passed >= self.most {
            lines.left_out += 1;
            return None;
        }
        lines.passed += 1;
        Some(std::mem::take(&mut lines.left_out))
    }
}

/// Far more than one local cloud has; beyond, a device begins its second anew.
const DEVICES: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_a_second_pass_and_the_rest_is_counted() {
        let mut pace = Pace::new(2);
        let door = Some("huawei:p_door");
        assert_eq!(
            [0, 400, 800, 999].map(|ms| pace.pass(door, ms)),
            [Some(0), Some(0), None, None]
        );
        assert_eq!(pace.pass(None, 999), Some(0), "strangers have their own count");
        assert_eq!(
            [1000, 1001, 1002].map(|ms| pace.pass(door, ms)),
            [Some(2), Some(0), None]
        );
        assert_eq!(
            pace.pass(door, 500),
            Some(1),
            "a clock that is set back silences nobody"
        );
    }
}
