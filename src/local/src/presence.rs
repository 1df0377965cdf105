//! Who is connected now.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use faceiot::DeviceId;

/// Counts connections per device. A take-over may report the new connection before the end of the old one; counted,
/// the device is online all the while.
#[derive(Default)]
pub(crate) struct Presence {
    online: Mutex<HashMap<DeviceId, Here>>,
}

struct Here {
    connections: u32,
    since_ms: u64,
}

impl Presence {
    /// Says whether the device was away until now.
    pub(crate) fn came(&self, device: &DeviceId, now_ms: u64) -> bool {
        let mut online = self.lock();
        let here = online.entry(device.clone()).or_insert(Here {
            connections: 0,
            since_ms: now_ms,
        });
        here.connections += 1;
        here.connections == 1
    }

    /// Says whether the device is away from now on.
    pub(crate) fn went(&self, device: &DeviceId) -> bool {
        let mut online = self.lock();
        let Some(here) = online.get_mut(device) else {
            return false;
        };
        here.connections = here.connections.saturating_sub(1);
        let away = here.connections == 0;
        if away {
            online.remove(device);
        }
        away
    }

    pub(crate) fn online_since(&self, device: &DeviceId) -> Option<u64> {
        self.lock().get(device).map(|here| here.since_ms)
    }

    pub(crate) fn devices(&self) -> Vec<DeviceId> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Here>> {
        self.online.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_over_is_no_absence() {
        let presence = Presence::default();
        let device = DeviceId::huawei("p_1").unwrap();
        assert!(presence.came(&device, 1));
        assert!(!presence.came(&device, 2), "the second connection takes over");
        assert!(!presence.went(&device), "the first one ends");
        assert_eq!(presence.online_since(&device), Some(1));
        assert!(presence.went(&device));
        assert!(!presence.went(&device));
        assert!(presence.devices().is_empty());
    }
}
