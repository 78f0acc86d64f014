//! Metrics: counters that the data plane keeps, and the table of everything that is reported.

mod counters;
mod exposition;
mod families;
mod handshakes;
mod latency;
mod snapshot;
mod table;
mod usage;

use std::sync::Arc;

use arc_swap::ArcSwap;
use crossbeam_utils::CachePadded;

use crate::admin::Protocol;

pub(crate) use counters::{ClientCounters, ListenerCounters, WorkerCounters};
pub(crate) use exposition::{Dialect, Exposition};
pub(crate) use handshakes::{CIPHERS, HandshakeCounters};
pub(crate) use latency::{Distribution, Executed, Kind, Latencies, Latency, WorkerLatency};
pub(crate) use snapshot::Snapshot;
pub(crate) use table::{Group, METRICS};
pub(crate) use usage::{CpuTime, Usage};

use counters::{ClientTotals, ListenerTotals, WorkerTotals};
use handshakes::HandshakeTotals;

/// The counters of all threads, and where `stats reset` last set them to zero.
#[derive(Debug)]
pub(crate) struct Metrics {
    workers: Box<[CachePadded<WorkerCounters>]>,
    latencies: Box<[CachePadded<WorkerLatency>]>,
    /// Written by the listener's thread alone.
    pub(crate) listener: CachePadded<ListenerCounters>,
    /// Likewise.
    pub(crate) handshakes: CachePadded<HandshakeCounters>,
    /// Written by the admin's thread alone.
    pub(crate) admin_handshakes: CachePadded<HandshakeCounters>,
    /// Likewise: the clients of the admin protocol.
    admin: ClientCounters,
    /// Likewise: those of HTTP.
    http: ClientCounters,
    /// Swapped whole, so that no worker that reports waits for one that resets.
    baseline: ArcSwap<Baseline>,
}

/// What had been counted when the counts were last set to zero.
#[derive(Debug, Default)]
struct Baseline {
    counts: Counts,
    latencies: Latencies,
}

impl Metrics {
    pub(crate) fn new(workers: usize) -> Metrics {
        Metrics {
            workers: (0..workers).map(|_| CachePadded::default()).collect(),
            latencies: (0..workers)
                .map(|_| CachePadded::new(WorkerLatency::new()))
                .collect(),
            listener: CachePadded::default(),
            handshakes: CachePadded::default(),
            admin_handshakes: CachePadded::default(),
            admin: ClientCounters::default(),
            http: ClientCounters::default(),
            baseline: ArcSwap::default(),
        }
    }

    /// The block of worker `index`, to be written by that worker's thread alone.
    pub(crate) fn worker(&self, index: usize) -> &WorkerCounters {
        &self.workers[index]
    }

    /// The histograms of worker `index`, to be added to by that worker's thread alone.
    pub(crate) fn worker_latency(&self, index: usize) -> &WorkerLatency {
        &self.latencies[index]
    }

    /// How long requests have taken since the last reset.
    pub(crate) fn latencies(&self) -> Latencies {
        // In this order: what is read later has grown, whoever resets meanwhile.
        let baseline = self.baseline.load();
        self.latencies_since_start().since(&baseline.latencies)
    }

    /// The block of the clients of `protocol`, to be written by the admin's thread alone.
    pub(crate) fn of(&self, protocol: Protocol) -> &ClientCounters {
        match protocol {
            Protocol::Admin => &self.admin,
            Protocol::Http => &self.http,
        }
    }

    /// Sessions in TLS that clients have open, and handshakes with clients that are under way.
    pub(crate) fn tls_sessions(&self) -> (u64, u64) {
        let none = HandshakeTotals::default();
        let (clients, all) = (
            none.plus(&self.handshakes),
            none.plus(&self.handshakes).plus(&self.admin_handshakes),
        );
        let closed: u64 = self.workers.iter().map(|w| w.tls_closed.get()).sum();
        // The figures are not of one instant.
        (
            clients.completed.saturating_sub(closed),
            all.begun.saturating_sub(all.completed + all.failed()),
        )
    }

    /// Every count since the last reset; 0 for what was counted before it. The store's come from it
    /// at the same moment, and so may be older than a reset by somebody else.
    pub(crate) fn read(&self, store: storage::Counts) -> Counts {
        let baseline = self.baseline.load();
        self.since_start(store).since(&baseline.counts)
    }

    /// Lets every count begin at zero again, without writing a counter of another thread.
    pub(crate) fn reset(&self, store: storage::Counts) {
        self.baseline.store(Arc::new(Baseline {
            counts: self.since_start(store),
            latencies: self.latencies_since_start(),
        }));
    }

    fn latencies_since_start(&self) -> Latencies {
        Latencies::read(self.latencies.iter().map(|padded| &**padded))
    }

    fn since_start(&self, store: storage::Counts) -> Counts {
        let none = WorkerTotals::default();
        Counts {
            workers: self
                .workers
                .iter()
                .fold(none, |sum, worker| sum.plus(worker)),
            listener: self.listener.read(),
            handshakes: HandshakeTotals::default()
                .plus(&self.handshakes)
                .plus(&self.admin_handshakes),
            admin: self.admin.read(),
            http: self.http.read(),
            store,
        }
    }
}

/// All counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) workers: WorkerTotals,
    pub(crate) listener: ListenerTotals,
    pub(crate) handshakes: HandshakeTotals,
    pub(crate) admin: ClientTotals,
    pub(crate) http: ClientTotals,
    pub(crate) store: storage::Counts,
}

impl Counts {
    fn since(&self, earlier: &Counts) -> Counts {
        Counts {
            workers: self.workers.since(&earlier.workers),
            listener: self.listener.since(&earlier.listener),
            handshakes: self.handshakes.since(&earlier.handshakes),
            admin: self.admin.since(&earlier.admin),
            http: self.http.since(&earlier.http),
            store: self.store.since(&earlier.store),
        }
    }
}

#[cfg(test)]
mod tests;
