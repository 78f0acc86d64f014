//! Flushing everything, at once or later, without visiting anything.
//!
//! A flush is a number that grows. A segment remembers the number it was born under, and what was born before the
//! latest flush is void: readers ignore it while the clean-up goes on, writers compare the number again under the key's
//! lock, and maintenance drains the old segments. The clean-up is over when no old segment is left: who opens one under
//! the old number after that finds the new number at the lock, and publishes nothing in it (`Space::is_clean_of`).

use crate::Seconds;
use crate::sync::{AtomicU64, Ordering};

/// What decides whether an item can be seen. Read before the index is asked.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) now: Seconds,
    /// What was stored under an older number is void; `None` when nothing void is left.
    pub(crate) void_before: Option<u64>,
}

pub(crate) struct Flush {
    /// The number and, in the low half, when the next flush is due (0: none is). One word, so that a due flush is over
    /// and the number grown at the same moment.
    ///
    /// ```text
    /// number u32 | due u32
    /// ```
    word: AtomicU64,
    /// The newest number that left nothing void behind.
    cleaned: AtomicU64,
}

const NUMBER_SHIFT: u32 = 32;

/// The word of the next number, with no flush to come.
fn next(word: u64) -> u64 {
    ((word >> NUMBER_SHIFT) + 1) << NUMBER_SHIFT
}

impl Flush {
    pub(crate) fn new() -> Flush {
        Flush {
            word: AtomicU64::new(1 << NUMBER_SHIFT),
            cleaned: AtomicU64::new(1),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.word.load(Ordering::SeqCst) >> NUMBER_SHIFT
    }

    /// The number that a segment must have been born under, while void ones are left. To be asked before the index is:
    /// once this says that nothing is left, no slot names anything void.
    pub(crate) fn pending(&self) -> Option<u64> {
        let number = self.number();
        (number != self.cleaned.load(Ordering::Acquire)).then_some(number)
    }

    /// Makes everything stored so far void; a flush that was to come is off.
    pub(crate) fn now(&self) {
        let _ = self.update(|word| Some(next(word)));
    }

    pub(crate) fn at(&self, deadline: Seconds) {
        let delayed = |word| Some(word >> NUMBER_SHIFT << NUMBER_SHIFT | u64::from(deadline));
        let _ = self.update(delayed);
    }

    /// Fires a flush that is due; one caller is told that it did.
    pub(crate) fn fire(&self, now: Seconds) -> bool {
        let is_due = |word| (1..=now).contains(&(word as u32));
        self.update(|word| is_due(word).then_some(next(word)))
            .is_ok()
    }

    fn update(&self, change: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        let order = Ordering::SeqCst;
        self.word.fetch_update(order, order, change)
    }

    /// That flush left nothing void behind.
    pub(crate) fn clean(&self, number: u64) {
        self.cleaned.fetch_max(number, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;
    use crate::Eviction;
    use crate::epoch::model::explore;
    use crate::segment::limits::Limits;
    use crate::segment::space::{Geometry, Space};
    use crate::segment::tail::{Placement, Purpose};

    /// A store that began before a flush opens its segment and publishes while the flush is cleaned up.
    #[test]
    fn a_flushed_item_would_come_back() {
        explore(None, || {
            let geometry = Geometry {
                segment_bytes: 4 << 10,
                segments: 2,
                hands: 1,
                drain_reserve: 0,
                limits: Limits {
                    reserve: 1,
                    tails: 1,
                    ..Limits::default()
                },
            };
            let shared = Arc::new((Flush::new(), Space::new(geometry, Eviction::None)));
            let writer = {
                let shared = shared.clone();
                thread::spawn(move || {
                    let (flush, space) = &*shared;
                    let born = flush.number();
                    let item = Placement {
                        now: 2,
                        deadline: 0,
                        born,
                        purpose: Purpose::Write,
                        evict: false,
                        main: false,
                    };
                    let segment = space.take_span(1, item).map(|tail| tail.segment);
                    // As under the key's lock, which nobody else wants here.
                    segment.filter(|_| flush.number() == born)
                })
            };
            let (flush, space) = &*shared;
            flush.now();
            if let Some(number) = flush.pending()
                && space.is_clean_of(number)
            {
                flush.clean(number);
            }
            if let Some(segment) = writer.join().unwrap() {
                let born = space.records[segment as usize].born();
                let is_void = flush.pending().is_some_and(|number| born < number);
                assert!(is_void || born == flush.number(), "a flushed item is found");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_flush_fires_once_and_not_early() {
        let flush = Flush::new();
        flush.at(10);
        assert!(!flush.fire(9));
        assert!(flush.fire(10));
        assert!(!flush.fire(11));
    }

    #[test]
    fn a_due_flush_is_never_half_done() {
        let flush = Flush::new();
        flush.at(10);
        // Whoever no longer sees it due sees the new number.
        flush.fire(10);
        assert_eq!(
            (flush.word.load(Ordering::Relaxed) as u32, flush.number()),
            (0, 2)
        );
    }

    #[test]
    fn an_immediate_flush_calls_a_delayed_one_off() {
        let flush = Flush::new();
        flush.at(10);
        flush.now();
        assert!(!flush.fire(10));
    }

    #[test]
    fn the_clean_up_of_a_flush_would_end_that_of_the_next() {
        let flush = Flush::new();
        flush.now();
        flush.now();
        flush.clean(2);
        assert_eq!(flush.pending(), Some(3));
        flush.clean(3);
        assert_eq!(flush.pending(), None);
    }
}
