//! Every request has its latency, under its kind.

use super::*;
use storage::Eviction;

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

#[test]
fn hits_would_not_tell_how_old_their_items_are() {
    let mut rig = rig(|config| config.eviction = Eviction::Fifo);
    let mut client = rig.connect();
    let value = "v".repeat(4000);
    let keys: Vec<_> = (0..8000).map(|number| format!("key{number}")).collect();
    for key in &keys {
        let set = format!("set {key} 0 0 {}\r\n{value}\r\n", value.len());
        rig.exchange(&mut client, set.as_bytes(), b"STORED\r\n");
    }
    let guard = rig.worker.participant.enter(2);
    let is_there = |key: &&String| rig.store.get(&guard, key.as_bytes()).is_some();
    let (oldest, youngest) = (keys.iter().find(is_there), keys.iter().rfind(is_there));
    let (oldest, youngest) = (oldest.expect("one"), youngest.expect("another"));
    drop(guard);

    let mut placed = |request: &str, reply: &str, key: &str| {
        let before = rig.metrics.read(storage::Counts::default()).workers;
        let requests = request.replace("KEY", key).repeat(1000);
        for _ in 0..20 {
            rig.exchange(
                &mut client,
                requests.as_bytes(),
                reply.repeat(1000).as_bytes(),
            );
        }
        let after = rig.metrics.read(storage::Counts::default()).workers;
        let placed = after.hits_placed - before.hits_placed;
        (placed, after.hits_oldest_eighth - before.hits_oldest_eighth)
    };
    let (hits, old) = placed("mg KEY\r\n", "HD\r\n", oldest);
    assert!((50..500).contains(&hits) && old == hits, "{old} of {hits}");
    let (hits, old) = placed("mg KEY\r\n", "HD\r\n", youngest);
    assert!((50..500).contains(&hits) && old == 0, "{old} of {hits}");
    for (request, reply) in [
        ("mg none\r\n", "EN\r\n"),
        ("touch KEY 0\r\n", "TOUCHED\r\n"),
    ] {
        assert_eq!(placed(request, reply, youngest), (0, 0), "{request}");
    }
}
