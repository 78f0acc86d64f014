//! What is of TLS alone. `CACHED_WIRE_TLS=1` has the other modules speak it too.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::client::{Client, Stream, connect, store};
use crate::limits::eventually;
use crate::secure::{CREDENTIALS, Credentials};
use crate::server::Server;

/// A number of a group of `stats`, as the admin protocol tells it.
fn stat(server: &Server, group: &str, name: &str) -> u64 {
    let rows = server.rows(&format!("stats {group}")).expect("a group");
    rows[name].parse().expect("a number")
}

/// The lines of the log that have `words`.
fn told(server: &Server, words: &str) -> usize {
    server.said().matches(words).count()
}

#[test]
fn plaintext_at_the_port_of_tls_would_be_waited_for() {
    let server = Server::start_secure(&["-t", "1"]);
    let tls = server.address().socket();
    for request in [
        "get a\r\n",
        "version\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = Client::over(Stream::Plain(connect(tls)));
        client.send(request);
        client.expect_close();
    }
    assert_eq!(stat(&server, "tls", "failed_plaintext"), 3);
    eventually("the log tells of it", || {
        told(&server, "does not speak TLS") > 0
    });
    assert_eq!(told(&server, "does not speak TLS"), 1, "and does not flood");
    server.connect().ask("get a\r\n", "END\r\n");
}

#[test]
fn tls_at_a_port_without_it_would_be_answered() {
    let server = Server::start_secure(&["-t", "1"]);
    for _ in 0..3 {
        let refused = CREDENTIALS.secure(connect(server.plain().socket()));
        let error = refused.err().expect("no session");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    assert_eq!(stat(&server, "cached", "closed_tls"), 3);
    eventually("the log tells of it", || {
        told(&server, "speaks TLS to a port without it") > 0
    });
    assert_eq!(
        told(&server, "speaks TLS to a port without it"),
        1,
        "and does not flood"
    );
    Client::connect(server.plain()).ask("get a\r\n", "END\r\n");
}

#[test]
fn a_handshake_that_stands_still_would_never_end() {
    let server = Server::start_secure(&["--tls-handshake-timeout", "1s"]);
    let mut idle = server.connect();
    let tls = server.address().socket();
    let mut silent = connect(tls);
    let mut slow = connect(tls);
    // A byte of a record's head now and then.
    while slow.write_all(&[0x16]).is_ok() {
        slow.set_read_timeout(Some(Duration::from_millis(100)))
            .expect("read timeout");
        match slow.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
    assert_eq!(silent.read(&mut [0]).expect("an end"), 0);
    eventually("the silent one is counted", || {
        stat(&server, "tls", "failed_timeout") >= 1
    });
    // It bounds handshakes, and not sessions.
    idle.ask("get a\r\n", "END\r\n");
}

#[test]
fn many_handshakes_would_take_the_place_of_sessions() {
    let server = Server::start_secure(&[
        "-t",
        "1",
        "--tls-handshakes",
        "4",
        "--tls-handshake-timeout",
        "60s",
    ]);
    let address = server.address();
    let mut established = server.connect();
    let silent: Vec<_> = (0..4).map(|_| connect(address.socket())).collect();
    eventually("they are under way", || {
        stat(&server, "tls", "handshakes_under_way") == 4
    });
    let late = thread::spawn(move || Client::connect(address).ask("get a\r\n", "END\r\n"));
    for _ in 0..100 {
        established.ask("get a\r\n", "END\r\n");
        Client::connect(server.plain()).ask("get a\r\n", "END\r\n");
    }
    assert!(!late.is_finished(), "a fifth handshake");
    assert_eq!(stat(&server, "tls", "handshakes_under_way"), 4);
    drop(silent);
    late.join().expect("it comes in once there is a place");
}

#[test]
fn a_request_behind_the_handshakes_last_message_would_wait_for_more() {
    let server = Server::start_secure(&["-t", "2"]);
    for _ in 0..50 {
        let stream = connect(server.address().socket());
        let request = [store("set", "k", 0, b"v"), b"get k\r\n".to_vec()].concat();
        let secure = CREDENTIALS.secure_with(stream, &request);
        let mut client = Client::over(Stream::Tls(secure.expect("a session")));
        client.expect("STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n");
    }
}

#[test]
fn a_client_that_will_send_no_more_would_get_no_answers() {
    let server = Server::start_secure(&[]);
    let value = vec![b'v'; 200_000];
    let mut watcher = server.connect();
    watcher.set("k", 0, &value);
    for _ in 0..5 {
        let stream = connect(server.address().socket());
        let mut secure = CREDENTIALS.secure(stream).expect("a session");
        secure.write_all(&b"get k\r\n".repeat(20)).expect("sent");
        // In TLS alone: the socket stays open both ways.
        secure.say_end();
        let mut client = Client::over(Stream::Tls(secure.clone()));
        for _ in 0..20 {
            assert!(client.value_of("k").expect("stored") == value);
        }
        client.expect_close();
        assert!(!secure.is_truncated(), "it ended without a word");
    }
    assert_eq!(stat(&server, "tls", "truncated"), 0);
}

#[test]
fn a_reload_would_drop_sessions_or_keep_the_old_certificate() {
    let server = Server::start_secure(&["-t", "2"]);
    let address = server.address().socket();
    let is_over = Arc::new(AtomicBool::new(false));
    let traffic: Vec<_> = (0..4)
        .map(|i| {
            let (mut client, is_over) = (server.connect(), Arc::clone(&is_over));
            thread::spawn(move || {
                let key = format!("k{i}");
                let mut asked = 0;
                while !is_over.load(Ordering::Relaxed) {
                    client.set(&key, 0, &vec![b'v'; asked % 40_000]);
                    assert_eq!(client.get(&key).map(|v| v.len()), Some(asked % 40_000));
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    let is_let_in = |credentials: &Credentials| credentials.secure(connect(address)).is_ok();

    let mut shown: Credentials;
    for _ in 0..3 {
        shown = Credentials::new();
        assert!(!is_let_in(&shown), "the new certificate is not there yet");
        shown.write(server.folder());
        server.signal("HUP");
        eventually("the new certificate is shown", || is_let_in(&shown));
        assert!(!is_let_in(&CREDENTIALS), "the old certificate is shown");

        let failed = stat(&server, "tls", "reloads_failed");
        let (certificate, _) = Credentials::new().write(server.folder());
        std::fs::write(certificate, "no certificate\n").expect("write the file");
        server.signal("HUP");
        eventually("the bad file is refused", || {
            stat(&server, "tls", "reloads_failed") > failed
        });
        assert!(is_let_in(&shown), "a bad file has changed something");
    }
    assert!(told(&server, "cannot reload") > 0);
    is_over.store(true, Ordering::Relaxed);
    for client in traffic {
        assert!(client.join().expect("no session was dropped") > 0);
    }
}

#[test]
fn an_idle_session_would_hold_its_buffers() {
    const SESSIONS: usize = 500;
    // OpenSSL's session and our row of it come to 15 KiB; either of its two buffers would be 16 more.
    const MOST: u64 = 24 << 10;
    let server = Server::start_secure(&["-t", "1"]);
    let value = vec![b'v'; 15_000];
    let mut first = server.connect();
    first.set("k", 0, &value);
    let mut sessions: Vec<Client> = Vec::new();
    let mut before = 0;
    for count in 0..2 * SESSIONS {
        if count == SESSIONS {
            before = server.resident();
        }
        let mut client = server.connect();
        assert!(client.get("k").expect("stored") == value);
        client.set("k", 0, &value);
        sessions.push(client);
    }
    let each = server.resident().saturating_sub(before) / SESSIONS as u64;
    assert!(each < MOST, "{each} bytes a session");
}

#[test]
#[ignore = "takes a minute"]
fn handshakes_would_leave_memory_behind() {
    const MOST: u64 = 1 << 20;
    let server = Server::start_secure(&["-t", "2"]);
    let shake = |times: usize| {
        for time in 0..times {
            if time % 10 == 0 {
                let mut refused = connect(server.address().socket());
                // A hello that breaks off, and what is no hello.
                let bytes: &[u8] = if time % 20 == 0 {
                    b"\x16\x03\x01\x02\x00\x01"
                } else {
                    b"get a\r\n"
                };
                refused.write_all(bytes).expect("sent");
                continue;
            }
            server.connect().ask("get a\r\n", "END\r\n");
        }
    };
    shake(3_000);
    let before = server.resident();
    shake(10_000);
    let grown = server.resident().saturating_sub(before);
    assert!(grown < MOST, "{grown} bytes");
}
