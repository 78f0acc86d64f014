//! Several daemons at once.

use crate::daemon::{Daemon, cachectl, text};

#[test]
fn a_node_that_is_down_would_hide_what_the_others_say() {
    let (one, two) = (Daemon::start(&["-t", "1"]), Daemon::start(&["-t", "2"]));
    let (one, two) = (text(&one.socket()), text(&two.socket()));
    let nodes = ["cluster", "--socket", &one, "--socket", &two];
    let ask = |words: &[&str]| cachectl(&[&nodes[..], words].concat(), b"");

    let said = ask(&["ping"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let expected = format!("== {one}\n{one} answers\n\n== {two}\n{two} answers\n\n");
    assert_eq!(said.out, expected);

    let said = ask(&["stats"]);
    let threads = said.out.lines().find(|line| line.starts_with("threads "));
    let threads: Vec<_> = threads.expect("a row").split_whitespace().collect();
    assert_eq!(threads, ["threads", "1", "2", "3"], "{said:?}");

    let said = ask(&["--socket", "/nobody", "version"]);
    assert_eq!(said.status, Some(3), "{said:?}");
    let version = concat!(env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(said.out.matches(version).count(), 2, "{said:?}");
    let mut sentences = said.err.lines();
    let why = sentences.next().expect("a sentence");
    assert!(
        why.starts_with("cachectl: /nobody: cannot connect"),
        "{why}"
    );
    assert_eq!(
        sentences.next(),
        Some("cachectl: 1 of 3 nodes have not done it")
    );
}

#[test]
fn a_script_would_not_know_whose_answer_it_reads() {
    let daemon = Daemon::start(&[]);
    let socket = text(&daemon.socket());
    let nodes = [
        "cluster", "--json", "--socket", &socket, "--socket", "/nobody",
    ];
    let said = cachectl(&[&nodes[..], &["hotkeys", "neither"]].concat(), b"");
    assert_eq!(said.status, Some(4), "the highest of 3 and 4: {said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    let refused = format!("{{\"node\":\"{socket}\",\"error\":\"the server refused: ");
    assert!(lines[0].starts_with(&refused), "{said:?}");
    assert!(
        lines[1].starts_with("{\"node\":\"/nobody\",\"error\":\"cannot"),
        "{said:?}"
    );
    let answered = cachectl(&[&nodes[..], &["version"]].concat(), b"");
    let rows = format!("{{\"node\":\"{socket}\",\"rows\":[");
    assert!(answered.out.starts_with(&rows), "{answered:?}");
}

#[test]
fn a_cluster_of_nobody_would_do_as_it_is_told() {
    let said = cachectl(&["cluster", "ping"], b"");
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("--socket and --admin name"), "{said:?}");
}

#[test]
fn an_owner_would_be_told_without_its_place_on_the_circle() {
    let nodes = ["--node", "10.0.0.1", "--node", "10.0.0.2:11212:3"];
    let owner = [&["cluster", "owner", "a", "b c"], &nodes[..]].concat();
    let said = cachectl(&owner, b"");
    assert_eq!(
        said.out,
        "a      10.0.0.2:11212  key at 3111502092, point at 3126586765\n\
         b%20c  10.0.0.1:11211  key at 4259315125, point at 4262511627\n"
    );
    let said = cachectl(&[&owner[..], &["--json"]].concat(), b"");
    let first = r#"{"key":"a","node":"10.0.0.2:11212","hash":3111502092,"point":3126586765}"#;
    assert_eq!(said.out.lines().next(), Some(first));

    let twice = cachectl(&[&owner[..], &["--node", "10.0.0.1:11211:5"]].concat(), b"");
    assert_eq!(twice.status, Some(2));
    assert_eq!(
        twice.err,
        "cachectl: the node 10.0.0.1:11211 is named twice\n"
    );
}

#[test]
fn a_cluster_would_be_flushed_that_nobody_wanted_to_flush() {
    let daemons = [Daemon::start(&[]), Daemon::start(&[])];
    let get = |daemon: &Daemon, words: &[&str]| {
        let server = daemon.address("memcached").to_string();
        cachectl(&[&["--server", &server], words].concat(), b"").status
    };
    for daemon in &daemons {
        assert_eq!(get(daemon, &["set", "key", "value"]), Some(0));
    }
    let [one, two] = daemons.each_ref().map(|daemon| text(&daemon.socket()));
    let flush = ["cluster", "--socket", &one, "--socket", &two, "flush"];

    let said = cachectl(&flush, b"y\n");
    assert_eq!(said.status, Some(2), "{said:?}");
    for daemon in &daemons {
        assert_eq!(get(daemon, &["get", "key"]), Some(0));
    }
    let said = cachectl(&[&flush[..], &["--yes"]].concat(), b"");
    assert_eq!(said.status, Some(0), "{said:?}");
    let stored = format!("items stored at {one}: 1\n");
    assert!(said.out.contains(&stored), "{said:?}");
    assert!(said.out.contains(&format!("== {two}\n")), "{said:?}");
    for daemon in &daemons {
        assert_eq!(get(daemon, &["get", "key"]), Some(1));
    }
}
