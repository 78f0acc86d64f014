//! Growing and shrinking one partition's array while readers and writers go on.
//!
//! The new array is allocated first; then all locks of the old one are taken in ascending order, its slots are copied
//! by tag, and the directory names the new one. Readers of the old array find what was there when it was replaced; its
//! writers wait at locks that are never released, see the new directory word and start again. A fetch counted in the old
//! array during the copy may be lost.

use std::ops::RangeInclusive;

use super::bucket::{Bucket, WIDTH};
use super::region::NoRoom;
use super::{Array, BUCKETS_MAX, BUCKETS_MIN, Hash, Index, back_off};
use crate::sync::Ordering;

/// A partition grows by n / `GROWTH`, at least one bucket: small steps keep the mean load high.
const GROWTH: usize = 12;
/// A partition that is less full than this, in percent, shrinks to `SHRUNKEN`.
const SPARSE: usize = 70;
/// How full a partition is after it has shrunk, in percent.
const SHRUNKEN: usize = 82;

/// The array that was replaced, to be freed when its readers have left; `None`: somebody else was faster, or there is
/// nothing to do.
pub(crate) type Resized = Result<Option<Array>, NoRoom>;

impl Index {
    /// Makes room in the key's partition.
    pub(crate) fn grow(&self, hash: Hash) -> Resized {
        let from = self.array(hash.partition).len;
        self.resize(hash.partition, from, larger(from)..=BUCKETS_MAX)
    }

    /// Makes a partition that has become sparse smaller. Tells how many buckets were looked at.
    pub(crate) fn shrink(&self, partition: usize) -> (Resized, usize) {
        let old = self.array(partition);
        let used: usize = old.buckets().map(Bucket::used).sum();
        if used * 100 >= old.len * WIDTH * SPARSE {
            return (Ok(None), old.len);
        }
        let wanted = (used * 100).div_ceil(WIDTH * SHRUNKEN).max(BUCKETS_MIN);
        let outcome = self.resize(partition, old.len, wanted..=old.len - 1);
        (outcome, old.len)
    }

    /// Moves the topmost array into a hole, if holes take too much.
    pub(crate) fn compact(&self) -> Resized {
        let is_current = |partition, place| self.array(partition).place == place;
        match self.region.misplaced(is_current) {
            Some((partition, buckets)) => self.resize(partition, buckets, buckets..=BUCKETS_MAX),
            None => Ok(None),
        }
    }

    /// Lets the arrays use so many bytes of memory.
    pub(crate) fn allow(&self, bytes: u64) {
        self.region.allow(bytes);
    }

    /// There is memory that the arrays could use, but may not yet.
    pub(crate) fn may_be_allowed_more(&self) -> bool {
        self.region.may_be_allowed_more()
    }

    /// Gives memory back that no array uses.
    pub(crate) fn trim(&self) {
        self.region.trim();
    }

    /// # Safety
    /// The array was replaced, and no guard is left that could have seen it.
    pub(crate) unsafe fn free(&self, array: Array) {
        // SAFETY: the caller's promise.
        unsafe { self.region.free(array.place) }
    }

    /// A slot may find no room among as many buckets as wanted, even if they are more: then a larger array, as long as
    /// it is in the range.
    fn resize(&self, partition: usize, from: usize, wanted: RangeInclusive<usize>) -> Resized {
        let mut to = *wanted.start();
        while wanted.contains(&to) {
            match self.replace(partition, from, to) {
                Err(NoRoom::Slots) => to = larger(to),
                outcome => return outcome,
            }
        }
        Err(NoRoom::Ever)
    }

    pub(super) fn replace(&self, partition: usize, from: usize, to: usize) -> Resized {
        let place = self.region.allocate(to, partition)?;
        let new = Array::new(&self.region, place, to);
        let outcome = self.replace_with(partition, from, new);
        if !matches!(outcome, Ok(Some(_))) {
            // SAFETY: it was not published.
            unsafe { self.region.free(place) };
        }
        outcome
    }

    fn replace_with(&self, partition: usize, from: usize, new: Array) -> Resized {
        let Some(old) = self.lock_all(partition, from) else {
            return Ok(None);
        };
        let copied = old.buckets().flat_map(Bucket::slots).all(|slot| {
            let word = slot.load().without_lock();
            word.location().is_none() || new.insert(word)
        });
        if !copied {
            old.buckets().for_each(Bucket::unlock);
            return Err(NoRoom::Slots);
        }
        self.directory[partition].store(new.to_word(), Ordering::Release);
        Ok(Some(old))
    }

    /// Locks every bucket of a partition's array, unless it does not have `expected` buckets (any more).
    fn lock_all(&self, partition: usize, expected: usize) -> Option<Array> {
        let mut tries = 0;
        loop {
            let array = self.array(partition);
            if array.len != expected {
                return None;
            }
            // Only the first lock can be that of a replaced array: whoever replaces one has had them all.
            let mut buckets = array.buckets();
            if buckets.next().is_some_and(Bucket::try_lock) {
                for bucket in buckets {
                    while !bucket.try_lock() {
                        back_off(&mut tries);
                    }
                }
                return Some(array);
            }
            back_off(&mut tries);
        }
    }
}

fn larger(buckets: usize) -> usize {
    buckets + (buckets / GROWTH).max(1)
}
