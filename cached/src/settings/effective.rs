//! A configuration, and where each of its values comes from.

use std::path::PathBuf;

use super::config::Config;
use super::setting::Reload;
use super::table::SETTINGS;
use super::value::Value;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Flag,
}

/// What a reload makes of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: &'static str,
    pub(crate) fate: Fate,
    /// Its value before, as the command line spells it.
    pub(crate) from: String,
    /// Its value in the files and on the command line.
    pub(crate) to: String,
}

/// What becomes of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The new value is in effect.
    Applied,
    /// The old one is, until the next start.
    Restart,
    /// There is no other.
    Unchanged,
}

impl Fate {
    /// As an operator reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fate::Applied => "applied",
            Fate::Restart => "restart",
            Fate::Unchanged => "unchanged",
        }
    }
}

/// The values in effect, and the origin of each row's.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    pub(crate) config: Config,
    pub(super) origins: Vec<Origin>,
}

impl Default for Effective {
    fn default() -> Effective {
        Effective::from(Config::default())
    }
}

impl From<Config> for Effective {
    /// Values that nobody has given.
    fn from(config: Config) -> Effective {
        Effective {
            config,
            origins: vec![Origin::Default; SETTINGS.len()],
        }
    }
}

impl Effective {
    pub(super) fn set(&mut self, row: usize, value: Value, origin: Origin) -> Result<(), String> {
        (SETTINGS[row].set)(&mut self.config, value)?;
        self.origins[row] = origin;
        Ok(())
    }

    /// Where the value of a row comes from: `file:line` or `--flag`; `None`: it is the default.
    pub(crate) fn source(&self, row: usize) -> Option<String> {
        match &self.origins[row] {
            Origin::Default => None,
            Origin::File { path, line } => Some(format!("{}:{line}", path.display())),
            Origin::Flag => Some(format!("--{}", SETTINGS[row].flag.long)),
        }
    }

    /// These values, with those of `read` that a reload may change, and what becomes of each
    /// setting. Settings that `read` has at other values than a reload may give them stay.
    pub(crate) fn renew(&self, read: &Effective) -> Result<(Effective, Vec<Change>), String> {
        let mut next = self.clone();
        let mut changes = Vec::with_capacity(SETTINGS.len());
        for (row, setting) in SETTINGS.iter().enumerate() {
            let (from, to) = ((setting.get)(&self.config), (setting.get)(&read.config));
            // Where TLS is not spoken, nothing is made of what is said of it.
            let is_idle = setting.key.starts_with("tls.") && !self.config.has_tls();
            let fate = match setting.reload {
                _ if from == to => Fate::Unchanged,
                Reload::Live if !is_idle => Fate::Applied,
                Reload::Live | Reload::Restart => Fate::Restart,
            };
            changes.push(Change {
                key: setting.key,
                fate,
                from: from.to_string(),
                to: to.to_string(),
            });
            if fate != Fate::Restart {
                let set = next.set(row, to, read.origins[row].clone());
                set.map_err(|why| format!("{}: {why}", setting.key))?;
            }
        }
        Ok((next, changes))
    }

    fn is_default(&self, key: &str) -> bool {
        SETTINGS
            .iter()
            .zip(&self.origins)
            .any(|(setting, origin)| setting.key == key && *origin == Origin::Default)
    }

    /// As `Config::settle`, once it is known what was given: a unix socket alone means no TCP, as
    /// with memcached's `-s`.
    pub(super) fn settle(&mut self) -> Result<Vec<String>, String> {
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
