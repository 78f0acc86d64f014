//! What is asked as a client, about one item.

use std::fs;

use crate::daemon::{Daemon, Said, cachectl, run, text};

/// Runs cachectl with `words`, as a client of `daemon`.
fn ask(daemon: &Daemon, words: &[&str]) -> Said {
    let address = daemon.address("memcached").to_string();
    cachectl(&[&["--server", &address], words].concat(), b"")
}

#[test]
fn a_value_would_not_come_back_byte_for_byte() {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    let file = daemon.folder().join("value");
    let values = [
        Vec::new(),
        b"\r\nEND\r\n".to_vec(),
        (0..=u8::MAX).cycle().take(70_000).collect(),
    ];
    for value in values {
        let set = run(&["set", "key", "--file", "-", "--server", &address], &value);
        assert!(set.status.success(), "{set:?}");
        let got = run(&["get", "key", "--server", &address], b"");
        assert_eq!(got.stdout, value);
        fs::write(&file, &value).expect("a file");
        let set = ask(&daemon, &["set", "filed", "--file", &text(&file)]);
        assert_eq!(set.status, Some(0), "{set:?}");
        let got = run(&["get", "filed", "--server", &address], b"");
        assert_eq!(got.stdout, value);
    }
}

#[test]
fn what_is_stored_beside_a_value_would_not_be_told() {
    let daemon = Daemon::start(&[]);
    let set = [
        "set", "k%", "value", "--ttl", "2h", "--flags", "7", "--json",
    ];
    let said = ask(&daemon, &set);
    assert_eq!(said.out, "{\"key\":\"k%25\",\"stored\":true}\n");
    let said = ask(&daemon, &["get", "k%", "--json"]);
    let item: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(item["key"], "k%25");
    assert_eq!(item["flags"], 7);
    assert_eq!(item["size"], 5);
    assert_eq!(item["value"], "value");
    assert_eq!(item["fetched"], false);
    assert!(
        item["ttl"]
            .as_i64()
            .is_some_and(|ttl| (7100..=7200).contains(&ttl)),
        "{item}"
    );
    let cas = item["cas"].as_str().expect("a text");

    let said = ask(&daemon, &["set", "k%", "new", "--cas", cas]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let said = ask(&daemon, &["set", "k%", "newer", "--cas", cas]);
    assert_eq!(said.status, Some(4), "{said:?}");
    let said = ask(&daemon, &["set", "k%", "", "--mode", "append"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let said = ask(&daemon, &["set", "k%", "x", "--mode", "add"]);
    assert_eq!(said.status, Some(4), "{said:?}");
    assert_eq!(ask(&daemon, &["get", "k%"]).out, "new");
}

#[test]
fn what_is_not_there_would_be_said_to_be_changed() {
    let daemon = Daemon::start(&[]);
    for words in [
        &["get", "none"][..],
        &["get", "none", "--json"],
        &["delete", "none"],
        &["touch", "none", "60"],
        &["incr", "none"],
        &["decr", "none", "2"],
        &["set", "none", "x", "--mode", "replace"],
        &["set", "none", "x", "--mode", "prepend"],
        &["set", "none", "x", "--cas", "1"],
    ] {
        let said = ask(&daemon, words);
        assert_eq!(said.status, Some(1), "{words:?} {said:?}");
        assert_eq!(said.err, "cachectl: there is no item under the key none\n");
    }
}

#[test]
fn an_item_would_not_be_changed_as_told() {
    let daemon = Daemon::start(&[]);
    ask(&daemon, &["set", "n", "41"]);
    assert_eq!(ask(&daemon, &["incr", "n"]).out, "42\n");
    assert_eq!(
        ask(&daemon, &["decr", "n", "50", "--json"]).out,
        "{\"key\":\"n\",\"value\":0}\n"
    );
    let said = ask(&daemon, &["touch", "n", "1h", "--json"]);
    assert_eq!(said.out, "{\"key\":\"n\",\"done\":\"touch\"}\n");
    let said = ask(&daemon, &["meta", "mg", "n", "t", "v"]);
    assert!(
        said.out.starts_with("VA 2 t3") && said.out.ends_with("\r\n0 \r\n"),
        "{said:?}"
    );
    assert_eq!(ask(&daemon, &["delete", "n"]).out, "");
    assert_eq!(ask(&daemon, &["meta", "mg", "n", "t", "v"]).out, "EN\r\n");
    assert_eq!(ask(&daemon, &["meta", "mg", "n", "q"]).out, "");
    assert_eq!(ask(&daemon, &["meta", "mn"]).out, "MN\r\n");
    ask(&daemon, &["set", "text", "text"]);
    let said = ask(&daemon, &["incr", "text"]);
    assert_eq!(said.status, Some(4), "{said:?}");
}

#[test]
fn a_meta_command_would_be_sent_with_another_value_than_it_says() {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    let stored = cachectl(
        &["meta", "ms", "k", "5", "c", "--server", &address],
        b"value",
    );
    assert!(stored.out.starts_with("HD c"), "{stored:?}");
    let short = cachectl(&["meta", "ms", "k", "5", "--server", &address], b"four");
    assert_eq!(short.status, Some(2), "{short:?}");
    assert_eq!(ask(&daemon, &["get", "k"]).out, "value");
}

#[test]
fn a_key_that_cannot_be_sent_would_be() {
    let long = "k".repeat(251);
    for key in ["", "a b", "a\nflush_all", &long] {
        // Nobody listens at port 1: whoever connected would fail otherwise.
        let said = cachectl(&["get", key, "--server", "127.0.0.1:1"], b"");
        assert_eq!(said.status, Some(2), "{said:?}");
    }
}

#[test]
fn items_would_be_asked_for_without_tls() {
    let daemon = Daemon::start_secure(&[]);
    let address = daemon.address("memcached, tls").to_string();
    let authority = text(&daemon.folder().join("authority.pem"));
    let tls = ["--server", &address, "--tls", "--tls-ca", &authority];
    let said = cachectl(&[&["set", "k", "v"][..], &tls].concat(), b"");
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(ask(&daemon, &["get", "k"]).out, "v");
    let plain = cachectl(&["get", "k", "--server", &address], b"");
    assert_eq!(plain.status, Some(3), "{plain:?}");
    assert!(plain.err.contains("--tls"), "{plain:?}");
}
