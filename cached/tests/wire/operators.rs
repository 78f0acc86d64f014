//! What operators and monitoring do to a running daemon.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use net::admin::Document;

use crate::client::connect;
use crate::limits::eventually;
use crate::server::{Server, refusal};

/// With metrics beside the rest.
fn start(flags: &[&str]) -> Server {
    Server::start(&[&["--metrics", "127.0.0.1:0"], flags].concat())
}

/// The whole answer to a request for `path`.
fn get(server: &Server, path: &str) -> String {
    let mut stream = connect(server.metrics());
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("send");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Names and values of the rows that a request is answered with.
fn rows(server: &Server, request: &str) -> Vec<(String, String)> {
    let line = server.operate(request);
    match Document::parse(&line) {
        Ok(Document::Rows(rows)) => rows
            .into_iter()
            .map(|row| (row.name.into_owned(), row.value.to_string()))
            .collect(),
        other => panic!("to {request}: {other:?}"),
    }
}

fn error(server: &Server, request: &str) -> String {
    match Document::parse(&server.operate(request)) {
        Ok(Document::Error(why)) => why.into_owned(),
        other => panic!("to {request}: {other:?}"),
    }
}

#[test]
fn a_scrape_would_not_tell_what_clients_did() {
    let server = start(&[]);
    let mut client = server.connect();
    client.ask("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    client.ask("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    // A request's time is counted once its reply is sent, and so before the next turn.
    client.ask("mn\r\n", "MN\r\n");
    let page = get(&server, "/metrics");
    for line in [
        "memcached_up 1",
        r#"memcached_commands_total{command="get",status="hit"} 1"#,
        r#"memcached_commands_total{command="set",status="hit"} 1"#,
        "memcached_current_items 1",
        r#"cached_request_duration_seconds_count{command="get"} 1"#,
    ] {
        assert!(page.lines().any(|it| it == line), "{line}: {page}");
    }
    assert!(get(&server, "/vars.json").contains("\"get_hits\":1,"));
    assert!(get(&server, "/readyz").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_connection_would_be_ended_that_was_not_meant() {
    let server = start(&[]);
    let mut clients = [server.connect(), server.connect()];
    for client in &mut clients {
        client.ask("get a\r\n", "END\r\n");
    }
    let id = |(name, _): &(String, String)| {
        let id = name.strip_suffix(":client")?;
        id.parse::<u64>().ok()
    };
    let ids: Vec<_> = rows(&server, "connections").iter().filter_map(id).collect();
    assert_eq!(ids.len(), 2);
    let killed = vec![("killed".to_owned(), ids[1].to_string())];
    assert_eq!(rows(&server, &format!("kill {}", ids[1])), killed);
    clients[1].expect_close();
    clients[0].ask("get a\r\n", "END\r\n");
    assert!(error(&server, &format!("kill {}", ids[1])).starts_with("there is no connection"));
    let closed = ("closed_killed".to_owned(), "1".to_owned());
    assert!(rows(&server, "stats cached").contains(&closed));
}

#[test]
fn an_operators_flush_would_leave_something() {
    let server = start(&[]);
    let mut client = server.connect();
    client.ask("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    assert_eq!(rows(&server, "flush").len(), 1);
    client.ask("get a\r\n", "END\r\n");
    client.ask("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    assert_eq!(rows(&server, "flush delay 1000").len(), 1);
    client.ask("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");

    client.ask("set b 0 0 1\r\nx\r\n", "STORED\r\n");
    let deleted = vec![("deleted".to_owned(), "1".to_owned())];
    assert_eq!(rows(&server, "flush prefix a"), deleted);
    client.ask("get a b\r\n", "VALUE b 0 1\r\nx\r\nEND\r\n");
}

#[test]
fn a_drain_would_cut_requests_off_or_not_end() {
    let mut server = start(&["--drain-timeout", "0s", "-t", "2"]);
    let (mut busy, mut idle) = (server.connect(), server.connect());
    busy.send("set a 0 0 5\r\nhe");
    idle.ask("get a\r\n", "END\r\n");
    let metrics = server.metrics();
    let mut probe = connect(metrics);
    rows(&server, "drain");
    idle.expect_close();
    // What is under way can be followed, and keeps the server.
    let left = ("curr_connections".to_owned(), "1".to_owned());
    eventually("one is left", || rows(&server, "stats").contains(&left));
    probe
        .write_all(b"GET /readyz HTTP/1.0\r\n\r\n")
        .expect("send");
    let mut answer = String::new();
    probe.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let refused = TcpStream::connect(server.address().socket()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    busy.send("llo\r\n");
    busy.expect("STORED\r\n");
    busy.expect_close();
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_request_that_is_never_whole_would_hold_a_drain_up_for_ever() {
    let mut server = start(&["--drain-timeout", "100ms"]);
    let mut stuck = server.connect();
    stuck.send("set a 0 0 5\r\n");
    stuck.ask("", "");
    rows(&server, "drain");
    assert_eq!(server.wait().code(), Some(0));
}

/// As many as there may be of them, who ask and do not read, or do not ask at all.
#[test]
fn clients_of_the_admin_thread_that_stand_still_would_hold_up_others() {
    let server = start(&[]);
    let address = server.metrics();
    let stuck: Vec<_> = (0..16)
        .map(|n| {
            let mut stream = connect(address);
            if n % 2 == 0 {
                stream.write_all(b"GET /metrics HTT").expect("send");
            } else {
                let request = b"GET /metrics HTTP/1.1\r\n\r\n".repeat(64);
                stream.write_all(&request).expect("send");
            }
            stream
        })
        .collect();
    let greedy: Vec<_> = (0..15)
        .map(|_| {
            let mut stream = UnixStream::connect(server.admin_socket()).expect("connect");
            stream.write_all(&b"config\n".repeat(100)).expect("send");
            stream
        })
        .collect();

    let mut client = server.connect();
    for _ in 0..100 {
        client.ask("get a\r\n", "END\r\n");
    }
    assert_eq!(rows(&server, "ping"), []);
    // Who has not asked makes way.
    let health = get(&server, "/healthz");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    drop((stuck, greedy));
    let refused = ("http_refused".to_owned(), "0".to_owned());
    assert!(rows(&server, "stats cached").contains(&refused));
}

#[test]
fn the_admin_socket_would_be_open_to_others_or_closed_to_operators() {
    let permissions = |server: &Server| {
        let file = fs::metadata(server.admin_socket()).expect("a socket");
        file.permissions().mode() & 0o777
    };
    assert_eq!(permissions(&start(&[])), 0o660);
    assert_eq!(permissions(&start(&["--admin-socket-mode", "0600"])), 0o600);
    let (status, said) = refusal(&["-p", "0", "--admin-socket-group", "no-such-group-here"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("no-such-group-here"), "{said}");
}
