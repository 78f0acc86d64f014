//! What a replay measured: text for people, JSON for programs.

use std::fmt;

use serde::Serialize;

use super::player::{Count, Outcome};
use super::{LATE_MAX, Replay};
use crate::process::Usage;
use crate::trace::Trace;
use crate::{Error, Target};

/// The measurement of a replay; times in seconds, sizes in bytes.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file that was played.
    pub trace: String,
    /// The server that answered.
    pub target: Target,
    /// How it was started, if it was.
    pub started: Option<Started>,
    /// Requests that were played.
    pub requests: u64,
    /// Seconds of trace time that passed in one, if it was kept.
    pub speed: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// Over all requests.
    pub overall: Misses,
    /// The part of the requests that was warm-up.
    pub warm_up: f64,
    /// Over the requests after the warm-up.
    pub after_warm_up: Misses,
    /// Sets of the trace.
    pub sets: u64,
    /// Sets that followed a miss.
    pub refills: u64,
    /// Deletes of the trace.
    pub deletes: u64,
    /// Sets that the server refused.
    pub refused: u64,
    /// Hits with bytes other than those stored last, or that should have been gone.
    pub wrong: u64,
    /// The first few of them, in words.
    pub first_wrong: Vec<String>,
    /// The longest time that a request was sent after it was due.
    pub late_max_seconds: f64,
    /// Whether it was so late that the ratios say nothing.
    pub void: bool,
    /// The most memory of the server that was ever resident.
    pub memory_peak_bytes: Option<u64>,
    /// CPU time of the server for each request of the trace.
    pub cpu_ns_per_request: Option<f64>,
}

/// A server that was started for the replay.
#[derive(Clone, Debug, Serialize)]
pub struct Started {
    /// Its name.
    pub program: String,
    /// Memory that it was given.
    pub memory_mib: u32,
    /// Workers that it was given.
    pub workers: u32,
}

/// How often a get found nothing.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Misses {
    /// Gets.
    pub gets: u64,
    /// Those that found nothing.
    pub misses: u64,
    /// Misses for each get.
    pub ratio: f64,
    /// What a cache without bounds would have had.
    pub unlimited_ratio: f64,
    /// How far `ratio` is above it.
    pub excess: f64,
}

impl From<Count> for Misses {
    fn from(count: Count) -> Self {
        let of_gets = |count_of: u64| count_of as f64 / count.gets.max(1) as f64;
        let (ratio, unlimited_ratio) = (of_gets(count.misses), of_gets(count.unlimited_misses));
        Self {
            gets: count.gets,
            misses: count.misses,
            ratio,
            unlimited_ratio,
            excess: ratio - unlimited_ratio,
        }
    }
}

impl Report {
    pub(super) fn new(
        replay: &Replay,
        trace: &Trace,
        target: &Target,
        outcome: &Outcome,
        before: Option<Usage>,
        after: Option<Usage>,
    ) -> Self {
        let (warm_up, measured) = (outcome.warm_up, outcome.measured);
        let overall = Count {
            gets: warm_up.gets + measured.gets,
            misses: warm_up.misses + measured.misses,
            unlimited_misses: warm_up.unlimited_misses + measured.unlimited_misses,
        };
        let requests = trace.requests.len() as u64;
        let cpu_ns = before.zip(after).map(|(b, a)| a.cpu_ns - b.cpu_ns);
        Self {
            trace: replay.trace.display().to_string(),
            target: target.clone(),
            started: replay.subject.start.as_ref().map(|program| Started {
                program: program.name().to_owned(),
                memory_mib: replay.subject.memory,
                workers: replay.subject.workers,
            }),
            requests,
            speed: replay.speed,
            seconds: outcome.elapsed.as_secs_f64(),
            overall: overall.into(),
            warm_up: replay.warm_up,
            after_warm_up: measured.into(),
            sets: outcome.sets,
            refills: outcome.refills,
            deletes: outcome.deletes,
            refused: outcome.refused,
            wrong: outcome.wrong,
            first_wrong: outcome.first_wrong.clone(),
            late_max_seconds: outcome.late_max.as_secs_f64(),
            void: outcome.late_max > LATE_MAX,
            memory_peak_bytes: after.map(|usage| usage.memory_peak_bytes),
            cpu_ns_per_request: cpu_ns.map(|ns| ns as f64 / requests.max(1) as f64),
        }
    }

    /// Whether it may be believed.
    pub fn check(&self) -> Result<(), Error> {
        if self.wrong > 0 {
            return Err(Error::Failed(format!("{} hits were wrong", self.wrong)));
        }
        if self.void {
            return Err(Error::Failed(format!(
                "the replay fell {:.1} s behind its schedule: its ratios are void; \
                 choose a lower --speed",
                self.late_max_seconds
            )));
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, measured) = (&self.overall, &self.after_warm_up);
        let after = format!("after the first {:.0} %", 100.0 * self.warm_up);
        writeln!(f, "trace       {}", self.trace)?;
        write!(f, "server      {}", self.target)?;
        if let Some(started) = &self.started {
            let (program, memory) = (&started.program, started.memory_mib);
            write!(f, ": {program}, {memory} MiB, workers {}", started.workers)?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "requests    {} in {:.1} s, {:.0} a second",
            self.requests,
            self.seconds,
            self.requests as f64 / self.seconds
        )?;
        match self.speed {
            None => writeln!(f, "schedule    none: as fast as answers came")?,
            Some(speed) => writeln!(
                f,
                "schedule    {speed} s of the trace in one, late by {:.1} ms at most{}",
                1e3 * self.late_max_seconds,
                if self.void { ": VOID" } else { "" }
            )?,
        }
        writeln!(
            f,
            "gets        {}, {} missed and were set; {} other sets, {} deletes",
            all.gets, all.misses, self.sets, self.deletes
        )?;
        writeln!(
            f,
            "miss ratio  {:.4}, {after} {:.4}",
            all.ratio, measured.ratio
        )?;
        writeln!(
            f,
            "unlimited   {:.4}, {after} {:.4}; {:.4} and {:.4} above it",
            all.unlimited_ratio, measured.unlimited_ratio, all.excess, measured.excess
        )?;
        writeln!(
            f,
            "checked     {} hits, {} wrong; {} sets refused",
            all.gets - all.misses,
            self.wrong,
            self.refused
        )?;
        for wrong in &self.first_wrong {
            writeln!(f, "            {wrong}")?;
        }
        if let Some((memory, cpu)) = self.memory_peak_bytes.zip(self.cpu_ns_per_request) {
            let mib = memory as f64 / f64::from(1 << 20);
            writeln!(f, "resident    {mib:.1} MiB at most")?;
            writeln!(f, "CPU         {cpu:.0} ns of the server for each request")?;
        }
        Ok(())
    }
}
