//! The settings of `[ttl]`, by every command that gives an item a time.

use std::fs;

use crate::client::Client;
use crate::limits::eventually;
use crate::server::Server;

/// The seconds that `key` has left; `None`: for ever.
fn left(client: &mut Client, key: &str) -> Option<u64> {
    client.send(format!("mg {key} t\r\n"));
    let line = client.line();
    let left = line.strip_prefix("HD t").expect("it is there");
    (left != "-1").then(|| left.parse().expect("seconds"))
}

/// Each request, and what it is answered; the item is `k`.
const EXCHANGES: &[(&str, &str)] = &[
    ("set k 0 TIME 1\r\n1\r\n", "STORED\r\n"),
    ("replace k 0 TIME 1\r\n1\r\n", "STORED\r\n"),
    ("touch k TIME\r\n", "TOUCHED\r\n"),
    ("gat TIME k\r\n", "VALUE k 0 1\r\n1\r\nEND\r\n"),
    ("ms k 1 TTIME\r\n1\r\n", "HD\r\n"),
    ("mg k TTIME\r\n", "HD\r\n"),
    ("ma k TTIME\r\n", "HD\r\n"),
    ("md k I TTIME\r\n", "HD\r\n"),
    ("delete k\r\n", "DELETED\r\n"),
    ("mg k NTIME\r\n", "HD W\r\n"),
    ("delete k\r\n", "DELETED\r\n"),
    ("ma k NTIME\r\n", "HD\r\n"),
    ("delete k\r\n", "DELETED\r\n"),
    ("ms k 1 MA NTIME\r\n1\r\n", "HD\r\n"),
    ("delete k\r\n", "DELETED\r\n"),
    ("add k 0 TIME 1\r\n1\r\n", "STORED\r\n"),
];

/// Asks for `time` by every command, and expects from `least` to `most` seconds each time.
fn expect(server: &Server, time: &str, least: u64, most: u64) {
    let mut client = server.connect();
    client.send("delete k\r\n");
    client.line();
    for (request, reply) in EXCHANGES {
        client.ask(request.replace("TIME", time), reply);
        if request.starts_with("delete") {
            continue;
        }
        client.send("mg k t\r\n");
        let line = client.line();
        let left = line.split(' ').find_map(|flag| flag.strip_prefix('t'));
        let left: u64 = left.and_then(|t| t.parse().ok()).unwrap_or(u64::MAX);
        assert!((least..=most).contains(&left), "{request}: {line}");
    }
}

#[test]
fn a_command_would_go_round_the_default_or_the_maximum() {
    let server = Server::start(&["--ttl-default", "1000", "--ttl-max", "2000"]);
    expect(&server, "0", 900, 1000);
    expect(&server, "5000", 1900, 2000);
    expect(&server, "500", 400, 500);
    let mut client = server.connect();
    client.ask("set gone 0 -1 1\r\n1\r\n", "STORED\r\n");
    client.ask("get gone\r\n", "END\r\n");
}

#[test]
fn jitter_would_leave_a_command_alone() {
    let server = Server::start(&["--ttl-jitter", "50"]);
    expect(&server, "1000", 400, 1000);
    let mut client = server.connect();
    let mut seen: Vec<_> = (0..50)
        .map(|n| {
            let key = format!("key{n}");
            client.ask(format!("set {key} 0 1000 1\r\n1\r\n"), "STORED\r\n");
            left(&mut client, &key).expect("an end")
        })
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > 20, "{seen:?}");
    client.ask("set for_ever 0 0 1\r\n1\r\n", "STORED\r\n");
    assert_eq!(left(&mut client, "for_ever"), None);
}

#[test]
fn a_default_that_is_given_later_would_wait_for_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cached.toml");
    let socket = folder.path().join("admin.sock");
    let write = |more: &str| {
        let socket = socket.display();
        let text = format!("[server]\nport = 0\n[admin]\nsocket = \"{socket}\"\n{more}");
        fs::write(&path, text).expect("written");
    };
    write("");
    let server = Server::start_from(&path, folder, 1);
    let mut client = Client::connect(server.plain());
    let mut stored = |key: &str| {
        client.ask(format!("set {key} 0 0 1\r\n1\r\n"), "STORED\r\n");
        left(&mut client, key)
    };
    assert_eq!(stored("before"), None);
    write("[ttl]\ndefault = \"1000s\"\n");
    server.signal("HUP");
    eventually("the default holds", || stored("after").is_some());
    assert_eq!(left(&mut client, "before"), None, "what was stored stays");
}
