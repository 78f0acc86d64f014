//! Keys that were evicted lately: whoever stores one of them again wanted it longer than it was kept.
//!
//! A ghost is four bytes in a table of fixed size, at the one place that its key's hash tells: a later ghost of the
//! same place takes it over. So ghosts fade at random, the older the surer, and a strange key passes for a ghost once in
//! 2^32 looks.

use crate::sync::{AtomicU32, Ordering};

/// The table takes this part of the store's memory: a ghost for each 256 bytes.
const MEMORY_PART: u64 = 64;

/// The table.
pub(crate) struct Ghosts(Box<[AtomicU32]>);

impl Ghosts {
    /// Bytes that the table takes of so much memory.
    pub(crate) fn bytes(memory: u64) -> u64 {
        memory / MEMORY_PART
    }

    pub(crate) fn new(memory: u64) -> Ghosts {
        let places = (Ghosts::bytes(memory) / size_of::<AtomicU32>() as u64).max(1);
        Ghosts((0..places).map(|_| AtomicU32::new(0)).collect())
    }

    /// Remembers the key of a hash.
    pub(crate) fn add(&self, hash: u64) {
        let (place, mark) = self.place(hash);
        place.store(mark, Ordering::Relaxed);
    }

    /// Whether the key of a hash is remembered.
    pub(crate) fn has(&self, hash: u64) -> bool {
        let (place, mark) = self.place(hash);
        place.load(Ordering::Relaxed) == mark
    }

    /// Forgets the key of a hash: it is stored again.
    pub(crate) fn forget(&self, hash: u64) {
        if self.has(hash) {
            self.place(hash).0.store(0, Ordering::Relaxed);
        }
    }

    fn place(&self, hash: u64) -> (&AtomicU32, u32) {
        let at = ((hash >> 32) * self.0.len() as u64) >> 32;
        (&self.0[at as usize], (hash as u32).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ghost_would_stay_for_ever_or_be_met_by_a_stranger() {
        let ghosts = Ghosts::new(64 << 10);
        ghosts.add(0x0123_4567_89ab_cdef);
        ghosts.forget(0x0123_4567_89ab_cdee);
        assert!(!ghosts.has(0x0123_4567_89ab_cdee));
        assert!(ghosts.has(0x0123_4567_89ab_cdef));
        ghosts.forget(0x0123_4567_89ab_cdef);
        assert!(!ghosts.has(0x0123_4567_89ab_cdef));
        assert!(!ghosts.has(0), "an empty place");
    }
}
