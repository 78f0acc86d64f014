//! What one thread counted in one phase.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::mix::Operation;
use crate::report::{Errors, Latency};

/// Longest latency that a histogram tells apart, an hour.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;
/// Within 0.1 % of the true value.
const SIGNIFICANT_FIGURES: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Window {
    WarmUp,
    Measured,
    /// The phase is over, but not all is answered.
    Drain,
}

pub(super) struct Tally {
    pub(super) window: Window,
    pub(super) operations: [u64; Operation::COUNT],
    /// How many of them were answered by an error.
    refused: u64,
    pub(super) keys_read: u64,
    pub(super) hits: u64,
    pub(super) not_found: u64,
    pub(super) verified: u64,
    pub(super) refills: u64,
    /// TLS sessions that went on with an earlier one.
    pub(super) resumed: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    pub(super) overdue: u64,
    pub(super) errors: Errors,
    /// When the last answer of the measured window came.
    pub(super) last_ns: u64,
    pub(super) cpu_ns: u64,
    /// Large, and made when first needed.
    latencies: [Option<Histogram<u64>>; Operation::COUNT],
    /// The last latency, and how many more of it than are in its histogram: the
    /// answers of a pipeline come together.
    repeated: (Operation, u64, u64),
    /// The delay so far of what got no answer.
    unanswered: Option<Histogram<u64>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            window: Window::WarmUp,
            operations: [0; Operation::COUNT],
            refused: 0,
            keys_read: 0,
            hits: 0,
            not_found: 0,
            verified: 0,
            refills: 0,
            resumed: 0,
            bytes_sent: 0,
            bytes_received: 0,
            overdue: 0,
            errors: Errors::default(),
            last_ns: 0,
            cpu_ns: 0,
            latencies: [const { None }; Operation::COUNT],
            repeated: (Operation::Get, 0, 0),
            unanswered: None,
        }
    }

    /// The warm-up is over: all but the errors begins anew.
    pub(super) fn begin(&mut self) {
        let errors = std::mem::take(&mut self.errors);
        *self = Self::new();
        self.errors = errors;
        self.window = Window::Measured;
    }

    /// A request was answered.
    #[inline]
    pub(super) fn answered(&mut self, operation: Operation, refill: bool, sent_ns: u64, now: u64) {
        if self.window != Window::Drain {
            self.operations[operation as usize] += 1;
            self.refills += u64::from(refill);
            self.last_ns = now;
        }
        let latency_ns = now.saturating_sub(sent_ns);
        let (last, last_ns, times) = &mut self.repeated;
        if (*last, *last_ns) == (operation, latency_ns) {
            *times += 1;
            return;
        }
        self.record_repeated();
        self.repeated = (operation, latency_ns, 1);
    }

    /// Puts into its histogram what was only counted.
    pub(super) fn record_repeated(&mut self) {
        let (operation, latency_ns, times) = self.repeated;
        if times > 0 {
            record(&mut self.latencies[operation as usize], latency_ns, times);
        }
        self.repeated.2 = 0;
    }

    /// A request got no answer for so long, and will get none.
    pub(super) fn unanswered(&mut self, delay_ns: u64) {
        record(&mut self.unanswered, delay_ns, 1);
    }

    /// The values of a retrieval: keys asked for, and found.
    #[inline]
    pub(super) fn read(&mut self, keys: u64, hits: u64) {
        if self.window != Window::Drain {
            self.keys_read += keys;
            self.hits += hits;
        }
    }

    /// A delete or an incr of a key that is not there.
    pub(super) fn not_found(&mut self) {
        self.not_found += u64::from(self.window != Window::Drain);
    }

    /// A TLS session that ended had gone on with an earlier one.
    pub(super) fn resumed(&mut self) {
        self.resumed += u64::from(self.window != Window::Drain);
    }

    /// A request was answered by an error, or by several.
    pub(super) fn refused(&mut self) {
        self.refused += u64::from(self.window != Window::Drain);
    }

    /// `ERROR`, `CLIENT_ERROR` or `SERVER_ERROR`.
    pub(super) fn error_reply(&mut self, line: &[u8]) {
        self.errors.replies += 1;
        self.errors.note(|| line.escape_ascii().to_string());
    }

    #[inline]
    pub(super) fn sent(&mut self, bytes: usize) {
        if self.window != Window::Drain {
            self.bytes_sent += bytes as u64;
        }
    }

    #[inline]
    pub(super) fn received(&mut self, bytes: usize) {
        if self.window != Window::Drain {
            self.bytes_received += bytes as u64;
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.operations.iter().sum()
    }

    /// Requests that were answered without an error.
    pub(super) fn succeeded(&self) -> u64 {
        self.requests() - self.refused
    }

    /// Adds what another thread counted.
    pub(super) fn add(&mut self, other: &Self) {
        debug_assert_eq!(other.repeated.2, 0, "all is recorded");
        for (sum, more) in self.operations.iter_mut().zip(other.operations) {
            *sum += more;
        }
        self.refused += other.refused;
        self.keys_read += other.keys_read;
        self.hits += other.hits;
        self.not_found += other.not_found;
        self.verified += other.verified;
        self.refills += other.refills;
        self.resumed += other.resumed;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.overdue += other.overdue;
        self.errors.add(&other.errors);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.cpu_ns += other.cpu_ns;
        for (sum, more) in self.latencies.iter_mut().zip(&other.latencies) {
            merge(sum, more.as_ref());
        }
        merge(&mut self.unanswered, other.unanswered.as_ref());
    }

    /// The latency of all requests, answered or not.
    pub(super) fn latency(&self) -> Latency {
        let mut all = None;
        for latency in self.latencies.iter().chain([&self.unanswered]) {
            merge(&mut all, latency.as_ref());
        }
        all.as_ref().map(Latency::of).unwrap_or_default()
    }

    pub(super) fn latency_by_operation(&self) -> BTreeMap<&'static str, Latency> {
        Operation::ALL
            .iter()
            .zip(&self.latencies)
            .filter_map(|(operation, latency)| {
                Some((operation.name(), Latency::of(latency.as_ref()?)))
            })
            .collect()
    }
}

#[cold]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, SIGNIFICANT_FIGURES)
        .expect("bounds that make sense")
}

#[inline]
fn record(into: &mut Option<Histogram<u64>>, latency_ns: u64, times: u64) {
    into.get_or_insert_with(histogram)
        .saturating_record_n(latency_ns, times);
}

fn merge(sum: &mut Option<Histogram<u64>>, more: Option<&Histogram<u64>>) {
    if let Some(more) = more {
        sum.get_or_insert_with(histogram)
            .add(more)
            .expect("histograms of the same bounds");
    }
}
