//! A writer: its room in the heap, what it owes for it, and the accounts of what comes and goes.

use std::sync::Arc;

use crate::counts::Tally;
use crate::guard::Guard;
use crate::index::Word;
use crate::item::Stored as Bytes;
use crate::segment::tail::{Placement, Purpose};
use crate::segment::tails::{Room, Tails};
use crate::store::Store;
use crate::sync::Ordering;
use crate::{Eviction, NoSpace, Seconds};

/// Bytes a turn may write at least, however small the reserve.
const ALLOWANCE_MIN: usize = 64 << 10;

/// One worker's half of the store: its tails and its counts. A guard of the same store comes with every call.
pub struct Writer {
    store: Arc<Store>,
    pub(super) tails: Tails,
    at: usize,
    /// Bytes of segments taken from the reserve and not yet made up for.
    pub(crate) debt: u64,
    /// Bytes written since the last reclaim.
    pub(crate) written: usize,
}

/// A new item that has got its key's slot.
pub(super) struct Published {
    pub(super) size: usize,
    pub(super) deadline: Seconds,
}

impl Store {
    /// One of the writers that the options provide for; `None` when all are taken.
    pub fn writer(self: &Arc<Self>) -> Option<Writer> {
        let at = self.writers.fetch_add(1, Ordering::Relaxed);
        (at < self.options.writers).then(|| Writer::new(self.clone(), at))
    }
}

impl Writer {
    pub(crate) fn new(store: Arc<Store>, at: usize) -> Writer {
        let tails = Tails::new();
        Writer {
            store,
            tails,
            at,
            debt: 0,
            written: 0,
        }
    }

    /// The guard's store, which must be this writer's own: its tails lie there.
    pub(crate) fn home<'g>(&self, guard: &'g Guard<'_>) -> &'g Store {
        guard.home(&self.store)
    }

    pub(crate) fn shared(&self) -> &Arc<Store> {
        &self.store
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.store.tallies[self.at]
    }

    /// Bytes that may still be written before the guard is closed and [`Writer::reclaim`] called: more could use up the
    /// reserve, and would wait for their own guard.
    pub fn turn_allowance(&self) -> usize {
        let space = &self.store.space;
        let reserve = space.geometry.bytes(space.limits.reserve()) as usize;
        let share = reserve / (2 * space.geometry.hands as usize);
        share.max(ALLOWANCE_MIN).saturating_sub(self.written)
    }

    /// Seals tails that have been open long enough or hold what was flushed. True while tails are open: then wait for no
    /// longer than 250 ms and call again.
    pub fn settle(&mut self, guard: &Guard<'_>) -> bool {
        let store = self.home(guard);
        let born = store.flush.number();
        self.tails.settle(&store.space, guard.now(), born)
    }

    /// Room for an item. Without any, the debt grows: whoever wants space helps to make it.
    pub(super) fn reserve(&mut self, size: usize, placement: Placement) -> Result<Room, NoSpace> {
        let space = &self.store.space;
        let mut room = self.tails.reserve(space, size, placement);
        if room.is_none() {
            self.store.collect();
            room = self.tails.reserve(space, size, placement);
        }
        self.take_stock(placement.purpose);
        room.ok_or_else(|| self.shortage(size, placement.purpose, placement.now))
    }

    /// Takes note of the segments that were taken from the reserve. What a drain takes is no debt: it makes up for it
    /// itself, and only what it does not move counts as freed.
    pub(super) fn take_stock(&mut self, purpose: Purpose) {
        let taken = self.tails.take_stock();
        if taken > 0 && purpose == Purpose::Write && self.store.space.is_low() {
            self.debt += taken;
            self.store.wake_maintenance();
        }
    }

    /// What to tell somebody for whom there is no room now: for so many bytes, or in the index (0).
    pub(super) fn shortage(&mut self, size: usize, purpose: Purpose, now: Seconds) -> NoSpace {
        let is_write = purpose == Purpose::Write;
        if is_write {
            self.tally().no_space.add(1);
            self.debt += u64::from(self.store.space.geometry.segment_bytes).max(size as u64);
        }
        let by_bytes = size > 0 || self.store.index.may_be_allowed_more();
        if self.store.eviction() == Eviction::None && self.store.is_exhausted(now, by_bytes) {
            return NoSpace::Full;
        }
        if is_write {
            self.store.wake_maintenance();
        }
        NoSpace::Retry
    }

    pub(super) fn committed(&mut self, room: &Room, item: &Published, mut placement: Placement) {
        placement.deadline = item.deadline;
        self.tails
            .commit(&self.store.space, room, item.size, placement);
        if placement.purpose == Purpose::Write {
            self.written += item.size;
        }
        self.tally().spans.add(u64::from(room.spans));
    }

    /// The item has lost its slot, and its key has none now.
    pub(crate) fn removed(&self, location: u64, item: &Bytes<'_>) {
        self.tally().removed.add(1);
        self.buried(location, item);
    }

    /// The item has lost its slot.
    pub(super) fn buried(&self, location: u64, item: &Bytes<'_>) {
        let (space, size, overhead) = (&self.store.space, item.size(), item.overhead());
        self.tally().removed_bytes.add(size as u64);
        self.tally().removed_header_bytes.add(overhead as u64);
        if space.record_of(location).bury(size as u32) {
            space.report_dead(space.segment_of(location));
        }
    }

    pub(super) fn pushed_out(&self, word: Word) {
        let Some(location) = word.location() else {
            return;
        };
        let item = self.store.stored(location);
        let unfetched = word.frequency() == 0 && !item.is_fetched();
        self.tally().evicted_index.add(1);
        self.tally().evicted_unfetched.add(u64::from(unfetched));
        self.removed(location, &item);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tails.close(&self.store.space);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::segment::space::Geometry;
    use crate::{Condition, Options};

    /// Under eviction `none` the index is full, with all the memory that it may have, and there are plenty of segments.
    #[test]
    fn a_full_index_would_make_clients_wait_for_what_overwrites_have_left() {
        let options = Options {
            eviction: Eviction::None,
            ..Options::default()
        };
        let whole = options.geometry().unwrap();
        let geometry = Geometry {
            segment_bytes: 4096,
            segments: 400,
            ..whole
        };
        let memory = 64 << 10;
        let store = Store::cut(&Options { memory, ..options }, geometry).unwrap();
        store.index.allow(memory);
        let mut writer = store.writer().unwrap();
        let mut participant = store.join().unwrap();
        let mut set = |key: u32| {
            let (key, now) = (key.to_be_bytes(), 2);
            let guard = participant.enter(now);
            let stored = writer.store(&guard, &key, &[7; 20], 0, 0, Condition::Always);
            drop(guard);
            store.collect();
            stored.map(|_| ())
        };
        let keys: Vec<_> = (0..20_000).filter(|&key| set(key).is_ok()).collect();
        assert!(keys.len() < 10_000, "the index is not full");
        for &key in &keys {
            set(key).unwrap();
        }
        let counts = (20_000..20_100)
            .map(set)
            .filter(|it| *it == Err(NoSpace::Retry));
        assert_eq!(counts.count(), 0);
    }
}
