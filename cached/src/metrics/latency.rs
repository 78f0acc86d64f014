//! How long requests take, by kind.
//!
//! Each worker has histograms of its own, which it alone adds to; whoever reads them sums them up,
//! and nobody waits for anybody. The library's buckets are added to by a locked instruction: once
//! for each kind of request in a portion of a turn, it is lost among the system calls.

use std::time::Duration;
use std::{array, mem};

use histogram::{AtomicHistogram, Config, Histogram};
use net::Request;

use super::counters::Counter;

/// What the latency of a request is counted under. A meta command counts as the classic one that
/// does the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One key of a retrieval.
    Get,
    /// One key of a retrieval that sets a new exptime.
    Gat,
    /// Every storage command.
    Store,
    Delete,
    /// Counters up and down.
    Arith,
    Touch,
    /// What concerns no item.
    Other,
}

impl Kind {
    const COUNT: usize = 7;

    const ALL: [Kind; Kind::COUNT] = [
        Kind::Get,
        Kind::Gat,
        Kind::Store,
        Kind::Delete,
        Kind::Arith,
        Kind::Touch,
        Kind::Other,
    ];

    pub(crate) fn of(request: &Request<'_>) -> Kind {
        match request {
            Request::Get(get) if get.touch.is_some() => Kind::Gat,
            Request::Get(_) => Kind::Get,
            Request::Store { .. } | Request::TooLarge { .. } => Kind::Store,
            Request::Delete { .. } | Request::Invalidate(_) => Kind::Delete,
            Request::Arith(_) => Kind::Arith,
            Request::Touch { .. } => Kind::Touch,
            Request::Noop
            | Request::FlushAll { .. }
            | Request::Verbosity { .. }
            | Request::Version
            | Request::RefreshCerts
            | Request::Stats { .. } => Kind::Other,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Get => "get",
            Kind::Gat => "gat",
            Kind::Store => "store",
            Kind::Delete => "delete",
            Kind::Arith => "arith",
            Kind::Touch => "touch",
            Kind::Other => "other",
        }
    }
}

/// Sixteen buckets an octave, so that a figure is at most a sixteenth too high.
const GROUPING_POWER: u8 = 4;

/// What takes more nanoseconds than this power of two, a minute, counts as taking so many.
const MAX_POWER: u8 = 36;

fn shape() -> Config {
    Config::new(GROUPING_POWER, MAX_POWER).expect("a shape that can be")
}

/// What `took` counts as.
fn nanoseconds(took: Duration) -> u64 {
    let most = (1 << MAX_POWER) - 1;
    u64::try_from(took.as_nanos()).map_or(most, |ns| ns.min(most))
}

/// The requests that a worker has executed in a portion of its turn, by kind.
#[derive(Debug, Default)]
pub(crate) struct Executed([u32; Kind::COUNT]);

impl Executed {
    #[inline]
    pub(crate) fn count(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }
}

/// One worker's histograms.
#[derive(Debug)]
pub(crate) struct WorkerLatency([Latency<Series>; Kind::COUNT]);

/// How long the requests of one kind take.
#[derive(Clone, Debug)]
pub(crate) struct Latency<T> {
    /// All of them, from their turn's poll until they were sent.
    pub(crate) turn: T,
    /// Some of them: their execution alone.
    pub(crate) own: T,
}

/// A histogram that its worker adds to.
#[derive(Debug)]
struct Series {
    buckets: AtomicHistogram,
    sum_ns: Counter,
}

impl Series {
    fn new() -> Series {
        Series {
            buckets: AtomicHistogram::with_config(&shape()),
            sum_ns: Counter::default(),
        }
    }

    fn add(&self, ns: u64, requests: u32) {
        let added = self.buckets.add(ns, requests.into());
        debug_assert!(added.is_ok(), "within the shape");
        self.sum_ns.add(ns * u64::from(requests));
    }
}

impl WorkerLatency {
    pub(super) fn new() -> WorkerLatency {
        WorkerLatency(array::from_fn(|_| Latency {
            turn: Series::new(),
            own: Series::new(),
        }))
    }

    /// Those of `executed` took so long, from their turn's poll until they were sent. To be called
    /// by the worker alone, as `add_own`.
    pub(crate) fn add_turn(&self, executed: &mut Executed, took: Duration) {
        let ns = nanoseconds(took);
        for (latency, requests) in self.0.iter().zip(&mut executed.0) {
            if *requests > 0 {
                latency.turn.add(ns, mem::take(requests));
            }
        }
    }

    /// The execution of one request took so long.
    pub(crate) fn add_own(&self, kind: Kind, took: Duration) {
        self.0[kind as usize].own.add(nanoseconds(took), 1);
    }
}

/// What was read of histograms.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    buckets: Histogram,
    sum_ns: u64,
}

impl Default for Distribution {
    fn default() -> Distribution {
        Distribution {
            buckets: Histogram::with_config(&shape()),
            sum_ns: 0,
        }
    }
}

impl Distribution {
    fn combine(&mut self, series: &Series) {
        let read = series.buckets.load();
        let sum = self.buckets.wrapping_add(&read);
        self.buckets = sum.expect("of one shape");
        self.sum_ns = self.sum_ns.wrapping_add(series.sum_ns.get());
    }

    fn since(&self, earlier: &Distribution) -> Distribution {
        let left = self.buckets.wrapping_sub(&earlier.buckets);
        Distribution {
            buckets: left.expect("of one shape"),
            sum_ns: self.sum_ns.wrapping_sub(earlier.sum_ns),
        }
    }

    /// Requests.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.as_slice().iter().sum()
    }

    /// Nanoseconds that one of them took on average; 0 without any.
    pub(crate) fn mean_ns(&self) -> u64 {
        self.sum_ns.checked_div(self.count()).unwrap_or(0)
    }

    /// The time they took together.
    pub(crate) fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns)
    }

    /// Nanoseconds that the given share of them took at most; 0 without any.
    pub(crate) fn quantile_ns(&self, share: f64) -> u64 {
        let bucket = self.buckets.quantile_bucket(share);
        let bucket = bucket.expect("a share is from 0 to 1");
        bucket.map_or(0, |bucket| bucket.end())
    }

    /// The buckets that hold any: the most nanoseconds that theirs took, and how many those are.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let held = self.buckets.iter().filter(|bucket| bucket.count() > 0);
        held.map(|bucket| (bucket.end(), bucket.count()))
    }

    /// How many took at most so long, for each of [`bounds`]. A bucket that lies across a bound is
    /// counted above it.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let mut buckets = self.buckets.iter().peekable();
        let mut count = 0;
        bounds().map(move |bound| {
            let ns = bound.as_nanos();
            while let Some(bucket) = buckets.next_if(|bucket| u128::from(bucket.end()) <= ns) {
                count += bucket.count();
            }
            (bound, count)
        })
    }
}

/// Where the buckets of a metric end: five a decade, from a microsecond to ten seconds.
fn bounds() -> impl Iterator<Item = Duration> {
    const DECADE: [u64; 5] = [1000, 1600, 2500, 4000, 6300];
    let decades = (0..7).map(|power| 10_u64.pow(power));
    let bounds = decades.flat_map(|decade| DECADE.map(|ns| Duration::from_nanos(ns * decade)));
    bounds.chain([Duration::from_secs(10)])
}

/// What was read of all workers, by kind.
#[derive(Clone, Debug)]
pub(crate) struct Latencies([Latency<Distribution>; Kind::COUNT]);

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies(array::from_fn(|_| Latency {
            turn: Distribution::default(),
            own: Distribution::default(),
        }))
    }
}

impl Latencies {
    pub(super) fn read<'w>(workers: impl Iterator<Item = &'w WorkerLatency>) -> Latencies {
        let mut all = Latencies::default();
        for worker in workers {
            for (sum, latency) in all.0.iter_mut().zip(&worker.0) {
                sum.turn.combine(&latency.turn);
                sum.own.combine(&latency.own);
            }
        }
        all
    }

    pub(super) fn since(&self, earlier: &Latencies) -> Latencies {
        Latencies(array::from_fn(|kind| Latency {
            turn: self.0[kind].turn.since(&earlier.0[kind].turn),
            own: self.0[kind].own.since(&earlier.0[kind].own),
        }))
    }

    /// Each kind with what there is of it.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (Kind, &Latency<Distribution>)> {
        Kind::ALL.into_iter().zip(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(latencies: &Latencies, wanted: Kind) -> &Latency<Distribution> {
        let found = latencies.kinds().find(|(kind, _)| *kind == wanted);
        found.expect("every kind is read").1
    }

    #[test]
    fn a_latency_would_be_told_of_another_kind_or_lost() {
        let workers = [WorkerLatency::new(), WorkerLatency::new()];
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            let mut executed = Executed::default();
            for _ in 0..=at {
                executed.count(kind);
            }
            workers[at % 2].add_turn(&mut executed, Duration::from_micros(10));
            workers[at % 2].add_turn(&mut executed, Duration::from_secs(9));
            workers[0].add_own(kind, Duration::from_micros(1));
        }
        let read = Latencies::read(workers.iter());
        for (at, (kind, latency)) in read.kinds().enumerate() {
            assert_eq!(latency.turn.count(), at as u64 + 1, "{}", kind.name());
            assert_eq!(latency.own.count(), 1, "{}", kind.name());
            let sum = Duration::from_micros(10) * (at as u32 + 1);
            assert_eq!(latency.turn.sum(), sum, "{}", kind.name());
        }
    }

    #[test]
    fn a_quantile_would_be_too_low() {
        let worker = WorkerLatency::new();
        for micros in 1..=1000 {
            worker.add_own(Kind::Get, Duration::from_micros(micros));
        }
        let read = Latencies::read([&worker].into_iter());
        let own = &of(&read, Kind::Get).own;
        assert_eq!(own.mean_ns(), 500_500);
        for (share, micros) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
            let ns = own.quantile_ns(share);
            let most = micros * 1000 * 17 / 16;
            assert!((micros * 1000..=most).contains(&ns), "{share}: {ns}");
        }
        assert_eq!(of(&read, Kind::Touch).own.quantile_ns(0.5), 0);
    }

    #[test]
    fn what_takes_longer_than_a_minute_would_be_lost() {
        let worker = WorkerLatency::new();
        worker.add_own(Kind::Other, Duration::MAX);
        let read = Latencies::read([&worker].into_iter());
        let own = &of(&read, Kind::Other).own;
        assert_eq!(own.count(), 1);
        assert_eq!(own.cumulative().last().map(|(_, count)| count), Some(0));
    }

    #[test]
    fn a_bound_would_count_what_took_longer() {
        let worker = WorkerLatency::new();
        for micros in [1, 2, 30, 400, 5000] {
            worker.add_own(Kind::Get, Duration::from_micros(micros));
        }
        let read = Latencies::read([&worker].into_iter());
        let counts: Vec<_> = of(&read, Kind::Get).own.cumulative().collect();
        assert_eq!(counts.len(), 36);
        for (bound, micros, count) in counts.iter().map(|(b, c)| (b, b.as_micros(), *c)) {
            let truth = [1, 2, 30, 400, 5000].iter().filter(|m| **m <= micros);
            assert!(count <= truth.count() as u64, "{bound:?}");
        }
        assert_eq!(counts[35].1, 5);
    }

    #[test]
    fn a_reset_would_leave_what_was_before() {
        let worker = WorkerLatency::new();
        worker.add_own(Kind::Get, Duration::from_micros(7));
        let before = Latencies::read([&worker].into_iter());
        worker.add_own(Kind::Get, Duration::from_millis(7));
        let since = Latencies::read([&worker].into_iter()).since(&before);
        let own = &of(&since, Kind::Get).own;
        assert_eq!(own.count(), 1);
        assert_eq!(own.sum(), Duration::from_millis(7));
    }
}
