//! Runs the table of exchanges against each server: each row whole, a byte at
//! a time and in two pieces cut anywhere, and all rows in one pipelined write.

use std::collections::BTreeSet;
use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use crate::client::Client;
use crate::protocol::exchange::{Exchange, Memcached, Verdict, compare};
use crate::protocol::rows;
use crate::protocol::target::{Side, Target};
use crate::server;

/// Gives the reason of every difference.
const PAGE: &str = include_str!("../../../../man/cached-protocol.7");

/// Rows longer than this are not sent byte by byte: it would only be slow.
const BYTEWISE_MAX: usize = 4096;

/// Rows up to this length are cut at every byte, longer ones at a sample.
const CUT_EVERYWHERE_MAX: usize = 256;

/// Rows whose halves are under way at a time.
const SIDE_BY_SIDE: usize = 64;

/// Longer rows go alone: the halves of several could fill a server's buffers.
const BESIDE_MAX: usize = 64 << 10;

/// Sent behind a row, so that a byte too much in its reply is seen.
const FENCE: &[u8] = b"version\r\n";
const FENCE_REPLY: &[u8] = b"VERSION <line>\r\n";

impl Side {
    fn has(self, row: &Exchange) -> bool {
        match (self, &row.memcached) {
            (Self::Memcached { .. }, Memcached::NotCompared(_)) => false,
            (Self::Cached, _) => !(row.without_tls && server::suite_is_secure()),
            (Self::Memcached { patch }, Memcached::Since { patch: since, .. }) => patch >= *since,
            _ => true,
        }
    }

    /// The reply due, and whether the connection ends with it.
    fn expectation(self, row: &Exchange) -> (&[u8], bool) {
        match (self, &row.memcached) {
            (Self::Memcached { .. }, Memcached::Says(expect, _)) => (expect, false),
            (Self::Memcached { .. }, Memcached::Closes(_)) => (b"", true),
            _ => (&row.expect, row.closes),
        }
    }

    fn rows(self) -> Vec<Exchange> {
        let mut rows = rows::all();
        rows.retain(|row| self.has(row));
        rows
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

/// Reads the reply to a row that was sent, with a fence behind it unless the
/// connection ends.
fn check_row(client: &mut Client, side: Side, row: &Exchange) -> Result<(), String> {
    let (expect, closes) = side.expectation(row);
    if !closes {
        return check(client, &[expect, FENCE_REPLY].concat());
    }
    check(client, expect)?;
    if client.fill() {
        let said = client.pending().escape_ascii();
        return Err(format!("left open, and said \"{said}\""));
    }
    Ok(())
}

fn run_row(target: &Target, row: &Exchange, piece: usize) -> Result<(), String> {
    let mut client = Client::connect(target.address);
    let (_, closes) = target.side.expectation(row);
    let fence = if closes { b"" } else { FENCE };
    for part in row.send.chunks(piece).chain([fence]) {
        // A server that closes early may reset the rest.
        if !client.try_send(part) {
            break;
        }
    }
    check_row(&mut client, target.side, row)
}

fn run_each(target: &Target, piece: usize) -> Vec<String> {
    target.forget_earlier_runs();
    let rows = target.side.rows();
    rows.iter()
        .filter(|row| row.send.len() <= BYTEWISE_MAX.max(piece))
        .filter_map(|row| {
            let outcome = run_row(target, row, piece);
            outcome.err().map(|why| format!("{row}: {why}"))
        })
        .collect()
}

fn run_pipelined(target: &Target) -> Vec<String> {
    target.forget_earlier_runs();
    let mut rows = target.side.rows();
    rows.retain(|row| !target.side.expectation(row).1);
    let stream: Vec<u8> = rows
        .iter()
        .flat_map(|row| row.send.iter().copied())
        .collect();
    let mut client = Client::connect(target.address);
    let mut sender = client.sender();
    // The replies are read meanwhile: a server may stop reading a client that does not.
    let sending = std::thread::spawn(move || {
        sender.write_all(&stream).expect("the stream is taken");
        sender.write_all(FENCE).expect("the fence is taken");
    });
    let mut wrong = Vec::new();
    for row in &rows {
        if let Err(why) = check(&mut client, target.side.expectation(row).0) {
            // The replies behind this one cannot be told apart any more.
            wrong.push(format!("{row}: {why}"));
            return wrong;
        }
    }
    wrong.extend(check(&mut client, FENCE_REPLY).err());
    sending.join().expect("the sender ends");
    wrong
}

/// Where a row is cut. A long one is cut around the ends of its lines and at
/// places spread evenly.
fn cuts(bytes: &[u8]) -> Vec<usize> {
    let inside = 1..bytes.len();
    if bytes.len() <= CUT_EVERYWHERE_MAX {
        return inside.collect();
    }
    let ends = bytes.iter().enumerate().filter(|&(_, &b)| b == b'\n');
    let mut cuts: Vec<usize> = ends
        .flat_map(|(at, _)| at.saturating_sub(2)..at + 3)
        .chain((1..8).map(|eighth| bytes.len() / 8 * eighth))
        .filter(|cut| inside.contains(cut))
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// A row under way in two pieces.
struct Cut<'rows> {
    row: &'rows Exchange,
    places: Vec<usize>,
    /// Kept from cut to cut, unless the row ends it.
    client: Option<Client>,
}

impl Cut<'_> {
    fn send_first(&mut self, target: &Target, round: usize) {
        if let Some(&at) = self.places.get(round) {
            let client = self
                .client
                .get_or_insert_with(|| Client::connect(target.address));
            client.send(&self.row.send[..at]);
        }
    }

    fn send_second(&mut self, side: Side, round: usize) {
        if let (Some(&at), Some(client)) = (self.places.get(round), &mut self.client) {
            let (_, closes) = side.expectation(self.row);
            // The first piece may have closed the connection.
            if client.try_send(&self.row.send[at..]) && !closes {
                client.try_send(FENCE);
            }
        }
    }

    fn check(&mut self, side: Side, round: usize) -> Result<(), String> {
        let (Some(&at), Some(mut client)) = (self.places.get(round), self.client.take()) else {
            return Ok(());
        };
        check_row(&mut client, side, self.row)
            .map_err(|why| format!("{} cut at {at}: {why}", self.row))?;
        if !side.expectation(self.row).1 {
            self.client = Some(client);
        }
        Ok(())
    }
}

fn run_cut(target: &Target) -> Vec<String> {
    let rows = target.side.rows();
    let (alone, beside): (Vec<&Exchange>, Vec<&Exchange>) = rows
        .iter()
        .partition(|row| row.alone || row.send.len() > BESIDE_MAX);
    let batches = beside.chunks(SIDE_BY_SIDE).chain(alone.chunks(1));
    batches.flat_map(|rows| run_batch(target, rows)).collect()
}

/// Cuts the rows at their first place, then at their second, and so on.
fn run_batch(target: &Target, rows: &[&Exchange]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut cuts: Vec<Cut<'_>> = rows
        .iter()
        .map(|row| Cut {
            row,
            places: cuts(&row.send),
            client: None,
        })
        .collect();
    for round in 0.. {
        cuts.retain(|cut| round < cut.places.len());
        if cuts.is_empty() {
            break;
        }
        target.forget_earlier_runs();
        for cut in &mut cuts {
            cut.send_first(target, round);
        }
        // Long enough for the server to see the first pieces alone, most times.
        sleep(Duration::from_millis(1));
        for cut in &mut cuts {
            cut.send_second(target.side, round);
        }
        cuts.retain_mut(|cut| match cut.check(target.side, round) {
            Ok(()) => true,
            Err(why) => {
                wrong.push(why);
                false
            }
        });
    }
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
    Target::each(|target| none_wrong(&run_each(target, usize::MAX)));
}

#[test]
fn a_request_sent_byte_by_byte_gets_the_same_reply() {
    Target::each(|target| none_wrong(&run_each(target, 1)));
}

#[test]
fn a_request_cut_at_any_byte_gets_the_same_reply() {
    Target::each(|target| none_wrong(&run_cut(target)));
}

#[test]
fn requests_in_one_write_get_the_same_replies_in_order() {
    Target::each(|target| none_wrong(&run_pipelined(target)));
}

#[test]
fn a_cut_that_is_left_out_would_prove_nothing() {
    assert_eq!(cuts(b"get a\r\n"), [1, 2, 3, 4, 5, 6]);
    let long = ["get a\r\n", &"x".repeat(1000), "\r\n"].concat();
    let ends = [4, 5, 6, 7, 8, 1006, 1007, 1008];
    let cuts = cuts(long.as_bytes());
    assert!(ends.iter().all(|end| cuts.contains(end)), "{cuts:?}");
    assert!(cuts.len() < 20, "{cuts:?}");
}

#[test]
fn a_difference_without_a_reason_would_be_a_mistake() {
    let mut named = BTreeSet::new();
    for row in rows::all() {
        match &row.memcached {
            Memcached::Agrees => {}
            Memcached::Says(expect, name) => {
                assert!(*expect != row.expect, "{row} does not differ");
                named.insert(*name);
            }
            Memcached::Closes(name) | Memcached::NotCompared(name) => {
                named.insert(*name);
            }
            Memcached::Since { patch, document } => {
                assert!(*patch > 18, "{row} can be compared with 1.6.18");
                assert!(!document.is_empty(), "{row} quotes nothing");
            }
        }
    }
    let explained: BTreeSet<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix(".It Sy "))
        .collect();
    assert_eq!(named, explained, "the rows, and the page");
    assert!(explained.len() < 10, "too many to be unchanged for clients");
}
