//! The load engine: threads that share the connections, each with an epoll of
//! its own, and one thread that watches.
//!
//! ```text
//! run -> phase -> driver (one a thread): epoll, windows, timeouts
//!                   requests    which request is next, in bytes
//!                   keyspace    what follows from a key's number
//!                   schedule    when it is meant to be sent
//!                   connection  bytes on their way
//!                   stream      the socket, and TLS over it
//!                   flight      what is unanswered; replies find their request
//!                   ledger      which value each key must have
//!                   tally       what was counted
//! ```

mod connection;
mod driver;
mod flight;
mod keyspace;
mod ledger;
mod phase;
mod progress;
mod requests;
mod schedule;
mod stream;
mod tally;

use std::time::Instant;

use crate::scenario::PhaseKind;
use crate::wire::Wire;
use crate::{Error, Process, Report, Scenario, Target};

use ledger::Ledger;

/// Loads the server as the scenario says, and blocks until that is done.
///
/// Errors of the server are counted in the report; an `Error` means that
/// nothing could be measured. When standard error is a terminal, a line on it
/// says how it goes.
pub fn run(scenario: &Scenario, target: &Target, usage: Option<&Process>) -> Result<Report, Error> {
    scenario.check()?;
    // Not after the load, which may take an hour.
    usage.map(|process| process.usage()).transpose()?;
    let ledger = scenario.verify.then(|| Ledger::new(scenario));
    let phases = scenario
        .phases
        .iter()
        .map(|&phase| phase::run(phase, scenario, target, usage, ledger.as_ref()))
        .collect::<Result<_, _>>()?;
    Ok(Report {
        target: target.clone(),
        scenario: scenario.clone(),
        phases,
    })
}

/// What all threads know of a phase. Times are nanoseconds since its start.
struct Plan<'s> {
    scenario: &'s Scenario,
    target: &'s Target,
    phase: PhaseKind,
    ledger: Option<&'s Ledger<'s>>,
    start: Instant,
    /// The warm-up ends.
    measure_ns: u64,
    /// The measurement ends; `u64::MAX` if not by the clock.
    end_ns: u64,
}

impl Plan<'_> {
    /// Nothing before the start.
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn pipeline(&self) -> u32 {
        match self.phase {
            PhaseKind::Churn => 1,
            _ => self.scenario.pipeline,
        }
    }

    /// How requests are written and replies read.
    fn wire(&self) -> Wire {
        Wire::new(self.scenario.protocol, self.ledger.is_some())
    }

    /// Whether misses are followed by sets.
    fn refills(&self) -> bool {
        self.phase == PhaseKind::Run && self.scenario.cache_aside
    }
}
