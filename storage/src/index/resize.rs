//! Growing and shrinking one partition's array while readers and writers go on.
//!
//! The new array is allocated first; then all locks of the old one are taken in ascending order, its slots are copied
//! by tag, and the directory names the new one. Readers of the old array find what was there when it was replaced; its
//! writers wait at locks that are never released, see the new directory word and start again. A fetch counted in the old
//! array during the copy may be lost.

use std::ops::RangeInclusive;

use super::region::NoRoom;
use super::{Array, BUCKETS_MAX, BUCKETS_MIN, Bucket, Index, WIDTH, back_off};
use crate::sync::Ordering;

/// A partition grows by n / `GROWTH`, at least one bucket: small steps keep the mean load high.
const GROWTH: usize = 12;
/// A partition that is less full than this, in percent, shrinks to `SHRUNKEN`.
const SPARSE: usize = 70;
/// How full a partition is after it has shrunk, in percent.
const SHRUNKEN: usize = 82;

/// What a resize came to.
pub(crate) enum Resize {
    /// Replaced: the old array, to be freed when its readers have left.
    Done(Array),
    /// Somebody else was faster, or there is nothing to do.
    Needless,
    /// So many bytes of memory are to be allowed first.
    NeedsMemory(u64),
    /// The partition cannot be larger.
    Impossible,
}

impl Index {
    /// Makes room in the key's partition.
    pub(crate) fn grow(&self, hash: super::Hash) -> Resize {
        let from = self.array(hash.partition).buckets;
        self.replace_by_one_of(hash.partition, from, larger(from)..=BUCKETS_MAX)
    }

    /// A slot may find no room among as many buckets as wanted, even if they are more: then a larger array, as long as
    /// it is in the range.
    fn replace_by_one_of(
        &self,
        partition: usize,
        from: usize,
        wanted: RangeInclusive<usize>,
    ) -> Resize {
        let mut to = *wanted.start();
        while wanted.contains(&to) {
            match self.replace(partition, from, to) {
                Some(outcome) => return outcome,
                None => to = larger(to),
            }
        }
        Resize::Impossible
    }

    /// Makes a partition that has become sparse smaller. Tells how many buckets were looked at.
    pub(crate) fn shrink(&self, partition: usize) -> (Resize, usize) {
        let old = self.array(partition);
        let used = old.used();
        let wanted = (used * 100).div_ceil(WIDTH * SHRUNKEN).max(BUCKETS_MIN);
        let sparse = used * 100 < old.buckets * WIDTH * SPARSE;
        let outcome = if sparse {
            self.replace_by_one_of(partition, old.buckets, wanted..=old.buckets - 1)
        } else {
            Resize::Needless
        };
        (outcome, old.buckets)
    }

    /// Moves the topmost array into a hole, if holes take too much.
    pub(crate) fn compact(&self) -> Resize {
        match self.region.misplaced() {
            Some((partition, buckets)) => {
                self.replace_by_one_of(partition, buckets, buckets..=BUCKETS_MAX)
            }
            None => Resize::Needless,
        }
    }

    /// Lets the arrays use so many bytes of memory.
    pub(crate) fn allow(&self, bytes: u64) {
        self.region.allow(bytes);
    }

    /// Bytes that the arrays may use.
    pub(crate) fn allowed(&self) -> u64 {
        self.region.allowed()
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

    /// `None` when a slot found no room among so many buckets.
    pub(super) fn replace(&self, partition: usize, from: usize, to: usize) -> Option<Resize> {
        let place = match self.region.allocate(to, partition) {
            Ok(place) => place,
            Err(NoRoom::Memory(bytes)) => return Some(Resize::NeedsMemory(bytes)),
            Err(NoRoom::Addresses) => return Some(Resize::Impossible),
        };
        let new = Array::new(&self.region, place, to);
        let outcome = self.replace_with(partition, from, new);
        if matches!(outcome, Some(Resize::Done(_))) {
            self.slots.fetch_add((to * WIDTH) as u64, Ordering::Relaxed);
            self.slots
                .fetch_sub((from * WIDTH) as u64, Ordering::Relaxed);
        } else {
            // SAFETY: it was not published.
            unsafe { self.region.free(place) };
        }
        outcome
    }

    fn replace_with(&self, partition: usize, from: usize, new: Array) -> Option<Resize> {
        let Some(old) = self.lock_all(partition, from) else {
            return Some(Resize::Needless);
        };
        let copied = buckets(old).flat_map(|bucket| &bucket.0).all(|slot| {
            let word = slot.load().without_lock();
            word.location().is_none() || adopt(new, word)
        });
        if !copied {
            buckets(old).for_each(|bucket| bucket.0[0].unlock());
            return None;
        }
        self.directory[partition].store(new.to_word(), Ordering::Release);
        Some(Resize::Done(old))
    }

    /// Locks every bucket of a partition's array, unless it does not have `expected` buckets (any more).
    fn lock_all(&self, partition: usize, expected: usize) -> Option<Array> {
        let mut tries = 0;
        loop {
            let array = self.array(partition);
            if array.buckets != expected {
                return None;
            }
            // Only the first lock can be that of a replaced array: whoever replaces one has had them all.
            if array.bucket(0).0[0].try_lock() {
                for at in 1..array.buckets {
                    while !array.bucket(at).0[0].try_lock() {
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

fn buckets<'g>(array: Array) -> impl Iterator<Item = &'g Bucket> {
    (0..array.buckets).map(move |at| array.bucket(at))
}

/// Puts a slot into an array that nobody else sees yet; false when there is no room.
fn adopt(array: Array, word: super::Word) -> bool {
    let places = array.places(word.tag());
    let [first, second] = places.map(|at| array.bucket(at));
    let used = |bucket: &Bucket| {
        bucket
            .0
            .iter()
            .filter(|slot| slot.peek().location().is_some())
            .count()
    };
    let (in_first, in_second) = (used(first), used(second));
    let bucket = if in_first < super::FIRST_CHOICE || in_first <= in_second {
        first
    } else {
        second
    };
    bucket.0.iter().any(|slot| slot.adopt(word))
        || array.make_way(places[0], |slot| {
            let left = slot.clear();
            slot.adopt(word);
            left
        })
}
