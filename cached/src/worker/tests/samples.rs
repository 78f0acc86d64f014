//! What the logs of commands are told of a request.

use super::*;

/// A worker that looks at each request, for the command log.
fn rig_that_logs() -> Rig {
    rig(|config| {
        config.logs.commands = Some("/commands".into());
        config.logs.command_sample = 1;
        config.hotkeys.sample = 0;
    })
}

/// The command, key, outcome and size of each sample there is.
fn seen(rig: &Rig) -> Vec<String> {
    let samples = rig.samples.try_iter();
    let shown = samples.map(|sample| {
        let key = sample.key().unwrap_or(b"-").escape_ascii();
        let (command, outcome, size) = (sample.command, sample.outcome, sample.size);
        format!("{command} {key} {outcome:?} {size}")
    });
    shown.collect()
}

#[test]
fn a_request_would_be_logged_as_another_or_with_another_result() {
    let mut rig = rig_that_logs();
    let mut client = rig.connect();
    for (request, reply, wanted) in [
        ("set k 0 0 2\r\n15", "STORED", "set k Stored 2"),
        ("add k 0 0 3\r\nabc", "NOT_STORED", "add k NotStored 3"),
        ("append k 0 0 1\r\n0", "STORED", "append k Stored 1"),
        ("cas k 0 0 1 1\r\n0", "EXISTS", "cas k Exists 1"),
        ("get k", "VALUE k 0 3\r\n150\r\nEND", "get k Hit 3"),
        ("get x", "END", "get x Miss 0"),
        ("gat 0 k", "VALUE k 0 3\r\n150\r\nEND", "gat k Hit 3"),
        ("mg k", "HD", "get k Hit 3"),
        ("mg new N30", "HD W", "get new Miss 0"),
        ("incr k 1", "151", "incr k Ok 0"),
        ("decr x 1", "NOT_FOUND", "decr x NotFound 0"),
        ("touch k 0", "TOUCHED", "touch k Touched 0"),
        ("md k I", "HD", "invalidate k Deleted 0"),
        ("delete k", "DELETED", "delete k Deleted 0"),
        ("version", "VERSION 1.6.18-cached-0.1.0", "version - Ok 0"),
        (
            "refresh_certs",
            "Error TLS not enabled",
            "refresh_certs - Failed 0",
        ),
    ] {
        let [request, reply] = [request, reply].map(|text| format!("{text}\r\n"));
        rig.exchange(&mut client, request.as_bytes(), reply.as_bytes());
        assert_eq!(seen(&rig), [wanted], "{request}");
    }
}

#[test]
fn a_value_received_into_its_place_would_not_be_logged() {
    let mut rig = rig_that_logs();
    let mut client = rig.connect();
    let value = "v".repeat(20 << 10);
    let set = format!("set large 0 0 {}\r\n", value.len());
    rig.send(&mut client, set.as_bytes());
    rig.step();
    rig.send(&mut client, value.as_bytes());
    rig.exchange(&mut client, b"\r\n", b"STORED\r\n");
    assert_eq!(rig.counters().uploads_placed.get(), 1);
    assert_eq!(seen(&rig), ["set large Stored 20480"]);
}

#[test]
fn a_slow_log_would_have_none_or_all() {
    for (threshold, wanted) in [(Duration::ZERO, 3), (Duration::from_secs(3600), 0)] {
        let mut rig = rig(|config| {
            config.logs.slow = Some("/slow".into());
            config.logs.slow_threshold = threshold;
            config.hotkeys.sample = 0;
        });
        let mut client = rig.connect();
        rig.exchange(&mut client, b"get a b c\r\n", b"END\r\n");
        let slow: Vec<_> = rig.samples.try_iter().collect();
        assert_eq!(slow.len(), wanted);
        assert!(
            slow.iter()
                .all(|sample| sample.for_slow && !sample.for_commands)
        );
        assert!(slow.iter().all(|sample| sample.latency >= sample.own));
    }
}

#[test]
fn a_reload_would_leave_a_worker_with_the_old_rate() {
    let mut rig = rig_that_logs();
    let mut client = rig.connect();
    rig.exchange(&mut client, b"get a\r\n", b"END\r\n");
    assert_eq!(seen(&rig).len(), 1);
    let mut next = (*rig.live.now()).clone();
    next.config.logs.commands = None;
    rig.live.replace(next);
    rig.exchange(&mut client, b"get a\r\n", b"END\r\n");
    assert_eq!(seen(&rig), [""; 0]);
}

#[test]
fn samples_that_nobody_takes_would_hold_up_the_worker() {
    let mut rig = rig_that_logs();
    let mut client = rig.connect();
    let gets = "get k\r\n".repeat(sampling::RING + 10);
    let ends = "END\r\n".repeat(sampling::RING + 10);
    rig.exchange(&mut client, gets.as_bytes(), ends.as_bytes());
    assert_eq!(rig.samples.len(), sampling::RING);
    assert_eq!(rig.counters().command_log_dropped.get(), 10);
}
