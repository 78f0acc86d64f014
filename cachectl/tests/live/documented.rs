//! cachectl(1) and what the commands print for scripts.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::daemon::{Daemon, cachectl};

/// The members that the page lists for `command`.
fn listed(command: &str) -> BTreeSet<String> {
    let page = include_str!("../../../man/cachectl.1");
    let section = page.split(".Sh JSON\n").nth(1).expect("a section");
    let section = section.split("\n.Sh ").next().expect("its text");
    let mut items = section.split(".It Cm ").skip(1);
    let is_of = |item: &&str| {
        let commands = item.lines().next().unwrap_or_default();
        commands.split(" , ").any(|it| it == command)
    };
    let item = items
        .find(is_of)
        .unwrap_or_else(|| panic!("{command} is not listed"));
    let item = item.split(".El").next().expect("its text");
    let members = item.lines().filter_map(|line| line.strip_prefix(".Li "));
    let words = members.filter_map(|member| member.split(' ').next());
    words.map(str::to_owned).collect()
}

#[test]
fn a_member_would_be_undocumented_or_documented_in_vain() {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    let socket = daemon.socket();
    let socket = socket.to_str().expect("UTF-8");
    let client = ["--server", &address, "--json"];
    let operator = ["--socket", socket, "--json"];
    cachectl(&["set", "n", "1", "--server", &address], b"");
    cachectl(
        &["set", "bytes", "--file", "-", "--server", &address],
        b"\xff",
    );
    let watch = ["watch", "--count", "1", "--interval", "100ms"];
    // The members of all lines that a command prints, whichever line they are on.
    for (command, runs, place) in [
        ("set", &[&["set", "k", "v"][..]][..], &client[..]),
        ("get", &[&["get", "n"], &["get", "bytes"]], &client),
        ("touch", &[&["touch", "n", "1h"]], &client),
        ("delete", &[&["delete", "k"]], &client),
        ("incr", &[&["incr", "n"]], &client),
        ("decr", &[&["decr", "n"]], &client),
        ("dump", &[&["dump"]], &client),
        ("bigkeys", &[&["bigkeys"]], &client),
        ("watch", &[&watch], &operator),
    ] {
        let mut told = BTreeSet::new();
        for words in runs {
            let said = cachectl(&[words, place].concat(), b"");
            assert_eq!(said.status, Some(0), "{said:?}");
            for line in said.out.lines() {
                let object: Value = serde_json::from_str(line).expect("JSON");
                told.extend(object.as_object().expect("an object").keys().cloned());
            }
        }
        if command == "watch" {
            // Of an interval without an answer.
            told.insert("error".to_owned());
        }
        assert_eq!(told, listed(command), "{command}");
    }
}
