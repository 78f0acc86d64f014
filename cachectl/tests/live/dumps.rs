//! What is told of every item.

use crate::daemon::{Daemon, cachectl};

/// A daemon with items of some sizes, and its address for clients.
fn daemon() -> (Daemon, String) {
    let daemon = Daemon::start(&[]);
    let address = daemon.address("memcached").to_string();
    for (key, size) in [("a:1", 10), ("a:2", 3000), ("b:1", 500), ("b:%", 20)] {
        let value = vec![b'v'; size];
        let words = [
            "set", key, "--file", "-", "--ttl", "1h", "--server", &address,
        ];
        let said = cachectl(&words, &value);
        assert_eq!(said.status, Some(0), "{said:?}");
    }
    (daemon, address)
}

#[test]
fn an_item_would_be_left_out_of_a_dump_or_told_twice() {
    let (_daemon, address) = daemon();
    let keys = |words: &[&str]| {
        let said = cachectl(
            &[&["dump", "--json", "--server", &address], words].concat(),
            b"",
        );
        assert_eq!(said.status, Some(0), "{said:?}");
        let mut keys: Vec<_> = said
            .out
            .lines()
            .map(|line| {
                let item: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let size = item["size"].as_u64().expect("a size");
                assert!((10..4000).contains(&size), "{item}");
                assert!(
                    item["expires"].as_i64() > item["accessed"].as_i64(),
                    "{item}"
                );
                item["key"].as_str().expect("a key").to_owned()
            })
            .collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&[]), ["a:1", "a:2", "b:%25", "b:1"]);
    assert_eq!(keys(&["--prefix", "a:"]), ["a:1", "a:2"]);
    assert_eq!(keys(&["--prefix", "b:%25"]), ["b:%25"]);
    assert_eq!(keys(&["--limit", "3"]).len(), 3);
    assert_eq!(keys(&["--limit", "0"]).len(), 0);
    let said = cachectl(&["dump", "--server", &address], b"");
    assert_eq!(said.out.lines().count(), 5, "{said:?}");
}

#[test]
fn the_largest_item_would_not_be_found() {
    let (_daemon, address) = daemon();
    let words = ["bigkeys", "--json", "--count", "1", "--server", &address];
    let said = cachectl(&words, b"");
    let lines: Vec<serde_json::Value> = (said.out.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["key"], "a:2");
    assert_eq!(lines[lines.len() - 1]["items"], 4);
    let said = cachectl(&["bigkeys", "--prefix", "b:", "--server", &address], b"");
    assert!(said.out.starts_with("bytes  key\n"), "{said:?}");
    assert!(!said.out.contains("a:"), "{said:?}");
}
