//! What a load measured, as plain data; it serializes to JSON as it is.

mod csv;
mod text;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::scenario::{PhaseKind, Scenario};
use crate::target::Target;

/// The part of a rate that must be answered in time for it to count as kept, and
/// for its latencies to be those at the rate.
pub(crate) const KEPT_MIN: f64 = 0.995;

/// The measurement of a whole load. Times are in nanoseconds or seconds and
/// sizes in bytes, as the names say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The server that was loaded.
    pub target: Target,
    /// What was asked for.
    pub scenario: Scenario,
    /// What was measured, in the order of `scenario.phases`.
    pub phases: Vec<Phase>,
}

impl Report {
    /// Hits with the wrong bytes, key or version, in all phases.
    pub fn wrong_values(&self) -> u64 {
        self.phases.iter().map(|p| p.errors.wrong_values).sum()
    }
}

/// The measurement of one phase, its warm-up left out.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Which it is.
    pub phase: PhaseKind,
    /// How long was measured.
    pub seconds: f64,
    /// Requests a second that were asked for.
    pub rate_asked: Option<f64>,
    /// Requests a second that were answered, refills among them.
    pub rate: f64,
    /// At a fixed rate, those of them that were asked for: all but refills.
    pub rate_kept: Option<f64>,
    /// Requests that were answered, with an error or without.
    pub requests: u64,
    /// How many of them were answered without an error.
    pub succeeded: u64,
    /// All requests by operation; those that were never made are left out.
    pub operations: BTreeMap<&'static str, u64>,
    /// Keys that were asked for by gets; one for each key of a multi-get.
    pub keys_read: u64,
    /// How many of them were there.
    pub hits: u64,
    /// Hits for each key read; nothing when none was.
    pub hit_ratio: Option<f64>,
    /// Deletes and incrs of keys that were not there.
    pub not_found: u64,
    /// Sets that followed a miss; they are among the operations, too.
    pub refills: u64,
    /// In churn over TLS, requests whose session went on with an earlier one.
    pub resumed: Option<u64>,
    /// Bytes of requests.
    pub bytes_sent: u64,
    /// Bytes of replies.
    pub bytes_received: u64,
    /// What went wrong.
    pub errors: Errors,
    /// Hits whose bytes were checked.
    pub verified: u64,
    /// At a fixed rate, requests whose time had come before the phase ended but
    /// that were never sent. The latencies count the delay they had so far.
    pub overdue: u64,
    /// From the time a request was meant to be sent to its last reply byte.
    pub latency: Latency,
    /// The same for each operation.
    pub latency_by_operation: BTreeMap<&'static str, Latency>,
    /// What the server used meanwhile, when its process is known.
    pub server: Option<ServerUsage>,
    /// CPU time of the load generator itself, for each request.
    pub generator_cpu_ns_per_request: f64,
}

/// What went wrong, counted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Errors {
    /// `ERROR`, `CLIENT_ERROR` and `SERVER_ERROR` replies.
    pub replies: u64,
    /// Replies that make no sense for their request; the connection is closed.
    pub nonsense: u64,
    /// Connections that were refused or broke.
    pub connections: u64,
    /// Connections that were given up without an answer.
    pub timeouts: u64,
    /// Requests that were lost with their connection.
    pub lost: u64,
    /// Hits with the wrong bytes, key or version.
    pub wrong_values: u64,
    /// The first few of them all, in words.
    pub first: Vec<String>,
}

impl Errors {
    /// How many sentences are kept.
    pub const FIRST_MAX: usize = 5;

    /// Keeps a sentence, if it is one of the first.
    pub(crate) fn note(&mut self, sentence: impl FnOnce() -> String) {
        if self.first.len() < Self::FIRST_MAX {
            self.first.push(sentence());
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.replies += other.replies;
        self.nonsense += other.nonsense;
        self.connections += other.connections;
        self.timeouts += other.timeouts;
        self.lost += other.lost;
        self.wrong_values += other.wrong_values;
        for sentence in &other.first {
            self.note(|| sentence.clone());
        }
    }

    /// All that went wrong; what is lost is counted by its cause.
    pub fn total(&self) -> u64 {
        self.replies + self.nonsense + self.connections + self.timeouts + self.wrong_values
    }
}

/// Percentiles, in nanoseconds; all 0 when nothing was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// Measurements.
    pub count: u64,
    /// Shortest.
    pub min_ns: u64,
    /// Arithmetic mean.
    pub mean_ns: f64,
    /// 50 in 100 are not longer.
    pub p50_ns: u64,
    /// 90 in 100.
    pub p90_ns: u64,
    /// 99 in 100.
    pub p99_ns: u64,
    /// 999 in 1000.
    pub p999_ns: u64,
    /// 9999 in 10000.
    pub p9999_ns: u64,
    /// Longest.
    pub max_ns: u64,
}

impl Latency {
    /// The percentiles of a histogram in nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            min_ns: histogram.min(),
            mean_ns: histogram.mean(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            p9999_ns: at(0.9999),
            max_ns: histogram.max(),
        }
    }
}

/// What the server used during a phase.
#[derive(Clone, Debug, Serialize)]
pub struct ServerUsage {
    /// CPU time of all threads, exact.
    pub cpu_ns: u64,
    /// The part of it in user mode, to the kernel's tick.
    pub cpu_user_ns: u64,
    /// The part of it in the kernel, to the kernel's tick.
    pub cpu_system_ns: u64,
    /// `cpu_ns` for each request answered.
    pub cpu_ns_per_request: f64,
    /// The most memory that was resident since it began.
    pub memory_peak_bytes: u64,
    /// In the phase idle, resident memory beyond that before the connections, for each of them.
    pub memory_per_connection_bytes: Option<f64>,
    /// System calls for each request, from a run of its own.
    pub system_calls_per_request: Option<f64>,
    /// Instructions for each request, from a run of its own.
    pub instructions_per_request: Option<f64>,
    /// How the instructions were counted.
    pub instructions_source: Option<String>,
}
