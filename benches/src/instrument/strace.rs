//! System calls, counted by `strace -c -f`.

use std::fs;
use std::process::Command;

use super::attached;
use crate::{Error, Process};

/// Runs `load` and counts the system calls that all threads of the process
/// make meanwhile.
pub fn system_calls<T>(
    process: Process,
    load: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, u64), Error> {
    let mut strace = Command::new("strace");
    strace.args([
        "-c",
        "-f",
        "-U",
        "calls,name",
        "-p",
        &process.pid().to_string(),
    ]);
    let ready = |tracer| is_traced(process, tracer);
    let (outcome, said) = attached::during(strace, ready, load)?;
    let calls = total(&said)
        .ok_or_else(|| Error::Failed(format!("strace: it counted nothing: {}", said.trim())))?;
    Ok((outcome, calls))
}

/// Whether all threads of the process have this tracer.
fn is_traced(process: Process, tracer: u32) -> bool {
    let traced = format!("TracerPid:\t{tracer}");
    fs::read_dir(format!("/proc/{}/task", process.pid())).is_ok_and(|mut threads| {
        threads.all(|thread| {
            thread
                .and_then(|thread| fs::read_to_string(thread.path().join("status")))
                .is_ok_and(|status| status.lines().any(|line| line == traced))
        })
    })
}

/// The sum of a table's rows `CALLS NAME`, which come after a line of dashes.
fn total(said: &str) -> Option<u64> {
    said.lines()
        .filter_map(|line| {
            let (calls, name) = line.trim().split_once(char::is_whitespace)?;
            (name.trim() != "total").then(|| calls.parse::<u64>().ok())?
        })
        .reduce(|sum, calls| sum + calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_would_be_counted_twice() {
        let said = "strace: Process 1 attached with 2 threads\n    calls syscall\n\
            --------- ----------------\n       17 clock_nanosleep\n        1 accept4\n\
            --------- ----------------\n       18 total\nstrace: Process 1 detached\n";
        assert_eq!(total(said), Some(18));
        assert_eq!(total("strace: Process 1 attached\n"), None);
    }
}
