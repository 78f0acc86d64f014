//! What the operator makes of the TTLs that clients ask for: a default, a maximum, and jitter.

use std::hash::{BuildHasher, RandomState};

use storage::Seconds;

use crate::clock::Clock;

/// The settings of `[ttl]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ttl {
    /// Seconds, for items that would never expire; 0: they do not.
    pub(crate) default: Seconds,
    /// The most seconds; 0: any time.
    pub(crate) max: Seconds,
    /// The share of a TTL, in percent, by which it may be shortened.
    pub(crate) jitter: u8,
}

/// Deadlines of items, as a worker makes them; a clone makes the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Lifetimes {
    clock: Clock,
    /// `None`: nothing is made of what clients ask for.
    ttl: Option<Ttl>,
    /// What tells one key's jitter from another's. A key has the same one each time, so that a
    /// request that is executed again, or looks at a deadline twice, finds it where it was.
    spread: RandomState,
}

impl Lifetimes {
    pub(crate) fn new(clock: Clock, ttl: Ttl) -> Lifetimes {
        let mut lifetimes = Lifetimes {
            clock,
            ttl: None,
            spread: RandomState::new(),
        };
        lifetimes.set(ttl);
        lifetimes
    }

    /// Makes deadlines by `ttl` from now on. Those that were made stay.
    pub(crate) fn set(&mut self, ttl: Ttl) {
        self.ttl = (ttl != Ttl::default()).then_some(ttl);
    }

    /// The deadline of the item `key` if a client asks for `exptime` at `now`.
    #[inline]
    pub(crate) fn deadline(&self, key: &[u8], exptime: i64, now: Seconds) -> Seconds {
        let asked = self.clock.deadline(exptime, now);
        match &self.ttl {
            None => asked,
            Some(ttl) => self.by(ttl, asked, key, exptime, now),
        }
    }

    #[cold]
    fn by(&self, ttl: &Ttl, asked: Seconds, key: &[u8], exptime: i64, now: Seconds) -> Seconds {
        let wanted = if asked == 0 && ttl.default != 0 {
            now.saturating_add(ttl.default)
        } else {
            asked
        };
        let latest = now.saturating_add(ttl.max);
        let is_beyond = ttl.max != 0 && (wanted == 0 || wanted > latest);
        let deadline = if is_beyond { latest } else { wanted };
        let is_exact = Clock::is_date(exptime) && !is_beyond;
        // 0 is never, and what has passed has passed.
        if deadline <= now || is_exact {
            return deadline;
        }
        let span = deadline - now;
        let most = u64::from(span) * u64::from(ttl.jitter) / 100;
        let cut = (u128::from(most + 1) * u128::from(self.spread.hash_one(key))) >> 64;
        deadline - (cut as Seconds).min(span - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Seconds = 1000;

    fn lifetimes(default: Seconds, max: Seconds, jitter: u8) -> Lifetimes {
        let ttl = Ttl {
            default,
            max,
            jitter,
        };
        Lifetimes::new(Clock::start(), ttl)
    }

    /// The date that is `seconds` after `NOW`.
    fn date(lifetimes: &Lifetimes, seconds: i64) -> i64 {
        lifetimes.clock.unix(NOW) + seconds
    }

    #[test]
    fn a_default_would_bind_who_asks_for_a_time() {
        let lifetimes = lifetimes(100, 0, 0);
        assert_eq!(lifetimes.deadline(b"k", 0, NOW), NOW + 100);
        assert_eq!(lifetimes.deadline(b"k", 5, NOW), NOW + 5);
        assert_eq!(lifetimes.deadline(b"k", 500, NOW), NOW + 500);
        assert!(lifetimes.deadline(b"k", -1, NOW) < NOW, "has passed");
        let date = date(&lifetimes, 700);
        assert_eq!(lifetimes.deadline(b"k", date, NOW), NOW + 700);
    }

    #[test]
    fn a_default_of_more_than_30_days_would_be_taken_for_a_date() {
        let days = 60 * 24 * 60 * 60;
        let lifetimes = lifetimes(days, 0, 0);
        assert_eq!(lifetimes.deadline(b"k", 0, NOW), NOW + days);
    }

    #[test]
    fn a_client_would_go_beyond_the_maximum() {
        let lifetimes = lifetimes(0, 300, 0);
        let beyond = date(&lifetimes, 301);
        for exptime in [0, 301, 60 * 60 * 24 * 30, beyond, i64::MAX] {
            let deadline = lifetimes.deadline(b"k", exptime, NOW);
            assert_eq!(deadline, NOW + 300, "{exptime}");
        }
        let within = date(&lifetimes, 299);
        assert_eq!(lifetimes.deadline(b"k", within, NOW), NOW + 299);
        assert_eq!(lifetimes.deadline(b"k", 7, NOW), NOW + 7);
        assert!(lifetimes.deadline(b"k", -1, NOW) < NOW);
        let past = date(&lifetimes, -1);
        assert!(lifetimes.deadline(b"k", past, NOW) < NOW);
    }

    #[test]
    fn what_is_stored_together_would_expire_together() {
        let lifetimes = lifetimes(0, 0, 20);
        let spans: Vec<_> = (0..1000)
            .map(|n: u32| lifetimes.deadline(&n.to_le_bytes(), 1000, NOW) - NOW)
            .collect();
        assert!(spans.iter().all(|span| (800..=1000).contains(span)));
        for part in (800..1000).step_by(50) {
            let here = spans
                .iter()
                .filter(|span| (part..part + 50).contains(*span));
            assert!(here.count() > 100, "{part}: {spans:?}");
        }
    }

    #[test]
    fn jitter_would_move_dates_end_items_at_once_or_differ_in_a_request() {
        let lifetimes = lifetimes(0, 2000, 100);
        let exact = date(&lifetimes, 1500);
        let beyond = date(&lifetimes, 3000);
        let mut clamped = Vec::new();
        for n in 0..1000_u32 {
            let key = n.to_le_bytes();
            assert_eq!(lifetimes.deadline(&key, exact, NOW), NOW + 1500);
            assert!(lifetimes.deadline(&key, 1, NOW) > NOW);
            let first = lifetimes.deadline(&key, 0, NOW);
            assert_eq!(lifetimes.deadline(&key, 0, NOW), first);
            assert!(first > NOW);
            clamped.push(lifetimes.deadline(&key, beyond, NOW));
        }
        clamped.sort_unstable();
        clamped.dedup();
        assert!(clamped.len() > 100, "all that is beyond ends at once");
    }

    #[test]
    fn never_would_end_by_jitter_alone() {
        assert_eq!(lifetimes(0, 0, 50).deadline(b"k", 0, NOW), 0);
    }

    #[test]
    fn settings_that_are_off_would_change_a_deadline() {
        let lifetimes = lifetimes(0, 0, 0);
        for exptime in [-1, 0, 1, 100_000_000, i64::MAX] {
            let asked = lifetimes.clock.deadline(exptime, NOW);
            assert_eq!(lifetimes.deadline(b"k", exptime, NOW), asked);
        }
    }
}
