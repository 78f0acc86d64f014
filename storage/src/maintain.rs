//! The store's housekeeping, for a thread of its own.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::Seconds;
use crate::guard::Participant;
use crate::store::Store;
use crate::sync::Ordering;
use crate::writer::Writer;

/// Slices a bout: about a millisecond.
const SLICES: usize = 32;
/// Between two bouts when there is nothing to do.
const IDLE: Duration = Duration::from_millis(250);
/// While something retired waits for its readers.
const SOON: Duration = Duration::from_millis(1);
/// Buckets of the index looked at for a place to shrink, in a bout, once a second: about 400 us.
const BUCKETS: usize = 64 << 10;
/// Likewise, in each bout while there is memory to be given up: the index is to come down as fast as the items.
const BUCKETS_SHORT: usize = 8 << 10;
/// Index arrays moved together in a bout: about 100 us.
const MOVES: usize = 16;

/// Expires, cleans up after flushes, keeps the reserve of free segments, gives back the memory
/// that the index does not need, or that is not in force.
pub struct Maintainer {
    participant: Participant,
    writer: Writer,
    /// The partition of the index to be looked at next.
    partition: usize,
    /// The thread was told to sleep as long as it may: once a second, the time for what is not urgent has come.
    rested: bool,
    /// When that was done last.
    looked: Seconds,
}

impl Store {
    /// The maintenance of this store, for a thread of its own; `None` when it has been handed out. It takes one of the
    /// places of [`Store::join`].
    pub fn maintainer(self: &Arc<Self>) -> Option<Maintainer> {
        if self.maintained.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some(Maintainer {
            participant: self.join()?,
            writer: Writer::new(self.clone(), self.options.writers),
            partition: 0,
            rested: true,
            looked: 0,
        })
    }
}

impl Maintainer {
    /// One bounded bout of work. Returns how long the thread may park before the next: writers unpark the thread that
    /// called this first when space runs short.
    pub fn tick(&mut self, now: Seconds) -> Duration {
        let guard = self.participant.enter(now);
        let store = guard.store();
        store.maintenance.get_or_init(thread::current);
        self.writer.settle(&guard);
        store.space.settle_idle(now, store.flush.number());
        store.space.tend_window(&store.pool, now);
        let worked = self.writer.run_slices(&guard, SLICES, u64::MAX).is_some();
        if let Some(number) = store.flush.pending()
            && store.space.is_clean_of(number)
        {
            store.flush.clean(number);
        }
        if self.rested && self.looked != now {
            self.looked = now;
            store.shrink_sparse(&mut self.partition, BUCKETS, self.writer.tally());
        } else if store.space.is_excessive() {
            store.shrink_sparse(&mut self.partition, BUCKETS_SHORT, self.writer.tally());
        }
        store.tidy_index(self.writer.tally(), MOVES);
        let worked = store.space.withhold(&store.pool) || worked;
        drop(guard);
        self.writer.shared().collect();
        let pause = if worked {
            Duration::ZERO
        } else if self.writer.shared().epochs.is_waiting() {
            SOON
        } else {
            IDLE
        };
        self.rested = pause == IDLE;
        pause
    }
}
