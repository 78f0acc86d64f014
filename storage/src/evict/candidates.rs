//! The sealed segments, in every order that a policy chooses by.
//!
//! All orders are kept whatever the policy, which so remembers nothing of its own: any may follow any other between two
//! victims.

use super::Eviction;
use super::random::Draw;
use super::s3fifo::{Age, Queues};
use crate::Seconds;
use crate::order::Order;

/// What is known of a segment, or a span, when it is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed {
    pub(crate) age: Age,
    /// When the last of its items expires; 0: one of them never does.
    pub(crate) deadline: Seconds,
    /// Segments of the span.
    pub(crate) count: u32,
    /// Its items have proven themselves.
    pub(crate) main: bool,
}

/// The orders. All calls come under the mutex of the free list, once a segment.
pub(crate) struct Candidates {
    queues: Queues,
    by_deadline: Order<Seconds>,
    /// By bytes alive, and one: no segment has the key 0.
    by_live: Order<u32>,
    draw: Draw,
}

impl Candidates {
    /// None so far.
    pub(crate) fn new(segments: u32) -> Candidates {
        Candidates {
            queues: Queues::new(segments),
            by_deadline: Order::new(segments),
            by_live: Order::new(segments),
            draw: Draw::new(segments),
        }
    }

    /// A segment was sealed. What is alive of it is told next.
    pub(crate) fn enter(&mut self, segment: u32, sealed: Sealed) {
        let Sealed {
            age, count, main, ..
        } = sealed;
        self.queues.enter(segment, age, count, main);
        self.by_deadline.set(segment, sealed.deadline);
        self.draw.enter(segment);
    }

    /// So many bytes are alive: told when it has entered, and when they have become fewer.
    pub(crate) fn shrink(&mut self, segment: u32, live: u32) {
        self.by_live.set(segment, live + 1);
    }

    /// It is being drained, for whatever reason.
    pub(crate) fn leave(&mut self, segment: u32) {
        self.queues.leave(segment);
        self.by_deadline.set(segment, 0);
        self.by_live.set(segment, 0);
        self.draw.leave(segment);
    }

    /// Of those of the oldest flush, the one that was sealed first.
    pub(crate) fn oldest(&self) -> Option<(Age, u32)> {
        self.queues.oldest()
    }

    /// The one whose last item expires first; those with an item that never does left out.
    pub(crate) fn soonest(&self) -> Option<(Seconds, u32)> {
        self.by_deadline.first()
    }

    /// The one that a policy gives up next.
    pub(crate) fn victim(&mut self, eviction: Eviction) -> Option<u32> {
        let oldest = self.oldest().map(|(_, segment)| segment);
        match eviction {
            Eviction::None => None,
            Eviction::Random => self.draw.any(),
            Eviction::Fifo | Eviction::Merge => oldest,
            Eviction::Cte => self.soonest().map(|(_, segment)| segment).or(oldest),
            Eviction::Util => self.by_live.first().map(|(_, segment)| segment),
            Eviction::S3Fifo => self.queues.victim(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const SEALED: Sealed = Sealed {
        age: (1, 1),
        deadline: 0,
        count: 1,
        main: false,
    };

    /// Segments sealed one after the other, of these deadlines and bytes alive.
    fn sealed(segments: &[(u32, Seconds, u32)]) -> Candidates {
        let mut candidates = Candidates::new(10);
        for (sequence, &(segment, deadline, live)) in (1..).zip(segments) {
            let age = (1, sequence);
            let sealed = Sealed {
                age,
                deadline,
                ..SEALED
            };
            candidates.enter(segment, sealed);
            candidates.shrink(segment, live);
        }
        candidates
    }

    /// Whatever enters and leaves, a victim is one of those that are there, and there is one while any is: under each
    /// policy, whichever was in force before.
    #[test]
    fn no_policy_names_a_segment_that_has_left() {
        const SEGMENTS: u32 = 50;
        let rounds = if cfg!(miri) { 200 } else { 40_000 };
        let mut candidates = Candidates::new(SEGMENTS);
        let mut there: HashMap<u32, Sealed> = HashMap::new();
        let mut random = 1_u64;
        for sequence in 1..rounds {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let draw = (random >> 33) as u32;
            let segment = draw % SEGMENTS;
            if let Some(sealed) = there.remove(&segment) {
                if draw & 0x100 == 0 {
                    there.insert(segment, sealed);
                    candidates.shrink(segment, draw >> 16);
                    continue;
                }
                candidates.leave(segment);
            } else {
                let sealed = Sealed {
                    age: (1 + sequence / 1_000, sequence),
                    deadline: draw % 3,
                    count: 1 + draw % 2,
                    main: draw & 0x200 == 0,
                };
                there.insert(segment, sealed);
                candidates.enter(segment, sealed);
                candidates.shrink(segment, draw >> 8);
            }
            let oldest = there.iter().min_by_key(|(_, sealed)| sealed.age);
            let oldest = oldest.map(|(&segment, sealed)| (sealed.age, segment));
            assert_eq!(candidates.oldest(), oldest);
            for eviction in Eviction::ALL {
                let victim = candidates.victim(eviction);
                let is_there = victim.map(|victim| there.contains_key(&victim));
                let evicts = eviction != Eviction::None && !there.is_empty();
                assert_eq!(is_there, evicts.then_some(true), "{eviction:?}");
            }
        }
    }

    #[test]
    fn fifo_would_take_a_younger_one() {
        let mut candidates = sealed(&[(9, 0, 5), (0, 1, 3), (1, 0, 4)]);
        assert_eq!(candidates.victim(Eviction::Fifo), Some(9));
        candidates.leave(9);
        assert_eq!(candidates.victim(Eviction::Merge), Some(0));
    }

    #[test]
    fn cte_would_take_what_lives_longer_or_nothing_at_all() {
        let mut candidates = sealed(&[(4, 70, 1), (5, 60, 1), (6, 0, 1), (3, 0, 1)]);
        assert_eq!(candidates.victim(Eviction::Cte), Some(5));
        candidates.leave(5);
        candidates.leave(4);
        assert_eq!(candidates.victim(Eviction::Cte), Some(6));
    }

    #[test]
    fn util_would_not_see_what_has_died() {
        let mut candidates = sealed(&[(0, 0, 300), (1, 0, 200), (2, 0, 400)]);
        assert_eq!(candidates.victim(Eviction::Util), Some(1));
        candidates.shrink(2, 0);
        assert_eq!(candidates.victim(Eviction::Util), Some(2));
    }
}
