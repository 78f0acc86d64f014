//! The one server that is measured: it runs already, or is started for it.

use clap::Args;

use crate::server::{Program, Setting};
use crate::tls::{Tls, TlsFlags};
use crate::{Error, Process, Target};

/// The server that is measured, and the flags that name it.
#[derive(Args, Clone, Debug)]
pub struct Subject {
    /// The server, by its address or by the path of its socket
    #[arg(
        short,
        long,
        value_name = "ADDR[:PORT]|PATH",
        default_value = "127.0.0.1:11211"
    )]
    pub server: Target,

    /// Process of the server, to report its CPU time and memory
    #[arg(short, long, value_name = "PID")]
    pub pid: Option<u32>,

    /// How it is spoken to
    #[command(flatten)]
    pub tls: TlsFlags,

    /// Start this server and stop it afterwards: cached, memcached, floor, one of these with -tls, or NAME=COMMAND
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["server", "pid"])]
    pub start: Option<Program>,

    /// Memory of the started server, MiB
    #[arg(short, long, value_name = "N", default_value_t = 64, requires = "start", value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: u32,

    /// Workers of the started server
    #[arg(long, value_name = "N", default_value_t = 1, requires = "start", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: u32,
}

impl Subject {
    /// How the server is started, if it is.
    pub fn setting(&self) -> Setting<'static> {
        Setting {
            memory_mib: self.memory,
            threads: self.workers as usize,
            ..Setting::default()
        }
    }

    /// The server that runs already.
    fn target(&self) -> Result<Target, Error> {
        let target = self.server.clone();
        if !self.tls.tls {
            return Ok(target);
        }
        let tls = Tls::new(&self.tls, &target.host)?;
        Ok(target.with_tls(tls))
    }

    /// Whether it is spoken to in TLS.
    pub fn is_tls(&self) -> bool {
        self.start.as_ref().map_or(self.tls.tls, Program::is_tls)
    }

    /// Calls `measure` with the server and, if it is known, its process; a
    /// server that is to be started runs as long as that takes.
    pub fn during<T>(
        &self,
        setting: &Setting<'_>,
        measure: impl FnOnce(&Target, Option<Process>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(program) = &self.start else {
            let process = self.pid.map(Process::new);
            return measure(&self.target()?, process);
        };
        let server = program.start(setting)?;
        let measured = measure(&server.target()?, Some(server.process()))?;
        server.stop()?;
        Ok(measured)
    }
}
