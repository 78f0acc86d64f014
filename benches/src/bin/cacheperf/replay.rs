//! `cacheperf replay`: plays a trace against one server.

use benches::Error;
use benches::replay::Replay;

#[derive(clap::Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    replay: Replay,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(flags: &Flags) -> Result<(), Error> {
    let report = flags.replay.run()?;
    if flags.json {
        crate::print(&format_args!("{}\n", crate::json(&report)))?;
    } else {
        crate::print(&report)?;
    }
    report.check()
}
