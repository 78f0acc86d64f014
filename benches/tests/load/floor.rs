//! The floor, over sockets.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benches::server::{Program, Server, Setting};
use benches::tls::Tls;
use benches::{Process, Target};
use rustix::process::{Pid, Signal, kill_process};

pub(crate) fn program(name: &str) -> Program {
    with_flags(name, "")
}

fn with_flags(name: &str, flags: &str) -> Program {
    let cacheperf = env!("CARGO_BIN_EXE_cacheperf");
    format!("{name}={cacheperf} floor --listen 127.0.0.1:{{port}} --key-size 2 --value-size {{value_size}} {flags}")
        .parse()
        .unwrap()
}

fn start(value_size: u32) -> Server {
    start_with_flags(value_size, "")
}

fn start_with_flags(value_size: u32, flags: &str) -> Server {
    let setting = Setting {
        value_size,
        ..Setting::default()
    };
    with_flags("floor", flags).start(&setting).unwrap()
}

/// A floor in TLS.
pub(crate) fn start_tls(value_size: u32) -> (Server, Target) {
    let server = start_with_flags(value_size, "--tls");
    let tls = Tls::unverified("localhost").unwrap();
    let target = Target::from(server.address()).with_tls(tls);
    (server, target)
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

#[test]
fn a_server_that_says_much_would_be_blocked_by_its_pipe() {
    let mut script = tempfile::NamedTempFile::new().unwrap();
    let cacheperf = env!("CARGO_BIN_EXE_cacheperf");
    let listen = "--listen 127.0.0.1:$1 --key-size 2 --value-size 3";
    write!(
        script,
        "yes much | head -n 100000 >&2\nexec {cacheperf} floor {listen}"
    )
    .unwrap();
    let program: Program = format!("talker=sh {} {{port}}", script.path().display())
        .parse()
        .unwrap();
    let server = program.start(&Setting::default()).unwrap();
    let process = server.process();
    drop(connect(&server));
    drop(server);
    assert!(process.usage().is_err(), "it runs on");
}

const REQUESTS: &[u8] =
    b"get a\r\nget b\r\nset a 0 0 5\r\nget a\r\nget a b c\r\nset b 0 0 0\r\n\r\n\
    delete a\r\nincr a 1\r\nhello\r\nget \n\r\nget a\r\n\
    mg a v\r\nms a 5 T9\r\nmg a \r\nmg a k q v\r\nmg b k q v\r\nmn\r\nms b 0\r\n\r\n\
    md a\r\nma a v\r\nme a\r\nset a 0 0 1\r\na\r\n";
const VALUE: &str = "VALUE kk 0 3\r\nvvv\r\n";

fn replies() -> String {
    let hit = format!("{VALUE}END\r\n");
    let three = format!("{VALUE}{VALUE}{VALUE}END\r\n");
    // The first set's value is not "get a": its 5 bytes and the line's end are passed over.
    let classic = format!(
        "{hit}{hit}STORED\r\n{three}STORED\r\nDELETED\r\n1\r\nERROR\r\n{hit}ERROR\r\n{hit}"
    );
    let with_key = "VA 3 kkk\r\nvvv\r\n";
    let meta = format!(
        "VA 3\r\nvvv\r\nHD\r\n{with_key}{with_key}MN\r\nHD\r\nHD\r\nVA 1\r\n1\r\nERROR\r\n"
    );
    format!("{classic}{meta}STORED\r\n")
}

#[test]
fn a_request_of_the_floor_would_depend_on_how_it_was_cut() {
    let server = start(3);
    for at in 1..REQUESTS.len() {
        let mut stream = connect(&server);
        stream.write_all(&REQUESTS[..at]).unwrap();
        stream.write_all(&REQUESTS[at..]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).unwrap();
        assert_eq!(got, replies(), "cut at {at}");
    }
}

#[test]
fn a_request_of_the_floor_would_depend_on_its_records() {
    let (_server, target) = start_tls(3);
    for at in 1..REQUESTS.len() {
        let mut stream = target.connect(Duration::from_secs(30)).unwrap();
        stream.write_all(&REQUESTS[..at]).unwrap();
        stream.write_all(&REQUESTS[at..]).unwrap();
        let mut got = vec![0; replies().len()];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), replies(), "cut at {at}");
    }
}

const COUNT: usize = 64;
const SIZE: usize = 1 << 20;

#[test]
fn a_client_that_does_not_read_would_lose_replies() {
    let server = start(SIZE as u32);
    reads_late(connect(&server), connect(&server));
}

#[test]
fn a_client_that_does_not_read_would_lose_records() {
    let (_server, target) = start_tls(SIZE as u32);
    let connect = || target.connect(Duration::from_secs(30)).unwrap();
    reads_late(connect(), connect());
}

fn reads_late(mut stream: impl Read + Write, mut other: impl Read + Write) {
    stream.write_all(&b"get a\r\n".repeat(COUNT)).unwrap();
    // While that one waits, another is served.
    other.write_all(b"hello\r\n").unwrap();
    let mut error = [0; 7];
    other.read_exact(&mut error).unwrap();
    assert_eq!(&error, b"ERROR\r\n");

    let reply = format!("VALUE kk 0 {SIZE}\r\n{}\r\nEND\r\n", "v".repeat(SIZE));
    let mut got = vec![0; reply.len()];
    for number in 0..COUNT {
        stream.read_exact(&mut got).unwrap();
        assert!(got == reply.as_bytes(), "reply {number}");
    }
}

#[test]
fn too_many_clients_would_end_the_floor() {
    let setting = Setting {
        under: ["prlimit", "--nofile=16:16"].map(str::to_owned).to_vec(),
        ..Setting::default()
    };
    let server = program("floor").start(&setting).unwrap();
    let clients: Vec<_> = (0..40).map(|_| connect(&server)).collect();
    // Some of them have to wait, and are served when others leave.
    let mut last = connect(&server);
    drop(clients);
    last.write_all(b"hello\r\n").unwrap();
    let mut error = [0; 7];
    last.read_exact(&mut error).unwrap();
    assert_eq!(&error, b"ERROR\r\n");
}

#[test]
fn a_server_would_outlive_the_program_that_started_it() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut cacheperf = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
            .args(["run", "--start", "floor", "-T", "1h"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let children = format!("/proc/{0}/task/{0}/children", cacheperf.id());
        let started = (0..1000).find_map(|_| {
            thread::sleep(Duration::from_millis(10));
            let children = fs::read_to_string(&children).unwrap();
            children.split_whitespace().next()?.parse().ok()
        });
        let started = Process::new(started.unwrap());
        kill_process(Pid::from_child(&cacheperf), signal).unwrap();
        assert_eq!(cacheperf.wait().unwrap().code(), Some(status));
        let is_gone = (0..1000).any(|_| {
            thread::sleep(Duration::from_millis(10));
            started.usage().is_err()
        });
        assert!(is_gone, "{signal:?}");
    }
}
