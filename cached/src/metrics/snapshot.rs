//! Everything the metrics are read from, at one moment.

use std::mem::MaybeUninit;
use std::time::Duration;

use super::Counts;
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
    /// Seconds since the start.
    pub(crate) uptime: u64,
    /// Unix time in seconds.
    pub(crate) time: u64,
    /// Open connections.
    pub(crate) connections: u64,
    pub(crate) max_connections: u64,
    /// False while accepting rests after a failure.
    pub(crate) accepting: bool,
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
}

/// Processor time the process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Snapshot {
    /// What there is to report of TLS; 0 where it is not spoken.
    pub(super) fn of_tls(&self, read: fn(&Status) -> u64) -> u64 {
        self.tls.as_ref().map_or(0, read)
    }
}

impl CpuTime {
    /// What the kernel has accounted so far.
    pub(crate) fn now() -> CpuTime {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: getrusage writes one rusage to the pointer and nothing else; all zeroes, which
        // is what it leaves if it fails, is a valid rusage.
        let usage = unsafe {
            libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
            usage.assume_init()
        };
        let span = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec.unsigned_abs())
                + Duration::from_micros(time.tv_usec.unsigned_abs())
        };
        CpuTime {
            user: span(usage.ru_utime),
            system: span(usage.ru_stime),
        }
    }
}
