//! Reloads: command line and files are read anew, and what may change while clients are served
//! does. Either all of it, or nothing.

#[cfg(test)]
pub(crate) mod fixture;
mod history;

use std::ffi::OsString;
use std::sync::Arc;

use net::Budget;
use storage::Store;

use crate::clock::Clock;
use crate::connections::Connections;
use crate::live::Live;
use crate::log::{Log, Output};
use crate::process;
use crate::sampling::{CommandLogs, Recording};
use crate::settings::{self, Change, Command, Config, Effective, Fate};
use crate::tls::{Loaded, Tls};

pub(crate) use history::{History, Reloads};

/// What a reload is made with, and on.
pub(crate) struct Reloader {
    /// The command line, the program's name first: its options go before what files say, as at the
    /// start.
    pub(crate) args: Vec<OsString>,
    /// The configuration of the start, for which the store is laid out.
    pub(crate) started: Config,
    pub(crate) live: Live,
    pub(crate) store: Arc<Store>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) budget: Budget,
    /// `None`: TLS is not spoken.
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) history: Arc<History>,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) recording: Arc<Recording>,
}

/// When the files of TLS are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificates {
    /// If one of them has changed, or which they are: reading them makes clients' tickets void.
    IfChanged,
    Always,
}

/// A configuration that is sound, and what it takes to apply it.
struct Prepared {
    next: Effective,
    changes: Vec<Change>,
    /// `None`: what TLS is made of stays.
    tls: Option<Loaded>,
    /// Opened anew even where the setting is the same: somebody may have moved the file away.
    output: Output,
    /// Likewise.
    command_logs: CommandLogs,
}

impl Reloader {
    /// Reads everything anew, and applies what may change. Returns what became of each setting, or
    /// a sentence that says why nothing has changed.
    pub(crate) fn reload(&self, certificates: Certificates) -> Result<Vec<Change>, String> {
        let outcome = self
            .prepare(certificates)
            .and_then(|prepared| self.apply(prepared))
            .map_err(|why| format!("nothing is changed: {why}"));
        let now = self.clock.unix(self.clock.now());
        self.history.note(outcome.is_ok(), now.unsigned_abs());
        match &outcome {
            Ok(changes) => self.tell(changes),
            Err(why) => self.log.warn(format_args!("cannot reload, {why}")),
        }
        outcome
    }

    /// All that can be refused without having changed anything.
    fn prepare(&self, certificates: Certificates) -> Result<Prepared, String> {
        let command = settings::load(self.args.clone()).map_err(|error| error.to_string())?;
        let Command::Serve(read, notes) = command else {
            return Err("the command line does not ask to serve".to_owned());
        };
        for note in notes {
            self.log.info(format_args!("{note}"));
        }
        let current = self.live.now();
        let (next, changes) = current.renew(&read)?;
        self.check(&next.config)?;
        if next.config.max_connections > current.config.max_connections {
            raise_open_files(&next.config)?;
        }
        let options = next.config.tls_options();
        let tls = match self.tls.as_ref().zip(options) {
            Some((tls, options)) if certificates == Certificates::Always => {
                Some(tls.read(options)?)
            }
            Some((tls, options)) => tls.read_changed(options)?,
            None => None,
        };
        let output = Output::open(&next.config.logs)?;
        let command_logs = CommandLogs::open(&next.config.logs)?;
        Ok(Prepared {
            next,
            changes,
            tls,
            output,
            command_logs,
        })
    }

    /// Whether the values in `config`, some from the start and some new, go together.
    fn check(&self, config: &Config) -> Result<(), String> {
        let mut config = config.clone();
        config.memory_max = Some(self.started.memory_max());
        let checked = config.settle();
        checked.map(|_| ()).map_err(|why| {
            format!("{why} (what only a restart changes is taken as it is in effect)")
        })
    }

    /// The store goes first: it alone can refuse.
    fn apply(&self, prepared: Prepared) -> Result<Vec<Change>, String> {
        let Prepared {
            next,
            changes,
            tls,
            output,
            command_logs,
        } = prepared;
        let config = &next.config;
        let current = self.live.now();
        // With smaller buffers there may be more left than the store was laid out for.
        let most = self.started.store_options(0).memory_max;
        let memory = config.store_options(0).memory;
        let memory = most.map_or(memory, |most| memory.min(most));
        self.store
            .set_memory(memory)
            .map_err(|error| error.to_string())?;
        self.store.set_eviction(config.eviction);
        self.connections.set_limit(config.max_connections);
        config.resize_session_buffers(&self.budget);
        // What a client has set by `verbosity` stays unless the file says something new.
        if config.verbosity != current.config.verbosity {
            self.log.set_verbosity(config.verbosity);
        }
        if let Some((current, loaded)) = self.tls.as_ref().zip(tls) {
            current.install(loaded);
        }
        self.log.switch(output);
        self.recording.switch(command_logs);
        self.recording.adapt(&config.hotkeys);
        self.live.replace(next);
        Ok(changes)
    }

    fn tell(&self, changes: &[Change]) {
        for Change {
            key,
            fate,
            from,
            to,
        } in changes
        {
            match fate {
                Fate::Applied => self
                    .log
                    .info(format_args!("{key} is now '{to}', it was '{from}'")),
                Fate::Restart => self.log.warn(format_args!(
                    "{key} stays '{from}': it takes a restart to make it '{to}'"
                )),
                Fate::Unchanged => {}
            }
        }
        self.log
            .info(format_args!("the configuration is read anew"));
    }
}

/// Fails when the process cannot have as many files open as `config` needs.
fn raise_open_files(config: &Config) -> Result<(), String> {
    let wanted = config.open_files();
    let limit = process::raise_open_files(wanted)
        .map_err(|error| format!("cannot raise the limit on open files: {error}"))?;
    if limit < wanted {
        return Err(format!(
            "limits.max_connections: {} need {wanted} open files, and the process may have {limit}",
            config.max_connections
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
