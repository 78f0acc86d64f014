//! The segment with the fewest bytes alive.

use super::policy::{Policy, Sealed};
use crate::order::Order;

/// By bytes alive, and one: no segment has the key 0.
pub(super) struct LeastUtilised(Order<u32>);

impl LeastUtilised {
    pub(super) fn new(segments: u32) -> LeastUtilised {
        LeastUtilised(Order::new(segments))
    }
}

impl Policy for LeastUtilised {
    fn shrink(&mut self, segment: u32, live: u32) {
        self.0.set(segment, live + 1);
    }

    fn leave(&mut self, segment: u32) {
        self.0.set(segment, 0);
    }

    fn victim(&mut self, _sealed: &Sealed) -> Option<u32> {
        self.0.first().map(|(_, segment)| segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn util_would_not_see_what_has_died() {
        let (mut util, sealed) = (LeastUtilised::new(3), Sealed::default());
        for (segment, live) in [(0, 300), (1, 200), (2, 400)] {
            util.shrink(segment, live);
        }
        assert_eq!(util.victim(&sealed), Some(1));
        util.shrink(2, 100);
        assert_eq!(util.victim(&sealed), Some(2));
    }
}
