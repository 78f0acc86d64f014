mod verbs;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use net::admin::{Document, REQUEST_MAX, Value};
use net::socket::Stream;

use super::super::client::STEPS;
use super::super::clients::HANDSHAKES_MAX;
use super::super::{Stats, fixture};
use super::*;
use crate::metrics::Metrics;
use crate::orders::{Order, Orders};
use crate::settings::Config;
use crate::tls;

const PATIENCE: Duration = Duration::from_secs(30);

/// A door to the admin protocol, with room for so many who wait.
fn door(backlog: i32) -> Door {
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into(), backlog);
    Door {
        listener: listener.expect("a free port"),
        protocol: Protocol::Admin,
    }
}

/// Runs `client` against a served admin port, then stops it.
fn with_server(client: impl FnOnce(std::net::SocketAddr)) {
    with_stats(fixture::stats, client);
}

/// As [`with_server`], on what `stats` makes.
fn with_stats(
    stats: impl FnOnce() -> Stats + Send + 'static,
    client: impl FnOnce(std::net::SocketAddr),
) {
    let admin = Admin::new(vec![door(4)]).expect("a poll");
    let (Endpoint::Inet(address), _) = admin.endpoints()[0] else {
        panic!("no address");
    };
    let waker = admin.waker();
    let server = thread::spawn(move || admin.run(&mut fixture::control(stats())));
    client(address);
    waker.stop();
    server.join().expect("no panic").expect("no failure");
}

fn line(stream: impl io::Read) -> Vec<u8> {
    let mut line = Vec::new();
    BufReader::new(stream)
        .read_until(b'\n', &mut line)
        .expect("a line");
    line
}

fn ask(address: std::net::SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.write_all(request).expect("sent");
    line(stream)
}

fn error(document: &[u8]) -> String {
    match Document::parse(document) {
        Ok(Document::Error(error)) => error.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_without_end_is_refused_and_closed() {
    with_server(|address| {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(&[b'x'; REQUEST_MAX]).expect("sent");
        assert_eq!(error(&line(&stream)), "the request is too long");
        assert_eq!(stream.read(&mut [0]).expect("closed"), 0);
    });
}

#[test]
fn more_requests_at_once_than_a_turn_takes_are_all_answered() {
    with_server(|address| {
        let mut stream = TcpStream::connect(address).expect("connected");
        let mut writer = stream.try_clone().expect("a second handle");
        let count = 10 * STEPS;
        let sender = thread::spawn(move || writer.write_all(&b"ping\n".repeat(count)));
        let mut answers = vec![0; count * b"{\"rows\":[]}\n".len()];
        stream.read_exact(&mut answers).expect("all answers");
        assert_eq!(answers, b"{\"rows\":[]}\n".repeat(count));
        sender.join().expect("no panic").expect("sent");
    });
}

#[test]
fn one_client_too_many_is_told_so_and_those_who_wait_for_an_answer_stay() {
    let (orders, arrived) = Orders::new();
    let stats = || Stats {
        orders,
        ..fixture::stats()
    };
    with_stats(stats, |address| {
        let clients: Vec<_> = (0..CLIENTS_MAX)
            .map(|_| TcpStream::connect(address).expect("connected"))
            .collect();
        let mut askers = Vec::new();
        for mut client in &clients {
            client.write_all(b"reload\n").expect("sent");
            match arrived.recv_timeout(PATIENCE) {
                Ok(Order::Reload(asker)) => askers.push(asker),
                other => panic!("{other:?}"),
            }
        }
        let late = TcpStream::connect(address).expect("connected");
        assert_eq!(error(&line(late)), "too many admin clients");
        for (asker, client) in askers.iter().zip(clients) {
            asker.send(Ok(Vec::new())).expect("it waits");
            assert_eq!(line(client), b"{\"rows\":[]}\n");
        }
    });
}

#[test]
fn clients_that_ask_nothing_would_keep_all_others_out() {
    with_server(|address| {
        let idle: Vec<_> = (0..CLIENTS_MAX)
            .map(|_| TcpStream::connect(address).expect("connected"))
            .collect();
        for (number, mut client) in idle.iter().enumerate() {
            // Whether they have asked before, have begun to, or neither.
            let begun = [&b"ping\n"[..], b"pi", b""][number % 3];
            client.write_all(begun).expect("sent");
            if number % 3 == 0 {
                assert_eq!(line(client), b"{\"rows\":[]}\n");
            }
        }
        for _ in 0..2 * CLIENTS_MAX {
            assert_eq!(ask(address, b"ping\n"), b"{\"rows\":[]}\n");
        }
    });
}

#[test]
fn more_clients_at_once_than_a_turn_accepts_are_all_dealt_with_and_the_eldest_goes() {
    let mut door = door(64);
    let poll = Poll::new().expect("a poll");
    poll.registry()
        .register(door.listener.source(), Token(0), Interest::READABLE)
        .expect("registered");
    let Ok(Endpoint::Inet(address)) = door.listener.endpoint() else {
        panic!("no address");
    };
    let stats = fixture::stats();
    let now = Instant::now();
    let mut clients = Clients::new(1);
    let mut waiting: Vec<_> = (0..=CLIENTS_MAX)
        .map(|_| TcpStream::connect(address).expect("connected"))
        .collect();
    let mut accept = || clients.accept(&door, poll.registry(), &stats, now);
    assert_eq!(accept(), Some(now), "one is left");
    assert_eq!(accept(), None);
    assert_eq!(clients.open.len(), CLIENTS_MAX);
    assert_eq!(waiting[0].read(&mut [0]).expect("closed"), 0);
    assert_eq!(stats.metrics.of(Protocol::Admin).idle.get(), 1);
}

#[test]
fn a_client_that_asks_nothing_or_half_a_request_is_closed_when_its_time_is_up() {
    let poll = Poll::new().expect("a poll");
    let mut clients = Clients::new(0);
    let start = Instant::now();
    let mut control = fixture::control(fixture::stats());
    let protocol = Protocol::Http;
    let mut peers = Vec::new();
    for begun in [&b""[..], b"GET /heal"] {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("set");
        theirs.write_all(begun).expect("sent");
        let stream = Stream::Unix(mio::net::UnixStream::from_std(ours));
        let (peer, stats) = (Endpoint::Unix("".into()), &control.stats);
        clients.add(stream, peer, protocol, poll.registry(), stats, start);
        let token = *clients.open.keys().last().expect("added");
        clients.advance(token, poll.registry(), &mut control, start);
        peers.push(theirs);
    }
    let patience = protocol.patience();
    clients.close_overdue(&control.stats, start + patience / 2);
    assert_eq!(clients.open.len(), 2);
    clients.close_overdue(&control.stats, start + patience);
    assert_eq!(clients.open.len(), 0);
    let counters = control.stats.metrics.of(protocol);
    assert_eq!((counters.idle.get(), counters.overdue.get()), (1, 1));
}

/// A request that came late has its own time.
#[test]
fn a_client_would_be_closed_while_its_reload_is_under_way() {
    let poll = Poll::new().expect("a poll");
    let mut clients = Clients::new(0);
    let start = Instant::now();
    let (orders, _arrived) = Orders::new();
    let mut control = fixture::control(Stats {
        orders,
        ..fixture::stats()
    });
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    ours.set_nonblocking(true).expect("set");
    theirs.write_all(b"reload\n").expect("sent");
    let stream = Stream::Unix(mio::net::UnixStream::from_std(ours));
    let (peer, protocol) = (Endpoint::Unix("".into()), Protocol::Admin);
    let stats = Arc::clone(&control.stats);
    clients.add(stream, peer, protocol, poll.registry(), &stats, start);
    let late = start + protocol.patience() / 2;
    let token = *clients.open.keys().last().expect("added");
    clients.advance(token, poll.registry(), &mut control, late);
    clients.close_overdue(&stats, start + protocol.patience());
    assert_eq!(clients.open.len(), 1);
}

#[test]
fn an_event_of_a_gone_client_reaches_no_other() {
    let poll = Poll::new().expect("a poll");
    let mut control = fixture::control(fixture::stats());
    let now = Instant::now();
    let mut clients = Clients::new(0);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("set");
        clients.add(
            Stream::Unix(mio::net::UnixStream::from_std(ours)),
            Endpoint::Unix("".into()),
            Protocol::Admin,
            poll.registry(),
            &control.stats,
            now,
        );
        let token = *clients.open.keys().last().expect("added");
        tokens.push(token);
        drop(theirs);
        clients.advance(token, poll.registry(), &mut control, now);
        assert_eq!(clients.open.len(), 0);
    }
    assert_ne!(tokens[0], tokens[1]);
}

/// Runs `client` against an admin port in TLS.
fn with_tls(client: impl FnOnce(std::net::SocketAddr, &tls::fixture::Fixture, &Metrics)) {
    let files = tls::fixture::tls();
    let metrics = Arc::new(Metrics::new(1));
    let (shared, tls) = (Arc::clone(&metrics), Arc::clone(&files.tls));
    let stats = move || {
        let config = Config {
            admin_tls: true,
            ..Config::default()
        };
        Stats {
            metrics: shared,
            ..fixture::stats_with(config, Some(tls))
        }
    };
    with_stats(stats, |address| client(address, &files, &metrics));
}

fn ask_in_tls(
    address: std::net::SocketAddr,
    files: &tls::fixture::Fixture,
    request: &[u8],
) -> Vec<u8> {
    let mut session = files.open(TcpStream::connect(address).expect("connected"));
    assert!(session.handshake().expect("a handshake"));
    session.write_all(request).expect("sent");
    line(session)
}

#[test]
fn a_handshake_that_stands_still_would_hold_up_the_others() {
    with_tls(|address, files, metrics| {
        let stuck = TcpStream::connect(address).expect("connected");
        (&stuck).write_all(&[0x16, 3, 1]).expect("sent");
        assert_eq!(ask_in_tls(address, files, b"ping\n"), b"{\"rows\":[]}\n");
        let counters = &metrics.admin_handshakes;
        assert_eq!((counters.begun.get(), counters.completed.get()), (2, 1));
    });
}

#[test]
fn clients_that_nobody_has_let_in_would_take_all_places() {
    let mut door = door(64);
    let poll = Poll::new().expect("a poll");
    poll.registry()
        .register(door.listener.source(), Token(0), Interest::READABLE)
        .expect("registered");
    let Ok(Endpoint::Inet(address)) = door.listener.endpoint() else {
        panic!("no address");
    };
    let config = Config {
        admin_tls: true,
        ..Config::default()
    };
    let stats = fixture::stats_with(config, Some(tls::fixture::tls().tls));
    let mut clients = Clients::new(1);
    let _waiting: Vec<_> = (0..CLIENTS_MAX)
        .map(|_| TcpStream::connect(address).expect("connected"))
        .collect();
    clients.accept(&door, poll.registry(), &stats, Instant::now());
    assert_eq!(clients.open.len(), HANDSHAKES_MAX);
    let refused = stats.metrics.admin_handshakes.full.get();
    assert_eq!(refused as usize, CLIENTS_MAX - HANDSHAKES_MAX);
}

#[test]
fn the_admin_port_in_tls_would_answer_without_it() {
    with_tls(|address, _, metrics| {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(b"version\n").expect("sent");
        let mut answer = Vec::new();
        // It may end in a reset: what was sent is not all read.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.contains(&b'{'), "{}", answer.escape_ascii());
        assert_eq!(metrics.admin_handshakes.plaintext.get(), 1);
    });
}
