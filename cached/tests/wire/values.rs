//! Values come back byte for byte, whatever their bytes, length and cuts.

use std::thread::sleep;
use std::time::Duration;

use crate::client::{Client, store};
use crate::server::Server;

/// Bytes of every kind, different for each length.
fn value(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| (i * 31 + i / 251 + length) as u8)
        .collect()
}

#[track_caller]
fn round_trip(client: &mut Client, key: &str, value: &[u8]) {
    client.set(key, 0, value);
    let found = client.get(key).expect("it was just stored");
    assert!(
        found == value,
        "{key}: {} bytes came back changed",
        value.len()
    );
}

#[test]
fn a_byte_that_means_something_would_change_a_value() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let every_byte: Vec<u8> = (0..=255).collect();
    round_trip(&mut client, "every", &every_byte);
    for byte in every_byte {
        round_trip(&mut client, "single", &[byte]);
    }
    for text in [
        "007",
        "+5",
        " 1",
        "18446744073709551615",
        "END\r\n",
        "\r\n",
        "VALUE a 0 1\r\n",
    ] {
        round_trip(&mut client, "text", text.as_bytes());
    }
}

#[test]
fn a_length_at_the_edge_of_a_buffer_would_cut_a_value() {
    const KIB: usize = 1024;
    let server = Server::start(&[]);
    let mut client = server.connect();
    let edges = [
        0,
        2 * KIB,
        4 * KIB,
        16 * KIB,
        64 * KIB,
        128 * KIB,
        256 * KIB,
        512 * KIB,
    ];
    for edge in edges {
        for length in edge.saturating_sub(40)..edge + 3 {
            round_trip(&mut client, &format!("edge{edge}"), &value(length));
        }
    }
    // The item's header and key count against the limit of 1 MiB.
    round_trip(&mut client, "largest", &value(1024 * KIB - 100));
    client.send(store("set", "largest", 0, &value(1024 * KIB)));
    client.expect("SERVER_ERROR object too large for cache\r\n");
}

#[test]
fn a_cut_between_header_and_body_would_lose_bytes() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let value = value(100_000);
    let request = store("set", "cut", 0, &value);
    let header = request.len() - value.len() - 2;
    for cut in [
        1,
        header - 2,
        header - 1,
        header,
        header + 1,
        header + 50_000,
        request.len() - 2,
        request.len() - 1,
    ] {
        client.send(&request[..cut]);
        // Long enough for the server to see the first part alone, most times.
        sleep(Duration::from_millis(5));
        client.send(&request[cut..]);
        client.expect("STORED\r\n");
        assert!(client.get("cut").expect("stored") == value, "cut at {cut}");
    }
}

#[test]
fn a_pipeline_deeper_than_any_buffer_would_lose_replies() {
    const REQUESTS: usize = 50_000;
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut sender = client.sender();
    let sending = std::thread::spawn(move || {
        let stream: Vec<u8> = (0..REQUESTS)
            .flat_map(|i| {
                [
                    store(
                        "set",
                        &format!("deep{}", i % 500),
                        0,
                        i.to_string().as_bytes(),
                    ),
                    format!("get deep{}\r\n", i % 500).into_bytes(),
                ]
                .concat()
            })
            .collect();
        std::io::Write::write_all(&mut sender, &stream).expect("the stream is taken");
    });
    for i in 0..REQUESTS {
        client.expect("STORED\r\n");
        let found = client.value_of(&format!("deep{}", i % 500));
        assert_eq!(found, Some(i.to_string().into_bytes()));
    }
    sending.join().expect("the sender ends");
}

#[test]
fn a_unique_that_did_not_change_would_lose_an_update() {
    fn unique(client: &mut Client) -> u64 {
        client.send("gets cas\r\n");
        let header = client.line();
        let unique = header.rsplit(' ').next().and_then(|n| n.parse().ok());
        let value = client.line();
        assert_eq!(client.line(), "END", "behind {value}");
        unique.unwrap_or_else(|| panic!("no unique in {header:?}"))
    }
    let changes: [(&str, &str); 6] = [
        ("set cas 0 0 1\r\n1\r\n", "STORED\r\n"),
        ("replace cas 0 0 1\r\n1\r\n", "STORED\r\n"),
        ("append cas 0 0 1\r\n1\r\n", "STORED\r\n"),
        ("prepend cas 0 0 1\r\n1\r\n", "STORED\r\n"),
        ("incr cas 1\r\n", "<n>"),
        ("decr cas 1\r\n", "<n>"),
    ];
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.set("cas", 0, b"5");
    for (change, reply) in changes {
        let before = unique(&mut client);
        assert_eq!(unique(&mut client), before, "reading changes nothing");
        client.ask("touch cas 100\r\n", "TOUCHED\r\n");
        client.send(change);
        let said = client.line();
        assert!(reply == "<n>" || said + "\r\n" == reply, "to {change:?}");
        client.ask(format!("cas cas 0 0 1 {before}\r\n7\r\n"), "EXISTS\r\n");
        let now = unique(&mut client);
        client.ask(format!("cas cas 0 0 1 {now}\r\n8\r\n"), "STORED\r\n");
        client.ask(format!("cas cas 0 0 1 {now}\r\n9\r\n"), "EXISTS\r\n");
        assert_eq!(client.get("cas").as_deref(), Some(&b"8"[..]));
    }
}
