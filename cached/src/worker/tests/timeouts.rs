//! Who makes no progress is closed in time.

use super::*;

#[test]
fn an_idle_client_is_closed_in_its_time_and_not_before() {
    let mut rig = rig(|config| config.idle_timeout = Some(Duration::from_secs(60)));
    let mut client = rig.connect();
    let start = rig.client().since;
    rig.worker.sweep(start + Duration::from_secs(59));
    assert!(!is_closed(&mut client));
    rig.worker.sweep(start + Duration::from_secs(120));
    assert!(is_closed(&mut client));
    assert_eq!(rig.counters().closed_idle.get(), 1);
}

#[test]
fn a_timeout_that_is_set_later_would_not_hold_for_who_is_here() {
    let mut rig = rig(|config| config.idle_timeout = None);
    let mut client = rig.connect();
    let start = rig.client().since;
    rig.worker.sweep(start + Duration::from_secs(120));
    assert!(!is_closed(&mut client));
    let mut config = rig.live.now().config.clone();
    config.idle_timeout = Some(Duration::from_secs(60));
    config.input_buffer = 8192;
    config.output_buffer = 4096;
    config.max_request_line = 2048;
    rig.live.replace(config.into());
    rig.step();
    assert!(!is_closed(&mut client));
    let bounds = &rig.worker.bounds;
    assert_eq!((bounds.input, bounds.limits.output), (8192, 4096));
    assert_eq!(bounds.limits.retrieval_line, 2048);
    rig.worker.sweep(start + Duration::from_secs(120));
    assert!(is_closed(&mut client));
}

#[test]
fn a_request_that_drips_is_closed_in_its_time() {
    let mut rig = rig(|config| config.request_timeout = Some(Duration::from_secs(30)));
    let mut client = rig.connect();
    client.write_all(b"se").unwrap();
    rig.step();
    let start = rig.client().since;
    // Each byte is progress of the socket, but not of the request.
    for byte in b"t a 0 0 5\r\nab" {
        client.write_all(&[*byte]).unwrap();
        rig.step();
    }
    assert_eq!(
        (rig.client().phase, rig.client().since),
        (client::Phase::Reading, start)
    );
    rig.worker.sweep(start + Duration::from_secs(29));
    assert!(!is_closed(&mut client));
    rig.worker.sweep(start + Duration::from_secs(60));
    assert!(is_closed(&mut client));
    assert_eq!(rig.counters().closed_request_timeout.get(), 1);
}

#[test]
fn a_client_that_never_reads_is_closed_in_its_time() {
    let mut rig = rig(|config| config.send_timeout = Some(Duration::from_secs(30)));
    rig.store("big", &vec![b'v'; 1_000_000]).unwrap();
    let mut client = rig.connect();
    client.write_all(b"get big\r\n").unwrap();
    rig.step();
    assert!(rig.client().has_unsent());
    rig.worker.sweep(Instant::now() + Duration::from_secs(20));
    assert_eq!(rig.connections.current(), 1);
    rig.worker.sweep(Instant::now() + Duration::from_secs(60));
    assert!(is_closed(&mut client));
    assert_eq!(rig.counters().closed_send_timeout.get(), 1);
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn stuck_readers_do_not_keep_large_values_from_the_others() {
    let mut rig = rig(|config| config.send_timeout = None);
    rig.store("big", &vec![b'v'; 1_000_000]).unwrap();
    let mut stuck: Vec<_> = (0..8).map(|_| rig.connect()).collect();
    for client in &mut stuck {
        client.write_all(b"get big\r\n").unwrap();
        rig.step();
    }
    let mut innocent = rig.connect();
    innocent.write_all(b"get big\r\n").unwrap();
    rig.step();
    assert!(
        rig.counters().budget_waits.get() > 0,
        "the budget is used up"
    );

    let reply = "VALUE big 0 1000000\r\n\r\nEND\r\n".len() + 1_000_000;
    let mut received = Vec::new();
    for halves in 1..STEPS as u64 {
        rig.step();
        rig.worker
            .sweep(Instant::now() + Duration::from_millis(500 * halves));
        assert!(
            !drain(&mut innocent, &mut received),
            "the innocent one was closed"
        );
        if received.len() == reply {
            return;
        }
    }
    panic!("{} bytes of {reply}", received.len());
}
