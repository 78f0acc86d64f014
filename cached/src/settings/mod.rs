//! Settings: a table of rows, and what is made from it.
//!
//! Flags override the file, the file overrides the defaults. Nothing here touches the system
//! except to read the file, and to check it those that it names.

mod address;
mod command_line;
mod config;
mod file;
mod memcached;
mod print;
mod setting;
mod table;
mod tls;
mod value;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

pub(crate) use address::Address;
pub(crate) use config::{AdminSocket, Config};
pub(crate) use tls::Tls;

use net::tls::Server;

use table::SETTINGS;
use value::Value;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve. The lines are for the log: what has no effect, and what was mended.
    Serve(Box<Config>, Vec<String>),
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
    let mut draft = Draft::default();
    if let Some(path) = &request.file {
        file::read(path, &mut draft)?;
    }
    for (row, value) in request.values {
        let flag = SETTINGS[row].flag.long;
        draft
            .set(row, value, Origin::Flag)
            .map_err(|reason| UsageError(format!("--{flag} {reason}")))?;
    }
    let mut notes = request.notes;
    notes.extend(draft.settle().map_err(UsageError)?);
    if let (command_line::Action::Check, Some(options)) =
        (&request.action, draft.config.tls_options())
    {
        Server::new(&options).map_err(UsageError)?;
    }
    Ok(match request.action {
        command_line::Action::Serve => Command::Serve(Box::new(draft.config), notes),
        command_line::Action::Check => Command::Print(
            notes
                .into_iter()
                .map(|note| note + "\n")
                .chain(["the configuration is sound\n".to_owned()])
                .collect(),
        ),
        command_line::Action::Print => Command::Print(print::effective(&draft)),
    })
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Flag,
}

/// A configuration in the making: values, and the origin of each row's.
#[derive(Debug)]
struct Draft {
    config: Config,
    origins: Vec<Origin>,
}

impl Default for Draft {
    fn default() -> Draft {
        Draft {
            config: Config::default(),
            origins: vec![Origin::Default; SETTINGS.len()],
        }
    }
}

impl Draft {
    fn set(&mut self, row: usize, value: Value, origin: Origin) -> Result<(), String> {
        (SETTINGS[row].set)(&mut self.config, value)?;
        self.origins[row] = origin;
        Ok(())
    }

    fn is_default(&self, key: &str) -> bool {
        SETTINGS
            .iter()
            .zip(&self.origins)
            .any(|(setting, origin)| setting.key == key && *origin == Origin::Default)
    }

    /// As `Config::settle`, once it is known what was given: a unix socket alone means no TCP, as
    /// with memcached's `-s`.
    fn settle(&mut self) -> Result<Vec<String>, String> {
        if self.config.unix_socket.is_some()
            && self.is_default("server.listen")
            && self.is_default("server.port")
        {
            self.config.listen.clear();
        }
        self.refuse_idle_tls()?;
        self.config.settle()
    }

    /// Refuses settings of TLS where it is not spoken: whoever gave them takes it for protected.
    fn refuse_idle_tls(&self) -> Result<(), String> {
        let needs = |key: &str| match key {
            "tls.listen" => None,
            "tls.handshakes" if self.config.tls.listen.is_empty() => Some("--tls-listen"),
            _ if key.starts_with("tls.") && !self.config.has_tls() => {
                Some("--tls-listen or --admin-tls")
            }
            _ => None,
        };
        for (setting, origin) in SETTINGS.iter().zip(&self.origins) {
            if *origin != Origin::Default
                && let Some(other) = needs(setting.key)
            {
                let flag = setting.flag.long;
                return Err(format!("--{flag} has no effect without {other}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
