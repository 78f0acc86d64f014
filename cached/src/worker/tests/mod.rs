//! A worker driven by hand, step by step, with socket pairs for clients.

mod buffers;
mod counts;
mod dumps;
mod ended;
mod large;
mod latency;
mod samples;
mod space;
mod timeouts;
mod tls;
mod turns;
mod yields;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crossbeam_channel::bounded;
use net::Edge;
use net::socket::{Endpoint, Stream};
use net::transport::Transport;
use storage::{Condition, NoSpace, Store, Stored};

use super::*;
use crate::admin::Stats;
use crate::clock::Clock;
use crate::connections::{Connections, Listening};
use crate::execute::Dumps;
use crate::lifetimes::Lifetimes;
use crate::live::Live;
use crate::log;
use crate::metrics::{Executed, Metrics, WorkerCounters};
use crate::orders::Orders;
use crate::sampling::{Sample, Sampler};
use crate::tls::Tls;

/// More steps than any of the tests needs.
const STEPS: usize = 2000;

struct Rig {
    live: Live,
    worker: Worker,
    handoff: Handoff,
    connections: Arc<Connections>,
    store: Arc<Store>,
    metrics: Arc<Metrics>,
    /// What the worker has looked at.
    samples: Receiver<Sample>,
    events: Events,
}

/// A worker with the smallest memory, and what `change` makes of the defaults else.
fn rig(change: impl FnOnce(&mut Config)) -> Rig {
    rig_with(None, Orders::new().0, change)
}

/// As [`rig`], with `tls`, whose files are to be read again by `orders`.
fn rig_with(tls: Option<Arc<Tls>>, orders: Orders, change: impl FnOnce(&mut Config)) -> Rig {
    let mut config = Config {
        memory: 16 << 20,
        threads: std::num::NonZeroUsize::new(1),
        ..Config::default()
    };
    change(&mut config);
    let store = Store::new(&config.store_options(1)).unwrap();
    let metrics = Arc::new(Metrics::new(1));
    let listener = Listening::plain(3, Endpoint::Unix("/listener".into()));
    let connections = Arc::new(Connections::new(128, vec![listener]));
    let budget = config.session_buffers();
    let (log, _) = log::start(0);
    let clock = Clock::start();
    let live = Live::new(config.into());
    let stats = Arc::new(Stats {
        live: live.clone(),
        metrics: Arc::clone(&metrics),
        store: Arc::clone(&store),
        connections: Arc::clone(&connections),
        budget: budget.clone(),
        clock,
        tls,
        orders,
        history: Arc::default(),
        log: log.clone(),
        recording: Arc::default(),
    });
    let (ring, samples) = bounded(sampling::RING);
    let engine = Engine {
        store: Arc::clone(&store),
        writer: store.writer().unwrap(),
        clock,
        lifetimes: Lifetimes::new(clock, live.now().config.ttl),
        metrics: Arc::clone(&metrics),
        worker: 0,
        stats,
        log,
        dumps: Dumps::default(),
        sampler: Sampler::new(&live.now().config, ring),
        executed: Executed::default(),
    };
    let participant = store.join().unwrap();
    let (worker, handoff) = Worker::new(live.view(), budget, participant, engine).unwrap();
    Rig {
        live,
        worker,
        handoff,
        connections,
        store,
        metrics,
        samples,
        events: Events::with_capacity(EVENTS),
    }
}

impl Rig {
    /// A new client's end of its connection, served from the next step on.
    fn connect(&mut self) -> UnixStream {
        let (ours, edge) = pair();
        self.take_in(Transport::Plain(edge));
        ours
    }

    /// Serves a connection from the next step on.
    fn take_in(&mut self, transport: Transport) {
        let peer = Endpoint::Unix("".into());
        let connection = self.connections.open(0, transport.descriptor(), &peer, 2);
        self.handoff.send(Accepted {
            transport,
            connection: connection.unwrap(),
        });
        self.step();
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

    /// Steps until `client` has sent `bytes`.
    fn send(&mut self, client: &mut UnixStream, mut bytes: &[u8]) {
        for _ in 0..STEPS {
            if let Ok(sent) = client.write(bytes) {
                bytes = &bytes[sent..];
            }
            if bytes.is_empty() {
                return;
            }
            self.step();
        }
        panic!("{} bytes were not taken", bytes.len());
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

    /// Stores `value` under `key`, without a client.
    fn store(&mut self, key: &str, value: &[u8]) -> Result<Stored, NoSpace> {
        let now = self.worker.engine.clock.now();
        let guard = self.worker.participant.enter(now);
        let writer = &mut self.worker.engine.writer;
        writer.store(&guard, key.as_bytes(), value, 0, 0, Condition::Always)
    }

    fn counters(&self) -> &WorkerCounters {
        self.metrics.worker(0)
    }

    /// The client that came first.
    fn client(&mut self) -> &mut Client {
        let mut clients = self.worker.clients.iter_mut();
        clients.next().expect("a client").1
    }
}

/// A client's end of a connection, and ours.
fn pair() -> (UnixStream, Edge) {
    let (theirs, ours) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    ours.set_nonblocking(true).unwrap();
    let ours = mio::net::UnixStream::from_std(ours);
    (theirs, Edge::new(Stream::Unix(ours)))
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
