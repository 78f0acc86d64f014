//! What is known of the segments that no writer holds.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use super::class::BINS;
use super::drain::Drain;
use super::free::FreeMap;
use crate::Seconds;

/// What is known of a segment when it is sealed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seal {
    pub(crate) len: u32,
    /// When its last item expires; 0: one of them never does.
    pub(crate) deadline: Seconds,
    /// When it was opened; with `bin_width` it tells the bins' times.
    pub(crate) opened: Seconds,
    /// Seconds a bin; 0 for a class tail, which has none.
    pub(crate) bin_width: Seconds,
    /// Bytes by deadline.
    pub(crate) bins: [u32; BINS],
}

impl Seal {
    /// The moments at which some of its items have expired, and how many bytes of them.
    fn bin_ends(&self) -> impl Iterator<Item = (Seconds, u32)> {
        let (opened, width, deadline) = (self.opened, self.bin_width, self.deadline);
        // What dies after the bins' range is counted in the last one, so its end says nothing.
        let bins = self.bins.into_iter().take(BINS - 1).enumerate();
        bins.filter(|&(_, bytes)| bytes != 0)
            .map(move |(at, bytes)| (opened.saturating_add(width * (at as u32 + 1)), bytes))
            .filter(move |&(end, _)| deadline == 0 || end < deadline)
    }
}

/// A sealed segment's place in the queues.
#[derive(Clone, Copy, Default)]
pub(super) struct Queued {
    seal: Seal,
    sequence: u64,
    /// Bytes of a coarse segment that have expired, as its bins tell.
    expired: u32,
}

/// Adjacent segments that are being emptied for a span.
#[derive(Clone)]
pub(super) struct Window {
    pub(super) range: Range<u32>,
    pub(super) since: Seconds,
}

/// The sealed segments in the orders that victims are chosen by, the free ones, and what is on its way between.
pub(super) struct Queues {
    pub(super) free: FreeMap,
    pub(super) lent: Vec<u32>,
    pub(super) sealed: Box<[Queued]>,
    pub(super) sequence: u64,
    /// Sealed segments, oldest first.
    pub(super) by_age: BTreeSet<(u64, u32)>,
    /// When a sealed segment, or a bin of a coarse one, has expired.
    pub(super) timers: BTreeSet<(Seconds, u32)>,
    /// Coarse segments by expired bytes.
    pub(super) by_expired: BTreeSet<(u32, u32)>,
    pub(super) expired_bytes: u64,
    /// Sealed segments without a live item.
    pub(super) dead: Vec<u32>,
    /// Drains between two slices.
    pub(super) paused: VecDeque<Drain>,
    /// Segments that are Draining or Retired: on their way to the free list.
    pub(super) coming: u32,
    pub(super) window: Option<Window>,
}

impl Queues {
    pub(super) fn new(segments: u32) -> Queues {
        Queues {
            free: FreeMap::full(segments),
            lent: Vec::new(),
            sealed: vec![Queued::default(); segments as usize].into(),
            sequence: 0,
            by_age: BTreeSet::new(),
            timers: BTreeSet::new(),
            by_expired: BTreeSet::new(),
            expired_bytes: 0,
            dead: Vec::new(),
            paused: VecDeque::new(),
            coming: 0,
            window: None,
        }
    }

    /// The segments kept for a span.
    pub(super) fn spared(&self) -> Range<u32> {
        self.window
            .as_ref()
            .map_or(0..0, |window| window.range.clone())
    }

    pub(super) fn enqueue(&mut self, segment: u32, seal: &Seal) {
        self.sequence += 1;
        self.sealed[segment as usize] = Queued {
            seal: *seal,
            sequence: self.sequence,
            expired: 0,
        };
        self.by_age.insert((self.sequence, segment));
        self.timers
            .extend(seal.bin_ends().map(|(end, _)| (end, segment)));
        if seal.deadline != 0 {
            self.timers.insert((seal.deadline, segment));
        }
    }

    pub(super) fn dequeue(&mut self, segment: u32) {
        let queued = self.sealed[segment as usize];
        self.by_age.remove(&(queued.sequence, segment));
        for (end, _) in queued.seal.bin_ends() {
            self.timers.remove(&(end, segment));
        }
        self.timers.remove(&(queued.seal.deadline, segment));
        self.by_expired.remove(&(queued.expired, segment));
        self.expired_bytes -= u64::from(queued.expired);
    }

    /// Counts the bins that have expired. Whole segments stay first in line until they are drained.
    pub(super) fn advance_timers(&mut self, now: Seconds) {
        let due: Vec<_> = self.timers.range(..=(now, u32::MAX)).copied().collect();
        for (at, segment) in due {
            self.count_expired(at, segment);
        }
    }

    fn count_expired(&mut self, at: Seconds, segment: u32) {
        let queued = &mut self.sealed[segment as usize];
        if at == queued.seal.deadline {
            return;
        }
        let bytes = queued
            .seal
            .bin_ends()
            .find(|&(end, _)| end == at)
            .map_or(0, |(_, bytes)| bytes);
        let before = queued.expired;
        queued.expired += bytes;
        let after = queued.expired;
        self.timers.remove(&(at, segment));
        self.by_expired.remove(&(before, segment));
        self.by_expired.insert((after, segment));
        self.expired_bytes += u64::from(bytes);
    }
}
