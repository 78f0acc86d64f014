//! What is asked of a daemon by its operator.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::daemon::{Daemon, cachectl, text};

#[test]
fn a_server_that_answers_would_not_be_found() {
    let daemon = Daemon::start(&[]);
    let said = daemon.operate(&["ping"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(said.out, format!("{} answers\n", daemon.socket().display()));
    let version = daemon.operate(&["version"]);
    assert_eq!(version.out.trim_end(), env!("CARGO_PKG_VERSION"));
    let listening = daemon.operate(&["stats", "conns"]);
    let address = daemon.address("memcached").to_string();
    assert!(listening.out.contains(&address), "{listening:?}");
}

#[test]
fn a_connection_that_is_not_there_would_be_said_to_be_ended() {
    let daemon = Daemon::start(&[]);
    let said = daemon.operate(&["kill", "77"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.err, "cachectl: there is no connection 77\n");
    let said = daemon.operate(&["kill", "77", "--json"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.out, "{\"error\":\"there is no connection 77\"}\n");
}

#[test]
fn a_server_that_nobody_vouches_for_would_be_trusted() {
    let daemon = Daemon::start_secure(&["--admin", "127.0.0.1:0", "--admin-tls"]);
    let address = daemon.address("admin, tls").to_string();
    let authority = text(&daemon.folder().join("authority.pem"));
    let asked = |words: &[&str]| {
        let place = ["ping", "--admin", &address];
        cachectl(&[&place[..], words].concat(), b"")
    };
    let trusted = asked(&["--tls", "--tls-ca", &authority]);
    assert_eq!(trusted.out, format!("{address} answers\n"), "{trusted:?}");

    // The certificate is looked at for the name that is asked.
    let by_name = format!("localhost:{}", daemon.address("admin, tls").port());
    let words = ["ping", "--admin", &by_name, "--tls", "--tls-ca", &authority];
    assert_eq!(cachectl(&words, b"").out, format!("{by_name} answers\n"));

    let stranger = asked(&["--tls"]);
    assert_eq!(stranger.status, Some(5), "{stranger:?}");
    let other = asked(&[
        "--tls",
        "--tls-ca",
        &authority,
        "--tls-server-name",
        "other",
    ]);
    assert_eq!(other.status, Some(5), "{other:?}");
    let plain = asked(&[]);
    assert_eq!(plain.status, Some(3), "{plain:?}");
    assert!(plain.err.contains("--tls"), "{plain:?}");
    let unusable = asked(&["--tls", "--tls-ca", "/nonexistent"]);
    assert_eq!(unusable.status, Some(2), "{unusable:?}");
}

#[test]
fn a_server_that_is_started_again_would_not_be_found() {
    let daemon = Daemon::start(&[]);
    let pid = daemon.pid();
    let daemon = daemon.restart(&[]);
    assert_ne!(daemon.pid(), pid);
    let said = daemon.operate(&["ping"]);
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn an_answer_would_be_told_in_rows_where_there_are_many_of_a_kind() {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    let set = cachectl(&["set", "k", "v", "--ttl", "1h", "--server", &address], b"");
    assert_eq!(set.status, Some(0), "{set:?}");
    let mut client = TcpStream::connect(&address).expect("a connection");
    // Once it is answered it is among those that are told of.
    client.write_all(b"mn\r\n").expect("sent");
    client.read_exact(&mut [0; 4]).expect("an answer");
    let name = format!("tcp:{}", client.local_addr().expect("an address"));
    for (command, heading, row) in [
        ("connections", "id ", &*name),
        ("ttl", "group", "hour"),
        ("latency", "request", "store"),
        ("config", "setting", "server.port"),
        ("hotkeys", "rank", ""),
        ("segments", "heap_bytes", "segments_free"),
    ] {
        let said = daemon.operate(&[command]);
        assert_eq!(said.status, Some(0), "{said:?}");
        let headed = said.out.lines().any(|line| line.starts_with(heading));
        assert!(headed && said.out.contains(row), "{said:?}");
        let json = daemon.operate(&[command, "--json"]);
        assert!(json.out.starts_with("{\"rows\":["), "{json:?}");
    }
    let said = daemon.operate(&["reload", "--yes"]);
    assert!(said.out.starts_with("unchanged: "), "{said:?}");
}

#[test]
fn who_has_no_certificate_would_be_told_that_the_server_is_broken() {
    let required = [
        "--tls-client-auth",
        "required",
        "--admin",
        "127.0.0.1:0",
        "--admin-tls",
    ];
    let daemon = Daemon::start_secure(&required);
    let authority = text(&daemon.folder().join("authority.pem"));
    let (admin, clients) = (
        daemon.address("admin, tls"),
        daemon.address("memcached, tls"),
    );
    let (admin, clients) = (admin.to_string(), clients.to_string());
    let tls = ["--tls", "--tls-ca", &authority];
    for words in [
        &["ping", "--admin", &admin][..],
        &["get", "k", "--server", &clients],
    ] {
        let said = cachectl(&[words, &tls].concat(), b"");
        assert_eq!(said.status, Some(5), "{said:?}");
        assert!(said.err.contains("certificate required"), "{said:?}");
    }
}
