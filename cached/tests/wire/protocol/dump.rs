//! `lru_crawler metadump` and `mgdump`: every item once, in any order.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::client::{Client, PATIENCE, store};
use crate::protocol::target::{Side, Target};

/// memcached works on one dump at a time, and sees late that a client has gone.
const BUSY: &str = "BUSY";

/// Sends a dump command and returns its lines without the line of `end`.
fn dump(client: &mut Client, command: &str, end: &str) -> Vec<String> {
    let mut lines = vec![begin(client, command)];
    while lines.last().is_some_and(|line| line != end) {
        lines.push(bare_line(client));
    }
    lines.pop();
    lines
}

/// Sends a dump command until the server has time for it, and returns the first
/// line of the dump.
fn begin(client: &mut Client, command: &str) -> String {
    let step = Duration::from_millis(10);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        client.send(format!("{command}\r\n"));
        let line = bare_line(client);
        if !line.starts_with(BUSY) {
            return line;
        }
        sleep(step);
    }
    panic!("another dump never ended");
}

/// A line of a dump ends in a newline alone, its last line in CRLF.
fn bare_line(client: &mut Client) -> String {
    loop {
        if let Some(at) = client.pending().iter().position(|&b| b == b'\n') {
            let line = client.take(at + 1);
            return String::from_utf8(line[..at].to_vec()).expect("a dump is ASCII");
        }
        assert!(client.fill(), "closed within a dump");
    }
}

/// The fields of one line of a metadump, in memcached's order.
struct Line {
    key: String,
    exp: i64,
    la: u64,
    cas: u64,
    fetched: bool,
}

impl Line {
    fn parse(line: &str) -> Self {
        let mut fields = line.split(' ');
        let mut field = |name: &str| {
            let (found, value) = fields
                .next()
                .and_then(|field| field.split_once('='))
                .unwrap_or_else(|| panic!("no {name} in {line:?}"));
            assert_eq!(found, name, "in {line:?}");
            value.to_owned()
        };
        let parsed = Self {
            key: field("key"),
            exp: field("exp").parse().expect("exp is a number"),
            la: field("la").parse().expect("la is a number"),
            cas: field("cas").parse().expect("cas is a number"),
            fetched: match field("fetch").as_str() {
                "yes" => true,
                "no" => false,
                other => panic!("fetch is {other:?}"),
            },
        };
        for name in ["cls", "size"] {
            let number: u64 = field(name).parse().expect("a number");
            assert!(number > 0, "{name} in {line:?}");
        }
        parsed
    }
}

fn metadump(client: &mut Client, which: &str) -> HashMap<String, Line> {
    let lines = dump(client, &format!("lru_crawler metadump {which}"), "END\r");
    let count = lines.len();
    let by_key: HashMap<String, Line> = lines
        .iter()
        .map(|line| Line::parse(line))
        .map(|line| (line.key.clone(), line))
        .collect();
    assert_eq!(by_key.len(), count, "a key was dumped twice");
    by_key
}

fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock behind 1970").as_secs()
}

#[test]
fn a_dump_would_be_unreadable_to_memcacheds_tools() {
    Target::each(|target| {
        target.forget_earlier_runs();
        let mut client = Client::connect(target.address);
        client.ask(
            "set plain 0 0 1\r\na\r\nset a/b-._~%,:'=9Z 0 1000 1\r\na\r\nms IAAKDcOpLA== 1 b\r\na\r\n\
             set over 0 -1 1\r\na\r\nset gone 0 0 1\r\na\r\ndelete gone\r\nget plain\r\n\
             mg made N100\r\nset old 0 0 1\r\na\r\nmd old I\r\n",
            "STORED\r\nSTORED\r\nHD\r\nSTORED\r\nSTORED\r\nDELETED\r\nVALUE plain 0 1\r\na\r\nEND\r\n\
             HD W\r\nSTORED\r\nHD\r\n",
        );
        client.send("gets plain\r\n");
        let unique = client.line().rsplit(' ').next().map(str::to_owned);
        client.expect("a\r\nEND\r\n");
        let now = unix_now();
        for which in ["all", "hash"] {
            let lines = metadump(&mut Client::connect(target.address), which);
            let mut keys: Vec<&str> = lines.keys().map(String::as_str).collect();
            keys.sort_unstable();
            // Everything but letters, digits and -._~ is escaped.
            let expected = [
                "%20%00%0A%0D%C3%A9%2C",
                "a%2Fb-._~%25%2C%3A%27%3D9Z",
                "made",
                "old",
                "plain",
            ];
            assert_eq!(keys, expected);
            let plain = &lines["plain"];
            assert_eq!(plain.exp, -1, "it never expires");
            assert!(plain.fetched);
            assert!(plain.la <= now + 3, "la {}, now {now}", plain.la);
            if matches!(target.side, Side::Memcached { .. }) {
                // Ours shows a unique that nobody was told as it is now, and counts
                // the last access from the opening of a segment.
                assert_eq!(Some(plain.cas.to_string()), unique);
                assert!(plain.la + 3 >= now, "la {}, now {now}", plain.la);
            }
            let dated = &lines[expected[1]];
            assert!(dated.exp.abs_diff((now + 1000).cast_signed()) <= 3);
            assert!(!dated.fetched);
        }
    });
}

#[test]
fn a_connection_would_be_lost_after_a_dump() {
    Target::each(|target| {
        target.forget_earlier_runs();
        let mut client = Client::connect(target.address);
        assert!(metadump(&mut client, "all").is_empty());
        client.ask("mn\r\n", "MN\r\n");
        client.set("there", 0, b"v");
        assert_eq!(metadump(&mut client, "all").len(), 1);
        client.ask("get there\r\n", "VALUE there 0 1\r\nv\r\nEND\r\n");
    });
}

#[test]
fn a_dump_would_miss_items_or_show_them_twice() {
    const ITEMS: usize = 50_000;
    Target::each(|target| {
        target.forget_earlier_runs();
        let mut client = Client::connect(target.address);
        for i in 0..ITEMS {
            client.send(format!("ms many{i} 100 q\r\n{}\r\n", "v".repeat(100)));
        }
        client.ask("mn\r\n", "MN\r\n");
        // By class, memcached may miss an item that moves between its queues meanwhile.
        let lines = metadump(&mut client, "hash");
        assert_eq!(lines.len(), ITEMS);
        assert!((0..ITEMS).all(|i| lines.contains_key(&format!("many{i}"))));
    });
}

#[test]
fn a_dump_that_nobody_reads_would_stop_other_clients() {
    const ITEMS: usize = 200_000;
    Target::each(|target| {
        target.forget_earlier_runs();
        let mut client = Client::connect(target.address);
        for i in 0..ITEMS {
            client.send(format!("ms unread{i} 1 q\r\nv\r\n"));
        }
        client.ask("mn\r\n", "MN\r\n");
        let mut silent = Client::connect(target.address);
        silent.send("lru_crawler metadump all\r\n");
        for i in 0..1000 {
            client.ask(format!("mg unread{i}\r\n"), "HD\r\n");
        }
        drop(silent);
        // What was begun for it does not last.
        begin(&mut client, "lru_crawler metadump all");
    });
}

#[test]
fn a_dump_of_no_class_would_be_taken_for_all() {
    Target::each(|target| {
        for (request, reply) in [
            (
                "lru_crawler metadump x\r\n",
                "BADCLASS invalid class id\r\n",
            ),
            (
                "lru_crawler metadump 999\r\n",
                "BADCLASS invalid class id\r\n",
            ),
            (
                "lru_crawler metadump 1,x\r\n",
                "BADCLASS invalid class id\r\n",
            ),
            ("lru_crawler crawl x\r\n", "BADCLASS invalid class id\r\n"),
            ("lru_crawler metadump\r\n", "ERROR\r\n"),
            ("lru_crawler metadump all all\r\n", "ERROR\r\n"),
        ] {
            Client::connect(target.address).ask(request, reply);
        }
    });
}

/// Newer than 1.6.18: "Lines are in a basic metaget format, like: `mg key\r\n`.
/// If a key is in binary format: `mg base64encodedkey b\r\n`".
#[test]
fn a_dump_of_mg_lines_would_not_work_as_requests() {
    Target::each(|target| {
        if matches!(target.side, Side::Memcached { patch } if patch < 45) {
            return;
        }
        target.forget_earlier_runs();
        let mut client = Client::connect(target.address);
        client.set("plain", 0, b"v");
        client.ask("ms IAAKDcOpLA== 1 b\r\nv\r\n", "HD\r\n");
        client.send(store("set", "over", -1, b"v"));
        client.expect("STORED\r\n");
        let mut lines = dump(&mut client, "lru_crawler mgdump all", "EN\r");
        lines.sort_unstable();
        assert_eq!(lines, ["mg IAAKDcOpLA== b\r", "mg plain\r"]);
        for line in lines {
            client.ask(format!("{line}\n"), "HD\r\n");
        }
    });
}
