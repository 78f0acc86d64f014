//! What must be found under each key, so that a hit can be checked.
//!
//! With `--verify` each key belongs to one connection, and a server answers
//! one connection in order: so whoever reads a key knows exactly which version
//! it must have, unless it is gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::keyspace::Keyspace;
use crate::Scenario;
use crate::item::{self, Items, Stamp};

/// How long after its end a value may still be read, beside the time that the
/// server takes to answer: its clock has whole seconds.
const EXPIRY_SLACK: Duration = Duration::from_secs(2);

/// The versions of a key that may come back, `oldest..=newest`.
///
/// ```text
/// oldest > newest    none: it was deleted, or missed
/// oldest = newest    the last that was written
/// oldest < newest    a write was lost with its connection; it may have been
///                    done, or be done still, after later ones
/// oldest = 0         any: an earlier load may have written it
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    oldest: u32,
    /// The last that was given out; it only grows.
    newest: u32,
}

impl State {
    fn is_uncertain(self) -> bool {
        self.oldest < self.newest
    }
}

/// The states of all keys, through all phases of a load.
pub(super) struct Ledger<'s> {
    keyspace: Keyspace<'s>,
    items: Items,
    begun: Instant,
    /// `oldest << 32 | newest`. Written by the one connection that owns the
    /// key; atomic, because the connections of a thread change from phase to phase.
    states: Vec<AtomicU64>,
    /// The longest that any answer took.
    slowest_ns: AtomicU64,
}

impl<'s> Ledger<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Self {
        Self {
            keyspace: Keyspace::new(scenario),
            items: Items::new(scenario.seed),
            begun: Instant::now(),
            states: (0..scenario.keys).map(|_| AtomicU64::new(0)).collect(),
            slowest_ns: AtomicU64::new(0),
        }
    }

    /// A key that was not written in this load may have any version.
    pub(super) fn state(&self, key: u32) -> State {
        let known = self.states.get(key as usize);
        known.map_or(State::default(), |state| {
            let state = state.load(Ordering::Relaxed);
            State {
                oldest: (state >> 32) as u32,
                newest: state as u32,
            }
        })
    }

    fn set_state(&self, key: u32, state: State) {
        if let Some(known) = self.states.get(key as usize) {
            let state = u64::from(state.oldest) << 32 | u64::from(state.newest);
            known.store(state, Ordering::Relaxed);
        }
    }

    /// Appends the key's next value.
    pub(super) fn write(&self, key: u32, length: usize, out: &mut Vec<u8>) {
        let before = self.state(key);
        let version = before.newest + 1;
        let oldest = if before.is_uncertain() {
            before.oldest
        } else {
            version
        };
        let newest = version;
        self.set_state(key, State { oldest, newest });
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
        let State { oldest, newest } = self.state(key);
        if oldest >= newest {
            let oldest = newest + 1;
            self.set_state(key, State { oldest, newest });
        }
    }

    /// The key was not found when it was in state `asked`: it must stay so
    /// until it is written again.
    pub(super) fn missed(&self, key: u32, asked: State) {
        if self.state(key) == asked {
            self.delete(key);
        }
    }

    /// A request for the key in state `before` was lost, so that nobody knows
    /// whether it was done. Told of all lost requests, the oldest first.
    pub(super) fn forget(&self, key: u32, before: State) {
        let now = self.state(key);
        if now == before || now.is_uncertain() {
            return;
        }
        let oldest = before.oldest.min(before.newest);
        self.set_state(key, State { oldest, ..now });
    }

    /// An answer took so long: what was stored meanwhile lives longer by it.
    pub(super) fn waited(&self, ns: u64) {
        if ns > self.slowest_ns.load(Ordering::Relaxed) {
            self.slowest_ns.fetch_max(ns, Ordering::Relaxed);
        }
    }

    /// Whether these are all the bytes of the key, not only its number.
    pub(super) fn is_key(&self, number: u32, bytes: &[u8]) -> bool {
        self.keyspace.key(number).is(bytes)
    }

    /// Says what is wrong with a value that came for a key in state `asked`.
    pub(super) fn check(
        &self,
        key: u32,
        asked: State,
        flags: u32,
        value: &[u8],
    ) -> Result<(), String> {
        let stamp = self
            .items
            .read_value(value)
            .map_err(|why| format!("the value of key {key}: {why}"))?;
        let version = stamp.version;
        if stamp.key != key {
            let written = stamp.key;
            return Err(format!(
                "the value of key {key} was written for key {written}"
            ));
        }
        if flags != item::flags(key) {
            return Err(format!(
                "key {key} has flags {flags}, not {}",
                item::flags(key)
            ));
        }
        let State { oldest, newest } = asked;
        if oldest > newest {
            return Err(format!("key {key} came back with version {version}"));
        }
        if oldest == 0 {
            return Ok(());
        }
        if !(oldest..=newest).contains(&version) {
            return Err(format!(
                "key {key} has version {version}, the last was {newest}"
            ));
        }
        if !asked.is_uncertain() {
            self.check_lifetime(key, stamp)?;
        }
        Ok(())
    }

    fn check_lifetime(&self, key: u32, stamp: Stamp) -> Result<(), String> {
        let ttl = self.keyspace.ttl(key);
        let written = Duration::from_millis(stamp.written_ms.into());
        let age = self.begun.elapsed().saturating_sub(written);
        let slowest = Duration::from_nanos(self.slowest_ns.load(Ordering::Relaxed));
        if ttl > 0 && age > Duration::from_secs(ttl.into()) + EXPIRY_SLACK + slowest {
            return Err(format!(
                "key {key} was there after {age:.1?}, its lifetime is {ttl} s"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weighted::Weighted;

    fn scenario() -> Scenario {
        Scenario {
            keys: 10,
            ..Scenario::default()
        }
    }

    fn written(ledger: &Ledger<'_>, key: u32) -> Vec<u8> {
        let mut value = Vec::new();
        ledger.write(key, 100, &mut value);
        value
    }

    /// Whether the value would be accepted if it were asked for now.
    fn passes(ledger: &Ledger<'_>, key: u32, value: &[u8]) -> bool {
        let asked = ledger.state(key);
        ledger.check(key, asked, item::flags(key), value).is_ok()
    }

    #[test]
    fn a_stale_or_foreign_value_would_pass() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let (first, second) = (written(&ledger, 3), written(&ledger, 3));
        let foreign = written(&ledger, 4);
        assert!(!passes(&ledger, 3, &first), "stale");
        assert!(passes(&ledger, 3, &second));
        assert!(!passes(&ledger, 3, &foreign), "another key's");
        ledger.delete(3);
        assert!(!passes(&ledger, 3, &second), "deleted");
    }

    #[test]
    fn other_flags_would_pass() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let value = written(&ledger, 3);
        let flags = item::flags(3) & 0xffff;
        assert!(ledger.check(3, ledger.state(3), flags, &value).is_err());
    }

    #[test]
    fn a_value_could_come_back_after_a_miss() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let value = written(&ledger, 3);
        ledger.missed(3, ledger.state(3));
        assert!(!passes(&ledger, 3, &value));
    }

    #[test]
    fn a_miss_would_hide_what_was_written_meanwhile() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let before = ledger.state(3);
        let value = written(&ledger, 3);
        ledger.missed(3, before);
        assert!(passes(&ledger, 3, &value));
    }

    #[test]
    fn values_of_an_earlier_load_would_be_refused() {
        let scenario = scenario();
        let value = written(&Ledger::new(&scenario), 3);
        assert!(passes(&Ledger::new(&scenario), 3, &value));
    }

    #[test]
    fn a_lost_write_would_let_older_values_pass_or_raise_a_false_alarm() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let old = written(&ledger, 3);
        let acknowledged = written(&ledger, 3);
        let before = ledger.state(3);
        let lost = written(&ledger, 3);
        ledger.forget(3, before);
        let later = written(&ledger, 3);
        assert!(!passes(&ledger, 3, &old));
        for value in [&acknowledged, &lost, &later] {
            assert!(passes(&ledger, 3, value), "it may have been done late");
        }
    }

    #[test]
    fn a_lost_get_would_make_a_key_uncertain_or_a_lost_delete_be_believed() {
        let scenario = scenario();
        let ledger = Ledger::new(&scenario);
        let (old, value) = (written(&ledger, 3), written(&ledger, 3));
        ledger.forget(3, ledger.state(3));
        assert!(!passes(&ledger, 3, &old) && passes(&ledger, 3, &value));
        let before = ledger.state(3);
        ledger.delete(3);
        ledger.forget(3, before);
        assert!(!passes(&ledger, 3, &old) && passes(&ledger, 3, &value));
    }

    #[test]
    fn a_value_would_outlive_its_lifetime() {
        let mut scenario = scenario();
        scenario.ttl = Weighted::fixed(60);
        let mut ledger = Ledger::new(&scenario);
        let value = written(&ledger, 3);
        let aged = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        ledger.begun = aged(61).unwrap();
        assert!(passes(&ledger, 3, &value));
        ledger.begun = aged(63).unwrap();
        assert!(!passes(&ledger, 3, &value));
        ledger.waited(5_000_000_000);
        assert!(passes(&ledger, 3, &value), "it may have been stored late");
    }
}
