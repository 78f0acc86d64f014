//! The policies that drop a victim whole, and the plain order that `merge` takes its victims in.

use std::collections::BTreeSet;

use super::{Policy, Sealed};
use crate::segment::seal::Seal;

/// none
pub(super) struct Nothing;

impl Policy for Nothing {
    fn victim(&mut self, _sealed: &Sealed<'_>) -> Option<u32> {
        None
    }
}

/// fifo and merge: sealed first.
pub(super) struct Oldest;

impl Policy for Oldest {
    fn victim(&mut self, sealed: &Sealed<'_>) -> Option<u32> {
        sealed.by_age.first().map(|&(.., segment)| segment)
    }
}

/// cte
pub(super) struct ClosestToExpiration;

impl Policy for ClosestToExpiration {
    fn victim(&mut self, sealed: &Sealed<'_>) -> Option<u32> {
        match sealed.deadlines.first() {
            Some(&(_, segment)) => Some(segment),
            None => Oldest.victim(sealed),
        }
    }
}

/// random
pub(super) struct Random {
    there: Vec<u32>,
    /// Where in `there` each segment is.
    places: Box<[u32]>,
    state: u32,
}

impl Random {
    pub(super) fn new(segments: u32) -> Random {
        Random {
            there: Vec::with_capacity(segments as usize),
            places: vec![0; segments as usize].into(),
            state: 1,
        }
    }
}

impl Policy for Random {
    fn enter(&mut self, segment: u32, _count: u32, _seal: &Seal) {
        self.places[segment as usize] = self.there.len() as u32;
        self.there.push(segment);
    }

    fn leave(&mut self, segment: u32) {
        let place = self.places[segment as usize] as usize;
        self.there.swap_remove(place);
        if let Some(&moved) = self.there.get(place) {
            self.places[moved as usize] = place as u32;
        }
    }

    fn victim(&mut self, _sealed: &Sealed<'_>) -> Option<u32> {
        // xorshift32 (Marsaglia, 2003)
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let at = (u64::from(self.state) * self.there.len() as u64) >> 32;
        self.there.get(at as usize).copied()
    }
}

/// util
pub(super) struct LeastUtilised {
    by_live: BTreeSet<(u32, u32)>,
    /// Bytes alive in each segment, when it was last told.
    live: Box<[u32]>,
}

impl LeastUtilised {
    pub(super) fn new(segments: u32) -> LeastUtilised {
        LeastUtilised {
            by_live: BTreeSet::new(),
            live: vec![0; segments as usize].into(),
        }
    }
}

impl Policy for LeastUtilised {
    fn enter(&mut self, segment: u32, _count: u32, seal: &Seal) {
        self.live[segment as usize] = seal.len;
        self.by_live.insert((seal.len, segment));
    }

    fn shrink(&mut self, segment: u32, live: u32) {
        self.leave(segment);
        self.live[segment as usize] = live;
        self.by_live.insert((live, segment));
    }

    fn leave(&mut self, segment: u32) {
        self.by_live.remove(&(self.live[segment as usize], segment));
    }

    fn victim(&mut self, _sealed: &Sealed<'_>) -> Option<u32> {
        self.by_live.first().map(|&(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seconds;

    fn victim(
        policy: &mut dyn Policy,
        by_age: &[(u64, u64, u32)],
        deadlines: &[(Seconds, u32)],
    ) -> Option<u32> {
        policy.victim(&Sealed {
            by_age: &by_age.iter().copied().collect(),
            deadlines: &deadlines.iter().copied().collect(),
        })
    }

    #[test]
    fn fifo_would_take_a_younger_one() {
        let by_age = [(1, 7, 1), (1, 3, 9), (1, 5, 0)];
        assert_eq!(victim(&mut Oldest, &by_age, &[]), Some(9));
    }

    #[test]
    fn cte_would_take_what_lives_longer_or_nothing_at_all() {
        let (by_age, mut cte) = ([(1, 1, 4), (1, 2, 5)], ClosestToExpiration);
        assert_eq!(victim(&mut cte, &by_age, &[(70, 4), (60, 5)]), Some(5));
        assert_eq!(victim(&mut cte, &by_age, &[]), Some(4));
    }

    #[test]
    fn util_would_not_see_what_has_died() {
        let mut util = LeastUtilised::new(3);
        for (segment, len) in [(0, 300), (1, 200), (2, 400)] {
            util.enter(
                segment,
                1,
                &Seal {
                    len,
                    ..Seal::default()
                },
            );
        }
        assert_eq!(victim(&mut util, &[], &[]), Some(1));
        util.shrink(2, 100);
        assert_eq!(victim(&mut util, &[], &[]), Some(2));
    }

    #[test]
    fn random_would_spare_a_segment_for_ever() {
        let mut random = Random::new(8);
        (0..8).for_each(|segment| random.enter(segment, 1, &Seal::default()));
        let drawn: BTreeSet<u32> = (0..400)
            .filter_map(|_| victim(&mut random, &[], &[]))
            .collect();
        assert_eq!(drawn.len(), 8);
    }
}
