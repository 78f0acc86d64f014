//! What readers ask: without a lock, and without a write to what others read often (Law 5).

use std::fmt;

use crate::Seconds;
use crate::guard::Guard;
use crate::index::Hash;
use crate::item::Stored;
use crate::prefetch::{LINE, prefetch};
use crate::store::{Found, Store, Target};

/// Keys that are prefetched together: their lines, some four a key, and what is done with them fit into a core's
/// innermost cache.
const BATCH: usize = 32;

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

impl Store {
    /// The item of a key. Takes no lock and writes nothing that others read often (Law 5).
    pub fn get<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = guard.home(self);
        let found = store.locate(guard.now(), store.target(key))?;
        guard.count_fetch(found.slot, found.word);
        Some(store.item(found.location))
    }

    /// As [`Store::get`], with a unique that stays the same until the value changes.
    pub fn gets<'g>(&self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = guard.home(self);
        let target = store.target(key);
        loop {
            let found = store.locate(guard.now(), target)?;
            if found.word.is_observed() || store.observe(target.hash, &found) {
                guard.count_fetch(found.slot, found.word);
                return Some(store.item(found.location));
            }
        }
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

    /// Marks an item, under its key's lock, as one whose unique somebody knows; false when it is not there any more.
    fn observe(&self, hash: Hash, found: &Found<'_>) -> bool {
        let (locked, same) = self.lock(Target::at(hash, found.location));
        same.inspect(|same| locked.observe(same.slot)).is_some()
    }

    /// The item at a location that was found under a guard which is still open.
    pub(crate) fn item(&self, location: u64) -> Item<'_> {
        let stored = self.stored(location);
        Item {
            store: self,
            location,
            stored,
        }
    }
}
