//! What follows the memory in force, which may change while the store serves.

use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Worked out from the options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Segments beyond the memory in force, whose pages are to be the system's.
    pub(crate) withheld: u32,
    /// Free segments that maintenance keeps ready.
    pub(crate) reserve: u32,
    /// Open tails a writer may hold.
    pub(crate) tails: u32,
    /// Bytes of segments that items being received may hold.
    pub(crate) held_max: u64,
}

/// The limits that hold now. They are not read together: each holds on its own.
#[derive(Default)]
pub(crate) struct InForce {
    withheld: AtomicU32,
    reserve: AtomicU32,
    tails: AtomicU32,
    held_max: AtomicU64,
}

impl InForce {
    pub(super) fn new(limits: Limits) -> InForce {
        let in_force = InForce::default();
        in_force.set(limits);
        in_force
    }

    pub(super) fn set(&self, limits: Limits) {
        self.withheld.store(limits.withheld, Ordering::Relaxed);
        self.reserve.store(limits.reserve, Ordering::Relaxed);
        self.tails.store(limits.tails, Ordering::Relaxed);
        self.held_max.store(limits.held_max, Ordering::Relaxed);
    }

    pub(super) fn withheld(&self) -> u32 {
        self.withheld.load(Ordering::Relaxed)
    }

    pub(crate) fn reserve(&self) -> u32 {
        self.reserve.load(Ordering::Relaxed)
    }

    pub(super) fn tails(&self) -> u32 {
        self.tails.load(Ordering::Relaxed)
    }

    pub(super) fn held_max(&self) -> u64 {
        self.held_max.load(Ordering::Relaxed)
    }
}
