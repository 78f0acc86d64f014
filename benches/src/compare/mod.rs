//! Servers side by side: the same loads, in turn, on cores of their own.
//!
//! A B C C B A ..: whatever drifts on the machine meets all of them alike, so
//! the ratio of two neighbours says more than either figure. How far a server
//! is from itself between one round and the next says what a ratio is worth.

mod cases;
mod markdown;
mod quotients;
mod series;
mod turns;

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

pub use quotients::QuotientResult;
pub use series::Series;
pub use turns::{CaseResult, Paced, ServerResult};

use crate::cpus::Cpus;
use crate::server::Program;
use crate::{Error, Scenario};

/// The servers that the preset `tls` is about, unless others are named.
const TLS_SERVERS: [&str; 5] = [
    "cached",
    "cached-tls",
    "floor",
    "floor-tls",
    "memcached-tls",
];

/// A comparison, and the flags that ask for it.
#[derive(Args, Clone, Debug)]
pub struct Compare {
    /// A server: cached, memcached, floor, one of these with -tls, or NAME=COMMAND with {port}, {memory}
    /// and {threads}; repeated
    #[arg(short, long = "server", value_name = "PROGRAM", default_values = ["cached", "memcached", "floor"], default_values_if("preset", "tls", TLS_SERVERS))]
    pub servers: Vec<Program>,

    /// The server that the others are compared with; default: memcached, else memcached-tls, else the first
    #[arg(long, value_name = "NAME")]
    pub reference: Option<String>,

    /// Loads to compare under; without it, the one that the other flags describe
    #[arg(long, value_name = "NAME")]
    pub preset: Option<Preset>,

    /// How long a turn flat out is measured; --duration is for those at a fixed rate
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    pub flat_out: Duration,

    /// How often each server has its turn
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,

    /// Rate at which latencies are measured, as part of the reference's maximum
    #[arg(long, value_name = "PART", default_value_t = 0.3, value_parser = part, conflicts_with = "rate")]
    pub part: f64,

    /// Memory of each server, MiB
    #[arg(short, long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(16..))]
    pub memory: u32,

    /// Cores of the servers, as in 0,2-3; default: the first half; they have as many workers
    #[arg(long, value_name = "CORES")]
    pub server_cpus: Option<Cpus>,

    /// Cores of the load; default: the other half
    #[arg(long, value_name = "CORES")]
    pub client_cpus: Option<Cpus>,

    /// Count system calls, too, by strace in runs of their own
    #[arg(long)]
    pub system_calls: bool,

    /// Count instructions, too, by the processor or else by callgrind, in runs of their own
    #[arg(long)]
    pub instructions: bool,

    /// What the servers are loaded with; a preset sets its own phases, protocols, mix, value sizes and pipeline.
    /// The turns at a fixed rate poll busily
    #[command(flatten)]
    pub scenario: Scenario,
}

/// Loads that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Gets with some sets, and sets alone, of 64 B, 1 KiB and 16 KiB, one by one and 32 at once; the
    /// first in meta, too; churn
    Readme,
    /// What TLS costs: gets with some sets, one by one and 32 at once, and handshakes, full and resumed
    Tls,
}

/// What a comparison found; times in nanoseconds, sizes in bytes.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The processor's name, as the kernel gives it.
    pub processor: String,
    /// The kernel's release.
    pub kernel: String,
    /// Cores that the servers had.
    pub server_cpus: String,
    /// Cores that the load had.
    pub client_cpus: String,
    /// Whether a core of the servers and one of the load are two threads of the
    /// same.
    pub cores_are_shared: bool,
    /// Whom the others are compared with.
    pub reference: String,
    /// The part of its maximum at which latencies were measured, unless a rate
    /// was asked for.
    pub part: Option<f64>,
    /// How often each server had its turn.
    pub rounds: u32,
    /// Memory that each server was given.
    pub memory_mib: u32,
    /// What was found, load by load.
    pub cases: Vec<CaseResult>,
    /// What several servers or loads go into.
    pub quotients: Vec<QuotientResult>,
}

impl Comparison {
    /// Whether every load was measured.
    pub fn check(&self) -> Result<(), Error> {
        let failed = self.cases.iter().filter(|case| case.failed.is_some());
        match failed.count() {
            0 => Ok(()),
            count => Err(Error::Failed(format!(
                "{count} of {} loads could not be measured",
                self.cases.len()
            ))),
        }
    }
}

impl Compare {
    /// Starts the servers, loads them in turn and stops them.
    pub fn run(&self) -> Result<Comparison, Error> {
        let reference = self.reference()?;
        let (server_cpus, client_cpus) = self.cpus()?;
        let bench = turns::Bench {
            compare: self,
            reference,
            server_cpus: &server_cpus,
            client_cpus: &client_cpus,
        };
        let (mut results, mut quotients) = (Vec::new(), Vec::new());
        for group in cases::groups(self)? {
            let cases = bench.group(&group);
            quotients.extend(group.quotients.iter().filter_map(|q| q.of(&cases)));
            results.extend(cases);
        }
        Ok(Comparison {
            processor: processor(),
            kernel: read("/proc/sys/kernel/osrelease"),
            server_cpus: server_cpus.to_string(),
            client_cpus: client_cpus.to_string(),
            cores_are_shared: server_cpus.share_a_core_with(&client_cpus),
            reference: self.servers[reference].name().to_owned(),
            part: self.scenario.rate.is_none().then_some(self.part),
            rounds: self.rounds,
            memory_mib: self.memory,
            cases: results,
            quotients,
        })
    }

    /// Which of the servers it is.
    fn reference(&self) -> Result<usize, Error> {
        let names: Vec<_> = self.servers.iter().map(Program::name).collect();
        if let Some(twice) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
            return Err(Error::Usage(format!(
                "--server: {} is there twice",
                names[twice]
            )));
        }
        let place = |name: &str| names.iter().position(|n| *n == name);
        match &self.reference {
            None => Ok(place("memcached")
                .or_else(|| place("memcached-tls"))
                .unwrap_or(0)),
            Some(name) => place(name).ok_or_else(|| {
                Error::Usage(format!(
                    "--reference: {name} is none of {}",
                    names.join(", ")
                ))
            }),
        }
    }

    fn cpus(&self) -> Result<(Cpus, Cpus), Error> {
        let (first, rest) = Cpus::allowed()?.halves();
        Ok((
            self.server_cpus.clone().unwrap_or(first),
            self.client_cpus.clone().unwrap_or(rest),
        ))
    }
}

fn part(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|part| (0.001..=1.0).contains(part))
        .ok_or_else(|| "a part is a number up to 1".to_owned())
}

fn read(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

fn processor() -> String {
    read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}
