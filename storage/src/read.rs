//! What readers ask: without a lock, and without a write to what others read often (Law 5).

use std::fmt;

use crate::Seconds;
use crate::guard::Guard;
use crate::index::Hash;
use crate::item::Marks;
use crate::prefetch::{LINE, prefetch};
use crate::store::{Found, Store, Target};

/// Keys that are prefetched together: their lines, some four a key, and what is done with them fit into a core's
/// innermost cache.
const BATCH: usize = 32;

/// An item found under a guard. Its value is the heap's own bytes, which nobody changes while the guard is open.
#[derive(Clone, Copy)]
pub struct Item<'g> {
    store: &'g Store,
    found: Found<'g>,
    /// Both as they were when it was found.
    fetched: bool,
    marks: Marks,
}

impl<'g> Item<'g> {
    /// The key's bytes.
    pub fn key(&self) -> &'g [u8] {
        self.found.stored.key
    }

    /// The value's bytes.
    pub fn value(&self) -> &'g [u8] {
        self.found.stored.value
    }

    /// What the client stored beside the value.
    pub fn flags(&self) -> u32 {
        self.found.stored.client_flags()
    }

    /// When the item expires; 0: never.
    pub fn deadline(&self) -> Seconds {
        self.found.stored.deadline()
    }

    /// Tells this value apart from every other one the key ever had. It is only sure to be kept while the value stays if
    /// it comes from [`Store::gets`] or from a touch that observes.
    pub fn unique(&self) -> u64 {
        self.store.unique_of(&self.found)
    }

    /// It was asked for before, since its value was stored.
    pub fn was_fetched(&self) -> bool {
        self.fetched
    }

    /// When it was last asked for before, if that is kept (see [`Writer::track`](crate::Writer::track)); else when the
    /// segment that it lies in was opened.
    pub fn last_access(&self) -> Seconds {
        match self.marks.accessed {
            0 => self.store.space.record_of(self.found.location).opened(),
            accessed => accessed,
        }
    }

    /// When it was last asked for is kept.
    pub fn is_tracked(&self) -> bool {
        self.marks.accessed != 0
    }

    /// Its value is out of date.
    pub fn is_stale(&self) -> bool {
        self.marks.stale
    }

    /// Somebody was told to renew it.
    pub fn is_won(&self) -> bool {
        self.marks.won
    }

    /// Its key came in base64 (see [`Terms::encoded`](crate::Terms::encoded)).
    pub fn is_encoded(&self) -> bool {
        self.marks.encoded
    }

    /// Bytes that it takes in the heap.
    pub fn size(&self) -> usize {
        self.found.stored.size()
    }

    /// Notes that it was asked for, of an item from [`Store::peek`] whose guard this is. Not for who touches, claims or
    /// tracks it: that does so itself, and leaves it elsewhere. If its value was replaced since, there is nothing to note;
    /// if it was moved by others, this fetch goes uncounted.
    pub fn note_fetch(&self, guard: &Guard<'_>) {
        guard.count_fetch(self.found.slot, self.found.word);
        self.found.stored.note_access(guard.now());
    }

    pub(crate) fn location(&self) -> u64 {
        self.found.location
    }

    /// As it lies where a copy has been made of it, if one was.
    pub(crate) fn moved_to(self, location: Option<u64>) -> Item<'g> {
        let location = location.unwrap_or(self.found.location);
        let found = Found {
            location,
            stored: self.store.stored(location),
            ..self.found
        };
        Item { found, ..self }
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

impl Store {
    /// The item of a key. Takes no lock and writes nothing that others read often (Law 5).
    pub fn get<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = guard.home(self);
        let item = store.item(&store.locate(guard.now(), store.target(key))?);
        item.note_fetch(guard);
        Some(item)
    }

    /// As [`Store::get`], with a unique that stays the same until the value changes.
    pub fn gets<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = guard.home(self);
        let item = store.item(&store.locate_observed(guard, key)?);
        item.note_fetch(guard);
        Some(item)
    }

    /// As [`Store::get`], or as [`Store::gets`] if `observe` is set, but nobody will know that the item was asked for:
    /// see [`Item::note_fetch`].
    pub fn peek<'g>(&self, guard: &'g Guard<'_>, key: &[u8], observe: bool) -> Option<Item<'g>> {
        let store = guard.home(self);
        let found = if observe {
            store.locate_observed(guard, key)
        } else {
            store.locate(guard.now(), store.target(key))
        };
        found.map(|found| store.item(&found))
    }

    /// Shows the items of one part of the store, of which there are many; returns the number of the next part, or `None`
    /// after the last. What is changed meanwhile may be left out or shown twice.
    pub fn walk(
        &self,
        guard: &Guard<'_>,
        part: usize,
        mut see: impl FnMut(&Item<'_>),
    ) -> Option<usize> {
        let store = guard.home(self);
        let view = store.view(guard.now());
        store.index.visit(part, |slot, word| {
            let found = store.found(slot, word);
            let visible = found.filter(|it| store.is_visible(view, it.location, &it.stored));
            if let Some(found) = visible {
                see(&store.item(&found));
            }
        });
        (part + 1 < store.index.partition_count()).then_some(part + 1)
    }

    /// Brings near what the next operations on these keys will read, so that they wait for memory together and not one
    /// after the other. Best for two keys to some fifty, right before they are used. It is a hint and promises nothing:
    /// every operation looks for itself.
    pub fn prefetch(&self, guard: &Guard<'_>, keys: &[&[u8]]) {
        let store = guard.home(self);
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

    fn locate_observed(&self, guard: &Guard<'_>, key: &[u8]) -> Option<Found<'_>> {
        let target = self.target(key);
        loop {
            let found = self.locate(guard.now(), target)?;
            if found.word.is_observed() || self.observe(target.hash, &found) {
                return Some(found);
            }
        }
    }

    /// Marks an item, under its key's lock, as one whose unique somebody knows; false when it is not there any more.
    fn observe(&self, hash: Hash, found: &Found<'_>) -> bool {
        let (locked, same) = self.lock(Target::at(hash, found.location));
        same.inspect(|same| locked.observe(same.slot)).is_some()
    }

    pub(crate) fn item<'g>(&'g self, found: &Found<'g>) -> Item<'g> {
        Item {
            store: self,
            found: *found,
            fetched: found.is_fetched(),
            marks: found.stored.marks(),
        }
    }
}
