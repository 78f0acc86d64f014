//! S3-FIFO on segments (Yang, Zhang, Qiu, Yue, Vinayak: "FIFO queues are all you need for cache eviction", SOSP'23).
//!
//! ```text
//!                     .-- worth keeping --> main (oldest first; what is worth keeping starts again)
//!   new --> small ----+
//!    ^                '-- dropped --> ghosts
//!    '--- not a ghost                   |
//!         main <------ stored again ----'
//! ```
//!
//! Other than in the paper, an item stays by what it was asked for in relation to its size (see
//! [`worth`](super::worth)), in both queues.

use std::collections::BTreeSet;

use super::{Policy, Sealed};
use crate::segment::seal::Seal;

/// The small queue is taken from first while it has more than this part of the segments: a tenth, as in the paper.
const SMALL_PART: u64 = 10;

#[derive(Clone, Copy, Default)]
struct Place {
    sequence: u64,
    count: u32,
    main: bool,
}

#[derive(Default)]
struct Queue {
    by_age: BTreeSet<(u64, u32)>,
    segments: u64,
}

pub(super) struct S3Fifo {
    small: Queue,
    main: Queue,
    places: Box<[Place]>,
    sequence: u64,
}

impl S3Fifo {
    pub(super) fn new(segments: u32) -> S3Fifo {
        S3Fifo {
            small: Queue::default(),
            main: Queue::default(),
            places: vec![Place::default(); segments as usize].into(),
            sequence: 0,
        }
    }

    fn queue(&mut self, main: bool) -> &mut Queue {
        if main {
            &mut self.main
        } else {
            &mut self.small
        }
    }
}

impl Policy for S3Fifo {
    fn enter(&mut self, segment: u32, count: u32, seal: &Seal) {
        self.sequence += 1;
        let (sequence, main) = (self.sequence, seal.main);
        self.places[segment as usize] = Place {
            sequence,
            count,
            main,
        };
        let queue = self.queue(main);
        queue.by_age.insert((sequence, segment));
        queue.segments += u64::from(count);
    }

    fn leave(&mut self, segment: u32) {
        let place = self.places[segment as usize];
        let queue = self.queue(place.main);
        queue.by_age.remove(&(place.sequence, segment));
        queue.segments -= u64::from(place.count);
    }

    fn victim(&mut self, _sealed: &Sealed<'_>) -> Option<u32> {
        let all = self.small.segments + self.main.segments;
        let (first, second) = if self.small.segments * SMALL_PART > all {
            (&self.small, &self.main)
        } else {
            (&self.main, &self.small)
        };
        let oldest = first.by_age.first().or_else(|| second.by_age.first());
        oldest.map(|&(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_items_would_push_proven_ones_out() {
        let mut policy = S3Fifo::new(20);
        let nothing = (BTreeSet::new(), BTreeSet::new());
        let sealed = Sealed {
            by_age: &nothing.0,
            deadlines: &nothing.1,
        };
        let seal = |main| Seal {
            main,
            ..Seal::default()
        };
        (0..17).for_each(|segment| policy.enter(segment, 1, &seal(true)));
        (17..20).for_each(|segment| policy.enter(segment, 1, &seal(false)));
        assert_eq!(policy.victim(&sealed), Some(17), "3 of 20 are too many");
        policy.leave(17);
        assert_eq!(policy.victim(&sealed), Some(18), "2 of 19 are, too");
        policy.leave(18);
        assert_eq!(policy.victim(&sealed), Some(0), "1 of 18 is not");
        (0..17).for_each(|segment| policy.leave(segment));
        assert_eq!(policy.victim(&sealed), Some(19));
    }
}
