use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::*;
use crate::metrics::Metrics;
use crate::tls::Status;

/// A moment with something in each group.
fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot {
        tls: Some(Status {
            expires: SystemTime::UNIX_EPOCH,
            age: Duration::ZERO,
            reloads: 0,
            failed_reloads: 0,
        }),
        uptime: 5,
        ..Snapshot::default()
    };
    snapshot.counts.workers.get_hits = 3;
    snapshot.counts.workers.closed_idle = 2;
    snapshot.counts.store.slice_ns_max = 1500;
    snapshot.census.groups.push(storage::TtlGroup {
        name: "hour".to_owned(),
        ..storage::TtlGroup::default()
    });
    snapshot
}

fn page(dialect: Dialect) -> String {
    Exposition::new().page(dialect, &snapshot(), &Latencies::default())
}

/// The lines that are samples, each in two: what it is of, and the value.
fn samples(page: &str) -> Vec<(&str, &str)> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').expect("a value"))
        .collect()
}

#[test]
fn a_metric_would_be_told_by_no_name_or_by_two() {
    let page = page(Dialect::Text);
    let names: Vec<_> = samples(&page).into_iter().map(|(name, _)| name).collect();
    let distinct: HashSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len());

    for (group, name) in LEFT_OUT {
        assert!(
            METRICS
                .iter()
                .any(|it| (it.group, it.name) == (*group, *name))
        );
    }
    let of_table: usize = Exposition::new()
        .families
        .iter()
        .map(|it| it.members.len())
        .sum();
    let absent = METRICS
        .iter()
        .filter(|metric| metric.help == ABSENT)
        .count();
    // The size of the heap has memcached's name beside ours.
    assert_eq!(of_table, METRICS.len() - absent - LEFT_OUT.len() + 1);
}

#[test]
fn a_family_would_mix_kinds_or_units_or_repeat_its_labels() {
    for family in Exposition::new().families {
        let mut labels = HashSet::new();
        for member in &family.members {
            assert_eq!(member.metric.kind, family.kind, "{}", family.name);
            assert_eq!(Unit::of(member.metric), family.unit, "{}", family.name);
            assert!(labels.insert(member.labels), "{}", family.name);
        }
        assert_eq!(
            family.name.ends_with("_total"),
            family.kind == Kind::Counter
        );
        let base = family.name.trim_end_matches("_total");
        assert!(base.ends_with(family.unit.name), "{}", family.name);
        assert!(family.help.ends_with('.') && !family.help.contains(['\\', '\n', '"']));
    }
}

#[test]
fn a_unit_would_be_no_base_unit() {
    for metric in METRICS.iter().filter(|metric| !is_left_out(metric)) {
        let unit = Unit::of(metric).name;
        assert!(matches!(unit, "" | "seconds" | "bytes"), "{}", metric.name);
    }
    let page = page(Dialect::Text);
    assert!(samples(&page).contains(&("cached_reclaim_slice_max_seconds", "0.0000015")));
}

#[test]
fn what_was_made_for_memcached_exporter_would_not_find_its_names() {
    let page = page(Dialect::Text);
    let samples = samples(&page);
    for (name, value) in [
        ("memcached_up", "1"),
        ("memcached_uptime_seconds", "5"),
        (
            r#"memcached_commands_total{command="get",status="hit"}"#,
            "3",
        ),
        (
            r#"memcached_commands_total{command="set",status="hit"}"#,
            "0",
        ),
        (
            r#"memcached_commands_total{command="cas",status="badval"}"#,
            "0",
        ),
        ("memcached_current_bytes", "0"),
        ("memcached_limit_bytes", "0"),
        ("memcached_current_connections", "0"),
        ("memcached_current_items", "0"),
        ("memcached_items_evicted_total", "0"),
        ("memcached_read_bytes_total", "0"),
        (r#"cached_connections_closed_total{reason="idle"}"#, "2"),
    ] {
        assert!(samples.contains(&(name, value)), "{name}");
    }
    let version = format!("memcached_version{{version=\"{}\"}}", crate::WIRE_VERSION);
    assert!(samples.contains(&(&version, "1")));
}

#[test]
fn the_two_formats_would_be_taken_for_each_other() {
    let (text, open) = (page(Dialect::Text), page(Dialect::OpenMetrics));
    assert_eq!(samples(&text), samples(&open));
    let read = "# TYPE memcached_read_bytes";
    assert!(text.contains(&format!("{read}_total counter\n")));
    assert!(open.contains(&format!("{read} counter\n")));
    assert!(open.contains("# UNIT memcached_read_bytes bytes\n"));
    assert!(!text.contains("# UNIT") && !text.contains("# EOF"));
    assert!(open.ends_with("\n# EOF\n"));
}

#[test]
fn without_tls_a_certificate_would_seem_to_have_ended() {
    let snapshot = Snapshot::default();
    let page = Exposition::new().page(Dialect::Text, &snapshot, &Latencies::default());
    assert!(!page.contains("cached_tls"));
}

#[test]
fn a_histogram_would_lose_the_slowest_or_not_add_up() {
    let metrics = Metrics::new(1);
    for took in [Duration::from_micros(3), Duration::from_secs(40)] {
        metrics
            .worker_latency(0)
            .add_own(super::super::Kind::Get, took);
    }
    let page = Exposition::new().page(Dialect::Text, &snapshot(), &metrics.latencies());
    let name = "cached_request_execution_seconds";
    let count = |suffix: &str| {
        let samples = samples(&page);
        let sample = format!("{name}{suffix}");
        let found = samples.iter().find(|(name, _)| *name == sample);
        found.unwrap_or_else(|| panic!("no {sample}")).1.to_owned()
    };
    assert_eq!(count(r#"_bucket{command="get",le="0.000001"}"#), "0");
    assert_eq!(count(r#"_bucket{command="get",le="0.000004"}"#), "1");
    assert_eq!(count(r#"_bucket{command="get",le="10"}"#), "1");
    assert_eq!(count(r#"_bucket{command="get",le="+Inf"}"#), "2");
    assert_eq!(count(r#"_count{command="get"}"#), "2");
    assert_eq!(count(r#"_sum{command="get"}"#), "40.000003");
}

#[test]
fn a_dashboard_or_an_alert_would_ask_for_a_metric_that_is_not_there() {
    let page = page(Dialect::Text);
    let samples = samples(&page);
    let names: HashSet<_> = samples
        .iter()
        .map(|(sample, _)| sample.split_once('{').map_or(*sample, |(name, _)| name))
        .collect();
    for file in [
        include_str!("../../../../packaging/grafana/cached.json"),
        include_str!("../../../../packaging/prometheus/cached.rules.yml"),
    ] {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let words = file.split(|c| !is_of_name(c));
        let is_ours = |word: &&str| {
            let ours = ["memcached_", "cached_", "process_"];
            ours.iter().any(|prefix| word.starts_with(prefix))
        };
        let mut asked = words.filter(is_ours).peekable();
        assert!(asked.peek().is_some());
        for name in asked {
            assert!(names.contains(name), "{name}");
        }
    }
}
