//! The sealed segments, in the orders that victims are chosen by, and what is on its way to be free.

use std::collections::{BTreeSet, VecDeque};
use std::ops::{Range, RangeInclusive};

use super::free::FreeMap;
use super::seal::Seal;
use super::tail::Tail;
use crate::Seconds;
use crate::drain::Drain;
use crate::evict::{Eviction, Policy, Sealed};

/// Coarse segments looked at in one go: the mutex is held for it.
const LOOKS: usize = 32;

/// A free run is kept ready for the largest span asked for within so many seconds, or twice as many.
const SPAN_MEMORY: Seconds = 10;

/// A sealed segment's place in the queues. Of an open one only the seal is known, as of some time ago.
#[derive(Clone, Copy, Default)]
pub(super) struct Queued {
    seal: Seal,
    born: u64,
    sequence: u64,
    /// When its bins are looked at next; 0: never again.
    look: Seconds,
    /// Bytes that have expired, as its bins told at the last look.
    expired: u32,
    /// Eighths of its bytes that are dead.
    dead: u8,
}

/// Adjacent segments that are emptied for a span.
pub(super) struct Window {
    pub(super) range: Range<u32>,
    /// When a span of its size was last asked for in vain; 0: it is kept ready.
    pub(super) asked: Seconds,
}

impl Window {
    /// Somebody waits for it, or did a second ago: a client waits no longer.
    pub(super) fn is_awaited(&self, now: Seconds) -> bool {
        self.asked != 0 && now.saturating_sub(self.asked) <= 1
    }
}

/// The largest spans, in segments, that were asked for in this period and in the last.
#[derive(Default)]
pub(super) struct SpanSizes {
    now: u32,
    before: u32,
    since: Seconds,
}

impl SpanSizes {
    pub(super) fn note(&mut self, count: u32) {
        self.now = self.now.max(count);
    }

    /// The largest lately.
    pub(super) fn largest(&mut self, now: Seconds) -> u32 {
        if now.saturating_sub(self.since) >= SPAN_MEMORY {
            (self.before, self.now, self.since) = (self.now, 0, now);
        }
        self.now.max(self.before)
    }
}

/// Everything that the free list's mutex guards.
pub(super) struct Queues {
    pub(super) free: FreeMap,
    pub(super) lent: Vec<u32>,
    sealed: Box<[Queued]>,
    sequence: u64,
    /// Sealed segments by the flush they were born under, then by the order they were sealed in.
    pub(super) by_age: BTreeSet<(u64, u64, u32)>,
    /// When the last item of a sealed segment expires.
    pub(super) deadlines: BTreeSet<(Seconds, u32)>,
    /// When a coarse segment's bins are to be looked at.
    looks: BTreeSet<(Seconds, u32)>,
    /// Coarse segments by expired bytes.
    pub(super) by_expired: BTreeSet<(u32, u32)>,
    pub(super) expired_bytes: u64,
    /// Sealed segments by eighths of dead bytes, those without any left out.
    pub(super) by_dead: BTreeSet<(u8, u32)>,
    policy: Box<dyn Policy>,
    /// Open tails that were left to others, those left longest first.
    pub(super) idle: VecDeque<Tail>,
    /// Open tails, whoever holds them.
    pub(super) tails: u32,
    /// Segments of one item that survived their eviction since a segment became free.
    pub(super) spared_alone: u32,
    /// Drains between two slices.
    pub(super) paused: VecDeque<Drain>,
    /// Drains that had no room for an item they may not drop.
    pub(super) stuck: Vec<Drain>,
    /// Segments that are Draining or Retired: on their way to the free list.
    pub(super) coming: u32,
    pub(super) window: Option<Window>,
    pub(super) spans: SpanSizes,
}

impl Queues {
    pub(super) fn new(segments: u32, eviction: Eviction) -> Queues {
        Queues {
            free: FreeMap::full(segments),
            lent: Vec::new(),
            sealed: vec![Queued::default(); segments as usize].into(),
            sequence: 0,
            by_age: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            looks: BTreeSet::new(),
            by_expired: BTreeSet::new(),
            expired_bytes: 0,
            by_dead: BTreeSet::new(),
            policy: eviction.policy(segments),
            idle: VecDeque::new(),
            tails: 0,
            spared_alone: 0,
            paused: VecDeque::new(),
            stuck: Vec::new(),
            coming: 0,
            window: None,
            spans: SpanSizes::default(),
        }
    }

    /// The segments kept for a span.
    pub(super) fn spared(&self) -> Range<u32> {
        self.window
            .as_ref()
            .map_or(0..0, |window| window.range.clone())
    }

    /// Takes note of what a segment holds that is not sealed yet.
    pub(super) fn note_open(&mut self, segment: u32, seal: &Seal) {
        self.sealed[segment as usize].seal = *seal;
    }

    /// What is known of a segment that is Open or was.
    pub(super) fn seal_of(&self, segment: u32) -> &Seal {
        &self.sealed[segment as usize].seal
    }

    /// Returns the segment's place in the order of sealing.
    pub(super) fn enqueue(&mut self, segment: u32, count: u32, seal: &Seal, born: u64) -> u64 {
        self.sequence += 1;
        let look = seal.next_look(seal.opened).unwrap_or(0);
        let queued = Queued {
            seal: *seal,
            born,
            sequence: self.sequence,
            look,
            expired: 0,
            dead: 0,
        };
        self.sealed[segment as usize] = queued;
        self.by_age.insert((born, queued.sequence, segment));
        self.policy.enter(segment, count, seal);
        if seal.deadline != 0 {
            self.deadlines.insert((seal.deadline, segment));
        }
        if look != 0 {
            self.looks.insert((look, segment));
        }
        queued.sequence
    }

    /// The order of sealing of the first and the last of the sealed segments.
    pub(super) fn sequences(&self) -> RangeInclusive<u64> {
        let oldest = self.by_age.first().map_or(0, |&(_, sequence, _)| sequence);
        oldest..=self.sequence
    }

    pub(super) fn dequeue(&mut self, segment: u32) {
        let queued = self.sealed[segment as usize];
        self.by_age.remove(&(queued.born, queued.sequence, segment));
        self.deadlines.remove(&(queued.seal.deadline, segment));
        self.looks.remove(&(queued.look, segment));
        self.by_expired.remove(&(queued.expired, segment));
        self.expired_bytes -= u64::from(queued.expired);
        self.by_dead.remove(&(queued.dead, segment));
        self.policy.leave(segment);
    }

    /// The policy's next victim.
    pub(super) fn victim(&mut self) -> Option<u32> {
        self.policy.victim(&Sealed {
            by_age: &self.by_age,
            deadlines: &self.deadlines,
        })
    }

    /// Takes note of how much of a sealed segment is dead.
    pub(super) fn set_dead(&mut self, segment: u32, eighths: u8, live: u32) {
        self.policy.shrink(segment, live);
        let queued = &mut self.sealed[segment as usize];
        self.by_dead.remove(&(queued.dead, segment));
        queued.dead = eighths;
        if eighths > 0 {
            self.by_dead.insert((eighths, segment));
        }
    }

    /// Looks at the bins whose time has come, some of them at a time.
    pub(super) fn look(&mut self, now: Seconds) {
        for _ in 0..LOOKS {
            let Some(&(at, segment)) = self.looks.first() else {
                return;
            };
            if at > now {
                return;
            }
            self.looks.pop_first();
            let queued = &mut self.sealed[segment as usize];
            let (before, after) = (queued.expired, queued.seal.expired(now));
            queued.expired = after;
            queued.look = queued.seal.next_look(now).unwrap_or(0);
            if queued.look != 0 {
                self.looks.insert((queued.look, segment));
            }
            self.by_expired.remove(&(before, segment));
            if after > 0 {
                self.by_expired.insert((after, segment));
            }
            self.expired_bytes = self.expired_bytes + u64::from(after) - u64::from(before);
        }
    }
}
