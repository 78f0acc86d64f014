//! Counts and gauges of the store.

use crate::counts::Counts;
use crate::evict::Eviction;
use crate::segment::State;
use crate::store::Store;
use crate::sync::Ordering;

/// Counts and gauges of the store at one moment; sums over writers that go on meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Counts since the start.
    pub counts: Counts,
    /// Items in the index, those that have expired but are not yet reclaimed included.
    pub items: u64,
    /// Bytes of the items in the index, headers included.
    pub item_bytes: u64,
    /// Of these, bytes that are neither key nor value.
    pub header_bytes: u64,
    /// The policy in force.
    pub eviction: Eviction,
    /// Bytes for items and index, as set last.
    pub memory: u64,
    /// Bytes of memory that it was made with: what the counts of returned items tell parts of.
    pub ghost_memory: u64,
    /// Bytes of segments that are still to be given up for that, beyond those that are withheld.
    pub excess_bytes: u64,
    /// Bytes of the segments that the memory in force has room for.
    pub heap_bytes: u64,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Number of segments, those withheld included; those that hold items are told of by [`Store::census`].
    pub segments: u64,
    /// Free segments.
    pub segments_free: u64,
    /// Segments whose memory the index uses.
    pub segments_lent: u64,
    /// Segments beyond the memory in force.
    pub segments_withheld: u64,
    /// Free segments that maintenance keeps ready.
    pub reserve_segments: u64,
    /// Bytes of the index.
    pub index_bytes: u64,
    /// Slots of the index.
    pub index_slots: u64,
}

impl Store {
    /// Counts and gauges. Takes no lock, and looks at every segment's record.
    pub fn stats(&self) -> Stats {
        // What was removed first: else an item that comes and goes in between would be counted below zero.
        let [earlier, counts] = [(); 2].map(|()| Counts::sum(&self.tallies));
        let space = &self.space;
        let (withheld, missing) = space.withheld();
        let lent = space.count(State::Lent).saturating_sub(withheld.into());
        Stats {
            items: counts.inserted.saturating_sub(earlier.removed),
            item_bytes: counts.stored_bytes.saturating_sub(earlier.removed_bytes),
            header_bytes: (counts.stored_header_bytes).saturating_sub(earlier.removed_header_bytes),
            eviction: self.eviction(),
            memory: self.memory.load(Ordering::Relaxed),
            ghost_memory: self.ghosts.memory(),
            excess_bytes: space.geometry.bytes(missing),
            heap_bytes: space.heap_bytes(),
            segment_bytes: space.geometry.segment_bytes.into(),
            segments: space.geometry.segments.into(),
            segments_free: space.count(State::Free),
            segments_lent: lent,
            segments_withheld: withheld.into(),
            reserve_segments: space.limits.reserve().into(),
            index_bytes: self.index.bytes(),
            index_slots: self.index.slot_count(),
            counts,
        }
    }
}
