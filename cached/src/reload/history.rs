//! How reloads have ended, for reports.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How reloads have ended.
#[derive(Debug, Default)]
pub(crate) struct History {
    succeeded: AtomicU64,
    failed: AtomicU64,
    last_failed: AtomicBool,
    /// Unix time of the last that succeeded, or of the start.
    last_success: AtomicU64,
}

/// One moment of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloads {
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    /// The last one failed: what the files say is not what is in effect.
    pub(crate) last_failed: bool,
    /// When what is in effect was read, in Unix time.
    pub(crate) last_success: u64,
}

impl History {
    /// The configuration was read at `now`, in Unix time, for the first time.
    pub(crate) fn new(now: u64) -> History {
        History {
            last_success: now.into(),
            ..History::default()
        }
    }

    pub(super) fn note(&self, succeeded: bool, now: u64) {
        let count = if succeeded {
            self.last_success.store(now, Ordering::Relaxed);
            &self.succeeded
        } else {
            &self.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.last_failed.store(!succeeded, Ordering::Relaxed);
    }

    /// What there is to report.
    pub(crate) fn read(&self) -> Reloads {
        Reloads {
            succeeded: self.succeeded.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            last_failed: self.last_failed.load(Ordering::Relaxed),
            last_success: self.last_success.load(Ordering::Relaxed),
        }
    }
}
