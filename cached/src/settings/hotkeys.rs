//! Settings of hot keys.

use std::time::Duration;

/// Which requests they are found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hotkeys {
    /// One request in so many; 0: none.
    pub(crate) sample: u32,
    /// Those of the time that is so long.
    pub(crate) window: Duration,
}

impl Default for Hotkeys {
    fn default() -> Hotkeys {
        Hotkeys {
            sample: 100,
            window: Duration::from_secs(60),
        }
    }
}
