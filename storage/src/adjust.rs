//! What may change while the store serves: its policy, and its memory.

use crate::Eviction;
use crate::options::OptionsError;
use crate::store::Store;
use crate::sync::Ordering;

impl Store {
    /// The policy in force.
    pub fn eviction(&self) -> Eviction {
        self.space.eviction()
    }

    /// Puts another policy in force, while everything goes on. A segment whose eviction has begun is still evicted.
    pub fn set_eviction(&self, eviction: Eviction) {
        self.space.set_eviction(eviction);
        self.wake_maintenance();
    }

    /// Puts another amount of memory in force, in bytes: at most `memory_max` of the options.
    /// Items and index come down to it as the policy in force makes room for it, in the course of maintenance. Under
    /// eviction `none` what is stored stays, nothing is stored any more that would take more memory, and
    /// [`excess_bytes`](crate::Stats::excess_bytes) tells how far it is.
    ///
    /// # Errors
    /// [`OptionsError::Unfit`]: so much cannot be; nothing was changed.
    pub fn set_memory(&self, bytes: u64) -> Result<(), OptionsError> {
        let limits = self.options.limits(&self.space.geometry, bytes)?;
        self.memory.store(bytes, Ordering::Relaxed);
        self.space.set_limits(limits);
        self.wake_maintenance();
        Ok(())
    }
}
