//! Instructions, counted by the processor, where it can and may.

use std::fs;
use std::process::{Command, Stdio};

use super::attached;
use crate::{Error, Process};

/// In user mode only, as callgrind counts.
const INSTRUCTIONS: &str = "instructions:u";

/// Whether this machine counts instructions; virtual machines often do not.
pub fn available() -> bool {
    Command::new("perf")
        .args(["stat", "-x,", "-e", INSTRUCTIONS, "true"])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| count(&String::from_utf8_lossy(&output.stderr)).is_some())
}

/// Runs `load` and counts the instructions that all threads of the process
/// execute in user mode meanwhile.
pub fn instructions<T>(
    process: Process,
    load: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, u64), Error> {
    let mut perf = Command::new("perf");
    perf.args([
        "stat",
        "-x,",
        "-e",
        INSTRUCTIONS,
        "-p",
        &process.pid().to_string(),
    ]);
    let ready = |perf| counters(perf) >= threads(process);
    let (outcome, said) = attached::during(perf, ready, load)?;
    let count = count(&said)
        .ok_or_else(|| Error::Failed(format!("perf: it counted nothing: {}", said.trim())))?;
    Ok((outcome, count))
}

/// How many counters perf has opened; it opens one for each thread.
fn counters(perf: u32) -> usize {
    fs::read_dir(format!("/proc/{perf}/fd")).map_or(0, |files| {
        files
            .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
            .filter(|file| file.to_string_lossy() == "anon_inode:[perf_event]")
            .count()
    })
}

fn threads(process: Process) -> usize {
    fs::read_dir(format!("/proc/{}/task", process.pid())).map_or(1, Iterator::count)
}

/// The first field of the line that ends perf's report.
fn count(said: &str) -> Option<u64> {
    said.lines()
        .filter_map(|line| line.split(',').next()?.parse::<f64>().ok())
        .map(|count| count as u64)
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_is_not_supported_would_count_as_zero() {
        assert_eq!(
            count("123456,,instructions:u,250000,100.00,,\n"),
            Some(123_456)
        );
        assert_eq!(count("<not supported>,,instructions:u,0,100.00,,\n"), None);
        assert_eq!(count("perf: command not found\n"), None);
    }
}
