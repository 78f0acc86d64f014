//! A standard error that nobody reads, or that takes nothing.

use std::fs::File;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::client::PATIENCE;
use crate::limits::eventually;
use crate::server::{Server, command, wait};

fn start(socket: &Path, stderr: impl Into<Stdio>) -> Child {
    let child = command()
        .args(["-vv", "-t", "2", "--admin-socket", "off", "-s"])
        .arg(socket)
        .stderr(stderr)
        .spawn()
        .expect("the daemon starts");
    eventually("it serves", || UnixStream::connect(socket).is_ok());
    child
}

fn serves(socket: &Path) -> bool {
    let mut stream = UnixStream::connect(socket).expect("connect");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("read timeout");
    stream.write_all(b"get a\r\n").expect("send");
    stream.shutdown(Shutdown::Write).expect("half-close");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a reply");
    reply == "END\r\n"
}

fn stops(mut child: Child) {
    let killed = std::process::Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .status()
        .expect("sh runs");
    assert!(killed.success());
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn a_stop_would_wait_for_whoever_reads_the_log() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("cached.sock");
    let child = start(&socket, Stdio::piped());
    // Two lines of log each: more than the pipe and the ring hold.
    for _ in 0..2000 {
        drop(UnixStream::connect(&socket).expect("connect"));
    }
    assert!(serves(&socket));
    stops(child);
}

#[test]
fn a_full_disk_under_the_log_would_end_the_daemon() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("cached.sock");
    let full = || File::create("/dev/full").expect("/dev/full");
    let child = start(&socket, full());
    assert!(serves(&socket));
    stops(child);

    let mut refused = command()
        .arg("--no-such-flag")
        .stderr(full())
        .spawn()
        .expect("the daemon starts");
    assert_eq!(wait(&mut refused).code(), Some(2));
}

#[test]
fn clients_of_the_binary_protocol_would_fill_the_log() {
    let server = Server::start(&["-t", "1"]);
    for _ in 0..5 {
        let mut client = server.connect();
        client.send([0x80; 24]);
        client.expect_close();
    }
    let told = || server.said().matches("binary protocol").count();
    eventually("the log tells of them", || told() > 0);
    server.connect().ask("get a\r\n", "END\r\n");
    assert_eq!(told(), 1);
}
