//! Clients that are slow, silent or half gone.

use std::thread::{self, sleep};
use std::time::Duration;

use crate::client::Client;
use crate::limits::{eventually, stays_bounded, still_serves};
use crate::server::Server;

#[test]
fn a_request_never_finished_would_hold_its_place() {
    let server = Server::start(&["--request-timeout", "1s"]);
    let mut patient = server.connect();
    patient.ask("get a\r\n", "END\r\n");
    for begun in [
        "ge",
        "set a 0 0 10\r\n",
        "set a 0 0 10\r\nab",
        "set a 0 0 9000000\r\nab",
    ] {
        let mut slow = server.connect();
        slow.send(begun);
        while slow.fill() {}
        assert_eq!(server.connect().get("a"), None, "after {begun:?}");
    }
    // Nothing was begun here, so nothing timed out.
    patient.ask("get a\r\n", "END\r\n");
}

#[test]
fn an_idle_client_would_hold_its_place() {
    let server = Server::start(&["--idle-timeout", "3s"]);
    let mut idle = server.connect();
    idle.ask("get a\r\n", "END\r\n");
    let mut busy = server.connect();
    let mut kicked = false;
    eventually("the idle client is closed", || {
        busy.ask("get a\r\n", "END\r\n");
        kicked = kicked || busy.stat("curr_connections") == 1;
        kicked
    });
    idle.expect_close();
    busy.ask("get a\r\n", "END\r\n");
}

#[test]
fn by_default_an_idle_client_would_be_closed() {
    let server = Server::start(&["--request-timeout", "1s", "--send-timeout", "1s"]);
    let mut idle = server.connect();
    idle.ask("get a\r\n", "END\r\n");
    sleep(Duration::from_millis(2500));
    idle.ask("get a\r\n", "END\r\n");
}

#[test]
fn replies_to_clients_that_do_not_read_would_fill_memory() {
    const LENGTH: usize = 1_000_000;
    const GETS: usize = 15;
    let server = Server::start(&["-m", "64", "-t", "2"]);
    let value: Vec<u8> = (0..LENGTH).map(|i| (i / 7) as u8).collect();
    let mut busy = server.connect();
    busy.set("big", 0, &value);
    let mut slow: Vec<Client> = (0..40).map(|_| server.connect()).collect();
    for client in &mut slow {
        client.send("get big\r\n".repeat(GETS));
    }
    // Not for a second: they would be closed for holding what the others wait for.
    for i in 0..100 {
        let key = format!("small{i}");
        busy.set(&key, 0, key.as_bytes());
        assert_eq!(busy.get(&key).as_deref(), Some(key.as_bytes()));
    }
    stays_bounded(&server);
    // They read at last, and find all that they asked for.
    thread::scope(|scope| {
        for client in &mut slow {
            scope.spawn(|| {
                for _ in 0..GETS {
                    assert!(client.value_of("big").expect("stored") == value);
                }
                client.ask("get none\r\n", "END\r\n");
            });
        }
    });
    stays_bounded(&server);
}

#[test]
fn a_client_that_never_reads_would_hold_its_place() {
    let server = Server::start(&["--send-timeout", "1s"]);
    let mut busy = server.connect();
    busy.set("big", 0, &vec![b'v'; 1_000_000]);
    let mut stuck = server.connect();
    stuck.send("get big\r\n".repeat(100));
    eventually("the stuck client is closed", || {
        busy.stat("curr_connections") == 1
    });
    still_serves(&server);
}

#[test]
fn a_client_that_never_reads_would_keep_large_values_from_others() {
    let server = Server::start(&["-m", "64", "-t", "2", "--send-timeout", "600s"]);
    let value = vec![b'v'; 1_000_000];
    let mut reader = server.connect();
    reader.set("big", 0, &value);
    let mut stuck: Vec<Client> = (0..5).map(|_| server.connect()).collect();
    for client in &mut stuck {
        client.send("get big\r\n".repeat(20));
    }
    for _ in 0..10 {
        assert!(reader.get("big").expect("stored") == value);
    }
}

#[test]
fn a_half_closed_client_would_lose_its_answers() {
    let server = Server::start(&[]);
    let value = vec![b'v'; 100_000];
    server.connect().set("half", 0, &value);
    for gets in [1, 2, 100] {
        let mut client = server.connect();
        client.send("get half\r\n".repeat(gets));
        client.finish_sending();
        // The end of input arrives before the answers are taken.
        sleep(Duration::from_millis(20));
        for _ in 0..gets {
            assert!(client.value_of("half").expect("stored") == value);
        }
        client.expect_close();
    }
}

#[test]
fn one_client_with_endless_work_would_starve_the_others() {
    let server = Server::start(&["-t", "1"]);
    let mut quiet = server.connect();
    quiet.set("k", 0, b"v");
    let mut greedy = server.connect();
    let mut sender = greedy.sender();
    let sending = thread::spawn(move || {
        let gets = "get k\r\n".repeat(10_000);
        while std::io::Write::write_all(&mut sender, gets.as_bytes()).is_ok() {}
    });
    let reading = thread::spawn(move || {
        let mut replies: u64 = 0;
        while let Some(line) = greedy.try_line() {
            replies += u64::from(line == "END");
        }
        replies
    });
    // Each of these waits for one turn of the only worker, not for the stream's end.
    for _ in 0..200 {
        assert_eq!(quiet.get("k").as_deref(), Some(&b"v"[..]));
    }
    drop(server);
    sending.join().expect("the sender ends");
    assert!(reading.join().expect("the reader ends") > 0);
}
