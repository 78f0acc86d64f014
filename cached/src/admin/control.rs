//! What the admin thread works with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use net::admin::{Row, Writer};
use storage::{Census, Participant, Removed, Remover};

use super::stats::{Stats, gauge};
use crate::metrics::{Dialect, Exposition, Snapshot, Usage};

/// How old what is told of all segments may be: to look at them takes the free list's mutex for
/// moments, and no number of scrapes may make a writer wait for it more often than this.
const CENSUS_AGE: Duration = Duration::from_secs(1);

/// The admin thread's own.
pub(crate) struct Control {
    pub(crate) stats: Arc<Stats>,
    /// Its place among those who look at the store. Under a guard it waits for no client.
    participant: Participant,
    remover: Remover,
    exposition: Exposition,
    census: Option<(Instant, Census)>,
}

impl Control {
    /// The one who controls the store of `stats`.
    pub(crate) fn new(stats: Arc<Stats>) -> Control {
        let store = &stats.store;
        Control {
            participant: store.join().expect("a place for the admin thread"),
            remover: store.remover().expect("nobody else removes"),
            stats,
            exposition: Exposition::new(),
            census: None,
        }
    }

    /// Makes everything void that is stored by then, `delay` seconds from now. Returns the
    /// document that says so.
    pub(super) fn flush(&mut self, delay: u32) -> Vec<u8> {
        let Stats { store, clock, .. } = &*self.stats;
        let now = clock.now();
        if delay == 0 {
            store.flush();
        } else {
            let guard = self.participant.enter(now);
            store.flush_at(&guard, now.saturating_add(delay));
        }
        let log = &self.stats.log;
        log.info(format_args!("an operator flushes all, in {delay} seconds"));
        let mut document = Writer::new();
        document.row(&Row {
            unit: "seconds".into(),
            help: "until all is void that is stored by then".into(),
            ..gauge("delay", delay.into())
        });
        document.finish()
    }

    /// Deletes what begins with `prefix` in one part of the store.
    pub(super) fn remove(&mut self, prefix: &[u8], part: usize) -> Removed {
        let guard = self.participant.enter(self.stats.clock.now());
        let begins = |key: &[u8]| key.starts_with(prefix);
        self.remover.remove(&guard, part, begins)
    }

    /// Has the server stop once no request is under way. Returns the document that says so.
    pub(super) fn drain(&mut self) -> Result<Vec<u8>, String> {
        if !self.stats.orders.drain() {
            return Err("the server has too much to do: ask again".to_owned());
        }
        let mut document = Writer::new();
        document.row(&Row {
            help: "to end before the server does".into(),
            ..gauge("connections", self.stats.connections.current())
        });
        Ok(document.finish())
    }

    /// All metrics as Prometheus reads them.
    pub(super) fn metrics(&mut self, dialect: Dialect) -> String {
        let snapshot = self.snapshot();
        let latencies = self.stats.metrics.latencies();
        self.exposition.page(dialect, &snapshot, &latencies)
    }

    /// Everything there is to report.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        let now = Instant::now();
        let census = match self.census.take() {
            Some((taken, census)) if now < taken + CENSUS_AGE => (taken, census),
            _ => (now, self.stats.census()),
        };
        let (_, census) = self.census.insert(census);
        self.stats.snapshot(census.clone(), Usage::now())
    }
}
