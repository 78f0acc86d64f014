//! Key to location.
//!
//! A key's hash chooses a partition (its high half) and a tag (its low 16 bits); the tag chooses two buckets of the
//! partition's array. The lock of the first of them guards every change of the key, in both. Readers take no lock.
//!
//! ```text
//! directory   [u64; partitions]     buckets 16 | place of the array in the region 48
//! array       [bucket; n]           2 <= n < 2^16
//! bucket      [slot; 8]             64 bytes, one cache line
//! ```
//!
//! A place derives from the tag alone, so an array is copied into a larger or smaller one without reading an item. The
//! locks of an array that was replaced are never released: whoever holds a lock knows that its array is the current one.

mod array;
mod bucket;
mod region;
mod resize;
mod slot;

use std::io;
use std::ptr;

pub(crate) use array::Array;
use bucket::{Bucket, WIDTH};
pub(crate) use region::NoRoom;
use region::Region;
use slot::{FREQUENCY_MAX, Probe};
pub(crate) use slot::{POOL_MAX, Slot, Word};

use crate::pool::{HUGE_PAGE, HugePages};
use crate::prefetch::prefetch;
use crate::sync::{AtomicU64, Ordering, spin_loop, yield_now};

const BUCKETS_MIN: usize = 2;
const BUCKETS_MAX: usize = u16::MAX as usize;
/// Heap bytes a partition indexes. It bounds what a resize copies: about 5 us for items of 60 bytes.
const PARTITION: u64 = 32 << 10;
/// DRAM a partition takes beside its array, in bytes: its directory word, its place in the region's plan; rounded up.
const PARTITION_EXTRA: u64 = 64;
/// What the index gets of explicit huge pages: an eighth of the memory.
const EXPLICIT_SHARE: u64 = 8;
/// How often a lock is tried before the thread offers its core to the holder.
const SPINS: u32 = 64;

/// A key's hash, and the partition that it chooses.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hash {
    pub(crate) bits: u64,
    partition: usize,
}

impl Hash {
    fn tag(self) -> u16 {
        self.bits as u16
    }
}

/// The directory and the arrays.
pub(crate) struct Index {
    directory: Box<[AtomicU64]>,
    region: Region,
}

impl Index {
    /// An index for a heap of at most `heap_max` bytes, in its smallest form.
    pub(crate) fn new(heap_max: u64, huge_pages: HugePages) -> io::Result<Index> {
        let partitions = Index::partitions(heap_max);
        let region = Region::new(Index::arrays_max(heap_max, huge_pages), huge_pages)?;
        region.allow(Index::arrays_min(heap_max, huge_pages));
        let word = |partition| {
            let place = region.allocate(BUCKETS_MIN, partition);
            let place = place.map_err(|_| io::ErrorKind::OutOfMemory)?;
            let array = Array::new(&region, place, BUCKETS_MIN);
            Ok(AtomicU64::new(array.to_word()))
        };
        let directory = (0..partitions).map(word).collect::<io::Result<_>>()?;
        Ok(Index { directory, region })
    }

    fn partitions(heap_max: u64) -> usize {
        heap_max.div_ceil(PARTITION).max(1) as usize
    }

    /// Bytes that the arrays may come to. However many items there are, the index is smaller than what it indexes.
    pub(crate) fn arrays_max(heap_max: u64, huge_pages: HugePages) -> u64 {
        match huge_pages {
            HugePages::Explicit => (heap_max / EXPLICIT_SHARE).next_multiple_of(HUGE_PAGE),
            HugePages::Madvise | HugePages::Never => heap_max.next_multiple_of(4096),
        }
    }

    /// Bytes of the smallest arrays, in whole pages.
    fn arrays_min(heap_max: u64, huge_pages: HugePages) -> u64 {
        let bytes = Index::partitions(heap_max) * BUCKETS_MIN * size_of::<Bucket>();
        let most = Index::arrays_max(heap_max, huge_pages);
        (bytes as u64).next_multiple_of(region::page_bytes(most, huge_pages))
    }

    /// Bytes that the smallest index for such a heap takes, with what every index takes beside its arrays.
    pub(crate) fn bytes_min(heap_max: u64, huge_pages: HugePages) -> u64 {
        Index::arrays_min(heap_max, huge_pages)
            + Index::partitions(heap_max) as u64 * PARTITION_EXTRA
    }

    /// Bytes of memory that the arrays take.
    pub(crate) fn bytes(&self) -> u64 {
        self.region.bytes()
    }

    /// Slots of the arrays, those that wait for their readers included.
    pub(crate) fn slot_count(&self) -> u64 {
        self.region.buckets() * WIDTH as u64
    }

    pub(crate) fn partition_count(&self) -> usize {
        self.directory.len()
    }

    /// Splits a 64-bit hash.
    pub(crate) fn place(&self, bits: u64) -> Hash {
        let partition = ((bits >> 32) * self.directory.len() as u64) >> 32;
        let partition = partition as usize;
        Hash { bits, partition }
    }

    fn array(&self, partition: usize) -> Array {
        let word = self.directory[partition].load(Ordering::Acquire);
        Array::from_word(&self.region, word)
    }

    /// The slot whose item `matches`, without a lock. `matches` may be asked about items of other keys, and about
    /// this key's former items. A guard is open, as for every method below.
    ///
    /// Should the array be replaced meanwhile, its slots still say what was there at that moment, which is within this
    /// call: there is no need to look again.
    pub(crate) fn find(&self, hash: Hash, matches: impl FnMut(u64) -> bool) -> Probe<'_> {
        self.array(hash.partition).find(hash.tag(), matches)
    }

    /// Brings near what a lookup of each of these will read, and tells `near` the locations that it is likely to come to.
    /// All wait for their directory words together, then for their buckets. It is a hint: a lookup loads everything anew.
    pub(crate) fn prefetch(&self, hashes: &[Hash], mut near: impl FnMut(u64)) {
        for hash in hashes {
            prefetch(&raw const self.directory[hash.partition]);
        }
        for &hash in hashes {
            self.approach(hash);
        }
        for &hash in hashes {
            self.find(hash, |location| {
                near(location);
                true
            });
        }
    }

    /// Shows every slot of a partition that names an item.
    pub(crate) fn visit<'g>(&'g self, partition: usize, mut see: impl FnMut(&'g Slot, Word)) {
        let slots = self.array(partition).buckets().flat_map(Bucket::slots);
        slots
            .map(|slot| (slot, slot.load()))
            .for_each(|(slot, word)| see(slot, word));
    }

    /// Shows every location that a slot of a partition names, most of them twice; none is left out whose item is there from
    /// before this until after. It may make way meanwhile into a bucket that has been looked at, but does so once: hence
    /// the second look.
    pub(crate) fn visit_all(&self, partition: usize, mut see: impl FnMut(u64)) {
        let array = self.array(partition);
        for _ in 0..2 {
            let slots = array.buckets().flat_map(Bucket::slots);
            let locations = slots.filter_map(|slot| slot.load().location());
            locations.for_each(&mut see);
        }
    }

    /// Brings near what the lock of this key will touch.
    pub(crate) fn approach(&self, hash: Hash) {
        prefetch(self.array(hash.partition).first(hash.tag()));
    }

    /// Locks the key. Held for a probe, a compare and a publish (Law 1); the holder waits for nothing.
    pub(crate) fn lock(&self, hash: Hash) -> Locked<'_> {
        let mut tries = 0;
        loop {
            // Loaded anew at each try: the locks of a replaced array are never released.
            let array = self.array(hash.partition);
            let (tag, bucket) = (hash.tag(), array.first(hash.tag()));
            if bucket.try_lock() {
                return Locked { array, tag, bucket };
            }
            back_off(&mut tries);
        }
    }
}

/// Spins for a while, then yields: the holder may have lost its core.
fn back_off(tries: &mut u32) {
    if *tries < SPINS {
        *tries += 1;
        spin_loop();
    } else {
        yield_now();
    }
}

/// A locked key, unlocked on drop.
pub(crate) struct Locked<'g> {
    array: Array,
    tag: u16,
    bucket: &'g Bucket,
}

impl<'g> Locked<'g> {
    /// The slot whose item `matches`; it names that item until the lock is dropped.
    pub(crate) fn find(&self, matches: impl FnMut(u64) -> bool) -> Probe<'g> {
        self.array.find(self.tag, matches)
    }

    /// Publishes an item for a key that has no slot; somebody is told its unique if it is observed. False when the key's
    /// buckets are full, and nothing there can make way.
    #[must_use]
    pub(crate) fn insert(&self, location: u64, observed: bool) -> bool {
        self.array.insert(Word::new(self.tag, location, observed))
    }

    /// Publishes a new item for the key that `slot` names.
    pub(crate) fn replace(&self, slot: &Slot, location: u64) {
        self.own(slot).replace(Word::new(self.tag, location, false));
    }

    /// Publishes the copy of an item that moved, with its frequency or half of it.
    pub(crate) fn relocate(&self, slot: &Slot, location: u64, halve: bool) {
        self.own(slot).relocate(location, halve);
    }

    /// The item stays where it is, with half of its frequency, but no less than 1.
    pub(crate) fn fade(&self, slot: &Slot) {
        self.own(slot).fade();
    }

    /// From now on a move keeps the item's unique.
    pub(crate) fn observe(&self, slot: &Slot) {
        self.own(slot).observe();
    }

    /// Unlinks the item that `slot` names.
    pub(crate) fn remove(&self, slot: &Slot) {
        self.own(slot).clear();
    }

    /// The slot, which is the locked key's, as far as tags tell.
    fn own<'s>(&self, slot: &'s Slot) -> &'s Slot {
        debug_assert_eq!(slot.peek().tag(), self.tag);
        slot
    }

    /// Pushes the least frequently asked item out of the key's two buckets, for want of memory for a larger array.
    /// Returns its word, or `None` when nothing could be locked without waiting.
    pub(crate) fn push_out(&self) -> Option<Word> {
        let both = self.array.both(self.tag);
        (0..=FREQUENCY_MAX).find_map(|times| {
            let slots = both.into_iter().flat_map(Bucket::slots);
            let mut asked = slots.filter(|slot| slot.peek().frequency() == times);
            asked.find_map(|slot| self.push_out_of(slot))
        })
    }

    fn push_out_of(&self, slot: &Slot) -> Option<Word> {
        let tag = slot.peek().tag();
        let bucket = self.array.first(tag);
        let is_ours = ptr::eq(bucket, self.bucket);
        if !is_ours && !bucket.try_lock() {
            return None;
        }
        // Under its key's lock the slot is stable, unless it had changed hands before we got it.
        let word = slot.load();
        let is_there = word.tag() == tag && word.location().is_some();
        let out = is_there.then(|| slot.clear());
        if !is_ours {
            bucket.unlock();
        }
        out
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.bucket.unlock();
    }
}

#[cfg(all(test, loom))]
mod model;
#[cfg(test)]
mod tests;
