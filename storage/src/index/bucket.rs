//! The slots that share a cache line, and their lock.

use super::slot::{Probe, Slot, Word};

/// Slots a bucket; fewer where every interleaving is looked at.
pub(super) const WIDTH: usize = if cfg!(loom) { 2 } else { 8 };

#[repr(C, align(64))]
pub(super) struct Bucket([Slot; WIDTH]);

// Loom's atomics are larger.
#[cfg(not(loom))]
const _: () = assert!(size_of::<Bucket>() == 64 && align_of::<Bucket>() == 64);

impl Bucket {
    pub(super) fn empty() -> Bucket {
        Bucket(std::array::from_fn(|_| Slot::empty()))
    }

    pub(super) fn slots(&self) -> &[Slot; WIDTH] {
        &self.0
    }

    /// Slots that name an item.
    pub(super) fn used(&self) -> usize {
        let full = |slot: &&Slot| slot.peek().location().is_some();
        self.0.iter().filter(full).count()
    }

    /// The slot of `tag` whose item `matches`, with the word that named it.
    #[inline(always)]
    pub(super) fn find(&self, tag: u16, mut matches: impl FnMut(u64) -> bool) -> Probe<'_> {
        self.0.iter().find_map(|slot| {
            if slot.peek().tag() != tag {
                return None;
            }
            let word = slot.load();
            let location = word.location()?;
            (word.tag() == tag && matches(location)).then_some((slot, word))
        })
    }

    /// Puts a word into an empty slot, and tells which.
    pub(super) fn claim(&self, word: Word) -> Option<&Slot> {
        self.0.iter().find(|slot| slot.claim(word))
    }

    /// Locks every key whose first choice the bucket is; false when it is locked.
    pub(super) fn try_lock(&self) -> bool {
        self.0[0].try_lock()
    }

    pub(super) fn unlock(&self) {
        self.0[0].unlock();
    }
}
