//! A session stops where its share of a turn ends or the executor says so,
//! and goes on from there.

use net::{Close, Intake, Limits, Next};

use crate::client::Client;

fn small_output() -> Limits {
    Limits {
        output: 200,
        ..Limits::default()
    }
}

/// A client whose cache has `a` and `b`, of 100 bytes each.
fn client(limits: Limits) -> Client {
    let mut client = Client::with_limits(limits);
    let value = "v".repeat(100);
    for key in ["a", "b"] {
        client.send(format!("set {key} 0 0 100 noreply\r\n{value}\r\n").as_bytes());
    }
    client.map.requests.clear();
    client.operations = 0;
    client
}

fn rows(keys: &str) -> String {
    let value = "v".repeat(100);
    let row = |key| format!("VALUE {key} 0 100\r\n{value}\r\n");
    keys.chars().map(row).collect::<Vec<_>>().concat()
}

#[test]
fn many_keys_do_not_fill_the_output_beyond_its_bound() {
    let mut client = client(small_output());
    let keys = "ab".repeat(500);
    let line = format!("get{}", " a b".repeat(500));
    assert_eq!(
        client.send(format!("{line}\r\nversion\r\n").as_bytes()),
        Next::Receive
    );
    assert_eq!(client.take_out(), rows(&keys) + "END\r\nVERSION 1.6.18\r\n");
    assert!(
        client.out_most <= 200 + 116,
        "{} bytes at once",
        client.out_most
    );
    assert!(!client.session.is_mid_request());
}

#[test]
fn a_pipeline_does_not_fill_the_output_beyond_its_bound() {
    let mut client = client(small_output());
    client.send("get a\r\nget b\r\n".repeat(500).as_bytes());
    assert_eq!(client.take_out().len(), (rows("ab").len() + 10) * 500);
    client.send("version\r\n".repeat(500).as_bytes());
    assert_eq!(client.take_out(), "VERSION 1.6.18\r\n".repeat(500));
    assert!(
        client.out_most <= 200 + 121,
        "{} bytes at once",
        client.out_most
    );
}

#[test]
fn requests_without_output_end_the_run_too() {
    let misses = format!("get{}\r\n", " k".repeat(25));
    let quiet = "delete k noreply\r\n".repeat(25);
    let refused = "delete k 1 noreply\r\n".repeat(25);
    for input in [misses, quiet, refused] {
        let mut client = Client::with_limits(Limits {
            operations: 10,
            ..Limits::default()
        });
        assert_eq!(client.send_once(input.as_bytes()), Next::Resume);
        assert_eq!(client.operations + client.refused, 10);
        assert_eq!(client.resume(), Next::Resume);
        assert_eq!(client.resume(), Next::Receive);
        assert_eq!(client.operations + client.refused, 25);
    }
}

#[test]
fn a_request_that_waits_for_space_is_neither_lost_nor_done_twice() {
    let mut client = client(Limits::default());
    client.map.patience = Some(1);
    let input = b"version\r\nset c 0 0 1\r\nx\r\nget c\r\nset d 0 0 1";
    assert_eq!(client.send(input), Next::WaitSpace);
    assert_eq!(client.take_out(), "VERSION 1.6.18\r\n");
    for _ in 0..3 {
        assert_eq!(client.resume(), Next::WaitSpace);
        assert_eq!(client.take_out(), "");
    }
    client.map.patience = None;
    assert_eq!(client.resume(), Next::Receive);
    assert_eq!(client.take_out(), "STORED\r\nVALUE c 0 1\r\nx\r\nEND\r\n");
    assert_eq!(client.map.requests.len(), 3);
    assert_eq!(client.operations, 3);
    client.send(b"\r\ny\r\n");
    assert_eq!(client.take_out(), "STORED\r\n");
}

#[test]
fn a_long_request_that_waits_for_space_is_kept_whole() {
    let mut client = Client::new();
    let value = "v".repeat(100_000);
    client.map.patience = Some(0);
    let input = format!("set a 0 0 100000\r\n{value}\r\n");
    assert_eq!(client.send(input.as_bytes()), Next::WaitSpace);
    assert_eq!(client.held(), input.len());
    client.map.patience = None;
    assert_eq!(client.resume(), Next::Receive);
    assert_eq!(client.held(), 0);
    client.send(b"get a\r\n");
    assert_eq!(
        client.take_out(),
        format!("STORED\r\nVALUE a 0 100000\r\n{value}\r\nEND\r\n")
    );
}

#[test]
fn a_key_that_waits_does_not_repeat_those_before_it() {
    let mut client = client(Limits::default());
    client.map.patience = Some(2);
    assert_eq!(client.send(b"gat 0 a b a\r\nget b\r\n"), Next::WaitSpace);
    assert_eq!(client.take_out(), rows("ab"));
    client.map.patience = None;
    assert_eq!(client.resume(), Next::Receive);
    assert_eq!(
        client.take_out(),
        rows("a") + "END\r\n" + &rows("b") + "END\r\n"
    );
}

#[test]
fn what_an_item_too_large_waits_for_is_not_skipped_twice() {
    let mut client = client(Limits::default());
    client.map.patience = Some(0);
    assert_eq!(client.send(b"set a 0 0 2000000\r\nvvv"), Next::WaitSpace);
    client.map.patience = None;
    assert_eq!(client.resume(), Next::Receive);
    assert!(client.session.is_mid_request());
    assert_eq!(client.held(), 0);
    client.send("v".repeat(2_000_000 - 3).as_bytes());
    client.send(b"\r\nget a\r\n");
    assert_eq!(
        client.take_out(),
        "SERVER_ERROR object too large for cache\r\nEND\r\n"
    );
}

#[test]
fn nothing_is_run_behind_a_quit() {
    let mut client = client(Limits::default());
    assert_eq!(
        client.send(b"quit\r\nset c 0 0 1\r\nx\r\n"),
        Next::Close(Close::Quit)
    );
    assert!(client.map.requests.is_empty());
    assert_eq!(client.session.intake(), Intake::Shared(&[]));
}

#[test]
fn a_dump_neither_fills_the_output_nor_loses_its_place() {
    let mut client = Client::new();
    for n in 0..2000 {
        client.send(format!("ms key-{n:04} 0 q\r\n\r\n").as_bytes());
    }
    client.take_out();
    client.out_most = 0;
    client.send_in(b"lru_crawler mgdump all\r\nmn\r\n", 5);
    let keys: Vec<_> = (0..2000).map(|n| format!("mg key-{n:04}\r\n")).collect();
    assert!(client.take_out() == keys.concat() + "EN\r\nMN\r\n");
    assert!(client.out_most < 17 << 10, "{}", client.out_most);
    assert_eq!(client.held(), 0);
}
