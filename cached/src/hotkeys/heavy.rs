//! The heaviest keys of a stream, in memory that has a bound.

use std::collections::HashMap;

/// Keys that are kept in any case if they are among so many.
const KEPT: usize = 512;

/// Weights of keys, after Misra and Gries: of a key with more than one part in `KEPT` of all, at
/// least what it has beyond that is known; of others perhaps nothing.
#[derive(Debug, Default)]
pub(super) struct Heavy {
    weights: HashMap<Box<[u8]>, u64>,
    total: u64,
}

impl Heavy {
    pub(super) fn add(&mut self, key: &[u8], weight: u64) {
        if weight == 0 {
            return;
        }
        self.total += weight;
        if let Some(sum) = self.weights.get_mut(key) {
            *sum += weight;
            return;
        }
        self.weights.insert(key.into(), weight);
        if self.weights.len() == 2 * KEPT {
            self.thin();
        }
    }

    /// The weight of all keys together.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The keys that are known, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.weights.iter().map(|(key, weight)| (&**key, *weight))
    }

    /// Takes as much off each as the lightest of those has that are to go: no key loses more
    /// than its share of what all lose.
    fn thin(&mut self) {
        let mut weights: Vec<_> = self.weights.values().copied().collect();
        let (_, cut, _) = weights.select_nth_unstable_by(KEPT, |a, b| b.cmp(a));
        let cut = *cut;
        self.weights.retain(|_, weight| {
            *weight = weight.saturating_sub(cut);
            *weight > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(heavy: &Heavy, wanted: &[u8]) -> u64 {
        let found = heavy.keys().find(|(key, _)| *key == wanted);
        found.map_or(0, |(_, weight)| weight)
    }

    #[test]
    fn a_heavy_key_would_be_pushed_out_by_many_light_ones() {
        let mut heavy = Heavy::default();
        for number in 0..100_000_u32 {
            heavy.add(&number.to_be_bytes(), 1);
            if number % 20 == 0 {
                heavy.add(b"heavy", 1);
            }
        }
        assert_eq!(heavy.total(), 105_000);
        let known = weight(&heavy, b"heavy");
        let lost = heavy.total() / KEPT as u64;
        assert!((5000 - lost..=5000).contains(&known), "{known}");
    }

    #[test]
    fn ever_new_keys_would_take_memory_without_bound() {
        let mut heavy = Heavy::default();
        for number in 0..100_000_u32 {
            heavy.add(&number.to_be_bytes(), u64::from(number % 7 + 1));
            assert!(heavy.keys().count() < 2 * KEPT);
        }
    }

    #[test]
    fn few_keys_would_not_be_known_exactly() {
        let mut heavy = Heavy::default();
        for number in 0..5000_u32 {
            heavy.add(&(number % KEPT as u32).to_be_bytes(), 3);
        }
        assert_eq!(weight(&heavy, &0_u32.to_be_bytes()), 30);
        assert_eq!(weight(&heavy, &511_u32.to_be_bytes()), 27);
    }
}
