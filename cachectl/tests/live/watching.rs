//! Figures of a daemon, interval by interval.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::daemon::{Daemon, text};

#[test]
fn a_line_would_be_missing_or_without_its_headings() {
    let daemon = Daemon::start(&[]);
    let words = ["watch", "--interval", "100ms", "--count", "3"];
    let said = daemon.operate(&words);
    assert_eq!(said.status, Some(0), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 4, "{said:?}");
    assert!(lines[0].contains("ops/s"), "{said:?}");
    assert!(
        lines[1..]
            .iter()
            .all(|line| line.split_whitespace().count() == 11)
    );

    let said = daemon.operate(&[&words[..], &["--json"]].concat());
    for line in said.out.lines() {
        let figures: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(figures["items"], 0, "{figures}");
        assert!(figures["requests_per_second"].is_number(), "{figures}");
    }
}

#[test]
fn a_restart_would_be_the_end() {
    let daemon = Daemon::start(&[]);
    let mut watching = Command::new(env!("CARGO_BIN_EXE_cachectl"))
        .args(["--socket", &text(&daemon.socket())])
        .args(["watch", "--json", "--interval", "100ms"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("cachectl runs");
    let out = watching.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(out).lines().map(|line| {
        let line = line.expect("a line");
        serde_json::from_str::<Value>(&line).expect("JSON")
    });
    // Some ten a second: no test waits for more than these.
    let mut seen = |wanted: &str| lines.by_ref().take(600).any(|line| !line[wanted].is_null());
    assert!(seen("items"), "there are no figures");
    let _daemon = daemon.restart(&[]);
    assert!(seen("error"), "nothing is said of the restart");
    assert!(seen("items"), "the server is not asked again");
    watching.kill().expect("it runs");
    watching.wait().expect("it ends");
}
