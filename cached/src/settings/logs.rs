//! Settings of what is logged.

use std::path::PathBuf;
use std::time::Duration;

use crate::log::Format;

/// Which logs there are, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logs {
    /// Where the log goes; `None`: standard error.
    pub(crate) file: Option<PathBuf>,
    /// How the lines of each log are written.
    pub(crate) format: Format,
    /// Where the command log goes; `None`: there is none.
    pub(crate) commands: Option<PathBuf>,
    /// It has one request in so many.
    pub(crate) command_sample: u32,
    /// Where the slow log goes; `None`: there is none.
    pub(crate) slow: Option<PathBuf>,
    /// It has the requests that take so long.
    pub(crate) slow_threshold: Duration,
}

impl Default for Logs {
    fn default() -> Logs {
        Logs {
            file: None,
            format: Format::Text,
            commands: None,
            command_sample: 100,
            slow: None,
            slow_threshold: Duration::from_millis(10),
        }
    }
}
