//! Settings: a table of rows, and what is made from it.
//!
//! Flags override the file, the file overrides the defaults. Nothing here touches the system
//! except to read the file, and to check it those that it names.

mod address;
mod command_line;
mod config;
mod effective;
mod file;
mod hotkeys;
mod logs;
mod memcached;
mod print;
mod setting;
mod table;
mod tls;
mod value;

use std::ffi::OsString;
use std::fmt;

pub(crate) use address::Address;
pub(crate) use config::{AdminSocket, Config};
pub(crate) use effective::{Change, Effective, Fate};
pub(crate) use hotkeys::Hotkeys;
pub(crate) use logs::Logs;
pub(crate) use table::SETTINGS;
pub(crate) use tls::Tls;

use net::tls::Server;

use effective::Origin;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve. The lines are for the log: what has no effect, and what was mended.
    Serve(Box<Effective>, Vec<String>),
    /// Print this on standard output and end well.
    Print(String),
}

/// Why the command line or the file cannot be used: a sentence for the operator.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Reads the command line (`args`, the program's name first) and the file it names.
pub(crate) fn load<I>(args: I) -> Result<Command, UsageError>
where
    I: IntoIterator<Item = OsString>,
{
    let request = match command_line::parse(args)? {
        command_line::Parsed::Request(request) => request,
        command_line::Parsed::Print(text) => return Ok(Command::Print(text)),
    };
    let mut effective = Effective::default();
    if let Some(path) = &request.file {
        file::read(path, &mut effective)?;
    }
    for (row, value) in request.values {
        let flag = SETTINGS[row].flag.long;
        effective
            .set(row, value, Origin::Flag)
            .map_err(|reason| UsageError(format!("--{flag} {reason}")))?;
    }
    let mut notes = request.notes;
    notes.extend(effective.settle().map_err(UsageError)?);
    if let (command_line::Action::Check, Some(options)) =
        (&request.action, effective.config.tls_options())
    {
        Server::new(&options).map_err(UsageError)?;
    }
    Ok(match request.action {
        command_line::Action::Serve => Command::Serve(Box::new(effective), notes),
        command_line::Action::Check => Command::Print(
            notes
                .into_iter()
                .map(|note| note + "\n")
                .chain(["the configuration is sound\n".to_owned()])
                .collect(),
        ),
        command_line::Action::Print => Command::Print(print::effective(&effective)),
    })
}

#[cfg(test)]
mod tests;
