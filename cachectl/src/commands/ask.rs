//! The commands that are a verb of the admin protocol: asked as they are, and the answer printed.

use std::io::{self, Write};
use std::time::Duration;

use net::admin::Request;

use crate::admin::{PATIENCE, PATIENCE_ITEMS, PATIENCE_OTHERS};
use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::text;

/// Asks, and prints what is answered.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut admin = arguments.reach.connect()?;
    let (verb, mut words) = request(&arguments.command);
    loop {
        let request = Request {
            verb,
            arguments: words.iter().map(String::as_str).collect(),
        };
        let line = admin.ask(&request, patience(&arguments.command))?;
        let mut rows = match admin.rows(&line) {
            Err(Failure::Refused(why)) if why.starts_with("there is no connection") => {
                return Err(Failure::NotFound(why));
            }
            rows => rows?,
        };
        // A document has a bound; the rest comes in others.
        let next = rows.pop_if(|row| verb == "connections" && row.name == "next");
        print(&match arguments.command {
            _ if arguments.json => String::from_utf8_lossy(&line).into_owned(),
            Command::Ping => format!("{} answers\n", admin.place()),
            Command::Version => text::values(&rows),
            _ => text::table(&rows),
        });
        match next {
            Some(next) => words = vec![next.value.to_string()],
            None => return Ok(()),
        }
    }
}

/// The verb, and the words behind it.
fn request(command: &Command) -> (&'static str, Vec<String>) {
    match command {
        Command::Ping => ("ping", vec![]),
        Command::Version => ("version", vec![]),
        Command::Stats { group } => ("stats", group.iter().cloned().collect()),
        Command::Hotkeys { by } => ("hotkeys", by.iter().cloned().collect()),
        Command::Config => ("config", vec![]),
        Command::Reload => ("reload", vec![]),
        Command::Connections => ("connections", vec![]),
        Command::Kill { id } => ("kill", vec![id.to_string()]),
        Command::Flush { delay, prefix } => {
            let delay = delay.map(|seconds| vec!["delay".to_owned(), seconds.to_string()]);
            let prefix = prefix
                .clone()
                .map(|prefix| vec!["prefix".to_owned(), prefix]);
            ("flush", delay.or(prefix).unwrap_or_default())
        }
        Command::Drain => ("drain", vec![]),
    }
}

/// How long the server may take to answer.
fn patience(command: &Command) -> Duration {
    match command {
        Command::Flush {
            prefix: Some(_), ..
        } => PATIENCE_ITEMS,
        // Files are read, or a worker is waited for.
        Command::Reload | Command::Kill { .. } => PATIENCE_OTHERS,
        _ => PATIENCE,
    }
}

/// A reader that has seen enough, as `head` does, is no failure.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}
