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

pub(crate) mod ghosts;
mod policy;
mod random;
mod s3fifo;
mod util;
pub(crate) mod worth;

pub(crate) use policy::{Policy, Sealed};
use random::Random;
use s3fifo::S3Fifo;
use util::LeastUtilised;

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

    /// The policy's own view of the sealed segments, none so far.
    pub(crate) fn policy(self, segments: u32) -> Box<dyn Policy> {
        match self {
            Eviction::None => Box::new(|_: &Sealed| None),
            Eviction::Random => Box::new(Random::new(segments)),
            Eviction::Fifo | Eviction::Merge => Box::new(|sealed: &Sealed| sealed.oldest),
            Eviction::Cte => Box::new(|sealed: &Sealed| sealed.soonest.or(sealed.oldest)),
            Eviction::Util => Box::new(LeastUtilised::new(segments)),
            Eviction::S3Fifo => Box::new(S3Fifo::new(segments)),
        }
    }
}

#[cfg(all(test, not(loom), not(miri)))]
mod store_tests;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Seconds;

    #[test]
    fn names_go_both_ways() {
        for policy in Eviction::ALL {
            assert_eq!(Eviction::from_name(policy.name()), Some(policy));
        }
        assert_eq!(Eviction::from_name("lru"), None);
    }

    /// Whatever enters and leaves, a victim is one of those that are there, and there is one while any is.
    #[test]
    fn no_policy_names_a_segment_that_has_left() {
        const SEGMENTS: u32 = 50;
        let rounds = if cfg!(miri) { 80 } else { 20_000 };
        for eviction in Eviction::ALL {
            let mut policy = eviction.policy(SEGMENTS);
            let (mut by_age, mut deadlines) = (BTreeSet::new(), BTreeSet::new());
            let mut there: Vec<(u64, u32, Seconds)> = Vec::new();
            let mut random = 1_u64;
            for sequence in 1..rounds {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let draw = (random >> 33) as u32;
                let segment = draw % SEGMENTS;
                if let Some(at) = there.iter().position(|&(_, s, _)| s == segment) {
                    if draw & 0x100 == 0 {
                        policy.shrink(segment, draw >> 16);
                        continue;
                    }
                    let (sequence, _, deadline) = there.swap_remove(at);
                    by_age.remove(&(sequence, segment));
                    deadlines.remove(&(deadline, segment));
                    policy.leave(segment);
                } else {
                    let deadline = draw % 3;
                    there.push((sequence, segment, deadline));
                    by_age.insert((sequence, segment));
                    if deadline != 0 {
                        deadlines.insert((deadline, segment));
                    }
                    policy.enter(segment, 1, draw & 0x200 == 0);
                    policy.shrink(segment, 1 + (draw >> 8));
                }
                let sealed = Sealed {
                    oldest: by_age.first().map(|&(_, segment)| segment),
                    soonest: deadlines.first().map(|&(_, segment)| segment),
                };
                let victim = policy.victim(&sealed);
                if eviction == Eviction::None {
                    assert_eq!(victim, None);
                } else {
                    let is_there = victim.map(|victim| there.iter().any(|&(_, s, _)| s == victim));
                    assert_eq!(
                        is_there,
                        (!there.is_empty()).then_some(true),
                        "{eviction:?}"
                    );
                }
            }
        }
    }

    fn victim(eviction: Eviction, oldest: Option<u32>, soonest: Option<u32>) -> Option<u32> {
        eviction.policy(10).victim(&Sealed { oldest, soonest })
    }

    #[test]
    fn fifo_would_take_a_younger_one() {
        assert_eq!(victim(Eviction::Fifo, Some(9), Some(1)), Some(9));
    }

    #[test]
    fn cte_would_take_what_lives_longer_or_nothing_at_all() {
        assert_eq!(victim(Eviction::Cte, Some(4), Some(5)), Some(5));
        assert_eq!(victim(Eviction::Cte, Some(4), None), Some(4));
    }
}
