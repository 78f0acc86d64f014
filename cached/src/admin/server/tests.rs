use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use net::admin::{Document, REQUEST_MAX, Value};
use net::socket::Stream;
use storage::Condition;

use super::super::client::STEPS;
use super::super::clients::HANDSHAKES_MAX;
use super::super::stat_connections::SHOWN_MAX;
use super::super::{Stats, fixture};
use super::*;
use crate::connections::{Connections, Listening};
use crate::metrics::Metrics;
use crate::orders::{Order, Orders};
use crate::settings::{Change, Config, Fate, SETTINGS};
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
fn every_verb_is_answered() {
    with_server(|address| {
        assert_eq!(ask(address, b"ping\n"), b"{\"rows\":[]}\n");
        let version = ask(address, b"version\r\n");
        match Document::parse(&version) {
            Ok(Document::Rows(rows)) => {
                assert_eq!(rows[0].value, Value::from(env!("CARGO_PKG_VERSION")));
            }
            other => panic!("{other:?}"),
        }
        // The store is empty, and so are the groups that tell of items.
        for (group, is_empty) in [
            ("", false),
            ("settings", false),
            ("conns", false),
            ("segments", false),
            ("process", false),
            ("ttl", true),
        ] {
            let document = ask(address, format!("stats {group}\n").as_bytes());
            match Document::parse(&document) {
                Ok(Document::Rows(rows)) => assert_eq!(rows.is_empty(), is_empty, "{group}"),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_setting_would_be_missing_or_shown_without_its_source() {
    with_server(|address| {
        let document = ask(address, b"config\n");
        let Ok(Document::Rows(rows)) = Document::parse(&document) else {
            panic!("{}", document.escape_ascii());
        };
        assert_eq!(rows.len(), 3 * SETTINGS.len());
        for (setting, rows) in SETTINGS.iter().zip(rows.chunks(3)) {
            let names = ["", ":source", ":reload"].map(|of| format!("{}{of}", setting.key));
            assert_eq!(names, [0, 1, 2].map(|row| rows[row].name.to_string()));
            let value = (setting.get)(&Config::default()).to_string();
            let told = ["default", setting.reload.name()];
            assert_eq!(rows[0].value, Value::from(value.as_str()));
            assert_eq!(told, [1, 2].map(|row| rows[row].value.to_string()));
            assert_eq!(rows[0].help, setting.help);
        }
    });
}

#[test]
fn a_wrong_request_is_refused_and_the_client_may_go_on() {
    with_server(|address| {
        let mut stream = TcpStream::connect(address).expect("connected");
        for (request, words) in [
            (&b"flash\n"[..], "there is no verb 'flash'"),
            (b"stats nonsense\n", "there is no group 'nonsense'"),
            (b"ping twice\n", "ping takes no argument"),
            (b"connections all\n", "a number is wanted"),
            (b"flush delay\n", "flush takes nothing, delay"),
            (b"flush prefix %f\n", "the prefix has a %"),
            (b"flush delay x\n", "a number is wanted"),
            (b"kill\n", "kill takes the id"),
            (b"kill -1\n", "a number is wanted"),
            (b"kill 77\n", "there is no connection 77"),
            (b"reload it\n", "reload takes no argument"),
            (b"\n", "a request must name a verb"),
        ] {
            stream.write_all(request).expect("sent");
            let refusal = error(&line(&stream));
            assert!(refusal.starts_with(words), "{refusal}");
        }
        stream.write_all(b"ping\n").expect("sent");
        assert_eq!(line(&stream), b"{\"rows\":[]}\n");
    });
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
fn one_client_too_many_is_told_so_and_the_others_stay() {
    with_server(|address| {
        let mut clients: Vec<_> = (0..CLIENTS_MAX)
            .map(|_| TcpStream::connect(address).expect("connected"))
            .collect();
        for client in &mut clients {
            client.write_all(b"ping\n").expect("sent");
            assert_eq!(line(client), b"{\"rows\":[]}\n");
        }
        let late = TcpStream::connect(address).expect("connected");
        assert_eq!(error(&line(late)), "too many admin clients");
        drop(clients);
    });
}

#[test]
fn more_clients_at_once_than_a_turn_accepts_are_all_dealt_with() {
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
    let waiting: Vec<_> = (0..=CLIENTS_MAX)
        .map(|_| TcpStream::connect(address).expect("connected"))
        .collect();
    let mut accept = || clients.accept(&door, poll.registry(), &stats, now);
    assert_eq!(accept(), Some(now), "one is left");
    assert_eq!(accept(), None);
    assert_eq!(
        error(&line(&waiting[CLIENTS_MAX])),
        "too many admin clients"
    );
}

#[test]
fn a_client_that_asks_nothing_is_closed_when_its_time_is_up() {
    let poll = Poll::new().expect("a poll");
    let mut clients = Clients::new(0);
    let (ours, _theirs) = UnixStream::pair().expect("a pair");
    ours.set_nonblocking(true).expect("set");
    let stream = Stream::Unix(mio::net::UnixStream::from_std(ours));
    let start = Instant::now();
    let (peer, stats) = (Endpoint::Unix("".into()), fixture::stats());
    let protocol = Protocol::Admin;
    clients.add(stream, peer, protocol, poll.registry(), &stats, start);
    clients.close_overdue(&stats, start + PATIENCE / 2);
    assert_eq!(clients.open.len(), 1);
    clients.close_overdue(&stats, start + PATIENCE);
    assert_eq!(clients.open.len(), 0);
    assert_eq!(stats.metrics.of(protocol).overdue.get(), 1);
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

#[test]
fn a_reload_would_be_answered_before_its_outcome_is_known() {
    let change = |key, fate| Change {
        key,
        fate,
        from: "1".to_owned(),
        to: "2".to_owned(),
    };
    let changes = vec![
        change("server.port", Fate::Restart),
        change("store.memory", Fate::Unchanged),
        change("log.verbosity", Fate::Applied),
    ];
    let outcomes = [Ok(changes), Err("a bad file".to_owned())];
    let (orders, arrived) = Orders::new();
    let main = thread::spawn(move || {
        for outcome in outcomes {
            match arrived.recv_timeout(PATIENCE) {
                Ok(Order::Reload(asker)) => asker.send(outcome).expect("somebody waits"),
                other => panic!("{other:?}"),
            }
        }
    });
    let stats = || Stats {
        orders,
        ..fixture::stats()
    };
    with_stats(stats, |address| {
        let answer = ask(address, b"reload\n");
        let Ok(Document::Rows(rows)) = Document::parse(&answer) else {
            panic!("{}", answer.escape_ascii());
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|r| format!("{} {}", r.name, r.value))
            .collect();
        assert_eq!(
            rows,
            [
                "log.verbosity applied",
                "log.verbosity:from 1",
                "log.verbosity:to 2",
                "server.port restart",
                "server.port:from 1",
                "server.port:to 2",
                "store.memory unchanged",
            ]
        );
        let refusal = error(&ask(address, b"reload\n"));
        assert_eq!(refusal, "nothing is changed: a bad file");
    });
    main.join().expect("both were asked for");
}

#[test]
fn connections_beyond_a_document_could_not_be_asked_for() {
    let table = Connections::new(
        SHOWN_MAX + 3,
        vec![Listening::plain(3, Endpoint::Unix("".into()))],
    );
    let table = Arc::new(table);
    let mut open = |fd| {
        table
            .open(0, fd, &Endpoint::Unix("".into()), 2)
            .expect("room")
    };
    let mut all: Vec<_> = (0..).take(SHOWN_MAX).map(&mut open).collect();
    let shared = Arc::clone(&table);
    let stats = move || Stats {
        connections: shared,
        ..fixture::stats()
    };
    let ask = |address, request: &str| match Document::parse(&ask(address, request.as_bytes())) {
        Ok(Document::Rows(rows)) => {
            let ids = rows.iter().filter_map(|row| row.name.split_once(":client"));
            let next = rows.last().filter(|row| row.name == "next");
            (ids.count(), next.map(|row| row.value.to_string()))
        }
        other => panic!("{other:?}"),
    };
    with_stats(stats, |address| {
        assert_eq!(ask(address, "connections\n"), (SHOWN_MAX, None));
        all.extend((0..3).map(&mut open));
        let (shown, next) = ask(address, "connections\n");
        assert_eq!(shown, SHOWN_MAX);
        let next = next.expect("some are left");
        assert_eq!(ask(address, &format!("connections {next}\n")), (3, None));
        assert_eq!(ask(address, "connections 999999\n"), (0, None));
    });
}

#[test]
fn a_kill_would_be_answered_before_the_connection_has_ended() {
    let table = Connections::new(1, vec![Listening::plain(3, Endpoint::Unix("".into()))]);
    let table = Arc::new(table);
    let victim = table
        .open(0, 9, &Endpoint::Unix("".into()), 2)
        .expect("room");
    let shared = Arc::clone(&table);
    let stats = move || Stats {
        connections: shared,
        ..fixture::stats()
    };
    with_stats(stats, |address| {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(b"kill 0\n").expect("sent");
        // Others are served meanwhile.
        assert_eq!(ask(address, b"ping\n"), b"{\"rows\":[]}\n");
        for _ in 0..1000 {
            if victim.is_killed() {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        assert!(victim.is_killed());
        stream.set_nonblocking(true).expect("set");
        let silent = stream.read(&mut [0; 1]).expect_err("no answer yet");
        assert_eq!(silent.kind(), io::ErrorKind::WouldBlock);
        stream.set_nonblocking(false).expect("set");
        drop(victim);
        match Document::parse(&line(&stream)) {
            Ok(Document::Rows(rows)) => assert_eq!(rows[0].name, "killed"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_flush_would_leave_what_was_stored_or_come_before_its_time() {
    let stats = fixture::stats();
    let (store, clock) = (Arc::clone(&stats.store), stats.clock);
    let mut writer = store.writer().expect("a writer");
    let mut participant = store.join().expect("a place");
    with_stats(
        || stats,
        |address| {
            let mut is_there = |after, stores: bool| {
                let guard = participant.enter(clock.now() + after);
                if stores {
                    let stored = writer.store(&guard, b"k", b"v", 0, 0, Condition::Always);
                    stored.expect("room");
                }
                store.get(&guard, b"k").is_some()
            };
            assert!(is_there(0, true));
            assert!(ask(address, b"flush\n").starts_with(b"{\"rows\":["));
            assert!(!is_there(0, false));

            assert!(is_there(0, true));
            assert!(ask(address, b"flush delay 1000\n").starts_with(b"{\"rows\":["));
            assert!(is_there(900, false));
            assert!(!is_there(1001, false));
        },
    );
}

#[test]
fn a_flush_by_prefix_would_spare_an_item_or_take_another() {
    let stats = fixture::stats();
    let (store, clock) = (Arc::clone(&stats.store), stats.clock);
    let mut writer = store.writer().expect("a writer");
    let mut participant = store.join().expect("a place");
    {
        let guard = participant.enter(clock.now());
        for n in 0..1000 {
            for prefix in ["a b:", "a b", "b:"] {
                let key = format!("{prefix}{n}");
                let condition = Condition::Always;
                let stored = writer.store(&guard, key.as_bytes(), b"v", 0, 0, condition);
                stored.expect("room");
            }
        }
    }
    let items = Arc::clone(&store);
    with_stats(
        || stats,
        |address| {
            for (request, deleted) in [("a%20b:", "1000"), ("a%20b:", "0"), ("", "")] {
                let answer = ask(address, format!("flush prefix {request}\n").as_bytes());
                match Document::parse(&answer) {
                    Ok(Document::Rows(rows)) => assert_eq!(rows[0].value.to_string(), deleted),
                    Ok(Document::Error(_)) => assert_eq!(deleted, ""),
                    Err(error) => panic!("{error}"),
                }
            }
        },
    );
    assert_eq!(items.stats().items, 2000);
}
