//! Starts and stops the daemon under load, and reads its memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// What the daemon may keep resident beyond its `-m`, and for each thread.
const SLACK_KIB: u64 = 8 * 1024;
const PER_THREAD_KIB: u64 = 64;

/// How long the daemon may take to stop before it is killed.
const STOP_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Daemon {
    child: Mutex<Child>,
    pid: u32,
    memory_mib: u32,
    pub(crate) address: SocketAddr,
}

/// Resident memory over the daemon's life, and what it was allowed.
pub(crate) struct Memory {
    pub(crate) resident_max_kib: u64,
    pub(crate) allowed_kib: u64,
    pub(crate) threads: u64,
}

impl Memory {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.resident_max_kib <= self.allowed_kib {
            return Ok(());
        }
        let over = self.resident_max_kib - self.allowed_kib;
        Err(format!(
            "the daemon's memory went {over} KiB over its bound"
        ))
    }
}

/// The daemon that was built together with this program.
pub(crate) fn beside_this_program() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|e| format!("where is this program? {e}"))?;
    Ok(here.with_file_name("cached"))
}

impl Daemon {
    pub(crate) fn start(path: &Path, memory_mib: u32, threads: u32) -> Result<Self, String> {
        let mut child = Command::new(path)
            .args(["-l", "127.0.0.1", "-p", "0", "--admin-socket", ""])
            .args(["-m", &memory_mib.to_string(), "-t", &threads.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", path.display()))?;
        let pid = child.id();
        let mut lines = child
            .stderr
            .take()
            .map(|stderr| BufReader::new(stderr).lines());
        let address = lines
            .iter_mut()
            .flatten()
            .map_while(Result::ok)
            .inspect(|line| println!("{line}"))
            .find_map(|line| {
                let address = line.strip_prefix("cached: listening on ")?;
                address.strip_suffix(" (memcached)")?.parse().ok()
            });
        // Whatever it has to say later is shown as it comes.
        thread::spawn(move || {
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                println!("{line}");
            }
        });
        let address = address.ok_or_else(|| {
            let _ = child.kill();
            let _ = child.wait();
            "the daemon ended before it served".to_owned()
        })?;
        Ok(Self {
            child: Mutex::new(child),
            pid,
            memory_mib,
            address,
        })
    }

    pub(crate) fn memory(&self) -> Result<Memory, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))
            .map_err(|e| format!("the daemon is gone: {e}"))?;
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| {
                    line.strip_prefix(name)?
                        .split_whitespace()
                        .next()?
                        .parse()
                        .ok()
                })
                .ok_or_else(|| format!("no {name} for the daemon: did it end?"))
        };
        let threads = field("Threads:")?;
        Ok(Memory {
            resident_max_kib: field("VmHWM:")?,
            allowed_kib: u64::from(self.memory_mib) * 1024 + SLACK_KIB + PER_THREAD_KIB * threads,
            threads,
        })
    }

    /// Ends it in order; anything but success is a failure.
    pub(crate) fn stop(&self) -> Result<(), String> {
        let signal = format!("kill -TERM {}", self.pid);
        let signalled = Command::new("sh").args(["-c", &signal]).status();
        if !signalled.is_ok_and(|status| status.success()) {
            return Err("the daemon was gone before it was told to stop".to_owned());
        }
        let begun = Instant::now();
        while begun.elapsed() < STOP_MAX {
            match self.child().try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => return Err(format!("the daemon stopped with {status}")),
                Err(e) => return Err(format!("cannot wait for the daemon: {e}")),
            }
        }
        Err("the daemon did not stop".to_owned())
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let mut child = self.child();
        // After an orderly stop both find nothing to do.
        let _ = child.kill();
        let _ = child.wait();
    }
}
