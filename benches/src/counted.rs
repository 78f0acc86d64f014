//! What a request costs, as far as only an instrument can tell: counted in
//! runs of their own, for they slow the server down.
//!
//! Each count is made twice, for a short and a long stream. Their difference is
//! free of what connecting, filling and stopping cost.

use crate::scenario::PhaseKind;
use crate::server::{Program, Setting};
use crate::{Error, Process, Scenario, Target, instrument, run};

/// Requests of the longer stream, if the rate allows them in `STREAM_SECONDS`.
const STREAM: u64 = 25_000;
const STREAM_SECONDS: f64 = 10.0;
/// So many times as long as the shorter one.
const LONGER: u64 = 5;
/// Keys under callgrind, where filling takes fifty times as long.
/// The label of what is counted there names it.
const CALLGRIND_KEYS_MAX: u32 = 10_000;

/// System calls of all threads of the server for each request of a phase.
pub fn system_calls_per_request(
    scenario: &Scenario,
    phase: PhaseKind,
    target: &Target,
    process: Process,
) -> Result<f64, Error> {
    per_request(scenario, phase, |stream| {
        instrument::system_calls(process, || load(stream, target))
    })
}

/// Instructions of a running server for each request of a phase, and how they
/// were counted: by the processor itself.
pub fn hardware_instructions_per_request(
    scenario: &Scenario,
    phase: PhaseKind,
    target: &Target,
    process: Process,
) -> Result<(f64, &'static str), Error> {
    let count = per_request(scenario, phase, |stream| {
        instrument::hardware_instructions(process, || load(stream, target))
    })?;
    Ok((count, "hardware counters, user mode"))
}

/// Instructions of a server for each request of a phase, and how they were
/// counted: on any machine, by running it inside callgrind.
pub fn callgrind_instructions_per_request(
    scenario: &Scenario,
    phase: PhaseKind,
    program: &Program,
    setting: &Setting<'_>,
) -> Result<(f64, &'static str), Error> {
    let setting = Setting {
        threads: 1,
        ..setting.clone()
    };
    let mut stream = fixed(scenario, phase);
    stream.rate = None;
    (stream.connections, stream.threads) = (1, 1);
    stream.keys = stream.keys.min(CALLGRIND_KEYS_MAX);
    // Each time the server begins empty.
    if scenario.phases.contains(&PhaseKind::Fill) {
        stream.phases.insert(0, PhaseKind::Fill);
    }
    let count = instrument::callgrind_instructions(program, &setting, |target, requests| {
        stream.requests = Some(requests);
        load(&stream, target)
    })?;
    Ok((
        count,
        "callgrind, one worker and connection, 10000 keys at most",
    ))
}

fn per_request(
    scenario: &Scenario,
    phase: PhaseKind,
    count: impl Fn(&Scenario) -> Result<((), u64), Error>,
) -> Result<f64, Error> {
    let mut stream = fixed(scenario, phase);
    let by_rate = scenario
        .rate
        .map_or(u64::MAX, |rate| (rate * STREAM_SECONDS) as u64);
    let long = STREAM.min(by_rate).max(LONGER);
    let mut count_of = |requests| {
        stream.requests = Some(requests);
        Ok::<_, Error>(count(&stream)?.1)
    };
    let short = long / LONGER;
    let (short_count, long_count) = (count_of(short)?, count_of(long)?);
    if long_count <= short_count {
        return Err(Error::Failed(format!(
            "{}: {long} requests took no more than {short}, so nothing can be counted",
            phase.name()
        )));
    }
    Ok((long_count - short_count) as f64 / (long - short) as f64)
}

/// A count for requests that failed would be too low.
fn load(stream: &Scenario, target: &Target) -> Result<(), Error> {
    let report = run(stream, target, None)?;
    match report.phases.iter().find(|p| p.errors.total() > 0) {
        None => Ok(()),
        Some(failed) => Err(Error::Failed(format!(
            "the counted load went wrong: {}",
            failed.errors.first.join("; ")
        ))),
    }
}

/// The phase alone, ended by nothing but its number of requests.
fn fixed(scenario: &Scenario, phase: PhaseKind) -> Scenario {
    Scenario {
        phases: vec![phase],
        warm_up: std::time::Duration::ZERO,
        duration: None,
        ..scenario.clone()
    }
}
