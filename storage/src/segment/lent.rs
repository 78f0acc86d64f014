//! Segments whose pages are the system's: the index uses as much instead, or so much memory is not in force.

use super::State;
use super::space::Space;
use super::tail::Purpose;
use crate::Eviction;
use crate::pool::Pool;
use crate::sync::Ordering;

/// Bytes of segments that are withheld or come back in one go: about a millisecond, most of it the system's.
const STEP: u64 = 4 << 20;

impl Space {
    /// Lets the index grow by `allow` once lent segments make up for so many bytes of it, lending more where needed;
    /// false when no segment is free for it.
    pub(crate) fn cover(&self, pool: &Pool, index_bytes: u64, allow: impl Fn()) -> bool {
        loop {
            let mut queues = self.queues();
            let lent = (queues.lent.len() as u32).saturating_sub(queues.withheld);
            if self.geometry.bytes(lent) >= index_bytes {
                // Under the mutex: else what makes up for it could be taken back in between.
                allow();
                return true;
            }
            let Some(segment) = self.take_free(&mut queues, Purpose::Write) else {
                return false;
            };
            drop(queues);
            self.lend(pool, segment);
        }
    }

    /// Takes segments back that the index, which may use so many bytes, does not need any more, keeping one in hand.
    pub(crate) fn uncover(&self, pool: &Pool, index_bytes: impl Fn() -> u64) {
        let mut queues = self.queues();
        let needed = index_bytes().div_ceil(self.geometry.bytes(1)) as usize;
        let kept = queues.lent.len().min(queues.withheld as usize + needed + 1);
        let spare = queues.lent.split_off(kept);
        drop(queues);
        for segment in spare {
            self.take_back(pool, segment);
        }
    }

    /// Withholds segments, or takes some back, until they make up for the memory that is not in force: some at a time.
    /// True while there is more to do, and something to do it with.
    pub(crate) fn withhold(&self, pool: &Pool) -> bool {
        let steps = (STEP / self.geometry.bytes(1)).max(1);
        (0..steps).all(|_| self.withhold_one(pool) || self.restore_one(pool))
    }

    fn withhold_one(&self, pool: &Pool) -> bool {
        let mut queues = self.queues();
        let kept = match self.eviction() {
            Eviction::None => self.geometry.drain_reserve,
            // More are on their way: those that are kept ready stay so.
            _ => self.limits.reserve(),
        };
        if self.missing(&queues) == 0 || queues.free.available() <= kept {
            return false;
        }
        let Some(segment) = self.take_free(&mut queues, Purpose::Drain) else {
            return false;
        };
        // Before it is among those lent: it is never taken for one that makes up for the index.
        queues.withheld += 1;
        self.note_free(&queues);
        drop(queues);
        self.lend(pool, segment);
        true
    }

    fn restore_one(&self, pool: &Pool) -> bool {
        let mut queues = self.queues();
        if queues.withheld <= self.limits.withheld() {
            return false;
        }
        let Some(segment) = queues.lent.pop() else {
            return false;
        };
        queues.withheld -= 1;
        drop(queues);
        self.take_back(pool, segment);
        true
    }

    /// Lends other segments instead of those that lie in the window.
    pub(super) fn exchange(&self, pool: &Pool) {
        loop {
            let mut queues = self.queues();
            let (lent, window) = (&queues.lent, queues.free.window());
            let Some(at) = lent.iter().position(|it| window.contains(it)) else {
                return;
            };
            let Some(other) = self.take_free(&mut queues, Purpose::Drain) else {
                return;
            };
            let segment = queues.lent.swap_remove(at);
            drop(queues);
            self.lend(pool, other);
            self.take_back(pool, segment);
        }
    }

    /// Free to Lent.
    fn lend(&self, pool: &Pool, segment: u32) {
        // SAFETY: the segment was free and is ours; it is written anew before anyone reads it. Should the system
        // refuse, the pages merely stay resident.
        let _ = unsafe { pool.give_back(self.offset_of(segment), self.geometry.bytes(1)) };
        let record = self.record(segment);
        record.span.store(1, Ordering::Relaxed);
        record.set(State::Lent);
        self.queues().lent.push(segment);
    }

    /// Lent to Free.
    fn take_back(&self, pool: &Pool, segment: u32) {
        pool.advise(self.offset_of(segment), self.geometry.bytes(1));
        self.free(&mut self.queues(), segment);
    }
}
