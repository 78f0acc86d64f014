//! What an operator ends, and what he sees of the others.

use super::*;

/// The ids of the connections, in the order in which they came.
fn ids(rig: &Rig) -> Vec<u64> {
    let shown = rig.connections.shown(0, 2);
    shown.map(|(_, shown)| shown.id).collect()
}

#[test]
fn a_killed_client_would_go_on_or_another_in_its_place_would_not() {
    let mut rig = rig(|_| {});
    let (mut stays, mut goes) = (rig.connect(), rig.connect());
    let gone = ids(&rig)[1];
    rig.connections.kill(gone);
    let start = rig.client().since;
    rig.worker.sweep(start + Duration::from_secs(1));
    assert!(is_closed(&mut goes) && !is_closed(&mut stays));
    assert_eq!(rig.counters().closed_killed.get(), 1);

    rig.connections.kill(gone);
    let mut next = rig.connect();
    assert_eq!(ids(&rig).len(), 2);
    rig.worker.sweep(start + Duration::from_secs(2));
    assert!(!is_closed(&mut next) && !is_closed(&mut stays));
}

#[test]
fn bytes_would_be_told_of_another_client_or_not_at_all() {
    let mut rig = rig(|_| {});
    let (mut talks, _silent) = (rig.connect(), rig.connect());
    for _ in 0..2 {
        rig.exchange(&mut talks, b"get k\r\n", b"END\r\n");
    }
    let shown: Vec<_> = rig
        .connections
        .shown(0, 2)
        .map(|(_, shown)| (shown.received, shown.sent))
        .collect();
    assert_eq!(shown, [(14, 10), (0, 0)]);
}

#[test]
fn a_drain_would_cut_a_request_off_or_leave_an_idle_client() {
    let mut rig = rig(|_| {});
    let (mut idle, mut busy) = (rig.connect(), rig.connect());
    busy.write_all(b"set k 0 0 1\r\n").unwrap();
    rig.step();
    rig.connections.drain();
    let start = rig.client().since;
    rig.worker.sweep(start + Duration::from_secs(1));
    assert!(is_closed(&mut idle) && !is_closed(&mut busy));

    rig.exchange(&mut busy, b"x\r\n", b"STORED\r\n");
    rig.worker.sweep(start + Duration::from_secs(2));
    assert!(is_closed(&mut busy));
    assert_eq!(rig.counters().closed_drained.get(), 2);
}
