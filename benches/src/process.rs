//! What a running process has used, whoever started it.

use std::fs;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::Error;

/// A process of this machine, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pid: u32,
}

/// What a process has used since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of all threads, ended ones too; exact.
    pub cpu_ns: u64,
    /// The part of it in user mode, to the kernel's tick (10 ms).
    pub cpu_user_ns: u64,
    /// The part of it in the kernel, to the kernel's tick (10 ms).
    pub cpu_system_ns: u64,
    /// The memory that is resident.
    pub memory_bytes: u64,
    /// The most memory that was resident at once.
    pub memory_peak_bytes: u64,
}

impl Process {
    /// The process with this number.
    pub fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Its number.
    pub fn pid(self) -> u32 {
        self.pid
    }

    /// What it has used so far.
    pub fn usage(self) -> Result<Usage, Error> {
        self.read_usage()
            .ok_or_else(|| Error::Failed(format!("process {} is not there", self.pid)))
    }

    fn read_usage(self) -> Option<Usage> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", self.pid)).ok();
        let (status, stat) = (read("status")?, read("stat")?);
        let (cpu_user_ns, cpu_system_ns) = tick_times(&stat)?;
        Some(Usage {
            cpu_ns: cpu_clock_ns(self.pid)?,
            cpu_user_ns,
            cpu_system_ns,
            memory_bytes: memory_bytes(&status, "VmRSS:")?,
            memory_peak_bytes: memory_bytes(&status, "VmHWM:")?,
        })
    }
}

/// Lets this process, and those that it starts, open as many files as it may:
/// a connection is one.
pub fn raise_open_files_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused, it stays as it was; who then lacks a file says so.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The process's CPU clock. /proc/PID/task/*/schedstat would lose threads that
/// ended, and be late by a tick for those that run.
fn cpu_clock_ns(pid: u32) -> Option<u64> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    let mut clock: libc::clockid_t = 0;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: each call writes to the variable that it is given, and to nothing else.
    let read = unsafe {
        libc::clock_getcpuclockid(pid, &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut time) == 0
    };
    read.then_some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// User and system time of /proc/PID/stat. The name before them is in
/// parentheses and may hold spaces and parentheses of its own.
fn tick_times(stat: &str) -> Option<(u64, u64)> {
    let tick_ns = 1_000_000_000 / clock_ticks_per_second();
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || Some(fields.next()?.parse::<u64>().ok()? * tick_ns);
    Some((next()?, next()?))
}

/// A line of /proc/PID/status, which a process that has ended does not have.
fn memory_bytes(status: &str, name: &str) -> Option<u64> {
    let memory = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = memory.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;

    use super::*;

    fn this_process() -> Usage {
        Process::new(std::process::id()).usage().unwrap()
    }

    #[test]
    fn the_time_of_a_thread_that_ended_would_be_lost() {
        let before = this_process();
        let spent_ns = thread::spawn(|| {
            for round in 0..20_000_000_u64 {
                black_box(round);
            }
            thread_cpu_ns()
        })
        .join()
        .unwrap();
        let used_ns = this_process().cpu_ns - before.cpu_ns;
        assert!(used_ns >= spent_ns, "{used_ns} < {spent_ns}");
    }

    #[test]
    fn memory_would_be_counted_in_the_wrong_unit() {
        let held = black_box(vec![1_u8; 64 << 20]);
        let now = this_process().memory_bytes;
        assert!((64 << 20..4 << 30).contains(&now), "{now}");
        drop(held);
        let peak = this_process().memory_peak_bytes;
        assert!((64 << 20..4 << 30).contains(&peak), "{peak}");
    }

    #[test]
    fn a_program_with_a_parenthesis_in_its_name_would_be_misread() {
        let stat = "7 (a) b) S 1 1 1 0 -1 4194560 449 0 1 0 12 34 0 0 20 0 7 0";
        assert_eq!(tick_times(stat), Some((120_000_000, 340_000_000)));
    }

    #[test]
    fn a_process_that_is_not_there_would_use_nothing() {
        assert!(Process::new(i32::MAX as u32).usage().is_err());
        assert!(Process::new(u32::MAX).usage().is_err());
    }
}
