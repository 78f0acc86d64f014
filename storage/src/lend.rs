//! Memory that goes from the heap to the index and back.

use crate::counts::Tally;
use crate::index::{Array, Hash, NoRoom};
use crate::store::{Garbage, Store};

impl Store {
    /// Room for one more key in its partition of the index; false when there is no memory for it.
    pub(crate) fn grow_index(&self, hash: Hash, tally: &Tally) -> bool {
        loop {
            match self.index.grow(hash) {
                Ok(old) => {
                    self.replaced(old, tally);
                    return true;
                }
                Err(NoRoom::Memory(bytes)) if self.allow_index(bytes) => {}
                Err(_) => return false,
            }
        }
    }

    /// Lets the index use so many bytes, for which segments are lent.
    fn allow_index(&self, bytes: u64) -> bool {
        let lent = bytes.saturating_sub(self.index_bytes_min);
        let allow = || self.index.allow(bytes);
        if self.space.cover(&self.pool, lent, allow) {
            return true;
        }
        // What is retired may be all that is missing.
        self.collect();
        self.space.cover(&self.pool, lent, allow)
    }

    fn replaced(&self, old: Option<Array>, tally: &Tally) {
        if let Some(old) = old {
            tally.index_resizes.add(1);
            self.epochs.retire(Garbage::Array(old));
        }
    }

    /// Makes a sparse partition smaller; tells how many buckets were looked at.
    pub(crate) fn shrink_index(&self, partition: usize, tally: &Tally) -> usize {
        let (outcome, buckets) = self.index.shrink(partition);
        self.replaced(outcome.unwrap_or(None), tally);
        buckets
    }

    /// Makes sparse partitions smaller, from the one behind `partition` on, until so many buckets were looked at.
    pub(crate) fn shrink_sparse(&self, partition: &mut usize, buckets: usize, tally: &Tally) {
        let partitions = self.index.partition_count();
        let mut seen = 0;
        for _ in 0..partitions {
            *partition = (*partition + 1) % partitions;
            seen += self.shrink_index(*partition, tally);
            if seen >= buckets {
                break;
            }
        }
    }

    /// Closes holes between the arrays, some at a time, and takes back the segments that the index does not need.
    pub(crate) fn tidy_index(&self, tally: &Tally, moves: usize) {
        for _ in 0..moves {
            let Ok(Some(old)) = self.index.compact() else {
                break;
            };
            self.replaced(Some(old), tally);
        }
        self.index.trim();
        let lent = || self.index.bytes().saturating_sub(self.index_bytes_min);
        self.space.uncover(&self.pool, lent);
    }
}
