//! One in so many, at random distances.

use fastrand::Rng;

/// Chooses one in `every` of what passes. The distances are random, so that a client which repeats
/// itself is not met at the same place each time.
#[derive(Debug)]
pub(super) struct Countdown {
    /// 0: none at all.
    every: u32,
    /// How many pass until the next one, that one included; 0: none does.
    left: u32,
}

impl Countdown {
    pub(super) fn new(every: u32, random: &mut Rng) -> Countdown {
        let mut countdown = Countdown { every, left: 0 };
        countdown.begin(random);
        countdown
    }

    /// How many pass until the next one; `None`: there is none.
    pub(super) fn left(&self) -> Option<u32> {
        (self.left > 0).then_some(self.left)
    }

    /// So many have passed, not more than were left. Whether the last one is chosen.
    pub(super) fn pass(&mut self, passed: u32, random: &mut Rng) -> bool {
        debug_assert!(self.left == 0 || passed <= self.left, "one was passed over");
        let is_last = self.left == passed && self.left > 0;
        if is_last {
            self.begin(random);
        } else {
            self.left = self.left.saturating_sub(passed);
        }
        is_last
    }

    /// From 1 to twice `every` less 1: on average that many.
    fn begin(&mut self, random: &mut Rng) {
        if self.every > 0 {
            self.left = random.u32(1..2 * self.every);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_or_fewer_would_be_chosen_than_was_asked_for() {
        let mut random = Rng::with_seed(7);
        for (every, most, least) in [(1, 100_000, 100_000), (100, 1100, 900)] {
            let mut countdown = Countdown::new(every, &mut random);
            let chosen = (0..100_000).filter(|_| countdown.pass(1, &mut random));
            let chosen = chosen.count();
            assert!((least..=most).contains(&chosen), "{every}: {chosen}");
        }
    }

    #[test]
    fn what_is_off_would_be_chosen() {
        let mut random = Rng::with_seed(7);
        let mut countdown = Countdown::new(0, &mut random);
        assert_eq!(countdown.left(), None);
        assert!((0..1000).all(|_| !countdown.pass(1, &mut random)));
    }

    #[test]
    fn a_client_that_repeats_itself_would_always_be_met_at_one_place() {
        let mut random = Rng::with_seed(7);
        let mut countdown = Countdown::new(100, &mut random);
        let mut met = [false; 100];
        for at in (0..100).cycle().take(1_000_000) {
            met[at] |= countdown.pass(1, &mut random);
        }
        assert!(met.iter().all(|met| *met));
    }
}
