//! Eviction policies: each names the next victim among the sealed segments.

use std::collections::BTreeSet;

/// What makes room when nothing is expired or dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// Nothing: storing fails when the memory is full.
    None,
    /// The segment that was sealed first.
    #[default]
    Fifo,
}

impl Eviction {
    /// Every policy, in the order of the manual.
    pub const ALL: [Eviction; 2] = [Eviction::None, Eviction::Fifo];

    /// The names that [`Eviction::from_name`] knows.
    pub const NAMES: &'static [&'static str] = &["none", "fifo"];

    /// The policy's name in options and statistics.
    pub fn name(self) -> &'static str {
        Eviction::NAMES[self as usize]
    }

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<Eviction> {
        Eviction::ALL
            .into_iter()
            .find(|policy| policy.name() == name)
    }

    /// The next victim; `by_age` holds the sealed segments, oldest first.
    pub(crate) fn victim(self, by_age: &BTreeSet<(u64, u64, u32)>) -> Option<u32> {
        match self {
            Eviction::None => None,
            Eviction::Fifo => by_age.first().map(|&(.., segment)| segment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifo_takes_the_oldest_and_none_takes_nothing() {
        let by_age = BTreeSet::from([(1, 7, 1), (1, 3, 9), (1, 5, 0)]);
        assert_eq!(Eviction::Fifo.victim(&by_age), Some(9));
        assert_eq!(Eviction::None.victim(&by_age), None);
    }

    #[test]
    fn names_go_both_ways() {
        for policy in Eviction::ALL {
            assert_eq!(Eviction::from_name(policy.name()), Some(policy));
        }
        assert_eq!(Eviction::from_name("lru"), None);
    }
}
