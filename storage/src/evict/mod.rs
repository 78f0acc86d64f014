//! Eviction policies: which sealed segment makes room when nothing has expired or died, and which of its items stay.
//!
//! | policy | victim | its items |
//! |---|---|---|
//! | none   | - | - |
//! | random | any | dropped |
//! | fifo   | sealed first | dropped |
//! | cte    | closest to expiration | dropped |
//! | util   | fewest live bytes | dropped |
//! | merge  | sealed first | the more valuable half stays (see [`worth`]) |
//! | s3fifo | sealed first, in one of two queues (see [`s3fifo`]) | the more valuable half stays |

pub(crate) mod candidates;
pub(crate) mod ghosts;
mod random;
mod s3fifo;
pub(crate) mod worth;

/// What makes room when nothing is expired or dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// Nothing: storing fails when the memory is full.
    None,
    /// Any segment.
    Random,
    /// The segment that was sealed first.
    Fifo,
    /// The segment closest to its expiration; of those that never expire, the one that was sealed first.
    Cte,
    /// The segment with the fewest bytes alive.
    Util,
    /// The segment that was sealed first, but its items that were asked for most often for their size stay (after
    /// Segcache, NSDI'21).
    Merge,
    /// As merge, with new items in a small queue of their own until they have proven themselves, and a memory of those
    /// that left it too early (after S3-FIFO, SOSP'23).
    #[default]
    S3Fifo,
}

impl Eviction {
    /// Every policy, in the order of the manual.
    pub const ALL: [Eviction; 7] = [
        Eviction::None,
        Eviction::Random,
        Eviction::Fifo,
        Eviction::Cte,
        Eviction::Util,
        Eviction::Merge,
        Eviction::S3Fifo,
    ];

    /// The names that [`Eviction::from_name`] knows.
    pub const NAMES: &'static [&'static str] =
        &["none", "random", "fifo", "cte", "util", "merge", "s3fifo"];

    /// The policy's name in options and statistics.
    pub fn name(self) -> &'static str {
        Eviction::NAMES[self as usize]
    }

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<Eviction> {
        let mut all = Eviction::ALL.into_iter();
        all.find(|policy| policy.name() == name)
    }

    /// Whether it keeps the more valuable of an evicted segment's items.
    pub(crate) fn is_choosy(self) -> bool {
        matches!(self, Eviction::Merge | Eviction::S3Fifo)
    }
}

#[cfg(all(test, not(loom), not(miri)))]
mod store_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for policy in Eviction::ALL {
            assert_eq!(Eviction::from_name(policy.name()), Some(policy));
        }
        assert_eq!(Eviction::from_name("lru"), None);
    }
}
