//! Items whose values are received straight into their place in the heap.
//!
//! ```text
//! begin ---> header and key are written, the room for the value is the caller's ---> complete: the item is published
//!                                                                              \---> dropped: its bytes are dead
//! ```
//!
//! No slot names the item before it is complete, so nobody reads it; and its segment is not drained before that, so
//! nobody reuses its memory. What is held up like this is bounded, in segments.

use std::fmt;
use std::ptr;
use std::sync::Arc;

use super::change::{Decided, Place, Task, Written, returns, write};
use super::room::Writer;
use super::terms::{Condition, Stored, Terms};
use crate::guard::Guard;
use crate::item::{Body, Draft, Head, Stored as Bytes};
use crate::segment::tail::{Placement, Purpose};
use crate::store::Store;
use crate::{NoSpace, Seconds};

/// An item whose value is still to come, and the right to write it. Dropping it gives the room back.
pub struct Pending {
    store: Arc<Store>,
    location: u64,
    /// Bytes of the value that have been received.
    received: usize,
    /// It has a span of its own.
    spans: bool,
    published: bool,
}

impl Pending {
    fn item(&self) -> Bytes<'_> {
        // SAFETY: header and key were written by `begin`, and the memory is not reused before this is dropped: its
        // segment counts it. What is not yet received of the value has been written before, if only with zeroes.
        unsafe { Bytes::read(self.store.pool.at(self.location), self.location) }
    }

    /// Its key.
    pub fn key(&self) -> &[u8] {
        self.item().key
    }

    /// The part of the value that has been received.
    pub fn received(&self) -> &[u8] {
        &self.item().value[..self.received]
    }

    /// The place of what is still to come of the value; empty when it is whole.
    pub fn room(&mut self) -> &mut [u8] {
        let item = self.item();
        let rest = item.value.len() - self.received;
        let start = self.location + (item.size() - rest) as u64;
        if rest == 0 {
            return &mut [];
        }
        // SAFETY: the last `rest` bytes of the item, which no slot names: this is the only way to them, and no slice
        // from `received` or `item` is alive while `self` is borrowed for this one. The segment is not reused before
        // `self` is dropped.
        unsafe { std::slice::from_raw_parts_mut(self.store.pool.at(start), rest) }
    }

    /// The first `bytes` bytes of the room have been written.
    ///
    /// # Panics
    /// If the room is smaller.
    pub fn fill(&mut self, bytes: usize) {
        assert!(bytes <= self.item().value.len() - self.received);
        self.received += bytes;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let space = &self.store.space;
        if !self.published {
            // Its segment is not sealed while it counts this item, so no queue need know yet.
            let size = self.item().size() as u32;
            let reportable = space.record_of(self.location).bury(size);
            debug_assert!(!reportable);
        }
        space.let_go(space.segment_of(self.location));
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("location", &self.location)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// A place for a value of `length` bytes that is still to come, to be [completed](Writer::complete) when it is there.
    /// `None`: there is no room at once, others being received hold as much as they may, or the item would not fit or
    /// has expired.
    pub fn begin(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        length: usize,
        flags: u32,
        deadline: Seconds,
    ) -> Option<Pending> {
        let store = self.home(guard);
        if guard.is_over(deadline) || !store.fits(key.len(), length) {
            return None;
        }
        let draft = Draft::new(key, Body::ToCome(length), Head::new(flags, deadline));
        if !store.space.may_hold(draft.size_max()) {
            return None;
        }
        let placement = Placement {
            now: guard.now(),
            deadline,
            born: store.flush.number(),
            purpose: Purpose::Write,
            // Nothing is pushed out for a value that may never come.
            evict: false,
            main: returns(store, store.place(key)),
        };
        let (space, size) = (&store.space, draft.size_max());
        let room = self.tails.reserve(space, size, placement);
        self.take_stock(Purpose::Write);
        let room = room?;
        if !space.hold(space.segment_of(room.offset)) {
            self.tails.cancel(space, &room);
            return None;
        }
        let size = write(store, &draft, room.offset);
        self.tails.commit(space, &room, size, placement);
        self.written += size;
        Some(Pending {
            store: self.shared().clone(),
            location: room.offset,
            received: 0,
            spans: room.spans,
            published: false,
        })
    }

    /// Stores an item whose value has been received, as [`Writer::store`] would.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed, and the item can be completed later.
    ///
    /// # Panics
    /// If the value is not whole.
    pub fn complete(
        &mut self,
        guard: &Guard<'_>,
        mut pending: Pending,
        terms: impl Into<Terms>,
    ) -> Result<Stored, (NoSpace, Pending)> {
        let (store, terms) = (self.home(guard), terms.into());
        assert!(ptr::eq(&raw const *pending.store, store) && pending.room().is_empty());
        let (item, location) = (pending.item(), pending.location);
        let (size, head) = (item.size(), item.head());
        // No other segment than one of that flush number was good for it.
        let born = store.space.record_of(location).born();
        let draft = Draft::new(item.key, Body::ToCome(item.value.len()), head);
        let target = store.target(item.key);
        let task = Task {
            main: returns(store, target.hash),
            ..Task::WRITE
        };
        let place = Place {
            offset: location,
            capacity: size,
            written: Some(Written { size, basis: None }),
        };
        let mut plan = |old: Option<&_>| terms.plan(store, old, draft);
        // Of a head that depends on what there is, or that was not known at the beginning, a copy is needed.
        let is_known = terms.head(guard, head.client_flags, head.deadline) == head;
        let copy = !is_known || matches!(terms.condition, Condition::Since(_));
        let decided = if copy {
            Decided::Again
        } else {
            self.decide(guard, target, &task, born, Some(&place), &mut plan)
        };
        match decided {
            Decided::Done(answer, published) => {
                pending.published = published.is_some();
                let spans = pending.spans && pending.published;
                self.tally().spans.add(u64::from(spans));
                let location = published.map(|_| location);
                Ok(answer.at(store, location))
            }
            Decided::IndexFull => {
                let why = self.shortage(0, Purpose::Write, guard.now());
                Err((why, pending))
            }
            // As when a flush came in between: what is stored now is stored after it.
            Decided::Again | Decided::Behind(_) => {
                let (flags, deadline) = (head.client_flags, head.deadline);
                let stored = self.store(guard, item.key, item.value, flags, deadline, terms);
                stored.map_err(|why| (why, pending))
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::guard::Participant;
    use crate::{Eviction, Maintainer, Options};

    const SEGMENT: u32 = 64 << 10;
    /// In a tail, and in a span of two segments.
    const LENGTHS: [usize; 2] = [20_000, 100_000];
    const BYTES: u8 = 251;
    /// Bouts of maintenance that are enough to clean up.
    const TICKS: usize = if cfg!(miri) { 8 } else { 100 };

    struct Rig {
        store: Arc<Store>,
        participant: Participant,
        writer: Writer,
        maintainer: Maintainer,
    }

    fn rig(eviction: Eviction) -> Rig {
        let store = Store::new(&Options {
            memory: 8 << 20,
            segment_size: Some(SEGMENT),
            eviction,
            ..Options::default()
        })
        .unwrap();
        Rig {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
        }
    }

    impl Rig {
        fn begin(&mut self, key: &[u8], length: usize) -> Option<Pending> {
            let guard = self.participant.enter(10);
            self.writer.begin(&guard, key, length, 7, 0)
        }

        fn complete(&mut self, pending: Pending, condition: Condition) -> Stored {
            let guard = self.participant.enter(10);
            self.writer.complete(&guard, pending, condition).unwrap()
        }

        /// Stores with all the help there is.
        fn store(&mut self, key: &[u8], value: &[u8]) {
            for _ in 0..1000 {
                let guard = self.participant.enter(10);
                let stored = self
                    .writer
                    .store(&guard, key, value, 0, 0, Condition::Always);
                drop(guard);
                if stored.is_ok() {
                    return;
                }
                self.work();
            }
            panic!(
                "no space for {} bytes: {:?}",
                value.len(),
                self.store.stats()
            );
        }

        fn work(&mut self) {
            let guard = self.participant.enter(10);
            self.writer.reclaim(&guard, 64);
            self.writer.settle(&guard);
            drop(guard);
            self.maintainer.tick(10);
        }

        fn value(&mut self, key: &[u8]) -> Option<Vec<u8>> {
            let guard = self.participant.enter(10);
            let item = self.store.get(&guard, key)?;
            Some(item.value().to_vec())
        }
    }

    fn value(length: usize) -> Vec<u8> {
        let bytes: Vec<u8> = (0..241).collect();
        let mut value = bytes.repeat(length.div_ceil(bytes.len()));
        value.truncate(length);
        value
    }

    /// Writes the next `most` bytes of `value`.
    fn receive(pending: &mut Pending, value: &[u8], most: usize) {
        let from = pending.received().len();
        let room = pending.room();
        let bytes = room.len().min(most);
        room[..bytes].copy_from_slice(&value[from..from + bytes]);
        pending.fill(bytes);
    }

    #[test]
    fn a_drain_does_not_free_what_is_being_received_into() {
        for length in LENGTHS {
            let mut rig = rig(Eviction::Fifo);
            let value = value(length);
            let mut pending = rig.begin(b"slow", length).unwrap();
            receive(&mut pending, &value, length / 2);
            // The heap three times over, and a window for a span besides.
            for round in 0..if cfg!(miri) { 200 } else { 2500_u32 } {
                let large = if round % 100 == 0 { 700_000 } else { 10_000 };
                rig.store(&round.to_le_bytes(), &vec![BYTES; large]);
            }
            assert_eq!(pending.received(), &value[..length / 2]);
            assert_eq!(rig.value(b"slow"), None, "half a value was served");
            receive(&mut pending, &value, length);
            let stored = rig.complete(pending, Condition::Always);
            assert!(matches!(stored, Stored::Stored { .. }));
            assert!(rig.value(b"slow").unwrap() == value);
            let guard = rig.participant.enter(10);
            assert_eq!(rig.store.get(&guard, b"slow").unwrap().flags(), 7);
        }
    }

    #[test]
    fn broken_uploads_give_their_memory_back() {
        for length in LENGTHS {
            let mut rig = rig(Eviction::None);
            rig.store(b"kept", b"value");
            let (mut begun, rounds) = (0, if cfg!(miri) { 40 } else { 4000 });
            for _ in 0..rounds {
                let Some(mut pending) = rig.begin(b"broken", length) else {
                    rig.work();
                    continue;
                };
                receive(&mut pending, &value(length), length / 3);
                begun += 1;
            }
            assert!(begun > rounds / 2, "only {begun} found room");
            rig.writer.tails.close(&rig.store.space);
            for _ in 0..10 * TICKS {
                rig.work();
            }
            let stats = rig.store.stats();
            assert!(
                stats.segments - stats.segments_free - stats.segments_lent <= 2,
                "{stats:?}"
            );
            assert_eq!(rig.value(b"kept").unwrap(), b"value");
            assert_eq!((stats.items, stats.item_bytes < 100), (1, true));
        }
    }

    #[test]
    fn what_is_being_received_does_not_hold_more_than_its_share() {
        for length in LENGTHS {
            let mut rig = rig(Eviction::Fifo);
            let mut uploads: Vec<_> = (0..1000).map_while(|_| rig.begin(b"key", length)).collect();
            let held: usize = uploads.len() * length;
            let most = rig.store.space.geometry.limits.held_max as usize;
            assert!((most / 2..=most).contains(&held), "{held} of {most}");
            // What is in a segment already held is free to come, in another it is not.
            uploads.clear();
            rig.work();
            assert!(rig.begin(b"key", length).is_some());
        }
    }

    #[test]
    fn a_flush_in_between_does_not_take_the_value_and_is_cleaned_up() {
        for length in LENGTHS {
            let mut rig = rig(Eviction::Fifo);
            let mut pending = rig.begin(b"key", length).unwrap();
            receive(&mut pending, &value(length), length);
            rig.store(b"old", b"value");
            rig.store.flush();
            for _ in 0..TICKS {
                rig.work();
            }
            assert!(rig.store.flush.pending().is_some(), "its segment is older");
            rig.complete(pending, Condition::Absent);
            for _ in 0..TICKS {
                rig.work();
            }
            assert_eq!(rig.store.flush.pending(), None);
            assert!(rig.value(b"key").unwrap() == value(length));
            assert_eq!(rig.value(b"old"), None);
        }
    }

    #[test]
    fn a_condition_is_looked_at_when_the_value_is_whole() {
        let mut rig = rig(Eviction::Fifo);
        let length = LENGTHS[0];
        let mut pending = rig.begin(b"key", length).unwrap();
        receive(&mut pending, &value(length), length);
        rig.store(b"key", b"first");
        assert_eq!(rig.complete(pending, Condition::Absent), Stored::NotStored);
        assert_eq!(rig.value(b"key").unwrap(), b"first");

        let mut pending = rig.begin(b"key", length).unwrap();
        receive(&mut pending, &value(length), length);
        assert!(matches!(
            rig.complete(pending, Condition::Present),
            Stored::Stored { .. }
        ));
        assert!(rig.value(b"key").unwrap() == value(length));
        assert_eq!(rig.store.stats().items, 1);
    }
}
