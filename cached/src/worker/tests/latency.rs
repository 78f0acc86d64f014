//! Every request has its latency, under its kind.

use super::*;
use crate::metrics::Latencies;

/// How many requests of each kind there are latencies of: from turn to send, and timed alone.
fn counted(latencies: &Latencies) -> Vec<(&'static str, u64, u64)> {
    let kinds = latencies.kinds();
    let counts = kinds.map(|(kind, of)| (kind.name(), of.turn.count(), of.own.count()));
    counts.filter(|(_, turn, _)| *turn > 0).collect()
}

#[test]
fn a_request_would_count_under_another_kind_or_not_at_all() {
    let mut rig = rig(|_| ());
    let mut client = rig.connect();
    let value = "v".repeat(20 << 10);
    let set = format!("set large 0 0 {}\r\n", value.len());
    rig.exchange(&mut client, b"set k 0 0 1\r\n5\r\n", b"STORED\r\n");
    rig.send(&mut client, set.as_bytes());
    rig.step();
    rig.send(&mut client, value.as_bytes());
    rig.exchange(&mut client, b"\r\n", b"STORED\r\n");
    for (request, reply) in [
        ("get k x y\r\n", "VALUE k 0 1\r\n5\r\nEND\r\n"),
        ("gat 0 k\r\n", "VALUE k 0 1\r\n5\r\nEND\r\n"),
        ("mg k\r\n", "HD\r\n"),
        ("incr k 1\r\n", "6\r\n"),
        ("touch k 0\r\n", "TOUCHED\r\n"),
        ("md k I\r\n", "HD\r\n"),
        ("delete x\r\n", "NOT_FOUND\r\n"),
        ("mn\r\n", "MN\r\n"),
        ("misbehave\r\n", "ERROR\r\n"),
    ] {
        rig.exchange(&mut client, request.as_bytes(), reply.as_bytes());
    }
    let counts = counted(&rig.metrics.latencies());
    let counts: Vec<_> = counts.into_iter().map(|(k, turn, _)| (k, turn)).collect();
    assert_eq!(
        counts,
        [
            ("get", 4),
            ("gat", 1),
            ("store", 2),
            ("delete", 2),
            ("arith", 1),
            ("touch", 1),
            ("other", 1),
        ]
    );
}

#[test]
fn requests_would_not_be_timed_alone_or_all_of_them() {
    let mut rig = rig(|_| ());
    let mut client = rig.connect();
    let gets = "get k\r\n".repeat(1000);
    let ends = "END\r\n".repeat(1000);
    for _ in 0..20 {
        rig.exchange(&mut client, gets.as_bytes(), ends.as_bytes());
    }
    let counts = counted(&rig.metrics.latencies());
    let [("get", 20_000, own)] = counts[..] else {
        panic!("{counts:?}");
    };
    assert!((50..500).contains(&own), "{own}");
}
