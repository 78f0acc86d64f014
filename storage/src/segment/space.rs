//! The segments, and how each goes from state to state.
//!
//! One mutex, taken once a segment (Law 1), guards the free map and the queues that choose victims.

use std::mem::offset_of;
use std::ops::Range;
use std::sync::PoisonError;

use super::class::Kind;
use super::limits::{InForce, Limits};
use super::queues::Queues;
use super::seal::Seal;
use super::tail::{Placement, Purpose, Tail};
use super::{Record, State};
use crate::sync::{Apart, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::{Eviction, Seconds};

/// Records shown in one go: the mutex is held for it, a few microseconds.
const VISITS: usize = 256;

/// Segments of one item each that may survive their eviction before another segment becomes free.
const SPARED_ALONE: u32 = 3;

/// How the heap is cut up, worked out once from the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) segment_bytes: u32,
    /// As many as fit the most memory that may be in force.
    pub(crate) segments: u32,
    /// Writers, and maintenance.
    pub(crate) hands: u32,
    /// Of the reserve the last segments, which only drains may take: to move an item is to free more than it takes.
    pub(crate) drain_reserve: u32,
    /// What holds at first.
    pub(crate) limits: Limits,
}

/// The segments, and everything that decides who gets one next.
pub(crate) struct Space {
    pub(crate) geometry: Geometry,
    pub(crate) limits: InForce,
    pub(crate) records: Box<[Record]>,
    /// The policy in force, as a number of [`Eviction::ALL`].
    eviction: AtomicU32,
    /// Free segments outside the window, for those without the mutex.
    available: Apart<AtomicU32>,
    /// Segments that are still to be withheld, for the same.
    missing: AtomicU32,
    /// The window as start | end << 32, for writers whose tails lie in it; 0: none.
    pub(super) window: AtomicU64,
    /// Bytes of segments that items being received hold.
    held: Apart<AtomicU64>,
    queues: Apart<Mutex<Queues>>,
}

// Every change, and every get, reads what lies around it.
const _: () = assert!(offset_of!(Space, queues).is_multiple_of(align_of::<Apart<()>>()));

impl Geometry {
    /// Bytes of so many segments.
    pub(crate) fn bytes(&self, segments: u32) -> u64 {
        u64::from(segments) * u64::from(self.segment_bytes)
    }
}

impl Space {
    pub(crate) fn new(geometry: Geometry, eviction: Eviction) -> Space {
        let segments = geometry.segments;
        Space {
            geometry,
            limits: InForce::new(geometry.limits),
            eviction: AtomicU32::new(eviction as u32),
            records: (0..segments).map(|_| Record::default()).collect(),
            available: Apart(AtomicU32::new(segments)),
            missing: AtomicU32::new(geometry.limits.withheld),
            window: AtomicU64::new(0),
            held: Apart(AtomicU64::new(0)),
            queues: Apart(Mutex::new(Queues::new(segments))),
        }
    }

    pub(super) fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy in force.
    pub(crate) fn eviction(&self) -> Eviction {
        Eviction::ALL[self.eviction.load(Ordering::Relaxed) as usize]
    }

    pub(crate) fn set_eviction(&self, eviction: Eviction) {
        self.eviction.store(eviction as u32, Ordering::Relaxed);
    }

    pub(super) fn record(&self, segment: u32) -> &Record {
        &self.records[segment as usize]
    }

    pub(crate) fn set_limits(&self, limits: Limits) {
        let queues = self.queues();
        self.limits.set(limits);
        self.note_free(&queues);
    }

    /// Fewer segments are free than the reserve asks for, and what is to be withheld.
    pub(crate) fn is_low(&self) -> bool {
        let missing = self.missing.load(Ordering::Relaxed);
        self.available.0.load(Ordering::Relaxed) < self.limits.reserve() + missing
    }

    /// Segments that are still to be withheld.
    pub(super) fn missing(&self, queues: &Queues) -> u32 {
        self.limits.withheld().saturating_sub(queues.withheld)
    }

    /// There are segments that are still to be withheld.
    pub(crate) fn is_excessive(&self) -> bool {
        self.missing.load(Ordering::Relaxed) > 0
    }

    /// So few segments are free that only drains may take one.
    pub(crate) fn is_starved(&self) -> bool {
        self.available.0.load(Ordering::Relaxed) <= self.geometry.drain_reserve
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
        self.geometry.bytes(segment)
    }

    /// Segments of the span that an item of `size` bytes takes; 0: it goes to a tail.
    pub(super) fn span_for(&self, size: usize) -> u32 {
        let segment_bytes = self.geometry.segment_bytes as usize;
        if size <= segment_bytes / 2 {
            return 0;
        }
        size.div_ceil(segment_bytes) as u32
    }

    /// Of a segment that is taken, or of all of its span.
    fn bytes_of(&self, segment: u32) -> u64 {
        self.geometry.bytes(self.record(segment).span())
    }

    /// Where the next item of a tail starts in the pool.
    pub(super) fn end_of(&self, tail: &Tail) -> u64 {
        self.offset_of(tail.segment) + u64::from(tail.seal.len)
    }

    /// Free segments that are not for this purpose. Where nothing may be evicted, what is to be withheld can only come
    /// from those that are free.
    pub(super) fn floor(&self, queues: &Queues, purpose: Purpose) -> u32 {
        let kept = self.geometry.drain_reserve;
        match (purpose, self.eviction()) {
            (Purpose::Drain, _) => 0,
            (Purpose::Write, Eviction::None) => kept + self.missing(queues),
            (Purpose::Write, _) => kept,
        }
    }

    pub(super) fn take_free(&self, queues: &mut Queues, purpose: Purpose) -> Option<u32> {
        if queues.free.available() <= self.floor(queues, purpose) {
            return None;
        }
        let segment = queues.free.take()?;
        self.note_free(queues);
        Some(segment)
    }

    /// To be called when there are other free or withheld segments than before, or another window.
    pub(super) fn note_free(&self, queues: &Queues) {
        let (available, missing) = (queues.free.available(), self.missing(queues));
        self.available.0.store(available, Ordering::Relaxed);
        self.missing.store(missing, Ordering::Relaxed);
    }

    /// Free to Open: one segment or a span, just taken from the free ones.
    pub(super) fn open(
        &self,
        queues: &mut Queues,
        segments: Range<u32>,
        kind: Kind,
        item: Placement,
    ) -> Tail {
        let (first, count) = (segments.start, segments.len() as u32);
        for inner in segments.skip(1) {
            self.record(inner).set(State::Inner);
        }
        self.record(first).open(queues.next(), count, item);
        let tail = Tail {
            segment: first,
            capacity: self.bytes_of(first) as usize,
            born: item.born,
            main: item.main,
            written: item.now,
            seal: Seal::new(kind, item.now),
        };
        queues.seals[first as usize] = tail.seal;
        queues.tails += u32::from(!tail.is_span());
        tail
    }

    /// Open to Sealed: the segment belongs to the store and never changes again. To Filling while items are being received
    /// into it. To Free if no item was ever published in it: no reader can know it.
    pub(super) fn close(&self, queues: &mut Queues, tail: &Tail) {
        let record = self.record(tail.segment);
        debug_assert_eq!(record.state(), State::Open);
        queues.tails -= u32::from(!tail.is_span());
        if tail.seal.len == 0 {
            return self.free(queues, tail.segment);
        }
        queues.seals[tail.segment as usize] = tail.seal;
        record.len.store(tail.seal.len, Ordering::Relaxed);
        record.set(State::Filling);
        self.filled(queues, tail.segment);
    }

    /// Filling to Sealed, unless an item is still being received. That is looked at after the state was set, and the
    /// state after an item was let go: so at least one of the two sees that it was the last.
    fn filled(&self, queues: &mut Queues, segment: u32) {
        let record = self.record(segment);
        if record.state() == State::Filling && !record.is_pending() {
            record.set(State::Sealed);
            queues.enter(segment, record);
        }
    }

    /// Draining to Sealed: the only item of the segment stays. False where it would survive an eviction and too many have
    /// since space was made (Law 7).
    pub(crate) fn seal_again(&self, segment: u32, deadline: Seconds, survives: bool) -> bool {
        let mut queues = self.queues();
        if survives && queues.spared_alone >= SPARED_ALONE {
            return false;
        }
        queues.spared_alone += u32::from(survives);
        let record = self.record(segment);
        record.main.fetch_or(survives, Ordering::Relaxed);
        queues.seals[segment as usize].deadline = deadline;
        queues.coming -= record.span();
        record.set(State::Sealed);
        queues.enter(segment, record);
        true
    }

    /// Whether an item of `size` bytes may be received at all now. Should it go to a tail, [`Space::hold`] says more.
    pub(crate) fn may_hold(&self, size: usize) -> bool {
        let bytes = self.geometry.bytes(self.span_for(size));
        self.held.0.load(Ordering::Relaxed) + bytes <= self.limits.held_max()
    }

    /// An item is to be received into a segment that is Open and the caller's; false when too much is held by others.
    /// The first one of a segment holds all of it: none of its memory comes back before that is whole.
    pub(crate) fn hold(&self, segment: u32) -> bool {
        let record = self.record(segment);
        debug_assert_eq!(record.state(), State::Open);
        let (bytes, max) = (self.bytes_of(segment), self.limits.held_max());
        let more = |held| Some(held + bytes).filter(|&held| held <= max);
        let relaxed = Ordering::Relaxed;
        if record.pending.fetch_add(1, Ordering::SeqCst) > 0
            || self.held.0.fetch_update(relaxed, relaxed, more).is_ok()
        {
            return true;
        }
        record.pending.fetch_sub(1, Ordering::SeqCst);
        false
    }

    /// An item is whole, or was given up.
    pub(crate) fn let_go(&self, segment: u32) {
        let record = self.record(segment);
        let bytes = self.bytes_of(segment);
        if record.pending.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        self.held.0.fetch_sub(bytes, Ordering::Relaxed);
        if record.state() == State::Filling {
            self.filled(&mut self.queues(), segment);
        }
    }

    /// Tells what open segments hold by now, for reports. False when somebody else is at the queues: it is not worth a
    /// wait.
    pub(super) fn tell(&self, tails: &[Tail]) -> bool {
        let Ok(mut queues) = self.queues.0.try_lock() else {
            return false;
        };
        for tail in tails {
            queues.seals[tail.segment as usize] = tail.seal;
        }
        true
    }

    /// Shows every record with what is known of its segment; the mutex is held for some of them at a time.
    pub(crate) fn visit(&self, mut see: impl FnMut(&Record, &Seal)) {
        for (step, records) in self.records.chunks(VISITS).enumerate() {
            let queues = self.queues();
            let seals = &queues.seals[step * VISITS..];
            for (record, seal) in records.iter().zip(seals) {
                see(record, seal);
            }
        }
    }

    /// More of a sealed segment's bytes are dead than the queues know.
    pub(crate) fn report_dead(&self, segment: u32) {
        let mut queues = self.queues();
        let record = self.record(segment);
        // Else it is being drained already.
        if record.state() == State::Sealed {
            queues.note_dead(segment, record);
        }
    }

    /// Draining to Retired: the walk is done, and no slot names any of its items.
    pub(crate) fn retire(&self, segment: u32) {
        self.record(segment).set(State::Retired);
    }

    /// Retired to Free: no guard is left that could have seen its items.
    pub(crate) fn reuse(&self, segment: u32) {
        let mut queues = self.queues();
        queues.coming -= self.record(segment).span();
        queues.spared_alone = 0;
        self.free(&mut queues, segment);
    }

    pub(super) fn free(&self, queues: &mut Queues, segment: u32) {
        for segment in segment..segment + self.record(segment).span() {
            self.record(segment).set(State::Free);
            queues.free.insert(segment);
        }
        self.note_free(queues);
    }

    /// Bytes in sealed coarse segments that have expired, as far as their bins tell.
    pub(crate) fn coarse_expired_bytes(&self) -> u64 {
        self.queues().expired_bytes
    }

    /// Bytes of the segments that the memory in force has room for.
    pub(crate) fn heap_bytes(&self) -> u64 {
        let segments = self.geometry.segments - self.limits.withheld();
        self.geometry.bytes(segments)
    }

    /// Segments that are withheld, and those that are still to be.
    pub(crate) fn withheld(&self) -> (u32, u32) {
        let missing = self.missing.load(Ordering::Relaxed);
        (self.limits.withheld().saturating_sub(missing), missing)
    }

    /// Segments in each state.
    pub(crate) fn count(&self, state: State) -> u64 {
        let records = self.records.iter();
        records.filter(|record| record.state() == state).count() as u64
    }
}
