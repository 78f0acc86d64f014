//! What takes longer than an answer: it goes on while other clients are served.

use std::time::{Duration, Instant};

use net::admin::{Writer, error_line};

use super::control::Control;
use super::protocol;
use super::stats::gauge;
use crate::orders::Awaited;
use crate::settings::Change;

/// How long a worker may take to end a connection. It looks four times a second.
const KILL: Duration = Duration::from_secs(5);

/// Something whose end a client waits for.
pub(super) enum Task {
    /// The main thread reads the configuration again.
    Reload(Awaited<Vec<Change>>),
    /// A worker ends a connection.
    Kill { id: u64, until: Instant },
}

impl Task {
    /// Asks for the end of connection `id`. Fails with a sentence if there is none.
    pub(super) fn kill(id: u64, control: &Control) -> Result<Task, String> {
        let connections = &control.stats.connections;
        if !connections.is_open(id) {
            return Err(format!("there is no connection {id}"));
        }
        connections.kill(id);
        let until = Instant::now() + KILL;
        Ok(Task::Kill { id, until })
    }

    /// Whether it is this thread that works on it, and not others.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            Task::Reload(_) | Task::Kill { .. } => false,
        }
    }

    /// Goes on with it. Returns the answer once it is known.
    pub(super) fn step(&mut self, control: &mut Control, now: Instant) -> Option<Vec<u8>> {
        match self {
            Task::Reload(reload) => reload.outcome().map(protocol::reloaded),
            Task::Kill { id, .. } if !control.stats.connections.is_open(*id) => {
                let mut document = Writer::new();
                document.row(&gauge("killed", *id));
                Some(document.finish())
            }
            Task::Kill { id, until } => {
                let late = format!("connection {id} is told to end, and has not yet");
                (now >= *until).then(|| error_line(&late))
            }
        }
    }
}
