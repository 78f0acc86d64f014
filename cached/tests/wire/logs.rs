//! Logs in files: they are what operators keep, move away and search.

use std::fs;
use std::path::Path;

use serde_json::Value;

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
