//! The executor is told which keys come next.

use net::{Limits, Next};

use crate::client::Client;

/// Keys are told at most so many requests before they come.
const AHEAD: usize = 32;

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("key-{n}")).collect()
}

/// Every key was told, and not long before it came.
fn assert_expected(client: &Client, keys: &[String]) {
    assert_eq!(client.map.requests.len(), keys.len());
    for (at, key) in keys.iter().enumerate() {
        let mut told = client.map.expected.iter();
        assert!(
            told.any(|(done, told)| told == key.as_bytes()
                && (at + 1).saturating_sub(AHEAD) <= *done
                && *done <= at),
            "{key}: {:?}",
            client.map.expected
        );
    }
}

#[test]
fn no_key_of_a_pipeline_comes_unexpected_and_none_is_told_twice() {
    let keys = keys(200);
    let request = |(n, key): (usize, &String)| match n % 6 {
        0 => format!("get {key}\r\n"),
        1 => format!("set {key} 0 0 10\r\nget lure\r\n\r\n"),
        2 => format!("gat 0 {key}\r\n"),
        3 => format!("delete {key}\r\n"),
        4 => format!("gets {key}"),
        _ => format!(" {key}\r\n"),
    };
    let input: String = keys.iter().enumerate().map(request).collect();
    let mut client = Client::new();
    assert_eq!(client.send(input.as_bytes()), Next::Receive);
    assert_expected(&client, &keys);
    assert_eq!(client.map.expected.len(), keys.len());
}

#[test]
fn no_key_of_a_retrieval_comes_unexpected_wherever_it_pauses() {
    for count in [20, 1000] {
        for operations in [7, 33, u32::MAX] {
            let keys = keys(count);
            let mut client = Client::with_limits(Limits {
                operations,
                ..Limits::default()
            });
            client.send(format!("get {}\r\nget a b\r\n", keys.join(" ")).as_bytes());
            let last = ["a", "b"].map(String::from);
            let keys = [&keys[..], &last].concat();
            // A key that the session's share leaves alone is looked up alone.
            assert_expected(&client, &keys);
        }
    }
}

#[test]
fn a_single_key_is_not_told() {
    let mut client = Client::new();
    client.send(b"get a\r\n");
    client.send(b"get b\r\nget ");
    assert!(client.map.expected.is_empty());
}
