//! Who shares the budget of session buffers gets its part of it, or goes.

use super::*;

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// A limit so small that a few clients use it up.
fn small(config: &mut Config) {
    config.max_item_size = 100_000;
    config.max_request_line = 20_000;
}

fn set(key: usize, length: usize) -> Vec<u8> {
    let value = "v".repeat(length);
    format!("set k{key} 0 0 {length}\r\n{value}\r\n").into_bytes()
}

/// One of a crowd: it sends and reads in parts of any size, or not at all.
struct Member {
    socket: UnixStream,
    request: Vec<u8>,
    sent: usize,
    /// Bytes it sends and reads at once.
    pace: usize,
}

impl Member {
    fn new(socket: UnixStream, random: &mut Random) -> Member {
        Member {
            socket,
            request: Vec::new(),
            sent: 0,
            pace: random.pick(&[0, 10, 3000, 1 << 20]),
        }
    }

    fn request(random: &mut Random) -> Vec<u8> {
        let length = random.pick(&[1, 3000, 5000, 30_000, 99_000, 200_000]);
        match random.below(3) {
            0 => set(random.below(8), length),
            1 => b"get k1 nothing k2\r\n".to_vec(),
            _ => {
                let keys = random.pick(&[5, 2000, 6000]);
                format!("get{}\r\n", " k1 k2 k3".repeat(keys / 3)).into_bytes()
            }
        }
    }

    /// Returns whether it is still connected.
    fn act(&mut self, random: &mut Random) -> bool {
        if self.sent == self.request.len() {
            self.request = Member::request(random);
            self.sent = 0;
        }
        let end = (self.sent + self.pace).min(self.request.len());
        match self.socket.write(&self.request[self.sent..end]) {
            Ok(sent) => self.sent += sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        if self.pace == 0 || random.below(2) == 0 {
            return true;
        }
        let mut room = vec![0; self.pace];
        !matches!(self.socket.read(&mut room), Ok(0))
    }
}

/// Lets time pass, as far as timeouts go, until no client is left.
fn let_all_end(rig: &mut Rig) {
    for second in 0..STEPS as u64 {
        rig.step();
        let later = Instant::now() + Duration::from_secs(second);
        rig.worker.sweep(later);
        if rig.worker.clients.is_empty() {
            return;
        }
    }
    let phases: Vec<_> = rig.worker.clients.iter().map(|(_, c)| c.phase).collect();
    panic!("clients that have gone are held: {phases:?}");
}

#[test]
fn a_crowd_does_not_wait_for_itself_in_a_circle() {
    for seed in 1..=8 {
        let mut rig = rig(small);
        let mut random = Random(seed << 32 | 0x9e37_79b9);
        for key in 0..8 {
            rig.store(&format!("k{key}"), &vec![b'v'; 90_000]).unwrap();
        }
        let mut crowd: Vec<_> = (0..40)
            .map(|_| Member::new(rig.connect(), &mut random))
            .collect();
        for _ in 0..4000 {
            let one = random.below(crowd.len());
            if !crowd[one].act(&mut random) {
                crowd[one] = Member::new(rig.connect(), &mut random);
            }
            rig.step();
            assert!(rig.worker.budget.used() <= rig.worker.budget.limit());
        }
        assert!(rig.counters().budget_waits.get() > 0, "no one had to wait");

        drop(crowd);
        let_all_end(&mut rig);
        let budget = &rig.worker.budget;
        assert_eq!((budget.used(), budget.waiting()), (0, 0), "seed {seed}");
        let mut fresh = rig.connect();
        rig.send(&mut fresh, &set(1, 90_000));
        rig.exchange(&mut fresh, b"", b"STORED\r\n");
    }
}

/// A request that is never received straight into the store.
fn append(length: usize) -> Vec<u8> {
    let value = "v".repeat(length);
    format!("append none 0 0 {length}\r\n{value}\r\n").into_bytes()
}

/// A client that has begun to append `length` bytes, and is not done.
fn upload(rig: &mut Rig, length: usize) -> UnixStream {
    let mut client = rig.connect();
    client.write_all(&append(length)[..5000]).unwrap();
    rig.step();
    client
}

#[test]
fn a_slow_upload_does_not_bar_the_others() {
    let mut rig = rig(small);
    let mut slow = upload(&mut rig, 99_000);
    let mut waiter = upload(&mut rig, 99_000);
    assert_eq!(rig.worker.budget.waiting(), 1);
    let start = Instant::now();
    // Some bytes are not enough.
    for tenths in 0..=20 {
        slow.write_all(b"v").unwrap_or_default();
        rig.step();
        let later = start + Duration::from_millis(100 * tenths);
        rig.worker.sweep(later);
        if tenths == 8 {
            assert!(!is_closed(&mut slow));
        }
    }
    assert!(is_closed(&mut slow));
    assert_eq!(rig.counters().closed_slow.get(), 1);
    rig.send(&mut waiter, &append(99_000)[5000..]);
    rig.exchange(&mut waiter, b"", b"NOT_STORED\r\n");
}

#[test]
fn a_steady_upload_is_let_be_while_others_wait() {
    let mut rig = rig(small);
    let mut steady = upload(&mut rig, 99_000);
    let mut waiter = upload(&mut rig, 99_000);
    let start = Instant::now();
    let append = append(99_000);
    for (tenths, part) in (0..).zip(append[5000..].chunks(7000)) {
        rig.send(&mut steady, part);
        rig.step();
        rig.worker
            .sweep(start + Duration::from_millis(100 * tenths));
    }
    rig.exchange(&mut steady, b"", b"NOT_STORED\r\n");
    rig.send(&mut waiter, &append[5000..]);
    rig.exchange(&mut waiter, b"", b"NOT_STORED\r\n");
    assert_eq!(rig.counters().connections_closed.get(), 0);
}

#[test]
fn a_long_retrieval_does_not_bar_the_others_while_its_replies_are_read() {
    let mut rig = rig(|config| {
        config.max_item_size = 100_000;
        config.max_request_line = 150_000;
    });
    rig.store("k1", &vec![b'v'; 90_000]).unwrap();
    let mut reader = rig.connect();
    let line = format!("get{}\r\n", " k1".repeat(45_000));
    rig.send(&mut reader, line.as_bytes());
    rig.step();
    let _waiter = upload(&mut rig, 99_000);
    assert_eq!(rig.worker.budget.waiting(), 1);

    let start = Instant::now();
    let mut room = vec![0; 100_000];
    for tenths in 0..100 {
        while let Ok(1..) = reader.read(&mut room) {}
        rig.step();
        rig.worker
            .sweep(start + Duration::from_millis(100 * tenths));
        if rig.counters().closed_slow.get() > 0 {
            assert!(tenths > 20, "it had no time for what it holds");
            assert_eq!(rig.connections.current(), 1);
            rig.step();
            assert_eq!(rig.worker.budget.waiting(), 0);
            return;
        }
    }
    panic!("the line is held for as long as its reader likes");
}

#[test]
fn who_waits_in_vain_is_closed_in_its_time() {
    for (timeout, seconds) in [(Some(5), 5), (None, 30)] {
        let mut rig = rig(|config| {
            small(config);
            config.request_timeout = timeout.map(Duration::from_secs);
        });
        let budget = rig.worker.budget.clone();
        let _steady = upload(&mut rig, 99_000);
        let mut waiter = upload(&mut rig, 99_000);
        assert_eq!(budget.waiting(), 1);
        let now = Instant::now();
        let client = rig.worker.clients.iter_mut().nth(1).unwrap().1;
        let bounds = &rig.worker.bounds;
        let early = now + Duration::from_secs(seconds - 1);
        assert_eq!(client.overdue(bounds, early), None);
        let late = now + Duration::from_secs(seconds);
        let reason = client.overdue(bounds, late);
        assert_eq!(reason, Some(Reason::NoBudget));
        rig.worker.sweep(late);
        assert!(is_closed(&mut waiter));
        assert_eq!(rig.counters().closed_no_buffer.get(), 1);
        assert_eq!(budget.waiting(), 0);
    }
}

#[test]
fn a_waiter_that_hangs_up_leaves_its_place() {
    let mut rig = rig(small);
    let _holder = upload(&mut rig, 99_000);
    let waiter = upload(&mut rig, 99_000);
    assert_eq!(rig.worker.budget.waiting(), 1);
    drop(waiter);
    rig.step();
    rig.step();
    assert_eq!(rig.worker.budget.waiting(), 0);
    assert_eq!(rig.connections.current(), 1);
}

#[test]
fn parts_that_are_left_lying_do_not_bar_newcomers() {
    let mut rig = rig(small);
    let half = rig.worker.budget.limit() / 4;
    let part = &set(1, 4000)[..3500];
    let mut hogs = Vec::new();
    while rig.worker.budget.used() <= half {
        let mut hog = rig.connect();
        hog.write_all(part).unwrap();
        rig.step();
        hogs.push(hog);
    }
    let mut accepted = rig.connect();
    accepted.write_all(&part[..100]).unwrap();
    rig.step();
    rig.exchange(&mut accepted, &set(1, 4000)[100..], b"STORED\r\n");

    let start = Instant::now();
    rig.worker.sweep(start + Duration::from_secs(1));
    rig.worker.sweep(start + Duration::from_secs(3));
    let closed = hogs
        .iter_mut()
        .filter_map(|hog| is_closed(hog).then_some(()));
    assert_eq!(closed.count(), 1, "no more go than must");
    assert_eq!(rig.counters().closed_slow.get(), 1);
    assert!(rig.worker.budget.used() <= half);
    assert!(!is_closed(&mut accepted));
}

#[test]
fn a_large_turn_leaves_a_small_output() {
    let mut rig = rig(|_| {});
    rig.store("big", &vec![b'v'; 1_000_000]).unwrap();
    let mut client = rig.connect();
    client.write_all(b"get big\r\n").unwrap();
    rig.receive(&mut client, 1_000_000);
    assert!(rig.worker.output.capacity() <= OUTPUT);
}

#[test]
fn what_is_told_for_the_last_time_is_not_lost_while_it_waits() {
    let mut rig = rig(small);
    let value = vec![b'v'; 99_000];
    rig.store("large", &value).unwrap();
    rig.store("last", &value).unwrap();
    let mut crowd: Vec<_> = (0..8).map(|_| rig.connect()).collect();
    for client in &mut crowd {
        client
            .write_all("get large\r\n".repeat(8).as_bytes())
            .unwrap();
    }
    let mut client = rig.connect();
    for _ in 0..20 {
        rig.step();
    }
    client.write_all(b"gat -1 last\r\n").unwrap();
    for _ in 0..20 {
        rig.step();
    }
    assert!(rig.counters().budget_waits.get() > 0);
    let (mut reply, whole) = (
        Vec::new(),
        "VALUE last 0 99000\r\n\r\nEND\r\n".len() + value.len(),
    );
    for _ in 0..STEPS {
        rig.step();
        for other in &mut crowd {
            drain(other, &mut Vec::new());
        }
        drain(&mut client, &mut reply);
        if reply.len() >= whole {
            break;
        }
    }
    assert!(reply.starts_with(b"VALUE last 0 99000\r\n") && reply.ends_with(b"v\r\nEND\r\n"));
}

#[test]
fn a_get_that_had_to_wait_for_budget_would_be_told_of_itself() {
    let mut rig = rig(|_| {});
    rig.store("big", &vec![b'v'; 1_000_000]).unwrap();
    rig.store("k", &vec![b'v'; 1_000_000]).unwrap();
    let mut stuck: Vec<_> = (0..8).map(|_| rig.connect()).collect();
    for client in &mut stuck {
        client.write_all(b"get big\r\n").unwrap();
        rig.step();
    }
    let mut client = rig.connect();
    client.write_all(b"mg k h l v\r\n").unwrap();
    rig.step();
    let waits = rig.counters().budget_waits.get();
    rig.step();
    let now = rig.worker.engine.clock.now();
    let guard = rig.worker.participant.enter(now);
    let item = rig.store.peek(&guard, b"k", false).expect("it was stored");
    assert!(waits > 0 && !item.was_fetched() && !item.is_tracked());
    drop(guard);
    drop(stuck);
    let line = b"VA 1000000 h0 l0\r\n";
    let received = rig.receive(&mut client, line.len() + 1_000_002);
    assert_eq!(
        received[..line.len()].escape_ascii().to_string(),
        line.escape_ascii().to_string()
    );
    rig.exchange(&mut client, b"mg k h\r\n", b"HD h1\r\n");
}
