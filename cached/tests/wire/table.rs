//! Runs the table of exchanges: each row whole, each row a byte at a time, and
//! all rows in one pipelined write; against the daemon, and against a real
//! memcached when `CACHED_JUDGE=host:port` names one.

use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::client::Client;
use crate::exchange::{Exchange, Memcached, Verdict, compare};
use crate::rows;
use crate::server::Server;

/// Rows longer than this are not sent byte by byte: it would only be slow.
const BYTEWISE_MAX: usize = 4096;

/// Sent behind a row, so that a byte too much in its reply is seen.
const FENCE: &[u8] = b"version\r\n";
const FENCE_REPLY: &[u8] = b"VERSION <line>\r\n";

#[derive(Clone, Copy)]
enum Side {
    Daemon,
    Memcached,
}

impl Side {
    fn has(self, row: &Exchange) -> bool {
        matches!(self, Self::Daemon) || !matches!(row.memcached, Memcached::NotCompared(_))
    }

    /// The reply due, and whether the connection ends with it.
    fn expectation(self, row: &Exchange) -> (&[u8], bool) {
        match (self, &row.memcached) {
            (Self::Memcached, Memcached::Says(expect, _)) => (expect, false),
            (Self::Memcached, Memcached::Closes(_)) => (b"", true),
            _ => (&row.expect, row.closes),
        }
    }
}

/// Reads until `expect` is met or cannot be met any more.
fn check(client: &mut Client, expect: &[u8]) -> Result<(), String> {
    loop {
        let wrong = |client: &Client, what: &str| {
            let seen = client.pending().escape_ascii().to_string();
            let want = expect.escape_ascii();
            Err(format!(
                "{what}\n     want \"{want}\"\n     seen \"{seen:.600}\""
            ))
        };
        match compare(expect, client.pending()) {
            Verdict::Met(n) => {
                client.take(n);
                return Ok(());
            }
            Verdict::Wrong => return wrong(client, "another reply"),
            Verdict::MoreDue if client.fill() => {}
            Verdict::MoreDue => return wrong(client, "closed too early"),
        }
    }
}

fn forget_earlier_runs(address: SocketAddr) {
    Client::connect(address).ask("flush_all\r\n", "OK\r\n");
}

fn run_row(address: SocketAddr, side: Side, row: &Exchange, piece: usize) -> Result<(), String> {
    let (expect, closes) = side.expectation(row);
    let mut client = Client::connect(address);
    for part in row.send.chunks(piece) {
        // A server that closes early may reset the rest.
        if !client.try_send(part) {
            break;
        }
    }
    if closes {
        check(&mut client, expect)?;
        return if client.fill() {
            Err(format!(
                "left open, and said \"{}\"",
                client.pending().escape_ascii()
            ))
        } else {
            Ok(())
        };
    }
    client.send(FENCE);
    check(&mut client, &[expect, FENCE_REPLY].concat())
}

fn run_each(address: SocketAddr, side: Side, piece: usize) -> Vec<String> {
    forget_earlier_runs(address);
    let rows = rows::all();
    rows.iter()
        .filter(|row| side.has(row) && row.send.len() <= BYTEWISE_MAX.max(piece))
        .filter_map(|row| {
            let outcome = run_row(address, side, row, piece);
            outcome.err().map(|why| format!("{}: {why}", row.name))
        })
        .collect()
}

fn run_pipelined(address: SocketAddr, side: Side) -> Vec<String> {
    forget_earlier_runs(address);
    let rows = rows::all();
    let rows: Vec<&Exchange> = rows
        .iter()
        .filter(|row| side.has(row) && !side.expectation(row).1)
        .collect();
    let stream: Vec<u8> = rows
        .iter()
        .flat_map(|row| row.send.iter().copied())
        .collect();
    let mut client = Client::connect(address);
    let mut sender = client.sender();
    // The replies are read meanwhile: a server may stop reading a client that does not.
    let sending = std::thread::spawn(move || {
        sender.write_all(&stream).expect("the stream is taken");
        sender.write_all(FENCE).expect("the fence is taken");
    });
    let mut wrong = Vec::new();
    for row in &rows {
        if let Err(why) = check(&mut client, side.expectation(row).0) {
            // The replies behind this one cannot be told apart any more.
            wrong.push(format!("{}: {why}", row.name));
            return wrong;
        }
    }
    wrong.extend(check(&mut client, FENCE_REPLY).err());
    sending.join().expect("the sender ends");
    wrong
}

#[track_caller]
fn none_wrong(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} rows differ:\n  {}",
        wrong.len(),
        wrong.join("\n  ")
    );
}

#[test]
fn a_request_sent_whole_gets_memcacheds_reply() {
    let server = Server::start(&[]);
    none_wrong(&run_each(server.address(), Side::Daemon, usize::MAX));
}

#[test]
fn a_request_cut_at_every_byte_gets_the_same_reply() {
    let server = Server::start(&[]);
    none_wrong(&run_each(server.address(), Side::Daemon, 1));
}

#[test]
fn requests_in_one_write_get_the_same_replies_in_order() {
    let server = Server::start(&[]);
    none_wrong(&run_pipelined(server.address(), Side::Daemon));
}

/// Without a judge this proves what it can: every difference has its reason.
#[test]
fn the_table_is_true_of_memcached_itself() {
    for row in rows::all() {
        match row.memcached {
            Memcached::Agrees => {}
            Memcached::Says(expect, reason) => {
                assert!(expect != row.expect, "{} does not differ", row.name);
                assert!(!reason.is_empty(), "{} has no reason", row.name);
            }
            Memcached::Closes(reason) | Memcached::NotCompared(reason) => {
                assert!(!reason.is_empty(), "{} has no reason", row.name);
            }
        }
    }
    let Ok(judge) = std::env::var("CACHED_JUDGE") else {
        return;
    };
    let address = judge
        .to_socket_addrs()
        .expect("CACHED_JUDGE is host:port")
        .next()
        .expect("CACHED_JUDGE names an address");
    let mut wrong = run_each(address, Side::Memcached, usize::MAX);
    wrong.extend(run_each(address, Side::Memcached, 1));
    wrong.extend(run_pipelined(address, Side::Memcached));
    none_wrong(&wrong);
}
