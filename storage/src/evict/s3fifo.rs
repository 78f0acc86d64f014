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
//! [`worth`](super::worth)), in both queues. Under other policies what is sealed goes to the small queue, so that is where
//! s3fifo begins when it follows one of them.

use crate::order::Order;

/// The small queue is taken from first while it has more than this part of the segments: a tenth, as in the paper.
const SMALL_PART: u64 = 10;

/// The flush number that a segment's items were stored under, then its place in the order of sealing.
pub(crate) type Age = (u64, u64);

struct Queue {
    /// By age, and how many segments it is.
    by_age: Order<(Age, u32)>,
    segments: u64,
}

impl Queue {
    fn new(segments: u32) -> Queue {
        Queue {
            by_age: Order::new(segments),
            segments: 0,
        }
    }

    fn set(&mut self, segment: u32, age: Age, count: u32) {
        let (_, before) = self.by_age.set(segment, (age, count));
        self.segments = self.segments + u64::from(count) - u64::from(before);
    }

    fn oldest(&self) -> Option<(Age, u32)> {
        let ((age, _), segment) = self.by_age.first()?;
        Some((age, segment))
    }
}

/// The sealed segments by age.
pub(super) struct Queues {
    small: Queue,
    main: Queue,
}

impl Queues {
    pub(super) fn new(segments: u32) -> Queues {
        Queues {
            small: Queue::new(segments),
            main: Queue::new(segments),
        }
    }

    /// A segment was sealed, or a span of `count`.
    pub(super) fn enter(&mut self, segment: u32, age: Age, count: u32, main: bool) {
        let queue = if main {
            &mut self.main
        } else {
            &mut self.small
        };
        queue.set(segment, age, count);
    }

    pub(super) fn leave(&mut self, segment: u32) {
        self.small.set(segment, (0, 0), 0);
        self.main.set(segment, (0, 0), 0);
    }

    /// The oldest of both.
    pub(super) fn oldest(&self) -> Option<(Age, u32)> {
        let both = [&self.small, &self.main];
        both.into_iter().filter_map(Queue::oldest).min()
    }

    pub(super) fn victim(&self) -> Option<u32> {
        let Queues { small, main } = self;
        let is_small_full = small.segments * SMALL_PART > small.segments + main.segments;
        let (first, second) = if is_small_full {
            (small, main)
        } else {
            (main, small)
        };
        let oldest = first.oldest().or_else(|| second.oldest());
        oldest.map(|(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_items_would_push_proven_ones_out() {
        let mut queues = Queues::new(20);
        let mut enter = |segment: u32, main| {
            queues.enter(segment, (1, segment.into()), 1, main);
        };
        (0..17).for_each(|segment| enter(segment, true));
        (17..20).for_each(|segment| enter(segment, false));
        assert_eq!(queues.victim(), Some(17), "3 of 20 are too many");
        queues.leave(17);
        assert_eq!(queues.victim(), Some(18), "2 of 19 are, too");
        queues.leave(18);
        assert_eq!(queues.victim(), Some(0), "1 of 18 is not");
        (0..17).for_each(|segment| queues.leave(segment));
        assert_eq!(queues.victim(), Some(19));
    }
}
