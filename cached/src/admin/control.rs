//! What the admin thread works with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use net::admin::{Row, Writer};
use storage::{Participant, Removed, Remover};

use super::stats::{Stats, Survey, gauge};
use crate::metrics::{Dialect, Exposition, Snapshot, Usage};

/// How old a survey may be. To look at all segments takes the free list's mutex for moments, and to
/// count open files the longer the more there are: however often clients ask, this is how often.
const SURVEY_AGE: Duration = Duration::from_secs(1);

/// The admin thread's own.
pub(crate) struct Control {
    pub(crate) stats: Arc<Stats>,
    /// Its place among those who look at the store. Under a guard it waits for no client.
    participant: Participant,
    remover: Remover,
    exposition: Exposition,
    survey: Option<(Instant, Survey)>,
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
            survey: None,
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
        let survey = self.survey(Instant::now());
        self.stats.snapshot(survey)
    }

    /// A survey that is not too old at `now`.
    pub(super) fn survey(&mut self, now: Instant) -> Survey {
        let survey = match self.survey.take() {
            Some((taken, survey)) if now < taken + SURVEY_AGE => (taken, survey),
            _ => {
                let (census, usage) = (self.stats.census(), Usage::now());
                (now, Survey { census, usage })
            }
        };
        self.survey.insert(survey).1.clone()
    }
}

#[cfg(test)]
mod tests {
    use storage::Condition;

    use super::super::fixture;
    use super::*;

    #[test]
    fn who_asks_again_and_again_would_have_all_segments_looked_at_each_time() {
        let mut control = fixture::control(fixture::stats());
        let now = Instant::now();
        let groups = |control: &mut Control, now| control.survey(now).census.groups.len();
        assert_eq!(groups(&mut control, now), 0);
        let store = Arc::clone(&control.stats.store);
        let (mut participant, mut writer) = (store.join().unwrap(), store.writer().unwrap());
        let guard = participant.enter(1);
        let stored = writer.store(&guard, b"key", b"value", 0, 0, Condition::Always);
        assert!(stored.is_ok());
        assert_eq!(groups(&mut control, now + SURVEY_AGE / 2), 0);
        assert_eq!(groups(&mut control, now + SURVEY_AGE), 1);
    }
}
