//! Storing goes on when the cache is full, for every mix of TTLs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::client::{Client, store};
use crate::server::Server;

const BATCH: usize = 50;
const CONNECTIONS: usize = 3;
/// Stored in all by one test: more than the larger heap holds.
const STORED_BYTES: usize = 96 << 20;
const SIZES: [usize; 8] = [20, 400, 3000, 60, 9000, 1200, 150, 40_000];

/// What a key holds, whenever it holds anything.
fn value(key: &str, length: usize) -> Vec<u8> {
    key.bytes().cycle().take(length).collect()
}

/// Looks at items just stored, and how many of them were there.
#[derive(Default)]
struct Looks {
    all: usize,
    hits: usize,
}

/// Stores one connection's share; every request must be STORED.
fn fill(client: &mut Client, connection: usize, ttl: fn(usize) -> i64) -> Looks {
    let mut stored = 0;
    let mut item = 0;
    let mut looks = Looks::default();
    while stored < STORED_BYTES / CONNECTIONS {
        let mut requests = Vec::new();
        let first = item;
        for i in first..first + BATCH {
            let key = format!("c{connection}i{i}");
            let length = SIZES[(i + i / 8) % SIZES.len()];
            requests.extend(store("set", &key, ttl(i), &value(&key, length)));
            stored += length;
        }
        item += BATCH;
        client.send(&requests);
        for i in first..item {
            assert_eq!(client.line(), "STORED", "to item {i}, after {stored} bytes");
        }
        let last = item - 1;
        let key = format!("c{connection}i{last}");
        looks.all += 1;
        if let Some(found) = client.get(&key) {
            looks.hits += 1;
            let length = SIZES[(last + last / 8) % SIZES.len()];
            assert!(found == value(&key, length), "{key} holds foreign bytes");
        }
    }
    looks
}

fn fill_together(server: &Server, ttl: fn(usize) -> i64) -> Looks {
    let address = server.address();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            thread::spawn(move || fill(&mut Client::connect(address), connection, ttl))
        })
        .collect();
    clients
        .into_iter()
        .map(|client| client.join().expect("every item was stored"))
        .fold(Looks::default(), |sum, looks| Looks {
            all: sum.all + looks.all,
            hits: sum.hits + looks.hits,
        })
}

fn keeps_storing(memory_mib: u64, ttl: fn(usize) -> i64) {
    let server = Server::start(&["-t", "2", "-m", &memory_mib.to_string()]);
    let Looks { all, hits } = fill_together(&server, ttl);
    assert!(
        hits * 2 > all,
        "of {all} items just stored {hits} were there"
    );
    let mut client = server.connect();
    assert!(client.stat("curr_items") > 0);
    assert_eq!(client.stat("store_no_memory"), 0);
    assert!(client.stat("bytes") <= client.stat("limit_maxbytes"));
    let max = (memory_mib + 2) * (1 << 20) + 64 * 1024 * server.threads();
    assert!(
        server.resident() <= max,
        "{} bytes resident, {max} allowed",
        server.resident()
    );
}

fn five_seconds(_: usize) -> i64 {
    5
}

fn none(_: usize) -> i64 {
    0
}

fn thousand_different(item: usize) -> i64 {
    10 + i64::from((item % 1000) as u32) * 7
}

#[test]
fn a_small_cache_of_short_ttls_would_stop_storing() {
    keeps_storing(16, five_seconds);
}

#[test]
fn a_small_cache_without_ttls_would_stop_storing() {
    keeps_storing(16, none);
}

#[test]
fn a_small_cache_of_a_thousand_ttls_would_stop_storing() {
    keeps_storing(16, thousand_different);
}

#[test]
fn a_cache_of_short_ttls_would_stop_storing() {
    keeps_storing(64, five_seconds);
}

#[test]
fn a_cache_without_ttls_would_stop_storing() {
    keeps_storing(64, none);
}

#[test]
fn a_cache_of_a_thousand_ttls_would_stop_storing() {
    keeps_storing(64, thousand_different);
}

#[test]
fn a_flush_would_hang_a_full_cache() {
    let server = Server::start(&["-t", "2", "-m", "16"]);
    let mut flusher = server.connect();
    let filling = AtomicBool::new(true);
    let flushes = thread::scope(|scope| {
        let flushing = scope.spawn(|| {
            let mut flushes = 0;
            while filling.load(Ordering::Relaxed) {
                flusher.ask("flush_all\r\n", "OK\r\n");
                flushes += 1;
                thread::sleep(Duration::from_millis(2));
            }
            flushes
        });
        fill_together(&server, thousand_different);
        filling.store(false, Ordering::Relaxed);
        flushing.join().expect("every flush was answered")
    });
    assert!(flushes > 0);
    server
        .connect()
        .ask("flush_all\r\nget c0i0 c1i1\r\n", "OK\r\nEND\r\n");
}

#[test]
fn large_values_would_find_no_room_together() {
    let server = Server::start(&["-m", "16"]);
    let mut client = server.connect();
    let value = vec![b'v'; 1_000_000];
    for i in 0..80 {
        client.set(&format!("large{i}"), 0, &value);
        client.set(&format!("small{i}"), 0, b"v");
    }
    assert!(client.get("large79").expect("just stored") == value);
}

#[test]
fn a_full_cache_without_eviction_would_lose_items_or_hang() {
    let server = Server::start(&["-m", "16", "--eviction", "none"]);
    let mut client = server.connect();
    let value = vec![b'v'; 1000];
    let mut kept = 0;
    loop {
        client.send(store("set", &format!("kept{kept}"), 0, &value));
        match client.line().as_str() {
            "STORED" => kept += 1,
            refusal => {
                assert_eq!(refusal, "SERVER_ERROR out of memory storing object");
                break;
            }
        }
        assert!(kept < 17_000, "more was stored than memory holds");
    }
    assert!(kept > 10_000, "only {kept} items of 1 kB in 16 MiB");
    for i in 0..kept {
        assert!(client.get(&format!("kept{i}")).expect("nothing is evicted") == value);
    }
    // What is deleted makes room again.
    for i in 0..kept / 2 {
        client.ask(format!("delete kept{i}\r\n"), "DELETED\r\n");
    }
    crate::limits::eventually("there is room again", || {
        client.send(store("set", "again", 0, &value));
        client.line() == "STORED"
    });
}
