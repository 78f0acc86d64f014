//! Which segment is drained next.
//!
//! In this order: what a drain left off at, what a span is waiting for, what has expired, what a flush made void, what
//! is wholly dead, coarse segments while they hold too much that has expired. While free segments are short of the
//! reserve: coarse and dead ones that pay, and at last what the eviction policy names.

use super::queues::Queues;
use super::space::Space;
use super::{EIGHTHS, Record, State};
use crate::drain::{Drain, Reason};
use crate::{Eviction, Seconds};

/// Expired bytes in coarse segments that are left alone, as a share of the heap: 1.6 %. With what expires within a
/// second and in open tails it stays below the 5 % of Law 8.
const COARSE_SHARE: u64 = 64;

/// What the choice of a victim depends on, beside the queues.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    pub(crate) now: Seconds,
    /// Segments born before this flush are void; `None` when the last flush has been cleaned up.
    pub(crate) flush: Option<u64>,
    pub(crate) eviction: Eviction,
}

impl Need {
    /// Eighths of a segment that must be dead before its other items are moved. To evict nothing is worth any move.
    fn eighths(self) -> u8 {
        if self.eviction == Eviction::None {
            1
        } else {
            EIGHTHS / 2
        }
    }
}

impl Space {
    /// The next drain to run a slice of. It belongs to the caller until it is paused, stuck or done.
    pub(crate) fn next_drain(&self, need: Need) -> Option<Drain> {
        let mut queues = self.queues();
        if let Some(drain) = queues.paused.pop_front() {
            return Some(drain);
        }
        queues.look(need.now);
        self.window_drain(&mut queues)
            .or_else(|| self.expired_drain(&mut queues, need.now))
            .or_else(|| self.flushed_drain(&mut queues, need.flush))
            .or_else(|| self.dead_drain(&mut queues, EIGHTHS, Reason::Dead))
            .or_else(|| self.moving_drain(&mut queues, need))
            .or_else(|| self.evicting_drain(&mut queues))
            .or_else(|| queues.stuck.pop())
    }

    /// Puts a drain back, for whoever has time for its next slice.
    pub(crate) fn pause(&self, drain: Drain) {
        self.queues().paused.push_back(drain);
    }

    /// Puts a drain back that has to wait for room: others may make it.
    pub(crate) fn stick(&self, drain: Drain) {
        self.queues().stuck.push(drain);
    }

    /// Nothing is on its way, and nothing but eviction could make room.
    pub(crate) fn is_exhausted(&self, need: Need) -> bool {
        let mut queues = self.queues();
        queues.look(need.now);
        let stuck = |drain: &Drain| self.records[drain.segment as usize].span();
        let due = queues
            .deadlines
            .first()
            .is_some_and(|&(at, _)| at <= need.now);
        let void = queues
            .by_age
            .first()
            .is_some_and(|&(born, ..)| need.flush.is_some_and(|flush| born < flush));
        queues.coming == queues.stuck.iter().map(stuck).sum()
            && queues
                .by_dead
                .last()
                .is_none_or(|&(eighths, _)| eighths < need.eighths())
            && queues.by_expired.is_empty()
            && !due
            && !void
    }

    /// No segment holds items from before flush `number`, and none can be opened: every guard is newer.
    pub(crate) fn is_clean_of(&self, number: u64) -> bool {
        if self
            .queues()
            .by_age
            .first()
            .is_some_and(|&(born, ..)| born < number)
        {
            return false;
        }
        let void = |record: &Record| {
            matches!(
                record.state(),
                State::Open | State::Filling | State::Sealed | State::Draining
            ) && record.born() < number
        };
        !self.records.iter().any(void)
    }

    /// Bytes in sealed coarse segments that have expired, as far as their bins tell.
    pub(crate) fn coarse_expired_bytes(&self) -> u64 {
        self.queues().expired_bytes
    }

    fn begin(&self, queues: &mut Queues, segment: u32, reason: Reason) -> Option<Drain> {
        let record = &self.records[segment as usize];
        if !record.claim() {
            return None;
        }
        queues.dequeue(segment);
        queues.coming += record.span();
        Some(Drain::new(segment, reason))
    }

    fn window_drain(&self, queues: &mut Queues) -> Option<Drain> {
        self.heads(queues.spared())
            .find_map(|segment| self.begin(queues, segment, Reason::Window))
    }

    fn expired_drain(&self, queues: &mut Queues, now: Seconds) -> Option<Drain> {
        let &(at, segment) = queues.deadlines.first()?;
        if at > now {
            None
        } else {
            self.begin(queues, segment, Reason::Expired)
        }
    }

    fn flushed_drain(&self, queues: &mut Queues, flush: Option<u64>) -> Option<Drain> {
        let &(born, _, segment) = queues.by_age.first()?;
        if born < flush? {
            self.begin(queues, segment, Reason::Flushed)
        } else {
            None
        }
    }

    /// The segment with the most dead bytes, if they are at least so many eighths.
    fn dead_drain(&self, queues: &mut Queues, eighths: u8, reason: Reason) -> Option<Drain> {
        let &(dead, segment) = queues.by_dead.last()?;
        if dead < eighths {
            None
        } else {
            self.begin(queues, segment, reason)
        }
    }

    /// Drains that move what is alive, to free the rest. One that is stuck for want of room is enough.
    fn moving_drain(&self, queues: &mut Queues, need: Need) -> Option<Drain> {
        if !queues.stuck.is_empty() {
            return None;
        }
        let pressed = self.is_pressed(queues);
        let coarse = queues.by_expired.last().and_then(|&(expired, segment)| {
            let due = queues.expired_bytes * COARSE_SHARE > self.heap_bytes();
            let pays = expired >= self.records[segment as usize].len() / 2
                || need.eviction == Eviction::None;
            (due || (pays && pressed)).then_some(segment)
        });
        match coarse {
            Some(segment) => self.begin(queues, segment, Reason::Compacted),
            None if pressed => self.dead_drain(queues, need.eighths(), Reason::Compacted),
            None => None,
        }
    }

    fn evicting_drain(&self, queues: &mut Queues) -> Option<Drain> {
        if !self.is_pressed(queues) {
            return None;
        }
        let segment = queues.victim()?;
        self.begin(queues, segment, Reason::Evicted)
    }

    /// What is free and on its way, for others than the window, falls short of the reserve.
    fn is_pressed(&self, queues: &Queues) -> bool {
        let coming = queues.coming.saturating_sub(self.awaited(queues));
        self.available() + coming < self.geometry.reserve
    }
}
