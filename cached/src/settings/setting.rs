//! What a row of the table of settings says.

use super::config::Config;
use super::value::{Kind, Value};

/// One setting. Loops over the rows build the command line, read the file and print the values.
pub(crate) struct Setting {
    /// `section.key` in the file.
    pub(crate) key: &'static str,
    pub(crate) flag: Flag,
    pub(crate) kind: Kind,
    pub(crate) reload: Reload,
    /// Sentences for `--help` and the printed configuration.
    pub(crate) help: &'static str,
    pub(crate) get: fn(&Config) -> Value,
    /// Refuses a value out of bounds with the words that follow "the setting ...".
    pub(crate) set: fn(&mut Config, Value) -> Result<(), String>,
}

/// When a new value of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reload {
    /// With a reload, while clients are served.
    Live,
    /// With the next start.
    Restart,
}

impl Reload {
    /// As an operator reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reload::Live => "live",
            Reload::Restart => "restart",
        }
    }
}

/// How a setting is given on the command line.
pub(crate) struct Flag {
    pub(crate) short: Option<char>,
    pub(crate) long: &'static str,
    /// What `--help` calls the value; `None`: the flag takes none, as a switch, or is counted
    /// (`-vv`).
    pub(crate) value: Option<&'static str>,
}

impl Flag {
    pub(super) const fn short(short: char, long: &'static str, value: &'static str) -> Flag {
        Flag {
            short: Some(short),
            long,
            value: Some(value),
        }
    }

    pub(super) const fn long(long: &'static str, value: &'static str) -> Flag {
        Flag {
            short: None,
            long,
            value: Some(value),
        }
    }

    pub(super) const fn switch(long: &'static str) -> Flag {
        Flag {
            short: None,
            long,
            value: None,
        }
    }
}

impl Setting {
    /// The section and the key within it.
    pub(crate) fn path(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').expect("a key has a section")
    }
}
