//! What `stats` tells, for the classic protocol and the admin protocol alike.

use std::fmt::Write;
use std::mem;
use std::sync::Arc;

use net::Budget;
use net::admin::{Kind, Row, Value};
use storage::{Census, Store};

use super::stat_latency::STAT_LATENCY;
use super::stat_settings::{STAT_SETTINGS, STAT_SETTINGS_TLS};
use super::stat_ttl::STAT_TTL;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::live::Live;
use crate::log::Log;
use crate::metrics::{CIPHERS, CpuTime, Group, METRICS, Metrics, Snapshot, Usage};
use crate::orders::Orders;
use crate::reload::History;
use crate::sampling::Recording;
use crate::tls::Tls;

/// The groups of `stats`, besides the general one without a name.
pub(super) const GROUPS: &[&str] = &[
    "settings", "items", "slabs", "sizes", "conns", "cached", "segments", "ttl", "tls", "latency",
    "buckets", "process",
];

/// What the reports are made from. Shared by the workers and the admin thread; nothing in it makes
/// one wait for the other.
pub(crate) struct Stats {
    pub(crate) live: Live,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: Arc<Store>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    /// `None`: TLS is not spoken.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Where the main thread is asked for reloads.
    pub(crate) orders: Orders,
    pub(crate) history: Arc<History>,
    pub(crate) log: Log,
    pub(crate) recording: Arc<Recording>,
}

/// What it takes a look at every segment, or into the system's files, to tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub(super) census: Census,
    pub(super) usage: Usage,
}

/// There is no such group of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchGroup;

impl Stats {
    /// Shows every row of `group` (empty: the general one) as classic `stats` prints it. For
    /// workers: `process` is not among the groups, as the system lists every open file for it.
    pub(crate) fn report(
        &self,
        group: &[u8],
        emit: &mut dyn FnMut(&str, &str),
    ) -> Result<(), NoSuchGroup> {
        let group = str::from_utf8(group).map_err(|_| NoSuchGroup)?;
        if group == "process" {
            return Err(NoSuchGroup);
        }
        let survey = || Survey {
            census: self.census(),
            usage: Usage::default(),
        };
        let mut value = String::new();
        self.rows(group, survey, &mut |row| {
            value.clear();
            // Writing to a String cannot fail.
            let _ = write!(value, "{}", row.value);
            emit(&row.name, &value);
        })
    }

    /// As `report`, with kinds, units and meanings. A group that takes a survey asks for it.
    pub(super) fn rows(
        &self,
        group: &str,
        survey: impl FnOnce() -> Survey,
        emit: &mut dyn FnMut(&Row<'_>),
    ) -> Result<(), NoSuchGroup> {
        match group {
            "" => self.metrics(Group::General, Survey::default(), emit),
            "cached" => self.metrics(Group::Cached, Survey::default(), emit),
            "segments" => self.metrics(Group::Segments, survey(), emit),
            "process" => self.metrics(Group::Process, survey(), emit),
            "settings" => self.settings(emit),
            "ttl" => ttl(&survey().census, emit),
            "tls" => self.tls(emit),
            "latency" => self.latency(emit),
            "buckets" => self.buckets(emit),
            "items" => self.items(emit),
            "slabs" => self.slabs(emit),
            "conns" => self.conns(emit),
            "sizes" => emit(&text("sizes_status", "disabled")),
            _ => return Err(NoSuchGroup),
        }
        Ok(())
    }

    /// Sets every counter to zero; gauges stay.
    pub(crate) fn reset(&self) {
        self.metrics.reset(self.store.stats().counts);
    }

    pub(super) fn snapshot(&self, survey: Survey) -> Snapshot {
        let Survey { census, usage } = survey;
        let now = self.clock.now();
        let effective = self.live.now();
        let config = &effective.config;
        let store = self.store.stats();
        let (tls_sessions, tls_handshaking) = self.metrics.tls_sessions();
        Snapshot {
            counts: self.metrics.read(store.counts.clone()),
            store,
            census,
            cpu: CpuTime::now(),
            usage,
            // Tools divide by it.
            uptime: u64::from(Clock::uptime(now)).max(1),
            time: self.clock.unix(now).unsigned_abs(),
            connections: self.connections.current(),
            max_connections: config.max_connections as u64,
            accepting: self.connections.is_accepting(),
            draining: self.connections.is_draining(),
            threads: config.workers() as u64,
            memory: config.memory,
            budget_waiting: self.budget.waiting() as u64,
            buffer_bytes: self.budget.used() as u64,
            buffer_limit: self.budget.limit() as u64,
            tls: self.tls.as_ref().map(|tls| tls.status()),
            reloads: self.history.read(),
            tls_sessions,
            tls_handshaking,
            log_dropped: self.log.dropped(),
            log_unwritten: self.log.unwritten(),
            command_log_unwritten: self.recording.commands_unwritten(),
            slow_log_unwritten: self.recording.slow_unwritten(),
        }
    }

    fn metrics(&self, group: Group, survey: Survey, emit: &mut dyn FnMut(&Row<'_>)) {
        let snapshot = self.snapshot(survey);
        let of_group = METRICS.iter().filter(|it| it.group.name() == group.name());
        for metric in of_group.filter(|metric| metric.is_shown(&snapshot)) {
            emit(&Row {
                name: metric.name.into(),
                kind: metric.kind,
                unit: metric.unit.into(),
                value: (metric.read)(&snapshot),
                help: metric.help.into(),
            });
        }
    }

    pub(super) fn census(&self) -> Census {
        self.store.census(self.clock.now())
    }

    /// Kinds of which there were no requests are left out.
    fn latency(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let latencies = self.metrics.latencies();
        for (kind, latency) in latencies.kinds().filter(|(_, l)| l.turn.count() > 0) {
            for (name, row_kind, unit, read, help) in STAT_LATENCY {
                emit(&Row {
                    name: format!("{}:{name}", kind.name()).into(),
                    kind: *row_kind,
                    unit: (*unit).into(),
                    value: read(latency).into(),
                    help: (*help).into(),
                });
            }
        }
    }

    /// What percentiles of the time between two reports can be worked out from.
    fn buckets(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let latencies = self.metrics.latencies();
        let mut help = "requests of the kind that took at most so many nanoseconds, and longer than \
                        those of the row before";
        for (kind, latency) in latencies.kinds() {
            for (ns, requests) in latency.turn.buckets() {
                emit(&Row {
                    name: format!("{}:{ns}", kind.name()).into(),
                    kind: Kind::Counter,
                    unit: "".into(),
                    value: requests.into(),
                    help: mem::take(&mut help).into(),
                });
            }
        }
    }

    /// Without TLS there is nothing to tell of it.
    fn tls(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        if self.tls.is_none() {
            return;
        }
        self.metrics(Group::Tls, Survey::default(), emit);
        let counts = self.metrics.read(self.store.stats().counts);
        for (cipher, sessions) in CIPHERS.iter().zip(counts.handshakes.ciphers) {
            if sessions > 0 {
                emit(&Row {
                    kind: Kind::Counter,
                    help: "handshakes completed with this cipher".into(),
                    ..gauge(&format!("cipher:{cipher}"), sessions)
                });
            }
        }
    }

    fn settings(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let effective = self.live.now();
        let config = &effective.config;
        for (name, read) in STAT_SETTINGS {
            emit(&text(name, &read(self, config)));
        }
        for (name, read) in STAT_SETTINGS_TLS.iter().filter(|_| self.tls.is_some()) {
            emit(&text(name, &read(&config.tls)));
        }
    }

    /// All items as one class: what tools made for slab classes can show of them.
    fn items(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let store = self.store.stats();
        let counts = self.metrics.read(store.counts.clone());
        let dropped = &counts.store;
        if store.items == 0 {
            return;
        }
        for (name, number) in [
            ("number", store.items),
            ("age", 0),
            ("mem_requested", store.item_bytes),
            ("evicted", dropped.evicted_space + dropped.evicted_index),
            ("evicted_nonzero", 0),
            ("evicted_time", 0),
            ("outofmemory", counts.workers.store_no_memory),
            ("tailrepairs", 0),
            ("reclaimed", dropped.expired),
            ("expired_unfetched", dropped.expired_unfetched),
            ("evicted_unfetched", dropped.evicted_unfetched),
            ("evicted_active", 0),
            ("crawler_reclaimed", 0),
            ("crawler_items_checked", 0),
            ("lrutail_reflocked", 0),
            ("moves_to_cold", 0),
            ("moves_to_warm", 0),
            ("moves_within_lru", 0),
            ("direct_reclaims", 0),
        ] {
            emit(&gauge(&format!("items:1:{name}"), number));
        }
    }

    /// Segments shown as slabs: each is a page of one chunk.
    fn slabs(&self, emit: &mut dyn FnMut(&Row<'_>)) {
        let store = self.store.stats();
        let counts = self.metrics.read(store.counts.clone());
        // The figures are not of one instant.
        let idle = store.segments_free + store.segments_lent + store.segments_withheld;
        let used = store.segments.saturating_sub(idle);
        if used > 0 {
            for (name, number) in [
                ("chunk_size", store.segment_bytes),
                ("chunks_per_page", 1),
                ("total_pages", used),
                ("total_chunks", used),
                ("used_chunks", used),
                ("free_chunks", 0),
                ("free_chunks_end", 0),
                ("mem_requested", store.item_bytes),
                ("get_hits", counts.workers.get_hits),
                ("cmd_set", counts.workers.cmd_set),
                ("delete_hits", counts.workers.delete_hits),
                ("incr_hits", counts.workers.incr_hits),
                ("decr_hits", counts.workers.decr_hits),
                ("cas_hits", counts.workers.cas_hits),
                ("cas_badval", counts.workers.cas_badval),
                ("touch_hits", counts.workers.touch_hits),
            ] {
                emit(&gauge(&format!("1:{name}"), number));
            }
        }
        emit(&gauge("active_slabs", u64::from(used > 0)));
        emit(&gauge("total_malloced", store.heap_bytes));
    }
}

fn ttl(census: &Census, emit: &mut dyn FnMut(&Row<'_>)) {
    for group in &census.groups {
        for (name, unit, read, help) in STAT_TTL {
            let Some(number) = read(group) else {
                continue;
            };
            emit(&Row {
                name: format!("{}:{name}", group.name).into(),
                kind: Kind::Gauge,
                unit: (*unit).into(),
                value: number.into(),
                help: (*help).into(),
            });
        }
    }
}

pub(super) fn text<'a>(name: &'a str, value: &'a str) -> Row<'a> {
    Row {
        name: name.into(),
        kind: Kind::Text,
        unit: "".into(),
        value: value.into(),
        help: "".into(),
    }
}

pub(super) fn gauge(name: &str, number: u64) -> Row<'_> {
    Row {
        name: name.into(),
        kind: Kind::Gauge,
        unit: "".into(),
        value: Value::Number(number),
        help: "".into(),
    }
}

#[cfg(test)]
mod tests;
