//! The word that names one item.
//!
//! ```text
//! tag 16 | lock 1 (first slot of a bucket) | observed 1 | freq 4 | location 42 (offset in the pool + 1; 0: empty)
//! ```
//!
//! Slots change only by read-modify-write that keeps the bits it does not own: a plain store could erase a frequency
//! bump, the bucket's lock or the observed mark.

use crate::sync::{AtomicU64, Ordering};

const LOCATION_BITS: u32 = 42;
const FREQ_SHIFT: u32 = LOCATION_BITS;
/// Where a frequency stops.
pub(super) const FREQUENCY_MAX: u8 = 15;
const TAG_SHIFT: u32 = 48;

const LOCATION: u64 = (1 << LOCATION_BITS) - 1;
const FREQ: u64 = (FREQUENCY_MAX as u64) << FREQ_SHIFT;
/// Somebody was told the item's unique, so a move must keep it.
const OBSERVED: u64 = 1 << 46;
/// The bucket is locked; only in its first slot.
const LOCK: u64 = 1 << 47;

/// The largest pool, in bytes, whose every byte has a location.
pub(crate) const POOL_MAX: u64 = LOCATION - 1;

/// A slot's value at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(u64);

impl Word {
    /// Names an item that nobody has asked for; somebody is told its unique if it is observed.
    pub(super) fn new(tag: u16, location: u64, observed: bool) -> Word {
        debug_assert!(location < POOL_MAX);
        let observed = if observed { OBSERVED } else { 0 };
        Word(u64::from(tag) << TAG_SHIFT | observed | (location + 1))
    }

    pub(super) fn tag(self) -> u16 {
        (self.0 >> TAG_SHIFT) as u16
    }

    /// Where the item starts, in bytes from the pool's start; `None` for an empty slot.
    pub(crate) fn location(self) -> Option<u64> {
        (self.0 & LOCATION).checked_sub(1)
    }

    pub(crate) fn is_observed(self) -> bool {
        self.0 & OBSERVED != 0
    }

    /// How often the item was asked for since it was written, on a scale that saturates at 15 and fades with each
    /// eviction that it survives. Until then 0 is exact, save for a fetch in the midst of a resize or a move.
    pub(crate) fn frequency(self) -> u8 {
        ((self.0 & FREQ) >> FREQ_SHIFT) as u8
    }

    pub(super) fn without_lock(self) -> Word {
        Word(self.0 & !LOCK)
    }
}

/// What a lookup comes to: the slot of an item, with the word that named it.
pub(crate) type Probe<'g> = Option<(&'g Slot, Word)>;

/// One slot of a bucket.
#[repr(transparent)]
pub(crate) struct Slot(AtomicU64);

impl Slot {
    pub(super) fn empty() -> Slot {
        Slot(AtomicU64::new(0))
    }

    /// For a scan by tag: the word may be old, and nothing it names may be read.
    pub(super) fn peek(&self) -> Word {
        Word(self.0.load(Ordering::Relaxed))
    }

    /// The word, with the item it names visible.
    pub(crate) fn load(&self) -> Word {
        Word(self.0.load(Ordering::Acquire))
    }

    /// Names another item, published with this, and returns the word that was there. The caller holds the lock of the
    /// key that the slot named, so nobody else changes more than frequency and lock bits.
    pub(super) fn replace(&self, new: Word) -> Word {
        let (Ok(old) | Err(old)) = self.update(|word| Some(new.0 | word & LOCK));
        Word(old)
    }

    /// Names the place that its item has moved to, with the frequency or half of it.
    pub(super) fn relocate(&self, location: u64, halve: bool) {
        let _ = self.update(|word| {
            let frequency = (word & FREQ) >> u32::from(halve) & FREQ;
            Some(word & !(LOCATION | FREQ) | frequency | (location + 1))
        });
    }

    /// Halves the frequency, down to 1: that the item was asked for is told by nothing else.
    pub(super) fn fade(&self) {
        let _ = self.update(|word| {
            let half = (word & FREQ) >> 1 & FREQ;
            (half != 0).then_some(word & !FREQ | half)
        });
    }

    /// Takes an empty slot; false when somebody else was first.
    pub(super) fn claim(&self, new: Word) -> bool {
        let claimed = |word| (word & LOCATION == 0).then_some(new.0 | word & LOCK);
        self.update(claimed).is_ok()
    }

    /// Empties the slot. The caller holds the lock of the key it names.
    pub(super) fn clear(&self) -> Word {
        Word(self.0.fetch_and(LOCK, Ordering::AcqRel))
    }

    pub(super) fn observe(&self) {
        self.0.fetch_or(OBSERVED, Ordering::Relaxed);
    }

    /// Raises the frequency of the item at `location`: always the first time, else when `chance` allows, once tried.
    pub(crate) fn bump(&self, seen: Word, chance: impl FnOnce(u8) -> bool) {
        let mut word = seen.0;
        let frequency = seen.frequency();
        if frequency == FREQUENCY_MAX || (frequency > 0 && !chance(frequency)) {
            return;
        }
        // The first fetch is retried until it stands (somebody else's will do); later ones may be lost.
        while (word ^ seen.0) & LOCATION == 0 && Word(word).frequency() == frequency {
            let new = word + (1 << FREQ_SHIFT);
            let relaxed = Ordering::Relaxed;
            match self.0.compare_exchange(word, new, relaxed, relaxed) {
                Ok(_) => return,
                Err(_) if frequency > 0 => return,
                Err(now) => word = now,
            }
        }
    }

    /// Sets the lock bit; true when it was not set before.
    pub(super) fn try_lock(&self) -> bool {
        self.0.load(Ordering::Relaxed) & LOCK == 0
            && self.0.fetch_or(LOCK, Ordering::Acquire) & LOCK == 0
    }

    pub(super) fn unlock(&self) {
        self.0.fetch_and(!LOCK, Ordering::Release);
    }

    /// The word that was there; an error when `change` leaves it.
    fn update(&self, change: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        let (set, fetch) = (Ordering::AcqRel, Ordering::Relaxed);
        self.0.fetch_update(set, fetch, change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_first_slot_keeps_the_bucket_locked() {
        let slot = Slot::empty();
        assert!(slot.try_lock());
        assert!(!slot.try_lock());
        assert!(slot.claim(Word::new(0xffff, 41, false)));
        slot.observe();
        slot.bump(slot.load(), |_| true);
        slot.replace(Word::new(0xffff, 0, false));
        slot.relocate(POOL_MAX - 1, false);
        assert!(!slot.try_lock());
        let word = slot.clear();
        assert_eq!(
            (word.tag(), word.location(), word.is_observed()),
            (0xffff, Some(POOL_MAX - 1), false)
        );
        slot.unlock();
        assert!(slot.peek() == Word(0));
    }

    #[test]
    fn a_slot_is_claimed_once() {
        let slot = Slot::empty();
        assert!(slot.claim(Word::new(1, 5, false)));
        assert!(!slot.claim(Word::new(1, 6, false)));
        assert_eq!(slot.load().location(), Some(5));
    }

    #[test]
    fn a_halved_frequency_stays_within_its_bits() {
        let slot = Slot::empty();
        slot.claim(Word::new(3, 9, false));
        for frequency in [15, 7, 3, 1, 0, 0] {
            if frequency == 15 {
                (0..40).for_each(|_| slot.bump(slot.load(), |_| true));
            }
            let word = slot.load();
            assert_eq!((word.frequency(), word.tag()), (frequency, 3));
            slot.relocate(9, true);
            assert_eq!(slot.load().location(), Some(9));
        }
    }

    #[test]
    fn frequency_saturates_and_leaves_its_neighbours_alone() {
        let slot = Slot::empty();
        slot.claim(Word::new(3, 9, false));
        for _ in 0..40 {
            slot.bump(slot.load(), |_| true);
        }
        let word = slot.load();
        assert_eq!(
            (word.frequency(), word.tag(), word.location()),
            (15, 3, Some(9))
        );
        assert!(!word.is_observed());
    }
}
