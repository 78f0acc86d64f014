use std::collections::HashSet;
use std::time::Duration;

use net::admin::{Kind, Value};

use super::*;

fn show(name: &str, snapshot: &Snapshot) -> String {
    let metric = METRICS.iter().find(|metric| metric.name == name);
    (metric.expect("a known metric").read)(snapshot).to_string()
}

#[test]
fn counts_of_all_workers_are_summed() {
    let metrics = Metrics::new(2);
    metrics.worker(0).cmd_get.add(3);
    metrics.worker(1).cmd_get.increment();
    metrics.listener.total_connections.add(7);
    let counts = metrics.read(storage::Counts::default());
    assert_eq!(counts.workers.cmd_get, 4);
    assert_eq!(counts.listener.total_connections, 7);
}

#[test]
fn a_reset_clears_counts_and_leaves_the_longest() {
    let metrics = Metrics::new(1);
    let before = storage::Counts {
        slice_ns_max: 5,
        stored: 9,
        ..Default::default()
    };
    metrics.worker(0).get_hits.add(10);
    metrics.reset(before);

    metrics.worker(0).get_hits.add(2);
    let after = storage::Counts {
        slice_ns_max: 6,
        stored: 10,
        ..Default::default()
    };
    let counts = metrics.read(after);
    assert_eq!(counts.workers.get_hits, 2);
    assert_eq!(counts.store.stored, 1);
    assert_eq!(counts.store.slice_ns_max, 6);
}

#[test]
fn what_was_counted_before_a_reset_would_be_shown_as_a_huge_number() {
    let metrics = Metrics::new(1);
    let counted = |stored| storage::Counts {
        stored,
        ..Default::default()
    };
    let before = counted(8);
    metrics.reset(counted(9));
    assert_eq!(metrics.read(before).store.stored, 0);
}

#[test]
fn two_resets_do_not_subtract_twice() {
    let metrics = Metrics::new(1);
    metrics.worker(0).bytes_read.add(10);
    metrics.reset(storage::Counts::default());
    metrics.reset(storage::Counts::default());
    assert_eq!(
        metrics.read(storage::Counts::default()).workers.bytes_read,
        0
    );
}

#[test]
fn no_metric_is_shown_twice_in_its_group() {
    let mut seen = HashSet::new();
    for metric in METRICS {
        let place = format!("{:?} {}", metric.group, metric.name);
        assert!(seen.insert(place), "{} is there twice", metric.name);
    }
}

#[test]
fn processor_time_has_the_form_that_exporters_split_at_the_dot() {
    let snapshot = Snapshot {
        cpu: CpuTime {
            user: Duration::from_micros(12_000_345),
            system: Duration::ZERO,
        },
        ..Default::default()
    };
    assert_eq!(show("rusage_user", &snapshot), "12.000345");
    assert_eq!(show("rusage_system", &snapshot), "0.000000");
}

#[test]
fn processor_time_is_the_kernels() {
    let first = CpuTime::now();
    let mut sum = 0_u64;
    for round in 0..20_000_000_u64 {
        sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(round));
    }
    let second = CpuTime::now();
    assert!(
        second.user + second.system > first.user + first.system,
        "{sum}"
    );
}

#[test]
fn a_text_is_the_only_metric_without_a_number() {
    let snapshot = Snapshot::default();
    for metric in METRICS {
        let value = (metric.read)(&snapshot);
        assert_eq!(
            metric.kind == Kind::Text,
            matches!(value, Value::Text(_)),
            "{}",
            metric.name
        );
    }
}
