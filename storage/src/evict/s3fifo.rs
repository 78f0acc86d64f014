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

use super::policy::{Policy, Sealed};
use crate::order::Order;

/// The small queue is taken from first while it has more than this part of the segments: a tenth, as in the paper.
const SMALL_PART: u64 = 10;

struct Queue {
    /// By age: when it entered, and how many segments it is.
    by_age: Order<(u64, u32)>,
    segments: u64,
}

impl Queue {
    fn set(&mut self, segment: u32, age: u64, count: u32) {
        let (_, before) = self.by_age.set(segment, (age, count));
        self.segments = self.segments + u64::from(count) - u64::from(before);
    }
}

pub(super) struct S3Fifo {
    /// Small, then main.
    queues: [Queue; 2],
    entered: u64,
}

impl S3Fifo {
    pub(super) fn new(segments: u32) -> S3Fifo {
        let queues = [segments; 2].map(|segments| Queue {
            by_age: Order::new(segments),
            segments: 0,
        });
        S3Fifo { queues, entered: 0 }
    }
}

impl Policy for S3Fifo {
    fn enter(&mut self, segment: u32, count: u32, main: bool) {
        self.entered += 1;
        self.queues[usize::from(main)].set(segment, self.entered, count);
    }

    fn leave(&mut self, segment: u32) {
        self.queues
            .iter_mut()
            .for_each(|queue| queue.set(segment, 0, 0));
    }

    fn victim(&mut self, _sealed: &Sealed) -> Option<u32> {
        let [small, main] = &self.queues;
        let is_small_full = small.segments * SMALL_PART > small.segments + main.segments;
        let (first, second) = if is_small_full {
            (small, main)
        } else {
            (main, small)
        };
        let oldest = first.by_age.first().or_else(|| second.by_age.first());
        oldest.map(|(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_items_would_push_proven_ones_out() {
        let mut policy = S3Fifo::new(20);
        let sealed = Sealed::default();
        (0..17).for_each(|segment| policy.enter(segment, 1, true));
        (17..20).for_each(|segment| policy.enter(segment, 1, false));
        assert_eq!(policy.victim(&sealed), Some(17), "3 of 20 are too many");
        policy.leave(17);
        assert_eq!(policy.victim(&sealed), Some(18), "2 of 19 are, too");
        policy.leave(18);
        assert_eq!(policy.victim(&sealed), Some(0), "1 of 18 is not");
        (0..17).for_each(|segment| policy.leave(segment));
        assert_eq!(policy.victim(&sealed), Some(19));
    }
}
