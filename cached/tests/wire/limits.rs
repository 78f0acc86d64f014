//! Every bound has a clear refusal, and what is refused harms nobody else.

use std::thread::sleep;
use std::time::Duration;

use crate::client::{Client, PATIENCE};
use crate::server::Server;

const MIB: u64 = 1 << 20;

/// What a daemon started with `-m 64` may keep resident of its own.
pub(crate) fn resident_max(server: &Server) -> u64 {
    64 * MIB + 2 * MIB + 64 * 1024 * server.threads()
}

#[track_caller]
pub(crate) fn stays_bounded(server: &Server) {
    let (resident, max) = (server.resident(), resident_max(server));
    assert!(resident <= max, "{resident} bytes resident, {max} allowed");
}

#[track_caller]
pub(crate) fn still_serves(server: &Server) {
    let mut client = server.connect();
    client.set("alive", 0, b"yes");
    assert_eq!(client.get("alive").as_deref(), Some(&b"yes"[..]));
}

/// Asks again until `condition` holds; a server that never gets there fails.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let step = Duration::from_millis(10);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        if condition() {
            return;
        }
        sleep(step);
    }
    panic!("never came true: {what}");
}

#[test]
fn one_connection_too_many_would_push_out_another() {
    let server = Server::start(&["-c", "10"]);
    let mut admitted: Vec<Client> = (0..10).map(|_| server.connect()).collect();
    for client in &mut admitted {
        client.ask("get a\r\n", "END\r\n");
    }
    for _ in 0..5 {
        let mut refused = Client::connect(server.plain());
        refused.expect("ERROR Too many open connections\r\n");
        refused.expect_close();
    }
    for client in &mut admitted {
        client.ask("get a\r\n", "END\r\n");
    }
    assert_eq!(admitted[0].stat("curr_connections"), 10);
    assert_eq!(admitted[0].stat("rejected_connections"), 5);

    admitted.pop();
    eventually("a place is free again", || {
        let mut client = server.connect();
        client.try_send("get a\r\n") && client.try_line().as_deref() == Some("END")
    });
}

#[test]
fn a_line_that_never_ends_would_fill_memory() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let piece = "x".repeat(64 * 1024);
    let mut sent = 0;
    // Far more than any request line may have.
    while sent < 64 << 20 && client.try_send(&piece) {
        sent += piece.len();
    }
    assert!(sent < 64 << 20, "a line of {sent} bytes was read");
    stays_bounded(&server);
    still_serves(&server);
}

#[test]
fn a_retrieval_line_that_never_ends_would_fill_memory() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let keys = " key".repeat(16 * 1024);
    client.send("get");
    let mut sent = 0;
    while sent < 64 << 20 && client.try_send(&keys) {
        sent += keys.len();
    }
    assert!(sent < 64 << 20, "a line of {sent} bytes was read");
    stays_bounded(&server);
    still_serves(&server);
}

#[test]
fn a_retrieval_line_within_its_bound_would_be_cut_off() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.set("here", 0, b"v");
    // 900 KiB of keys, the only hit the last of them.
    let mut line = format!("get{}", format!(" {}", "n".repeat(249)).repeat(3600));
    line.push_str(" here\r\n");
    client.ask(line, "VALUE here 0 1\r\nv\r\nEND\r\n");
}

#[test]
fn a_refused_key_would_follow_values_already_sent() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.set("big", 0, &vec![b'v'; 500_000]);
    let refused = "n".repeat(251);
    for keys in [
        format!("{}{refused}", "big ".repeat(20)),
        format!("{}{refused} big", "big ".repeat(200)),
    ] {
        client.ask(
            format!("get {keys}\r\n"),
            "CLIENT_ERROR bad command line format\r\n",
        );
        client.ask(
            format!("gat 0 {keys}\r\n"),
            "CLIENT_ERROR bad command line format\r\n",
        );
    }
    client.ask("get none\r\n", "END\r\n");
}

#[test]
fn one_line_for_more_than_fits_in_memory_would_fill_it() {
    let server = Server::start(&["-m", "64"]);
    let mut client = server.connect();
    let value = vec![b'v'; 1_000_000];
    client.set("big", 0, &value);
    // 500 MB of replies to one request.
    client.send(format!("get{}\r\n", " big".repeat(500)));
    for _ in 0..500 {
        client.expect("VALUE big 0 1000000\r\n");
        assert!(client.take(value.len()) == value);
        client.expect("\r\n");
    }
    client.expect("END\r\n");
    stays_bounded(&server);
}

#[test]
fn a_huge_length_would_be_allocated_before_a_byte_of_it_came() {
    let server = Server::start(&["-m", "64"]);
    let mut clients: Vec<Client> = (0..50).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("set huge 0 0 2147483645\r\n");
        client.send(vec![b'x'; 100_000]);
    }
    still_serves(&server);
    stays_bounded(&server);
}

#[test]
fn bodies_that_never_come_would_fill_memory() {
    let server = Server::start(&["-m", "64"]);
    let mut clients: Vec<Client> = (0..200).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("set late 0 0 1000000\r\nfirst bytes");
    }
    still_serves(&server);
    // The first of them were given a buffer; each is done when its rest comes.
    stays_bounded(&server);
    drop(clients);
    let mut client = server.connect();
    eventually("the places are free again", || {
        client.stat("curr_connections") == 1
    });
    client.set("late", 0, &vec![b'v'; 1_000_000]);
}

#[test]
fn a_request_cut_off_by_its_client_would_be_stored() {
    let server = Server::start(&[]);
    for part in [
        "set gone 0 0 5\r\nhel",
        "set gone 0 0 5\r\nhello",
        "set gone 0 0 5\r\nhello\r",
    ] {
        let mut client = server.connect();
        client.send(part);
        client.finish_sending();
        client.expect_close();
        assert_eq!(server.connect().get("gone"), None, "after {part:?}");
    }
}
