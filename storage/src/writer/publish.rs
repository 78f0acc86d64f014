//! How an item gets into the heap and into its slot.
//!
//! What depends on the old value is written under the lock when it is small, and else before it, against the location
//! that was read; at the third try it is written under the lock all the same. Room is made before the lock is taken.

use super::room::placement;
use super::{Stored, Writer};
use crate::evict::ghosts::Ghosts;
use crate::guard::Guard;
use crate::index::Hash;
use crate::item::{Draft, Stored as Bytes};
use crate::segment::space::Purpose;
use crate::segment::tail::{Placement, Room};
use crate::store::{Found, Store};
use crate::{Eviction, NoSpace};

/// Up to this size, in bytes, an item that depends on the old one is written under the lock (Law 1: about 1 us).
const SMALL: usize = 4 << 10;
/// After so many vain tries a large one is as well.
const PATIENCE: u32 = 2;

/// What to do with the item that a rewrite found, and what to tell the caller.
pub(crate) enum Step<'g, A> {
    Answer(A),
    Write(Draft<'g>, A),
}

/// How the new item of a rewrite is published.
#[derive(Clone, Copy)]
pub(crate) enum Publish {
    /// As a new value: with a unique of its own, and not yet asked for.
    Value,
    /// As the same value: its unique is kept if anybody knows it, or is about to.
    Copy { observe: bool },
    /// As the same value that has survived an eviction: its frequency halves.
    Kept,
}

/// What a rewrite is for.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    pub(crate) publish: Publish,
    pub(crate) purpose: Purpose,
    /// The item has proven itself with this, if not before (see [`Placement`]).
    pub(crate) main: bool,
}

/// Why a new item was not published.
pub(super) enum Unpublished {
    Refused(Stored),
    /// A flush came in between.
    Again,
    /// Neither may the index grow nor may another item leave it.
    IndexFull,
}

impl Writer {
    /// Stores an item that does not depend on the old one, unless `refuse` objects to the unique of what is there.
    pub(super) fn publish_new(
        &mut self,
        guard: &Guard<'_>,
        draft: &Draft<'_>,
        refuse: impl Fn(Option<u64>) -> Option<Stored>,
    ) -> Result<Stored, NoSpace> {
        let store = self.home(guard);
        let hash = store.place(draft.key);
        if draft.deadline != 0 && draft.deadline <= guard.now() {
            return Ok(self.publish_nothing(guard, hash, draft.key, refuse));
        }
        // On its way while the ghosts are asked and the item is written.
        store.index.approach(hash);
        let main = returns(store, hash);
        loop {
            let placement = placement(guard, draft, Purpose::Write, main);
            let room = self.reserve(store, draft.size_max(), placement)?;
            let size = write(store, draft, &room);
            let (key, location) = (draft.key, room.offset);
            let why = match self.link(guard, hash, key, location, placement.born, &refuse) {
                Ok(old) => {
                    self.committed(store, &room, size, placement);
                    self.published(store, hash, location, size, old);
                    return Ok(Stored::Stored {
                        unique: store.unique_at(location),
                    });
                }
                Err(why) => why,
            };
            self.tails.cancel(&store.space, &room);
            match why {
                Unpublished::Refused(answer) => return Ok(answer),
                Unpublished::IndexFull => return Err(self.shortage(store, 0, placement)),
                Unpublished::Again => {}
            }
        }
    }

    /// Stores an item that has expired already: all that is left of it is that the old one is gone.
    fn publish_nothing(
        &mut self,
        guard: &Guard<'_>,
        hash: Hash,
        key: &[u8],
        refuse: impl Fn(Option<u64>) -> Option<Stored>,
    ) -> Stored {
        let store = guard.store();
        let view = store.view(guard.now());
        let locked = store.index.lock(hash);
        let old = store.find_locked(&locked, |_, stored| stored.key == key);
        let live = old.filter(|old| store.is_visible(view, old.location, &old.stored));
        if let Some(refusal) = refuse(live.map(|old| store.unique(old.location, &old.stored))) {
            return refusal;
        }
        if let Some(old) = old {
            locked.remove(old.slot);
            drop(locked);
            self.removed(store, old.location, &old.stored);
        }
        self.tally().stored.add(1);
        // Nobody will ever be shown it.
        Stored::Stored { unique: 0 }
    }

    /// Puts the item at `location` into its key's slot; returns what was there.
    pub(super) fn link<'g>(
        &mut self,
        guard: &'g Guard<'_>,
        hash: Hash,
        key: &[u8],
        location: u64,
        born: u64,
        refuse: impl Fn(Option<u64>) -> Option<Stored>,
    ) -> Result<Option<Found<'g>>, Unpublished> {
        let store = guard.store();
        let mut may_grow = true;
        loop {
            let view = store.view(guard.now());
            let locked = store.index.lock(hash);
            if store.flush.number() != born {
                return Err(Unpublished::Again);
            }
            let old = store.find_locked(&locked, |_, stored| stored.key == key);
            let live = old.filter(|old| store.is_visible(view, old.location, &old.stored));
            if let Some(refusal) = refuse(live.map(|old| store.unique(old.location, &old.stored))) {
                return Err(Unpublished::Refused(refusal));
            }
            if let Some(old) = old {
                locked.replace(old.slot, location);
                return Ok(Some(old));
            }
            if locked.insert(location).is_ok() {
                return Ok(None);
            }
            if may_grow {
                drop(locked);
                may_grow = store.grow_index(hash, self.tally());
            } else if store.eviction == Eviction::None {
                return Err(Unpublished::IndexFull);
            } else if let Some(word) = locked.push_out() {
                // The slot is free, under the lock that is still held: it is ours unless another key of the bucket is
                // faster, and then the next round pushes out again.
                let inserted = locked.insert(location).is_ok();
                drop(locked);
                self.pushed_out(store, word);
                if inserted {
                    return Ok(None);
                }
            }
        }
    }

    /// Replaces the visible item that the key names; `Ok(None)` when there is none, and with an answer the location of
    /// the new item, if one was written.
    pub(super) fn rewrite_key<'g, A>(
        &mut self,
        guard: &'g Guard<'_>,
        key: &[u8],
        publish: Publish,
        build: impl FnMut(&Found<'g>) -> Step<'g, A>,
    ) -> Result<Option<(A, Option<u64>)>, NoSpace> {
        let task = Task {
            publish,
            purpose: Purpose::Write,
            main: false,
        };
        self.rewrite(
            guard,
            guard.store().place(key),
            task,
            |_, stored| stored.key == key,
            build,
        )
    }

    /// As `rewrite_key`, for the item that `names` accepts by its location or by what is stored there.
    pub(crate) fn rewrite<'g, A>(
        &mut self,
        guard: &'g Guard<'_>,
        hash: Hash,
        task: Task,
        names: impl Fn(u64, &Bytes<'g>) -> bool,
        mut build: impl FnMut(&Found<'g>) -> Step<'g, A>,
    ) -> Result<Option<(A, Option<u64>)>, NoSpace> {
        let store = self.home(guard);
        let mut tries = 0;
        loop {
            let born = store.flush.number();
            let Some(seen) = store.locate(guard, hash, &names) else {
                return Ok(None);
            };
            // What has proven itself has done so for good.
            let main = task.main || store.space.record_of(seen.location).is_main();
            // Before the draft is made: a touch in place that comes later must not be undone by it.
            let deadline = seen.stored.deadline();
            let (draft, answer) = match build(&seen) {
                Step::Answer(answer) => return Ok(Some((answer, None))),
                Step::Write(draft, answer) => (draft, answer),
            };
            let placed = Placement {
                born,
                ..placement(guard, &draft, task.purpose, main)
            };
            let room = self.reserve(store, draft.size_max(), placed)?;
            let early = draft.size_max() > SMALL && tries < PATIENCE;
            let attempt = if early {
                Some((draft, answer, write(store, &draft, &room)))
            } else {
                None
            };

            let view = store.view(guard.now());
            let locked = store.index.lock(hash);
            let found = store.find_locked(&locked, &names);
            let old = found.filter(|old| store.is_visible(view, old.location, &old.stored));
            let outcome = match old {
                _ if store.flush.number() != born => None,
                None => Some(Err(None)),
                Some(old) => match attempt {
                    Some((draft, answer, size)) => {
                        let same = seen.location == old.location
                            && deadline == old.stored.deadline()
                            && (draft.cas.is_some() || !task.publish.keeps(&old));
                        same.then_some(Ok((old, draft, answer, size)))
                    }
                    None => match build(&old) {
                        Step::Answer(answer) => Some(Err(Some((answer, None)))),
                        Step::Write(draft, answer) => (draft.size_at(room.offset) <= room.capacity)
                            .then(|| Ok((old, draft, answer, write(store, &draft, &room)))),
                    },
                },
            };
            let Some(Ok((old, draft, answer, size))) = outcome else {
                drop(locked);
                self.tails.cancel(&store.space, &room);
                match outcome {
                    Some(Err(answer)) => return Ok(answer),
                    _ => tries += 1,
                }
                continue;
            };
            match task.publish {
                Publish::Value => {
                    locked.replace(old.slot, room.offset);
                    self.tally().stored.add(1);
                }
                Publish::Copy { observe } => {
                    locked.relocate(old.slot, room.offset, false);
                    if observe {
                        locked.observe(old.slot);
                    }
                }
                // A first fetch that came after the draft was made must not fade: nothing else tells of it.
                Publish::Kept => locked.relocate(old.slot, room.offset, draft.fetched),
            }
            drop(locked);
            let placed = Placement {
                deadline: draft.deadline,
                ..placed
            };
            self.committed(store, &room, size, placed);
            self.count_bytes(store, room.offset, size);
            self.replaced(store, &old);
            return Ok(Some((answer, Some(room.offset))));
        }
    }
}

impl Publish {
    /// The new item must carry the old one's unique.
    fn keeps(self, old: &Found<'_>) -> bool {
        match self {
            Publish::Value => false,
            Publish::Copy { observe } => observe || old.is_unique_known(),
            Publish::Kept => old.is_unique_known(),
        }
    }
}

/// Whether a key was evicted a short while ago, and so has proven itself.
pub(super) fn returns(store: &Store, hash: Hash) -> bool {
    let is_ghost = |ghosts: &Ghosts| ghosts.has(hash.bits);
    store.ghosts.as_ref().is_some_and(is_ghost)
}

/// Writes an item into its room; returns its size in bytes.
pub(super) fn write(store: &Store, draft: &Draft<'_>, room: &Room) -> usize {
    debug_assert!(draft.size_at(room.offset) <= room.capacity);
    // SAFETY: the room is at the end of this writer's own tail, or a span of its own: nobody else writes there, and no
    // slot names it yet (Law 4).
    unsafe { draft.write(store.pool.at(room.offset), room.offset) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::item::Body;
    use crate::{Condition, Options};

    #[test]
    fn a_touch_between_the_copy_of_a_large_item_and_its_publication_is_not_undone() {
        let store = Store::new(&Options {
            memory: 8 << 20,
            writers: 2,
            ..Options::default()
        })
        .unwrap();
        let (mut participant, mut other) = (store.join().unwrap(), store.join().unwrap());
        let mut writer = store.writer().unwrap();
        let guard = participant.enter(10);
        let value = vec![b'v'; 2 * SMALL];
        writer
            .store(&guard, b"key", &value, 0, 100, Condition::Always)
            .unwrap();
        // The first touch makes a copy that can be touched in place.
        writer.touch(&guard, b"key", 100, false).unwrap();
        let mut tries = 0;
        let moved = writer.rewrite_key(&guard, b"key", Publish::Copy { observe: false }, |old| {
            let draft = Draft::successor(&old.stored, Body::Pieces([old.stored.value, b""]));
            tries += 1;
            if tries == 1 {
                let guard = other.enter(10);
                store.extend(&guard, b"key", 5_000, false);
            }
            Step::Write(draft, ())
        });
        assert!(moved.unwrap().is_some());
        assert_eq!(store.get(&guard, b"key").unwrap().deadline(), 5_000);
    }

    #[test]
    #[should_panic(expected = "a guard of another store")]
    fn a_guard_of_another_store_is_not_accepted() {
        let options = Options {
            memory: 8 << 20,
            ..Options::default()
        };
        let (one, two) = (Store::new(&options).unwrap(), Store::new(&options).unwrap());
        let mut participant = one.join().unwrap();
        let guard = participant.enter(2);
        let _ = two.writer().unwrap().delete(&guard, b"key");
    }
}
