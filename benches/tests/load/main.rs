//! Whole loads against servers whose behaviour is known.

mod compare;
mod floor;
mod replay;
mod server;
mod tls;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benches::popularity::Popularity;
use benches::report::Phase;
use benches::scenario::PhaseKind;
use benches::server::{Program, Setting};
use benches::weighted::Weighted;
use benches::wire::Protocol;
use benches::{Process, Report, Scenario, Target};
use rustix::process::Signal;
use server::Manner;

fn scenario(phases: &[PhaseKind], requests: u64) -> Scenario {
    Scenario {
        phases: phases.to_vec(),
        connections: 4,
        threads: 2,
        pipeline: 8,
        keys: 500,
        warm_up: Duration::ZERO,
        requests: Some(requests),
        timeout: Duration::from_secs(30),
        ..Scenario::default()
    }
}

fn load(scenario: &Scenario, manner: Manner) -> Report {
    let (address, _) = server::start(manner);
    benches::run(scenario, &Target::from(address), None).unwrap()
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Classic, Protocol::Meta];

fn no_errors(phase: &Phase) {
    let errors = &phase.errors;
    assert_eq!((errors.total(), errors.lost), (0, 0), "{errors:?}");
}

#[test]
fn a_phase_would_leave_keys_out_or_do_them_twice() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Fill, PhaseKind::Scan], 1);
        scenario.protocol = protocol;
        scenario.verify = true;
        let report = load(&scenario, Manner::Honest);
        for phase in &report.phases {
            no_errors(phase);
            assert_eq!(phase.requests, 500);
        }
        assert_eq!(report.phases[1].hits, 500);
        assert_eq!(report.phases[1].verified, 500);
    }
}

#[test]
fn an_operation_of_the_mix_would_not_be_understood() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Fill, PhaseKind::Run, PhaseKind::Churn], 5000);
        scenario.protocol = protocol;
        scenario.mix = "get=4,multiget=2,set=2,delete=1,incr=1".parse().unwrap();
        scenario.popularity = Popularity::Zipf(0.99);
        scenario.value_size = Weighted::sizes("32-100:9,10000:1").unwrap();
        scenario.key_size = Weighted::sizes("9-250").unwrap();
        scenario.verify = true;
        let report = load(&scenario, Manner::Honest);
        report.phases.iter().for_each(no_errors);
        let run = &report.phases[1];
        assert_eq!(run.requests, 5000);
        assert_eq!(run.operations.len(), 5);
        assert_eq!(run.latency.count, 5000);
        assert!(run.hits > 0 && run.verified == run.hits);
        assert_eq!(report.phases[2].operations["connect"], 5000);
    }
}

#[test]
fn a_miss_would_not_be_followed_by_a_set() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Run], 5000);
        scenario.protocol = protocol;
        scenario.mix = "get=3,multiget=1".parse().unwrap();
        scenario.cache_aside = true;
        scenario.verify = true;
        let run = &load(&scenario, Manner::Honest).phases[0];
        no_errors(run);
        assert_eq!(run.refills, run.keys_read - run.hits);
        assert_eq!(run.operations["set"], run.refills);
        assert!(run.refills >= 500 && run.hits > run.refills);
    }
}

#[test]
fn a_stale_value_would_pass() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Fill, PhaseKind::Run], 2000);
        scenario.protocol = protocol;
        scenario.mix = "get=1,set=1".parse().unwrap();
        scenario.verify = true;
        let (address, _) = server::start(Manner::Stale);
        let report = benches::run(&scenario, &Target::from(address), None).unwrap();
        assert!(report.phases[1].errors.wrong_values > 0);

        let name = protocol.to_string();
        let other_seed = ["--phase", "fill,scan", "--verify", "--seed", "2"];
        let flags = [&other_seed[..], &["--protocol", &name]].concat();
        assert_eq!(status(address, &flags), Some(1), "{name}");
    }
}

/// The exit status of `cacheperf run`.
fn status(server: SocketAddr, arguments: &[&str]) -> Option<i32> {
    Command::new(env!("CARGO_BIN_EXE_cacheperf"))
        .args(["run", "--server", &server.to_string(), "--keys", "50"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .code()
}

#[test]
fn a_load_of_which_nothing_was_measured_would_succeed() {
    for (manner, arguments, code) in [
        (Manner::Honest, &["-n", "100"][..], 0),
        (Manner::Honest, &["-n", "100", "--warm-up", "1h"], 1),
        (Manner::Full, &["--phase", "fill"], 1),
        (Manner::Full, &["--phase", "fill", "--busy-poll"], 2),
    ] {
        let (address, _) = server::start(manner);
        assert_eq!(status(address, arguments), Some(code), "{arguments:?}");
    }
}

#[test]
fn flags_that_were_cut_would_pass() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Fill, PhaseKind::Scan], 1);
        scenario.protocol = protocol;
        scenario.verify = true;
        let scan = &load(&scenario, Manner::CutsFlags).phases[1];
        assert!(scan.errors.wrong_values > 400, "{:?}", scan.errors);
    }
}

#[test]
fn a_key_that_is_not_there_would_count_as_deleted_or_counted() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Run], 2000);
        scenario.protocol = protocol;
        scenario.mix = "delete=1,incr=1".parse().unwrap();
        let run = &load(&scenario, Manner::Honest).phases[0];
        assert_eq!((run.not_found, run.succeeded), (2000, 2000));
    }
}

#[test]
fn a_reply_that_is_too_long_would_be_called_a_closed_connection() {
    for protocol in PROTOCOLS {
        let mut scenario = scenario(&[PhaseKind::Run], 100);
        scenario.protocol = protocol;
        scenario.mix = "get=1".parse().unwrap();
        scenario.verify = true;
        let errors = &load(&scenario, Manner::Verbose).phases[0].errors;
        assert_eq!(errors.nonsense, errors.total(), "{errors:?}");
        assert!(errors.first[0].contains("a reply has more than"));
    }
}

#[test]
fn a_process_that_is_not_there_would_be_noticed_after_the_load() {
    let (address, seen) = server::start(Manner::Honest);
    let nobody = Process::new(i32::MAX as u32);
    let scenario = scenario(&[PhaseKind::Fill], 1);
    let outcome = benches::run(&scenario, &Target::from(address), Some(&nobody));
    assert!(outcome.is_err() && seen.lock().unwrap().lines.is_empty());
}

#[test]
fn an_error_of_the_server_would_be_swallowed() {
    let run = &load(&scenario(&[PhaseKind::Fill], 1), Manner::Full).phases[0];
    assert_eq!(run.errors.replies, 500);
    assert_eq!(
        run.errors.first[0],
        "SERVER_ERROR out of memory storing object"
    );
}

#[test]
fn a_broken_connection_would_end_the_load_or_go_unseen() {
    let run = &load(&scenario(&[PhaseKind::Run], 2000), Manner::HangsUp(100)).phases[0];
    assert!(run.errors.connections >= 10, "{:?}", run.errors);
    assert_eq!(run.requests + run.errors.lost, 2000);
}

#[test]
fn a_server_that_never_answers_would_hang_the_load() {
    let mut scenario = scenario(&[PhaseKind::Run], 100);
    scenario.timeout = Duration::from_millis(200);
    let run = &load(&scenario, Manner::Mute).phases[0];
    assert_eq!((run.requests, run.errors.lost), (0, 100));
    assert!(run.errors.timeouts > 0);
}

#[test]
fn the_same_seed_would_make_other_requests() {
    let lines = |seed| {
        let mut scenario = scenario(&[PhaseKind::Run], 1000);
        scenario.mix = "get=4,multiget=2,set=2,delete=1,incr=1".parse().unwrap();
        (scenario.connections, scenario.threads) = (1, 1);
        scenario.seed = seed;
        let (address, seen) = server::start(Manner::Honest);
        benches::run(&scenario, &Target::from(address), None).unwrap();
        let lines = std::mem::take(&mut seen.lock().unwrap().lines);
        assert_eq!(lines.len(), 1000);
        lines
    };
    assert_eq!(lines(1), lines(1));
    assert_ne!(lines(1), lines(2));
}

/// With coordinated omission, only one request a connection would see the stop.
#[test]
fn a_stall_of_the_server_would_be_hidden_by_requests_not_sent() {
    let program = env!("CARGO_BIN_EXE_cacheperf");
    let floor: Program = format!("floor={program} floor --listen 127.0.0.1:{{port}}")
        .parse()
        .unwrap();
    let setting = Setting::default();
    let server = floor.start(&setting).unwrap();
    let mut scenario = scenario(&[PhaseKind::Run], 1);
    scenario.requests = None;
    scenario.rate = Some(2000.0);
    scenario.duration = Some(Duration::from_secs(3));
    let target = Target::from(server.address());
    let report = thread::scope(|scope| {
        let load = scope.spawn(|| benches::run(&scenario, &target, None));
        thread::sleep(Duration::from_secs(1));
        server.signal(Signal::STOP).unwrap();
        thread::sleep(Duration::from_millis(100));
        server.signal(Signal::CONT).unwrap();
        load.join().unwrap().unwrap()
    });
    let run = &report.phases[0];
    no_errors(run);
    assert_eq!(
        run.latency.count, 6000,
        "each request of the schedule counts"
    );
    // 200 of 6000 fell due during the stop; the 60 worst waited for 70 ms or more.
    assert!(run.latency.p99_ns >= 50_000_000, "{:?}", run.latency);
    assert!(run.latency.max_ns >= 90_000_000, "{:?}", run.latency);
}

#[test]
fn a_report_would_not_fit_a_terminal_or_a_spreadsheet() {
    let mut scenario = scenario(&[PhaseKind::Fill, PhaseKind::Run], 2000);
    scenario.mix = "get=4,multiget=2,set=2,delete=1,incr=1".parse().unwrap();
    scenario.cache_aside = true;
    scenario.verify = true;
    let report = load(&scenario, Manner::Full);
    let text = report.to_string();
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for word in [
        "p99.99",
        "hits",
        "refilled",
        "not found",
        "keys of its own",
        "error replies",
        "SERVER_ERROR",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let csv = report.csv();
    let fields: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(fields.len(), 3);
    assert!(fields.iter().all(|&count| count == fields[0]), "{csv}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["phases"][1]["phase"], "run");
    assert_eq!(json["scenario"]["warm_up_seconds"], 0.0);
}
