//! Loads servers of the memcached protocol, and measures what they take.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use benches::Error;
use benches::server::end_with_this_program;
use clap::{Parser, Subcommand};

mod compare;
mod floor;
#[cfg(test)]
mod manual;
mod replay;
mod run;

/// Loads servers of the memcached protocol, and measures what they take
#[derive(Debug, Parser)]
#[command(version, name = "cacheperf")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load a server and report what it did
    Run(Box<run::Flags>),
    /// Play a trace against a server and report how often it missed
    Replay(Box<replay::Flags>),
    /// Load servers in turn and set their figures side by side
    Compare(Box<compare::Flags>),
    /// Serve canned answers at the least cost there can be
    Floor(floor::Flags),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    benches::process::raise_open_files_limit();
    let outcome = end_with_this_program().and_then(|()| match command {
        Command::Run(flags) => run::run(&flags),
        Command::Replay(flags) => replay::run(&flags),
        Command::Compare(flags) => compare::run(&flags),
        Command::Floor(flags) => floor::run(&flags),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Shows a report; whoever reads it may have gone.
fn print(report: &impl fmt::Display) -> Result<(), Error> {
    write!(io::stdout(), "{report}")
        .map_err(|e| Error::Failed(format!("cannot print the report: {e}")))
}

/// A report for programs.
fn json(report: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(report).expect("reports have string keys only")
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("cacheperf: {error}");
    ExitCode::from(error.status())
}
