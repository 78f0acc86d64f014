//! What must be found under each key, so that a hit can be checked.
//!
//! With `--verify` each key belongs to one connection, and a server answers
//! one connection in order: so whoever reads a key knows exactly which version
//! it must have, unless it is gone.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::item::{Items, Stamp};

/// What is known of a key: `version << 1 | absent`. Version 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(u32);

impl State {
    fn version(self) -> u32 {
        self.0 >> 1
    }

    fn is_absent(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The states of all keys, through all phases of a load.
pub(super) struct Ledger {
    items: Items,
    begun: Instant,
    /// Written by the one connection that owns the key; atomic, because the
    /// connections of a thread change from phase to phase.
    states: Vec<AtomicU32>,
}

impl Ledger {
    pub(super) fn new(seed: u64, keys: u32) -> Self {
        Self {
            items: Items::new(seed),
            begun: Instant::now(),
            states: (0..keys).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    /// A key that was not written in this load may have any version.
    pub(super) fn state(&self, key: u32) -> State {
        let known = self.states.get(key as usize);
        known.map_or(State::default(), |state| {
            State(state.load(Ordering::Relaxed))
        })
    }

    fn set_state(&self, key: u32, state: State) {
        if let Some(known) = self.states.get(key as usize) {
            known.store(state.0, Ordering::Relaxed);
        }
    }

    /// Appends the key's next value.
    pub(super) fn write(&self, key: u32, length: usize, out: &mut Vec<u8>) {
        let version = self.state(key).version() + 1;
        self.set_state(key, State(version << 1));
        let written_ms = self.begun.elapsed().as_millis() as u32;
        let stamp = Stamp {
            key,
            version,
            written_ms,
        };
        self.items.write_value(stamp, length, out);
    }

    /// The key is about to be deleted.
    pub(super) fn delete(&self, key: u32) {
        self.set_state(key, State(self.state(key).0 | 1));
    }

    /// The key was not found when it was in state `asked`: it must stay so
    /// until it is written again.
    pub(super) fn missed(&self, key: u32, asked: State) {
        if self.state(key) == asked {
            self.delete(key);
        }
    }

    /// A request for the key was lost, so that nobody knows whether it was done.
    pub(super) fn forget(&self, key: u32) {
        self.set_state(key, State::default());
    }

    /// Says what is wrong with a value that came for a key in state `asked`.
    pub(super) fn check(&self, key: u32, asked: State, value: &[u8]) -> Result<(), String> {
        let stamp = self
            .items
            .read_value(value)
            .map_err(|why| format!("the value of key {key}: {why}"))?;
        if stamp.key != key {
            return Err(format!(
                "the value of key {key} was written for key {}",
                stamp.key
            ));
        }
        if asked.is_absent() {
            return Err(format!(
                "key {key} came back with version {}",
                stamp.version
            ));
        }
        if asked.version() != 0 && asked.version() != stamp.version {
            return Err(format!(
                "key {key} has version {}, the last was {}",
                stamp.version,
                asked.version()
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_or_foreign_value_would_pass() {
        let ledger = Ledger::new(1, 10);
        let mut values = [Vec::new(), Vec::new(), Vec::new()];
        ledger.write(3, 100, &mut values[0]);
        ledger.write(3, 100, &mut values[1]);
        ledger.write(4, 100, &mut values[2]);
        let asked = ledger.state(3);
        assert!(ledger.check(3, asked, &values[0]).is_err(), "stale");
        assert!(ledger.check(3, asked, &values[1]).is_ok());
        assert!(ledger.check(3, asked, &values[2]).is_err(), "another key's");
        ledger.delete(3);
        let asked = ledger.state(3);
        assert!(ledger.check(3, asked, &values[1]).is_err(), "deleted");
    }

    #[test]
    fn a_value_could_come_back_after_a_miss() {
        let ledger = Ledger::new(1, 10);
        let mut value = Vec::new();
        ledger.write(3, 100, &mut value);
        ledger.missed(3, ledger.state(3));
        assert!(ledger.check(3, ledger.state(3), &value).is_err());
    }

    #[test]
    fn a_miss_would_hide_what_was_written_meanwhile() {
        let ledger = Ledger::new(1, 10);
        let before = ledger.state(3);
        let mut value = Vec::new();
        ledger.write(3, 100, &mut value);
        ledger.missed(3, before);
        assert!(ledger.check(3, ledger.state(3), &value).is_ok());
    }

    #[test]
    fn values_of_an_earlier_load_would_be_refused() {
        let mut value = Vec::new();
        Ledger::new(1, 10).write(3, 100, &mut value);
        let ledger = Ledger::new(1, 10);
        assert!(ledger.check(3, ledger.state(3), &value).is_ok());
    }
}
