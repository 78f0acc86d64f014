//! Lines that clients could make us write as often as they like.

use std::time::{Duration, Instant};

/// Between two lines of a kind.
const PAUSE: Duration = Duration::from_secs(60);

/// When a line of some kind was last written.
#[derive(Debug, Default)]
pub(crate) struct Rarely {
    told: Option<Instant>,
    held_back: u64,
}

impl Rarely {
    /// There is reason for a line at `now`. How many were held back since the last one; `None`:
    /// this is to be, too.
    pub(crate) fn tell(&mut self, now: Instant) -> Option<u64> {
        let is_soon = |told| now.saturating_duration_since(told) < PAUSE;
        if self.told.is_some_and(is_soon) {
            self.held_back += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_reasons_would_fill_the_log() {
        let (mut rarely, start) = (Rarely::default(), Instant::now());
        assert_eq!(rarely.tell(start), Some(0));
        for second in 0..60 {
            assert_eq!(rarely.tell(start + Duration::from_secs(second)), None);
        }
        assert_eq!(rarely.tell(start + PAUSE), Some(60));
        assert_eq!(rarely.tell(start + PAUSE), None);
        assert_eq!(rarely.tell(start + 2 * PAUSE), Some(1));
    }
}
