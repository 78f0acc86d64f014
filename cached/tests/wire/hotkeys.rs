//! Hot keys: what an operator asks for when one server of many is busy.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use net::admin::{Document, Value};

use crate::client::PATIENCE;
use crate::limits::eventually;
use crate::server::Server;

/// The rows that `hotkeys` answers, as texts.
fn hottest(server: &Server, by: &str) -> Vec<(String, String)> {
    let mut stream = UnixStream::connect(server.admin_socket()).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
        .write_all(format!("hotkeys {by}\n").as_bytes())
        .expect("send");
    let mut line = Vec::new();
    let read = BufReader::new(stream).read_until(b'\n', &mut line);
    assert!(read.expect("an answer") > 0);
    match Document::parse(&line).expect("a document") {
        Document::Rows(rows) => rows
            .iter()
            .map(|row| (row.name.to_string(), row.value.to_string()))
            .collect(),
        Document::Error(why) => panic!("{why}"),
    }
}

fn row(rows: &[(String, String)], name: &str) -> String {
    let row = rows.iter().find(|(named, _)| named == name);
    row.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn a_hot_key_would_not_be_found_among_the_others() {
    let server = Server::start(&["-t", "2", "--hotkeys-sample", "10"]);
    let mut clients = [server.connect(), server.connect()];
    clients[0].set("large", 0, &vec![b'v'; 8 << 10]);
    let mut asked = 0;
    let mut ask = |rounds: u32| {
        for round in asked..asked + rounds {
            let client = &mut clients[round as usize % 2];
            // One request of ten is for the hot key, one of a hundred for the large one.
            let others: Vec<_> = (0..90).map(|number| format!("{round}-{number}")).collect();
            let others = others.join(" ");
            let hot = " hot".repeat(10);
            client.ask(format!("get {others}{hot}\r\n"), "END\r\n");
            assert!(client.get("large").is_some());
        }
        asked += rounds;
    };
    ask(400);
    eventually("the hot key is told of first", || {
        ask(1);
        row(&hottest(&server, "ops"), "1:key") == "hot"
    });
    let rows = hottest(&server, "ops");
    let share: f64 = row(&rows, "1:share").parse().expect("a number");
    assert!((0.05..0.15).contains(&share), "{rows:?}");
    let rows = hottest(&server, "bytes");
    assert_eq!(row(&rows, "1:key"), "large");
    assert_eq!(row(&rows, "1:share"), Value::Real(1.0).to_string());
}
