//! The slices of a drain: each of a segment's items loses its slot or moves, under its key's lock.

use crate::counts::cpu_time;
use crate::evict::worth::Grade;
use crate::flush::View;
use crate::guard::Guard;
use crate::item::{self, Draft, Stored};
use crate::segment::reclaim::{Drain, Reason};
use crate::segment::tail::Purpose;
use crate::store::{Garbage, Store, Target};
use crate::writer::Publish::{Kept, Moved};
use crate::writer::{Step, Task, Writer};
use crate::{Eviction, NoSpace};

/// Items a slice looks at (Law 7): what the index has of them comes from memory together.
const SLICE_ITEMS: usize = 32;
/// Bytes moved after which a slice ends, for the same reason.
const SLICE_MOVED: u32 = 64 << 10;
/// Bytes a slice walks over at most: of large items, more could not move.
const SLICE_WALKED: u32 = 4 * SLICE_MOVED;

/// An item that the walk has come to.
#[derive(Clone, Copy)]
struct Case<'a> {
    target: Target<'static>,
    location: u64,
    item: Stored<'a>,
}

/// Why a walk breaks off.
enum Halt {
    /// An item may not be dropped, and there is no room for it yet.
    Stuck,
    /// The only item of the segment stays where it is: the segment is sealed again.
    Stays,
}

impl Writer {
    /// Makes up for segments taken from the reserve: at most `slices` slices of drain. To be called under a fresh guard,
    /// with the replies on their way. True while there is more to do.
    pub fn reclaim(&mut self, guard: &Guard<'_>, slices: usize) -> bool {
        self.written = 0;
        if self.debt > 0 {
            let freed = self.run_slices(guard, slices, self.debt);
            self.debt = freed.map_or(0, |freed| self.debt.saturating_sub(freed));
        }
        self.home(guard).collect();
        self.debt > 0
    }

    /// Runs up to `slices` slices of whatever is to be drained, until `enough` bytes have been walked. Returns the bytes
    /// that became free, or `None` when there was nothing to do.
    pub(crate) fn run_slices(
        &mut self,
        guard: &Guard<'_>,
        slices: usize,
        enough: u64,
    ) -> Option<u64> {
        let store = self.home(guard);
        let (mut freed, mut current, mut began) = (0, None, cpu_time());
        for done in 0..slices {
            if freed >= enough {
                break;
            }
            let next = || store.space.next_drain(store.view(guard.now()));
            let Some(mut drain) = current.take().or_else(next) else {
                return (done > 0).then_some(freed);
            };
            let mut slice = Slice::new(self, guard, &mut drain);
            let (walk, len) = (slice.run(), slice.len);
            let ended = cpu_time();
            self.tally().count_slice(ended.saturating_sub(began));
            began = ended;
            match walk {
                // It is not ours any more.
                Err(Halt::Stays) => {}
                Err(Halt::Stuck) => {
                    store.space.stick(drain);
                    return (done > 0).then_some(freed);
                }
                Ok(bytes) => {
                    freed += bytes;
                    if drain.cursor == len {
                        self.finish(&drain);
                    } else {
                        current = Some(drain);
                    }
                }
            }
        }
        if let Some(drain) = current {
            store.space.pause(drain);
        }
        Some(freed)
    }

    fn finish(&self, drain: &Drain) {
        let (store, tally) = (self.shared(), self.tally());
        let count = match drain.reason {
            Reason::Expired => &tally.segments_expired,
            Reason::Flushed => &tally.segments_flushed,
            Reason::Dead => &tally.segments_dead,
            Reason::Compacted => &tally.segments_compacted,
            Reason::Evicted => &tally.segments_evicted,
            Reason::Window => &tally.segments_window,
        };
        count.add(1);
        if drain.reason.evicts() {
            let len = store.space.records[drain.segment as usize].len();
            store.ghosts.pass(len.saturating_sub(drain.kept).into());
        }
        store.space.retire(drain.segment);
        store.epochs.retire(Garbage::Segment(drain.segment));
    }
}

/// A bounded part of a drain, under way.
struct Slice<'a> {
    writer: &'a mut Writer,
    guard: &'a Guard<'a>,
    store: &'a Store,
    drain: &'a mut Drain,
    /// Bytes of the segment's items.
    len: u32,
    /// What the next limit is from: how much its items are worth, and their sizes.
    grades: Vec<(Grade, u32)>,
}

impl<'a> Slice<'a> {
    fn new(writer: &'a mut Writer, guard: &'a Guard<'_>, drain: &'a mut Drain) -> Slice<'a> {
        let store = guard.store();
        Slice {
            writer,
            guard,
            store,
            len: store.space.records[drain.segment as usize].len(),
            drain,
            grades: Vec::with_capacity(SLICE_ITEMS),
        }
    }

    /// Walks over at most 32 items, fewer when many bytes have to move. Returns the bytes of those that did not.
    fn run(&mut self) -> Result<u64, Halt> {
        let walked = self.walk();
        if !self.grades.is_empty() {
            let (worth, heap) = (&self.store.worth.0, self.store.space.heap_bytes());
            worth.learn(&self.grades, heap);
        }
        walked
    }

    fn walk(&mut self) -> Result<u64, Halt> {
        let (mut freed, mut moved) = (0, 0);
        for case in self.ahead() {
            if moved >= SLICE_MOVED {
                break;
            }
            let size = case.item.size() as u32;
            // Smaller ones cost little to move, and a segment should not be kept for them.
            let is_alone = size == self.len && size > self.store.space.geometry.segment_bytes / 2;
            let evicts = self.drain.reason.evicts();
            let mut must_drop = evicts && !self.is_kept(&case, is_alone);
            if is_alone && !must_drop {
                if self.stays(&case) {
                    return Err(Halt::Stays);
                }
                // To move it would take as much as it frees.
                must_drop = self.survives();
            }
            if self.dispose(&case, must_drop)? {
                self.writer.tally().moved.add(1);
                self.drain.kept += size;
                moved += size;
            } else {
                freed += u64::from(size);
            }
            self.drain.cursor += size;
        }
        Ok(freed)
    }

    /// The items to come. What the index has of them is on its way from memory when this returns.
    fn ahead(&self) -> Vec<Case<'a>> {
        let start = self.store.space.offset_of(self.drain.segment);
        let end = self.len.min(self.drain.cursor.saturating_add(SLICE_WALKED));
        let (mut cases, mut cursor) = (Vec::with_capacity(SLICE_ITEMS), self.drain.cursor);
        // The segment is Draining, and ours: whole items lie end to end up to its length.
        while cases.len() < SLICE_ITEMS && cursor < end {
            let location = start + u64::from(cursor);
            let item = self.store.stored(location);
            let target = Target::at(self.store.place(item.key), location);
            cursor += item.size() as u32;
            cases.push(Case {
                target,
                location,
                item,
            });
        }
        let hashes: Vec<_> = cases.iter().map(|case| case.target.hash).collect();
        self.store.index.prefetch(&hashes, |_| {});
        cases
    }

    fn view(&self) -> View {
        self.store.view(self.guard.now())
    }

    /// What does not go with its segment has survived an eviction.
    fn survives(&self) -> bool {
        self.drain.reason == Reason::Evicted
    }

    /// Moves an item, or takes its slot away. Returns whether it has moved.
    fn dispose(&mut self, case: &Case<'_>, mut must_drop: bool) -> Result<bool, Halt> {
        loop {
            // Anew each time: a flush may have come in between.
            let view = self.view();
            if !must_drop && self.store.is_visible(view, case.location, &case.item) {
                match self.move_item(case) {
                    Ok(true) => return Ok(true),
                    // It was changed or deleted meanwhile, or has become invisible.
                    Ok(false) => {}
                    Err(_) if self.store.eviction() == Eviction::None => return Err(Halt::Stuck),
                    Err(_) => must_drop = true,
                }
            }
            if self.drop_item(case, view, must_drop) {
                return Ok(false);
            }
        }
    }

    /// Takes the item's slot away if it still names this location. False when the item came to life again in between
    /// (it was touched), and must not be dropped.
    fn drop_item(&self, case: &Case<'_>, view: View, must_drop: bool) -> bool {
        let (store, tally) = (self.store, self.writer.tally());
        let (locked, found) = store.lock(case.target);
        let Some(found) = found else { return true };
        let is_visible = store.is_visible(view, case.location, &found.stored);
        if !must_drop && is_visible {
            return false;
        }
        locked.remove(found.slot);
        drop(locked);
        let unfetched = u64::from(!found.is_fetched());
        if is_visible {
            let window = self.drain.reason == Reason::Window;
            tally.evicted_space.add(1);
            tally.evicted_window.add(u64::from(window));
            tally.evicted_unfetched.add(unfetched);
            if store.eviction() == Eviction::S3Fifo {
                store.ghosts.add(case.target.hash.bits);
            }
        } else if store.is_void(view, case.location) {
            tally.flushed.add(1);
        } else {
            tally.expired.add(1);
            tally.expired_unfetched.add(unfetched);
        }
        self.writer.removed(case.location, &found.stored);
        true
    }

    /// Copies a live item to this writer's tail (Law 6: the copy is published only over the very location it was made
    /// from). False when the item is not there any more.
    fn move_item(&mut self, case: &Case<'_>) -> Result<bool, NoSpace> {
        let (store, survives) = (self.store, self.survives());
        let publish = if survives {
            Kept
        } else {
            Moved { observe: false }
        };
        let task = Task {
            purpose: Purpose::Drain,
            main: survives && store.eviction() == Eviction::S3Fifo,
            ..Task::WRITE
        };
        let (moved, _) = self.writer.change(self.guard, case.target, task, |old| {
            let Some(old) = old else {
                return Step::Leave(false);
            };
            let mut head = old.stored.head();
            head.cas = store.known_unique(old);
            if survives {
                head.fetched = old.is_fetched();
                head.spared = match old.word.frequency() {
                    0 => (head.spared + 1).min(item::SPARED_MAX),
                    _ => 0,
                };
            }
            Step::Write(Draft::copy(&old.stored, head), publish, true)
        })?;
        Ok(moved)
    }

    /// Seals a segment again whose only item has been touched since, or is worth keeping: a span could be moved only
    /// where another one is free. False when it may not stay.
    fn stays(&self, case: &Case<'_>) -> bool {
        let (store, view, survives) = (self.store, self.view(), self.survives());
        let segment = self.drain.segment;
        if !survives && self.drain.reason != Reason::Expired {
            return false;
        }
        let (locked, found) = store.lock(case.target);
        let Some(found) = found.filter(|it| store.is_visible(view, it.location, &it.stored)) else {
            return false;
        };
        if survives {
            locked.fade(found.slot);
        }
        let deadline = found.stored.deadline();
        drop(locked);
        store.space.seal_again(segment, deadline, survives)
    }

    /// Whether an item of an evicted segment is worth keeping. Adds its grade and size to what the next limit is from.
    fn is_kept(&mut self, case: &Case<'_>, is_alone: bool) -> bool {
        let (eviction, space) = (self.store.eviction(), &self.store.space);
        // Somebody waits for a window; and while writers find nothing (Law 7), whatever yields most is best.
        if !eviction.is_choosy() || self.drain.reason == Reason::Window || space.is_starved() {
            return false;
        }
        let Some(found) = self.store.locate(self.guard.now(), case.target) else {
            return false;
        };
        let (size, frequency) = (case.item.size() as u32, found.word.frequency());
        let grade = Grade::of(frequency, size);
        self.grades.push((grade, size));
        // Else an item that nobody asks for any more would stay for ever. The frequency of one that is alone does not fade
        // below 1: with that it goes if it has survived before, or came back from the ghosts.
        let may_stay = if is_alone {
            frequency > u8::from(space.record_of(case.location).is_main())
        } else {
            frequency > 0 || case.item.spared() < item::SPARED_MAX
        };
        may_stay
            && grade >= self.store.worth.0.limit()
            && (is_alone || self.drain.may_keep(size, self.len))
    }
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
                            let target = store.target(b"key");
                            let Some(found) = store.locate(10, target) else {
                                break;
                            };
                            let case = Case {
                                target: Target::at(target.hash, found.location),
                                location: found.location,
                                item: found.stored,
                            };
                            let drain = &mut Drain::new(0, Reason::Expired);
                            let mut slice = Slice::new(&mut writer, &guard, drain);
                            let _ = slice.dispose(&case, false);
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
