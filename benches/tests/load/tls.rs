//! Loads over TLS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use benches::scenario::{Handshakes, PhaseKind};
use benches::tls::Tls;
use benches::weighted::Weighted;
use benches::{Process, Target};
use net::tls::authority::{Authority, Terms};
use net::tls::{ClientAuth, Server, ServerOptions};
use tempfile::TempDir;

use crate::server::{self, Manner};
use crate::{PROTOCOLS, floor, no_errors, scenario};

/// A server for 127.0.0.1 that somebody vouches for.
struct Trusted {
    address: SocketAddr,
    authority: Authority,
    authority_file: PathBuf,
    folder: TempDir,
}

impl Trusted {
    fn start(client_auth: ClientAuth) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("trusted").unwrap();
        let authority_file = authority.write(folder.path(), "authority").unwrap();
        let signed = authority.issue(&Terms::new(&["127.0.0.1"])).unwrap();
        let options = ServerOptions {
            certificates: vec![signed.write(folder.path(), "server").unwrap()],
            authorities: Some(authority_file.clone()),
            client_auth,
            ..ServerOptions::default()
        };
        Self {
            address: server::start_tls(Server::new(&options).unwrap()),
            authority,
            authority_file,
            folder,
        }
    }

    fn target(&self) -> Target {
        let tls = Tls::unverified("127.0.0.1").unwrap();
        Target::from(self.address).with_tls(tls)
    }

    /// The exit status and the words of `cacheperf run`.
    fn run(&self, server: &str, flags: &[&str]) -> (Option<i32>, String) {
        let server = server.replace("PORT", &self.address.port().to_string());
        let output = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
            .args(["run", "-k", "50", "-n", "200", "-c", "2", "--tls"])
            .args(["--timeout", "5s", "--server", &server])
            .args(flags)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    }
}

#[test]
fn a_load_would_lose_or_mix_up_bytes_in_records() {
    let server = Trusted::start(ClientAuth::Off);
    for protocol in PROTOCOLS {
        let phases = [PhaseKind::Fill, PhaseKind::Run, PhaseKind::Churn];
        let mut scenario = scenario(&phases, 2000);
        scenario.protocol = protocol;
        scenario.mix = "get=4,multiget=2,set=2,delete=1,incr=1".parse().unwrap();
        scenario.value_size = Weighted::sizes("32-100:9,70000:1").unwrap();
        scenario.verify = true;
        let report = benches::run(&scenario, &server.target(), None).unwrap();
        report.phases.iter().for_each(no_errors);
        let [_, run, churn] = &report.phases[..] else {
            panic!("three phases");
        };
        assert_eq!((run.requests, churn.requests), (2000, 2000));
        assert!(run.hits > 0 && run.verified == run.hits);
        assert_eq!((run.resumed, churn.resumed), (None, Some(0)));
    }
}

#[test]
fn a_handshake_would_be_full_that_was_to_be_resumed() {
    let server = Trusted::start(ClientAuth::Off);
    let mut scenario = scenario(&[PhaseKind::Churn], 400);
    scenario.handshakes = Handshakes::Resumed;
    let report = benches::run(&scenario, &server.target(), None).unwrap();
    let churn = &report.phases[0];
    no_errors(churn);
    let first = u64::from(scenario.connections);
    assert_eq!(churn.resumed, Some(400 - first));
    assert!(report.to_string().contains("99.00 % resumed"), "{report}");
}

#[test]
fn a_server_that_is_not_who_it_should_be_would_be_loaded() {
    let server = Trusted::start(ClientAuth::Off);
    let authority = server.authority_file.to_str().unwrap();
    let (status, said) = server.run("127.0.0.1:PORT", &["--tls-ca", authority]);
    assert_eq!(status, Some(0), "{said}");
    for (address, flags, why) in [
        ("127.0.0.1:PORT", &[][..], "certificate"),
        (
            "localhost:PORT",
            &["--tls-ca", authority],
            "hostname mismatch",
        ),
        (
            "127.0.0.1:PORT",
            &["--tls-ca", authority, "--tls-server-name", "other.example"],
            "hostname mismatch",
        ),
    ] {
        let (status, said) = server.run(address, flags);
        assert_eq!(status, Some(1), "{address} {flags:?} {said}");
        assert!(said.contains(why), "{address} {flags:?} {said}");
    }
    for flags in [
        &["--tls-insecure"][..],
        &["--tls-ca", authority, "--tls-server-name", "127.0.0.1"],
    ] {
        let (status, said) = server.run("localhost:PORT", flags);
        assert_eq!(status, Some(0), "{flags:?} {said}");
    }
}

#[test]
fn a_certificate_that_is_asked_for_would_not_be_shown() {
    let server = Trusted::start(ClientAuth::Required);
    let terms = Terms::new(&["client.example"]);
    let signed = server.authority.issue(&terms).unwrap();
    let (certificate, key) = signed.write(server.folder.path(), "client").unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let shown = [
        "--tls-insecure",
        "--tls-cert",
        certificate,
        "--tls-key",
        key,
    ];
    let (status, said) = server.run("127.0.0.1:PORT", &shown);
    assert_eq!(status, Some(0), "{said}");
    let (status, _) = server.run("127.0.0.1:PORT", &["--tls-insecure"]);
    assert_eq!(status, Some(1));
    let (status, said) = server.run("127.0.0.1:PORT", &shown[..3]);
    assert_eq!(status, Some(2));
    assert!(said.contains("--tls-key"), "{said}");
}

#[test]
fn a_server_without_tls_would_be_waited_for() {
    let tls = |address| Target::from(address).with_tls(Tls::unverified("127.0.0.1").unwrap());
    let mut scenario = scenario(&[PhaseKind::Run], 10);
    scenario.timeout = Duration::from_millis(500);
    for manner in [Manner::HangsUp(0), Manner::Mute] {
        let (address, _) = server::start(manner);
        let refused = benches::run(&scenario, &tls(address), None).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains("cannot open 4 connections"), "{said}");
    }
    // It keeps its port, and answers nobody.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    scenario.phases = vec![PhaseKind::Churn];
    let target = tls(silent.local_addr().unwrap());
    let churn = &benches::run(&scenario, &target, None).unwrap().phases[0];
    assert_eq!((churn.requests, churn.errors.lost), (0, 10));
    assert!(churn.errors.timeouts > 0, "{:?}", churn.errors);
}

#[test]
fn connections_that_are_to_be_idle_would_ask_more_or_be_closed_before_they_are_weighed() {
    let (server, target) = floor::start_tls(64);
    let mut scenario = scenario(&[PhaseKind::Idle], 1);
    scenario.connections = 100;
    scenario.requests = None;
    scenario.duration = Some(Duration::from_millis(300));
    let process = server.process();
    let files = |process: Process| {
        let files = std::fs::read_dir(format!("/proc/{}/fd", process.pid()));
        files.unwrap().count()
    };
    let before = files(process);
    let (report, most) = thread::scope(|scope| {
        let load = scope.spawn(|| benches::run(&scenario, &target, Some(&process)).unwrap());
        let mut most = 0;
        while !load.is_finished() {
            most = most.max(files(process));
            thread::sleep(Duration::from_millis(5));
        }
        (load.join().unwrap(), most)
    });
    let idle = &report.phases[0];
    no_errors(idle);
    assert_eq!((idle.requests, idle.hits), (100, 100));
    assert!(most >= before + 100, "{before} {most}");
    // A session of OpenSSL has some KiB.
    let each = idle.server.as_ref().unwrap().memory_per_connection_bytes;
    assert!(each.unwrap() > 1000.0, "{each:?}");
}

#[test]
fn a_flag_that_would_do_nothing_would_be_taken() {
    for (flags, why) in [
        (&["--tls-insecure"][..], "--tls"),
        (&["--tls-ca", "file"], "--tls"),
        (&["--tls", "--start", "floor"], "cannot be used with"),
        (
            &["--tls", "--tls-insecure", "--tls-ca", "file"],
            "cannot be used with",
        ),
        (
            &["--phase", "churn", "--handshakes", "resumed"],
            "--handshakes",
        ),
        (&["--tls", "--tls-ca", "/does/not/exist"], "/does/not/exist"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
            .arg("run")
            .args(flags)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?} {said}");
        assert!(said.contains(why), "{flags:?} {said}");
    }
}
