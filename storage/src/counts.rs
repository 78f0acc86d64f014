//! What writers count.
//!
//! Each counts alone, in a block of its own that only it writes; whoever wants to know adds the blocks up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::evict::ghosts::STEPS;

/// A slice that takes more CPU time is slow (Law 7).
const SLOW: Duration = Duration::from_micros(50);

/// A counter with one writer: no locked instruction on the data path.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.set(self.get().wrapping_add(n));
    }

    fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What only grows: the sums since the start, or one writer's counts. On cache lines of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(align(128))]
pub struct Counts<C = u64> {
    /// Items that got a slot.
    pub inserted: C,
    /// Items that lost theirs, and their keys with them.
    pub removed: C,
    /// Items published, those over an old value of their key included.
    pub stored: C,
    /// Bytes of all items that were named by a slot, headers included; those of copies, too.
    pub stored_bytes: C,
    /// Of these, bytes that are neither key nor value.
    pub stored_header_bytes: C,
    /// Bytes of those that no slot names any more.
    pub removed_bytes: C,
    /// Of these, bytes that are neither key nor value.
    pub removed_header_bytes: C,
    /// Items dropped for want of space.
    pub evicted_space: C,
    /// Of these, those that lay where a span was wanted.
    pub evicted_window: C,
    /// Items dropped for want of room in the index.
    pub evicted_index: C,
    /// Dropped for want of space or of room in the index without ever having been asked for.
    pub evicted_unfetched: C,
    /// Items stored again that had been evicted, before an eighth of the memory that the store was made with was evicted
    /// after them.
    pub returned_eighth: C,
    /// Likewise, before a quarter was.
    pub returned_quarter: C,
    /// Likewise, before half of it was.
    pub returned_half: C,
    /// Likewise, before as much as all of it was.
    pub returned_whole: C,
    /// Likewise, later.
    pub returned_later: C,
    /// Items dropped because their time was up.
    pub expired: C,
    /// Of these, those that were never asked for.
    pub expired_unfetched: C,
    /// Items dropped because of a flush.
    pub flushed: C,
    /// Items moved out of a segment that was drained.
    pub moved: C,
    /// Slices of drains.
    pub slices: C,
    /// Of these, those that took more than 50 us of CPU time.
    pub slices_slow: C,
    /// CPU time of the longest, in nanoseconds.
    pub slice_ns_max: C,
    /// Segments drained because they had expired.
    pub segments_expired: C,
    /// Segments drained because of a flush.
    pub segments_flushed: C,
    /// Segments drained because every item in them was overwritten or deleted.
    pub segments_dead: C,
    /// Segments drained because much of them had expired or died; the rest moved.
    pub segments_compacted: C,
    /// Segments that the policy gave up.
    pub segments_evicted: C,
    /// Segments drained because a span was wanted where they lay.
    pub segments_window: C,
    /// Times a writer found no segment.
    pub no_space: C,
    /// Items stored in spans of their own.
    pub spans: C,
    /// Times a partition of the index grew or shrank.
    pub index_resizes: C,
}

/// One writer's.
pub(crate) type Tally = Counts<Count>;

impl<C> Counts<C> {
    /// Combines two of them count by count. One forgotten here does not compile.
    fn zip<D>(&self, other: &Counts<D>, f: impl Fn(&C, &D) -> u64) -> Counts {
        Counts {
            inserted: f(&self.inserted, &other.inserted),
            removed: f(&self.removed, &other.removed),
            stored: f(&self.stored, &other.stored),
            stored_bytes: f(&self.stored_bytes, &other.stored_bytes),
            stored_header_bytes: f(&self.stored_header_bytes, &other.stored_header_bytes),
            removed_bytes: f(&self.removed_bytes, &other.removed_bytes),
            removed_header_bytes: f(&self.removed_header_bytes, &other.removed_header_bytes),
            evicted_space: f(&self.evicted_space, &other.evicted_space),
            evicted_window: f(&self.evicted_window, &other.evicted_window),
            evicted_index: f(&self.evicted_index, &other.evicted_index),
            evicted_unfetched: f(&self.evicted_unfetched, &other.evicted_unfetched),
            returned_eighth: f(&self.returned_eighth, &other.returned_eighth),
            returned_quarter: f(&self.returned_quarter, &other.returned_quarter),
            returned_half: f(&self.returned_half, &other.returned_half),
            returned_whole: f(&self.returned_whole, &other.returned_whole),
            returned_later: f(&self.returned_later, &other.returned_later),
            expired: f(&self.expired, &other.expired),
            expired_unfetched: f(&self.expired_unfetched, &other.expired_unfetched),
            flushed: f(&self.flushed, &other.flushed),
            moved: f(&self.moved, &other.moved),
            slices: f(&self.slices, &other.slices),
            slices_slow: f(&self.slices_slow, &other.slices_slow),
            slice_ns_max: f(&self.slice_ns_max, &other.slice_ns_max),
            segments_expired: f(&self.segments_expired, &other.segments_expired),
            segments_flushed: f(&self.segments_flushed, &other.segments_flushed),
            segments_dead: f(&self.segments_dead, &other.segments_dead),
            segments_compacted: f(&self.segments_compacted, &other.segments_compacted),
            segments_evicted: f(&self.segments_evicted, &other.segments_evicted),
            segments_window: f(&self.segments_window, &other.segments_window),
            no_space: f(&self.no_space, &other.no_space),
            spans: f(&self.spans, &other.spans),
            index_resizes: f(&self.index_resizes, &other.index_resizes),
        }
    }
}

impl Counts {
    /// Adds the blocks of all writers up.
    pub(crate) fn sum(tallies: &[Tally]) -> Counts {
        let add = |sum: Counts, tally: &Tally| {
            let mut both = sum.zip(tally, |sum, count| sum.wrapping_add(count.get()));
            both.slice_ns_max = sum.slice_ns_max.max(tally.slice_ns_max.get());
            both
        };
        tallies.iter().fold(Counts::default(), add)
    }

    /// What was counted since they were `earlier`; of the longest slice it is not known when it was.
    #[must_use]
    pub fn since(&self, earlier: &Counts) -> Counts {
        let mut since = self.zip(earlier, |now, then| now.saturating_sub(*then));
        since.slice_ns_max = self.slice_ns_max;
        since
    }
}

impl Tally {
    /// Counts an item that came back from the ghosts after so many steps of theirs.
    pub(crate) fn count_return(&self, steps: u32) {
        let bounds = [
            (STEPS / 8, &self.returned_eighth),
            (STEPS / 4, &self.returned_quarter),
            (STEPS / 2, &self.returned_half),
            (STEPS, &self.returned_whole),
        ];
        let found = bounds.iter().find(|(bound, _)| steps < *bound);
        found
            .map_or(&self.returned_later, |(_, count)| count)
            .add(1);
    }

    pub(crate) fn count_slice(&self, took: Duration) {
        self.slices.add(1);
        self.slices_slow.add(u64::from(took > SLOW));
        let longest = self.slice_ns_max.get().max(took.as_nanos() as u64);
        self.slice_ns_max.set(longest);
    }
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
