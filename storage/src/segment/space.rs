//! Who gets a segment: the free list, the reserve, what is lent to the index, and the order of the sealed ones.
//!
//! One mutex, taken once a segment (Law 1), guards the free map and the queues that choose victims.

use std::sync::PoisonError;

use super::queues::Queues;
use super::seal::Seal;
use super::{Record, State};
use crate::pool::Pool;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::{Eviction, Seconds};

/// Records shown in one go: the mutex is held for it, a few microseconds.
const VISITS: usize = 256;

/// Segments of one item each that may survive their eviction before another segment becomes free.
const SPARED_ALONE: u32 = 3;

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
    /// Open tails there may be, those that were left to others included.
    pub(crate) tails_all: u32,
    /// Bytes of segments that items being received may hold.
    pub(crate) held_max: u64,
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
    /// Free segments in the window: only its span may take them.
    kept: AtomicU32,
    /// Bytes of segments that items being received hold.
    held: AtomicU64,
    /// Bytes of index that lent segments make up for.
    covered: AtomicU64,
    /// The window as start | end << 32, for writers whose tails lie in it; 0: none.
    pub(super) window_word: AtomicU64,
    /// Segments of the largest span that was asked for in vain; 0: none was.
    pub(super) wanted: AtomicU32,
    queues: Mutex<Queues>,
}

impl Space {
    pub(crate) fn new(geometry: Geometry, eviction: Eviction) -> Space {
        let segments = geometry.segments;
        Space {
            geometry,
            records: (0..segments).map(|_| Record::new()).collect(),
            free: AtomicU32::new(segments),
            kept: AtomicU32::new(0),
            held: AtomicU64::new(0),
            covered: AtomicU64::new(0),
            window_word: AtomicU64::new(0),
            wanted: AtomicU32::new(0),
            queues: Mutex::new(Queues::new(segments, eviction)),
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
        self.available() < self.geometry.reserve
    }

    /// So few segments are free that only drains may take one.
    pub(crate) fn is_starved(&self) -> bool {
        self.available() <= self.geometry.drain_reserve
    }

    /// Free segments outside the window.
    pub(super) fn available(&self) -> u32 {
        let kept = self.kept.load(Ordering::Relaxed);
        self.free_segments().saturating_sub(kept)
    }

    /// Takes note of how many free segments the window has.
    pub(super) fn keep(&self, count: u32) {
        self.kept.store(count, Ordering::Relaxed);
    }

    /// Segments of the window that are not free, and may be on their way.
    pub(super) fn awaited(&self, queues: &Queues) -> u32 {
        queues.spared().len() as u32 - self.kept.load(Ordering::Relaxed)
    }

    /// The segment that holds a location.
    pub(crate) fn segment_of(&self, location: u64) -> u32 {
        // A power of two; this is on the way of every change.
        (location >> self.geometry.segment_bytes.trailing_zeros()) as u32
    }

    pub(crate) fn record_of(&self, location: u64) -> &Record {
        &self.records[self.segment_of(location) as usize]
    }

    /// Where a segment starts in the pool.
    pub(crate) fn offset_of(&self, segment: u32) -> u64 {
        u64::from(segment) * u64::from(self.geometry.segment_bytes)
    }

    pub(super) fn floor(&self, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::Write => self.geometry.drain_reserve,
            Purpose::Drain => 0,
        }
    }

    pub(super) fn take_free(&self, queues: &mut Queues, purpose: Purpose) -> Option<u32> {
        if self.available() <= self.floor(purpose) {
            return None;
        }
        let segment = queues.free.take(&queues.spared())?;
        self.took(1);
        Some(segment)
    }

    pub(super) fn took(&self, count: u32) {
        self.free.fetch_sub(count, Ordering::Relaxed);
    }

    /// Open to Sealed: the segment belongs to the store and never changes again; or to Filling, while items are being
    /// received into it.
    pub(crate) fn seal(&self, segment: u32, seal: &Seal) {
        self.seal_in(&mut self.queues(), segment, seal);
    }

    pub(super) fn seal_in(&self, queues: &mut Queues, segment: u32, seal: &Seal) {
        let record = &self.records[segment as usize];
        debug_assert_eq!(record.state(), State::Open);
        record.len.store(seal.len, Ordering::Relaxed);
        record.set(State::Filling);
        queues.note_open(segment, seal);
        queues.tails -= u32::from(seal.kind.is_some());
        self.filled(queues, segment);
    }

    /// Filling to Sealed, unless an item is still being received. That is looked at after the state was set, and the
    /// state after an item was let go: so at least one of the two sees that it was the last.
    fn filled(&self, queues: &mut Queues, segment: u32) {
        let record = &self.records[segment as usize];
        if record.state() == State::Filling && !record.is_pending() {
            self.sealed(queues, segment);
        }
    }

    fn sealed(&self, queues: &mut Queues, segment: u32) {
        let record = &self.records[segment as usize];
        record.set(State::Sealed);
        let seal = *queues.seal_of(segment);
        let sequence = queues.enqueue(segment, record.span(), &seal, record.born());
        record.sequence.store(sequence, Ordering::Relaxed);
        queues.set_dead(segment, record.dead_eighths(), record.live());
    }

    /// Draining to Sealed: the only item of the segment stays. False where it would survive an eviction and too many have
    /// since space was made (Law 7).
    pub(crate) fn seal_again(&self, segment: u32, deadline: Seconds, survives: bool) -> bool {
        let record = &self.records[segment as usize];
        let mut queues = self.queues();
        if survives && queues.spared_alone >= SPARED_ALONE {
            return false;
        }
        queues.spared_alone += u32::from(survives);
        queues.coming -= record.span();
        let before = *queues.seal_of(segment);
        let main = before.main || survives;
        let seal = Seal {
            deadline,
            bins: None,
            main,
            ..before
        };
        record.main.store(main, Ordering::Relaxed);
        queues.note_open(segment, &seal);
        self.sealed(&mut queues, segment);
        true
    }

    /// Whether an item of `size` bytes may be received at all now. Should it go to a tail, [`Space::hold`] says more.
    pub(crate) fn may_hold(&self, size: usize) -> bool {
        let segment_bytes = self.geometry.segment_bytes as usize;
        let span_bytes = if size > segment_bytes / 2 {
            size.next_multiple_of(segment_bytes)
        } else {
            0
        };
        self.held.load(Ordering::Relaxed) + span_bytes as u64 <= self.geometry.held_max
    }

    /// An item is to be received into a segment that is Open and the caller's; false when too much is held by others.
    /// The first one of a segment holds all of it: none of its memory comes back before that is whole.
    pub(crate) fn hold(&self, segment: u32) -> bool {
        let record = &self.records[segment as usize];
        debug_assert_eq!(record.state(), State::Open);
        let bytes = self.span_bytes(segment);
        let is_first = || {
            let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
            if held > self.geometry.held_max {
                self.held.fetch_sub(bytes, Ordering::Relaxed);
            }
            held <= self.geometry.held_max
        };
        if record.pending.fetch_add(1, Ordering::SeqCst) > 0 || is_first() {
            return true;
        }
        record.pending.fetch_sub(1, Ordering::SeqCst);
        false
    }

    /// An item is whole, or was given up.
    pub(crate) fn let_go(&self, segment: u32) {
        let record = &self.records[segment as usize];
        let bytes = self.span_bytes(segment);
        if record.pending.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        if record.state() == State::Filling {
            self.filled(&mut self.queues(), segment);
        }
    }

    fn span_bytes(&self, segment: u32) -> u64 {
        let span = self.records[segment as usize].span();
        u64::from(span) * u64::from(self.geometry.segment_bytes)
    }

    /// Tells what open segments hold by now, for reports. False when somebody else is at the queues: it is not worth a
    /// wait.
    pub(super) fn tell_open(&self, tails: impl Iterator<Item = (u32, Seal)>) -> bool {
        let Ok(mut queues) = self.queues.try_lock() else {
            return false;
        };
        tails.for_each(|(segment, seal)| queues.note_open(segment, &seal));
        true
    }

    /// Shows every record with what is known of its segment; the mutex is held for some of them at a time.
    pub(crate) fn visit(&self, mut see: impl FnMut(&Record, &Seal)) {
        for (step, records) in self.records.chunks(VISITS).enumerate() {
            let queues = self.queues();
            for (at, record) in records.iter().enumerate() {
                see(record, queues.seal_of((step * VISITS + at) as u32));
            }
        }
    }

    /// An open segment of which no item was ever published: free at once, since no reader can know it.
    pub(crate) fn give_up(&self, segment: u32) {
        let mut queues = self.queues();
        queues.tails -= u32::from(queues.seal_of(segment).kind.is_some());
        self.free(&mut queues, segment);
    }

    /// More of a sealed segment's bytes are dead than the queues know.
    pub(crate) fn report_dead(&self, segment: u32) {
        let mut queues = self.queues();
        let record = &self.records[segment as usize];
        // Else it is being drained already.
        if record.state() == State::Sealed {
            queues.set_dead(segment, record.dead_eighths(), record.live());
        }
    }

    /// Draining to Retired: the walk is done, and no slot names any of its items.
    pub(crate) fn retire(&self, segment: u32) {
        self.records[segment as usize].set(State::Retired);
    }

    /// Retired to Free: no guard is left that could have seen its items.
    pub(crate) fn reuse(&self, segment: u32) {
        let mut queues = self.queues();
        queues.coming -= self.records[segment as usize].span();
        queues.spared_alone = 0;
        self.free(&mut queues, segment);
    }

    pub(super) fn free(&self, queues: &mut Queues, segment: u32) {
        let span = self.records[segment as usize].span();
        let window = queues.spared();
        for segment in segment..segment + span {
            self.records[segment as usize].set(State::Free);
            queues.free.insert(segment);
            if window.contains(&segment) {
                self.kept.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.free.fetch_add(span, Ordering::Relaxed);
    }

    /// Lets the index grow by `allow` once lent segments make up for so many bytes of it, lending more where needed;
    /// false when no segment is free for it.
    pub(crate) fn cover(&self, pool: &Pool, index_bytes: u64, allow: impl Fn()) -> bool {
        loop {
            let mut queues = self.queues();
            if self.covered.load(Ordering::Relaxed) >= index_bytes {
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

    pub(super) fn lend(&self, pool: &Pool, segment: u32) {
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

    /// Takes segments back that the index, which may use so many bytes, does not need any more, keeping two in hand.
    pub(crate) fn uncover(&self, pool: &Pool, index_bytes: impl Fn() -> u64) {
        loop {
            let mut queues = self.queues();
            let kept = index_bytes() + 2 * u64::from(self.geometry.segment_bytes);
            if self.covered.load(Ordering::Relaxed) < kept {
                return;
            }
            let Some(segment) = queues.lent.pop() else {
                return;
            };
            self.uncovered();
            drop(queues);
            self.take_back(pool, segment);
            self.free(&mut self.queues(), segment);
        }
    }

    /// A segment less is lent.
    pub(super) fn uncovered(&self) {
        let bytes = u64::from(self.geometry.segment_bytes);
        self.covered.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The memory of a segment that was lent is used again.
    pub(super) fn take_back(&self, pool: &Pool, segment: u32) {
        let bytes = u64::from(self.geometry.segment_bytes);
        pool.use_huge_pages(self.offset_of(segment), bytes);
    }

    /// Bytes of all segments, whatever their state.
    pub(crate) fn heap_bytes(&self) -> u64 {
        u64::from(self.geometry.segments) * u64::from(self.geometry.segment_bytes)
    }

    /// Segments in each state.
    pub(crate) fn count(&self, state: State) -> u64 {
        self.records
            .iter()
            .filter(|record| record.state() == state)
            .count() as u64
    }
}
