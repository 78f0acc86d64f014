//! A writer's room in the heap, what it owes for it, and the accounts of what comes and goes.

use super::Writer;
use crate::guard::Guard;
use crate::index::{Hash, Word};
use crate::item::{Draft, Stored as Bytes};
use crate::segment::space::Purpose;
use crate::segment::tail::{Placement, Room};
use crate::store::{Found, Store};
use crate::{Eviction, NoSpace};

impl Writer {
    /// Room for an item. Without any, the debt grows: whoever wants space helps to make it.
    pub(super) fn reserve(
        &mut self,
        store: &Store,
        size: usize,
        placement: Placement,
    ) -> Result<Room, NoSpace> {
        let mut room = self.tails.reserve(&store.space, size, placement);
        if room.is_err() {
            store.collect();
            room = self.tails.reserve(&store.space, size, placement);
        }
        self.take_stock(store, placement.purpose);
        room.map_err(|_| self.shortage(store, size, placement))
    }

    /// Takes note of the segments that were taken from the reserve. What a drain takes is no debt: it makes up for it
    /// itself, and only what it does not move counts as freed.
    pub(super) fn take_stock(&mut self, store: &Store, purpose: Purpose) {
        let taken = self.tails.take_stock();
        if taken > 0 && purpose == Purpose::Write && store.space.is_low() {
            self.debt += taken;
            store.wake_maintenance();
        }
    }

    /// What to tell somebody for whom there is no room now.
    pub(super) fn shortage(&mut self, store: &Store, size: usize, placement: Placement) -> NoSpace {
        let is_write = placement.purpose == Purpose::Write;
        if is_write {
            self.tally().no_space.add(1);
            self.debt += u64::from(store.space.geometry.segment_bytes).max(size as u64);
        }
        if store.eviction == Eviction::None && store.is_exhausted(placement.now) {
            return NoSpace::Full;
        }
        if is_write {
            store.wake_maintenance();
        }
        NoSpace::Retry
    }

    pub(super) fn committed(
        &mut self,
        store: &Store,
        room: &Room,
        size: usize,
        placement: Placement,
    ) {
        let spans = self.tails.commit(&store.space, room, size, placement);
        if placement.purpose == Purpose::Write {
            self.written += size;
        }
        self.tally().spans.add(u64::from(spans));
    }

    /// A new value has got its key's slot, in which was `old`.
    pub(super) fn published(
        &self,
        store: &Store,
        hash: Hash,
        location: u64,
        size: usize,
        old: Option<Found<'_>>,
    ) {
        if let Some(ghosts) = &store.ghosts {
            ghosts.forget(hash.bits);
        }
        self.tally().stored.add(1);
        self.count_bytes(store, location, size);
        if let Some(old) = old {
            self.replaced(store, &old);
        } else {
            self.tally().inserted.add(1);
        }
    }

    /// Counts the bytes of an item that has got a slot.
    pub(super) fn count_bytes(&self, store: &Store, location: u64, size: usize) {
        self.tally().stored_bytes.add(size as u64);
        // Written a moment ago, and not reused while the guard is open.
        let header = store.stored(location).header();
        self.tally().stored_header_bytes.add(header as u64);
    }

    /// The item has lost its slot to a new one of the same key.
    pub(super) fn replaced(&self, store: &Store, old: &Found<'_>) {
        self.buried(store, old.location, &old.stored);
    }

    /// The item has lost its slot, and its key has none now.
    pub(crate) fn removed(&self, store: &Store, location: u64, item: &Bytes<'_>) {
        self.tally().removed.add(1);
        self.buried(store, location, item);
    }

    fn buried(&self, store: &Store, location: u64, item: &Bytes<'_>) {
        let size = item.size();
        self.tally().removed_bytes.add(size as u64);
        self.tally().removed_header_bytes.add(item.header() as u64);
        if store.space.record_of(location).bury(size as u32) {
            store.space.report_dead(store.space.segment_of(location));
        }
    }

    pub(super) fn pushed_out(&self, store: &Store, word: Word) {
        let Some(location) = word.location() else {
            return;
        };
        let item = store.stored(location);
        self.tally().evicted_index.add(1);
        self.tally()
            .evicted_unfetched
            .add(u64::from(word.frequency() == 0 && !item.is_fetched()));
        self.removed(store, location, &item);
    }
}

pub(super) fn placement(
    guard: &Guard<'_>,
    draft: &Draft<'_>,
    purpose: Purpose,
    main: bool,
) -> Placement {
    let store = guard.store();
    Placement {
        now: guard.now(),
        deadline: draft.deadline,
        born: store.flush.number(),
        purpose,
        evict: store.eviction != Eviction::None && purpose == Purpose::Write,
        main,
    }
}
