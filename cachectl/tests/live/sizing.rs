//! What a daemon's counters come to.

use serde_json::Value;

use crate::daemon::Daemon;

#[test]
fn a_cache_that_is_empty_would_be_made_larger() {
    let daemon = Daemon::start(&["-m", "64"]);
    let words = ["sizing", "--interval", "100ms"];
    let said = daemon.operate(&words);
    assert_eq!(said.status, Some(0), "{said:?}");
    let verdict = said.out.lines().last().expect("a verdict");
    let none = "More memory would gain nothing: nothing is evicted.";
    assert!(verdict.starts_with(none), "{said:?}");

    let said = daemon.operate(&[&words[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["verdict"], verdict);
    assert_eq!(told["memory_bytes"], 64 << 20);
    assert_eq!(told["hit_ratio"], Value::Null);
    assert_eq!(told["sizes"], Value::Array(Vec::new()));
    assert_eq!(told["eviction"], "s3fifo");
}
