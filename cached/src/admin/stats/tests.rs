use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::super::fixture;
use super::super::stat_connections::SHOWN_MAX;
use super::*;
use crate::connections::Listening;
use crate::metrics::{Executed, Kind};
use crate::sampling::{Asked, Collector, Sample};
use crate::settings::Config;

fn report(stats: &Stats, group: &str) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    stats
        .report(group.as_bytes(), &mut |name, value| {
            rows.push((name.to_owned(), value.to_owned()));
        })
        .expect("a known group");
    rows
}

fn value(rows: &[(String, String)], name: &str) -> String {
    let row = rows.iter().find(|row| row.0 == name);
    row.unwrap_or_else(|| panic!("no {name} in {rows:?}"))
        .1
        .clone()
}

/// Stores one item; the writer keeps its tail open.
fn store_item(stats: &Stats, ttl: storage::Seconds) -> storage::Writer {
    let mut participant = stats.store.join().expect("a place");
    let mut writer = stats.store.writer().expect("a writer");
    let now = stats.clock.now();
    let guard = participant.enter(now);
    let deadline = if ttl == 0 { 0 } else { now + ttl };
    let condition = storage::Condition::Always;
    let stored = writer.store(&guard, b"key", b"value", 0, deadline, condition);
    assert!(matches!(stored, Ok(storage::Stored::Stored { .. })));
    writer.settle(&guard);
    drop(guard);
    writer
}

#[test]
fn with_tls_stats_has_memcacheds_keys_of_it_too() {
    let files = crate::tls::fixture::tls();
    let stats = fixture::stats_with(Config::default(), Some(files.tls));
    let rows = report(&stats, "");
    let without = report(&fixture::stats(), "");
    let general: Vec<_> = without.iter().map(|row| row.0.as_str()).collect();
    let added: Vec<_> = rows
        .iter()
        .map(|row| row.0.as_str())
        .filter(|key| !general.contains(key))
        .collect();
    assert_eq!(
        added,
        ["ssl_handshake_errors", "time_since_server_cert_refresh"]
    );
    assert!(length(&rows) <= 4096, "collectd's buffer");
    let rows = report(&stats, "settings");
    assert_eq!(value(&rows, "ssl_enabled"), "yes");
    assert_eq!(value(&rows, "ssl_min_version"), "tlsv1.2");
}

#[test]
fn handshakes_are_told_by_cipher_and_sessions_as_what_is_left() {
    let stats = fixture::stats();
    assert_eq!(report(&stats, "tls"), [], "without TLS");
    let files = crate::tls::fixture::tls();
    let stats = fixture::stats_with(Config::default(), Some(files.tls));
    let counters = &stats.metrics.handshakes;
    counters.begun.add(4);
    for cipher in ["TLS_AES_256_GCM_SHA384", "a-new-one"] {
        counters.complete(net::tls::Agreed {
            is_tls13: true,
            cipher,
            is_resumed: false,
        });
    }
    counters.fail(net::tls::Cause::Name);
    stats.metrics.worker(0).tls_closed.increment();
    let rows = report(&stats, "tls");
    assert_eq!(value(&rows, "sessions"), "1");
    assert_eq!(value(&rows, "handshakes_under_way"), "1");
    assert_eq!(value(&rows, "handshakes_tls13"), "2");
    assert_eq!(value(&rows, "failed_name"), "1");
    assert_eq!(value(&rows, "cipher:TLS_AES_256_GCM_SHA384"), "1");
    assert_eq!(value(&rows, "cipher:other"), "1");
    assert_eq!(value(&rows, "certificate_days"), "89");

    stats.reset();
    let rows = report(&stats, "tls");
    assert_eq!(value(&rows, "handshakes_tls13"), "0");
    assert_eq!(value(&rows, "sessions"), "1", "there still is");
}

#[test]
fn stats_stays_within_the_buffer_of_collectd() {
    let bytes = length(&report(&fixture::stats(), ""));
    assert!(bytes <= 4096, "{bytes} bytes");
}

/// Bytes of a report at most, whatever the values.
fn length(rows: &[(String, String)]) -> usize {
    let widest = u64::MAX.to_string().len();
    let lines = rows
        .iter()
        .map(|(name, value)| "STAT  \r\n".len() + name.len() + value.len().max(widest));
    lines.sum::<usize>() + "END\r\n".len()
}

#[test]
fn an_uptime_of_zero_is_never_shown() {
    // Rates are computed by dividing by it.
    assert_ne!(value(&report(&fixture::stats(), ""), "uptime"), "0");
}

#[test]
fn the_version_begins_with_the_numbers_that_clients_read() {
    let version = value(&report(&fixture::stats(), ""), "version");
    let (numbers, _) = version.split_once('-').expect("memcached's, then ours");
    let numbers: Vec<u8> = numbers
        .split('.')
        .map(|n| n.parse().expect("a number"))
        .collect();
    assert_eq!(numbers.len(), 3);
    // libmemcached gives up on a server of major version 0.
    assert_ne!(numbers[0], 0);
}

#[test]
fn every_group_is_known_to_the_report() {
    let stats = fixture::stats();
    for group in GROUPS.iter().filter(|group| **group != "process") {
        report(&stats, group);
    }
    let none = &mut |_: &str, _: &str| {};
    for group in ["process", "detail", "cachedump", "nonsense", "STATS"] {
        assert_eq!(stats.report(group.as_bytes(), none), Err(NoSuchGroup));
    }
    assert_eq!(stats.report(b"\xff", none), Err(NoSuchGroup));
}

#[test]
fn a_reset_is_seen_in_the_next_report() {
    let stats = fixture::stats();
    stats.metrics.worker(0).cmd_get.add(5);
    assert_eq!(value(&report(&stats, ""), "cmd_get"), "5");
    stats.reset();
    assert_eq!(value(&report(&stats, ""), "cmd_get"), "0");
}

#[test]
fn settings_tell_exporters_that_there_is_no_crawler() {
    let stats = fixture::stats();
    let rows = report(&stats, "settings");
    assert_eq!(value(&rows, "lru_crawler"), "no");
    assert_eq!(value(&rows, "maxconns"), "1024");
    assert_eq!(value(&rows, "maxbytes"), "67108864");
    assert_eq!(value(&rows, "item_size_max"), "1048576");
    assert_eq!(value(&rows, "domain_socket"), "NULL");
    assert_eq!(value(&rows, "umask"), "700");
    stats.log.set_verbosity(2);
    assert_eq!(value(&report(&stats, "settings"), "verbosity"), "2");
}

#[test]
fn connections_are_listed_as_memcached_lists_them() {
    let stats = fixture::stats();
    let peer = net::socket::Endpoint::Inet(([127, 0, 0, 1], 50_000).into());
    let now = stats.clock.now();
    let _open = stats.connections.open(0, 9, &peer, now).expect("room");
    let rows = report(&stats, "conns");
    assert_eq!(value(&rows, "3:addr"), "tcp:127.0.0.1:11211");
    assert_eq!(value(&rows, "3:state"), "conn_listening");
    assert_eq!(value(&rows, "9:addr"), "tcp:127.0.0.1:50000");
    assert_eq!(value(&rows, "9:listen_addr"), "tcp:127.0.0.1:11211");
    assert!(value(&rows, "9:secs_since_last_cmd").parse::<u64>().is_ok());
    assert_eq!(value(&report(&stats, ""), "curr_connections"), "1");
}

#[test]
fn connections_beyond_the_bound_of_a_report_are_counted() {
    let mut stats = fixture::stats();
    let listener = net::socket::Endpoint::Inet(([127, 0, 0, 1], 11211).into());
    let table = Connections::new(SHOWN_MAX + 3, vec![Listening::plain(3, listener)]);
    stats.connections = Arc::new(table);
    let peer = net::socket::Endpoint::Inet(([127, 0, 0, 1], 50_000).into());
    let now = stats.clock.now();
    let mut open = |fd| stats.connections.open(0, fd, &peer, now).expect("room");
    let mut all: Vec<_> = (0..).take(SHOWN_MAX).map(&mut open).collect();
    let hidden = |stats: &Stats| {
        let rows = report(stats, "conns");
        let row = rows
            .into_iter()
            .find(|row| row.0 == "connections_not_shown");
        row.map(|row| row.1)
    };
    assert_eq!(hidden(&stats), None);
    all.extend((0..3).map(&mut open));
    assert_eq!(hidden(&stats).as_deref(), Some("3"));
}

#[test]
fn items_are_one_class_once_there_are_any() {
    let stats = fixture::stats();
    assert_eq!(report(&stats, "items"), []);

    let _writer = store_item(&stats, 0);
    assert_eq!(value(&report(&stats, "items"), "items:1:number"), "1");
}

#[test]
fn what_polls_expired_bytes_and_free_segments_finds_them() {
    let stats = fixture::stats();
    let rows = report(&stats, "segments");
    assert_eq!(value(&rows, "expired_bytes"), "0");
    assert_eq!(value(&rows, "segments_free"), value(&rows, "segments"));
    let _writer = store_item(&stats, 20);
    let rows = report(&stats, "segments");
    assert_ne!(value(&rows, "open_item_bytes"), "0");
    assert_ne!(value(&rows, "overhead_per_item"), "0.000000");
    assert_ne!(value(&rows, "segments_free"), value(&rows, "segments"));
}

#[test]
fn ttl_groups_are_told_with_every_row_they_have() {
    let stats = fixture::stats();
    assert_eq!(report(&stats, "ttl"), []);
    let writer = store_item(&stats, 1_000);
    let rows = report(&stats, "ttl");
    let names: Vec<_> = rows.iter().map(|row| &row.0[..]).collect();
    assert_eq!(
        names,
        [
            "hour:ttl_max",
            "hour:segments",
            "hour:segments_open",
            "hour:item_bytes",
            "hour:dead_bytes",
            "hour:expired_bytes",
            "hour:age_oldest",
            "hour:age_youngest",
            "hour:expires_in",
        ]
    );
    assert_eq!(value(&rows, "hour:ttl_max"), "3600");
    assert_eq!(value(&rows, "hour:segments_open"), "1");
    // Sealed, it is no tail any more.
    drop(writer);
    assert_eq!(value(&report(&stats, "ttl"), "hour:segments"), "1");
    assert_eq!(value(&report(&stats, "ttl"), "hour:segments_open"), "0");
}

#[test]
fn latencies_would_be_told_under_another_kind() {
    let stats = fixture::stats();
    assert_eq!(report(&stats, "latency"), [], "without requests");
    let worker = stats.metrics.worker_latency(0);
    let mut executed = Executed::default();
    executed.count(Kind::Touch);
    worker.add_turn(&mut executed, Duration::from_nanos(100));
    worker.add_own(Kind::Touch, Duration::from_nanos(30));
    let rows = report(&stats, "latency");
    assert_eq!(rows.len(), STAT_LATENCY.len());
    for (name, wanted) in [
        ("touch:requests", "1"),
        ("touch:p50_ns", "103"),
        ("touch:max_ns", "103"),
        ("touch:own_requests", "1"),
        ("touch:own_p99_ns", "30"),
    ] {
        assert_eq!(value(&rows, name), wanted, "{name}");
    }
    let one = [("touch:103".to_owned(), "1".to_owned())];
    assert_eq!(report(&stats, "buckets"), one);
    stats.reset();
    assert_eq!(report(&stats, "latency"), []);
    assert_eq!(report(&stats, "buckets"), []);
}

/// How `memcached_exporter` reads what it asks for.
fn exported(rows: &[(String, String)], key: &str) -> f64 {
    let text = value(rows, key);
    if !key.starts_with("rusage_") {
        return text.parse().unwrap_or_else(|_| panic!("{key} is {text}"));
    }
    // Seconds and microseconds, told apart by the only dot.
    let parts: Vec<_> = text.split('.').collect();
    assert_eq!(parts.len(), 2, "{key} is {text}");
    let parts = [0, 1].map(|part| parts[part].parse::<f64>().expect("a number"));
    parts[0] + parts[1] / 1e6
}

#[test]
fn memcached_exporter_would_find_a_key_missing_or_no_number() {
    let stats = fixture::stats();
    let _writer = store_item(&stats, 0);
    let worker = stats.metrics.worker(0);
    worker.cmd_set.add(9);
    worker.cas_hits.add(4);
    let rows = report(&stats, "");
    for key in [
        "uptime rusage_user rusage_system time bytes_read bytes_written limit_maxbytes bytes",
        "max_connections curr_connections total_connections rejected_connections conn_yields",
        "listen_disabled_num accepting_conns cmd_set cmd_flush cas_hits cas_misses cas_badval",
        "get_hits get_misses delete_hits delete_misses incr_hits incr_misses decr_hits",
        "decr_misses touch_hits touch_misses curr_items total_items evictions reclaimed",
        "store_too_large store_no_memory lru_crawler_starts crawler_items_checked",
        "crawler_reclaimed moves_to_cold moves_to_warm moves_within_lru direct_reclaims",
    ]
    .into_iter()
    .flat_map(str::split_whitespace)
    {
        assert!(exported(&rows, key) >= 0.0, "{key}");
    }
    let cas = ["cas_hits", "cas_misses", "cas_badval"];
    let cas: f64 = cas.map(|key| exported(&rows, key)).iter().sum();
    assert!(exported(&rows, "cmd_set") >= cas, "a set count below zero");
    let version = value(&rows, "version");
    assert!(version.split('.').count() >= 3, "{version}");

    let settings = report(&stats, "settings");
    assert!(exported(&settings, "maxconns") > 0.0);
    // With "yes" it asks for the crawler's settings, and takes the server for down without them.
    assert_eq!(value(&settings, "lru_crawler"), "no");
    // What has no class in its key, and what has.
    for (group, prefix) in [("slabs", ""), ("items", "items:")] {
        for (name, value) in report(&stats, group) {
            let class = name
                .strip_prefix(prefix)
                .and_then(|rest| rest.split_once(':'));
            assert!(
                class.is_none_or(|(class, _)| class.parse::<u64>().is_ok()),
                "{name}"
            );
            assert!(value.parse::<u64>().is_ok(), "{name} is {value}");
        }
    }
    assert!(exported(&report(&stats, "slabs"), "total_malloced") > 0.0);
}

/// Has the collector see one request for `key`.
fn see(stats: &Stats, key: &[u8], bytes: usize) {
    let (ring, samples) = crossbeam_channel::bounded(1);
    let asked = Asked {
        command: "get",
        key: Some(key),
        brought: bytes,
    };
    let sample = Sample {
        for_keys: true,
        ..Sample::new(&asked)
    };
    ring.try_send(sample).expect("room");
    let recording = Arc::clone(&stats.recording);
    Collector::new(vec![samples], recording).run(&AtomicBool::new(true));
}

#[test]
fn a_hot_key_would_be_told_of_with_the_figures_of_another() {
    let stats = fixture::stats();
    see(&stats, b"large\n", 300);
    see(&stats, b"often", 50);
    see(&stats, b"often", 50);
    let hot = |by: &str| {
        let mut rows = Vec::new();
        let told = stats.hot_keys(by, &mut |row| {
            rows.push(format!("{} {}", row.name, row.value));
        });
        told.map(|()| rows)
    };
    assert_eq!(
        hot("ops").expect("rows"),
        [
            "window 60",
            "sample 100",
            "samples 3",
            "1:key often",
            "1:share 0.666667",
            "1:requests 200",
            "2:key large%0A",
            "2:share 0.333333",
            "2:requests 100",
        ]
    );
    let bytes = hot("bytes").expect("rows");
    assert_eq!(
        bytes[3..6],
        ["1:key large%0A", "1:share 0.750000", "1:bytes 30000"]
    );
    assert!(hot("age").expect_err("no such order").contains("'age'"));

    let mut config = Config::default();
    config.hotkeys.sample = 0;
    let stats = fixture::stats_with(config, None);
    let off = stats.hot_keys("ops", &mut |_| ());
    assert!(off.expect_err("it is off").contains("hotkeys.sample"));
}
