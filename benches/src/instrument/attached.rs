//! A program that looks at a running process until it is interrupted.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// How long an instrument may take until it looks.
const ATTACH_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Runs `load` while `command` looks on, and returns what that had to say on
/// standard error. It is ready when `ready` says so of its process.
pub(super) fn during<T>(
    mut command: Command,
    ready: impl Fn(u32) -> bool,
    load: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, String), Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |what: &dyn std::fmt::Display| Error::Failed(format!("{name}: {what}"));
    let mut child = Looker(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| failed(&format!("cannot start it: {e}")))?,
    );
    // Read all along: a full pipe would stop it, and with it the server.
    let mut stderr = child.0.stderr.take().expect("it is piped");
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).map(|_| said)
    });
    let begun = Instant::now();
    while !ready(child.0.id()) {
        let ended = child.0.try_wait().ok().flatten().is_some();
        if ended || begun.elapsed() > ATTACH_MAX {
            drop(child);
            let said = said.join().ok().and_then(Result::ok).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            return Err(failed(&format!("it cannot look: {}", said.trim())));
        }
        thread::sleep(LOOK_EVERY);
    }
    let outcome = load()?;
    kill_process(Pid::from_child(&child.0), Signal::INT).map_err(|e| failed(&e))?;
    child.0.wait().map_err(|e| failed(&e))?;
    let said = said.join().map_err(|_| failed(&"its reader panicked"))?;
    let said = said.map_err(|e| failed(&e))?;
    Ok((outcome, String::from_utf8_lossy(&said).into_owned()))
}

/// Dropped, it is killed.
struct Looker(Child);

impl Drop for Looker {
    fn drop(&mut self) {
        // After an orderly end both find nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
