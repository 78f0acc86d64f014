//! One phase: its threads, and the report on it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::Plan;
use super::driver::Driver;
use super::ledger::Ledger;
use super::progress::Progress;
use super::stream::Stream;
use super::tally::Tally;
use crate::mix::Operation;
use crate::process::Usage;
use crate::report::{Phase, ServerUsage};
use crate::scenario::PhaseKind;
use crate::{Error, Process, Scenario, Target};

/// Between two looks at the threads.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// From the start of the threads to the start of the load, so that the first
/// requests are not late.
const LEAD: Duration = Duration::from_millis(10);

pub(super) fn run(
    phase: PhaseKind,
    scenario: &Scenario,
    target: &Target,
    process: Option<&Process>,
    ledger: Option<&Ledger<'_>>,
) -> Result<Phase, Error> {
    let warm_up = match phase {
        once if once.is_once() => Duration::ZERO,
        _ => scenario.warm_up,
    };
    let end = scenario
        .measured()
        .filter(|_| phase.is_timed())
        .map(|measured| warm_up + measured);
    let usage = || process.map(|process| process.usage()).transpose();
    let unconnected = usage()?;
    let streams = match phase {
        PhaseKind::Churn => Vec::new(),
        _ => connect(scenario, target)?,
    };
    let plan = &Plan {
        scenario,
        target,
        phase,
        ledger,
        start: Instant::now() + LEAD,
        measure_ns: warm_up.as_nanos() as u64,
        end_ns: end.map_or(u64::MAX, |end| end.as_nanos() as u64),
    };
    let answered = &AtomicU64::new(0);
    let outcome = thread::scope(|scope| {
        let mut shares: Vec<Vec<Stream>> = Vec::new();
        shares.resize_with(scenario.threads as usize, Vec::new);
        for (number, stream) in streams.into_iter().enumerate() {
            shares[number % scenario.threads as usize].push(stream);
        }
        let threads: Vec<_> = shares
            .into_iter()
            .zip(0..)
            .map(|(share, thread)| {
                scope.spawn(move || {
                    let mut driver = Driver::new(plan, thread, share)?;
                    let tally = driver.run(answered)?;
                    Ok::<_, io::Error>((driver, tally))
                })
            })
            .collect();
        let server = watch(plan, process, &threads, answered);
        let done = threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread of the load panicked"))
            .collect::<io::Result<Vec<_>>>();
        Ok((
            done.map_err(|e| Error::Failed(format!("the load broke off: {e}")))?,
            server?,
        ))
    });
    let (done, server) = outcome?;
    // While all connections are open still.
    let connected = usage()?;
    let mut tally = Tally::new();
    for (driver, of_thread) in done {
        driver.close();
        tally.add(&of_thread);
    }
    if tally.latency().count == 0 && tally.errors.total() == 0 {
        return Err(Error::Failed(format!(
            "{}: no request was made after the warm-up of {warm_up:?}, nothing was measured",
            phase.name()
        )));
    }
    let mut report = report(plan, &tally, server);
    let memory = unconnected
        .zip(connected)
        .filter(|_| phase == PhaseKind::Idle);
    if let (Some(server), Some((before, after))) = (&mut report.server, memory) {
        let memory = after.memory_bytes as f64 - before.memory_bytes as f64;
        let each = memory / f64::from(scenario.connections);
        server.memory_per_connection_bytes = Some(each);
    }
    Ok(report)
}

/// All connections, so that none is opened in the time that is measured.
fn connect(scenario: &Scenario, target: &Target) -> Result<Vec<Stream>, Error> {
    (0..scenario.connections)
        .map(|_| Stream::open(target, scenario.timeout))
        .collect::<io::Result<_>>()
        .map_err(|e| {
            Error::Failed(format!(
                "cannot open {} connections to {target}: {e}",
                scenario.connections
            ))
        })
}

/// Shows how it goes until all threads are done, and says what the server used
/// while it was measured.
fn watch<T>(
    plan: &Plan<'_>,
    process: Option<&Process>,
    threads: &[ScopedJoinHandle<'_, T>],
    answered: &AtomicU64,
) -> Result<Option<[Usage; 2]>, Error> {
    let is_done = || threads.iter().all(ScopedJoinHandle::is_finished);
    let mut progress = Progress::new(plan);
    let mut wait_until = |time_ns: u64| {
        while !is_done() && plan.now() < time_ns {
            let left = Duration::from_nanos(time_ns.saturating_sub(plan.now()));
            thread::sleep(left.min(LOOK_EVERY));
            progress.show(plan.now(), answered.load(Ordering::Relaxed));
        }
    };
    wait_until(plan.measure_ns);
    let usage = || process.map(|process| process.usage()).transpose();
    let before = usage();
    wait_until(plan.end_ns);
    let after = usage();
    wait_until(u64::MAX);
    progress.clear();
    Ok(before?.zip(after?).map(|(before, after)| [before, after]))
}

fn report(plan: &Plan<'_>, tally: &Tally, server: Option<[Usage; 2]>) -> Phase {
    let requests = tally.requests();
    let each = |sum: u64| sum as f64 / requests.max(1) as f64;
    let is_by_clock = plan.end_ns != u64::MAX
        && plan.scenario.requests.is_none()
        && plan.phase != PhaseKind::Idle;
    let ended_ns = if is_by_clock {
        plan.end_ns
    } else {
        tally.last_ns.min(plan.end_ns)
    };
    // A phase without any answer has no length either.
    let seconds = ended_ns.saturating_sub(plan.measure_ns).max(1) as f64 / 1e9;
    let rate_asked = plan.scenario.rate.filter(|_| !plan.phase.is_once());
    Phase {
        phase: plan.phase,
        seconds,
        rate_asked,
        rate: requests as f64 / seconds,
        rate_kept: rate_asked.map(|_| (requests - tally.refills) as f64 / seconds),
        requests,
        succeeded: tally.succeeded(),
        operations: Operation::ALL
            .iter()
            .zip(tally.operations)
            .filter(|(_, count)| *count > 0)
            .map(|(operation, count)| (operation.name(), count))
            .collect(),
        keys_read: tally.keys_read,
        hits: tally.hits,
        hit_ratio: (tally.keys_read > 0).then(|| tally.hits as f64 / tally.keys_read as f64),
        not_found: tally.not_found,
        refills: tally.refills,
        resumed: (plan.phase == PhaseKind::Churn && plan.target.tls.is_some())
            .then_some(tally.resumed),
        bytes_sent: tally.bytes_sent,
        bytes_received: tally.bytes_received,
        errors: tally.errors.clone(),
        verified: tally.verified,
        overdue: tally.overdue,
        latency: tally.latency(),
        latency_by_operation: tally.latency_by_operation(),
        server: server.map(|[before, after]| {
            let cpu_ns = after.cpu_ns - before.cpu_ns;
            ServerUsage {
                cpu_ns,
                cpu_user_ns: after.cpu_user_ns - before.cpu_user_ns,
                cpu_system_ns: after.cpu_system_ns - before.cpu_system_ns,
                cpu_ns_per_request: each(cpu_ns),
                memory_peak_bytes: after.memory_peak_bytes,
                memory_per_connection_bytes: None,
                system_calls_per_request: None,
                instructions_per_request: None,
                instructions_source: None,
            }
        }),
        generator_cpu_ns_per_request: each(tally.cpu_ns),
    }
}
