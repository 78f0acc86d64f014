//! The rows of `stats latency`, for each kind of request.

use net::admin::Kind;

use crate::metrics::{Distribution, Latency};

/// A row's name behind the kind of request, its own kind and unit, how its value is read, its meaning.
type StatLatency = (
    &'static str,
    Kind,
    &'static str,
    fn(&Latency<Distribution>) -> u64,
    &'static str,
);

const NS: &str = "nanoseconds";

/// Every row, in the order it is shown.
#[rustfmt::skip]
pub(super) const STAT_LATENCY: &[StatLatency] = &[
    ("requests", Kind::Counter, "", |l| l.turn.count(), "requests, each key of a retrieval one"),
    ("mean_ns", Kind::Gauge, NS, |l| l.turn.mean_ns(), "how long they took on average, from their turn's poll until they were sent"),
    ("p50_ns", Kind::Gauge, NS, |l| l.turn.quantile_ns(0.5), "half of them took at most so long"),
    ("p90_ns", Kind::Gauge, NS, |l| l.turn.quantile_ns(0.9), "likewise, nine of ten"),
    ("p99_ns", Kind::Gauge, NS, |l| l.turn.quantile_ns(0.99), "99 of 100"),
    ("p999_ns", Kind::Gauge, NS, |l| l.turn.quantile_ns(0.999), "999 of 1000"),
    ("max_ns", Kind::Gauge, NS, |l| l.turn.quantile_ns(1.0), "the slowest"),
    ("own_requests", Kind::Counter, "", |l| l.own.count(), "requests that were timed alone, one in 128"),
    ("own_p50_ns", Kind::Gauge, NS, |l| l.own.quantile_ns(0.5), "the execution of half of them took at most so long"),
    ("own_p99_ns", Kind::Gauge, NS, |l| l.own.quantile_ns(0.99), "99 of 100"),
    ("own_max_ns", Kind::Gauge, NS, |l| l.own.quantile_ns(1.0), "the slowest"),
];
