use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use mio::{Events, Poll};

use super::*;
use crate::connections::{Connections, Listening};
use crate::live::Live;
use crate::log;
use crate::settings::Config;
use crate::tls::fixture::{self, Fixture};

/// More steps than any of the tests needs.
const ROUNDS: usize = 2000;

struct Rig {
    files: Fixture,
    poll: Poll,
    live: Live,
    handshakes: Handshakes,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
    established: Vec<Accepted>,
}

fn rig(limit: usize) -> Rig {
    let files = fixture::tls();
    let mut config = Config::default();
    config.tls.handshakes = limit;
    let live = Live::new(config.into());
    let view = live.view();
    let metrics = Arc::new(Metrics::new(1));
    let listener = Listening::plain(3, Endpoint::Unix("/listener".into()));
    let tls = Arc::clone(&files.tls);
    Rig {
        live,
        handshakes: Handshakes::new(tls, view, Arc::clone(&metrics), log::start(0).0),
        files,
        poll: Poll::new().unwrap(),
        connections: Arc::new(Connections::new(8, vec![listener])),
        metrics,
        established: Vec::new(),
    }
}

impl Rig {
    /// A new client's end of its connection.
    fn connect(&mut self) -> UnixStream {
        let (theirs, ours) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        ours.set_nonblocking(true).unwrap();
        let peer = Endpoint::Unix("".into());
        let connection = self.connections.open(0, 9, &peer, 2).unwrap();
        let stream = Stream::Unix(mio::net::UnixStream::from_std(ours));
        self.handshakes
            .begin(stream, connection, &peer, self.poll.registry());
        theirs
    }

    fn step(&mut self) {
        let mut events = Events::with_capacity(16);
        self.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        for event in &events {
            self.handshakes.note(event);
        }
        let mut hand_over = |accepted, _: &Endpoint| self.established.push(accepted);
        self.handshakes
            .advance(self.poll.registry(), &mut hand_over);
    }

    /// Steps until `client` is established.
    fn shake(&mut self, client: UnixStream) -> tls::Stream<UnixStream> {
        let mut client = self.files.open(client);
        for _ in 0..ROUNDS {
            let is_complete = client.handshake().unwrap();
            self.step();
            if is_complete && !self.established.is_empty() {
                return client;
            }
        }
        panic!("no handshake");
    }
}

#[test]
fn an_established_session_would_stay_with_the_listener() {
    let mut rig = rig(8);
    let client = rig.connect();
    let mut client = rig.shake(client);
    assert_eq!(rig.handshakes.open.len(), 0);
    assert_eq!(rig.handshakes.due(), None);
    let counters = &rig.metrics.handshakes;
    assert_eq!((counters.begun.get(), counters.completed.get()), (1, 1));
    assert_eq!((counters.tls12.get(), counters.tls13.get()), (0, 1));

    let mut accepted = rig.established.pop().unwrap();
    assert!(accepted.transport.is_tls());
    let mut poll = Poll::new().unwrap();
    accepted
        .transport
        .register(poll.registry(), Token(0))
        .unwrap();
    client.write_all(b"hello").unwrap();
    let mut room = [0; 64];
    let mut received = None;
    for _ in 0..ROUNDS {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::from_millis(10)))
            .unwrap();
        events
            .iter()
            .for_each(|event| accepted.transport.note(event));
        received = accepted.transport.receive(&mut room).unwrap();
        if received.is_some() {
            break;
        }
    }
    assert_eq!(received, Some(5));
    assert_eq!(rig.connections.current(), 1);
    drop(accepted);
    assert_eq!(rig.connections.current(), 0);
}

#[test]
fn a_handshake_that_stands_still_would_never_end() {
    let mut rig = rig(8);
    let mut stuck = rig.connect();
    stuck.write_all(&[0x16, 3, 1]).unwrap();
    rig.step();
    let start = Instant::now();
    let timeout = rig.handshakes.view.config().tls.handshake_timeout;
    rig.handshakes.sweep(start + timeout / 2);
    assert_eq!(rig.handshakes.open.len(), 1);
    rig.handshakes.sweep(start + 2 * timeout);
    assert_eq!(rig.handshakes.open.len(), 0);
    assert_eq!(rig.connections.current(), 0, "its row is free");
    assert_eq!(rig.metrics.handshakes.timed_out.get(), 1);
    assert_eq!(stuck.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn bounds_that_are_set_later_would_not_hold_for_handshakes_under_way() {
    let mut rig = rig(8);
    let _stuck = rig.connect();
    let mut config = rig.live.now().config.clone();
    config.tls.handshakes = 1;
    config.tls.handshake_timeout = Duration::from_millis(100);
    rig.live.replace(config.into());
    assert!(!rig.handshakes.is_full());
    let now = Instant::now();
    rig.handshakes.adapt(now);
    assert!(rig.handshakes.is_full());
    rig.handshakes.sweep(now + Duration::from_millis(200));
    assert_eq!(rig.metrics.handshakes.timed_out.get(), 1);
}

#[test]
fn a_flood_of_handshakes_would_have_no_bound() {
    let mut rig = rig(2);
    let first = rig.connect();
    assert!(!rig.handshakes.is_full());
    assert_eq!(rig.metrics.handshakes.full.get(), 0);
    let second = rig.connect();
    assert!(rig.handshakes.is_full());
    assert_eq!(rig.metrics.handshakes.full.get(), 1);
    drop(second);
    rig.step();
    assert!(!rig.handshakes.is_full(), "who leaves makes room");
    assert_eq!(rig.metrics.handshakes.closed.get(), 1);
    rig.shake(first);
    assert_eq!(rig.metrics.handshakes.completed.get(), 1);
}

#[test]
fn an_event_of_a_handshake_that_is_over_would_reach_the_next() {
    let mut rig = rig(8);
    let gone = rig.connect();
    let old = token(0, rig.handshakes.generation);
    drop(gone);
    rig.step();
    let _next = rig.connect();
    assert_eq!(
        rig.handshakes.open.iter().next().unwrap().0,
        0,
        "the same key"
    );
    assert!(rig.handshakes.find(old).is_none());
    assert!(
        rig.handshakes
            .find(token(0, rig.handshakes.generation))
            .is_some()
    );
    // The number of a listening socket is nobody's.
    assert!(rig.handshakes.find(Token(0)).is_none());
}

#[test]
fn plaintext_would_be_waited_for() {
    let mut rig = rig(8);
    let mut client = rig.connect();
    client.write_all(b"get a\r\n").unwrap();
    rig.step();
    assert_eq!(rig.handshakes.open.len(), 0);
    assert_eq!(rig.metrics.handshakes.plaintext.get(), 1);
}
