//! Everything the metrics are read from, at one moment.

use super::Counts;
use super::usage::{CpuTime, Usage};
use crate::reload::Reloads;
use crate::tls::Status;

/// One moment of the daemon.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) counts: Counts,
    /// The store's gauges.
    pub(crate) store: storage::Stats,
    /// What the segments hold; left empty where nobody asks for it, since it takes a look at each.
    pub(crate) census: storage::Census,
    pub(crate) cpu: CpuTime,
    /// What else the process takes; left empty where nobody asks for it.
    pub(crate) usage: Usage,
    /// Seconds since the start.
    pub(crate) uptime: u64,
    /// Unix time in seconds.
    pub(crate) time: u64,
    /// Open connections.
    pub(crate) connections: u64,
    pub(crate) max_connections: u64,
    /// False while accepting rests after a failure.
    pub(crate) accepting: bool,
    /// All connections are to end.
    pub(crate) draining: bool,
    pub(crate) threads: u64,
    /// Bytes that heap, index and session buffers may take.
    pub(crate) memory: u64,
    /// Sessions that wait for buffer memory.
    pub(crate) budget_waiting: u64,
    /// Bytes that session buffers take.
    pub(crate) buffer_bytes: u64,
    /// Bytes that session buffers may take.
    pub(crate) buffer_limit: u64,
    /// `None`: TLS is not spoken.
    pub(crate) tls: Option<Status>,
    pub(crate) reloads: Reloads,
    /// Open sessions in TLS.
    pub(crate) tls_sessions: u64,
    /// Handshakes under way.
    pub(crate) tls_handshaking: u64,
    /// Log lines lost to a full ring.
    pub(crate) log_dropped: u64,
    /// Log lines that could not be written.
    pub(crate) log_unwritten: u64,
    /// Lines of the command log that could not be written.
    pub(crate) command_log_unwritten: u64,
    /// Likewise, of the slow log.
    pub(crate) slow_log_unwritten: u64,
}

impl Snapshot {
    /// Storage commands but for cas, which memcached counts among them.
    pub(super) fn sets(&self) -> u64 {
        let workers = &self.counts.workers;
        let cas = workers.cas_hits + workers.cas_misses + workers.cas_badval;
        // The figures are not of one instant.
        workers.cmd_set.saturating_sub(cas)
    }

    /// What there is to report of TLS; 0 where it is not spoken.
    pub(super) fn of_tls(&self, read: fn(&Status) -> u64) -> u64 {
        self.tls.as_ref().map_or(0, read)
    }
}
