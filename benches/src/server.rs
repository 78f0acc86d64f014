//! Starting the servers that are measured, and stopping them.

mod program;

use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

pub use program::{Program, Setting};

use crate::tls::{Certificate, Tls};
use crate::{Error, Process, Target};

/// How long a server may take until it accepts, and to stop before it is
/// killed; under an instrument everything is fifty times as slow.
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(60);

/// How long a server may take to say its version.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// How long a program that a server left behind may hold its standard error.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);

/// Between two looks at a server that starts or stops.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How much of what a server says is kept, for when it fails.
const COMPLAINT_MAX: usize = 4096;

/// Servers that were started and have not been waited for, so that their
/// numbers are still theirs.
static STARTED: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// From now on, a signal that ends this program ends the servers that it has
/// started first. The exit status is 128 and the signal's number.
pub fn end_with_this_program() -> Result<(), Error> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|e| Error::Failed(format!("cannot wait for signals: {e}")))?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Held to the end: nothing else is started.
            let started = started();
            for &pid in started.iter() {
                // Whoever is gone by itself needs no signal.
                let _ = kill_process(pid, Signal::KILL);
            }
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

fn started() -> MutexGuard<'static, Vec<Pid>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running server; dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    address: SocketAddr,
    is_tls: bool,
    _certificate: Option<Certificate>,
    complaint: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts it on a free port of 127.0.0.1 and waits until it accepts.
    pub fn start(&self, setting: &Setting<'_>) -> Result<Server, Error> {
        let failed = |what: &dyn fmt::Display| Error::Failed(format!("{}: {what}", self.name));
        let address = free_address().map_err(|e| failed(&e))?;
        let certificate = self.certificate().map_err(|e| failed(&e))?;
        let words = self.words(setting, address.port(), certificate.as_ref());
        let mut words = setting.under.iter().cloned().chain(words);
        let program = words.next().unwrap_or_default();
        let mut command = Command::new(&program);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = {
            let mut started = started();
            let spawned = match setting.cpus {
                Some(cpus) => cpus.during(|| command.spawn())?,
                None => command.spawn(),
            };
            let child = spawned.map_err(|e| failed(&format!("cannot start {program}: {e}")))?;
            started.push(Pid::from_child(&child));
            child
        };
        let complaint = Arc::<Mutex<String>>::default();
        let listener = child.stderr.take().map(|stderr| {
            let complaint = Arc::clone(&complaint);
            thread::spawn(move || keep_what_it_says(stderr, &complaint))
        });
        let mut server = Server {
            name: self.name.clone(),
            child,
            address,
            is_tls: self.is_tls,
            _certificate: certificate,
            complaint,
            listener,
        };
        server.wait_until_it_accepts()?;
        Ok(server)
    }
}

impl Server {
    /// What it is called in tables.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, and how it is spoken to.
    pub fn target(&self) -> Result<Target, Error> {
        let target = Target::from(self.address);
        if !self.is_tls {
            return Ok(target);
        }
        let tls = Tls::unverified(&target.host)?;
        Ok(target.with_tls(tls))
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// What it answers to `version`, if it does.
    pub fn version(&self) -> Option<String> {
        let mut stream = self.target().ok()?.connect(ANSWER_MAX).ok()?;
        stream.write_all(b"version\r\n").ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.strip_prefix("VERSION ")?.trim_end().to_owned())
    }

    fn wait_until_it_accepts(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < START_MAX {
            let accepted = TcpStream::connect(self.address).is_ok();
            // Looked at last: whoever accepted, it was not a server that has ended.
            if let Some(status) = self.ended().ok().flatten() {
                self.hear_it_out();
                return Err(self.failed(&format!("it ended before it served, {status}")));
            }
            if accepted {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        Err(self.failed(&"it does not accept connections"))
    }

    /// How it ended, if it has.
    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let mut started = started();
        let status = self.child.try_wait()?;
        if status.is_some() {
            started.retain(|&pid| pid != Pid::from_child(&self.child));
        }
        Ok(status)
    }

    /// Waits, but not for ever, for the last words of a server that has ended.
    fn hear_it_out(&self) {
        let begun = Instant::now();
        while begun.elapsed() < LAST_WORDS_MAX
            && self.listener.as_ref().is_some_and(|l| !l.is_finished())
        {
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends it in order. Success is not asked for: memcached, for one, has
    /// ways to end that look like failures.
    pub fn stop(mut self) -> Result<(), Error> {
        self.signal(Signal::TERM)?;
        let begun = Instant::now();
        while begun.elapsed() < STOP_MAX {
            match self.ended() {
                Ok(None) => thread::sleep(LOOK_EVERY),
                Ok(Some(_)) => return Ok(()),
                Err(e) => return Err(self.failed(&e)),
            }
        }
        Err(self.failed(&"it does not stop"))
    }

    /// Sends a signal to its process.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).map_err(|e| self.failed(&e))
    }

    fn failed(&self, what: &dyn fmt::Display) -> Error {
        let complaint = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let complaint = complaint.trim_end();
        let colon = if complaint.is_empty() { "" } else { ": " };
        Error::Failed(format!("{}: {what}{colon}{complaint}", self.name))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut started = started();
        // After an orderly stop both find nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        started.retain(|&pid| pid != Pid::from_child(&self.child));
    }
}

/// Reads on when enough is kept, so that the server never waits for a reader.
fn keep_what_it_says(stderr: ChildStderr, complaint: &Mutex<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let mut kept = complaint.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + line.len() < COMPLAINT_MAX {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
}

/// memcached cannot be told to choose a port and say which, so one is found for
/// all. Should another process take it first, the server says so and ends.
fn free_address() -> Result<SocketAddr, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|e| format!("no free port: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str) -> Result<Server, Error> {
        program
            .parse::<Program>()
            .unwrap()
            .start(&Setting::default())
    }

    #[test]
    fn a_server_that_cannot_start_would_be_waited_for() {
        let missing = start("x=/does/not/exist {port}").unwrap_err().to_string();
        assert!(missing.contains("/does/not/exist"), "{missing}");
        let ended = start("x=sh -c no-such-command-{port}").unwrap_err();
        assert!(ended.to_string().contains("no-such-command"), "{ended}");
    }

    #[test]
    fn a_server_without_a_port_would_be_waited_for() {
        for text in ["redis", "x=", "=sleep {port}", "x=sleep 5"] {
            assert!(text.parse::<Program>().is_err(), "{text}");
        }
    }
}
