//! What the process takes of the machine, as the kernel accounts for it.

use std::fs;
use std::mem::MaybeUninit;
use std::time::Duration;

use crate::process;

/// Processor time the process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
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

/// Memory and descriptors of the process; what cannot be read is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of memory.
    pub(crate) resident: u64,
    /// Bytes of addresses.
    pub(crate) addresses: u64,
    pub(crate) open_files: u64,
    /// How many there may be.
    pub(crate) open_files_max: u64,
}

impl Usage {
    /// What it takes now.
    pub(crate) fn now() -> Usage {
        let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let mut pages = pages.split_ascii_whitespace().map(str::parse::<u64>);
        let mut bytes = || pages.next().and_then(Result::ok).unwrap_or(0) * process::page_bytes();
        let (addresses, resident) = (bytes(), bytes());
        Usage {
            resident,
            addresses,
            // The folder's own is among them.
            open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64 - 1),
            open_files_max: process::open_files_max().unwrap_or(0),
        }
    }
}
