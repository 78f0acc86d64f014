//! Starting, refusing to start, and stopping.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;

use crate::client::{Address, Client, store};
use crate::limits::still_serves;
use crate::server::{Server, refusal};

/// One line, in words, that names what was wrong.
#[track_caller]
fn is_one_sentence(said: &str, names: &str) {
    assert_eq!(said.lines().count(), 1, "not one line: {said}");
    assert!(said.starts_with("cached: "), "who says it? {said}");
    assert!(said.contains(names), "does not name {names}: {said}");
}

#[test]
fn a_bad_flag_would_be_passed_over() {
    let cases: [(&[&str], &str); 28] = [
        (&["--no-such-flag"], "--no-such-flag"),
        (&["stray"], "stray"),
        (&["-p"], "port"),
        (&["-p", "70000"], "70000"),
        (&["-p", "eleven"], "eleven"),
        (&["-m", "lots"], "lots"),
        (&["-m", "0"], "0"),
        (&["-t", "0"], "0"),
        (&["-t", "-1"], "-1"),
        (&["-c", "0"], "0"),
        (&["-I", "0"], "0"),
        (&["-I", "1GiB"], "1GiB"),
        (&["--eviction", "lru"], "lru"),
        (&["--idle-timeout", "soon"], "soon"),
        (&["--admin", "0.0.0.0:0"], "0.0.0.0"),
        (&["--segment-size", "1000"], "1000"),
        (&["--tls-listen", "127.0.0.1:0"], "--tls-cert"),
        (&["--tls-cert", "/c.pem"], "--tls-listen"),
        (&["--admin-tls"], "--admin-tls"),
        (
            &[
                &[
                    "--tls-listen",
                    "127.0.0.1:0",
                    "-p",
                    "0",
                    "--admin-socket",
                    "off",
                ][..],
                &["--tls-cert", "/nonexistent.pem", "--tls-key", "/k.pem"],
            ]
            .concat(),
            "/nonexistent.pem",
        ),
        // Memcached's, for what is not offered.
        (&["-d"], "-d"),
        (&["-P", "/tmp/cached.pid"], "-P"),
        (&["-U", "11211"], "-U"),
        (&["-Y", "/tmp/users"], "-Y"),
        (&["-S"], "-S"),
        (&["-B", "binary"], "not offered"),
        (&["-o", "ext_path=/tmp/x:1G"], "ext_path"),
        (
            &["--config", "/nonexistent/cached.toml"],
            "/nonexistent/cached.toml",
        ),
    ];
    for (flags, names) in cases {
        let (status, said) = refusal(flags);
        assert_eq!(status, Some(2), "{flags:?}: {said}");
        is_one_sentence(&said, names);
    }
}

#[test]
fn a_bad_file_would_be_passed_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("cached.toml");
    let path = file.to_str().expect("a path in UTF-8");
    let cases = [
        ("no_such_key = 1\n", "no_such_key"),
        ("[no_such_section]\n", "no_such_section"),
        ("not toml", "1"),
    ];
    for (text, names) in cases {
        std::fs::write(&file, text).expect("write the file");
        for flags in [
            &["--config", path][..],
            &["--config", path, "--check-config"],
        ] {
            let (status, said) = refusal(flags);
            assert_eq!(status, Some(2), "{text:?}: {said}");
            is_one_sentence(&said, names);
            assert!(said.contains(path), "does not name the file: {said}");
        }
    }
}

#[test]
fn an_address_in_use_would_be_shared() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let (status, said) = refusal(&["-l", "127.0.0.1", "-p", &port, "--admin-socket", ""]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains(&port), "does not name the port: {said}");
}

#[test]
fn an_address_of_another_machine_would_be_accepted() {
    // TEST-NET-1 belongs to nobody.
    let (status, said) = refusal(&["-l", "192.0.2.1", "-p", "0", "--admin-socket", ""]);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("192.0.2.1"),
        "does not name the address: {said}"
    );
}

#[test]
fn explicit_huge_pages_that_are_not_there_would_end_it_later() {
    // More than any machine keeps.
    let flags = ["--huge-pages", "explicit", "-m", "1TiB", "-p", "0"];
    let (status, said) = refusal(&[&flags[..], &["--admin-socket", "off"]].concat());
    assert_eq!(status, Some(1), "{said}");
    is_one_sentence(&said, " free huge pages of 2 MiB are needed");
    is_one_sentence(&said, "sysctl vm.nr_hugepages=5");
}

#[test]
fn a_stop_under_load_would_fail_or_cut_replies() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&["-t", "2"]);
        let address = server.address();
        let value = vec![b'v'; 2000];
        let (started, running) = std::sync::mpsc::channel();
        let clients: Vec<_> = (0..8)
            .map(|i| {
                let (value, started) = (value.clone(), started.clone());
                thread::spawn(move || {
                    let mut client = Client::connect(address);
                    let key = format!("load{i}");
                    let requests = [
                        store("set", &key, 0, &value),
                        format!("get {key}\r\n").into_bytes(),
                    ]
                    .concat();
                    let mut rounds = 0_u64;
                    while client.try_send(&requests) {
                        match client.try_line() {
                            Some(line) => assert_eq!(line, "STORED"),
                            None => break,
                        }
                        match client.try_line() {
                            Some(line) => assert_eq!(line, format!("VALUE {key} 0 2000")),
                            None => break,
                        }
                        // Value, END: whole, or cut by the end of the connection.
                        if client.try_line().is_none() || client.try_line().is_none() {
                            break;
                        }
                        rounds += 1;
                        if rounds == 50 {
                            started.send(()).expect("the test waits");
                        }
                    }
                    rounds
                })
            })
            .collect();
        for _ in &clients {
            running.recv().expect("every client gets under way");
        }
        server.signal(signal);
        let status = server.wait();
        assert_eq!(
            status.code(),
            Some(0),
            "after SIG{signal}: {}",
            server.said()
        );
        for client in clients {
            assert!(client.join().expect("only whole replies") >= 50);
        }
    }
}

#[test]
fn a_stop_without_clients_would_hang() {
    let mut server = Server::start(&["-t", "4"]);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.said());
}

#[test]
fn an_idle_client_would_hold_up_a_stop() {
    let mut server = Server::start(&[]);
    let mut idle = server.connect();
    idle.ask("get a\r\n", "END\r\n");
    let mut begun = server.connect();
    begun.send("set a 0 0 1000\r\nab");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.said());
    idle.expect_close();
}

#[test]
fn a_hangup_would_end_the_daemon() {
    let server = Server::start(&[]);
    server.signal("HUP");
    server.signal("USR1");
    server.signal("PIPE");
    still_serves(&server);
}

#[test]
fn a_unix_socket_would_not_be_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cached.sock");
    let server = Server::start(&["-s", path.to_str().expect("a path in UTF-8")]);
    // It may be bound a moment behind the TCP listener.
    crate::limits::eventually("the socket is there", || path.exists());
    let mut stream = UnixStream::connect(&path).expect("connect");
    stream
        .set_read_timeout(Some(crate::client::PATIENCE))
        .expect("read timeout");
    stream
        .write_all(b"set u 0 0 1\r\nx\r\nget u\r\nquit\r\n")
        .expect("send");
    let mut replies = String::new();
    std::io::Read::read_to_string(&mut stream, &mut replies).expect("replies to the end");
    assert_eq!(replies, "STORED\r\nVALUE u 0 1\r\nx\r\nEND\r\n");
    assert_eq!(
        server.connect().get("u").as_deref(),
        Some(&b"x"[..]),
        "one store behind both"
    );
}

#[test]
fn whoever_may_not_could_connect_to_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (flags, mode) in [(&[][..], 0o700), (&["-a", "0770"], 0o770)] {
        let path = folder.path().join(format!("{mode:o}.sock"));
        let socket = ["-s", path.to_str().expect("a path in UTF-8")];
        let _server = Server::start(&[&socket, flags].concat());
        crate::limits::eventually("the socket is there", || path.exists());
        crate::limits::eventually("its mode is set", || {
            let metadata = std::fs::metadata(&path).expect("a socket");
            metadata.permissions().mode() & 0o777 == mode
        });
    }
}

#[test]
fn an_ipv6_address_would_not_be_served() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6");
        return;
    }
    let server = Server::start(&["-l", "::1"]);
    let six = || {
        let said = server.said();
        said.lines()
            .filter_map(|line| line.strip_prefix("cached: listening on "))
            .filter_map(|rest| rest.strip_suffix(" (memcached)"))
            .filter_map(|address| address.parse::<SocketAddr>().ok())
            .find(SocketAddr::is_ipv6)
    };
    crate::limits::eventually("it says where it listens", || six().is_some());
    let mut client = Client::connect(Address::Plain(six().expect("an address")));
    client.set("six", 0, b"x");
    let value = server.connect().get("six");
    assert_eq!(value.as_deref(), Some(&b"x"[..]), "one store behind both");
}

#[test]
fn an_option_without_effect_would_go_unsaid() {
    let flags = ["-m", "3", "-U", "0", "-o", "modern"];
    let server = Server::start(&flags);
    for (subject, why) in [
        ("memory is raised from 3MiB", "16MiB"),
        ("-U (--udp-port) 0 has no effect", "no UDP"),
        ("-o (--extended) modern has no effect", "no meaning"),
    ] {
        let is_said = |line: &str| line.contains(subject) && line.contains(why);
        crate::limits::eventually("it is said", || server.said().lines().any(is_said));
    }
    still_serves(&server);
}

#[test]
fn the_admin_socket_would_not_answer() {
    let server = Server::start(&[]);
    for verb in ["ping", "version", "stats"] {
        let mut stream = UnixStream::connect(server.admin_socket()).expect("connect");
        stream
            .set_read_timeout(Some(crate::client::PATIENCE))
            .expect("read timeout");
        stream
            .write_all(format!("{verb}\n").as_bytes())
            .expect("send");
        let mut document = String::new();
        BufReader::new(stream)
            .read_line(&mut document)
            .expect("a document");
        assert!(
            document.starts_with('{') || document.starts_with('['),
            "to {verb}: {document:?}"
        );
    }
}
