//! Segments whose memory the index uses: their pages are the system's.

use super::State;
use super::space::Space;
use super::tail::Purpose;
use crate::pool::Pool;
use crate::sync::Ordering;

impl Space {
    /// Lets the index grow by `allow` once lent segments make up for so many bytes of it, lending more where needed;
    /// false when no segment is free for it.
    pub(crate) fn cover(&self, pool: &Pool, index_bytes: u64, allow: impl Fn()) -> bool {
        loop {
            let mut queues = self.queues();
            if self.geometry.bytes(queues.lent.len() as u32) >= index_bytes {
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
        let kept = queues.lent.len().min(needed + 1);
        let spare = queues.lent.split_off(kept);
        drop(queues);
        for segment in spare {
            self.take_back(pool, segment);
        }
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
