//! Percentiles of the requests between two looks at a server.
//!
//! Percentiles since the start cannot be subtracted from each other, but the counts of the buckets
//! that they are read from can: `stats buckets` tells those.

use std::collections::{BTreeMap, HashMap};

use net::admin::Value;

use crate::report::Report;

/// How many requests took how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Distribution {
    /// By the most nanoseconds that a bucket's requests took.
    buckets: BTreeMap<u64, u64>,
}

impl Distribution {
    /// The requests of `kind` (`None`: of every kind) that `now` counts and `earlier` did not.
    /// `None` if the server has started, or was told to reset its counters, in between.
    pub(crate) fn between(
        earlier: &Report,
        now: &Report,
        kind: Option<&str>,
    ) -> Option<Distribution> {
        let before: HashMap<_, _> = buckets(earlier).map(|(k, ns, n)| ((k, ns), n)).collect();
        let mut counts = Distribution::default();
        for (of, ns, count) in buckets(now) {
            let new = count.checked_sub(before.get(&(of, ns)).copied().unwrap_or(0))?;
            if new > 0 && kind.is_none_or(|kind| kind == of) {
                let all: &mut u64 = counts.buckets.entry(ns).or_default();
                *all = all.saturating_add(new);
            }
        }
        Some(counts)
    }

    /// Seconds that the given share of them took at most; `None` without any.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let count: u128 = self.buckets.values().map(|n| u128::from(*n)).sum();
        let wanted = (count as f64 * share).ceil() as u128;
        let mut seen = 0;
        let bucket = self.buckets.iter().find(|(_, requests)| {
            seen += u128::from(**requests);
            seen >= wanted
        });
        bucket.map(|(ns, _)| *ns as f64 / 1e9)
    }
}

/// Kind of request, most nanoseconds, requests.
fn buckets(report: &Report) -> impl Iterator<Item = (&str, u64, u64)> {
    report.things().flat_map(|kind| {
        let name = kind.name();
        let rows: Vec<_> = kind.fields().collect();
        rows.into_iter()
            .filter_map(move |(ns, row)| match row.value {
                Value::Number(count) => Some((name, ns.parse().ok()?, count)),
                _ => None,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: &[(&str, u64)]) -> Report {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, value)| format!(r#"{{"name":"{name}","value":{value}}}"#))
            .collect();
        let line = format!(r#"{{"rows":[{}]}}"#, rows.join(","));
        let read = Report::parse(line.as_bytes()).expect("a document");
        read.expect("rows")
    }

    #[test]
    fn old_requests_would_be_counted_with_new_ones() {
        let earlier = report(&[("get:1000", 1_000_000), ("store:2000", 5)]);
        let now = report(&[
            ("get:1000", 1_000_098),
            ("get:9000", 1),
            ("store:2000", 5),
            ("store:50000", 1),
        ]);
        let all = Distribution::between(&earlier, &now, None).expect("only grown");
        assert_eq!(all.quantile(0.5), Some(1e-6));
        assert_eq!(all.quantile(0.99), Some(9e-6));
        assert_eq!(all.quantile(0.999), Some(5e-5));
        let stores = Distribution::between(&earlier, &now, Some("store")).expect("only grown");
        assert_eq!(stores.quantile(0.5), Some(5e-5));
    }

    #[test]
    fn a_restart_would_be_taken_for_a_quiet_moment() {
        let earlier = report(&[("get:1000", 10)]);
        let now = report(&[("get:1000", 3)]);
        assert_eq!(Distribution::between(&earlier, &now, None), None);
        let quiet = Distribution::between(&earlier, &earlier, None).expect("nothing new");
        assert_eq!(quiet.quantile(0.5), None);
    }
}
