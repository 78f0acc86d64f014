//! What the store counts.
//!
//! Each writer counts alone, in a block of its own that only it writes; whoever wants to know adds the blocks up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::segment::State;
use crate::store::Store;

/// A slice that takes more CPU time is slow (Law 7).
const SLOW: Duration = Duration::from_micros(50);

/// A counter with one writer: no locked instruction on the data path.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(n),
            Ordering::Relaxed,
        );
    }

    fn raise(&self, n: u64) {
        self.0.store(self.get().max(n), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One writer's counts, on cache lines of their own. Only ever growing: gauges are differences.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    /// Items that got a slot, and bytes of all items published.
    pub(crate) inserted: Count,
    pub(crate) stored: Count,
    pub(crate) stored_bytes: Count,
    /// Of these, what is neither key nor value.
    pub(crate) stored_header_bytes: Count,
    /// Items that lost their slot, and bytes of all items unlinked.
    pub(crate) removed: Count,
    pub(crate) removed_bytes: Count,
    pub(crate) removed_header_bytes: Count,
    pub(crate) evicted_space: Count,
    pub(crate) evicted_window: Count,
    pub(crate) evicted_index: Count,
    pub(crate) evicted_unfetched: Count,
    pub(crate) expired: Count,
    pub(crate) expired_unfetched: Count,
    pub(crate) flushed: Count,
    pub(crate) moved: Count,
    pub(crate) slices: Count,
    pub(crate) slices_slow: Count,
    /// The longest.
    pub(crate) slice_ns_max: Count,
    pub(crate) segments_expired: Count,
    pub(crate) segments_flushed: Count,
    pub(crate) segments_dead: Count,
    pub(crate) segments_compacted: Count,
    pub(crate) segments_evicted: Count,
    pub(crate) segments_window: Count,
    pub(crate) no_space: Count,
    pub(crate) spans: Count,
    pub(crate) index_resizes: Count,
}

/// CPU time that this thread has used.
pub(crate) fn cpu_time() -> Duration {
    // Miri knows no such clock.
    if cfg!(miri) {
        return Duration::ZERO;
    }
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Tally {
    pub(crate) fn count_slice(&self, took: Duration) {
        self.slices.add(1);
        self.slices_slow.add(u64::from(took > SLOW));
        self.slice_ns_max.raise(took.as_nanos() as u64);
    }
}

/// Counts and gauges of the store at one moment. Counts are since the start; sums over writers that go on meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Items in the index, those that have expired but are not yet reclaimed included.
    pub items: u64,
    /// Items ever stored.
    pub items_total: u64,
    /// Bytes of the items in the index, headers included.
    pub item_bytes: u64,
    /// Of these, bytes that are neither key nor value.
    pub header_bytes: u64,
    /// Items dropped for want of space.
    pub evicted_space: u64,
    /// Of these, those that lay where a span was wanted.
    pub evicted_window: u64,
    /// Items dropped for want of room in the index.
    pub evicted_index: u64,
    /// Dropped for want of space or of room in the index without ever having been asked for.
    pub evicted_unfetched: u64,
    /// Items dropped because their time was up.
    pub expired: u64,
    /// Of these, those that were never asked for.
    pub expired_unfetched: u64,
    /// Items dropped because of a flush.
    pub flushed: u64,
    /// Items moved out of a segment that was drained.
    pub moved: u64,
    /// Slices of drains.
    pub slices: u64,
    /// Of these, those that took more than 50 us of CPU time.
    pub slices_slow: u64,
    /// CPU time of the longest, in nanoseconds.
    pub slice_ns_max: u64,
    /// Segments drained because they had expired.
    pub segments_expired: u64,
    /// Segments drained because of a flush.
    pub segments_flushed: u64,
    /// Segments drained because every item in them was overwritten or deleted.
    pub segments_dead: u64,
    /// Segments drained because much of them had expired or died; the rest moved.
    pub segments_compacted: u64,
    /// Segments that the policy gave up.
    pub segments_evicted: u64,
    /// Segments drained because a span was wanted where they lay.
    pub segments_window: u64,
    /// Times a writer found no segment.
    pub no_space: u64,
    /// Items stored in spans of their own.
    pub spans: u64,
    /// Bytes of all segments.
    pub heap_bytes: u64,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Number of segments, and how many are in which state.
    pub segments: u64,
    /// Free segments.
    pub segments_free: u64,
    /// Writers' tails, and full segments into which items are still being received.
    pub segments_open: u64,
    /// Full segments, spans counted once.
    pub segments_sealed: u64,
    /// Segments being drained.
    pub segments_draining: u64,
    /// Segments that wait for their last readers.
    pub segments_retired: u64,
    /// Segments whose memory the index uses.
    pub segments_lent: u64,
    /// Free segments that maintenance keeps ready.
    pub reserve_segments: u64,
    /// Expired bytes in coarse segments as reclaim sees them, dead ones among them.
    pub coarse_expired_bytes: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// Slots of the index.
    pub index_slots: u64,
    /// Times a partition of the index grew or shrank.
    pub index_resizes: u64,
}

impl Store {
    /// Counts and gauges; takes the free list's mutex for a moment and looks at every segment's record.
    pub fn stats(&self) -> Stats {
        let sum = |pick: fn(&Tally) -> &Count| {
            self.tallies
                .iter()
                .fold(0, |sum: u64, tally| sum.wrapping_add(pick(tally).get()))
        };
        let state = |state| self.space.count(state);
        // What was removed first: else an item that comes and goes in between would be counted below zero.
        let (removed, removed_bytes) = (sum(|t| &t.removed), sum(|t| &t.removed_bytes));
        let removed_header_bytes = sum(|t| &t.removed_header_bytes);
        let longest = self.tallies.iter().map(|tally| tally.slice_ns_max.get());
        Stats {
            items: sum(|t| &t.inserted).saturating_sub(removed),
            items_total: sum(|t| &t.stored),
            item_bytes: sum(|t| &t.stored_bytes).saturating_sub(removed_bytes),
            header_bytes: sum(|t| &t.stored_header_bytes).saturating_sub(removed_header_bytes),
            evicted_space: sum(|t| &t.evicted_space),
            evicted_window: sum(|t| &t.evicted_window),
            evicted_index: sum(|t| &t.evicted_index),
            evicted_unfetched: sum(|t| &t.evicted_unfetched),
            expired: sum(|t| &t.expired),
            expired_unfetched: sum(|t| &t.expired_unfetched),
            flushed: sum(|t| &t.flushed),
            moved: sum(|t| &t.moved),
            slices: sum(|t| &t.slices),
            slices_slow: sum(|t| &t.slices_slow),
            slice_ns_max: longest.max().unwrap_or(0),
            segments_expired: sum(|t| &t.segments_expired),
            segments_flushed: sum(|t| &t.segments_flushed),
            segments_dead: sum(|t| &t.segments_dead),
            segments_compacted: sum(|t| &t.segments_compacted),
            segments_evicted: sum(|t| &t.segments_evicted),
            segments_window: sum(|t| &t.segments_window),
            no_space: sum(|t| &t.no_space),
            spans: sum(|t| &t.spans),
            heap_bytes: self.space.heap_bytes(),
            segment_bytes: u64::from(self.space.geometry.segment_bytes),
            segments: u64::from(self.space.geometry.segments),
            segments_free: u64::from(self.space.free_segments()),
            segments_open: state(State::Open) + state(State::Filling),
            segments_sealed: state(State::Sealed),
            segments_draining: state(State::Draining),
            segments_retired: state(State::Retired),
            segments_lent: state(State::Lent),
            reserve_segments: u64::from(self.space.geometry.reserve),
            coarse_expired_bytes: self.space.coarse_expired_bytes(),
            index_bytes: self.index.bytes(),
            index_slots: self.index.slot_count(),
            index_resizes: sum(|t| &t.index_resizes),
        }
    }
}
