//! `cacheperf floor`: the least that a server of this shape can do.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::str::FromStr;

use benches::floor::{self, Replies};
use benches::mix::{Mix, Operation};
use benches::scenario::PhaseKind;
use benches::server::{Program, Setting};
use benches::tls::Certificate;
use benches::weighted::Weighted;
use benches::{Error, Scenario, counted};
use openssl::ssl::SslContext;

#[derive(clap::Args, Debug)]
pub(crate) struct Flags {
    /// Where to listen
    #[arg(
        short,
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:11211"
    )]
    listen: SocketAddr,

    /// Speak TLS, with a certificate that nobody signed
    #[arg(long)]
    tls: bool,

    /// Threads that share the connections
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,

    /// Bytes of the key in every answer to a get
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=250))]
    key_size: u32,

    /// Bytes of the value in every answer to a get
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(..=1 << 30))]
    value_size: u32,

    /// Instead of serving, count the floor's own instructions for each request
    #[arg(long)]
    instructions: bool,
}

/// Pipelines that instructions are counted at.
const PIPELINES: [u32; 2] = [1, 32];

pub(crate) fn run(flags: &Flags) -> Result<(), Error> {
    if flags.instructions {
        return flags.count_instructions();
    }
    let failed = |e| Error::Failed(format!("the floor at {}: {e}", flags.listen));
    let listener = TcpListener::bind(flags.listen).map_err(failed)?;
    eprintln!("cacheperf: the floor listens on {}", flags.listen);
    let replies = Replies::new(flags.key_size as usize, flags.value_size as usize);
    let context = flags.tls.then(context).transpose().map_err(failed)?;
    let threads = flags.threads as usize;
    floor::serve(&listener, threads, replies, context.as_ref()).map_err(failed)
}

/// Its files are read by now, and gone.
fn context() -> io::Result<SslContext> {
    Ok(floor::context(&Certificate::new()?)?)
}

impl Flags {
    fn count_instructions(&self) -> Result<(), Error> {
        let name = if self.tls { "floor-tls" } else { "floor" };
        let floor = Program::from_str(name).map_err(Error::Failed)?;
        let setting = Setting {
            key_size: self.key_size,
            value_size: self.value_size,
            ..Setting::default()
        };
        for (mix, share) in [("get", Operation::Get), ("set", Operation::Set)] {
            for pipeline in PIPELINES {
                let scenario = Scenario {
                    mix: Mix::new(vec![(share, 1.0)]).map_err(Error::Failed)?,
                    pipeline,
                    value_size: Weighted::fixed(self.value_size),
                    ..Scenario::default()
                };
                let (count, source) = counted::callgrind_instructions_per_request(
                    &scenario,
                    PhaseKind::Run,
                    &floor,
                    &setting,
                )?;
                crate::print(&format_args!(
                    "{mix}, pipeline {pipeline}: {count:.0} instructions a request ({source})\n"
                ))?;
            }
        }
        Ok(())
    }
}
