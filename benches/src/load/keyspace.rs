//! What follows from a key's number: its bytes, and what is stored under it.

use crate::Scenario;
use crate::wire::Key;

/// Values begin at one of so many places of the filler, so that two keys'
/// values differ.
pub(super) const FILLER_OFFSETS: usize = 4096;

/// The keys of a scenario.
#[derive(Clone, Copy)]
pub(super) struct Keyspace<'s> {
    scenario: &'s Scenario,
}

impl<'s> Keyspace<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Self {
        Self { scenario }
    }

    #[inline]
    pub(super) fn key(self, number: u32) -> Key {
        let length = self.scenario.key_size.pick(self.property(number, 0));
        Key { number, length }
    }

    pub(super) fn value_length(self, number: u32) -> usize {
        self.scenario.value_size.pick(self.property(number, 1)) as usize
    }

    /// Lifetime in seconds, 0 for none.
    pub(super) fn ttl(self, number: u32) -> u32 {
        self.scenario.ttl.pick(self.property(number, 2))
    }

    pub(super) fn filler_offset(self, number: u32) -> usize {
        self.property(number, 3) as usize % FILLER_OFFSETS
    }

    /// A random number that stays the same for a key.
    #[inline]
    fn property(self, number: u32, what: u64) -> u64 {
        mix(self.scenario.seed ^ (u64::from(number) << 2 | what))
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014).
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
