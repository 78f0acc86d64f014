//! Settings of what is logged.

use std::path::PathBuf;

use crate::log::Format;

/// Which logs there are, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logs {
    /// Where the log goes; `None`: standard error.
    pub(crate) file: Option<PathBuf>,
    /// How the lines of each log are written.
    pub(crate) format: Format,
}

impl Default for Logs {
    fn default() -> Logs {
        Logs {
            file: None,
            format: Format::Text,
        }
    }
}
