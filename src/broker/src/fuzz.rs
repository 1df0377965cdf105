//! The way of bytes from the socket to the events, without a socket: for the property test of the gate and
//! the fuzz target.

use crate::frame::Frames;
use crate::gate::{Gate, Phase, gate};
use crate::protocol::{Event, Protocol};

/// Cuts `stream` into packets, shows each to the gate, and gives those that pass to the state machine, as a
/// connection does. Returns how many passed.
///
/// # Panics
///
/// When a packet that passed makes the state machine complain where the gate should have known better.
pub fn stream(stream: &[u8]) -> usize {
    let mut frames = Frames::new(4 << 10);
    let mut machine = Machine::new();
    let mut passed = 0;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return 0;
    };
    let mut input = stream;
    loop {
        match frames.next() {
            Ok(Some(packet)) => {
                let phase = if passed == 0 { Phase::First } else { Phase::Later };
                if gate(packet, phase) != Gate::Pass {
                    return passed;
                }
                passed += 1;
                assert!(machine.take(packet), "{packet:02x?}");
            }
            Ok(None) => match runtime.block_on(frames.fill(&mut input)) {
                Ok(n) if n > 0 => {}
                _ => return passed,
            },
            Err(_) => return passed,
        }
    }
}

/// Does the state machine take a packet that passed the gate?
#[cfg(test)]
pub(crate) fn machine_takes(packet: &[u8], phase: Phase) -> bool {
    let mut machine = Machine::new();
    if phase == Phase::Later {
        assert!(machine.take(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01c"));
    }
    machine.take(packet)
}

struct Machine {
    protocol: Protocol,
    out: Vec<u8>,
    events: Vec<Event>,
}

impl Machine {
    fn new() -> Self {
        Self {
            protocol: Protocol::new(),
            out: Vec::new(),
            events: Vec::new(),
        }
    }

    fn take(&mut self, packet: &[u8]) -> bool {
        self.protocol.receive(packet, &mut self.out, &mut self.events);
        // PUBREC and PUBCOMP answer what was never sent: well formed, and for the state machine to refuse.
        let answers_nothing = matches!(packet.first(), Some(0x50 | 0x70));
        let mut fine = true;
        for event in self.events.drain(..) {
            match event {
                Event::Error(_) => fine &= answers_nothing,
                Event::Connect(_) => self.protocol.connack(0, false, &mut self.out),
                _ => {}
            }
        }
        fine
    }
}
