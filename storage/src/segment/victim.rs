//! Which segment is drained next.
//!
//! In this order: what a drain left off at, what a span is waiting for, what has expired, what a flush made void, what
//! is wholly dead, coarse segments while they hold too much that has expired. While free segments are short of the
//! reserve: coarse and dead ones that pay, and at last what the eviction policy names.

use super::queues::Queues;
use super::reclaim::{Drain, Reason};
use super::space::Space;
use super::{EIGHTHS, Record, State};
use crate::Eviction;
use crate::flush::View;

/// Expired bytes in coarse segments that are left alone, as a share of the heap: 1.6 %. With what expires within a
/// second and in open tails it stays below the 5 % of Law 8.
const COARSE_SHARE: u64 = 64;

impl Space {
    /// The next drain to run a slice of. It belongs to the caller until it is paused, stuck or done.
    pub(crate) fn next_drain(&self, view: View) -> Option<Drain> {
        let queues = &mut *self.queues();
        if let Some(drain) = queues.paused.pop_front() {
            return Some(drain);
        }
        queues.look(view.now);
        let Some((reason, segment)) = self.victim(queues, view) else {
            return queues.stuck.pop();
        };
        let record = self.record(segment);
        debug_assert_eq!(record.state(), State::Sealed);
        record.set(State::Draining);
        queues.leave(segment);
        queues.coming += record.span();
        Some(Drain::new(segment, reason))
    }

    /// Puts a drain back, for whoever has time for its next slice.
    pub(crate) fn pause(&self, drain: Drain) {
        self.queues().paused.push_back(drain);
    }

    /// Puts a drain back that has to wait for room: others may make it.
    pub(crate) fn stick(&self, drain: Drain) {
        self.queues().stuck.push(drain);
    }

    /// Nothing is on its way, and nothing but eviction could make room. That segments are compacted, which only a want of
    /// bytes brings about, counts if bytes make room.
    pub(crate) fn is_exhausted(&self, view: View, by_bytes: bool) -> bool {
        let queues = &mut *self.queues();
        queues.look(view.now);
        let span = |drain: &Drain| self.record(drain.segment).span();
        queues.coming == queues.stuck.iter().map(span).sum()
            && queues.due(view.now).is_none()
            && queues.void(view.void_before).is_none()
            && !(by_bytes && self.has_gaps(queues))
    }

    fn has_gaps(&self, queues: &Queues) -> bool {
        queues.by_expired.last().is_some() || queues.dead(self.eighths()).is_some()
    }

    /// No slot names an item from before flush `number`, which the caller has seen, or will. Segments are opened under
    /// the mutex: what was opened before it was taken here is seen below, with all that became of it since; and who opens
    /// one later knows of the flush by then, so that a look at its number under the key's lock keeps its items out.
    pub(crate) fn is_clean_of(&self, number: u64) -> bool {
        use State::{Draining, Filling, Open, Sealed};
        let is_void = |record: &Record| {
            matches!(record.state(), Open | Filling | Sealed | Draining) && record.born() < number
        };
        let is_sealed = self.queues().void(Some(number)).is_some();
        // A long look, without the mutex.
        !is_sealed && !self.records.iter().any(is_void)
    }

    fn victim(&self, queues: &mut Queues, view: View) -> Option<(Reason, u32)> {
        let told = |reason| move |segment| (reason, segment);
        self.sealed_in(queues.free.window())
            .map(told(Reason::Window))
            .or_else(|| queues.due(view.now).map(told(Reason::Expired)))
            .or_else(|| queues.void(view.void_before).map(told(Reason::Flushed)))
            .or_else(|| queues.dead(EIGHTHS).map(told(Reason::Dead)))
            .or_else(|| self.compactable(queues).map(told(Reason::Compacted)))
            .or_else(|| self.evictable(queues).map(told(Reason::Evicted)))
    }

    /// A segment of which what is alive is to be moved, to free the rest. One that is stuck for want of room is enough.
    fn compactable(&self, queues: &Queues) -> Option<u32> {
        if !queues.stuck.is_empty() {
            return None;
        }
        let is_pressed = self.is_pressed(queues);
        if let Some((expired, segment)) = queues.by_expired.last() {
            let is_due = queues.expired_bytes * COARSE_SHARE > self.heap_bytes();
            let pays = expired >= self.record(segment).len() / 2;
            if is_due || is_pressed && (pays || self.eviction() == Eviction::None) {
                return Some(segment);
            }
        }
        queues.dead(self.eighths()).filter(|_| is_pressed)
    }

    fn evictable(&self, queues: &mut Queues) -> Option<u32> {
        self.is_pressed(queues)
            .then(|| queues.victim(self.eviction()))?
    }

    /// Eighths of a segment that must be dead before its other items are moved. To evict nothing is worth any move.
    fn eighths(&self) -> u8 {
        match self.eviction() {
            Eviction::None => 1,
            _ => EIGHTHS / 2,
        }
    }

    /// What is free and on its way, for others than the window, falls short of the reserve and of what is to be withheld.
    fn is_pressed(&self, queues: &Queues) -> bool {
        let coming = queues.coming.saturating_sub(queues.free.awaited());
        queues.free.available() + coming < self.limits.reserve() + self.missing(queues)
    }
}
