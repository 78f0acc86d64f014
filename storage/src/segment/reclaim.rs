//! Which segment is drained next.
//!
//! In this order: what a drain left off at, what a span is waiting for, what has expired, what a flush made void, what
//! is wholly dead, coarse segments while they hold too much that has expired; and only while free segments are short of
//! the reserve, what the eviction policy names.

use super::drain::{Drain, Reason};
use super::queues::Queues;
use super::space::Space;
use super::{Record, State};
use crate::{Eviction, Seconds};

/// Expired bytes in coarse segments that are left alone, as a share of the heap: 4 %, below the 5 % of Law 8.
const COARSE_SHARE: u64 = 25;

/// What the choice of a victim depends on, beside the queues.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    pub(crate) now: Seconds,
    /// Segments born before this flush are void; `None` when the last flush has been cleaned up.
    pub(crate) flush: Option<u64>,
    pub(crate) eviction: Eviction,
}

impl Space {
    /// The next drain to run a slice of. It belongs to the caller until it is paused or done.
    pub(crate) fn next_drain(&self, need: Need) -> Option<Drain> {
        let mut queues = self.queues();
        if let Some(drain) = queues.paused.pop_front() {
            return Some(drain);
        }
        queues.advance_timers(need.now);
        self.window_drain(&mut queues)
            .or_else(|| self.expired_drain(&mut queues, need.now))
            .or_else(|| self.flushed_drain(&mut queues, need.flush))
            .or_else(|| self.dead_drain(&mut queues))
            .or_else(|| self.coarse_drain(&mut queues, need.eviction))
            .or_else(|| self.evicting_drain(&mut queues, need.eviction))
    }

    /// Puts a drain back, for whoever has time for its next slice.
    pub(crate) fn pause(&self, drain: Drain) {
        self.queues().paused.push_back(drain);
    }

    /// Nothing is free, nothing is on its way, and nothing but eviction could make room.
    pub(crate) fn is_exhausted(&self, need: Need) -> bool {
        let mut queues = self.queues();
        queues.advance_timers(need.now);
        let due = queues.timers.first().is_some_and(|&(at, _)| at <= need.now);
        let void = queues.by_age.iter().any(|&(_, segment)| {
            need.flush
                .is_some_and(|flush| self.records[segment as usize].born() < flush)
        });
        queues.coming == 0
            && queues.dead.is_empty()
            && queues.by_expired.is_empty()
            && !due
            && !void
    }

    /// No sealed or open segment holds items from before flush `number`, and none can be opened: every guard is newer.
    pub(crate) fn is_clean_of(&self, number: u64) -> bool {
        let void = |record: &Record| {
            matches!(
                record.state(),
                State::Open | State::Sealed | State::Draining
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
        queues
            .spared()
            .find_map(|segment| self.begin(queues, self.head_of(segment), Reason::Evicted))
    }

    /// The first segment of the span that a segment belongs to, itself when it is single.
    fn head_of(&self, segment: u32) -> u32 {
        let is_inner = |segment: &u32| self.records[*segment as usize].state() == State::Inner;
        (0..=segment)
            .rev()
            .find(|segment| !is_inner(segment))
            .unwrap_or(segment)
    }

    fn expired_drain(&self, queues: &mut Queues, now: Seconds) -> Option<Drain> {
        let &(at, segment) = queues.timers.first()?;
        if at > now {
            None
        } else {
            self.begin(queues, segment, Reason::Expired)
        }
    }

    fn flushed_drain(&self, queues: &mut Queues, flush: Option<u64>) -> Option<Drain> {
        let flush = flush?;
        let void = |&&(_, segment): &&(u64, u32)| self.records[segment as usize].born() < flush;
        let &(_, segment) = queues.by_age.iter().find(void)?;
        self.begin(queues, segment, Reason::Flushed)
    }

    fn dead_drain(&self, queues: &mut Queues) -> Option<Drain> {
        while let Some(segment) = queues.dead.pop() {
            // Reported twice, or drained for another reason meanwhile and in use again: then it is not wholly dead.
            let record = &self.records[segment as usize];
            if record.state() == State::Sealed && record.dead() >= record.len() {
                let drain = self.begin(queues, segment, Reason::Dead);
                if drain.is_some() {
                    return drain;
                }
            }
        }
        None
    }

    /// Too many expired bytes, or a shortage that the fullest of them would ease.
    fn coarse_drain(&self, queues: &mut Queues, eviction: Eviction) -> Option<Drain> {
        let &(expired, segment) = queues.by_expired.last()?;
        let len = self.records[segment as usize].len();
        let pays = expired >= len / 2 || eviction == Eviction::None;
        let due = queues.expired_bytes * COARSE_SHARE > self.heap_bytes();
        if due || (pays && self.is_pressed(queues)) {
            self.begin(queues, segment, Reason::Expired)
        } else {
            None
        }
    }

    fn evicting_drain(&self, queues: &mut Queues, eviction: Eviction) -> Option<Drain> {
        if !self.is_pressed(queues) {
            return None;
        }
        let segment = eviction.victim(&queues.by_age)?;
        self.begin(queues, segment, Reason::Evicted)
    }

    /// What is free and on its way falls short of the reserve.
    fn is_pressed(&self, queues: &Queues) -> bool {
        self.available(queues) + queues.coming < self.geometry.reserve
    }

    /// Bytes of all segments, whatever their state.
    pub(crate) fn heap_bytes(&self) -> u64 {
        u64::from(self.geometry.segments) * u64::from(self.geometry.segment_bytes)
    }
}
