//! What takes longer than an answer: it goes on while other clients are served.

use std::time::{Duration, Instant};

use net::admin::{Writer, error_line, key_bytes, key_text};

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
    /// This thread deletes what begins with a prefix, part by part.
    Flush {
        prefix: Vec<u8>,
        /// The part that comes next.
        part: usize,
        /// Items that were deleted.
        items: u64,
    },
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

    /// Begins to delete what begins with the key that `text` stands for.
    pub(super) fn flush(text: &str) -> Result<Task, String> {
        let prefix = key_bytes(text);
        let prefix = prefix.ok_or("the prefix has a % without two digits behind it")?;
        let (part, items) = (0, 0);
        Ok(Task::Flush {
            prefix,
            part,
            items,
        })
    }

    /// Whether it is this thread that works on it, and not others.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            Task::Reload(_) | Task::Kill { .. } => false,
            Task::Flush { .. } => true,
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
            Task::Flush {
                prefix,
                part,
                items,
            } => {
                let removed = control.remove(prefix, *part);
                *items += removed.items;
                if let Some(next) = removed.next {
                    *part = next;
                    return None;
                }
                let shown = key_text(prefix);
                let log = &control.stats.log;
                log.info(format_args!("an operator deletes {items} items: {shown}*"));
                let mut document = Writer::new();
                document.row(&gauge("deleted", *items));
                Some(document.finish())
            }
        }
    }
}
