//! Replays of small traces against servers whose behaviour is known.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benches::Target;
use benches::replay::{Replay, Report};
use benches::server::Setting;
use benches::wire::Protocol;
use clap::{Args, FromArgMatches};
use rustix::process::Signal;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::NamedTempFile;

use crate::PROTOCOLS;
use crate::server::{self, Manner};

const GET: u8 = 0;
const SET: u8 = 1;
const DELETE: u8 = 2;

/// A trace of (second, operation, key, size of the value, lifetime).
fn trace(requests: &[(u32, u8, u32, u32, u32)]) -> NamedTempFile {
    let keys = 1 + requests.iter().map(|r| r.2).max().unwrap_or(0);
    let mut last = vec![(0, 0); keys as usize];
    let mut before = 0;
    let (mut gaps, mut operations, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sizes, mut lifetimes) = (Vec::new(), Vec::new());
    for &(at, operation, key, size, lifetime) in requests {
        let last = &mut last[key as usize];
        gaps.extend((at - before).to_le_bytes());
        operations.push(operation);
        numbers.extend(key.to_le_bytes());
        sizes.extend((size ^ last.0).to_le_bytes());
        lifetimes.extend((lifetime ^ last.1).to_le_bytes());
        (before, *last) = (at, (size, lifetime));
    }
    let mut raw = b"CTR1".to_vec();
    raw.extend((requests.len() as u64).to_le_bytes());
    raw.extend(u64::from(keys).to_le_bytes());
    for column in [gaps, operations, numbers, sizes, lifetimes] {
        raw.extend(column);
    }
    raw.extend((0..keys).map(|key| 9 + (key % 200) as u8));
    let mut file = NamedTempFile::new().unwrap();
    let packed = compress_to_vec(raw.as_slice(), CompressionLevel::Fastest);
    file.write_all(&packed).unwrap();
    file
}

fn flags(trace: &NamedTempFile, flags: &[&str]) -> Replay {
    let words = ["replay", trace.path().to_str().unwrap()];
    let command = Replay::augment_args(clap::Command::new("replay"));
    let matches = command.get_matches_from(words.iter().chain(flags));
    Replay::from_arg_matches(&matches).unwrap()
}

fn play(requests: &[(u32, u8, u32, u32, u32)], manner: Manner, protocol: Protocol) -> Report {
    let (address, _) = server::start(manner);
    let file = trace(requests);
    let mut replay = flags(&file, &["--warm-up", "0.5"]);
    replay.subject.server = Target::from(address);
    replay.protocol = protocol;
    replay.run().unwrap()
}

#[test]
fn a_miss_would_be_counted_in_the_wrong_half_or_not_be_filled() {
    let requests = [
        (0, GET, 0, 0, 0),      // missed
        (0, SET, 1, 70_000, 0), //
        (1, GET, 1, 70_000, 0), // hit
        (1, GET, 0, 0, 0),      // hit: filled, with no bytes
        (2, DELETE, 1, 1, 0),   //
        (2, GET, 1, 1, 0),      // missed
        (9, GET, 1, 1, 0),      // hit
        (9, GET, 2, 1, 0),      // missed
    ];
    for protocol in PROTOCOLS {
        let report = play(&requests, Manner::Honest, protocol);
        report.check().unwrap();
        let (all, after) = (report.overall, report.after_warm_up);
        assert_eq!((all.gets, all.misses), (6, 3));
        assert_eq!((after.gets, after.misses), (3, 2));
        assert_eq!((report.sets, report.refills, report.deletes), (1, 3, 1));
        assert_eq!((report.refused, report.wrong), (0, 0));
        assert!(all.excess.abs() < 1e-9, "{all:?}");
    }
}

#[test]
fn a_replay_would_not_speak_tls() {
    let (_server, target) = crate::floor::start_tls(64);
    let requests: Vec<_> = (0..50).map(|key| (0, SET, key, 70_000, 0)).collect();
    let file = trace(&requests);
    let address = target.to_string();
    let address = address.strip_suffix(" (TLS)").unwrap();
    let flags = flags(&file, &["--tls", "--tls-insecure", "--server", address]);
    let report = flags.run().unwrap();
    assert_eq!((report.sets, report.refused, report.wrong), (50, 0, 0));
}

#[test]
fn a_hit_with_the_bytes_of_before_would_pass() {
    let requests = [(0, SET, 0, 40, 0), (0, SET, 0, 40, 0), (0, GET, 0, 40, 0)];
    for protocol in PROTOCOLS {
        let report = play(&requests, Manner::Stale, protocol);
        assert_eq!(report.wrong, 1);
        assert!(report.check().is_err());
    }

    let (address, _) = server::start(Manner::Stale);
    let file = trace(&requests);
    let status = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
        .args(["replay", "--server", &address.to_string()])
        .arg(file.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[test]
fn a_value_that_was_refused_would_be_expected() {
    let requests = [(0, SET, 0, 40, 0), (0, GET, 0, 40, 0), (0, GET, 0, 40, 0)];
    for protocol in PROTOCOLS {
        let report = play(&requests, Manner::Full, protocol);
        assert_eq!((report.refused, report.wrong), (3, 0));
        assert_eq!(report.overall.misses, 2);
        assert!(report.overall.unlimited_ratio < 1e-9, "{report}");
    }
}

/// Two seconds of trace in one: the server sees half the lifetime.
#[test]
fn a_lifetime_would_not_shrink_with_the_trace() {
    let requests = [
        (0, SET, 0, 1, 90),
        (0, SET, 1, 1, 9),
        (0, SET, 2, 1, 0),
        (1, SET, 3, 1, 4 * 86_400 * 30),
    ];
    let (address, seen) = server::start(Manner::Honest);
    let file = trace(&requests);
    let mut replay = flags(&file, &["--speed", "2"]);
    replay.subject.server = Target::from(address);
    replay.run().unwrap().check().unwrap();
    let seen = std::mem::take(&mut seen.lock().unwrap().lines);
    let lifetimes: Vec<u64> = seen
        .iter()
        .map(|line| line.split(' ').nth(3).unwrap().parse().unwrap())
        .collect();
    assert_eq!(lifetimes[..3], [45, 5, 0]);
    assert!(
        lifetimes[3] > 1_000_000_000,
        "60 days are a point in time: {lifetimes:?}"
    );
}

#[test]
fn a_replay_that_fell_behind_would_pass() {
    // The floor stores nothing, so sets are all it is asked for.
    let server = crate::floor::program("floor")
        .start(&Setting::default())
        .unwrap();
    let requests: Vec<_> = (0..300).map(|i| (i / 100, SET, i, 10, 0)).collect();
    let file = trace(&requests);
    let mut replay = flags(&file, &["--speed", "2"]);
    replay.subject.server = Target::from(server.address());
    let report = replay.run().unwrap();
    assert!(!report.void && report.seconds > 1.0, "{report}");

    let report = thread::scope(|scope| {
        let playing = scope.spawn(|| replay.run().unwrap());
        thread::sleep(Duration::from_millis(300));
        server.signal(Signal::STOP).unwrap();
        thread::sleep(Duration::from_millis(1500));
        server.signal(Signal::CONT).unwrap();
        playing.join().unwrap()
    });
    assert!(report.void, "{report}");
    let failure = report.check().unwrap_err().to_string();
    assert!(failure.contains("void"), "{failure}");
}

#[test]
fn a_lifetime_would_be_compressed_to_nothing() {
    let requests = [(0, SET, 0, 1, 0), (0, DELETE, 0, 1, 1), (1, GET, 0, 1, 80)];
    let file = trace(&requests);
    let (address, _) = server::start(Manner::Honest);
    let mut replay = flags(&file, &["--speed", "21"]);
    replay.subject.server = Target::from(address);
    let refused = replay.run().unwrap_err();
    assert_eq!(refused.status(), 2);
    assert!(refused.to_string().contains("80 s"), "{refused}");
    replay.speed = Some(20.0);
    replay.run().unwrap();
}

/// 9 s of trace time are told as 5 s of 2: a get after 9 s hits, everywhere.
#[test]
fn what_a_rounded_lifetime_gains_would_count_as_excess() {
    let requests = [(0, SET, 0, 1, 9), (9, GET, 0, 1, 9)];
    let (address, _) = server::start(Manner::Honest);
    let file = trace(&requests);
    let mut replay = flags(&file, &["--speed", "2"]);
    replay.subject.server = Target::from(address);
    let report = replay.run().unwrap();
    assert_eq!(report.overall.misses, 0);
    assert!(report.overall.unlimited_ratio < 1e-9, "{report}");
}

#[test]
fn memory_would_be_asked_of_a_server_that_runs() {
    let refused = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cacheperf"))
            .args(["replay", "trace"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--memory", "5"]).contains("--start"));
    assert!(refused(&["--workers", "2"]).contains("--start"));
    assert!(refused(&["--start", "floor", "--pid", "1"]).contains("cannot be used"));
}
