//! The daemon: settings, threads, execution, admin, logs.
//!
//! `net` turns sockets into requests, `storage` keeps items; here is what brings them together.

mod admin;
mod clock;
mod connections;
mod execute;
mod handoff;
mod hotkeys;
mod lifetimes;
mod listener;
mod live;
mod log;
mod metrics;
mod orders;
mod process;
mod reload;
mod sampling;
mod serve;
mod settings;
mod supervisor;
mod threads;
mod tls;
mod waker;
mod worker;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use settings::Command;

/// What clients are told as the version. They choose what to expect of a server by memcached's
/// number in front; whose it is stands behind.
const WIRE_VERSION: &str = concat!("1.6.18-cached-", env!("CARGO_PKG_VERSION"));

/// Runs the program with the command line `args`, its own name first, until it has done what was
/// asked: served until a signal stopped it, or printed something. The status is 0 then, 2 when the
/// command line or the configuration is wrong, 1 when something failed at run time.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<_> = args.into_iter().collect();
    let error = match settings::load(args.clone()) {
        Ok(Command::Print(text)) => {
            // A reader that went away has read enough.
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Serve(effective, notes)) => match serve::serve(args, *effective, &notes) {
            Ok(status) => return status,
            Err(error) => error,
        },
        Err(usage) => serve::Error::Configuration(usage.to_string()),
    };
    // With standard error closed or full, the status says it alone.
    let _ = writeln!(io::stderr(), "cached: {error}");
    ExitCode::from(error.status())
}
