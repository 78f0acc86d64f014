//! The log of a daemon, read from afar.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::daemon::{Daemon, text};

#[test]
fn the_lines_of_the_log_would_not_be_those_of_the_server() {
    let daemon = Daemon::start(&["-v"]);
    assert_eq!(daemon.operate(&["reload", "--yes"]).status, Some(0));
    let mut logs = (0..1000).map(|_| daemon.operate(&["log"]).out);
    let is_read = |out: &String| out.contains(" info main: the configuration is read anew\n");
    let log = logs.find(is_read).expect("the line is kept");
    assert!(
        log.contains("Z notice main: cached: listening on "),
        "{log}"
    );
    let document = daemon.operate(&["log", "--json"]).out;
    assert!(document.starts_with("{\"rows\":["), "{document}");
    assert_eq!(document.lines().count(), 1);
}

#[test]
fn a_line_would_come_twice_or_not_at_all() {
    let daemon = Daemon::start(&["-v"]);
    let mut following = Command::new(env!("CARGO_BIN_EXE_cachectl"))
        .args(["--socket", &text(&daemon.socket()), "log", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("cachectl runs");
    let out = BufReader::new(following.stdout.take().expect("it is piped"));
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let next = || lines.recv_timeout(Duration::from_secs(60));
    let mut seen = Vec::new();
    for words in ["listening on", "read anew", "read anew"] {
        loop {
            let line = next().expect("a line");
            seen.push(line);
            if seen.last().is_some_and(|line| line.contains(words)) {
                break;
            }
        }
        assert_eq!(daemon.operate(&["reload", "--yes"]).status, Some(0));
    }
    drop(daemon);
    assert_eq!(following.wait().expect("it ends").code(), Some(3));
    seen.sort_unstable();
    let all = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), all, "{seen:?}");
}
