//! The store's housekeeping, for a thread of its own.

use std::thread;
use std::time::Duration;

use crate::Seconds;
use crate::guard::Participant;
use crate::writer::Writer;

/// Slices a bout: about a millisecond.
const SLICES: usize = 16;
/// Between two looks at the clock when there is nothing to do.
const IDLE: Duration = Duration::from_millis(250);
/// While retired segments wait for their readers.
const SOON: Duration = Duration::from_millis(1);
/// Every partition of the index is looked at once in so many idle rounds.
const SHRINK_ROUNDS: usize = 240;

/// Expires, cleans up after flushes, keeps the reserve of free segments, gives index memory back.
pub struct Maintainer {
    participant: Participant,
    writer: Writer,
    partition: usize,
}

impl Maintainer {
    pub(crate) fn new(participant: Participant, writer: Writer) -> Maintainer {
        Maintainer {
            participant,
            writer,
            partition: 0,
        }
    }

    /// One bounded bout of work. Returns how long the thread may park before the next: writers unpark the thread that
    /// called this first when space runs short.
    pub fn tick(&mut self, now: Seconds) -> Duration {
        let guard = self.participant.enter(now);
        let store = guard.store();
        store.maintenance.get_or_init(thread::current);
        self.writer.settle(&guard);
        let worked = self.writer.run_slices(&guard, SLICES, u64::MAX).is_some();
        if !worked {
            let partitions = store.index.partition_count();
            for _ in 0..partitions.div_ceil(SHRINK_ROUNDS) {
                self.partition = (self.partition + 1) % partitions;
                store.shrink_index(self.partition, self.writer.tally());
            }
            store.uncover_index();
            store.space.tend_window(&store.pool, now);
            if let Some(number) = store.flush.cleanable()
                && store.space.is_clean_of(number)
            {
                store.flush.clean(number);
            }
        }
        drop(guard);
        self.writer.home().collect();
        if worked {
            Duration::ZERO
        } else if self.writer.home().is_waiting() {
            SOON
        } else {
            IDLE
        }
    }
}
