//! What the graphs are drawn from.

use std::collections::VecDeque;

use super::answers::Reports;
use crate::percentiles::Distribution;
use crate::report::Lookup;

/// What is asked of the server at each poll, whatever screen is shown.
pub(crate) const ASKED: &[&str] = &["stats", "stats cached", "stats buckets"];

/// The widest graph there can be, in points.
const POINTS_MAX: usize = 1000;

/// Figures of the time between two polls; where one is not known, there is a gap in its graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct Point {
    /// When it was, in milliseconds of unix time.
    time: u64,
    /// Operations a second.
    pub(crate) requests: Option<f64>,
    /// Of the keys looked up, how many were found; of 1.
    pub(crate) hit_ratio: Option<f64>,
    /// Seconds that half of the requests took at most, and so on.
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) p999: Option<f64>,
    /// Bytes of items.
    pub(crate) item_bytes: Option<f64>,
    /// Items a second.
    pub(crate) evictions: Option<f64>,
    /// Items a second.
    pub(crate) expiries: Option<f64>,
    pub(crate) connections: Option<f64>,
    /// Bytes a second.
    pub(crate) received: Option<f64>,
    /// Bytes a second.
    pub(crate) sent: Option<f64>,
}

impl Point {
    /// What the latest two answers tell, of which the second came at `time`.
    pub(crate) fn of(reports: &Reports, time: u64) -> Point {
        let latency = interval(reports, None);
        let quantile = |share| latency.as_ref().and_then(|it| it.quantile(share));
        Point {
            time,
            requests: reports.rate("stats cached", "requests"),
            hit_ratio: ratio(
                reports.growth("stats", "get_hits"),
                reports.growth("stats", "get_misses"),
            ),
            p50: quantile(0.5),
            p99: quantile(0.99),
            p999: quantile(0.999),
            item_bytes: reports.real("stats", "bytes"),
            evictions: reports.rate("stats", "evictions"),
            expiries: reports.rate("stats", "reclaimed"),
            connections: reports.real("stats", "curr_connections"),
            received: reports.rate("stats", "bytes_read"),
            sent: reports.rate("stats", "bytes_written"),
        }
    }
}

/// The latest points, the newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    points: VecDeque<Point>,
}

impl History {
    /// Adds what the latest two answers tell.
    pub(crate) fn add(&mut self, reports: &Reports, time: u64) {
        self.push(Point::of(reports, time));
    }

    /// Nothing was heard.
    pub(crate) fn gap(&mut self, time: u64) {
        self.push(Point {
            time,
            ..Point::default()
        });
    }

    fn push(&mut self, point: Point) {
        if self.points.len() == POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The points of one graph.
    pub(crate) fn of(&self, figure: fn(&Point) -> Option<f64>) -> Vec<Option<f64>> {
        self.points.iter().map(figure).collect()
    }

    /// Seconds from one point to the next, on average.
    pub(crate) fn step(&self) -> f64 {
        let (Some(first), Some(last)) = (self.points.front(), self.points.back()) else {
            return 0.0;
        };
        let steps = (self.points.len() - 1).max(1) as f64;
        last.time.saturating_sub(first.time) as f64 / 1000.0 / steps
    }

    /// The newest point.
    pub(crate) fn latest(&self) -> Point {
        self.points.back().cloned().unwrap_or_default()
    }
}

/// How long the requests of `kind` (`None`: all) took between the latest two answers.
pub(crate) fn interval(reports: &Reports, kind: Option<&str>) -> Option<Distribution> {
    let (earlier, _) = reports.earlier("stats buckets")?;
    Distribution::between(earlier, reports.report("stats buckets")?, kind)
}

/// The share of `hits` in all; `None` without any.
pub(crate) fn ratio(hits: Option<f64>, misses: Option<f64>) -> Option<f64> {
    let (hits, misses) = (hits?, misses?);
    (hits + misses > 0.0).then(|| hits / (hits + misses))
}

/// The same since the server's start.
pub(crate) fn ratio_ever(reports: &Reports, hits: &str, misses: &str) -> Option<f64> {
    let stats = reports.report("stats")?;
    ratio(stats.real(hits), stats.real(misses))
}
