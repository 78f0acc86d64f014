//! Metrics: counters that the data plane keeps, and the table of everything that is reported.

mod counters;
mod snapshot;
mod table;

use std::sync::Arc;

use arc_swap::ArcSwap;
use crossbeam_utils::CachePadded;

pub(crate) use counters::{ListenerCounters, WorkerCounters};
pub(crate) use snapshot::{CpuTime, Snapshot};
pub(crate) use table::{Group, METRICS};

use counters::{ListenerTotals, WorkerTotals};

/// The counters of all threads, and where `stats reset` last set them to zero.
#[derive(Debug)]
pub(crate) struct Metrics {
    workers: Box<[CachePadded<WorkerCounters>]>,
    /// Written by the listener's thread alone.
    pub(crate) listener: CachePadded<ListenerCounters>,
    /// Swapped whole, so that no worker that reports waits for one that resets.
    baseline: ArcSwap<Counts>,
}

impl Metrics {
    pub(crate) fn new(workers: usize) -> Metrics {
        Metrics {
            workers: (0..workers).map(|_| CachePadded::default()).collect(),
            listener: CachePadded::default(),
            baseline: ArcSwap::default(),
        }
    }

    /// The block of worker `index`, to be written by that worker's thread alone.
    pub(crate) fn worker(&self, index: usize) -> &WorkerCounters {
        &self.workers[index]
    }

    /// Every count since the last reset. The store's come from it at the same moment.
    pub(crate) fn read(&self, store: storage::Stats) -> Counts {
        self.since_start(store).since(&self.baseline.load())
    }

    /// Lets every count begin at zero again, without writing a counter of another thread.
    pub(crate) fn reset(&self, store: storage::Stats) {
        self.baseline.store(Arc::new(self.since_start(store)));
    }

    fn since_start(&self, store: storage::Stats) -> Counts {
        let none = WorkerTotals::default();
        Counts {
            workers: self
                .workers
                .iter()
                .fold(none, |sum, worker| sum.plus(worker)),
            listener: self.listener.read(),
            store,
        }
    }
}

/// All counts, and the store's gauges beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) workers: WorkerTotals,
    pub(crate) listener: ListenerTotals,
    pub(crate) store: storage::Stats,
}

impl Counts {
    fn since(&self, earlier: &Counts) -> Counts {
        Counts {
            workers: self.workers.since(&earlier.workers),
            listener: self.listener.since(&earlier.listener),
            store: store_since(&self.store, &earlier.store),
        }
    }
}

/// The store's counts since they were `earlier`; its gauges as they are. Which is which is said
/// here for every field, so a new one does not compile until it is.
fn store_since(now: &storage::Stats, earlier: &storage::Stats) -> storage::Stats {
    storage::Stats {
        items_total: now.items_total.wrapping_sub(earlier.items_total),
        evicted_space: now.evicted_space.wrapping_sub(earlier.evicted_space),
        evicted_window: now.evicted_window.wrapping_sub(earlier.evicted_window),
        evicted_index: now.evicted_index.wrapping_sub(earlier.evicted_index),
        evicted_unfetched: now
            .evicted_unfetched
            .wrapping_sub(earlier.evicted_unfetched),
        expired: now.expired.wrapping_sub(earlier.expired),
        expired_unfetched: now
            .expired_unfetched
            .wrapping_sub(earlier.expired_unfetched),
        flushed: now.flushed.wrapping_sub(earlier.flushed),
        index_resizes: now.index_resizes.wrapping_sub(earlier.index_resizes),
        slices: now.slices.wrapping_sub(earlier.slices),
        slices_slow: now.slices_slow.wrapping_sub(earlier.slices_slow),
        segments_expired: now.segments_expired.wrapping_sub(earlier.segments_expired),
        segments_flushed: now.segments_flushed.wrapping_sub(earlier.segments_flushed),
        segments_dead: now.segments_dead.wrapping_sub(earlier.segments_dead),
        segments_compacted: now
            .segments_compacted
            .wrapping_sub(earlier.segments_compacted),
        segments_evicted: now.segments_evicted.wrapping_sub(earlier.segments_evicted),
        segments_window: now.segments_window.wrapping_sub(earlier.segments_window),
        moved: now.moved.wrapping_sub(earlier.moved),
        no_space: now.no_space.wrapping_sub(earlier.no_space),
        spans: now.spans.wrapping_sub(earlier.spans),
        items: now.items,
        item_bytes: now.item_bytes,
        header_bytes: now.header_bytes,
        // The longest since the start: what it was in between is not known.
        slice_ns_max: now.slice_ns_max,
        heap_bytes: now.heap_bytes,
        segment_bytes: now.segment_bytes,
        segments: now.segments,
        segments_free: now.segments_free,
        segments_open: now.segments_open,
        segments_sealed: now.segments_sealed,
        segments_draining: now.segments_draining,
        segments_retired: now.segments_retired,
        segments_lent: now.segments_lent,
        index_bytes: now.index_bytes,
        index_slots: now.index_slots,
        reserve_segments: now.reserve_segments,
        coarse_expired_bytes: now.coarse_expired_bytes,
    }
}

#[cfg(test)]
mod tests;
