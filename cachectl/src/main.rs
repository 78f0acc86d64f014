//! The operator's tool for `cached`.

#![forbid(unsafe_code)]

mod admin;
mod arguments;
mod commands;
mod connection;
mod data;
mod failure;
mod ketama;
#[cfg(test)]
mod manual;
mod output;
mod place;
mod reach;
#[allow(dead_code, reason = "the commands that read it come next")]
mod report;
mod text;

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
