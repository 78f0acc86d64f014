//! Who gets a segment: the free list, the reserve, what is lent to the index, and the order of the sealed ones.
//!
//! One mutex, taken once a segment (Law 1), guards the free map and the queues that choose victims.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::queues::{Queues, Seal, Window};
use super::{Record, State};
use crate::Seconds;
use crate::pool::Pool;

/// How the heap is cut up, worked out once from the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) segment_bytes: u32,
    pub(crate) segments: u32,
    /// Free segments that maintenance keeps ready.
    pub(crate) reserve: u32,
    /// Of these the last ones, which only drains may take: to move an item is to free more than it takes.
    pub(crate) drain_reserve: u32,
    /// Open tails a writer may hold.
    pub(crate) tails: usize,
}

/// Who asks for a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Drain,
}

/// The segments, and everything that decides who gets one next.
pub(crate) struct Space {
    pub(crate) geometry: Geometry,
    pub(crate) records: Box<[Record]>,
    free: AtomicU32,
    /// Bytes of index that lent segments make up for.
    covered: AtomicU64,
    /// The window as start | end << 32, for writers whose tails lie in it; 0: none.
    window_word: AtomicU64,
    queues: Mutex<Queues>,
}

impl Space {
    pub(crate) fn new(geometry: Geometry) -> Space {
        let segments = geometry.segments;
        Space {
            geometry,
            records: (0..segments).map(|_| Record::new()).collect(),
            free: AtomicU32::new(segments),
            covered: AtomicU64::new(0),
            window_word: AtomicU64::new(0),
            queues: Mutex::new(Queues::new(segments)),
        }
    }

    pub(super) fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn free_segments(&self) -> u32 {
        self.free.load(Ordering::Relaxed)
    }

    /// Fewer segments are free than the reserve asks for.
    pub(crate) fn is_low(&self) -> bool {
        self.free_segments() < self.geometry.reserve
    }

    /// The segment that holds a location.
    pub(crate) fn segment_of(&self, location: u64) -> u32 {
        (location / u64::from(self.geometry.segment_bytes)) as u32
    }

    pub(crate) fn record_of(&self, location: u64) -> &Record {
        &self.records[self.segment_of(location) as usize]
    }

    /// Where a segment starts in the pool.
    pub(crate) fn offset_of(&self, segment: u32) -> u64 {
        u64::from(segment) * u64::from(self.geometry.segment_bytes)
    }

    /// Free segments outside the window.
    pub(super) fn available(&self, queues: &Queues) -> u32 {
        let kept = queues
            .spared()
            .filter(|&segment| queues.free.contains(segment))
            .count();
        self.free_segments() - kept as u32
    }

    /// A segment for a tail, Open; `None` when only the reserve is left.
    pub(crate) fn take(&self, purpose: Purpose, born: u64) -> Option<u32> {
        let mut queues = self.queues();
        let segment = self.take_free(&mut queues, purpose)?;
        self.records[segment as usize].open(born, 1);
        Some(segment)
    }

    fn floor(&self, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::Write => self.geometry.drain_reserve,
            Purpose::Drain => 0,
        }
    }

    fn take_free(&self, queues: &mut Queues, purpose: Purpose) -> Option<u32> {
        if self.available(queues) <= self.floor(purpose) {
            return None;
        }
        let segment = queues.free.take(&queues.spared())?;
        self.free.fetch_sub(1, Ordering::Relaxed);
        Some(segment)
    }

    /// A span of `count` segments, Open. When there is no such run, a window is chosen and emptied for one (unless
    /// nothing may be evicted), and the caller asks again.
    pub(crate) fn take_span(
        &self,
        purpose: Purpose,
        born: u64,
        count: u32,
        evict: bool,
        now: Seconds,
    ) -> Option<u32> {
        let mut queues = self.queues();
        let enough = self.free_segments() >= self.floor(purpose) + count;
        let run = if enough {
            queues.free.take_run(count)
        } else {
            None
        };
        let Some(first) = run else {
            if evict && queues.window.is_none() {
                let range = self.cheapest_window(count);
                self.set_window(&mut queues, range.map(|range| Window { range, since: now }));
            }
            return None;
        };
        if queues
            .window
            .as_ref()
            .is_some_and(|window| window.range.contains(&first))
        {
            self.set_window(&mut queues, None);
        }
        self.free.fetch_sub(count, Ordering::Relaxed);
        for segment in first + 1..first + count {
            self.records[segment as usize].set(State::Inner);
        }
        self.records[first as usize].open(born, count);
        Some(first)
    }

    /// The run of segments whose emptying loses the fewest live bytes.
    fn cheapest_window(&self, count: u32) -> Option<Range<u32>> {
        let cost = |segment: u32| {
            let record = &self.records[segment as usize];
            match record.state() {
                State::Free => 0,
                State::Sealed => u64::from(record.len().saturating_sub(record.dead())),
                // Its head tells; here only that there is something.
                _ => u64::from(self.geometry.segment_bytes),
            }
        };
        if count > self.geometry.segments {
            return None;
        }
        let mut sum: u64 = (0..count).map(cost).sum();
        let mut best = (sum, 0);
        for first in 1..=self.geometry.segments - count {
            sum = sum + cost(first + count - 1) - cost(first - 1);
            best = best.min((sum, first));
        }
        Some(best.1..best.1 + count)
    }

    fn set_window(&self, queues: &mut Queues, window: Option<Window>) {
        let word = window.as_ref().map_or(0, |window| {
            u64::from(window.range.start) | u64::from(window.range.end) << 32
        });
        self.window_word.store(word, Ordering::Relaxed);
        queues.window = window;
    }

    /// A span is wanted where this segment lies: its writer gives the tail up.
    pub(crate) fn is_wanted(&self, segment: u32) -> bool {
        let word = self.window_word.load(Ordering::Relaxed);
        word != 0 && (word as u32..(word >> 32) as u32).contains(&segment)
    }

    /// Open to Sealed: the segment belongs to the store and never changes again.
    pub(crate) fn seal(&self, segment: u32, seal: &Seal) {
        let record = &self.records[segment as usize];
        debug_assert_eq!(record.state(), State::Open);
        record.len.store(seal.len, Ordering::Relaxed);
        let mut queues = self.queues();
        record.set(State::Sealed);
        queues.enqueue(segment, seal);
        if record.dead.load(Ordering::SeqCst) >= seal.len {
            queues.dead.push(segment);
        }
    }

    /// An open segment of which no item was ever published: free at once, since no reader can know it.
    pub(crate) fn give_up(&self, segment: u32) {
        self.free(&mut self.queues(), segment);
    }

    /// A sealed segment has no live item left.
    pub(crate) fn report_dead(&self, segment: u32) {
        self.queues().dead.push(segment);
    }

    /// Draining to Retired: the walk is done, and no slot names any of its items.
    pub(crate) fn retire(&self, segment: u32) {
        self.records[segment as usize].set(State::Retired);
    }

    /// Retired to Free: no guard is left that could have seen its items.
    pub(crate) fn reuse(&self, segment: u32) {
        let mut queues = self.queues();
        queues.coming -= self.records[segment as usize].span();
        self.free(&mut queues, segment);
    }

    fn free(&self, queues: &mut Queues, segment: u32) {
        let span = self.records[segment as usize].span();
        for segment in segment..segment + span {
            self.records[segment as usize].set(State::Free);
            queues.free.insert(segment);
        }
        self.free.fetch_add(span, Ordering::Relaxed);
    }

    /// Makes sure that lent segments make up for so many bytes of index, lending more where needed; false when no
    /// segment is free for it.
    pub(crate) fn cover(&self, pool: &Pool, index_bytes: u64) -> bool {
        while self.covered.load(Ordering::Relaxed) < index_bytes {
            let Some(segment) = self.take_free(&mut self.queues(), Purpose::Write) else {
                return false;
            };
            self.lend(pool, segment);
        }
        true
    }

    fn lend(&self, pool: &Pool, segment: u32) {
        let bytes = u64::from(self.geometry.segment_bytes);
        // SAFETY: the segment was free and is ours; it is written anew before anyone reads it. Should the system
        // refuse, the pages merely stay resident.
        let _ = unsafe { pool.give_back(self.offset_of(segment), bytes) };
        let record = &self.records[segment as usize];
        record.span.store(1, Ordering::Relaxed);
        record.set(State::Lent);
        self.queues().lent.push(segment);
        self.covered.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes segments back that the index does not need any more, keeping one in hand.
    pub(crate) fn uncover(&self, index_bytes: u64) {
        let bytes = u64::from(self.geometry.segment_bytes);
        let mut queues = self.queues();
        while self.covered.load(Ordering::Relaxed) >= index_bytes + 2 * bytes {
            let Some(segment) = queues.lent.pop() else {
                return;
            };
            self.covered.fetch_sub(bytes, Ordering::Relaxed);
            self.free(&mut queues, segment);
        }
    }

    /// Lends others instead of the segments that lie in the window, and forgets a window nobody came for.
    pub(crate) fn tend_window(&self, pool: &Pool, now: Seconds) {
        loop {
            let mut queues = self.queues();
            let Some(window) = queues.window.clone() else {
                return;
            };
            if now.saturating_sub(window.since) > 2 {
                self.set_window(&mut queues, None);
                return;
            }
            let Some(at) = queues
                .lent
                .iter()
                .position(|segment| window.range.contains(segment))
            else {
                return;
            };
            let Some(other) = self.take_free(&mut queues, Purpose::Drain) else {
                return;
            };
            let segment = queues.lent.swap_remove(at);
            self.free(&mut queues, segment);
            drop(queues);
            self.covered
                .fetch_sub(u64::from(self.geometry.segment_bytes), Ordering::Relaxed);
            self.lend(pool, other);
        }
    }

    /// Segments in each state.
    pub(crate) fn count(&self, state: State) -> u64 {
        self.records
            .iter()
            .filter(|record| record.state() == state)
            .count() as u64
    }
}
