//! Segments in the order of a key.

use std::collections::BTreeSet;

/// Each segment has a key or none; the key's default stands for none.
pub(crate) struct Order<K> {
    keys: Box<[K]>,
    sorted: BTreeSet<(K, u32)>,
}

impl<K: Copy + Default + Ord> Order<K> {
    /// None of the segments has a key.
    pub(crate) fn new(segments: u32) -> Order<K> {
        Order {
            keys: vec![K::default(); segments as usize].into(),
            sorted: BTreeSet::new(),
        }
    }

    /// Returns the key that it had.
    pub(crate) fn set(&mut self, segment: u32, key: K) -> K {
        let before = std::mem::replace(&mut self.keys[segment as usize], key);
        self.sorted.remove(&(before, segment));
        if key != K::default() {
            self.sorted.insert((key, segment));
        }
        before
    }

    /// The least key, and whose it is.
    pub(crate) fn first(&self) -> Option<(K, u32)> {
        self.sorted.first().copied()
    }

    /// The greatest.
    pub(crate) fn last(&self) -> Option<(K, u32)> {
        self.sorted.last().copied()
    }
}
