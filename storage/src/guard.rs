//! The turn of one thread.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::Seconds;
use crate::store::Store;

/// One thread's place among those who may look at the heap.
pub struct Participant {
    store: Arc<Store>,
    place: usize,
    random: u32,
}

impl Participant {
    pub(crate) fn new(store: Arc<Store>, place: usize) -> Participant {
        Participant {
            store,
            place,
            random: place as u32 + 1,
        }
    }

    /// Opens a guard. `now` is the time for everything done under it: no expired item is found, and a delayed flush
    /// that is due has taken place. It holds up the reuse of memory: keep it for a bounded piece of work, and never
    /// across a wait.
    pub fn enter(&mut self, now: Seconds) -> Guard<'_> {
        self.store.epochs.open(self.place);
        self.store.fire_flush(now);
        let random = Cell::new(self.random);
        Guard {
            participant: self,
            now,
            random,
            not_send: PhantomData,
        }
    }
}

/// Open while a thread may hold items; see [`Participant::enter`].
pub struct Guard<'p> {
    participant: &'p mut Participant,
    now: Seconds,
    random: Cell<u32>,
    not_send: PhantomData<*mut ()>,
}

impl Guard<'_> {
    pub(crate) fn now(&self) -> Seconds {
        self.now
    }

    pub(crate) fn store(&self) -> &Store {
        &self.participant.store
    }

    /// True once in 2^`bits` calls.
    pub(crate) fn chance(&self, bits: u32) -> bool {
        // xorshift32 (Marsaglia, 2003): no more is asked of it than to spread frequency bumps.
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x & ((1 << bits) - 1) == 0
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.participant.random = self.random.get();
        self.participant.store.epochs.close(self.participant.place);
    }
}
