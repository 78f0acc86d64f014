//! What is asked about before it is done.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::daemon::{Daemon, cachectl, text};

/// A daemon with one item, and its address for clients.
fn daemon() -> (Daemon, String) {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    let said = cachectl(&["set", "key", "value", "--server", &address], b"");
    assert_eq!(said.status, Some(0), "{said:?}");
    (daemon, address)
}

fn is_stored(address: &str) -> bool {
    cachectl(&["get", "key", "--server", address], b"").status == Some(0)
}

/// Runs cachectl on a terminal, where `answer` is typed; its status, and what the terminal shows.
fn on_a_terminal(daemon: &Daemon, command: &str, answer: &str) -> (Option<i32>, String) {
    let (program, socket) = (env!("CARGO_BIN_EXE_cachectl"), text(&daemon.socket()));
    let line = format!("{program} --socket {socket} {command}");
    // util-linux's: it has the program's terminal, and ends with the program's status.
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script runs");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(answer.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code(), shown)
}

#[test]
fn a_script_would_flush_by_mistake() {
    let (daemon, address) = daemon();
    for words in [
        &["flush"][..],
        &["reload"],
        &["drain"],
        &["flush", "--prefix", "k"],
    ] {
        let said = daemon.operate(words);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(said.err.contains("--yes"), "{said:?}");
    }
    assert!(is_stored(&address));
    let said = daemon.operate(&["flush", "--yes"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.out.starts_with("items stored at") && said.out.contains(": 1\n"),
        "{said:?}"
    );
    assert!(!is_stored(&address));
}

#[test]
fn an_operator_would_not_be_asked() {
    let (daemon, address) = daemon();
    for answer in ["n\n", "\n", "yes please\n"] {
        let (status, shown) = on_a_terminal(&daemon, "flush", answer);
        assert_eq!(status, Some(2), "{shown}");
        assert!(shown.contains("Make all items void at "), "{shown}");
        assert!(is_stored(&address));
    }
    let (_, shown) = on_a_terminal(&daemon, "flush --delay 60", "n\n");
    assert!(shown.contains("In 60 seconds, make all"), "{shown}");
    let (status, shown) = on_a_terminal(&daemon, "flush", "y\n");
    assert_eq!(status, Some(0), "{shown}");
    assert!(!is_stored(&address));
    let (status, shown) = on_a_terminal(&daemon, "reload", "yes\n");
    assert_eq!(status, Some(0), "{shown}");
    let (status, shown) = on_a_terminal(&daemon, "drain", "y\n");
    assert_eq!(status, Some(0), "{shown}");
}
