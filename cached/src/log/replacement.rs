//! What one thread is to use instead of what it has, left for it by another.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// At most one `T` that nobody has taken yet. Neither side waits but for the other's move.
pub(crate) struct Replacement<T>(Mutex<Option<T>>);

impl<T> Default for Replacement<T> {
    fn default() -> Replacement<T> {
        Replacement(Mutex::new(None))
    }
}

impl<T> Replacement<T> {
    /// Leaves `next`, instead of what may still be there.
    pub(crate) fn put(&self, next: T) {
        // What it takes the place of is dropped by whoever puts, not under the lock.
        let _replaced = self.lock().replace(next);
    }

    /// Takes what is there.
    pub(crate) fn take(&self) -> Option<T> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Replacement<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replacement").finish_non_exhaustive()
    }
}
