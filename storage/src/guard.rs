//! The turn of one thread.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use crate::Seconds;
use crate::index::{Slot, Word};
use crate::store::Store;

/// One thread's place among those who may look at the heap.
pub struct Participant {
    store: Arc<Store>,
    place: usize,
    /// A cell, so that neither can a guard be sent to another thread.
    random: Cell<u32>,
}

impl Store {
    /// A place for the calling thread; `None` when all that the options provide for are taken (the writers', and two
    /// more).
    pub fn join(self: &Arc<Self>) -> Option<Participant> {
        let place = self.epochs.join()?;
        Some(Participant {
            store: self.clone(),
            place,
            random: Cell::new(place as u32 + 1),
        })
    }

    /// Makes everything void at `deadline` that was stored until then. Replaces an earlier delayed flush (one that was
    /// due has taken place when the guard was opened).
    pub fn flush_at(&self, _guard: &Guard<'_>, deadline: Seconds) {
        self.flush.at(deadline);
    }
}

impl Participant {
    /// Opens a guard. `now` is the time for everything done under it: no expired item is found, and a delayed flush
    /// that is due has taken place. It holds up the reuse of memory: keep it for a bounded piece of work, and never
    /// across a wait.
    pub fn enter(&mut self, now: Seconds) -> Guard<'_> {
        self.store.epochs.open(self.place);
        self.store.fire_flush(now);
        let participant = self;
        Guard { participant, now }
    }
}

/// Open while a thread may hold items; see [`Participant::enter`].
pub struct Guard<'p> {
    participant: &'p Participant,
    now: Seconds,
}

impl Guard<'_> {
    pub(crate) fn now(&self) -> Seconds {
        self.now
    }

    /// The guard's store, which must be this one: an item lives as long as the guard, whoever finds it.
    pub(crate) fn home(&self, store: &Store) -> &Store {
        let home = self.store();
        assert!(ptr::eq(home, store), "a guard of another store");
        home
    }

    pub(crate) fn store(&self) -> &Store {
        &self.participant.store
    }

    /// A deadline that has come; 0 never does.
    pub(crate) fn is_over(&self, deadline: Seconds) -> bool {
        deadline != 0 && deadline <= self.now
    }

    /// Counts that the item was asked for which a slot named by that word.
    pub(crate) fn count_fetch(&self, slot: &Slot, word: Word) {
        slot.bump(word, |frequency| {
            self.chance(u32::from(frequency.saturating_sub(3)))
        });
    }

    /// True once in 2^`bits` calls.
    fn chance(&self, bits: u32) -> bool {
        // xorshift32 (Marsaglia, 2003): no more is asked of it than to spread frequency bumps.
        let mut x = self.participant.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.participant.random.set(x);
        x & ((1 << bits) - 1) == 0
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.participant.store.epochs.close(self.participant.place);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;
    use crate::segment::limits::Limits;
    use crate::segment::space::Geometry;
    use crate::{Condition, Eviction, Options};

    const KEYS: u8 = 4;
    /// Three of them fill a segment.
    const VALUE: usize = 300;
    /// Changes in which everything would be overwritten and all segments used again, if no guard held them.
    const LONG: u32 = 24;

    /// Seven segments of 1 KiB, which are drained and used again all the while.
    fn store() -> Arc<Store> {
        let options = Options {
            memory: 32 << 10,
            eviction: Eviction::Fifo,
            writers: 1,
            ..Options::default()
        };
        let geometry = Geometry {
            segment_bytes: 1 << 10,
            segments: 7,
            hands: 2,
            drain_reserve: 1,
            limits: Limits {
                reserve: 4,
                tails: 1,
                ..Limits::default()
            },
        };
        Store::cut(&options, geometry).unwrap()
    }

    /// A thread overwrites a few keys again and again, another holds what it found of them.
    #[test]
    fn a_value_would_change_while_its_guard_is_open() {
        let rounds = if cfg!(miri) { 120 } else { 50_000 };
        let store = store();
        let (mut reader, mut changer) = (store.join().unwrap(), store.join().unwrap());
        let mut writer = store.writer().unwrap();
        let changes = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < rounds {
                    let guard = reader.enter(2);
                    let keys: Vec<_> = (0..KEYS).map(|key| [key]).collect();
                    let names: Vec<_> = keys.iter().map(<[u8; 1]>::as_slice).collect();
                    store.prefetch(&guard, &names);
                    let items: Vec<_> = keys.iter().map(|key| store.get(&guard, key)).collect();
                    let values = items.iter().flatten().map(|item| item.value().to_vec());
                    let before: Vec<_> = values.collect();
                    let until = rounds.min(seen + LONG);
                    while seen < until {
                        thread::yield_now();
                        seen = changes.load(Ordering::Relaxed);
                    }
                    for (item, before) in items.iter().flatten().zip(&before) {
                        assert!(item.value() == before, "it has changed");
                    }
                }
            });
            for round in 0..rounds {
                let guard = changer.enter(2);
                let (key, value) = ([round as u8 % KEYS], [round as u8; VALUE]);
                let stored = writer.store(&guard, &key, &value, 0, 0, Condition::Always);
                drop(guard);
                if stored.is_err() {
                    thread::yield_now();
                }
                writer.reclaim(&changer.enter(2), 4);
                changes.store(round + 1, Ordering::Relaxed);
            }
        });
        let life = store.space.records[0].generation();
        assert!(life > 1, "no segment was used again");
    }
}
