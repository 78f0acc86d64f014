//! The store as all threads share it, and its reads.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::epoch::{Epochs, Retired};
use crate::evict::ghosts::Ghosts;
use crate::evict::worth::Worth;
use crate::flush::Flush;
use crate::guard::{Guard, Participant};
use crate::index::{Array, Hash, Index, Locked, Resize, Slot, Word};
use crate::item::{self, Stored};
use crate::maintain::Maintainer;
use crate::options::{Options, OptionsError};
use crate::pool::Pool;
use crate::prefetch::{LINE, prefetch};
use crate::segment::reclaim::Need;
use crate::segment::space::{Geometry, Space};
use crate::stats::Tally;
use crate::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::writer::Writer;
use crate::{Eviction, Seconds};

/// Keys that are prefetched together: their lines, some four a key, and what is done with them fit into a core's
/// innermost cache.
const BATCH: usize = 32;

/// What waits until nobody can see it any more.
pub(crate) enum Garbage {
    Segment(u32),
    Array(Array),
    /// Nothing to free: it tells that every guard from before this flush has closed.
    Fence(u64),
}

/// A concurrent key-value heap of fixed size.
pub struct Store {
    pub(crate) pool: Pool,
    pub(crate) index: Index,
    pub(crate) space: Space,
    pub(crate) epochs: Epochs,
    pub(crate) retired: Retired<Garbage>,
    pub(crate) flush: Flush,
    pub(crate) eviction: Eviction,
    pub(crate) worth: Worth,
    /// Under s3fifo.
    pub(crate) ghosts: Option<Ghosts>,
    pub(crate) tallies: Box<[Tally]>,
    pub(crate) maintenance: OnceLock<Thread>,
    index_bytes_min: u64,
    max_item_size: usize,
    seed: u64,
    writers: AtomicUsize,
    maintained: AtomicBool,
}

/// An item found under a guard. Its value is the heap's own bytes, which nobody changes while the guard is open.
#[derive(Clone, Copy)]
pub struct Item<'g> {
    store: &'g Store,
    location: u64,
    stored: Stored<'g>,
}

impl<'g> Item<'g> {
    /// The value's bytes.
    pub fn value(&self) -> &'g [u8] {
        self.stored.value
    }

    /// What the client stored beside the value.
    pub fn flags(&self) -> u32 {
        self.stored.client_flags()
    }

    /// When the item expires; 0: never.
    pub fn deadline(&self) -> Seconds {
        self.stored.deadline()
    }

    /// Tells this value apart from every other one the key ever had. It is only sure to be kept while the value stays if
    /// it comes from [`Store::gets`] or from a touch that observes.
    pub fn unique(&self) -> u64 {
        self.store.unique(self.location, &self.stored)
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("value", &self.value())
            .field("flags", &self.flags())
            .finish_non_exhaustive()
    }
}

/// What decides whether an item can be seen. Read before the index is asked.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) now: Seconds,
    void_before: Option<u64>,
}

/// A slot, and the item it named.
#[derive(Clone, Copy)]
pub(crate) struct Found<'g> {
    pub(crate) slot: &'g Slot,
    pub(crate) word: Word,
    pub(crate) location: u64,
    pub(crate) stored: Stored<'g>,
}

/// What came of the attempt to touch an item without copying it.
pub(crate) enum Extended<'g> {
    Done(Item<'g>),
    Missing,
    NotInPlace,
}

impl Found<'_> {
    /// It was asked for, here or where it lay before.
    pub(crate) fn is_fetched(&self) -> bool {
        self.word.frequency() > 0 || self.stored.is_fetched()
    }

    /// Somebody was told the item's unique, now or where it lay before.
    pub(crate) fn is_unique_known(&self) -> bool {
        self.word.is_observed() || self.stored.cas().is_some()
    }
}

impl Store {
    /// Makes a store. Its heap and index take memory as they fill.
    pub fn new(options: &Options) -> Result<Arc<Store>, OptionsError> {
        Store::cut(options, options.geometry()?)
    }

    /// As `new`, with the memory cut up as told.
    pub(crate) fn cut(options: &Options, geometry: Geometry) -> Result<Arc<Store>, OptionsError> {
        let no_memory = |error: &dyn std::fmt::Display| OptionsError::NoMemory(error.to_string());
        let heap_bytes = u64::from(geometry.segments) * u64::from(geometry.segment_bytes);
        let index = Index::new(options.memory).map_err(|error| no_memory(&error))?;
        Ok(Arc::new(Store {
            pool: Pool::new(heap_bytes).map_err(|error| no_memory(&error))?,
            index_bytes_min: index.bytes(),
            index,
            space: Space::new(geometry, options.eviction),
            // The writers, maintenance, and one who looks on (the admin thread).
            epochs: Epochs::new(options.writers + 2),
            retired: Retired::new(),
            flush: Flush::new(),
            eviction: options.eviction,
            worth: Worth::new(heap_bytes),
            ghosts: (options.eviction == Eviction::S3Fifo).then(|| Ghosts::new(options.memory)),
            tallies: (0..=options.writers).map(|_| Tally::default()).collect(),
            maintenance: OnceLock::new(),
            max_item_size: options.max_item_size as usize,
            seed: options.seed,
            writers: AtomicUsize::new(0),
            maintained: AtomicBool::new(false),
        }))
    }

    /// A place for the calling thread; `None` when all that the options provide for are taken (the writers', and two
    /// more).
    pub fn join(self: &Arc<Self>) -> Option<Participant> {
        self.epochs
            .join()
            .map(|place| Participant::new(self.clone(), place))
    }

    /// One of the writers that the options provide for; `None` when all are taken.
    pub fn writer(self: &Arc<Self>) -> Option<Writer> {
        let at = self.writers.fetch_add(1, Ordering::Relaxed);
        (at + 1 < self.tallies.len()).then(|| Writer::new(self.clone(), at))
    }

    /// The maintenance of this store, for a thread of its own; `None` when it has been handed out. It takes one of the
    /// places of [`Store::join`].
    pub fn maintainer(self: &Arc<Self>) -> Option<Maintainer> {
        if self.maintained.swap(true, Ordering::Relaxed) {
            return None;
        }
        let participant = self.join()?;
        Some(Maintainer::new(
            participant,
            Writer::new(self.clone(), self.tallies.len() - 1),
        ))
    }

    /// Whether an item of these lengths, in bytes, may be stored, with everything counted that it could need.
    pub fn fits(&self, key_len: usize, value_len: usize) -> bool {
        key_len <= item::KEY_MAX && key_len + value_len + item::OVERHEAD_MAX <= self.max_item_size
    }

    /// The item of a key. Takes no lock and writes nothing that others read often (Law 5).
    pub fn get<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = self.home(guard);
        let found = store.locate(guard, store.place(key), |_, stored| stored.key == key)?;
        Store::count_fetch(guard, &found);
        Some(store.item(&found))
    }

    /// As [`Store::get`], with a unique that stays the same until the value changes.
    pub fn gets<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = self.home(guard);
        let hash = store.place(key);
        loop {
            let found = store.locate(guard, hash, |_, stored| stored.key == key)?;
            if found.word.is_observed() || store.observe(hash, &found) {
                Store::count_fetch(guard, &found);
                return Some(store.item(&found));
            }
        }
    }

    /// Brings near what the next operations on these keys will read, so that they wait for memory together and not one
    /// after the other. Best for two keys to some fifty, right before they are used. It is a hint and promises nothing:
    /// every operation looks for itself.
    pub fn prefetch(&self, guard: &Guard<'_>, keys: &[&[u8]]) {
        let store = self.home(guard);
        for keys in keys.chunks(BATCH) {
            let mut hashes = [Hash::default(); BATCH];
            for (hash, key) in hashes.iter_mut().zip(keys) {
                *hash = store.place(key);
            }
            store.index.prefetch(&hashes[..keys.len()], |location| {
                // A location lies within the pool however old it is. Most items are small: header and key are in the
                // first line, what there is of the value in the next.
                let item = store.pool.at(location);
                prefetch(item);
                prefetch(item.wrapping_add(LINE));
            });
        }
    }

    /// The guard's store, which must be this one: an item lives as long as the guard, whoever finds it.
    fn home<'g>(&self, guard: &'g Guard<'_>) -> &'g Store {
        assert!(
            std::ptr::eq(guard.store(), self),
            "a guard of another store"
        );
        guard.store()
    }

    /// Marks an item, under its key's lock, as one whose unique somebody knows; false when it is not there any more.
    fn observe(&self, hash: Hash, found: &Found<'_>) -> bool {
        let locked = self.index.lock(hash);
        let Some((slot, _)) = locked.find(|location| location == found.location) else {
            return false;
        };
        locked.observe(slot);
        true
    }

    /// Makes everything void that was stored so far. A delayed flush that was to come is off.
    pub fn flush(&self) {
        let number = self.flush.now();
        self.fence_flush(number);
    }

    /// Makes everything void at `deadline` that was stored until then. Replaces an earlier delayed flush (one that was
    /// due has taken place when the guard was opened).
    pub fn flush_at(&self, _guard: &Guard<'_>, deadline: Seconds) {
        self.flush.at(deadline);
    }

    pub(crate) fn fire_flush(&self, now: Seconds) {
        if let Some(number) = self.flush.fire(now) {
            self.fence_flush(number);
        }
    }

    fn fence_flush(&self, number: u64) {
        self.retired.push(&self.epochs, Garbage::Fence(number));
        self.wake_maintenance();
    }

    pub(crate) fn wake_maintenance(&self) {
        if let Some(thread) = self.maintenance.get() {
            thread.unpark();
        }
    }

    pub(crate) fn place(&self, key: &[u8]) -> Hash {
        self.index.place(xxh3_64_with_seed(key, self.seed))
    }

    pub(crate) fn view(&self, now: Seconds) -> View {
        View {
            now,
            void_before: self.flush.pending(),
        }
    }

    pub(crate) fn need(&self, now: Seconds) -> Need {
        Need {
            now,
            flush: self.flush.pending(),
            eviction: self.eviction,
        }
    }

    /// Reads the item at a location that a slot named under a guard which is still open.
    pub(crate) fn stored(&self, location: u64) -> Stored<'_> {
        debug_assert!(location < self.space.heap_bytes());
        // SAFETY: a slot is published after the item's last byte (Law 4), and what it named is not reused while a
        // guard from then is open: every caller holds one.
        unsafe { Stored::read(self.pool.at(location), location) }
    }

    /// Neither expired nor flushed.
    pub(crate) fn is_visible(&self, view: View, location: u64, stored: &Stored<'_>) -> bool {
        let deadline = stored.deadline();
        (deadline == 0 || deadline > view.now) && !self.is_void(view, location)
    }

    pub(crate) fn is_void(&self, view: View, location: u64) -> bool {
        view.void_before
            .is_some_and(|number| self.space.record_of(location).born() < number)
    }

    /// The visible item that `names` accepts, by location or by what is stored there, without a lock.
    pub(crate) fn locate<'g>(
        &'g self,
        guard: &'g Guard<'_>,
        hash: Hash,
        names: impl Fn(u64, &Stored<'g>) -> bool,
    ) -> Option<Found<'g>> {
        debug_assert!(std::ptr::eq(guard.store(), self));
        let view = self.view(guard.now());
        let mut stored = None;
        let (slot, word) = self.index.find(hash, |location| {
            let candidate = self.stored(location);
            let found = names(location, &candidate);
            stored = found.then_some((location, candidate));
            found
        })?;
        let (location, stored) = stored?;
        self.is_visible(view, location, &stored).then_some(Found {
            slot,
            word,
            location,
            stored,
        })
    }

    /// The item that `names` accepts, visible or not, under its key's lock.
    pub(crate) fn find_locked<'g>(
        &'g self,
        locked: &Locked<'g>,
        names: impl Fn(u64, &Stored<'g>) -> bool,
    ) -> Option<Found<'g>> {
        let (slot, word) = locked.find(|location| names(location, &self.stored(location)))?;
        let location = word.location()?;
        Some(Found {
            slot,
            word,
            location,
            stored: self.stored(location),
        })
    }

    /// Extends an item's life in place, if it has a place for it and would not die earlier.
    pub(crate) fn extend<'g>(
        &'g self,
        guard: &Guard<'_>,
        key: &[u8],
        deadline: Seconds,
        observe: bool,
    ) -> Extended<'g> {
        let view = self.view(guard.now());
        let locked = self.index.lock(self.place(key));
        let found = self.find_locked(&locked, |_, stored| stored.key == key);
        let Some(found) =
            found.filter(|found| self.is_visible(view, found.location, &found.stored))
        else {
            return Extended::Missing;
        };
        if !found.stored.extend(deadline) {
            return Extended::NotInPlace;
        }
        if observe {
            locked.observe(found.slot);
        }
        Store::count_fetch(guard, &found);
        Extended::Done(self.item_at(found.location))
    }

    fn count_fetch(guard: &Guard<'_>, found: &Found<'_>) {
        found.slot.bump(found.word, |frequency| {
            guard.chance(u32::from(frequency.saturating_sub(3)))
        });
    }

    fn item<'g>(&'g self, found: &Found<'g>) -> Item<'g> {
        Item {
            store: self,
            location: found.location,
            stored: found.stored,
        }
    }

    pub(crate) fn item_at(&self, location: u64) -> Item<'_> {
        Item {
            store: self,
            location,
            stored: self.stored(location),
        }
    }

    /// A number that no other value ever had or will have: where the item lies, and in which life of its segment; or
    /// what it was where it lay before.
    pub(crate) fn unique(&self, location: u64, stored: &Stored<'_>) -> u64 {
        stored.cas().unwrap_or_else(|| self.unique_at(location))
    }

    pub(crate) fn unique_at(&self, location: u64) -> u64 {
        let life = self
            .space
            .record_of(location)
            .generation()
            .wrapping_mul(self.space.heap_bytes());
        // A start that differs between runs: a client's unique from before a restart must not match.
        life.wrapping_add(location)
            .wrapping_add(self.seed.rotate_left(32))
    }

    /// Nothing may be evicted, and nothing else could make room.
    pub(crate) fn is_exhausted(&self, now: Seconds) -> bool {
        self.retired.is_empty() && self.space.is_exhausted(self.need(now))
    }

    /// Something waits for guards to close.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.retired.is_empty()
    }

    /// Room for one more key in its partition of the index; false when there is no memory for it.
    pub(crate) fn grow_index(&self, hash: Hash, tally: &Tally) -> bool {
        loop {
            match self.index.grow(hash) {
                Resize::Done(old) => {
                    self.replaced(old, tally);
                    return true;
                }
                Resize::Needless => return true,
                Resize::NeedsMemory(bytes) if self.allow_index(bytes) => {}
                Resize::NeedsMemory(_) | Resize::Impossible => return false,
            }
        }
    }

    /// Lets the index use so many bytes, for which segments are lent.
    fn allow_index(&self, bytes: u64) -> bool {
        let lent = bytes.saturating_sub(self.index_bytes_min);
        let allow = || self.index.allow(bytes);
        if self.space.cover(&self.pool, lent, allow) {
            return true;
        }
        // What is retired may be all that is missing.
        self.collect();
        self.space.cover(&self.pool, lent, allow)
    }

    fn replaced(&self, old: Array, tally: &Tally) {
        tally.index_resizes.add(1);
        self.retired.push(&self.epochs, Garbage::Array(old));
    }

    /// Makes a sparse partition smaller; tells how many buckets were looked at.
    pub(crate) fn shrink_index(&self, partition: usize, tally: &Tally) -> usize {
        let (outcome, buckets) = self.index.shrink(partition);
        if let Resize::Done(old) = outcome {
            self.replaced(old, tally);
        }
        buckets
    }

    /// Closes holes between the arrays, some at a time, and takes back the segments that the index does not need.
    pub(crate) fn tidy_index(&self, tally: &Tally, moves: usize) {
        for _ in 0..moves {
            let Resize::Done(old) = self.index.compact() else {
                break;
            };
            self.replaced(old, tally);
        }
        self.index.trim();
        let allowed = || self.index.allowed().saturating_sub(self.index_bytes_min);
        self.space.uncover(&self.pool, allowed);
    }

    /// Frees what no guard can see any more.
    pub(crate) fn collect(&self) {
        self.retired.collect(&self.epochs, |garbage| match garbage {
            Garbage::Segment(segment) => self.space.reuse(segment),
            // SAFETY: it was replaced, and every guard from before that has closed.
            Garbage::Array(array) => unsafe { self.index.free(array) },
            Garbage::Fence(number) => self.flush.fence(number),
        });
    }
}
