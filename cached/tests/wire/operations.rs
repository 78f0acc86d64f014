//! cached-operations(7) against the daemon: every command that the page lists
//! does what its row says. Its options are tested beside the settings.

use crate::client::Client;
use crate::protocol::exchange::{Verdict, compare};
use crate::server::Server;

const PAGE: &str = include_str!("../../../man/cached-operations.7");

/// A command as the page names it, a request, and its reply; `<line>` and
/// `<stats>` as in the table of exchanges.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("get", "get a\r\n", "END\r\n"),
    ("gets", "gets a\r\n", "END\r\n"),
    ("gat", "gat 0 a\r\n", "END\r\n"),
    ("gats", "gats 0 a\r\n", "END\r\n"),
    ("bget", "bget a\r\n", "END\r\n"),
    ("set", "set b 0 0 1\r\n1\r\n", "STORED\r\n"),
    ("add", "add b 0 0 1\r\n1\r\n", "NOT_STORED\r\n"),
    ("replace", "replace b 0 0 1\r\n1\r\n", "STORED\r\n"),
    ("append", "append b 0 0 1\r\n1\r\n", "STORED\r\n"),
    ("prepend", "prepend b 0 0 1\r\n1\r\n", "STORED\r\n"),
    ("cas", "cas b 0 0 1 0\r\n1\r\n", "EXISTS\r\n"),
    ("incr", "incr b 1\r\n", "112\r\n"),
    ("decr", "decr b 2\r\n", "110\r\n"),
    ("touch", "touch b 0\r\n", "TOUCHED\r\n"),
    ("delete", "delete b\r\n", "DELETED\r\n"),
    ("mn", "mn\r\n", "MN\r\n"),
    ("mg", "mg a\r\n", "EN\r\n"),
    ("ms", "ms c 1\r\n1\r\n", "HD\r\n"),
    ("ma", "ma c v\r\n", "VA 1\r\n2\r\n"),
    ("me", "me c\r\n", "ME c <line>\r\n"),
    ("md", "md c\r\n", "HD\r\n"),
    (
        "flush_all",
        "flush_all\r\nflush_all 100\r\n",
        "OK\r\nOK\r\n",
    ),
    ("version", "version\r\n", "VERSION <line>\r\n"),
    ("verbosity", "verbosity 1\r\n", "OK\r\n"),
    ("stats", "stats\r\n", "STAT pid <line>\r\n<stats>END\r\n"),
    (
        "stats settings",
        "stats settings\r\n",
        "STAT maxbytes <line>\r\n<stats>END\r\n",
    ),
    ("stats items", "stats items\r\n", "<stats>END\r\n"),
    ("stats slabs", "stats slabs\r\n", "<stats>END\r\n"),
    (
        "stats conns",
        "stats conns\r\n",
        "STAT <line>\r\n<stats>END\r\n",
    ),
    ("stats reset", "stats reset\r\n", "RESET\r\n"),
    (
        "stats sizes",
        "stats sizes\r\n",
        "STAT sizes_status disabled\r\nEND\r\n",
    ),
    (
        "stats detail",
        "stats detail dump\r\n",
        "CLIENT_ERROR <line>\r\n",
    ),
    (
        "stats cachedump",
        "stats cachedump 1 0\r\n",
        "CLIENT_ERROR <line>\r\n",
    ),
    (
        "lru_crawler metadump",
        "lru_crawler metadump all\r\n",
        "END\r\n",
    ),
    ("lru_crawler mgdump", "lru_crawler mgdump all\r\n", "EN\r\n"),
    ("lru_crawler enable", "lru_crawler enable\r\n", "OK\r\n"),
    ("lru_crawler disable", "lru_crawler disable\r\n", "OK\r\n"),
    ("lru_crawler crawl", "lru_crawler crawl all\r\n", "OK\r\n"),
    ("lru_crawler sleep", "lru_crawler sleep 100\r\n", "OK\r\n"),
    ("lru_crawler tocrawl", "lru_crawler tocrawl 0\r\n", "OK\r\n"),
    ("lru tune", "lru tune 20 40 0.2 2.0\r\n", "OK\r\n"),
    ("lru mode", "lru mode flat\r\n", "OK\r\n"),
    ("lru temp_ttl", "lru temp_ttl 60\r\n", "OK\r\n"),
    ("slabs automove", "slabs automove 1\r\n", "OK\r\n"),
    (
        "slabs reassign",
        "slabs reassign 1 2\r\n",
        "CLIENT_ERROR <line>\r\n",
    ),
    (
        "cache_memlimit",
        "cache_memlimit 64\r\n",
        "CLIENT_ERROR <line>\r\n",
    ),
    ("watch", "watch fetchers\r\n", "CLIENT_ERROR <line>\r\n"),
    (
        "shutdown",
        "shutdown\r\n",
        "ERROR: shutdown not enabled\r\n",
    ),
    (
        "refresh_certs",
        "refresh_certs\r\n",
        "Error TLS not enabled\r\n",
    ),
    ("misbehave", "misbehave\r\n", "ERROR\r\n"),
    ("debugtime", "debugtime 1\r\n", "ERROR\r\n"),
    ("extstore", "extstore recache_rate 1\r\n", "ERROR\r\n"),
    ("quit", "quit\r\n", ""),
];

/// The commands of the page, and the first word of what is said of each.
fn page() -> Vec<(&'static str, &'static str)> {
    let lines: Vec<_> = PAGE.lines().collect();
    lines
        .windows(2)
        .filter_map(|pair| Some((pair[0].strip_prefix(".It Ic ")?, pair[1])))
        .flat_map(|(commands, verdict)| {
            let verdict = verdict
                .split(|c: char| !c.is_alphabetic())
                .next()
                .expect("a word");
            commands.split(" , ").map(move |command| (command, verdict))
        })
        .collect()
}

fn is_refusal(reply: &str) -> bool {
    reply.contains("ERROR") || reply.starts_with("Error")
}

#[test]
fn a_command_without_a_row_would_be_a_surprise() {
    let mut listed: Vec<_> = page().into_iter().map(|(command, _)| command).collect();
    let mut known: Vec<_> = COMMANDS.iter().map(|(command, ..)| *command).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn a_command_would_not_do_what_its_row_says() {
    let server = Server::start_plain(&[]);
    let mut client = server.connect();
    for (command, request, expect) in COMMANDS {
        let (_, verdict) = page()
            .into_iter()
            .find(|(listed, _)| listed == command)
            .expect("a row");
        match verdict {
            "Implemented" => assert!(!is_refusal(expect), "{command}"),
            "Harmless" => assert!(
                matches!(*expect, "OK\r\n") || expect.contains("disabled"),
                "{command}"
            ),
            "Refused" => assert!(is_refusal(expect), "{command}"),
            other => panic!("{command} is {other}"),
        }
        client.send(request);
        check(&mut client, command, expect);
    }
    client.expect_close();
}

fn check(client: &mut Client, command: &str, expect: &str) {
    loop {
        match compare(expect.as_bytes(), client.pending()) {
            Verdict::Met(length) => {
                client.take(length);
                return;
            }
            Verdict::MoreDue if client.fill() => {}
            _ => panic!("to {command}: {}", client.pending().escape_ascii()),
        }
    }
}
