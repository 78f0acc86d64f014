//! Replaying a trace against a server: the miss ratio that its users would see.
//!
//! One connection keeps the trace's order. A get that misses is followed by a
//! set of the trace's size and lifetime, as an application would do.

mod client;
mod player;
mod report;
mod schedule;
mod unlimited;

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use client::Client;
use player::{Outcome, Player};
pub use report::{Misses, Report, Started};

use crate::trace::{Operation, Trace};
use crate::wire::{Protocol, Wire};
use crate::{Error, Process, Subject, Target};

/// A server's clock has whole seconds: who is later than one of them gets
/// other answers than on time.
pub const LATE_MAX: Duration = Duration::from_secs(1);

/// A lifetime may end a second early or late: a shorter one would be another.
const TTL_MIN_S: f64 = 4.0;

/// Between two progress lines.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// A replay, and the flags that ask for it.
#[derive(Args, Clone, Debug)]
pub struct Replay {
    /// A trace in the format CTR1, compressed by zstd
    pub trace: PathBuf,

    /// The server, best empty
    #[command(flatten)]
    pub subject: Subject,

    /// How requests are written
    #[arg(long, value_name = "NAME", default_value_t, value_enum)]
    pub protocol: Protocol,

    /// Keep the trace's times, N seconds in one; without it, as fast as answers come
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,

    /// Part of the requests that is warm-up
    #[arg(long, value_name = "PART", default_value_t = 0.25, value_parser = part)]
    pub warm_up: f64,

    /// Stop after this many requests
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,
}

impl Replay {
    /// Plays the trace to its end.
    pub fn run(&self) -> Result<Report, Error> {
        let mut trace = Trace::open(&self.trace)?;
        if let Some(requests) = self.requests {
            trace.requests.truncate(requests as usize);
        }
        self.check(&trace)?;
        let setting = self.subject.setting();
        self.subject.during(&setting, |target, process| {
            self.play(&trace, target, process)
        })
    }

    /// Whether a server can tell the lifetimes apart.
    fn check(&self, trace: &Trace) -> Result<(), Error> {
        let stored = trace
            .requests
            .iter()
            .filter(|r| r.operation != Operation::Delete && r.ttl_s > 0);
        let Some((speed, shortest)) = self.speed.zip(stored.map(|r| r.ttl_s).min()) else {
            return Ok(());
        };
        if f64::from(shortest) / speed < TTL_MIN_S {
            return Err(Error::Usage(format!(
                "--speed {speed}: the trace's shortest lifetime of {shortest} s is less than \
                 {TTL_MIN_S} s then, and a server's clock has whole seconds"
            )));
        }
        Ok(())
    }

    fn play(
        &self,
        trace: &Trace,
        target: &Target,
        process: Option<Process>,
    ) -> Result<Report, Error> {
        let usage = || process.map(Process::usage).transpose();
        let warm_until = (trace.requests.len() as f64 * self.warm_up) as usize;
        let wire = Wire::new(self.protocol, true);
        let client = Client::connect(target, wire)?;
        let player = Player::new(trace, client, wire, self.speed, warm_until);
        let before = usage()?;
        let mut line = ProgressLine::new(trace.requests.len());
        let outcome = player.play(|at, outcome| line.show(at, outcome));
        line.wipe();
        Ok(Report::new(
            self,
            trace,
            target,
            &outcome?,
            before,
            usage()?,
        ))
    }
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
        .ok_or_else(|| "a speed is a positive number".to_owned())
}

fn part(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|part| (0.0..1.0).contains(part))
        .ok_or_else(|| "a part is a number from 0 to less than 1".to_owned())
}

/// On a terminal, one line that is written over and over.
struct ProgressLine {
    requests: usize,
    begun: Instant,
    next: Duration,
    shown: bool,
}

impl ProgressLine {
    fn new(requests: usize) -> Self {
        Self {
            requests,
            begun: Instant::now(),
            next: PROGRESS_EVERY,
            shown: stderr().is_terminal(),
        }
    }

    fn show(&mut self, at: usize, outcome: &Outcome) {
        // The clock is looked at now and then only.
        if !self.shown || !at.is_multiple_of(64) || self.begun.elapsed() < self.next {
            return;
        }
        self.next = self.begun.elapsed() + PROGRESS_EVERY;
        let (gets, misses) = (
            outcome.warm_up.gets + outcome.measured.gets,
            outcome.warm_up.misses + outcome.measured.misses,
        );
        let _ = write!(
            stderr(),
            "\r{:3} %  {:.0} requests/s  miss ratio {:.4}  late {:.1?} at most \x1b[K",
            100 * at / self.requests,
            at as f64 / self.begun.elapsed().as_secs_f64(),
            misses as f64 / gets.max(1) as f64,
            outcome.late_max,
        );
    }

    fn wipe(&self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
