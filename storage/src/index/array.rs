//! The buckets of one partition.

use std::ptr::NonNull;

use super::bucket::{Bucket, WIDTH};
use super::region::{Place, Region};
use super::slot::{Probe, Word};
use crate::sync::{Ordering, fence};

/// A new key goes to its first bucket while that holds fewer than this, so that most lookups end there.
const FIRST_CHOICE: usize = WIDTH * 3 / 4;
/// Of a directory word.
const PLACE_BITS: u32 = 48;

/// A partition's buckets, as a directory word tells them. Valid while the guard under which the word was read is open.
#[derive(Clone, Copy)]
pub(crate) struct Array {
    start: NonNull<Bucket>,
    pub(super) len: usize,
    pub(super) place: Place,
}

// SAFETY: an array is shared memory of atomics; who frees it is told by `Index::free`.
unsafe impl Send for Array {}

impl Array {
    pub(super) fn new(region: &Region, place: Place, len: usize) -> Array {
        let start = region.at(place);
        Array { start, len, place }
    }

    pub(super) fn to_word(self) -> u64 {
        (self.len as u64) << PLACE_BITS | self.place
    }

    pub(super) fn from_word(region: &Region, word: u64) -> Array {
        let place = word & ((1 << PLACE_BITS) - 1);
        Array::new(region, place, (word >> PLACE_BITS) as usize)
    }

    fn bucket<'g>(self, at: usize) -> &'g Bucket {
        debug_assert!(at < self.len);
        // SAFETY: within the array, which is freed only when every guard that could have read its word has closed.
        unsafe { self.start.add(at).as_ref() }
    }

    pub(super) fn buckets<'g>(self) -> impl Iterator<Item = &'g Bucket> {
        (0..self.len).map(move |at| self.bucket(at))
    }

    /// Where the two buckets of a tag are: different ones.
    pub(super) fn places(self, tag: u16) -> [usize; 2] {
        let scale = |tag: u16| (usize::from(tag) * self.len) >> 16;
        let (first, second) = (scale(tag), scale(tag.wrapping_mul(0x9E35)));
        if first == second {
            [first, (first + 1) % self.len]
        } else {
            [first, second]
        }
    }

    pub(super) fn both<'g>(self, tag: u16) -> [&'g Bucket; 2] {
        self.places(tag).map(|at| self.bucket(at))
    }

    /// The bucket whose lock guards the keys of a tag.
    pub(super) fn first<'g>(self, tag: u16) -> &'g Bucket {
        self.bucket(self.places(tag)[0])
    }

    /// The slot of `tag` whose item `matches`, with the word that named it.
    #[inline(always)]
    pub(super) fn find<'g>(self, tag: u16, mut matches: impl FnMut(u64) -> bool) -> Probe<'g> {
        let [first, second] = self.both(tag);
        first.find(tag, &mut matches).or_else(|| {
            // A slot only ever makes way from its first bucket to its second: whoever sees that it has left the one
            // sees it in the other.
            fence(Ordering::Acquire);
            second.find(tag, &mut matches)
        })
    }

    /// Puts a word that names an item into one of its buckets; false when both are full, and nothing there can make
    /// way. The caller holds the lock of the word's key, or is the only one who sees the array.
    pub(super) fn insert(self, word: Word) -> bool {
        let [first, second] = self.both(word.tag());
        loop {
            let [in_first, in_second] = [first, second].map(Bucket::used);
            if in_first + in_second == 2 * WIDTH {
                break;
            }
            let stay = in_first < FIRST_CHOICE || in_first <= in_second;
            // Somebody with another key's lock may be faster at a slot: then look again.
            if (if stay { first } else { second }).claim(word).is_some() {
                return true;
            }
        }
        // Whoever holds the second's lock may be waiting for ours.
        self.make_way(first, word)
            || second.try_lock() && {
                let done = self.make_way(second, word);
                second.unlock();
                done
            }
    }

    /// Makes one item of a bucket go from its first choice to its second, and gives the slot it leaves to `word`; false
    /// when there is none. The caller holds the bucket's lock, which is that of every key whose first choice the bucket
    /// is.
    pub(super) fn make_way(self, bucket: &Bucket, word: Word) -> bool {
        bucket.slots().iter().any(|slot| {
            let guest = slot.load().without_lock();
            let [first, second] = self.both(guest.tag());
            if guest.location().is_none() || !std::ptr::eq(first, bucket) {
                return false;
            }
            let Some(copy) = second.claim(guest) else {
                return false;
            };
            // A first fetch that was counted after the copy was made is not lost.
            if slot.replace(word).frequency() > guest.frequency() {
                copy.bump(guest, |_| true);
            }
            true
        })
    }
}
