//! What each verb of the admin protocol does, and what it refuses.

use storage::Condition;

use super::super::super::stat_connections::SHOWN_MAX;
use super::*;
use crate::connections::{Connections, Listening};
use crate::orders::{Order, Orders};
use crate::settings::{Change, Fate, SETTINGS};

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
            (&b"stats nonsense\n"[..], "there is no group 'nonsense'"),
            (b"ping twice\n", "ping takes no argument"),
            (b"connections all\n", "a number is wanted"),
            (b"log all\n", "a number is wanted"),
            (b"log 1 2\n", "log takes the number of a line"),
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

/// A browser can be made to send what it likes to an address of its own machine, behind a request
/// line of HTTP.
#[test]
fn a_web_page_would_give_orders() {
    with_server(|address| {
        for request in [
            &b"POST / HTTP/1.1\r\nHost: x\r\n\r\nflush\n"[..],
            b"flash\nping\n",
        ] {
            let mut stream = TcpStream::connect(address).expect("connected");
            stream.write_all(request).expect("sent");
            let mut answers = Vec::new();
            stream.read_to_end(&mut answers).expect("closed");
            let refusal = error(&answers);
            assert!(refusal.starts_with("there is no verb"), "{refusal}");
        }
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
        assert_eq!(refusal, "a bad file");
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
        let bytes = super::ask(address, b"connections\n").len();
        assert!(bytes < SHOWN_MAX * 600, "{bytes}: said a thousand times");
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
