//! A configuration, and where each of its values comes from.

use std::path::PathBuf;

use super::config::Config;
use super::table::SETTINGS;
use super::value::Value;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Flag,
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
