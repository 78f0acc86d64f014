//! Why a measurement could not be made.

/// A sentence for the person who asked for the measurement.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for makes no sense; another command line is needed.
    #[error("{0}")]
    Usage(String),
    /// It was begun and could not be ended.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// The program's exit status: 2 for usage, 1 for what failed at run time.
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}
