//! Large values go between the socket and the heap without a buffer between.

use super::*;

const LARGE: usize = 900_000;

fn row(key: &str, value: &[u8]) -> Vec<u8> {
    let line = format!("VALUE {key} 0 {}\r\n", value.len());
    [line.as_bytes(), value, b"\r\n"].concat()
}

#[test]
fn a_large_value_is_not_copied_to_be_sent() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    let value = vec![b'v'; 20_000];
    rig.store("a", &value).unwrap();
    rig.exchange(
        &mut client,
        b"get a a b a\r\n",
        &[&row("a", &value).repeat(3)[..], b"END\r\n"].concat(),
    );
    let copied = rig.worker.output.capacity();
    assert!(
        copied < value.len(),
        "{copied} bytes went through the output"
    );
    rig.step();
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn a_value_half_sent_does_not_change_with_its_key() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    let value: Vec<u8> = (0..LARGE).map(|at| (at / 7) as u8).collect();
    rig.store("a", &value).unwrap();
    client.write_all(b"get a\r\n").unwrap();
    rig.step();
    let unsent = rig.worker.budget.used();
    assert!(unsent > LARGE / 2, "the socket took all but {unsent} bytes");

    // The heap twice over: what the value lay in is used anew.
    for round in 0..40 {
        for _ in 0..100 {
            if rig.store("a", &vec![round; LARGE]).is_ok() {
                break;
            }
            rig.step();
        }
    }
    let expected = [&row("a", &value)[..], b"END\r\n"].concat();
    let received = rig.receive(&mut client, expected.len());
    assert!(received == expected, "not the value that was asked for");
    rig.step();
    assert_eq!(rig.worker.budget.used(), 0);
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 7 + at % 251) as u8).collect()
}

fn set(key: &str, value: &[u8]) -> Vec<u8> {
    let line = format!("set {key} 0 0 {}\r\n", value.len());
    [line.as_bytes(), value, b"\r\n"].concat()
}

/// Segments that are neither free nor lent to the index.
fn taken(rig: &Rig) -> u64 {
    let stats = rig.store.stats();
    stats.segments - stats.segments_free - stats.segments_lent
}

#[test]
fn a_large_value_is_not_copied_to_be_received() {
    let mut rig = rig(|_| {});
    let mut client = rig.connect();
    let value = pattern(LARGE);
    let request = set("a", &value);
    let (first, rest) = request.split_at(100_000);
    rig.send(&mut client, first);
    for _ in 0..20 {
        rig.step();
    }
    assert!(rig.client().session.is_placed());
    let held = rig.worker.budget.used();
    assert!(held < 100, "{held} bytes are held in buffers");
    rig.send(&mut client, rest);
    rig.send(&mut client, b"get a\r\n");
    let expected = [b"STORED\r\n", &row("a", &value)[..], b"END\r\n"].concat();
    assert!(rig.receive(&mut client, expected.len()) == expected);
    assert_eq!(rig.counters().uploads_placed.get(), 1);
    rig.step();
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn what_follows_a_large_value_is_not_taken_for_a_part_of_it() {
    for length in [16_383, 16_384, 16_385, 40_000, 65_536, 65_537] {
        let mut rig = rig(|_| {});
        let mut client = rig.connect();
        let value = pattern(length);
        let pipeline = [set("a", &value), b"get a\r\n".to_vec()].concat().repeat(5);
        let replies = [b"STORED\r\n", &row("a", &value)[..], b"END\r\n"].concat();
        let mut received = Vec::new();
        for part in pipeline.chunks(30_011) {
            rig.send(&mut client, part);
            rig.step();
            drain(&mut client, &mut received);
        }
        received.extend(rig.receive(&mut client, replies.len() * 5 - received.len()));
        assert!(received == replies.repeat(5), "{length}");
    }
}

#[test]
fn a_broken_upload_gives_its_memory_back() {
    let mut rig = rig(|_| {});
    let mut maintainer = rig.store.maintainer().unwrap();
    let before = taken(&rig);
    for _ in 0..20 {
        let mut client = rig.connect();
        rig.send(&mut client, &set("a", &pattern(LARGE))[..200_000]);
        for _ in 0..20 {
            rig.step();
        }
        assert!(rig.client().session.is_placed());
        std::mem::drop(client);
        rig.step();
        assert!(rig.worker.clients.is_empty());
        for _ in 0..10 {
            rig.step();
            maintainer.tick(2);
        }
    }
    assert_eq!((taken(&rig), rig.worker.budget.used()), (before, 0));
}

#[test]
fn a_slow_upload_goes_on_in_a_buffer() {
    let mut rig = rig(|config| config.request_timeout = None);
    let mut client = rig.connect();
    let value = pattern(LARGE);
    let request = set("a", &value);
    let mut sent = 0;
    rig.store("old", b"value").unwrap();
    for (part, seconds) in [(200_000, 9), (300_000, 11), (LARGE, 20)] {
        rig.send(&mut client, &request[sent..part]);
        for _ in 0..20 {
            rig.step();
        }
        sent = part;
        rig.worker
            .sweep(Instant::now() + Duration::from_secs(seconds));
        assert_eq!(rig.client().session.is_placed(), seconds < 10);
        rig.store.flush();
    }
    assert_eq!(rig.counters().uploads_slow.get(), 1);
    assert!(rig.worker.budget.used() >= LARGE);
    let mut maintainer = rig.store.maintainer().unwrap();
    for _ in 0..100 {
        rig.step();
        maintainer.tick(2);
    }
    assert_eq!(taken(&rig), 0, "what was flushed is not cleaned up");

    rig.send(&mut client, &request[sent..]);
    rig.send(&mut client, b"get a\r\n");
    let expected = [b"STORED\r\n", &row("a", &value)[..], b"END\r\n"].concat();
    assert!(rig.receive(&mut client, expected.len()) == expected);
}

#[test]
fn an_upload_does_not_pay_for_the_time_of_the_one_before() {
    for (request_timeout, seconds) in [(30, 10), (5, 5)] {
        let timeout = Duration::from_secs(request_timeout);
        let mut rig = rig(|config| config.request_timeout = Some(timeout));
        let mut client = rig.connect();
        let value = pattern(100_000);
        let stream = set("a", &value).repeat(2);
        // The receive that ends the first value brings the beginning of the second.
        let (first, rest) = stream.split_at(70_000);
        let (second, third) = rest.split_at(40_000);
        rig.send(&mut client, first);
        for _ in 0..20 {
            rig.step();
        }
        assert!(rig.client().session.is_placed());
        let between = Instant::now();
        rig.send(&mut client, second);
        assert_eq!(rig.receive(&mut client, 8), b"STORED\r\n");
        assert_eq!(rig.counters().uploads_placed.get(), 2);

        rig.worker.sweep(between + Duration::from_secs(seconds));
        assert!(!is_closed(&mut client), "after {seconds} s");
        assert!(rig.client().session.is_placed());
        assert_eq!(rig.counters().uploads_slow.get(), 0);
        rig.send(&mut client, third);
        assert_eq!(rig.receive(&mut client, 8), b"STORED\r\n");
    }
}

#[test]
fn a_fast_upload_is_not_taken_for_slow_when_kept_memory_is_wanted() {
    let mut rig = rig(|_| {});
    let mut kept = Vec::new();
    while !kept.last().is_some_and(net::Charge::is_wanted) {
        kept.push(rig.worker.budget.keep(1000).expect("the other half"));
    }
    let mut client = rig.connect();
    let request = set("a", &pattern(LARGE));
    let start = Instant::now();
    // So that no step looks at the client between these looks.
    rig.worker.sweep(start + Duration::from_secs(3));
    let mut sent = 0;
    // The pace is measured from 4 s on: more than enough, then too little.
    for (part, millis, closed) in [
        (100_000, 4000, false),
        (200_000, 5100, false),
        (400_000, 8000, false),
        (400_000, 9000, true),
    ] {
        rig.send(&mut client, &request[sent..part]);
        for _ in 0..20 {
            rig.step();
        }
        sent = part;
        assert!(rig.client().session.is_placed());
        rig.worker.sweep(start + Duration::from_millis(millis));
        assert_eq!(is_closed(&mut client), closed, "after {millis} ms");
    }
    assert_eq!(rig.counters().closed_slow.get(), 1);
}

#[test]
fn uploads_beyond_the_stores_share_go_through_buffers() {
    let mut rig = rig(|_| {});
    let value = pattern(600_000);
    let mut clients: Vec<_> = (0..3).map(|_| rig.connect()).collect();
    for client in &mut clients {
        rig.send(client, &set("a", &value)[..100_000]);
    }
    for _ in 0..20 {
        rig.step();
    }
    let placed = rig.worker.clients.iter();
    assert_eq!(placed.filter(|(_, c)| c.session.is_placed()).count(), 1);
    // One has a buffer; one waits for it, and asks for a place again in each step.
    assert_eq!(rig.counters().uploads_no_place.get(), 1);
    for client in &mut clients {
        rig.send(client, &set("a", &value)[100_000..]);
        assert_eq!(rig.receive(client, 8), b"STORED\r\n");
    }
    rig.exchange(
        &mut clients[0],
        b"get a\r\n",
        &[&row("a", &value)[..], b"END\r\n"].concat(),
    );
}

#[test]
fn an_upload_for_which_there_is_no_buffer_does_not_stay_for_ever() {
    let mut rig = rig(|config| {
        config.max_item_size = 100_000;
        config.max_request_line = 20_000;
        config.request_timeout = None;
    });
    let mut slow = rig.connect();
    slow.write_all(&set("a", &pattern(99_000))[..5000]).unwrap();
    rig.step();
    let mut other = rig.connect();
    other.write_all(b"append a 0 0 99000\r\n").unwrap();
    rig.step();
    for (seconds, closed) in [(11, false), (29, false), (30, true)] {
        assert!(rig.client().session.is_placed());
        rig.worker
            .sweep(Instant::now() + Duration::from_secs(seconds));
        assert_eq!(is_closed(&mut slow), closed, "after {seconds} s");
    }
    assert_eq!(rig.counters().closed_request_timeout.get(), 1);
    assert_eq!(rig.counters().uploads_slow.get(), 0);
}
