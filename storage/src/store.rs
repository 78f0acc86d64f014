//! The store as all threads share it: its parts, and what every operation asks of them.

use std::mem::offset_of;
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Seconds;
use crate::counts::Tally;
use crate::epoch::Epochs;
use crate::evict::ghosts::Ghosts;
use crate::evict::worth::Worth;
use crate::flush::{Flush, View};
use crate::index::{Array, Hash, Index, Locked, Slot, Word};
use crate::item::{self, Stored};
use crate::options::{Options, OptionsError};
use crate::pool::{HUGE_PAGE, HugePages, Pool};
use crate::segment::space::{Geometry, Space};
use crate::sync::{Apart, AtomicBool, AtomicU64, AtomicUsize};

/// Uniques a byte of the heap: between those of two items there is room for some that are above the one before.
const UNIQUES: u64 = 8;

/// What waits until nobody can see it any more.
pub(crate) enum Garbage {
    Segment(u32),
    Array(Array),
}

/// A concurrent key-value heap of fixed size.
pub struct Store {
    pub(crate) pool: Pool,
    pub(crate) index: Index,
    pub(crate) space: Space,
    pub(crate) epochs: Epochs<Garbage>,
    pub(crate) flush: Flush,
    pub(crate) worth: Apart<Worth>,
    /// Asked and told under s3fifo alone.
    pub(crate) ghosts: Ghosts,
    /// The writers', then the maintainer's and the remover's.
    pub(crate) tallies: Box<[Tally]>,
    pub(crate) maintenance: OnceLock<Thread>,
    pub(crate) index_bytes_min: u64,
    /// What it was made from.
    pub(crate) options: Options,
    /// Bytes for items and index, as set last.
    pub(crate) memory: AtomicU64,
    /// Writers handed out so far.
    pub(crate) writers: AtomicUsize,
    /// The maintainer has been handed out.
    pub(crate) maintained: AtomicBool,
    /// The remover has been handed out.
    pub(crate) removed: AtomicBool,
}

// Every get reads what lies around it.
const _: () = assert!(offset_of!(Store, worth).is_multiple_of(align_of::<Apart<()>>()));

/// Which item is meant, and where the index has it.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) hash: Hash,
    names: Names<'a>,
}

#[derive(Clone, Copy)]
enum Names<'a> {
    Key(&'a [u8]),
    Location(u64),
}

impl Target<'_> {
    /// The item at that location, under whatever key.
    pub(crate) fn at(hash: Hash, location: u64) -> Target<'static> {
        let names = Names::Location(location);
        Target { hash, names }
    }
}

impl Names<'_> {
    #[inline]
    fn accept<'g>(self, location: u64, stored: impl FnOnce() -> Stored<'g>) -> bool {
        match self {
            Names::Key(key) => stored().key == key,
            Names::Location(wanted) => location == wanted,
        }
    }
}

/// A slot, and the item it named.
#[derive(Clone, Copy)]
pub(crate) struct Found<'g> {
    pub(crate) slot: &'g Slot,
    pub(crate) word: Word,
    pub(crate) location: u64,
    pub(crate) stored: Stored<'g>,
}

impl Found<'_> {
    /// It was asked for, here or where it lay before.
    pub(crate) fn is_fetched(&self) -> bool {
        self.word.frequency() > 0 || self.stored.is_fetched()
    }
}

impl Store {
    /// Makes a store. Its heap and index take memory as they fill.
    pub fn new(options: &Options) -> Result<Arc<Store>, OptionsError> {
        Store::cut(options, options.geometry()?)
    }

    /// As `new`; under Miri with an eighth of the memory, which takes it long to lay out.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn small(options: &Options) -> Arc<Store> {
        let (whole, part) = (options.geometry().unwrap(), if cfg!(miri) { 8 } else { 1 });
        let options = Options {
            memory: options.memory / u64::from(part),
            ..options.clone()
        };
        let geometry = Geometry {
            segments: whole.segments / part,
            ..whole
        };
        Store::cut(&options, geometry).unwrap()
    }

    /// As `new`, with the memory cut up as told.
    pub(crate) fn cut(options: &Options, geometry: Geometry) -> Result<Arc<Store>, OptionsError> {
        let heap_bytes = geometry.bytes(geometry.segments);
        let (memory, huge_pages) = (options.memory_max(), options.huge_pages);
        let no_memory = |error| match huge_pages {
            HugePages::Explicit => {
                let bytes = heap_bytes + Index::arrays_max(memory, huge_pages);
                OptionsError::NoHugePages(bytes / HUGE_PAGE, error)
            }
            HugePages::Madvise | HugePages::Never => OptionsError::NoMemory(error),
        };
        let index = Index::new(memory, huge_pages).map_err(no_memory)?;
        let store = Store {
            pool: Pool::new(heap_bytes, huge_pages).map_err(no_memory)?,
            index_bytes_min: index.bytes(),
            index,
            space: Space::new(geometry, options.eviction),
            // The writers, maintenance, and one who looks on (the admin thread).
            epochs: Epochs::new(options.writers + 2),
            flush: Flush::new(),
            worth: Apart(Worth::new()),
            ghosts: Ghosts::new(options.memory),
            tallies: (0..options.writers + 2).map(|_| Tally::default()).collect(),
            maintenance: OnceLock::new(),
            options: options.clone(),
            memory: AtomicU64::new(options.memory),
            writers: AtomicUsize::new(0),
            maintained: AtomicBool::new(false),
            removed: AtomicBool::new(false),
        };
        while store.space.withhold(&store.pool) {}
        Ok(Arc::new(store))
    }

    /// Whether an item of these lengths, in bytes, may be stored, with everything counted that it could need.
    pub fn fits(&self, key_len: usize, value_len: usize) -> bool {
        key_len <= item::KEY_MAX
            && key_len + value_len + item::OVERHEAD_MAX <= self.options.max_item_size as usize
    }

    /// Makes everything void that was stored so far. A delayed flush that was to come is off.
    pub fn flush(&self) {
        self.flush.now();
        self.wake_maintenance();
    }

    pub(crate) fn fire_flush(&self, now: Seconds) {
        if self.flush.fire(now) {
            self.wake_maintenance();
        }
    }

    pub(crate) fn wake_maintenance(&self) {
        if let Some(thread) = self.maintenance.get() {
            thread.unpark();
        }
    }

    pub(crate) fn place(&self, key: &[u8]) -> Hash {
        self.index.place(xxh3_64_with_seed(key, self.options.seed))
    }

    pub(crate) fn view(&self, now: Seconds) -> View {
        View {
            now,
            void_before: self.flush.pending(),
        }
    }

    /// Reads the item at a location that a slot named under a guard which is still open.
    pub(crate) fn stored(&self, location: u64) -> Stored<'_> {
        debug_assert!(location < self.pool.len());
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

    /// The item of a key, for changes and reads.
    pub(crate) fn target<'a>(&self, key: &'a [u8]) -> Target<'a> {
        let names = Names::Key(key);
        let hash = self.place(key);
        Target { hash, names }
    }

    /// The target's item, if it is visible, without a lock.
    #[inline(always)]
    pub(crate) fn locate(&self, now: Seconds, target: Target<'_>) -> Option<Found<'_>> {
        let view = self.view(now);
        let names = |location| target.names.accept(location, || self.stored(location));
        let (slot, word) = self.index.find(target.hash, names)?;
        self.found(slot, word)
            .filter(|found| self.is_visible(view, found.location, &found.stored))
    }

    /// Locks the target's key: with its item, visible or not.
    #[inline(always)]
    pub(crate) fn lock<'g>(&'g self, target: Target<'_>) -> (Locked<'g>, Option<Found<'g>>) {
        let locked = self.index.lock(target.hash);
        let names = |location| target.names.accept(location, || self.stored(location));
        let found = locked
            .find(names)
            .and_then(|(slot, word)| self.found(slot, word));
        (locked, found)
    }

    #[inline(always)]
    pub(crate) fn found<'g>(&'g self, slot: &'g Slot, word: Word) -> Option<Found<'g>> {
        let location = word.location()?;
        Some(Found {
            slot,
            word,
            location,
            stored: self.stored(location),
        })
    }

    /// A number that no other value of the key ever had or will have, and that grows from one told to the next: where the
    /// item lies, and when its segment was opened; or what it was where it lay before.
    pub(crate) fn unique(&self, location: u64, stored: &Stored<'_>) -> u64 {
        stored.cas().unwrap_or_else(|| self.unique_at(location))
    }

    pub(crate) fn unique_of(&self, found: &Found<'_>) -> u64 {
        self.unique(found.location, &found.stored)
    }

    /// The unique that a copy of the item must keep: none, if nobody knows it.
    pub(crate) fn known_unique(&self, found: &Found<'_>) -> Option<u64> {
        let known = found.word.is_observed() || found.stored.cas().is_some();
        known.then(|| self.unique_of(found))
    }

    pub(crate) fn unique_at(&self, location: u64) -> u64 {
        let bytes = u64::from(self.space.geometry.segment_bytes);
        let opening = self.space.record_of(location).generation();
        let place = opening.wrapping_mul(bytes).wrapping_add(location % bytes);
        // A start that differs between runs: a client's unique from before a restart must not match.
        place
            .wrapping_mul(UNIQUES)
            .wrapping_add(self.options.seed >> 1)
    }

    /// Nothing may be evicted, and nothing else could make room, be it `by_bytes` or by slots of the index alone.
    pub(crate) fn is_exhausted(&self, now: Seconds, by_bytes: bool) -> bool {
        !self.epochs.is_waiting() && self.space.is_exhausted(self.view(now), by_bytes)
    }

    /// Frees what no guard can see any more.
    pub(crate) fn collect(&self) {
        self.epochs.collect(|garbage| match garbage {
            Garbage::Segment(segment) => self.space.reuse(segment),
            // SAFETY: it was replaced, and every guard from before that has closed.
            Garbage::Array(array) => unsafe { self.index.free(array) },
        });
    }
}
