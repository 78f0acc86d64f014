//! A reload as it looks to whoever asked for it.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};

/// How a reload ended: well, or with a sentence that says why the files cannot be used.
pub(crate) type Outcome = Result<(), String>;

/// How long an answer is waited for. The files may lie on a disk that is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reload that was asked for. It is done whether or not somebody still waits.
#[derive(Debug)]
pub(crate) struct Reload {
    answer: Receiver<Outcome>,
    until: Instant,
}

impl Reload {
    pub(super) fn new(answer: Receiver<Outcome>) -> Reload {
        Reload {
            answer,
            until: Instant::now() + PATIENCE,
        }
    }

    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.answer.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) if Instant::now() < self.until => None,
            Err(TryRecvError::Empty) => Some(Err("the files are not read in time".to_owned())),
            Err(TryRecvError::Disconnected) => Some(Err(
                "too many ask for a reload, or a stop is under way".to_owned(),
            )),
        }
    }
}
