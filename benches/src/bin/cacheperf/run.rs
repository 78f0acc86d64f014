//! `cacheperf run`: loads one server.

use std::io::{self, Write};

use benches::server::{Program, Server, Setting};
use benches::{Error, Process, Report, Scenario, Target, counted, instrument};

#[derive(clap::Args, Debug)]
pub(crate) struct Flags {
    /// The server, by its address or by the path of its socket
    #[arg(
        short,
        long,
        value_name = "ADDR[:PORT]|PATH",
        default_value = "127.0.0.1:11211"
    )]
    server: Target,

    /// Process of the server, to report its CPU time and memory
    #[arg(short, long, value_name = "PID")]
    pid: Option<u32>,

    /// Start this server for the load: cached, memcached, floor or NAME=COMMAND
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["server", "pid"])]
    start: Option<Program>,

    /// Memory of the started server, MiB
    #[arg(
        short,
        long,
        value_name = "N",
        default_value_t = 64,
        requires = "start"
    )]
    memory: u32,

    /// Workers of the started server
    #[arg(long, value_name = "N", default_value_t = 1, requires = "start")]
    workers: u32,

    #[command(flatten)]
    counts: Counts,

    #[command(flatten)]
    scenario: Scenario,

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
    let report = match &flags.start {
        None => flags.load(&flags.server, flags.pid.map(Process::new))?,
        Some(program) => {
            let server = program.start(&flags.setting())?;
            let report = flags.load_started(&server)?;
            server.stop()?;
            report
        }
    };
    flags
        .print(&report)
        .map_err(|e| Error::Failed(format!("cannot print the report: {e}")))?;
    match report.wrong_values() {
        0 => Ok(()),
        wrong => Err(Error::Failed(format!(
            "{wrong} values were not what was written"
        ))),
    }
}

impl Flags {
    fn check(&self) -> Result<(), Error> {
        let is_known = self.pid.is_some() || self.start.is_some();
        if (self.counts.system_calls || self.counts.instructions) && !is_known {
            return Err(Error::Usage(
                "--system-calls and --instructions need the server's --pid, or --start".to_owned(),
            ));
        }
        if self.counts.instructions && self.start.is_none() && !instrument::has_hardware_counters()
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
            memory_mib: self.memory,
            threads: self.workers as usize,
            cpus: None,
            key_size: self.scenario.key_size.max(),
            value_size: self.scenario.value_size.max(),
            under: Vec::new(),
        }
    }

    fn load_started(&self, server: &Server) -> Result<Report, Error> {
        self.load(&Target::Tcp(server.address()), Some(server.process()))
    }

    fn load(&self, target: &Target, process: Option<Process>) -> Result<Report, Error> {
        let mut report = benches::run(&self.scenario, target, process.as_ref())?;
        for phase in &mut report.phases {
            let (Some(usage), Some(process)) = (&mut phase.server, process) else {
                continue;
            };
            if phase.phase.is_once() {
                continue;
            }
            let (scenario, phase) = (&self.scenario, phase.phase);
            if self.counts.system_calls {
                let calls = counted::system_calls_per_request(scenario, phase, target, process)?;
                usage.system_calls_per_request = Some(calls);
            }
            if self.counts.instructions {
                let (count, source) = match &self.start {
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
