//! Growing and shrinking one partition's array while readers and writers go on.
//!
//! The new array is allocated first; then all locks of the old one are taken in ascending order, its slots are copied
//! by tag, and the directory names the new one. Readers of the old array find what was there when it was replaced; its
//! writers wait at locks that are never released, see the new directory word and start again. A fetch counted in the old
//! array during the copy may be lost.

use std::sync::atomic::Ordering;

use super::{Array, BUCKETS_MAX, BUCKETS_MIN, Bucket, Index, WIDTH, back_off};

/// A partition grows by n / `GROWTH`, at least one bucket: small steps keep the mean load high.
const GROWTH: usize = 12;
/// A partition that is less full than this, in percent, shrinks to `SHRUNKEN`.
const SPARSE: usize = 60;
/// How full a partition is after it has shrunk, in percent.
const SHRUNKEN: usize = 75;

/// What a resize came to.
pub(crate) enum Resize {
    /// Replaced: the old array, to be freed when its readers have left.
    Done(Array),
    /// Somebody else was faster, or there is nothing to do.
    Needless,
    /// The partition cannot be larger, or the system has no memory.
    Impossible,
}

impl Index {
    /// Bytes that growing the partition by one step would take beside the old array.
    pub(crate) fn growth_cost(&self, hash: super::Hash) -> u64 {
        Array::cost(larger(self.array(hash.partition).buckets))
    }

    /// Makes room in the key's partition.
    pub(crate) fn grow(&self, hash: super::Hash) -> Resize {
        let old = self.array(hash.partition);
        let mut buckets = larger(old.buckets);
        // A slot may find no room even in a larger array: then a still larger one.
        while buckets <= BUCKETS_MAX {
            match self.replace(hash.partition, old.buckets, buckets) {
                Some(done) => return done,
                None => buckets = larger(buckets),
            }
        }
        Resize::Impossible
    }

    /// Gives memory back when the partition has become sparse.
    pub(crate) fn shrink(&self, partition: usize) -> Resize {
        let old = self.array(partition);
        let used = old.used();
        if old.buckets == BUCKETS_MIN || used * 100 >= old.buckets * WIDTH * SPARSE {
            return Resize::Needless;
        }
        let wanted = (used * 100).div_ceil(WIDTH * SHRUNKEN).max(BUCKETS_MIN);
        if wanted >= old.buckets {
            return Resize::Needless;
        }
        self.replace(partition, old.buckets, wanted)
            .unwrap_or(Resize::Needless)
    }

    /// `None` when a slot found no room among so many buckets.
    fn replace(&self, partition: usize, from: usize, to: usize) -> Option<Resize> {
        let Some(new) = Array::allocate(to) else {
            return Some(Resize::Impossible);
        };
        self.bytes.fetch_add(Array::cost(to), Ordering::Relaxed);
        let outcome = self.replace_with(partition, from, new);
        if matches!(outcome, Some(Resize::Done(_))) {
            self.slots.fetch_add((to * WIDTH) as u64, Ordering::Relaxed);
            self.slots
                .fetch_sub((from * WIDTH) as u64, Ordering::Relaxed);
        } else {
            // SAFETY: it was not published.
            unsafe { new.free() };
            self.bytes.fetch_sub(Array::cost(to), Ordering::Relaxed);
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

    /// Takes note that a replaced array was freed.
    pub(crate) fn freed(&self, array: Array) {
        self.bytes
            .fetch_sub(Array::cost(array.buckets), Ordering::Relaxed);
    }
}

fn larger(buckets: usize) -> usize {
    buckets + (buckets / GROWTH).max(1)
}

fn buckets<'g>(array: Array) -> impl Iterator<Item = &'g Bucket> {
    (0..array.buckets).map(move |at| array.bucket(at))
}

/// Puts a slot into an array that nobody else sees yet; false when both its buckets are full.
fn adopt(array: Array, word: super::Word) -> bool {
    let [first, second] = array.places(word.tag()).map(|at| array.bucket(at));
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
}
