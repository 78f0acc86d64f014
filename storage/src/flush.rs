//! Flushing everything, at once or later, without visiting anything.
//!
//! A flush is a number that grows. A segment remembers the number it was born under, and what was born before the
//! latest flush is void: readers ignore it while the clean-up goes on, writers compare the number again under the key's
//! lock, and maintenance drains the old segments. The clean-up is over when every guard from before the flush has
//! closed (nobody can open a segment under the old number any more) and no old segment is left.

use crate::Seconds;
use crate::sync::{AtomicU64, Ordering};

pub(crate) struct Flush {
    /// The number and, in the low half, when the next flush is due (0: none is). One word, so that a due flush is over
    /// and the number grown at the same moment.
    ///
    /// ```text
    /// number u32 | due u32
    /// ```
    word: AtomicU64,
    /// The newest number under which every guard has been opened.
    fenced: AtomicU64,
    /// The newest number that left nothing void behind.
    cleaned: AtomicU64,
}

const NUMBER_SHIFT: u32 = 32;

impl Flush {
    pub(crate) fn new() -> Flush {
        Flush {
            word: AtomicU64::new(1 << NUMBER_SHIFT),
            fenced: AtomicU64::new(1),
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

    /// Makes everything stored so far void; a flush that was to come is off. Returns the new number.
    pub(crate) fn now(&self) -> u64 {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let next = (word >> NUMBER_SHIFT) + 1;
            match self.word.compare_exchange(
                word,
                next << NUMBER_SHIFT,
                Ordering::SeqCst,
                Ordering::Relaxed,
            ) {
                Ok(_) => return next,
                Err(now) => word = now,
            }
        }
    }

    pub(crate) fn at(&self, deadline: Seconds) {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let due = word >> NUMBER_SHIFT << NUMBER_SHIFT | u64::from(deadline);
            match self
                .word
                .compare_exchange(word, due, Ordering::SeqCst, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// Fires a flush that is due; one caller gets its number.
    pub(crate) fn fire(&self, now: Seconds) -> Option<u64> {
        let mut word = self.word.load(Ordering::SeqCst);
        while (1..=now).contains(&(word as u32)) {
            let next = (word >> NUMBER_SHIFT) + 1;
            match self.word.compare_exchange(
                word,
                next << NUMBER_SHIFT,
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => return Some(next),
                Err(now) => word = now,
            }
        }
        None
    }

    /// Every guard from before that flush has closed.
    pub(crate) fn fence(&self, number: u64) {
        self.fenced.fetch_max(number, Ordering::Release);
    }

    /// The number to be cleaned up, once no one can work under an older one.
    pub(crate) fn cleanable(&self) -> Option<u64> {
        self.pending()
            .filter(|&number| self.fenced.load(Ordering::Acquire) == number)
    }

    pub(crate) fn clean(&self, number: u64) {
        self.cleaned.fetch_max(number, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_flush_fires_once_and_not_early() {
        let flush = Flush::new();
        flush.at(10);
        assert_eq!(flush.fire(9), None);
        assert_eq!(flush.fire(10), Some(2));
        assert_eq!(flush.fire(11), None);
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
        assert_eq!(flush.fire(10), None);
    }

    #[test]
    fn nothing_is_clean_before_the_guards_of_old_have_closed() {
        let flush = Flush::new();
        let number = flush.now();
        assert_eq!(flush.pending(), Some(number));
        assert_eq!(flush.cleanable(), None);
        flush.fence(number);
        assert_eq!(flush.cleanable(), Some(number));
        flush.clean(number);
        assert_eq!(flush.pending(), None);
    }
}
