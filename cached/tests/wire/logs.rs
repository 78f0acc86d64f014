//! Logs in files: they are what operators keep, move away and search.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::client::Client;
use crate::limits::eventually;
use crate::server::Server;

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A path as a flag takes it.
fn flag(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A row of `stats cached`.
fn counted(client: &mut Client, name: &str) -> u64 {
    client.send("stats cached\r\n");
    let mut count = None;
    loop {
        let line = client.line();
        if line == "END" {
            return count.expect("a row");
        }
        let words: Vec<_> = line.split(' ').collect();
        if words[1] == name {
            count = words[2].parse().ok();
        }
    }
}

#[test]
fn a_log_that_was_moved_away_would_grow_for_ever() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, moved) = (folder.path().join("log"), folder.path().join("log.1"));
    let server = Server::start(&["-v", "--log-file", flag(&path)]);
    fs::rename(&path, &moved).expect("the daemon has made it");
    server.signal("HUP");
    let is_anew = |line: &String| line.ends_with("the configuration is read anew");
    eventually("the log is opened anew", || {
        lines(&path).iter().any(is_anew)
    });
    assert!(!lines(&moved).iter().any(is_anew));
    assert!(server.said().contains("listening on"), "{}", server.said());
}

#[test]
fn a_log_that_cannot_be_opened_would_be_left_without_a_word() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("logs/log");
    let logs = path.parent().expect("a folder");
    fs::create_dir(logs).expect("a folder");
    let server = Server::start(&["--log-file", flag(&path)]);
    fs::rename(logs, folder.path().join("moved")).expect("it is there");
    server.signal("HUP");
    let moved = folder.path().join("moved/log");
    eventually("the reload is refused", || {
        lines(&moved).iter().any(|line| {
            line.contains("nothing is changed: cannot open the log") && line.contains(flag(&path))
        })
    });

    let (status, said) = crate::server::refusal(&["-p", "0", "--log-file", flag(&path)]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains(flag(&path)), "{said}");
}

#[test]
fn an_operator_without_a_way_to_the_files_would_see_no_log() {
    let server = Server::start(&["-v"]);
    let ask = |request: &str| server.rows(request).expect("rows");
    let number_of = |rows: &BTreeMap<String, String>, words: &str| {
        let mut messages = rows.iter().filter(|(name, _)| name.ends_with(":message"));
        let found = messages.find(|(_, message)| message.contains(words));
        found.and_then(|(name, _)| name.split_once(':').map(|(number, _)| number.to_owned()))
    };
    // It is said before it is kept.
    let is_kept = || number_of(&ask("log"), "listening on").is_some();
    eventually("what was said at the start is kept", is_kept);
    let first = ask("log");
    let said = number_of(&first, "listening on").expect("it is kept");
    assert_eq!(first[&format!("{said}:level")], "notice");
    assert_eq!(first[&format!("{said}:thread")], "main");
    assert!(first[&format!("{said}:time")].ends_with('Z'), "{first:?}");

    let next = first["next"].clone();
    server.signal("HUP");
    eventually("news are told of", || {
        let news = ask(&format!("log {next}"));
        assert!(!news.contains_key(&format!("{said}:message")), "{news:?}");
        number_of(&news, "the configuration is read anew").is_some()
    });
}

#[test]
fn a_line_of_json_would_not_be_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log");
    let server = Server::start(&["-vv", "--log-format", "json", "--log-file", flag(&path)]);
    for _ in 0..3 {
        server.connect().ask("misbehave \"\\\r\n", "ERROR\r\n");
    }
    let ends = || {
        let lines = lines(&path).into_iter();
        lines.filter(|line| line.contains("connection")).count()
    };
    eventually("the ends of connections are logged", || ends() >= 3);
    for line in lines(&path) {
        let value: Value = serde_json::from_str(&line).expect("JSON");
        for key in ["time", "level", "thread", "message"] {
            assert!(value[key].is_string(), "{line}");
        }
    }
}

#[test]
fn a_command_would_be_missing_in_a_log_of_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("commands");
    let server = Server::start(&["--log-commands", flag(&path), "--log-command-sample", "1"]);
    let mut client = server.connect();
    client.ask("set user:17 0 0 5\r\nhello\r\n", "STORED\r\n");
    client.ask("get user:17 x\r\n", "VALUE user:17 0 5\r\nhello\r\nEND\r\n");
    client.ask("mg YSBi b\r\n", "EN\r\n");
    client.ask("delete user:17\r\n", "DELETED\r\n");
    eventually("all is logged", || lines(&path).len() >= 5);
    let lines = lines(&path);
    let words: Vec<Vec<_>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    assert!(words.iter().all(|line| line[1].starts_with("127.0.0.1:")));
    let told: Vec<_> = words.iter().map(|line| line[2..].join(" ")).collect();
    assert_eq!(
        told,
        [
            "set user:17 stored 5",
            "get user:17 hit 5",
            "get x miss 0",
            "get a%20b miss 0",
            "delete user:17 deleted 0",
        ]
    );

    let moved = folder.path().join("commands.1");
    fs::rename(&path, &moved).expect("it is there");
    server.signal("HUP");
    eventually("the log is opened anew", || path.exists());
    // What is asked until the reload is over may still go to the old one.
    eventually("what is asked is logged there", || {
        client.ask("get y\r\n", "END\r\n");
        !self::lines(&path).is_empty()
    });
    let (old, new) = (self::lines(&moved).len(), self::lines(&path).len());
    client.ask("get z\r\n", "END\r\n");
    eventually("so is the rest", || self::lines(&path).len() > new);
    assert_eq!(self::lines(&moved).len(), old);
}

#[test]
fn a_slow_request_would_go_unnoticed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("slow");
    let server = Server::start(&[
        "--log-slow",
        flag(&path),
        "--log-slow-threshold",
        "0s",
        "--log-format",
        "json",
    ]);
    server.connect().ask("get x\r\n", "END\r\n");
    eventually("it is logged", || !lines(&path).is_empty());
    let line: Value = serde_json::from_str(&lines(&path)[0]).expect("JSON");
    assert_eq!(
        (&line["command"], &line["key"]),
        (&"get".into(), &"x".into())
    );
    assert!(
        line["latency_us"].is_u64() && line["own_us"].is_u64(),
        "{line}"
    );
}

#[test]
fn a_pipe_that_nobody_reads_would_hold_up_clients_or_the_other_logs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (pipe, slow) = (folder.path().join("pipe"), folder.path().join("slow"));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    // Opened, and never read.
    let reader = OpenOptions::new().read(true).write(true).open(&pipe);
    let server = Server::start(&[
        "--log-commands",
        flag(&pipe),
        "--log-command-sample",
        "1",
        "--log-slow",
        flag(&slow),
        "--log-slow-threshold",
        "0s",
    ]);
    let mut client = server.connect();
    let (gets, ends) = ("get k\r\n".repeat(100), "END\r\n".repeat(100));
    let mut unwritten = || {
        client.ask(&gets, &ends);
        counted(&mut client, "command_log_unwritten")
    };
    eventually("lines are lost and counted", || unwritten() > 0);
    let before = lines(&slow).len();
    eventually("the other log goes on", || {
        unwritten();
        lines(&slow).len() > before
    });
    drop(reader);
}
