//! The slices of a drain: each of a segment's items loses its slot or moves, under its key's lock.

use crate::evict::worth::Grade;
use crate::guard::Guard;
use crate::index::Hash;
use crate::item::{self, Body, Draft, Stored};
use crate::segment::space::Purpose;
use crate::stats::cpu_time;
use crate::store::{Found, Garbage, Store, View};
use crate::writer::{Publish, Step, Task, Writer};
use crate::{Eviction, NoSpace};

/// Items a slice looks at (Law 7): what the index has of them comes from memory together.
const SLICE_ITEMS: usize = 32;
/// Bytes moved after which a slice ends, for the same reason.
const SLICE_MOVED: u32 = 64 << 10;
/// Bytes a slice walks over at most: of large items, more could not move.
const SLICE_WALKED: u32 = 4 * SLICE_MOVED;
/// An evicted segment keeps seven eighths of its bytes at most.
const KEPT_PART_MAX: (u64, u64) = (7, 8);

/// Why a segment is drained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// Its items have expired.
    Expired,
    /// Its items were stored before a flush.
    Flushed,
    /// Its items were all overwritten or deleted.
    Dead,
    /// Much of it has expired or died; the other items move.
    Compacted,
    /// The policy gives it up.
    Evicted,
    /// It lies where a span is wanted.
    Window,
}

impl Reason {
    /// Live items may go with the segment.
    fn evicts(self) -> bool {
        matches!(self, Reason::Evicted | Reason::Window)
    }
}

/// A segment on its way out, and how far the walk has come.
pub(crate) struct Drain {
    pub(crate) segment: u32,
    pub(crate) reason: Reason,
    /// Bytes from the segment's start.
    pub(crate) cursor: u32,
    /// Bytes that were moved although they might have been dropped.
    kept: u32,
}

impl Drain {
    pub(crate) fn new(segment: u32, reason: Reason) -> Drain {
        Drain {
            segment,
            reason,
            cursor: 0,
            kept: 0,
        }
    }

    /// Whether an evicted segment of `len` bytes may keep another item of `size`: each drain has to yield space (Law 7).
    fn may_keep(&self, size: u32, len: u32) -> bool {
        u64::from(self.kept + size) * KEPT_PART_MAX.1 <= u64::from(len) * KEPT_PART_MAX.0
    }
}

/// An item that the walk has come to.
struct Case<'g> {
    hash: Hash,
    location: u64,
    item: Stored<'g>,
}

/// Grades and sizes of a slice's items.
struct Grades {
    items: [(Grade, u32); SLICE_ITEMS],
    count: usize,
}

impl Grades {
    fn new() -> Grades {
        Grades {
            items: [(Grade::default(), 0); SLICE_ITEMS],
            count: 0,
        }
    }

    fn add(&mut self, grade: Grade, size: u32) {
        self.items[self.count] = (grade, size);
        self.count += 1;
    }
}

/// What became of one item.
enum Fate {
    /// Its slot is gone, or was before.
    Gone,
    Moved,
    /// It may not be dropped, and there is no room for it yet.
    Stuck,
}

/// What came of a slice.
enum Walk {
    /// So many bytes of items did not move.
    Freed(u64),
    Stuck,
    /// The only item of the segment stays where it is: the segment is sealed again.
    Stays,
}

impl Writer {
    /// Runs up to `slices` slices of whatever is to be drained, until `enough` bytes have been walked. Returns the bytes
    /// that became free, or `None` when there was nothing to do.
    pub(crate) fn run_slices(
        &mut self,
        guard: &Guard<'_>,
        slices: usize,
        enough: u64,
    ) -> Option<u64> {
        let store = self.home(guard);
        let mut freed = 0;
        let mut current: Option<Drain> = None;
        let mut began = cpu_time();
        for slice in 0..slices {
            if freed >= enough {
                break;
            }
            let Some(mut drain) = current
                .take()
                .or_else(|| store.space.next_drain(store.need(guard.now())))
            else {
                return (slice > 0).then_some(freed);
            };
            let walk = self.slice(guard, &mut drain);
            let is_stuck = matches!(walk, Walk::Stuck);
            match walk {
                // It is not ours any more.
                Walk::Stays => {}
                Walk::Stuck => store.space.stick(drain),
                Walk::Freed(bytes) => {
                    freed += bytes;
                    if drain.cursor == store.space.records[drain.segment as usize].len() {
                        self.finish(store, &drain);
                    } else {
                        current = Some(drain);
                    }
                }
            }
            let ended = cpu_time();
            self.tally().count_slice(ended.saturating_sub(began));
            began = ended;
            if is_stuck {
                return (slice > 0).then_some(freed);
            }
        }
        if let Some(drain) = current {
            store.space.pause(drain);
        }
        Some(freed)
    }

    /// Walks over at most 32 items, fewer when many bytes have to move.
    fn slice(&mut self, guard: &Guard<'_>, drain: &mut Drain) -> Walk {
        let store = guard.store();
        let start = store.space.offset_of(drain.segment);
        let len = store.space.records[drain.segment as usize].len();
        let mut grades = Grades::new();
        let (mut freed, mut moved) = (0, 0);
        let (hashes, count) = ahead(store, drain);
        for &hash in &hashes[..count] {
            if moved >= SLICE_MOVED {
                break;
            }
            let location = start + u64::from(drain.cursor);
            let item = store.stored(location);
            let size = item.size() as u32;
            let case = Case {
                hash,
                location,
                item,
            };
            let view = store.view(guard.now());
            // Smaller ones cost little to move, and a segment should not be kept for them.
            let is_alone = size == len && size > store.space.geometry.segment_bytes / 2;
            let must_drop =
                drain.reason.evicts() && !is_kept(store, view, drain, &case, is_alone, &mut grades);
            if is_alone && !must_drop && stays(store, view, drain, &case) {
                store.worth.learn(&grades.items[..grades.count]);
                return Walk::Stays;
            }
            // To move it would take as much as it frees.
            let must_drop = must_drop || is_alone && drain.reason == Reason::Evicted;
            match self.dispose(guard, drain, &case, must_drop) {
                Fate::Stuck => return Walk::Stuck,
                Fate::Moved => {
                    self.tally().moved.add(1);
                    drain.kept += size;
                    moved += size;
                }
                Fate::Gone => freed += u64::from(size),
            }
            drain.cursor += size;
        }
        if grades.count > 0 {
            store.worth.learn(&grades.items[..grades.count]);
        }
        Walk::Freed(freed)
    }

    fn finish(&self, store: &Store, drain: &Drain) {
        let tally = self.tally();
        let count = match drain.reason {
            Reason::Expired => &tally.segments_expired,
            Reason::Flushed => &tally.segments_flushed,
            Reason::Dead => &tally.segments_dead,
            Reason::Compacted => &tally.segments_compacted,
            Reason::Evicted => &tally.segments_evicted,
            Reason::Window => &tally.segments_window,
        };
        count.add(1);
        store.space.retire(drain.segment);
        store
            .retired
            .push(&store.epochs, Garbage::Segment(drain.segment));
    }

    fn dispose(
        &mut self,
        guard: &Guard<'_>,
        drain: &Drain,
        case: &Case<'_>,
        mut must_drop: bool,
    ) -> Fate {
        let store = guard.store();
        loop {
            // Anew each time: a flush may have come in between.
            let view = store.view(guard.now());
            if !must_drop && store.is_visible(view, case.location, &case.item) {
                match self.move_item(guard, drain, case) {
                    Ok(true) => return Fate::Moved,
                    // It was changed or deleted meanwhile, or has become invisible.
                    Ok(false) => {}
                    Err(_) if store.eviction == Eviction::None => return Fate::Stuck,
                    Err(_) => must_drop = true,
                }
            }
            if self.drop_item(guard, drain, case, view, must_drop) {
                return Fate::Gone;
            }
        }
    }

    /// Takes the item's slot away if it still names this location. False when the item came to life again in between
    /// (it was touched), and must not be dropped.
    fn drop_item(
        &mut self,
        guard: &Guard<'_>,
        drain: &Drain,
        case: &Case<'_>,
        view: View,
        must_drop: bool,
    ) -> bool {
        let store = guard.store();
        let locked = store.index.lock(case.hash);
        let Some(found) = store.find_locked(&locked, |at, _| at == case.location) else {
            return true;
        };
        let is_visible = store.is_visible(view, case.location, &found.stored);
        if !must_drop && is_visible {
            return false;
        }
        locked.remove(found.slot);
        drop(locked);
        self.count_dropped(store, view, &found, drain.reason);
        if let Some(ghosts) = &store.ghosts
            && is_visible
        {
            ghosts.add(case.hash.bits);
        }
        true
    }

    fn count_dropped(&self, store: &Store, view: View, found: &Found<'_>, reason: Reason) {
        let tally = self.tally();
        let unfetched = u64::from(!found.is_fetched());
        if store.is_void(view, found.location) {
            tally.flushed.add(1);
        } else if store.is_visible(view, found.location, &found.stored) {
            tally.evicted_space.add(1);
            tally
                .evicted_window
                .add(u64::from(reason == Reason::Window));
            tally.evicted_unfetched.add(unfetched);
        } else {
            tally.expired.add(1);
            tally.expired_unfetched.add(unfetched);
        }
        self.removed(store, found.location, &found.stored);
    }

    /// Copies a live item to this writer's tail (Law 6: the copy is published only over the very location it was made
    /// from). False when the item is not there any more.
    fn move_item(
        &mut self,
        guard: &Guard<'_>,
        drain: &Drain,
        case: &Case<'_>,
    ) -> Result<bool, NoSpace> {
        let store = guard.store();
        let survives = drain.reason == Reason::Evicted;
        let task = Task {
            publish: if survives {
                Publish::Kept
            } else {
                Publish::Copy { observe: false }
            },
            purpose: Purpose::Drain,
            main: survives && store.eviction == Eviction::S3Fifo,
        };
        let location = case.location;
        let moved = self.rewrite(
            guard,
            case.hash,
            task,
            |at, _| at == location,
            |old| {
                let body = Body::Pieces([old.stored.value, b""]);
                let cas = old
                    .is_unique_known()
                    .then(|| store.unique(location, &old.stored));
                Step::Write(
                    Draft {
                        cas,
                        fetched: if survives {
                            old.is_fetched()
                        } else {
                            old.stored.is_fetched()
                        },
                        spared: match old.word.frequency() {
                            _ if !survives => old.stored.spared(),
                            0 => (old.stored.spared() + 1).min(item::SPARED_MAX),
                            _ => 0,
                        },
                        ..Draft::successor(&old.stored, body)
                    },
                    (),
                )
            },
        )?;
        Ok(moved.is_some())
    }
}

/// The hashes of the items that a slice comes to, and how many they are. What the index has of them is on its way from
/// memory when this returns.
fn ahead(store: &Store, drain: &Drain) -> ([Hash; SLICE_ITEMS], usize) {
    let start = store.space.offset_of(drain.segment);
    let len = store.space.records[drain.segment as usize].len();
    let end = len.min(drain.cursor.saturating_add(SLICE_WALKED));
    let (mut hashes, mut count, mut cursor) = ([Hash::default(); SLICE_ITEMS], 0, drain.cursor);
    // The segment is Draining, and ours: whole items lie end to end up to its length.
    while count < SLICE_ITEMS && cursor < end {
        let item = store.stored(start + u64::from(cursor));
        hashes[count] = store.place(item.key);
        cursor += item.size() as u32;
        count += 1;
    }
    store.index.prefetch(&hashes[..count], |_| {});
    (hashes, count)
}

/// Seals a segment again whose only item has been touched since, or is worth keeping: a span could be moved only where
/// another one is free. False when it may not stay.
fn stays(store: &Store, view: View, drain: &Drain, case: &Case<'_>) -> bool {
    let survives = drain.reason == Reason::Evicted;
    if !survives && drain.reason != Reason::Expired {
        return false;
    }
    let locked = store.index.lock(case.hash);
    let found = store.find_locked(&locked, |at, _| at == case.location);
    let Some(found) = found.filter(|it| store.is_visible(view, it.location, &it.stored)) else {
        return false;
    };
    if survives {
        locked.fade(found.slot);
    }
    let deadline = found.stored.deadline();
    drop(locked);
    store.space.seal_again(drain.segment, deadline, survives)
}

/// Whether an item of an evicted segment is worth keeping.
fn is_kept(
    store: &Store,
    view: View,
    drain: &Drain,
    case: &Case<'_>,
    is_alone: bool,
    grades: &mut Grades,
) -> bool {
    // Somebody waits for a window; and while writers find nothing (Law 7), whatever yields most is best.
    if !store.eviction.is_choosy()
        || drain.reason == Reason::Window
        || store.space.is_starved()
        || !store.is_visible(view, case.location, &case.item)
    {
        return false;
    }
    let names = |location| location == case.location;
    let Some((_, word)) = store.index.find(case.hash, names) else {
        return false;
    };
    let (size, frequency) = (case.item.size() as u32, word.frequency());
    let grade = Grade::of(frequency, size);
    grades.add(grade, size);
    let record = &store.space.records[drain.segment as usize];
    // Else an item that nobody asks for any more would stay for ever. The frequency of one that is alone does not fade
    // below 1: with that it goes if it has survived before, or came back from the ghosts.
    let may_stay = if is_alone {
        frequency > u8::from(record.is_main())
    } else {
        frequency > 0 || case.item.spared() < item::SPARED_MAX
    };
    let len = record.len();
    may_stay && grade >= store.worth.limit() && (is_alone || drain.may_keep(size, len))
}

#[cfg(all(test, not(loom), not(miri)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;
    use crate::{Condition, Options};

    /// Moves of a live item while another thread flushes: whichever comes first, the drain gets on.
    #[test]
    fn a_flush_in_the_midst_of_a_move_does_not_hold_the_drain_up() {
        const MOVES: u64 = 20_000;
        let store = Store::new(&Options::default()).unwrap();
        let done = Arc::new(AtomicU64::new(0));
        {
            let (store, done) = (store.clone(), done.clone());
            thread::spawn(move || {
                let mut participant = store.join().unwrap();
                let mut writer = store.writer().unwrap();
                while done.load(Ordering::Relaxed) < MOVES {
                    let guard = participant.enter(10);
                    // Without space the other thread's flushes have to be cleaned up first.
                    if writer
                        .store(&guard, b"key", b"value", 0, 100, Condition::Always)
                        .is_ok()
                    {
                        for _ in 0..8 {
                            let hash = store.place(b"key");
                            let found =
                                store.locate(&guard, hash, |_, stored| stored.key == b"key");
                            let Some(found) = found else { break };
                            let case = Case {
                                hash,
                                location: found.location,
                                item: found.stored,
                            };
                            let drain = Drain::new(0, Reason::Expired);
                            writer.dispose(&guard, &drain, &case, false);
                        }
                    }
                    drop(guard);
                    let guard = participant.enter(10);
                    writer.run_slices(&guard, 4, u64::MAX);
                    drop(guard);
                    store.collect();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..20_000_000_u64 {
            if done.load(Ordering::Relaxed) >= MOVES {
                break;
            }
            store.flush();
            store.collect();
            thread::yield_now();
        }
        assert!(
            done.load(Ordering::Relaxed) >= MOVES,
            "the drain does not get on"
        );
    }
}
