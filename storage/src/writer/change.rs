//! The one way in which a key changes.
//!
//! ```text
//! look, without a lock --> plan --> make room, and write what is large or does not depend on what there is
//!   --> lock the key --> look again, plan again --> publish, by one compare-and-swap of the slot
//! ```
//!
//! What depends on the old value is written under the lock when it is small, and else before it: then it must still fit
//! what is found there. At the third try it is written under the lock all the same. Room is made before the lock is
//! taken.

use super::room::{Published, Writer};
use crate::guard::Guard;
use crate::index::{Hash, Locked, Slot};
use crate::item::{Draft, Head};
use crate::segment::tail::{Placement, Purpose};
use crate::segment::tails::Room;
use crate::store::{Found, Store, Target};
use crate::{Eviction, NoSpace};

/// Up to this size, in bytes, an item that depends on the old one is written under the lock (Law 1: about 1 us).
const SMALL: usize = 4 << 10;
/// After so many vain tries a large one is as well.
const PATIENCE: u32 = 2;

/// What becomes of a key, and what is answered. It is asked for anew whenever the key may have changed.
pub(crate) enum Step<'a, A> {
    /// All stays as it is.
    Leave(A),
    /// Its item goes.
    Remove(A),
    /// Its item gets another head: in place where that can be, else by a copy.
    Amend(Head, Publish, A),
    /// A new item takes its place.
    Write(Draft<'a>, Publish, A),
}

/// How a new item is published.
#[derive(Clone, Copy)]
pub(crate) enum Publish {
    /// As a new value: with a unique of its own, and not yet asked for. Its unique is told if it is observed; so below.
    Value { observe: bool },
    /// As a new value of an item that stays what it was otherwise: only its unique is new.
    Renewed { observe: bool },
    /// As the same value, which is being asked for.
    Touched { observe: bool },
    /// As the same value, elsewhere.
    Moved { observe: bool },
    /// As the same value that has survived an eviction: its frequency halves.
    Kept,
}

/// What comes before the key is locked.
#[derive(Clone, Copy)]
pub(crate) enum First<'a> {
    /// A look, for how much room the plan will need.
    Look,
    /// The new item is written: it does not depend on what there is.
    Write(Draft<'a>),
    /// Nothing: the plan needs no room.
    Lock,
}

/// What a change is for.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) purpose: Purpose,
    /// The item has proven itself with this, if not before (see [`Placement`]).
    pub(crate) main: bool,
    pub(crate) first: First<'a>,
    /// A unique that was told of the key, above which a new one is to be.
    pub(crate) told: Option<u64>,
}

impl Task<'_> {
    /// A request's.
    pub(crate) const WRITE: Task<'static> = Task {
        purpose: Purpose::Write,
        main: false,
        first: First::Look,
        told: None,
    };
}

/// Where a new item is to lie, and what stands there already.
pub(super) struct Place {
    pub(super) offset: u64,
    /// Bytes it may take.
    pub(super) capacity: usize,
    pub(super) written: Option<Written>,
}

/// An item that was written before its key was locked.
pub(super) struct Written {
    /// In bytes.
    pub(super) size: usize,
    /// Where the value is from and under which head it was written; `None`: it depends on nothing.
    pub(super) basis: Option<(Option<u64>, Head)>,
}

/// What came of a plan under the lock.
pub(super) enum Decided<A> {
    Done(A, Option<Published>),
    /// What was prepared does not fit what is there now, or a flush came in between.
    Again,
    /// The unique that the item would get is not above this one, which somebody was told before.
    Behind(u64),
    /// Neither may the index grow nor may another item leave it.
    IndexFull,
}

impl Writer {
    /// Changes the target's key by `plan`, which is shown its visible item. Returns the answer, and where the new item
    /// lies if one was written.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub(crate) fn change<'g, 'd, A>(
        &mut self,
        guard: &'g Guard<'_>,
        target: Target<'_>,
        mut task: Task<'d>,
        mut plan: impl FnMut(Option<&Found<'g>>) -> Step<'d, A>,
    ) -> Result<(A, Option<u64>), NoSpace> {
        let store = self.home(guard);
        let mut tries = 0;
        loop {
            let born = store.flush.number();
            let (mut seen, mut draft) = (None, None);
            match task.first {
                First::Lock => {}
                First::Write(fresh) => draft = Some(fresh),
                First::Look => {
                    seen = store.locate(guard.now(), target);
                    draft = match plan(seen.as_ref()) {
                        Step::Leave(answer) => return Ok((answer, None)),
                        Step::Write(draft, ..) => Some(draft),
                        Step::Amend(head, ..) => seen.and_then(|old| copy_for(&old, head)),
                        Step::Remove(_) => None,
                    };
                }
            }
            let early = tries < PATIENCE;
            let prepared = match draft {
                Some(draft) => {
                    let draft = above(draft, task.told);
                    Some(self.prepare(guard, &task, &draft, seen, born, early)?)
                }
                None => None,
            };
            let place = prepared.as_ref().map(|(_, _, place)| place);
            let decided = self.decide(guard, target, &task, born, place, &mut plan);
            if let Some((room, placement, _)) = prepared {
                if let Decided::Done(answer, Some(published)) = decided {
                    self.committed(&room, &published, placement);
                    return Ok((answer, Some(room.offset)));
                }
                self.tails.cancel(&store.space, &room);
            }
            match decided {
                Decided::Done(answer, _) => return Ok((answer, None)),
                Decided::Again => tries += 1,
                Decided::Behind(unique) => task.told = Some(unique),
                Decided::IndexFull => {
                    return Err(self.shortage(0, task.purpose, guard.now()));
                }
            }
        }
    }

    /// Makes room for a new item, and writes it there if that need not or should not wait for the lock.
    #[inline(always)]
    fn prepare(
        &mut self,
        guard: &Guard<'_>,
        task: &Task<'_>,
        draft: &Draft<'_>,
        seen: Option<Found<'_>>,
        born: u64,
        early: bool,
    ) -> Result<(Room, Placement, Place), NoSpace> {
        let (store, eviction) = (guard.store(), guard.store().eviction());
        // What has proven itself has done so for good; only s3fifo tells it apart.
        let is_main = |it: Found<'_>| store.space.record_of(it.location).is_main();
        let proven = eviction == Eviction::S3Fifo && seen.is_some_and(is_main);
        let placement = Placement {
            now: guard.now(),
            deadline: draft.head.deadline,
            born,
            purpose: task.purpose,
            evict: eviction != Eviction::None && task.purpose == Purpose::Write,
            main: task.main || proven,
        };
        let size = draft.size_max();
        let room = self.reserve(size, placement)?;
        let depends = !matches!(task.first, First::Write(_));
        let early = !depends || early && size > SMALL;
        let place = Place {
            offset: room.offset,
            // What has grown beyond that since is not to be written under the lock.
            capacity: room.capacity.min(size.max(SMALL)),
            written: early.then(|| Written {
                size: write(store, draft, room.offset),
                basis: depends.then(|| (seen.map(|seen| seen.location), draft.head)),
            }),
        };
        Ok((room, placement, place))
    }

    /// Does under the key's lock what `plan` says to what is there then.
    #[inline(always)]
    pub(super) fn decide<'g, 'd, A>(
        &mut self,
        guard: &'g Guard<'_>,
        target: Target<'_>,
        task: &Task<'_>,
        born: u64,
        place: Option<&Place>,
        plan: &mut impl FnMut(Option<&Found<'g>>) -> Step<'d, A>,
    ) -> Decided<A> {
        let store = guard.store();
        let mut may_grow = true;
        loop {
            let view = store.view(guard.now());
            let (locked, found) = store.lock(target);
            if store.flush.number() != born {
                return Decided::Again;
            }
            let old = found.filter(|old| store.is_visible(view, old.location, &old.stored));
            let (draft, publish, answer) = match plan(old.as_ref()) {
                Step::Leave(answer) => return Decided::Done(answer, None),
                Step::Remove(answer) => {
                    if let Some(found) = found {
                        locked.remove(found.slot);
                        drop(locked);
                        self.removed(found.location, &found.stored);
                    }
                    return Decided::Done(answer, None);
                }
                Step::Amend(head, publish, answer) => {
                    let Some(old) = old else {
                        return Decided::Done(answer, None);
                    };
                    let Some(copy) = copy_for(&old, head) else {
                        old.stored.become_in_place(&head);
                        publish.mark(guard, &locked, old.slot);
                        return Decided::Done(answer, None);
                    };
                    (copy, publish, answer)
                }
                Step::Write(draft, publish, answer) => (draft, publish, answer),
            };
            let Some(place) = place else {
                return Decided::Again;
            };
            let is_given = draft.head.cas.is_some();
            let draft = above(draft, task.told);
            if let Some(known) = old.and_then(|old| store.known_unique(&old))
                && publish.is_new_value()
                && !is_given
                // The one after the largest is 0, and has to do.
                && task.told != Some(known)
                && draft
                    .head
                    .cas
                    .unwrap_or_else(|| store.unique_at(place.offset))
                    <= known
            {
                return Decided::Behind(known);
            }
            let location = old.map(|old| old.location);
            let holds = |(from, head)| from == location && head == draft.head;
            let size = match &place.written {
                Some(written) if written.basis.is_none_or(holds) => written.size,
                None if draft.size_at(place.offset) <= place.capacity => {
                    write(store, &draft, place.offset)
                }
                _ => return Decided::Again,
            };
            if let Some(old) = &found {
                match publish {
                    Publish::Value { .. } => locked.replace(old.slot, place.offset),
                    // A first fetch that came after the draft was made must not fade: nothing else tells of it.
                    Publish::Kept => locked.relocate(old.slot, place.offset, draft.head.fetched),
                    _ => locked.relocate(old.slot, place.offset, false),
                }
                publish.mark(guard, &locked, old.slot);
                drop(locked);
                self.buried(old.location, &old.stored);
            } else {
                let item = (place.offset, publish.observes());
                match self.insert(store, locked, target.hash, item, &mut may_grow) {
                    Some(true) => self.tally().inserted.add(1),
                    Some(false) => continue,
                    None => return Decided::IndexFull,
                }
            }
            if publish.is_new_value() {
                self.tally().stored.add(1);
                if task.main
                    && let Some(steps) = store.ghosts.take(target.hash.bits)
                {
                    self.tally().count_return(steps);
                }
            }
            let overhead = size - draft.key.len() - draft.body.len();
            self.tally().stored_bytes.add(size as u64);
            self.tally().stored_header_bytes.add(overhead as u64);
            let deadline = draft.head.deadline;
            return Decided::Done(answer, Some(Published { size, deadline }));
        }
    }

    /// Gives a key that has none a slot for an item: its location, and whether its unique is told. `Some(false)`: look
    /// again. `None`: there is no slot to be had.
    fn insert(
        &self,
        store: &Store,
        locked: Locked<'_>,
        hash: Hash,
        (location, observed): (u64, bool),
        may_grow: &mut bool,
    ) -> Option<bool> {
        if locked.insert(location, observed) {
            return Some(true);
        }
        if *may_grow {
            drop(locked);
            *may_grow = store.grow_index(hash, self.tally());
            return Some(false);
        }
        if store.eviction() == Eviction::None {
            return None;
        }
        let Some(word) = locked.push_out() else {
            return Some(false);
        };
        // The slot is free, under the lock that is still held: it is ours unless another key of the bucket is faster,
        // and then the next round pushes out again.
        let inserted = locked.insert(location, observed);
        drop(locked);
        self.pushed_out(word);
        Some(inserted)
    }
}

impl Publish {
    fn is_new_value(self) -> bool {
        matches!(self, Publish::Value { .. } | Publish::Renewed { .. })
    }

    /// Somebody will be told the item's unique.
    pub(super) fn observes(self) -> bool {
        match self {
            Publish::Value { observe }
            | Publish::Renewed { observe }
            | Publish::Touched { observe }
            | Publish::Moved { observe } => observe,
            Publish::Kept => false,
        }
    }

    /// Marks the slot of an item whose unique is told, or that is being asked for.
    fn mark(self, guard: &Guard<'_>, locked: &Locked<'_>, slot: &Slot) {
        if self.observes() {
            locked.observe(slot);
        }
        if let Publish::Touched { .. } = self {
            guard.count_fetch(slot, slot.load());
        }
    }
}

/// The copy by which an item gets another head, if it cannot in place.
fn copy_for<'g>(old: &Found<'g>, head: Head) -> Option<Draft<'g>> {
    let copy = Draft::copy(&old.stored, head);
    (!old.stored.may_become(&head)).then_some(copy)
}

/// A draft whose item gets the next unique after one that was told, unless it has one of its own.
fn above(draft: Draft<'_>, told: Option<u64>) -> Draft<'_> {
    let cas = draft.head.cas.or(told.map(|told| told.wrapping_add(1)));
    let head = Head { cas, ..draft.head };
    Draft { head, ..draft }
}

/// Whether a key was evicted a short while ago, and so has proven itself.
pub(super) fn returns(store: &Store, hash: Hash) -> bool {
    store.eviction() == Eviction::S3Fifo && store.ghosts.has(hash.bits)
}

/// Writes an item to its place; returns its size in bytes.
#[inline(always)]
pub(super) fn write(store: &Store, draft: &Draft<'_>, offset: u64) -> usize {
    // SAFETY: the room is at the end of this writer's own tail, or a span of its own, and large enough: nobody else
    // writes there, and no slot names it yet (Law 4).
    unsafe { draft.write(store.pool.at(offset), offset) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{Condition, Options};

    #[test]
    fn a_touch_between_the_copy_of_a_large_item_and_its_publication_is_not_undone() {
        let store = Store::small(&Options {
            memory: 8 << 20,
            writers: 2,
            ..Options::default()
        });
        let (mut participant, mut other) = (store.join().unwrap(), store.join().unwrap());
        let (mut writer, mut another) = (store.writer().unwrap(), store.writer().unwrap());
        let guard = participant.enter(10);
        let value = vec![b'v'; 2 * SMALL];
        writer
            .store(&guard, b"key", &value, 0, 100, Condition::Always)
            .unwrap();
        // The first touch makes a copy that can be touched in place.
        writer.touch(&guard, b"key", 100, false).unwrap();
        let mut tries = 0;
        let task = Task::WRITE;
        let moved = writer.change(&guard, store.target(b"key"), task, |old| {
            let old = old.unwrap();
            let draft = Draft::copy(&old.stored, old.stored.head());
            tries += 1;
            if tries == 1 {
                let guard = other.enter(10);
                another.touch(&guard, b"key", 5_000, false).unwrap();
            }
            Step::Write(draft, Publish::Moved { observe: false }, ())
        });
        assert!(moved.unwrap().1.is_some());
        assert_eq!(store.get(&guard, b"key").unwrap().deadline(), 5_000);
    }

    #[test]
    #[should_panic(expected = "a guard of another store")]
    fn a_guard_of_another_store_is_not_accepted() {
        let options = Options {
            memory: 8 << 20,
            ..Options::default()
        };
        let (one, two) = (Store::small(&options), Store::small(&options));
        let mut participant = one.join().unwrap();
        let guard = participant.enter(2);
        let _ = two.writer().unwrap().delete(&guard, b"key");
    }
}
