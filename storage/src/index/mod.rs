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

mod region;
mod resize;
mod slot;

use std::io;
use std::ptr;

use region::{Place, Region};
pub(crate) use resize::Resize;
pub(crate) use slot::{POOL_MAX, Slot, Word};

use crate::prefetch::prefetch;
use crate::sync::{AtomicU64, Ordering, fence, spin_loop, yield_now};

/// Slots a bucket; fewer where every interleaving is looked at.
const WIDTH: usize = if cfg!(loom) { 2 } else { 8 };
/// A new key goes to its first bucket while that holds fewer than this, so that most lookups end there.
const FIRST_CHOICE: usize = WIDTH * 3 / 4;
const BUCKETS_MIN: usize = 2;
const BUCKETS_MAX: usize = u16::MAX as usize;
/// Of a directory word.
const PLACE_BITS: u32 = 48;
/// Heap bytes a partition indexes. It bounds what a resize copies: about 5 us for items of 60 bytes.
const PARTITION: u64 = 32 << 10;
/// DRAM a partition takes beside its array, in bytes: its directory word, its place in the region's plan; rounded up.
const PARTITION_EXTRA: u64 = 64;
/// How often a lock is tried before the thread offers its core to the holder.
const SPINS: u32 = 64;

#[repr(C, align(64))]
pub(crate) struct Bucket([Slot; WIDTH]);

// Loom's atomics are larger.
#[cfg(not(loom))]
const _: () = assert!(size_of::<Bucket>() == 64 && align_of::<Bucket>() == 64);

impl Bucket {
    fn empty() -> Bucket {
        Bucket(std::array::from_fn(|_| Slot::empty()))
    }
}

/// What chooses a key's place: partition and tag.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hash {
    partition: usize,
    tag: u16,
    /// What both derive from.
    pub(crate) bits: u64,
}

/// A partition's buckets, as a directory word tells them. Valid while the guard under which the word was read is open.
#[derive(Clone, Copy)]
pub(crate) struct Array {
    start: ptr::NonNull<Bucket>,
    buckets: usize,
    place: Place,
}

impl Array {
    fn new(region: &Region, place: Place, buckets: usize) -> Array {
        Array {
            start: region.at(place),
            buckets,
            place,
        }
    }

    fn to_word(self) -> u64 {
        (self.buckets as u64) << PLACE_BITS | self.place
    }

    fn from_word(region: &Region, word: u64) -> Array {
        Array::new(
            region,
            word & ((1 << PLACE_BITS) - 1),
            (word >> PLACE_BITS) as usize,
        )
    }

    fn bucket<'g>(self, at: usize) -> &'g Bucket {
        debug_assert!(at < self.buckets);
        // SAFETY: within the array, which is freed only when every guard that could have read its word has closed.
        unsafe { self.start.add(at).as_ref() }
    }

    /// The two buckets of a tag, different ones.
    fn places(self, tag: u16) -> [usize; 2] {
        let scale = |tag: u16| (usize::from(tag) * self.buckets) >> 16;
        let first = scale(tag);
        let second = scale(tag.wrapping_mul(0x9E35));
        if second != first {
            return [first, second];
        }
        [
            first,
            if first + 1 == self.buckets {
                0
            } else {
                first + 1
            },
        ]
    }

    fn slots<'g>(self, tag: u16) -> impl Iterator<Item = &'g Slot> {
        self.places(tag)
            .into_iter()
            .flat_map(move |at| self.bucket(at).0.iter())
    }

    /// The slot of `tag` whose item `matches`, with the word that named it.
    fn find<'g>(self, tag: u16, mut matches: impl FnMut(u64) -> bool) -> Option<(&'g Slot, Word)> {
        let mut probe = |at: usize| {
            self.bucket(at).0.iter().find_map(|slot| {
                if slot.peek().tag() != tag {
                    return None;
                }
                let word = slot.load();
                let location = word.location()?;
                (word.tag() == tag && matches(location)).then_some((slot, word))
            })
        };
        let [first, second] = self.places(tag);
        probe(first).or_else(|| {
            // A slot only ever makes way from its first bucket to its second: whoever sees that it has left the one
            // sees it in the other.
            fence(Ordering::Acquire);
            probe(second)
        })
    }

    /// Makes one item of a bucket go from its first choice to its second, and lets `put` have the slot it leaves; false
    /// when there is none. The caller holds the bucket's lock, which is that of every key whose first choice the bucket
    /// is. `put` returns the word that it replaced.
    fn make_way<'g>(self, at: usize, put: impl FnOnce(&'g Slot) -> Word) -> bool {
        for slot in &self.bucket::<'g>(at).0 {
            let word = slot.load().without_lock();
            let [first, second] = self.places(word.tag());
            if word.location().is_none() || first != at {
                continue;
            }
            let second = &self.bucket::<'g>(second).0;
            if let Some(copy) = second.iter().find(|other| other.adopt(word)) {
                // A first fetch that was counted after the copy was made is not lost.
                if put(slot).frequency() > word.frequency() {
                    copy.bump(word, |_| true);
                }
                return true;
            }
        }
        false
    }

    fn used(self) -> usize {
        let full = |at| {
            self.bucket(at)
                .0
                .iter()
                .filter(|slot| slot.peek().location().is_some())
                .count()
        };
        (0..self.buckets).map(full).sum()
    }
}

// SAFETY: an array is shared memory of atomics; who frees it is told by `free`.
unsafe impl Send for Array {}

/// The directory and the arrays.
pub(crate) struct Index {
    directory: Box<[AtomicU64]>,
    region: Region,
    slots: AtomicU64,
}

/// Neither bucket of the key has an empty slot, and nothing in the first can make way.
pub(crate) struct BothFull;

impl Index {
    /// An index for a heap of at most `heap_max` bytes, in its smallest form.
    pub(crate) fn new(heap_max: u64) -> io::Result<Index> {
        let partitions = Index::partitions(heap_max);
        let smallest = Index::arrays_min(heap_max);
        // However many items there are, the index is smaller than what it indexes.
        let region = Region::new(heap_max.max(smallest))?;
        region.allow(smallest);
        let word = |partition| {
            let place = region
                .allocate(BUCKETS_MIN, partition)
                .map_err(|_| io::ErrorKind::OutOfMemory)?;
            Ok(AtomicU64::new(
                Array::new(&region, place, BUCKETS_MIN).to_word(),
            ))
        };
        let directory = (0..partitions).map(word).collect::<io::Result<_>>()?;
        let slots = AtomicU64::new((partitions * BUCKETS_MIN * WIDTH) as u64);
        Ok(Index {
            directory,
            region,
            slots,
        })
    }

    fn partitions(heap_max: u64) -> usize {
        heap_max.div_ceil(PARTITION).max(1) as usize
    }

    /// Bytes of the smallest arrays, in whole pages.
    fn arrays_min(heap_max: u64) -> u64 {
        let bytes = Index::partitions(heap_max) * BUCKETS_MIN * size_of::<Bucket>();
        (bytes as u64).next_multiple_of(region::page_bytes(heap_max))
    }

    /// Bytes that the smallest index for such a heap takes, with what every index takes beside its arrays.
    pub(crate) fn bytes_min(heap_max: u64) -> u64 {
        Index::arrays_min(heap_max) + Index::partitions(heap_max) as u64 * PARTITION_EXTRA
    }

    /// Bytes of memory that the arrays take.
    pub(crate) fn bytes(&self) -> u64 {
        self.region.bytes()
    }

    /// Slots of the current arrays.
    pub(crate) fn slot_count(&self) -> u64 {
        self.slots.load(Ordering::Relaxed)
    }

    pub(crate) fn partition_count(&self) -> usize {
        self.directory.len()
    }

    /// Splits a 64-bit hash.
    pub(crate) fn place(&self, hash: u64) -> Hash {
        let partition = ((hash >> 32) * self.directory.len() as u64) >> 32;
        Hash {
            partition: partition as usize,
            tag: hash as u16,
            bits: hash,
        }
    }

    fn array(&self, partition: usize) -> Array {
        Array::from_word(
            &self.region,
            self.directory[partition].load(Ordering::Acquire),
        )
    }

    /// The slot whose item `matches`, without a lock. `matches` may be asked about items of other keys, and about
    /// this key's former items. A guard is open, as for every method below.
    ///
    /// Should the array be replaced meanwhile, its slots still say what was there at that moment, which is within this
    /// call: there is no need to look again.
    pub(crate) fn find(
        &self,
        hash: Hash,
        matches: impl FnMut(u64) -> bool,
    ) -> Option<(&Slot, Word)> {
        self.array(hash.partition).find(hash.tag, matches)
    }

    /// Brings near what a lookup of each of these will read, and tells `near` the locations that it is likely to come to.
    /// All wait for their directory words together, then for their buckets. It is a hint: a lookup loads everything anew.
    pub(crate) fn prefetch(&self, hashes: &[Hash], mut near: impl FnMut(u64)) {
        for hash in hashes {
            prefetch(&raw const self.directory[hash.partition]);
        }
        for hash in hashes {
            let array = self.array(hash.partition);
            prefetch(array.bucket(array.places(hash.tag)[0]));
        }
        for hash in hashes {
            let array = self.array(hash.partition);
            let mut words = array.slots(hash.tag).map(Slot::peek);
            let likely = words.find(|word| word.tag() == hash.tag);
            if let Some(location) = likely.and_then(Word::location) {
                near(location);
            }
        }
    }

    /// Brings near what the lock of this key will touch.
    pub(crate) fn approach(&self, hash: Hash) {
        let array = self.array(hash.partition);
        prefetch(array.bucket(array.places(hash.tag)[0]));
    }

    /// Locks the key. Held for a probe, a compare and a publish (Law 1); the holder waits for nothing.
    pub(crate) fn lock(&self, hash: Hash) -> Locked<'_> {
        let mut tries = 0;
        loop {
            // Loaded anew at each try: the locks of a replaced array are never released.
            let array = self.array(hash.partition);
            let guard = &array.bucket(array.places(hash.tag)[0]).0[0];
            if guard.try_lock() {
                return Locked {
                    array,
                    tag: hash.tag,
                    guard,
                };
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
    guard: &'g Slot,
}

impl<'g> Locked<'g> {
    /// The slot whose item `matches`; it names that item until the lock is dropped.
    pub(crate) fn find(&self, matches: impl FnMut(u64) -> bool) -> Option<(&'g Slot, Word)> {
        self.array.find(self.tag, matches)
    }

    /// Publishes a new item for the key that `slot` names.
    pub(crate) fn replace(&self, slot: &Slot, location: u64) {
        self.check(slot);
        slot.replace(self.tag, location);
    }

    /// Publishes the copy of an item that moved, with its frequency or half of it.
    pub(crate) fn relocate(&self, slot: &Slot, location: u64, halve: bool) {
        self.check(slot);
        slot.relocate(location, halve);
    }

    /// The item stays where it is, with half of its frequency, but no less than 1.
    pub(crate) fn fade(&self, slot: &Slot) {
        self.check(slot);
        slot.fade();
    }

    /// Publishes an item for a key that has no slot.
    pub(crate) fn insert(&self, location: u64) -> Result<(), BothFull> {
        loop {
            let [first, second] = self
                .array
                .places(self.tag)
                .map(|at| &self.array.bucket(at).0);
            let empty = |bucket: &[Slot; WIDTH]| {
                bucket
                    .iter()
                    .filter(|slot| slot.peek().location().is_none())
                    .count()
            };
            let (in_first, in_second) = (empty(first), empty(second));
            if in_first + in_second == 0 {
                return self.insert_by_force(location);
            }
            let stay = in_first > WIDTH - FIRST_CHOICE || in_first >= in_second;
            let bucket = if stay { first } else { second };
            // Somebody with another key's lock may be faster at a slot: then look again.
            let mut open = bucket
                .iter()
                .filter(|slot| slot.peek().location().is_none());
            if open.any(|slot| slot.claim(self.tag, location)) {
                return Ok(());
            }
        }
    }

    /// Takes the slot of an item that can make way, when both buckets are full.
    fn insert_by_force(&self, location: u64) -> Result<(), BothFull> {
        let [first, second] = self.array.places(self.tag);
        let put = |slot: &Slot| slot.replace(self.tag, location);
        if self.array.make_way(first, put) {
            return Ok(());
        }
        let other = &self.array.bucket(second).0[0];
        // Whoever holds it may be waiting for ours.
        if !other.try_lock() {
            return Err(BothFull);
        }
        let done = self.array.make_way(second, put);
        other.unlock();
        if done { Ok(()) } else { Err(BothFull) }
    }

    /// Unlinks the item that `slot` names.
    pub(crate) fn remove(&self, slot: &Slot) {
        self.check(slot);
        slot.clear();
    }

    /// From now on a move keeps the item's unique.
    pub(crate) fn observe(&self, slot: &Slot) {
        self.check(slot);
        slot.observe();
    }

    /// The slot is the locked key's, as far as tags tell.
    fn check(&self, slot: &Slot) {
        debug_assert_eq!(slot.peek().tag(), self.tag);
    }

    /// Pushes the least frequently asked item out of the key's two buckets, for want of memory for a larger array.
    /// Returns its word, or `None` when nothing could be locked without waiting.
    pub(crate) fn push_out(&self) -> Option<Word> {
        let mut victims = [(u8::MAX, None); 2 * WIDTH];
        for (victim, slot) in victims.iter_mut().zip(self.array.slots(self.tag)) {
            *victim = (slot.peek().frequency(), Some(slot));
        }
        victims.sort_by_key(|(frequency, _)| *frequency);
        victims
            .iter()
            .find_map(|(_, slot)| self.push_out_of((*slot)?))
    }

    fn push_out_of(&self, slot: &Slot) -> Option<Word> {
        let tag = slot.peek().tag();
        let guard = &self.array.bucket(self.array.places(tag)[0]).0[0];
        let ours = ptr::eq(guard, self.guard);
        if !ours && !guard.try_lock() {
            return None;
        }
        // Under its key's lock the slot is stable, unless it had changed hands before we got it.
        let word = slot.load();
        let out = word.tag() == tag && word.location().is_some();
        if out {
            slot.clear();
        }
        if !ours {
            guard.unlock();
        }
        out.then_some(word)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.guard.unlock();
    }
}

#[cfg(all(test, loom))]
mod model;
#[cfg(test)]
mod tests;
