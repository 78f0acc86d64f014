//! The metrics as Prometheus reads them: its own text format 0.0.4, or `OpenMetrics` 1.0.
//!
//! What is always the same, names, labels and headers, is made once; a page is those and numbers.

use std::collections::HashMap;
use std::fmt::{Display, Write};

use net::admin::{Kind, Value};

use super::families::{FAMILIES, LEFT_OUT};
use super::table::{ABSENT, Group, METRICS, Metric};
use super::{CIPHERS, Distribution, Latencies, Latency, Snapshot};

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Text,
    OpenMetrics,
}

impl Dialect {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Dialect::Text => "text/plain; version=0.0.4; charset=utf-8",
            Dialect::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a page is made from.
pub(crate) struct Exposition {
    families: Vec<Family>,
}

/// One metric as Prometheus sees it, which may be several of ours.
struct Family {
    name: String,
    kind: Kind,
    unit: Unit,
    help: String,
    members: Vec<Member>,
}

struct Member {
    metric: &'static Metric,
    /// Of a text, the label that it is the value of.
    labels: &'static str,
}

/// What a value is shown in: Prometheus knows base units alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    name: &'static str,
    /// How many of the metric's own make one of it.
    parts: u64,
}

impl Unit {
    fn of(metric: &Metric) -> Unit {
        let (name, parts) = match metric.unit {
            "microseconds" => ("seconds", 1_000_000),
            "nanoseconds" => ("seconds", 1_000_000_000),
            unit => (unit, 1),
        };
        Unit { name, parts }
    }

    /// `name` with its unit behind it, if it has one and does not say so.
    fn name(self, mut name: String) -> String {
        if !self.name.is_empty() && !name.ends_with(self.name) {
            name.push('_');
            name.push_str(self.name);
        }
        name
    }

    fn show(self, value: &Value<'_>, page: &mut Page) {
        match value {
            Value::Number(number) if self.parts == 1 => page.value(number),
            Value::Number(number) => page.value(*number as f64 / self.parts as f64),
            Value::Real(real) => page.value(real),
            Value::Text(_) => page.value(1),
        }
    }
}

impl Exposition {
    pub(crate) fn new() -> Exposition {
        let find: HashMap<_, _> = METRICS.iter().map(|it| ((it.group, it.name), it)).collect();
        let named = FAMILIES.iter().map(|family| {
            let members = family.members.iter().map(|(group, name, labels)| Member {
                metric: find[&(*group, *name)],
                labels,
            });
            Family::new(
                family.name.to_owned(),
                family.help.to_owned(),
                members.collect(),
            )
        });
        let others = METRICS
            .iter()
            .filter(|it| !is_named(it) && !is_left_out(it));
        let unnamed = others.map(|metric| {
            let labels = "";
            Family::new(
                own_name(metric),
                sentence(metric.help),
                vec![Member { metric, labels }],
            )
        });
        Exposition {
            families: named.chain(unnamed).collect(),
        }
    }

    /// Everything there is to tell.
    pub(crate) fn page(
        &self,
        dialect: Dialect,
        snapshot: &Snapshot,
        latencies: &Latencies,
    ) -> String {
        let mut page = Page {
            text: String::new(),
            dialect,
        };
        page.family("memcached_up", "gauge", "", "1: it answers.");
        page.sample("memcached_up", "");
        page.value(1);
        for family in &self.families {
            if family.members[0].metric.is_shown(snapshot) {
                family.show(snapshot, &mut page);
            }
        }
        show_latencies(latencies, &mut page);
        show_ttls(snapshot, &mut page);
        show_ciphers(snapshot, &mut page);
        page.finish()
    }
}

impl Family {
    fn new(name: String, help: String, members: Vec<Member>) -> Family {
        let first = members[0].metric;
        Family {
            name,
            kind: first.kind,
            unit: Unit::of(first),
            help,
            members,
        }
    }

    fn show(&self, snapshot: &Snapshot, page: &mut Page) {
        let kind = if self.kind == Kind::Counter {
            "counter"
        } else {
            "gauge"
        };
        page.family(&self.name, kind, self.unit.name, &self.help);
        for Member { metric, labels } in &self.members {
            let value = (metric.read)(snapshot);
            match &value {
                Value::Text(text) => page.sample(&self.name, &format!("{labels}=\"{text}\"")),
                _ => page.sample(&self.name, labels),
            }
            self.unit.show(&value, page);
        }
    }
}

/// It is not told at all.
fn is_left_out(metric: &Metric) -> bool {
    metric.help == ABSENT || LEFT_OUT.contains(&(metric.group, metric.name))
}

/// It is told as part of a family that has to be named.
fn is_named(metric: &Metric) -> bool {
    let mut members = FAMILIES.iter().flat_map(|family| family.members);
    members.any(|(group, name, _)| (*group, *name) == (metric.group, metric.name))
}

/// What a metric is called that is a family of its own.
fn own_name(metric: &Metric) -> String {
    let prefix = match metric.group {
        Group::Process => "process",
        Group::Tls => "cached_tls",
        Group::General | Group::GeneralTls | Group::Cached | Group::Segments => "cached",
    };
    let mut name = Unit::of(metric).name(format!("{prefix}_{}", metric.name));
    if metric.kind == Kind::Counter {
        name.push_str("_total");
    }
    name
}

/// A meaning in a few words, as a sentence.
fn sentence(help: &str) -> String {
    let mut letters = help.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// How long requests of each kind take.
fn show_latencies(latencies: &Latencies, page: &mut Page) {
    type Shown = (
        &'static str,
        &'static str,
        fn(&Latency<Distribution>) -> &Distribution,
    );
    const SHOWN: [Shown; 2] = [
        (
            "cached_request_duration_seconds",
            "From the poll of a request's turn until it was sent.",
            |latency| &latency.turn,
        ),
        (
            "cached_request_execution_seconds",
            "The execution alone of one request in 128.",
            |latency| &latency.own,
        ),
    ];
    for (name, help, read) in SHOWN {
        page.family(name, "histogram", "seconds", help);
        for (kind, latency) in latencies.kinds() {
            page.histogram(name, &format!("command=\"{}\"", kind.name()), read(latency));
        }
    }
}

/// What each group of segments holds whose items have similar TTLs.
fn show_ttls(snapshot: &Snapshot, page: &mut Page) {
    type Shown = (
        &'static str,
        &'static str,
        &'static str,
        fn(&storage::TtlGroup) -> u64,
    );
    const SHOWN: [Shown; 4] = [
        (
            "cached_ttl_segments",
            "",
            "Segments that hold items, by their TTL.",
            |g| g.holding.segments,
        ),
        (
            "cached_ttl_item_bytes",
            "bytes",
            "Memory of items, by TTL.",
            |g| g.holding.item_bytes,
        ),
        (
            "cached_ttl_dead_bytes",
            "bytes",
            "Of these, memory of items deleted or replaced.",
            |g| g.holding.dead_bytes,
        ),
        (
            "cached_ttl_expired_bytes",
            "bytes",
            "Of these, memory of expired items, as far as known.",
            |g| g.holding.expired_bytes,
        ),
    ];
    for (name, unit, help, read) in SHOWN {
        page.family(name, "gauge", unit, help);
        for group in &snapshot.census.groups {
            page.sample(name, &format!("ttl=\"{}\"", group.name));
            page.value(read(group));
        }
    }
}

/// Which ciphers clients and we agree on.
fn show_ciphers(snapshot: &Snapshot, page: &mut Page) {
    if snapshot.tls.is_none() {
        return;
    }
    let name = "cached_tls_ciphers_total";
    page.family(name, "counter", "", "TLS handshakes completed, by cipher.");
    for (cipher, completed) in CIPHERS.iter().zip(snapshot.counts.handshakes.ciphers) {
        page.sample(name, &format!("cipher=\"{cipher}\""));
        page.value(completed);
    }
}

/// A page being written.
struct Page {
    text: String,
    dialect: Dialect,
}

// Writing to a String cannot fail.
impl Page {
    /// What stands above the samples of a family, whose name is that of its samples.
    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        let name = match self.dialect {
            Dialect::Text => name,
            Dialect::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
        };
        let _ = writeln!(self.text, "# HELP {name} {help}");
        let _ = writeln!(self.text, "# TYPE {name} {kind}");
        if self.dialect == Dialect::OpenMetrics && !unit.is_empty() && name.ends_with(unit) {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
    }

    /// Begins a sample; its value comes next.
    fn sample(&mut self, name: &str, labels: &str) {
        self.text.push_str(name);
        if !labels.is_empty() {
            let _ = write!(self.text, "{{{labels}}}");
        }
    }

    fn value(&mut self, value: impl Display) {
        let _ = writeln!(self.text, " {value}");
    }

    fn histogram(&mut self, name: &str, labels: &str, distribution: &Distribution) {
        let bucket = format!("{name}_bucket");
        for (bound, count) in distribution.cumulative() {
            let bound = bound.as_secs_f64();
            self.sample(&bucket, &format!("{labels},le=\"{bound}\""));
            self.value(count);
        }
        let count = distribution.count();
        self.sample(&bucket, &format!("{labels},le=\"+Inf\""));
        self.value(count);
        self.sample(&format!("{name}_sum"), labels);
        self.value(distribution.sum().as_secs_f64());
        self.sample(&format!("{name}_count"), labels);
        self.value(count);
    }

    fn finish(mut self) -> String {
        if self.dialect == Dialect::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

#[cfg(test)]
mod tests;
