//! Descriptors run out and come back.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::client::Client;
use crate::limits::eventually;
use crate::server::Server;

#[test]
fn an_accept_without_a_descriptor_would_spin() {
    const WATCHED: Duration = Duration::from_secs(2);
    // Who waits for a handshake cannot send yet.
    let server = Server::start_plain(&["-t", "2"]);
    let mut admitted = server.connect();
    admitted.ask("get a\r\n", "END\r\n");
    let limit = server.descriptors() + 10;
    let lowered = Command::new("prlimit")
        .arg(format!("--pid={}", server.pid()))
        .arg(format!("--nofile={limit}:{limit}"))
        .status()
        .expect("prlimit of util-linux runs");
    assert!(lowered.success());

    // The kernel completes these; the daemon has descriptors for ten of them.
    let mut waiting: Vec<Client> = (0..60).map(|_| server.connect()).collect();
    for client in &mut waiting {
        client.send("get a\r\n");
    }
    waiting[0].expect("END\r\n");
    let before = server.processor_time();
    sleep(WATCHED);
    let used = server.processor_time().saturating_sub(before);
    assert!(
        used < WATCHED / 2,
        "{used:?} of processor time in {WATCHED:?} of waiting"
    );
    admitted.ask("get a\r\n", "END\r\n");

    // Those admitted leave; those that waited come in.
    let mut last = waiting.pop().expect("sixty");
    drop(waiting);
    last.expect("END\r\n");
    server.connect().ask("get a\r\n", "END\r\n");
}

#[test]
fn a_thousand_clients_that_came_and_went_would_leave_descriptors() {
    let server = Server::start(&[]);
    let mut watcher = server.connect();
    watcher.ask("get a\r\n", "END\r\n");
    let before = server.descriptors();
    let total_before = watcher.stat("total_connections");
    for wave in 0..10 {
        let mut clients: Vec<Client> = (0..100).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.ask("get a\r\n", "END\r\n");
        }
        for (i, mut client) in clients.into_iter().enumerate() {
            match (i + wave) % 4 {
                0 => assert!(client.try_send("quit\r\n")),
                1 => assert!(client.try_send("set a 0 0 100\r\ncut")),
                2 => client.finish_sending(),
                _ => {}
            }
        }
    }
    eventually("all places are free", || {
        watcher.stat("curr_connections") == 1
    });
    eventually("all descriptors are closed", || {
        server.descriptors() <= before
    });
    assert_eq!(watcher.stat("total_connections") - total_before, 1000);
    assert_eq!(watcher.stat("rejected_connections"), 0);
}
