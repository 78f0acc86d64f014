//! What the free list's mutex guards: the free segments, the sealed ones in the orders that victims are chosen by, and
//! what is on its way from hand to hand.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::Record;
use super::free::FreeMap;
use super::reclaim::Drain;
use super::seal::Seal;
use super::tail::Tail;
use crate::Seconds;
use crate::evict::Eviction;
use crate::evict::candidates::{Candidates, Sealed};
use crate::order::Order;
use crate::sync::Ordering;

/// Coarse segments looked at in one go: the mutex is held for it.
const LOOKS: usize = 32;

/// The largest number of segments that a span was asked for with lately, and when.
#[derive(Default)]
pub(super) struct Largest {
    count: u32,
    at: Seconds,
}

impl Largest {
    pub(super) fn note(&mut self, count: u32, now: Seconds, memory: Seconds) {
        if count >= self.within(memory, now) {
            (self.count, self.at) = (count, now);
        }
    }

    /// The largest, if it was asked for within so many seconds; else 0.
    pub(super) fn within(&self, memory: Seconds, now: Seconds) -> u32 {
        let is_recent = now.saturating_sub(self.at) < memory;
        if is_recent { self.count } else { 0 }
    }
}

pub(super) struct Queues {
    pub(super) free: FreeMap,
    /// Segments whose pages are the system's.
    pub(super) lent: Vec<u32>,
    /// So many of them are beyond the memory in force; the others make up for the index.
    pub(super) withheld: u32,
    /// What each segment holds; of an open one it is told once a second.
    pub(super) seals: Box<[Seal]>,
    sequence: u64,
    /// Sealed segments, as the policies see them.
    candidates: Candidates,
    /// By when their bins are to be looked at.
    by_look: Order<Seconds>,
    /// By bytes that have expired, as the bins told at the last look.
    pub(super) by_expired: Order<u32>,
    pub(super) expired_bytes: u64,
    /// By eighths of their bytes that are dead.
    by_dead: Order<u8>,
    /// Open tails that were left to others, those left longest first.
    pub(super) idle: VecDeque<Tail>,
    /// Open tails, whoever holds them; spans are none.
    pub(super) tails: u32,
    /// Segments of one item that survived their eviction since a segment became free.
    pub(super) spared_alone: u32,
    /// Drains between two slices.
    pub(super) paused: VecDeque<Drain>,
    /// Drains that had no room for an item they may not drop.
    pub(super) stuck: Vec<Drain>,
    /// Segments that are Draining or Retired: on their way to the free list.
    pub(super) coming: u32,
    /// Spans that were asked for.
    pub(super) asked: Largest,
    /// Spans that were asked for in vain.
    pub(super) missed: Largest,
}

impl Queues {
    pub(super) fn new(segments: u32) -> Queues {
        Queues {
            free: FreeMap::full(segments),
            lent: Vec::new(),
            withheld: 0,
            seals: vec![Seal::default(); segments as usize].into(),
            sequence: 0,
            candidates: Candidates::new(segments),
            by_look: Order::new(segments),
            by_expired: Order::new(segments),
            expired_bytes: 0,
            by_dead: Order::new(segments),
            idle: VecDeque::new(),
            tails: 0,
            spared_alone: 0,
            paused: VecDeque::new(),
            stuck: Vec::new(),
            coming: 0,
            asked: Largest::default(),
            missed: Largest::default(),
        }
    }

    /// The next number of those that tell what came before what.
    pub(super) fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A segment that has just been sealed takes its place in the orders.
    pub(super) fn enter(&mut self, segment: u32, record: &Record) {
        record.sequence.store(self.next(), Ordering::Relaxed);
        let seal = &self.seals[segment as usize];
        self.by_look.set(segment, seal.next_look(seal.opened));
        let sealed = Sealed {
            age: (record.born(), self.sequence),
            deadline: seal.deadline,
            count: record.span(),
            main: record.is_main(),
        };
        self.candidates.enter(segment, sealed);
        self.note_dead(segment, record);
    }

    pub(super) fn leave(&mut self, segment: u32) {
        self.candidates.leave(segment);
        self.by_look.set(segment, 0);
        self.note_expired(segment, 0);
        self.by_dead.set(segment, 0);
    }

    /// Takes note of how much of a sealed segment is dead.
    pub(super) fn note_dead(&mut self, segment: u32, record: &Record) {
        self.by_dead.set(segment, record.eighths(record.dead()));
        self.candidates.shrink(segment, record.live());
    }

    fn note_expired(&mut self, segment: u32, bytes: u32) {
        let before = self.by_expired.set(segment, bytes);
        self.expired_bytes = self.expired_bytes + u64::from(bytes) - u64::from(before);
    }

    /// Looks at the bins whose time has come, some of them at a time.
    pub(super) fn look(&mut self, now: Seconds) {
        for _ in 0..LOOKS {
            let Some(segment) = up_to(self.by_look.first(), now) else {
                return;
            };
            let seal = self.seals[segment as usize];
            self.by_look.set(segment, seal.next_look(now));
            self.note_expired(segment, seal.expired(now));
        }
    }

    /// The order of sealing of the first and the last of the sealed segments.
    pub(super) fn sequences(&self) -> RangeInclusive<u64> {
        let oldest = self.candidates.oldest();
        oldest.map_or(0, |((_, sequence), _)| sequence)..=self.sequence
    }

    /// A segment whose items have all expired.
    pub(super) fn due(&self, now: Seconds) -> Option<u32> {
        up_to(self.candidates.soonest(), now)
    }

    /// A segment from before a flush.
    pub(super) fn void(&self, flush: Option<u64>) -> Option<u32> {
        let ((born, _), segment) = self.candidates.oldest()?;
        (born < flush?).then_some(segment)
    }

    /// The segment with the most dead bytes, if they are at least so many eighths.
    pub(super) fn dead(&self, eighths: u8) -> Option<u32> {
        let (dead, segment) = self.by_dead.last()?;
        (dead >= eighths).then_some(segment)
    }

    /// The policy's next victim.
    pub(super) fn victim(&mut self, eviction: Eviction) -> Option<u32> {
        self.candidates.victim(eviction)
    }
}

fn up_to(first: Option<(Seconds, u32)>, now: Seconds) -> Option<u32> {
    let (at, segment) = first?;
    (at <= now).then_some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seals segments of these flush numbers and deadlines, one after the other.
    fn sealed(segments: &[(u32, u64, Seconds)]) -> Queues {
        let mut queues = Queues::new(10);
        for &(segment, born, deadline) in segments {
            let record = Record::default();
            record.born.store(born, Ordering::Relaxed);
            record.span.store(1, Ordering::Relaxed);
            queues.seals[segment as usize].deadline = deadline;
            queues.enter(segment, &record);
        }
        queues
    }

    #[test]
    fn a_younger_segment_would_stand_before_an_older_one() {
        let mut queues = sealed(&[(9, 1, 0), (0, 1, 0), (1, 1, 0)]);
        assert_eq!(queues.victim(Eviction::Fifo), Some(9));
        queues.leave(9);
        assert_eq!(queues.victim(Eviction::Fifo), Some(0));
    }

    #[test]
    fn one_that_lives_longer_would_stand_before_another_by_deadline() {
        let mut queues = sealed(&[(4, 1, 70), (5, 1, 60), (6, 1, 0)]);
        assert_eq!(queues.victim(Eviction::Cte), Some(5));
        queues.leave(5);
        queues.leave(4);
        assert_eq!(queues.victim(Eviction::Cte), Some(6));
    }

    #[test]
    fn a_segment_from_before_a_flush_would_be_overlooked() {
        let queues = sealed(&[(2, 2, 0), (3, 1, 0)]);
        assert_eq!(
            (queues.void(Some(2)), queues.void(Some(1))),
            (Some(3), None)
        );
        assert_eq!(queues.void(None), None);
    }
}
