//! Keys that were evicted lately: whoever stores one of them again wanted it longer than it was kept.
//!
//! A ghost is four bytes in a table of fixed size, at the one place that its key's hash tells: a later ghost of the
//! same place takes it over. So ghosts fade at random, the older the surer, and a strange key passes for a ghost once in
//! 2^22 looks.
//!
//! ```text
//! ghost   u32  mark 22, never 0 | when it was evicted 10
//! ```
//!
//! Time is told in bytes: how many have been evicted. An item that comes back before `n` more were would still be there
//! in a store of `n` bytes more.

use crate::sync::{Apart, AtomicU32, AtomicU64, Ordering};

/// The table takes this part of the store's memory: a ghost for each 256 bytes.
const MEMORY_PART: u64 = 64;

/// Time goes on by one whenever this part of the memory was evicted. After 32 times the memory it begins anew, and what
/// is left from before seems younger than it is.
pub(crate) const STEPS: u32 = 32;
const WHEN_BITS: u32 = 10;

/// The table.
pub(crate) struct Ghosts {
    places: Box<[AtomicU32]>,
    /// Bytes of the memory that the store was made with.
    memory: u64,
    /// Bytes evicted.
    evicted: Apart<AtomicU64>,
}

impl Ghosts {
    /// Bytes that the table takes of so much memory.
    pub(crate) fn bytes(memory: u64) -> u64 {
        memory / MEMORY_PART
    }

    pub(crate) fn new(memory: u64) -> Ghosts {
        let places = (Ghosts::bytes(memory) / size_of::<AtomicU32>() as u64).max(1);
        Ghosts {
            places: (0..places).map(|_| AtomicU32::new(0)).collect(),
            memory,
            evicted: Apart(AtomicU64::new(0)),
        }
    }

    /// What [`STEPS`] are the parts of.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// So many more bytes were evicted; told once a segment.
    pub(crate) fn pass(&self, bytes: u64) {
        self.evicted.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Remembers the key of a hash.
    pub(crate) fn add(&self, hash: u64) {
        let (place, mark) = self.place(hash);
        place.store(mark << WHEN_BITS | self.now(), Ordering::Relaxed);
    }

    /// Whether the key of a hash is remembered.
    pub(crate) fn has(&self, hash: u64) -> bool {
        let (place, mark) = self.place(hash);
        place.load(Ordering::Relaxed) >> WHEN_BITS == mark
    }

    /// Forgets the key of a hash, which is stored again. Returns how many steps after its eviction; `None`: it is not
    /// remembered any more.
    pub(crate) fn take(&self, hash: u64) -> Option<u32> {
        let (place, mark) = self.place(hash);
        let ghost = place.load(Ordering::Relaxed);
        if ghost >> WHEN_BITS != mark {
            return None;
        }
        place.store(0, Ordering::Relaxed);
        Some(self.now().wrapping_sub(ghost) & mask(WHEN_BITS))
    }

    fn now(&self) -> u32 {
        let evicted = self.evicted.0.load(Ordering::Relaxed);
        let step = (self.memory / u64::from(STEPS)).max(1);
        (evicted / step) as u32 & mask(WHEN_BITS)
    }

    fn place(&self, hash: u64) -> (&AtomicU32, u32) {
        let at = ((hash >> 32) * self.places.len() as u64) >> 32;
        (&self.places[at as usize], (hash as u32 >> WHEN_BITS).max(1))
    }
}

fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ghost_would_stay_for_ever_or_be_met_by_a_stranger() {
        let ghosts = Ghosts::new(64 << 10);
        ghosts.add(0x0123_4567_89ab_cdef);
        assert_eq!(ghosts.take(0x0123_4567_89ab_8def), None);
        assert!(!ghosts.has(0x0123_4567_89ab_8def));
        assert!(ghosts.has(0x0123_4567_89ab_cdef));
        assert_eq!(ghosts.take(0x0123_4567_89ab_cdef), Some(0));
        assert!(!ghosts.has(0x0123_4567_89ab_cdef));
        assert!(!ghosts.has(0), "an empty place");
    }

    #[test]
    fn an_item_would_seem_to_come_back_sooner_or_later_than_it_does() {
        let ghosts = Ghosts::new(64 << 10);
        // Beyond where time begins anew, too.
        for _ in 0..40 {
            ghosts.add(1 << 20);
            ghosts.pass(48 << 10);
            assert_eq!(ghosts.take(1 << 20), Some(24));
            assert_eq!(ghosts.take(1 << 20), None);
        }
    }
}
