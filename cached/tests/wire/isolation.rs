//! A reply reaches the client that asked, and nobody else.

use std::thread;

use crate::client::store;
use crate::server::Server;

/// Bytes that name their owner throughout.
fn value(owner: &str, length: usize) -> Vec<u8> {
    owner.bytes().chain(*b"|").cycle().take(length).collect()
}

#[test]
fn a_place_used_again_would_get_the_replies_of_its_last_client() {
    const ROUNDS: usize = 60;
    let server = Server::start(&["-t", "2"]);
    let address = server.address();
    let clients: Vec<_> = (0..12)
        .map(|thread| {
            thread::spawn(move || {
                for round in 0..ROUNDS {
                    let owner = format!("t{thread}r{round}");
                    let mut client = crate::client::Client::connect(address);
                    let small = value(&owner, 100);
                    let large = value(&owner, 60_000);
                    client.send(
                        [
                            store("set", &format!("{owner}s"), 0, &small),
                            store("set", &format!("{owner}l"), 0, &large),
                        ]
                        .concat(),
                    );
                    client.expect("STORED\r\nSTORED\r\n");
                    client.send(format!("get {owner}s\r\nget {owner}l\r\n").repeat(20));
                    // Two rounds of three leave with replies on their way.
                    let read = if round % 3 == 0 { 20 } else { round % 5 };
                    for _ in 0..read {
                        assert!(client.value_of(&format!("{owner}s")).expect("stored") == small);
                        assert!(client.value_of(&format!("{owner}l")).expect("stored") == large);
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("every reply was the client's own");
    }
}

#[test]
fn many_clients_at_once_would_mix_their_replies() {
    const CLIENTS: usize = 200;
    let server = Server::start(&["-t", "2"]);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
    for round in 0..20 {
        for (i, client) in clients.iter_mut().enumerate() {
            let key = format!("own{i}");
            let value = value(&format!("c{i}r{round}"), 10 + (i * 37 + round * 101) % 3000);
            client.send(store("set", &key, 0, &value));
            client.send(format!("get {key}\r\nincr count{i} 1\r\nget {key}\r\n"));
        }
        for (i, client) in clients.iter_mut().enumerate() {
            let key = format!("own{i}");
            let value = value(&format!("c{i}r{round}"), 10 + (i * 37 + round * 101) % 3000);
            client.expect("STORED\r\n");
            assert_eq!(client.value_of(&key).as_deref(), Some(&value[..]));
            client.expect("NOT_FOUND\r\n");
            assert_eq!(client.value_of(&key).as_deref(), Some(&value[..]));
        }
    }
}

#[test]
fn clients_of_one_counter_would_lose_increments() {
    const CLIENTS: u64 = 8;
    const STEPS: u64 = 2000;
    let server = Server::start(&["-t", "2"]);
    server.connect().set("count", 0, b"0");
    let address = server.address();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            thread::spawn(move || {
                let mut client = crate::client::Client::connect(address);
                let mut last = 0;
                for _ in 0..STEPS / 100 {
                    client.send("incr count 1\r\n".repeat(100));
                    for _ in 0..100 {
                        let now: u64 = client.line().parse().expect("a number");
                        assert!(now > last, "{now} behind {last}");
                        last = now;
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("its counter only grew");
    }
    let total = server.connect().get("count").expect("stored");
    assert_eq!(total, (CLIENTS * STEPS).to_string().into_bytes());
}

#[test]
fn two_adds_of_one_key_would_both_be_stored() {
    const CLIENTS: usize = 6;
    const KEYS: usize = 2000;
    let server = Server::start(&["-t", "2"]);
    let address = server.address();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            thread::spawn(move || {
                let mut client = crate::client::Client::connect(address);
                let mut won = 0;
                for keys in (0..KEYS).collect::<Vec<_>>().chunks(100) {
                    for key in keys {
                        client.send(store("add", &format!("once{key}"), 0, b"v"));
                    }
                    for _ in keys {
                        won += usize::from(client.line() == "STORED");
                    }
                }
                won
            })
        })
        .collect();
    let won: usize = clients
        .into_iter()
        .map(|c| c.join().expect("it ends"))
        .sum();
    assert_eq!(won, KEYS);
}
