//! Which items of an evicted segment stay.
//!
//! An item is worth what it was asked for, for each byte that it takes: `(2 f + 1) / size`, where the frequency `f` of
//! its slot halves whenever it stays, so that yesterday's favourites fade. The one in the numerator stands for the half
//! of a request that may still come for an item that nobody has asked for yet: among such items, too, the small ones
//! stay longer, since for one large item there are many of them. (After Segcache's frequency over size and the
//! cost over size of Greedy-Dual.)
//!
//! An item that is never asked for stays three times at most, however small it is.
//!
//! What was worth how much in the segments evicted lately is kept as bytes by worth, 16 steps an octave. Where they are
//! cut in two halves lies the limit for the next ones: so one pass over a segment is enough.

use crate::sync::{AtomicU32, Mutex, Ordering};

/// Steps of worth an octave.
const STEPS: u32 = 16;
/// Worth is told in units of 2^-32 requests a byte; an item has 6 bytes at least.
const SCALE: u32 = 32;
const GRADES: usize = ((SCALE + 5) * STEPS) as usize;
/// Of the bytes looked at, one in so many stays.
const KEEP_PART: u64 = 2;
/// What was seen is remembered for about this part of the heap, then it fades.
const MEMORY_PART: u64 = 16;

/// How much an item is worth, on a logarithmic scale.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Grade(u32);

impl Grade {
    /// The grade of an item of `size` bytes that was asked for `frequency` times.
    pub(crate) fn of(frequency: u8, size: u32) -> Grade {
        let worth = ((2 * u64::from(frequency) + 1) << SCALE) / u64::from(size.max(1));
        let octave = worth.max(1).ilog2();
        let step = (worth << STEPS.ilog2() >> octave) as u32 & (STEPS - 1);
        Grade((octave * STEPS + step).min(GRADES as u32 - 1))
    }
}

/// The limit between the items that stay and those that go.
pub(crate) struct Worth {
    limit: AtomicU32,
    /// Bytes seen lately, by their grade.
    seen: Mutex<Box<[u64; GRADES]>>,
}

impl Worth {
    pub(crate) fn new() -> Worth {
        Worth {
            // Everything stays before anything was compared.
            limit: AtomicU32::new(0),
            seen: Mutex::new(Box::new([0; GRADES])),
        }
    }

    /// The least grade that stays.
    pub(crate) fn limit(&self) -> Grade {
        Grade(self.limit.load(Ordering::Relaxed))
    }

    /// Takes note of the grades and sizes of a slice's items, in a heap of so many bytes. When somebody else is at it they are left out: what
    /// matters is the distribution, and nobody waits (Law 1).
    pub(crate) fn learn(&self, items: &[(Grade, u32)], heap_bytes: u64) {
        let Ok(mut seen) = self.seen.try_lock() else {
            return;
        };
        for &(Grade(grade), size) in items {
            seen[grade as usize] += u64::from(size);
        }
        if seen.iter().sum::<u64>() > heap_bytes / MEMORY_PART {
            seen.iter_mut().for_each(|bytes| *bytes /= 2);
        }
        self.limit.store(limit_of(&**seen), Ordering::Relaxed);
    }
}

/// The lowest grade such that it and all above it are no more than the part that stays. Where most items are of one
/// grade, none of it stay: to copy one instead of its equal gains nothing.
fn limit_of(seen: &[u64]) -> u32 {
    let (all, mut above) = (seen.iter().sum::<u64>(), 0);
    let too_many = seen.iter().rposition(|bytes| {
        above += bytes;
        above * KEEP_PART > all
    });
    too_many.map_or(0, |grade| grade as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_item_would_count_as_much_as_many_small_ones() {
        assert!(Grade::of(0, 100) > Grade::of(0, 200));
        assert!(Grade::of(1, 100) > Grade::of(0, 100));
        assert!(Grade::of(15, 100) > Grade::of(1, 12));
        assert!(Grade::of(1, 6_000) < Grade::of(0, 1_000));
        // The extremes are on the scale.
        assert!(Grade::of(15, 6).0 < GRADES as u32);
        assert!(Grade::of(0, 1 << 24) > Grade(0));
    }

    #[test]
    fn the_limit_would_not_halve_what_is_seen() {
        let worth = Worth::new();
        let items: Vec<_> = (1..=64)
            .map(|size| (Grade::of(0, 60 * size), 100))
            .collect();
        worth.learn(&items, 1 << 30);
        let kept = items.iter().filter(|&&(grade, _)| grade >= worth.limit());
        let kept = kept.count();
        assert!((25..=32).contains(&kept), "{kept} of 64 stay");
    }

    #[test]
    fn items_of_equal_worth_would_be_copied_for_nothing() {
        let worth = Worth::new();
        assert!(
            Grade::of(0, 1 << 24) >= worth.limit(),
            "nothing is known yet"
        );
        worth.learn(&[(Grade::of(0, 60), 60); 64], 1 << 30);
        assert!(Grade::of(0, 60) < worth.limit());
        assert!(Grade::of(1, 60) >= worth.limit());
    }

    #[test]
    fn what_was_seen_long_ago_would_weigh_as_much_as_today() {
        let (worth, heap) = (Worth::new(), MEMORY_PART << 20);
        let (high, low) = (Grade::of(15, 60), Grade::of(0, 60));
        for _ in 0..100 {
            worth.learn(&[(high, 4_096); 64], heap);
        }
        assert!(worth.limit() > high);
        for _ in 0..100 {
            worth.learn(&[(low, 4_096); 64], heap);
        }
        assert!(worth.limit() > low && worth.limit() <= high);
    }
}
