//! A store that is full makes requests wait, or refuses them.

use super::*;
use storage::Eviction;

/// Stores until the store is out of space; returns the number of the last key that was stored.
fn fill(rig: &mut Rig) -> usize {
    for number in 0..100_000 {
        if rig.store(&format!("key{number}"), &[b'v'; 4000]) == Err(NoSpace::Retry) {
            return number - 1;
        }
    }
    panic!("the store is never full");
}

/// Stores items of 100 seconds until there is no room for them either.
fn fill_dated(rig: &mut Rig) {
    let now = rig.worker.engine.clock.now();
    let guard = rig.worker.participant.enter(now);
    let writer = &mut rig.worker.engine.writer;
    let mut store = |number: u32| {
        let (key, always) = (number.to_le_bytes(), Condition::Always);
        writer.store(&guard, &key, &[b'v'; 4000], 0, now + 100, always)
    };
    assert!((0..100_000).any(|number| store(number) == Err(NoSpace::Retry)));
}

#[test]
fn a_set_without_space_waits_and_others_are_served_meanwhile() {
    let mut rig = rig(|_| {});
    // Who holds a guard keeps all that was reclaimed since from being used again.
    let mut reader = rig.store.join().unwrap();
    let held = reader.enter(2);
    let key = format!("key{}", fill(&mut rig));

    let (mut setter, mut getter) = (rig.connect(), rig.connect());
    setter
        .write_all(format!("set {key} 0 0 4000\r\n").as_bytes())
        .unwrap();
    setter.write_all(&[b'n'; 4000]).unwrap();
    setter.write_all(b"\r\nget none\r\n").unwrap();
    for _ in 0..20 {
        rig.step();
    }
    assert_eq!(rig.counters().store_waits.get(), 1);
    let get = format!("get {key}\r\n");
    let old = format!("VALUE {key} 0 4000\r\n{}\r\nEND\r\n", "v".repeat(4000));
    rig.exchange(&mut getter, get.as_bytes(), old.as_bytes());
    assert!(!is_closed(&mut setter));

    let client = rig.client();
    assert_eq!(client.phase, client::Phase::NoSpace);
    client.since -= Duration::from_secs(2);
    rig.exchange(
        &mut setter,
        b"",
        b"SERVER_ERROR out of memory storing object\r\nEND\r\n",
    );
    assert_eq!(rig.counters().store_no_memory.get(), 1);
    // The client may believe the old value overwritten.
    rig.exchange(&mut getter, get.as_bytes(), b"END\r\n");

    drop(held);
    rig.exchange(
        &mut setter,
        b"set b 0 0 1\r\nv\r\nget b\r\n",
        b"STORED\r\nVALUE b 0 1\r\nv\r\nEND\r\n",
    );
}

#[test]
fn a_get_that_had_to_wait_for_space_would_be_told_of_itself() {
    let most = fill(&mut rig(|_| {}));
    // One gets a deadline, one is claimed: both need a copy.
    for (flags, request, told) in [("", "h T100", "h0"), (" T100", "h R300", "h0 W")] {
        let mut rig = rig(|_| {});
        let mut reader = rig.store.join().unwrap();
        let held = reader.enter(2);
        for number in 0..most - 50 {
            rig.store(&format!("key{number}"), &[b'v'; 4000]).unwrap();
        }
        let mut client = rig.connect();
        let set = format!("ms k 4000{flags}\r\n{}\r\n", "v".repeat(4000));
        rig.exchange(&mut client, set.as_bytes(), b"HD\r\n");
        fill(&mut rig);
        fill_dated(&mut rig);
        let request = format!("mg k {request}\r\n");
        client.write_all(request.as_bytes()).unwrap();
        for _ in 0..20 {
            rig.step();
        }
        assert_eq!(rig.client().phase, client::Phase::NoSpace, "{request}");
        drop(held);
        let told = format!("HD {told}\r\n");
        rig.exchange(&mut client, b"", told.as_bytes());
        let told = told.replace("h0", "h1").replace('W', "Z");
        rig.exchange(&mut client, b"mg k h\r\n", told.as_bytes());
    }
}

#[test]
fn a_set_that_is_too_large_leaves_no_stale_value() {
    let mut rig = rig(|config| config.max_item_size = 1024);
    let mut client = rig.connect();
    let large = format!("set k 0 0 2000\r\n{}\r\nget k\r\n", "n".repeat(2000));
    rig.store("k", b"old").unwrap();
    rig.exchange(
        &mut client,
        large.as_bytes(),
        b"SERVER_ERROR object too large for cache\r\nEND\r\n",
    );
}

#[test]
fn a_refused_command_with_a_condition_leaves_the_old_value() {
    let mut rig = rig(|config| config.eviction = Eviction::None);
    let old = [b'o'; 4000];
    let full = (0..100_000).any(|key| rig.store(&format!("key{key}"), &old) == Err(NoSpace::Full));
    assert!(full);
    let mut client = rig.connect();
    let there = format!("VALUE key0 0 4000\r\n{}\r\nEND\r\n", "o".repeat(4000));
    for verb in ["add", "replace", "append", "prepend", "cas", "set"] {
        let stale = if verb == "cas" { " 1" } else { "" };
        let value = "n".repeat(50_000);
        let request = format!("{verb} key0 0 0 50000{stale}\r\n{value}\r\n");
        rig.send(&mut client, request.as_bytes());
        let reply = rig.receive(&mut client, 8);
        assert_eq!(
            String::from_utf8(reply).unwrap(),
            "SERVER_ERROR out of memory storing object\r\n",
            "{verb}"
        );
        // The client of a set believes the old value overwritten.
        let left = if verb == "set" { "END\r\n" } else { &there };
        rig.exchange(&mut client, b"get key0\r\n", left.as_bytes());
    }
}

#[test]
fn an_invalidation_would_leave_the_old_value_in_a_full_store() {
    for (flags, reply) in [
        ("I", "HD\r\nEN\r\n"),
        ("I T30 q", "EN\r\n"),
        ("I C1", "EX\r\nHD s4000\r\n"),
    ] {
        let mut rig = rig(|config| config.eviction = Eviction::None);
        let old = [b'o'; 4000];
        let full = (0..100_000).any(|n| rig.store(&format!("key{n}"), &old) == Err(NoSpace::Full));
        assert!(full);
        let mut client = rig.connect();
        let request = format!("md key0 {flags}\r\nmg key0 s\r\n");
        rig.exchange(&mut client, request.as_bytes(), reply.as_bytes());
        assert_eq!(rig.counters().store_no_memory.get(), 0);
    }
}

#[test]
fn a_full_store_that_evicts_nothing_refuses_at_once() {
    let mut rig = rig(|config| config.eviction = Eviction::None);
    let mut client = rig.connect();
    let mut refused = false;
    for key in 0..1000 {
        let request = [
            format!("set key{key} 0 0 50000\r\n").into_bytes(),
            vec![b'v'; 50_000],
            b"\r\n".to_vec(),
        ];
        client.write_all(&request.concat()).unwrap();
        let reply = rig.receive(&mut client, 8);
        if reply != b"STORED\r\n" {
            assert_eq!(reply, b"SERVER_ERROR out of memory storing object\r\n");
            refused = true;
            break;
        }
    }
    assert!(refused);
    assert_eq!(rig.counters().store_waits.get(), 0);
}
