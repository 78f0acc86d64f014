//! A worker driven by hand, step by step, with socket pairs for clients.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use net::socket::{Endpoint, Stream};
use storage::{Condition, Eviction, NoSpace, Store};

use super::*;
use crate::admin::Stats;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::log;
use crate::metrics::{Metrics, WorkerCounters};

/// More steps than any of the tests needs.
const STEPS: usize = 2000;

struct Rig {
    worker: Worker,
    door: Door,
    connections: Arc<Connections>,
    store: Arc<Store>,
    metrics: Arc<Metrics>,
    events: Events,
}

/// A worker with the smallest memory, and what `change` makes of the defaults else.
fn rig(change: impl FnOnce(&mut Config)) -> Rig {
    let mut config = Config {
        memory: 16 << 20,
        threads: std::num::NonZeroUsize::new(1),
        ..Config::default()
    };
    change(&mut config);
    let config = Arc::new(config);
    let store = Store::new(&config.store_options(1)).unwrap();
    let metrics = Arc::new(Metrics::new(1));
    let listener = (3, Endpoint::Unix("/listener".into()));
    let connections = Arc::new(Connections::new(128, vec![listener]));
    let budget = config.session_buffers();
    let (log, _) = log::start(0);
    let clock = Clock::start();
    let stats = Arc::new(Stats {
        config: Arc::clone(&config),
        metrics: Arc::clone(&metrics),
        store: Arc::clone(&store),
        connections: Arc::clone(&connections),
        budget: budget.clone(),
        clock,
        log: log.clone(),
    });
    let engine = Engine {
        store: Arc::clone(&store),
        writer: store.writer().unwrap(),
        clock,
        metrics: Arc::clone(&metrics),
        worker: 0,
        stats,
        log,
    };
    let participant = store.join().unwrap();
    let (worker, door) = Worker::new(Bounds::new(&config), budget, participant, engine).unwrap();
    Rig {
        worker,
        door,
        connections,
        store,
        metrics,
        events: Events::with_capacity(EVENTS),
    }
}

impl Rig {
    /// A new client's end of its connection, served from the next step on.
    fn connect(&mut self) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let peer = Endpoint::Unix("".into());
        let connection = self.connections.open(0, theirs.as_raw_fd(), &peer, 2);
        self.door.hand(Newcomer {
            stream: Stream::Unix(mio::net::UnixStream::from_std(theirs)),
            connection: connection.unwrap(),
        });
        self.step();
        ours
    }

    fn step(&mut self) {
        self.worker.step(&mut self.events, Some(Duration::ZERO));
    }

    /// Steps until `client` has received `bytes` bytes, which are returned.
    fn receive(&mut self, client: &mut UnixStream, bytes: usize) -> Vec<u8> {
        let mut received = Vec::new();
        for _ in 0..STEPS {
            self.step();
            drain(client, &mut received);
            if received.len() >= bytes {
                return received;
            }
        }
        panic!("only {} of {bytes} bytes came", received.len());
    }

    /// Sends `request` and expects `reply`.
    fn exchange(&mut self, client: &mut UnixStream, request: &[u8], reply: &[u8]) {
        client.write_all(request).unwrap();
        let received = self.receive(client, reply.len());
        assert_eq!(
            received.escape_ascii().to_string(),
            reply.escape_ascii().to_string()
        );
    }

    /// Stores a value of `bytes` bytes under `key`.
    fn fill(&mut self, key: &str, bytes: usize) {
        let now = self.worker.engine.clock.now();
        let guard = self.worker.participant.enter(now);
        let writer = &mut self.worker.engine.writer;
        let value = vec![b'v'; bytes];
        let stored = writer.store(&guard, key.as_bytes(), &value, 0, 0, Condition::Always);
        assert!(stored.is_ok());
    }

    fn counters(&self) -> &WorkerCounters {
        self.metrics.worker(0)
    }

    /// The worker's only client.
    fn client(&mut self) -> &mut Client {
        let mut clients = self.worker.clients.iter_mut();
        clients.next().expect("a client").1
    }
}

/// Reads what is there.
fn drain(client: &mut UnixStream, received: &mut Vec<u8>) -> bool {
    let mut part = vec![0; 64 << 10];
    loop {
        match client.read(&mut part) {
            Ok(0) => return true,
            Ok(bytes) => received.extend_from_slice(&part[..bytes]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return false;
            }
        }
    }
}

/// Whether the worker has closed the client's connection.
fn is_closed(client: &mut UnixStream) -> bool {
    drain(client, &mut Vec::new())
}

#[test]
fn an_event_of_an_earlier_client_does_not_reach_the_next_with_its_key() {
    let mut rig = rig(|_| {});
    let first = rig.connect();
    let (slot, client) = rig.worker.clients.iter().next().unwrap();
    let stale = token(slot, client.generation);
    drop(first);
    rig.step();
    assert!(rig.worker.clients.is_empty());

    let _second = rig.connect();
    assert!(rig.worker.clients.contains(slot), "the key is used again");
    assert!(find(&mut rig.worker.clients, stale).is_none());
}

#[test]
fn a_half_closed_client_gets_all_its_answers() {
    let mut rig = rig(|_| {});
    rig.fill("big", 300_000);
    let mut client = rig.connect();
    client
        .write_all(b"get big\r\nget none\r\nget big\r\nget par")
        .unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let value = "VALUE big 0 300000\r\n\r\nEND\r\n".len() + 300_000;
    let replies = rig.receive(&mut client, 2 * value + 5);
    assert_eq!(replies.len(), 2 * value + 5);
    rig.step();
    rig.step();
    assert!(is_closed(&mut client));
    assert_eq!(rig.connections.current(), 0);
}

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_holds_little() {
    let mut rig = rig(|_| {});
    rig.fill("big", 100_000);
    let mut client = rig.connect();
    let mut asked = 0;
    // The socket takes only so much once nobody receives.
    while client.write(b"get big\r\n").is_ok_and(|bytes| bytes == 9) {
        asked += 1;
        if asked % 64 == 0 {
            rig.step();
        }
        assert!(asked < 1_000_000, "the worker swallows everything");
    }
    for _ in 0..10 {
        rig.step();
    }
    let read = rig.counters().bytes_read.get();
    assert!(rig.worker.budget.used() <= rig.worker.budget.limit());
    assert!(rig.client().has_unsent());
    for _ in 0..10 {
        rig.step();
    }
    assert_eq!(rig.counters().bytes_read.get(), read);

    let reply = "VALUE big 0 100000\r\n\r\nEND\r\n".len() + 100_000;
    let mut received = 0;
    for _ in 0..asked * 4 {
        rig.step();
        let mut part = Vec::new();
        drain(&mut client, &mut part);
        received += part.len();
        if received == asked * reply {
            break;
        }
    }
    assert_eq!(received, asked * reply);
    assert_eq!(rig.worker.budget.used(), 0);
}

#[test]
fn a_deep_pipeline_does_not_hold_up_the_others() {
    let mut rig = rig(|_| {});
    let (mut greedy, mut modest) = (rig.connect(), rig.connect());
    let pipeline = b"get none\r\n".repeat(10_000);
    greedy.write_all(&pipeline).unwrap();
    modest.write_all(b"get none\r\n").unwrap();
    rig.step();
    let mut answer = Vec::new();
    drain(&mut modest, &mut answer);
    assert_eq!(answer, b"END\r\n");
    let mut answers = Vec::new();
    drain(&mut greedy, &mut answers);
    assert!(!answers.is_empty() && answers.len() < 5 * 10_000);
    assert!(rig.counters().conn_yields.get() > 0);
    let rest = 5 * 10_000 - answers.len();
    assert_eq!(rig.receive(&mut greedy, rest).len(), rest);
}

#[test]
fn more_input_than_the_arena_takes_is_served_in_later_turns() {
    let mut rig = rig(|_| {});
    let mut clients: Vec<_> = (0..40).map(|_| rig.connect()).collect();
    let request = b"get none\r\n".repeat(1600);
    assert!(clients.len() * request.len() > 2 * ARENA);
    for client in &mut clients {
        client.write_all(&request).unwrap();
    }
    for client in &mut clients {
        assert_eq!(rig.receive(client, 5 * 1600).len(), 5 * 1600);
    }
}

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
    rig.fill("big", 1_000_000);
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
    rig.fill("big", 1_000_000);
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
    for second in 1..STEPS as u64 {
        rig.step();
        rig.worker
            .sweep(Instant::now() + Duration::from_secs(2 * second));
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

#[test]
fn a_set_without_space_waits_and_others_are_served_meanwhile() {
    let mut rig = rig(|_| {});
    // Who holds a guard keeps all that was reclaimed since from being used again.
    let mut reader = rig.store.join().unwrap();
    let held = reader.enter(2);
    let mut full = false;
    for key in 0..100_000 {
        let guard = rig.worker.participant.enter(2);
        let writer = &mut rig.worker.engine.writer;
        let key = format!("key{key}");
        let stored = writer.store(
            &guard,
            key.as_bytes(),
            &[b'v'; 4000],
            0,
            0,
            Condition::Always,
        );
        if stored == Err(NoSpace::Retry) {
            full = true;
            break;
        }
    }
    assert!(full, "the store is never full");

    let (mut setter, mut getter) = (rig.connect(), rig.connect());
    setter.write_all(b"set a 0 0 4000\r\n").unwrap();
    setter.write_all(&[b'v'; 4000]).unwrap();
    setter.write_all(b"\r\nget none\r\n").unwrap();
    for _ in 0..20 {
        rig.step();
    }
    assert_eq!(rig.counters().store_waits.get(), 1);
    rig.exchange(&mut getter, b"get none\r\n", b"END\r\n");
    assert!(!is_closed(&mut setter));

    let (_, client) = rig.worker.clients.iter_mut().next().unwrap();
    assert_eq!(client.phase, client::Phase::NoSpace);
    client.since -= Duration::from_secs(2);
    rig.exchange(
        &mut setter,
        b"",
        b"SERVER_ERROR out of memory storing object\r\nEND\r\n",
    );
    assert_eq!(rig.counters().store_no_memory.get(), 1);
    drop(held);
    rig.exchange(
        &mut setter,
        b"set b 0 0 1\r\nv\r\nget b\r\n",
        b"STORED\r\nVALUE b 0 1\r\nv\r\nEND\r\n",
    );
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
