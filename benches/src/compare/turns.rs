//! The servers' turns under one load after the other.

use std::io::{self, Write};

use serde::Serialize;

use super::Compare;
use super::cases::{Case, Group};
use super::series::{Series, median};
use crate::cpus::Cpus;
use crate::report::{KEPT_MIN, Phase};
use crate::scenario::PhaseKind;
use crate::server::{Program, Server, Setting};
use crate::{Error, Scenario, counted, instrument};

/// A server that was busy for less of the time was not at its limit.
const BUSY_MIN: f64 = 0.9;

/// What was found under one load.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// Says which load it was.
    pub case: String,
    /// The load itself.
    pub scenario: Scenario,
    /// Why it could not be measured to its end.
    pub failed: Option<String>,
    /// Requests a second at which latencies were measured.
    pub rate: Option<f64>,
    /// In the order in which they were given; none if it failed.
    pub servers: Vec<ServerResult>,
}

/// What one server did under one load.
#[derive(Clone, Debug, Serialize)]
pub struct ServerResult {
    /// Its name.
    pub server: String,
    /// What it answers to `version`.
    pub version: Option<String>,
    /// Flat out: requests a second.
    pub rate_max: Series,
    /// Flat out: its CPU time for each request.
    pub cpu_ns_max: Series,
    /// Flat out: the part of its cores that it used.
    pub busy: f64,
    /// Flat out: whether it was too idle for that to be its maximum.
    pub was_idle: bool,
    /// Flat out: the part of its cores that the load used.
    pub load_busy: f64,
    /// What it did at the fixed rate; the floor has no such turns.
    pub paced: Option<Paced>,
    /// The least part of gets that found a value, in any of the turns.
    pub hit_ratio_min: Option<f64>,
    /// The most memory that was resident since it started.
    pub memory_peak_bytes: u64,
    /// System calls for each request, flat out under strace.
    pub system_calls_per_request: Option<f64>,
    /// Instructions for each request.
    pub instructions_per_request: Option<f64>,
    /// How they were counted.
    pub instructions_source: Option<&'static str>,
}

/// What one server did at a fixed rate.
#[derive(Clone, Debug, Serialize)]
pub struct Paced {
    /// Requests a second that were asked for and answered: refills do not count.
    pub rate_kept: Series,
    /// Whether it was so much less in any round that the latencies say nothing.
    pub void: bool,
    /// Its CPU time for each request.
    pub cpu_ns: Series,
    /// From the time a request was meant to be sent.
    pub p50_ns: Series,
    /// The same for 99 in 100 requests.
    pub p99_ns: Series,
    /// The same for 999 in 1000 requests.
    pub p999_ns: Series,
}

/// What stays the same over all loads.
pub(super) struct Bench<'a> {
    pub(super) compare: &'a Compare,
    /// Which of the servers it is.
    pub(super) reference: usize,
    pub(super) server_cpus: &'a Cpus,
    pub(super) client_cpus: &'a Cpus,
}

impl Bench<'_> {
    /// Starts and fills all servers, and loads them in turn. What fails is
    /// told in the result: other loads may have taken an hour by then.
    pub(super) fn group(&self, group: &Group) -> Vec<CaseResult> {
        let servers = self.filled(&group.fill);
        let outcome = |case: &Case| match &servers {
            Ok(servers) => self.case(case, servers).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        let results = group.cases.iter().map(|case| {
            outcome(case).unwrap_or_else(|sentence| {
                tell(&format!("{}: {sentence}", case.name));
                CaseResult {
                    case: case.name.clone(),
                    scenario: case.scenario.clone(),
                    failed: Some(sentence),
                    rate: None,
                    servers: Vec::new(),
                }
            })
        });
        let results = results.collect();
        for server in servers.into_iter().flatten() {
            if let Err(e) = server.stop() {
                tell(&e.to_string());
            }
        }
        results
    }

    fn filled(&self, fill: &Scenario) -> Result<Vec<Server>, Error> {
        let setting = self.setting(fill);
        let programs = self.compare.servers.iter();
        let servers = programs
            .map(|program| program.start(&setting))
            .collect::<Result<Vec<_>, _>>()?;
        for server in &servers {
            self.load(fill, server)?;
        }
        Ok(servers)
    }

    fn setting(&self, scenario: &Scenario) -> Setting<'_> {
        Setting {
            memory_mib: self.compare.memory,
            threads: self.server_cpus.count(),
            connections: scenario.connections,
            cpus: Some(self.server_cpus),
            key_size: scenario.key_size.max(),
            value_size: scenario.value_size.max(),
            under: Vec::new(),
        }
    }

    fn case(&self, case: &Case, servers: &[Server]) -> Result<CaseResult, Error> {
        let name = format!("{}, flat out", case.name);
        let fast = Scenario {
            duration: Some(self.compare.flat_out),
            ..flat_out(&case.scenario)
        };
        let fast = self.rounds(&name, &fast, servers, |_| true)?;
        // Nobody asks for refills.
        let asked = |phase: &Phase| (phase.requests - phase.refills) as f64 / phase.seconds;
        let reference_max = median(fast[self.reference].iter().map(asked));
        let rate = match (case.scenario.rate, reference_max) {
            (Some(rate), _) => rate,
            (None, Some(max)) if max > 0.0 => self.compare.part * max,
            _ => {
                let name = servers[self.reference].name();
                return Err(Error::Failed(format!("{name} answered nothing flat out")));
            }
        };
        let paced = Scenario {
            rate: Some(rate),
            busy_poll: true,
            ..case.scenario.clone()
        };
        let name = format!("{}, {rate:.0}/s", case.name);
        // The floor does not do a server's work: its latencies say nothing of one.
        let paced = self.rounds(&name, &paced, servers, |at| {
            !self.compare.servers[at].is_floor()
        })?;
        let results = servers.iter().zip(&self.compare.servers).enumerate();
        let results = results.map(|(at, (server, program))| {
            let instructions = self.instructions(&case.scenario, program, server)?;
            Ok(ServerResult {
                system_calls_per_request: self.system_calls(&case.scenario, server)?,
                instructions_per_request: instructions.map(|(count, _)| count),
                instructions_source: instructions.map(|(_, source)| source),
                paced: (!program.is_floor()).then(|| self.paced(at, rate, &paced)),
                ..self.flat_out(server, at, &fast, &paced)
            })
        });
        Ok(CaseResult {
            case: case.name.clone(),
            scenario: case.scenario.clone(),
            failed: None,
            rate: Some(rate),
            servers: results.collect::<Result<_, Error>>()?,
        })
    }

    /// Every server's turns, by server.
    fn rounds(
        &self,
        what: &str,
        scenario: &Scenario,
        servers: &[Server],
        takes_part: impl Fn(usize) -> bool,
    ) -> Result<Vec<Vec<Phase>>, Error> {
        let mut phases = vec![Vec::new(); servers.len()];
        let mut order: Vec<_> = (0..servers.len()).filter(|&at| takes_part(at)).collect();
        for round in 1..=self.compare.rounds {
            for &at in &order {
                let phase = self.load(scenario, &servers[at])?;
                tell(&format!(
                    "{what}, round {round}/{}: {} {:.0}/s, p99 {:.0} us",
                    self.compare.rounds,
                    servers[at].name(),
                    phase.rate,
                    phase.latency.p99_ns as f64 / 1e3
                ));
                phases[at].push(phase);
            }
            // Nobody comes after the same neighbour all the time.
            order.reverse();
        }
        Ok(phases)
    }

    /// Loads a server from the load's cores; any error reply spoils the figures.
    fn load(&self, scenario: &Scenario, server: &Server) -> Result<Phase, Error> {
        let (target, process) = (server.target()?, server.process());
        let report = self
            .client_cpus
            .during(|| crate::run(scenario, &target, Some(&process)))??;
        only_phase(report, server.name())
    }

    fn flat_out(
        &self,
        server: &Server,
        at: usize,
        fast: &[Vec<Phase>],
        paced: &[Vec<Phase>],
    ) -> ServerResult {
        let series = |figure| self.series(at, fast, figure);
        let (rate_max, cpu_ns_max) = (series(|p| p.rate), series(cpu_ns));
        let cores = self.server_cpus.count() as f64;
        let busy = rate_max.median * cpu_ns_max.median / 1e9 / cores;
        let load_ns = series(|p| p.generator_cpu_ns_per_request).median;
        let load_busy = rate_max.median * load_ns / 1e9 / self.client_cpus.count() as f64;
        let all = || fast[at].iter().chain(&paced[at]);
        ServerResult {
            server: server.name().to_owned(),
            version: server.version(),
            rate_max,
            cpu_ns_max,
            busy,
            was_idle: busy < BUSY_MIN,
            load_busy,
            paced: None,
            hit_ratio_min: all().filter_map(|p| p.hit_ratio).reduce(f64::min),
            memory_peak_bytes: all()
                .filter_map(|p| Some(p.server.as_ref()?.memory_peak_bytes))
                .max()
                .unwrap_or_default(),
            system_calls_per_request: None,
            instructions_per_request: None,
            instructions_source: None,
        }
    }

    fn paced(&self, at: usize, rate: f64, paced: &[Vec<Phase>]) -> Paced {
        let is_void = |at: usize| !paced[at].iter().all(|phase| is_kept(phase, rate));
        let latency = |figure| {
            let mut series = self.series(at, paced, figure);
            if is_void(self.reference) {
                series.reference_spread = None;
            }
            series
        };
        Paced {
            rate_kept: self.series(at, paced, |p| p.rate_kept.unwrap_or(f64::NAN)),
            void: is_void(at),
            cpu_ns: self.series(at, paced, cpu_ns),
            p50_ns: latency(|p| p.latency.p50_ns as f64),
            p99_ns: latency(|p| p.latency.p99_ns as f64),
            p999_ns: latency(|p| p.latency.p999_ns as f64),
        }
    }

    /// A figure of one server's turns, beside the reference's.
    fn series(&self, at: usize, phases: &[Vec<Phase>], figure: fn(&Phase) -> f64) -> Series {
        let of = |at: usize| phases[at].iter().map(figure).collect::<Vec<_>>();
        let reference = (at != self.reference).then(|| of(self.reference));
        Series::new(of(at), reference.as_deref())
    }

    fn system_calls(&self, case: &Scenario, server: &Server) -> Result<Option<f64>, Error> {
        if !self.compare.system_calls {
            return Ok(None);
        }
        let (case, target) = (flat_out(case), server.target()?);
        self.client_cpus
            .during(|| {
                let phase = case.phases[0];
                counted::system_calls_per_request(&case, phase, &target, server.process())
            })?
            .map(Some)
    }

    fn instructions(
        &self,
        case: &Scenario,
        program: &Program,
        server: &Server,
    ) -> Result<Option<(f64, &'static str)>, Error> {
        if !self.compare.instructions {
            return Ok(None);
        }
        let (mut case, phase) = (flat_out(case), case.phases[0]);
        let (target, setting) = (server.target()?, self.setting(&case));
        self.client_cpus
            .during(|| {
                if instrument::has_hardware_counters() {
                    let process = server.process();
                    return counted::hardware_instructions_per_request(
                        &case, phase, &target, process,
                    );
                }
                // A server of its own, which is to be filled.
                case.phases.push(PhaseKind::Fill);
                counted::callgrind_instructions_per_request(&case, phase, program, &setting)
            })?
            .map(Some)
    }
}

fn cpu_ns(phase: &Phase) -> f64 {
    let server = phase.server.as_ref();
    server.map_or(f64::NAN, |server| server.cpu_ns_per_request)
}

fn is_kept(phase: &Phase, rate: f64) -> bool {
    phase.rate_kept.is_some_and(|kept| kept >= KEPT_MIN * rate)
}

/// What cannot be told is no reason to stop.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn flat_out(scenario: &Scenario) -> Scenario {
    Scenario {
        rate: None,
        ..scenario.clone()
    }
}

fn only_phase(report: crate::Report, server: &str) -> Result<Phase, Error> {
    let mut phases = report.phases.into_iter();
    let phase = phases
        .next()
        .ok_or_else(|| Error::Usage("there is no phase to compare".to_owned()))?;
    let errors = &phase.errors;
    if errors.total() > 0 {
        let first = errors.first.first().map_or("", String::as_str);
        return Err(Error::Failed(format!(
            "{server}: {} errors, the first: {first}",
            errors.total()
        )));
    }
    Ok(phase)
}
