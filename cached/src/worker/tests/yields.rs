//! What counts as a session that a turn's bounds cut short.

use super::*;

#[test]
fn a_large_body_does_not_count_as_work_left_for_later() {
    let mut rig = rig(|config| config.max_item_size = 100_000);
    let mut client = rig.connect();
    rig.send(&mut client, b"set k 0 0 1000000\r\n");
    rig.send(&mut client, &vec![b'v'; 1_000_000]);
    rig.exchange(
        &mut client,
        b"\r\n",
        b"SERVER_ERROR object too large for cache\r\n",
    );
    assert!(rig.counters().input_full.get() > 0);
    assert_eq!(rig.counters().conn_yields.get(), 0);
    assert_eq!(rig.counters().output_full.get(), 0);
}

#[test]
fn requests_left_by_a_full_output_are_counted() {
    let mut rig = rig(|config| config.output_buffer = 4096);
    rig.store("k", &[b'v'; 3000]).unwrap();
    let mut client = rig.connect();
    let value = format!("VALUE k 0 3000\r\n{}\r\nEND\r\n", "v".repeat(3000));
    // Two fill the output; of four, two are left for the next turn.
    rig.exchange(
        &mut client,
        &b"get k\r\n".repeat(4),
        value.repeat(4).as_bytes(),
    );
    let counters = rig.counters();
    assert!(counters.conn_yields.get() > 0);
    assert!(counters.output_full.get() > 0);
    assert_eq!(counters.input_full.get(), 0);
}

#[test]
fn a_session_whose_requests_all_fit_yields_nothing() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    rig.exchange(
        &mut client,
        &b"get k\r\n".repeat(100),
        &b"END\r\n".repeat(100),
    );
    let counters = rig.counters();
    assert_eq!(counters.conn_yields.get(), 0);
    assert_eq!(
        (counters.input_full.get(), counters.output_full.get()),
        (0, 0)
    );
}
