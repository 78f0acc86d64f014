//! Dumps of all items, and what they leave to others.

use super::*;

const ITEMS: usize = 10_000;

/// A worker whose store has so many items, whose dump no socket takes at once.
fn full_rig() -> Rig {
    let mut rig = rig(|_| {});
    for n in 0..ITEMS {
        rig.store(&format!("{n:0>100}"), b"value").unwrap();
    }
    rig
}

fn lines(received: &[u8]) -> usize {
    received.split(|&byte| byte == b'\n').count() - 1
}

#[test]
fn a_dump_that_nobody_reads_would_fill_memory() {
    let mut rig = full_rig();
    let (mut stuck, mut other) = (rig.connect(), rig.connect());
    rig.send(&mut stuck, b"lru_crawler metadump all\r\nmn\r\n");
    for _ in 0..100 {
        rig.step();
    }
    let used = rig.worker.budget.used();
    assert!(used > 0, "the socket took it all");
    assert!(used <= 256 << 10, "{used} bytes are kept");
    for _ in 0..100 {
        rig.exchange(&mut other, b"get x\r\n", b"END\r\n");
    }
    assert_eq!(rig.worker.budget.used(), used, "it goes on");

    let mut received = Vec::new();
    for _ in 0..STEPS {
        rig.step();
        drain(&mut stuck, &mut received);
        if received.ends_with(b"END\r\nMN\r\n") {
            break;
        }
    }
    assert_eq!(lines(&received), ITEMS + 2);
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn a_dump_that_is_read_would_be_closed_as_slow() {
    let mut rig = full_rig();
    let budget = rig.worker.budget.clone();
    let mut kept = budget.keep(1).expect("there is room");
    let mut others = Vec::new();
    while !kept.is_wanted() {
        others.push(kept);
        kept = budget.keep(10_000).expect("there is room");
    }
    let mut client = rig.connect();
    client
        .write_all(b"lru_crawler metadump all\r\nmn\r\n")
        .unwrap();
    let start = Instant::now();
    let mut received = Vec::new();
    for sweeps in 1..STEPS as u32 {
        rig.step();
        assert!(!drain(&mut client, &mut received), "it was closed");
        if received.ends_with(b"END\r\nMN\r\n") {
            assert!(sweeps > 10, "it took no time");
            return;
        }
        rig.worker.sweep(start + sweeps * client::PACE / 2);
    }
    panic!("only {} lines were told", lines(&received));
}

#[test]
fn a_flood_of_dumps_would_take_all_of_a_turn() {
    const DUMPS: usize = 12;
    /// More than there are in a partition of the index.
    const SLICE: usize = 600;
    let mut rig = full_rig();
    let mut dumps: Vec<_> = (0..DUMPS).map(|_| rig.connect()).collect();
    for client in &mut dumps {
        client.write_all(b"lru_crawler metadump all\r\n").unwrap();
    }
    let mut told = 0;
    for _ in 0..STEPS {
        rig.step();
        let mut received = Vec::new();
        for client in &mut dumps {
            drain(client, &mut received);
        }
        let now = lines(&received);
        let most = Dumps::SLICES as usize * SLICE + DUMPS;
        assert!(now <= most, "{now} lines in a turn");
        told += now;
        if told == DUMPS * (ITEMS + 1) {
            return;
        }
    }
    panic!("only {told} lines were told");
}

#[test]
fn a_client_that_dumps_again_and_again_would_keep_others_from_it() {
    let mut rig = full_rig();
    let mut greedy: Vec<_> = (0..6).map(|_| rig.connect()).collect();
    for client in &mut greedy {
        let lines = b"lru_crawler metadump all\r\n".repeat(50);
        client.write_all(&lines).unwrap();
        rig.step();
    }
    let mut modest = rig.connect();
    modest.write_all(b"lru_crawler metadump all\r\n").unwrap();
    let (mut received, mut waste) = (Vec::new(), Vec::new());
    for _ in 0..STEPS {
        rig.step();
        for client in &mut greedy {
            drain(client, &mut waste);
        }
        waste.clear();
        drain(&mut modest, &mut received);
        if received.ends_with(b"END\r\n") {
            return;
        }
    }
    panic!("only {} lines were told", lines(&received));
}
