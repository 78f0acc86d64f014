//! `cacheperf run`: loads one server.

use std::io::{self, Write};

use benches::scenario::Handshakes;
use benches::server::Setting;
use benches::{Error, Process, Report, Scenario, Subject, Target, counted, instrument};

#[derive(clap::Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    subject: Subject,

    #[command(flatten)]
    counts: Counts,

    #[command(flatten)]
    scenario: Scenario,

    /// At a fixed rate, look for answers without ever sleeping: takes a core a thread
    #[arg(long, requires = "rate")]
    busy_poll: bool,

    #[command(flatten)]
    format: Format,
}

/// What is counted in runs of their own, after the load.
#[derive(clap::Args, Debug)]
struct Counts {
    /// Count the server's system calls by strace, for the phases run and churn
    #[arg(long)]
    system_calls: bool,

    /// Count its instructions likewise: by hardware counters, or else by callgrind
    #[arg(long)]
    instructions: bool,
}

#[derive(clap::Args, Debug)]
struct Format {
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print CSV, one line a phase
    #[arg(long)]
    csv: bool,
}

pub(crate) fn run(flags: &Flags) -> Result<(), Error> {
    flags.check()?;
    let report = flags.subject.during(&flags.setting(), |target, process| {
        flags.load(target, process)
    })?;
    flags
        .print(&report)
        .map_err(|e| Error::Failed(format!("cannot print the report: {e}")))?;
    judge(&report)
}

/// Says why a load that was measured is a failure.
fn judge(report: &Report) -> Result<(), Error> {
    let wrong = report.wrong_values();
    if wrong > 0 {
        return Err(Error::Failed(format!(
            "{wrong} values were not what was written"
        )));
    }
    match report.phases.iter().find(|phase| phase.succeeded == 0) {
        None => Ok(()),
        Some(phase) => Err(Error::Failed(format!(
            "{}: no request succeeded",
            phase.phase.name()
        ))),
    }
}

impl Flags {
    fn check(&self) -> Result<(), Error> {
        if let Some(program) = &self.subject.start {
            program.check(&self.scenario)?;
        }
        let is_known = self.subject.pid.is_some() || self.subject.start.is_some();
        if (self.counts.system_calls || self.counts.instructions) && !is_known {
            return Err(Error::Usage(
                "--system-calls and --instructions need the server's --pid, or --start".to_owned(),
            ));
        }
        if self.scenario.handshakes == Handshakes::Resumed && !self.subject.is_tls() {
            return Err(Error::Usage(
                "--handshakes: there are none without --tls, or --start of a server in TLS"
                    .to_owned(),
            ));
        }
        if self.counts.instructions
            && self.subject.start.is_none()
            && !instrument::has_hardware_counters()
        {
            return Err(Error::Usage(
                "--instructions: this machine has no hardware counters for a running server; \
                 with --start, callgrind counts them"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn setting(&self) -> Setting<'static> {
        Setting {
            key_size: self.scenario.key_size.max(),
            value_size: self.scenario.value_size.max(),
            connections: self.scenario.connections,
            ..self.subject.setting()
        }
    }

    fn load(&self, target: &Target, process: Option<Process>) -> Result<Report, Error> {
        let scenario = Scenario {
            busy_poll: self.busy_poll,
            ..self.scenario.clone()
        };
        let mut report = benches::run(&scenario, target, process.as_ref())?;
        for phase in &mut report.phases {
            let (Some(usage), Some(process)) = (&mut phase.server, process) else {
                continue;
            };
            if phase.phase.is_once() {
                continue;
            }
            let (scenario, phase) = (&scenario, phase.phase);
            if self.counts.system_calls {
                let calls = counted::system_calls_per_request(scenario, phase, target, process)?;
                usage.system_calls_per_request = Some(calls);
            }
            if self.counts.instructions {
                let (count, source) = match &self.subject.start {
                    Some(program) if !instrument::has_hardware_counters() => {
                        let setting = self.setting();
                        counted::callgrind_instructions_per_request(
                            scenario, phase, program, &setting,
                        )?
                    }
                    _ => counted::hardware_instructions_per_request(
                        scenario, phase, target, process,
                    )?,
                };
                usage.instructions_per_request = Some(count);
                usage.instructions_source = Some(source.to_owned());
            }
        }
        Ok(report)
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        let mut out = io::stdout();
        if self.format.json {
            writeln!(out, "{}", crate::json(report))
        } else if self.format.csv {
            write!(out, "{}", report.csv())
        } else {
            write!(out, "{report}")
        }
    }
}
