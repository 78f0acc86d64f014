//! Commands count as memcached counts them.

use super::*;

type Count = (&'static str, u64);

/// The counters of commands, with memcached's names.
fn counted(counters: &WorkerCounters) -> Vec<Count> {
    let named = [
        ("cmd_get", counters.cmd_get.get()),
        ("cmd_set", counters.cmd_set.get()),
        ("cmd_touch", counters.cmd_touch.get()),
        ("cmd_flush", counters.cmd_flush.get()),
        ("cmd_meta", counters.cmd_meta.get()),
        ("get_hits", counters.get_hits.get()),
        ("get_misses", counters.get_misses.get()),
        ("delete_hits", counters.delete_hits.get()),
        ("delete_misses", counters.delete_misses.get()),
        ("incr_hits", counters.incr_hits.get()),
        ("incr_misses", counters.incr_misses.get()),
        ("decr_hits", counters.decr_hits.get()),
        ("decr_misses", counters.decr_misses.get()),
        ("cas_hits", counters.cas_hits.get()),
        ("cas_misses", counters.cas_misses.get()),
        ("cas_badval", counters.cas_badval.get()),
        ("touch_hits", counters.touch_hits.get()),
        ("touch_misses", counters.touch_misses.get()),
        ("store_too_large", counters.store_too_large.get()),
    ];
    named.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_command_counts_under_no_other_name_than_memcacheds() {
    const TOO_LARGE: &str = "SERVER_ERROR object too large for cache";
    let large = format!("set k 0 0 2000\r\n{}", "v".repeat(2000));
    // With k = 5 stored before: the request, its reply, and what both add to.
    let cases: [(&str, &str, &[Count]); 30] = [
        (
            "get k",
            "VALUE k 0 1\r\n5\r\nEND",
            &[("cmd_get", 1), ("get_hits", 1)],
        ),
        ("get x y", "END", &[("cmd_get", 2), ("get_misses", 2)]),
        (
            "gat 0 k",
            "VALUE k 0 1\r\n5\r\nEND",
            &[("cmd_touch", 1), ("touch_hits", 1)],
        ),
        ("gat 0 x", "END", &[("cmd_touch", 1), ("touch_misses", 1)]),
        (
            "touch k 0",
            "TOUCHED",
            &[("cmd_touch", 1), ("touch_hits", 1)],
        ),
        (
            "touch x 0",
            "NOT_FOUND",
            &[("cmd_touch", 1), ("touch_misses", 1)],
        ),
        ("set x 0 0 1\r\nv", "STORED", &[("cmd_set", 1)]),
        ("add k 0 0 1\r\nv", "NOT_STORED", &[("cmd_set", 1)]),
        ("replace x 0 0 1\r\nv", "NOT_STORED", &[("cmd_set", 1)]),
        ("append k 0 0 1\r\nv", "STORED", &[("cmd_set", 1)]),
        (
            "cas k 0 0 1 0\r\nv",
            "EXISTS",
            &[("cmd_set", 1), ("cas_badval", 1)],
        ),
        (
            "cas x 0 0 1 0\r\nv",
            "NOT_FOUND",
            &[("cmd_set", 1), ("cas_misses", 1)],
        ),
        ("delete k", "DELETED", &[("delete_hits", 1)]),
        ("delete x", "NOT_FOUND", &[("delete_misses", 1)]),
        ("incr k 1", "6", &[("incr_hits", 1)]),
        ("incr x 1", "NOT_FOUND", &[("incr_misses", 1)]),
        ("decr k 1", "4", &[("decr_hits", 1)]),
        ("decr x 1", "NOT_FOUND", &[("decr_misses", 1)]),
        ("flush_all", "OK", &[("cmd_flush", 1)]),
        ("mg k v", "VA 1\r\n5", &[("cmd_get", 1), ("get_hits", 1)]),
        ("mg k u", "HD", &[("cmd_get", 1), ("get_hits", 1)]),
        ("mg k T9", "HD", &[("cmd_touch", 1), ("touch_hits", 1)]),
        ("mg x T9", "EN", &[("cmd_get", 1), ("get_misses", 1)]),
        ("mg x N9", "HD W", &[("cmd_get", 1), ("get_hits", 1)]),
        ("ms k 1\r\nv", "HD", &[("cmd_set", 1)]),
        ("md k I", "HD", &[]),
        ("ma k", "HD", &[("incr_hits", 1)]),
        ("me x", "EN", &[("cmd_meta", 1)]),
        ("mn", "MN", &[]),
        (&large, TOO_LARGE, &[("store_too_large", 1)]),
    ];
    for (request, reply, counts) in cases {
        let mut rig = rig(|config| config.max_item_size = 1024);
        rig.store("k", b"5").unwrap();
        let mut client = rig.connect();
        rig.exchange(
            &mut client,
            format!("{request}\r\n").as_bytes(),
            format!("{reply}\r\n").as_bytes(),
        );
        let shown = &request[..request.len().min(20)];
        assert_eq!(counted(rig.counters()), counts, "{shown}");
    }
}

#[test]
fn a_cas_that_fits_counts_as_a_hit() {
    let mut rig = rig(|_| {});
    rig.store("k", b"5").unwrap();
    let mut client = rig.connect();
    client.write_all(b"gets k\r\n").unwrap();
    let reply = String::from_utf8(rig.receive(&mut client, 20)).unwrap();
    let unique = reply.split_whitespace().nth(4).unwrap();
    let cas = format!("cas k 0 0 1 {unique}\r\nv\r\n");
    rig.exchange(&mut client, cas.as_bytes(), b"STORED\r\n");
    assert_eq!(rig.counters().cas_hits.get(), 1);
    assert_eq!(rig.counters().cmd_set.get(), 1);
}

#[test]
fn a_client_of_the_binary_protocol_would_go_uncounted() {
    let mut rig = rig(|_| {});
    for _ in 0..2 {
        let mut client = rig.connect();
        client.write_all(&[0x80; 24]).unwrap();
        rig.step();
        rig.step();
        assert!(is_closed(&mut client));
    }
    let mut browser = rig.connect();
    browser.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    rig.step();
    rig.step();
    assert!(is_closed(&mut browser));
    assert_eq!(rig.counters().closed_binary.get(), 2);
    assert_eq!(rig.counters().closed_protocol.get(), 3);
}

#[test]
fn renewals_and_what_is_invalidated_are_counted() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    rig.store("k", b"5").unwrap();
    rig.exchange(
        &mut client,
        b"mg x N9\r\nmg x\r\nmd k I\r\nmg k\r\nmg k\r\nmd y I\r\n",
        b"HD W\r\nHD Z\r\nHD\r\nHD X W\r\nHD Z X\r\nNF\r\n",
    );
    assert_eq!(rig.counters().renewals.get(), 2);
    assert_eq!(rig.counters().invalidated.get(), 1);
}

#[test]
fn an_access_would_be_forgotten_that_wins_or_makes_an_item() {
    for (request, is_kept) in [
        ("mg k l R300", true),
        ("mg k l T100 R300", true),
        ("mg new l N100", true),
        ("mg k l R300 u", false),
        ("mg new l N100 u", false),
        ("mg k R300", false),
    ] {
        let mut rig = rig(|_| {});
        let mut client = rig.connect();
        rig.exchange(&mut client, b"ms k 1 T100\r\nv\r\n", b"HD\r\n");
        client
            .write_all(format!("{request}\r\n").as_bytes())
            .unwrap();
        let reply = rig.receive(&mut client, 1);
        assert!(reply.ends_with(b" W\r\n"), "{request}");
        let now = rig.worker.engine.clock.now();
        let guard = rig.worker.participant.enter(now);
        let key = request.split(' ').nth(1).unwrap();
        let item = rig.store.peek(&guard, key.as_bytes(), false).unwrap();
        assert_eq!(item.is_tracked(), is_kept, "{request}");
        assert_eq!(item.was_fetched(), !request.ends_with('u'), "{request}");
    }
}
