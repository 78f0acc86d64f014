//! The operator's tool for `cached`.

#![forbid(unsafe_code)]

mod admin;
mod arguments;
mod commands;
mod connection;
mod data;
mod failure;
mod figure;
mod ketama;
#[cfg(test)]
mod manual;
mod output;
mod percentiles;
mod place;
mod reach;
mod report;
mod sizing;
mod text;
mod top;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let failure = match commands::run(&arguments) {
        Err(failure) if !failure.is_unread() => failure,
        _ => return ExitCode::SUCCESS,
    };
    if arguments.json {
        let document = net::admin::error_line(&failure.to_string());
        let _ = io::stdout().write_all(&document);
    }
    // With standard error closed or full, the status says it alone.
    let _ = writeln!(io::stderr(), "cachectl: {failure}");
    ExitCode::from(failure.status())
}
