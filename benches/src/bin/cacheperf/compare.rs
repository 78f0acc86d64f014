//! `cacheperf compare`: servers side by side.

use std::fs;
use std::path::PathBuf;

use benches::Error;
use benches::compare::Compare;

#[derive(clap::Args, Debug)]
pub(crate) struct Flags {
    #[command(flatten)]
    compare: Compare,

    /// Write every figure of every round to this file, too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(flags: &Flags) -> Result<(), Error> {
    let comparison = flags.compare.run()?;
    if let Some(file) = &flags.json {
        fs::write(file, crate::json(&comparison))
            .map_err(|e| Error::Failed(format!("cannot write {}: {e}", file.display())))?;
    }
    crate::print(&comparison)?;
    comparison.check()
}
