//! The exit statuses in cachectl(1), each for all that it stands for.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use crate::daemon::{Daemon, cachectl, text};

const PAGE: &str = include_str!("../../../man/cachectl.1");

/// The address of a server that answers a line as `answer` says, and closes.
fn server(answer: fn(&str) -> Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    // It ends with the test's process.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let mut line = String::new();
            let read = BufReader::new(&stream).read_line(&mut line);
            read.expect("a request");
            if let Some(answer) = answer(line.trim_end()) {
                stream.write_all(answer.as_bytes()).expect("sent");
            }
        }
    });
    address
}

/// A cached that knows fewer verbs.
fn old() -> String {
    server(|line| match line {
        "version" => Some("{\"rows\":[{\"name\":\"version\",\"value\":\"0.0.7\"}]}\n"),
        _ => Some("{\"error\":\"there is no verb 'hotkeys'; there are ping, version\"}\n"),
    })
}

/// Something else, that closes at what it does not know, as web servers do.
fn foreign() -> String {
    server(|_| Some("HTTP/1.1 400 Bad Request\r\n\r\n"))
}

/// A memcached with names and passwords.
fn guarded() -> String {
    server(|_| Some("CLIENT_ERROR unauthenticated\r\n"))
}

#[test]
fn a_status_would_mean_something_else_than_the_page_says() {
    let daemon = Daemon::start_secure(&["--admin", "127.0.0.1:0", "--admin-tls"]);
    let socket = text(&daemon.socket());
    let [clients, secure, admin] =
        ["memcached", "memcached, tls", "admin, tls"].map(|whom| daemon.address(whom).to_string());
    let authority = text(&daemon.folder().join("authority.pem"));
    let nobody = text(&daemon.folder().join("nobody.sock"));
    let (old, foreign, guarded, gone) = (old(), foreign(), guarded(), server(|_| None));
    cachectl(&["set", "key", "v", "--server", &clients], b"");

    // Status, words, and what the sentence on standard error says.
    #[rustfmt::skip]
    let cases: &[(i32, &[&str], &str)] = &[
        (0, &["ping", "--socket", &socket], ""),
        (0, &["ping", "--admin", &admin, "--tls", "--tls-ca", &authority], ""),
        (0, &["get", "key", "--server", &secure, "--tls", "--tls-ca", &authority], ""),
        (1, &["get", "none", "--server", &clients], "no item under the key none"),
        (1, &["kill", "77", "--socket", &socket], "no connection 77"),
        (2, &["ping", "--socket", &socket, "--socket", &socket], "one server"),
        (2, &["flush", "--socket", &socket], "--yes"),
        (2, &["set", "key", "--file", &nobody, "--server", &clients], "nobody.sock"),
        (2, &["ping", "--admin", &admin, "--tls", "--tls-ca", &nobody], "nobody.sock"),
        (2, &["top", "--socket", &socket], "terminal"),
        (3, &["ping", "--socket", &nobody], "cannot connect to a server at"),
        (3, &["ping", "--admin", "no-such-host.invalid"], "at no-such-host.invalid:9999 ("),
        (3, &["get", "key", "--server", &nobody], "cannot connect to a server at"),
        (3, &["watch", "--socket", &nobody], "cannot connect to a server at"),
        (3, &["ping", "--admin", &foreign], "does not speak cached's admin protocol"),
        (3, &["get", "key", "--server", &foreign], "does not speak memcached's text protocol"),
        (3, &["ping", "--admin", &clients], "does not speak cached's admin protocol"),
        (3, &["ping", "--admin", &gone], "closed the connection without an answer"),
        (3, &["get", "key", "--server", &gone], "closed the connection without an answer"),
        (4, &["stats", "nonsense", "--socket", &socket], "there is no group 'nonsense'"),
        (4, &["set", "key", "v", "--mode", "add", "--server", &clients], "there is an item under"),
        (4, &["incr", "key", "--server", &clients], "non-numeric"),
        (4, &["hotkeys", "--admin", &old], "no verb 'hotkeys' at"),
        (4, &["hotkeys", "--admin", &old], "a cached 0.0.7; this is cachectl"),
        (5, &["ping", "--admin", &admin, "--tls"], "no TLS with the server"),
        (5, &["get", "key", "--server", &secure, "--tls"], "no TLS with the server"),
        (5, &["get", "key", "--server", &clients, "--tls"], "no TLS with the server"),
        (5, &["get", "key", "--server", &guarded], "does not let us in"),
    ];
    for (status, words, sentence) in cases {
        let said = cachectl(words, b"");
        assert_eq!(said.status, Some(*status), "{words:?} {said:?}");
        let lines = usize::from(*status != 0);
        assert_eq!(said.err.lines().count(), lines, "{words:?} {said:?}");
        assert!(said.err.contains(sentence), "{words:?} {said:?}");
        if *status != 0 && !words.contains(&"top") {
            let said = cachectl(&[words, &["--json"][..]].concat(), b"");
            let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
            assert!(
                told["error"]
                    .as_str()
                    .is_some_and(|it| it.contains(sentence)),
                "{said:?}"
            );
        }
    }

    let wrong = cachectl(&["nonsense"], b"");
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    let section = PAGE.split(".Sh EXIT STATUS").nth(1).expect("a section");
    let section = section.split("\n.Sh ").next().expect("its text");
    let told = section.lines().filter_map(|line| line.strip_prefix(".It "));
    let told: Vec<i32> = told.map(|it| it.parse().expect("a status")).collect();
    let mut walked: Vec<_> = cases.iter().map(|(status, ..)| *status).collect();
    walked.dedup();
    assert_eq!(told, walked);
}

#[test]
fn a_value_would_be_read_that_no_server_stores() {
    let boundless = server(|_| Some("VALUE key 0 18446744073709551615 1\r\n"));
    let said = cachectl(&["get", "key", "--server", &boundless], b"");
    assert_eq!(said.status, Some(3), "{said:?}");
    let sentence = "does not speak memcached's text protocol";
    assert!(said.err.contains(sentence), "{said:?}");
}

#[test]
fn a_stuck_server_would_be_waited_for_without_end() {
    // Its backlog takes connections, and nobody reads from them.
    let stuck = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = stuck.local_addr().expect("an address").to_string();
    let asked = [
        &["ping", "--admin", &address][..],
        &["get", "key", "--server", &address],
    ];
    thread::scope(|scope| {
        for words in asked {
            scope.spawn(move || {
                let said = cachectl(words, b"");
                assert_eq!(said.status, Some(3), "{words:?} {said:?}");
                let sentence = "does not answer within 5 seconds";
                assert!(said.err.contains(sentence), "{words:?} {said:?}");
            });
        }
    });
}
