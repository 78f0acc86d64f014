//! Segments on their way out: why, and how far they have come.

/// An evicted segment keeps seven eighths of its bytes at most.
const KEPT_PART_MAX: (u64, u64) = (7, 8);

/// Why a segment is drained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// It lies where a span is wanted.
    Window,
    /// Its items have expired.
    Expired,
    /// Its items were stored before a flush.
    Flushed,
    /// Its items were all overwritten or deleted.
    Dead,
    /// Much of it has expired or died; the other items move.
    Compacted,
    /// The policy gives it up.
    Evicted,
}

impl Reason {
    /// Live items may go with the segment.
    pub(crate) fn evicts(self) -> bool {
        matches!(self, Reason::Evicted | Reason::Window)
    }
}

/// A segment that is drained, and how far the walk has come.
pub(crate) struct Drain {
    pub(crate) segment: u32,
    pub(crate) reason: Reason,
    /// Bytes from the segment's start.
    pub(crate) cursor: u32,
    /// Bytes that were moved although they might have been dropped.
    pub(crate) kept: u32,
}

impl Drain {
    pub(crate) fn new(segment: u32, reason: Reason) -> Drain {
        Drain {
            segment,
            reason,
            cursor: 0,
            kept: 0,
        }
    }

    /// Whether an evicted segment of `len` bytes may keep another item of `size`: each drain has to yield space (Law 7).
    pub(crate) fn may_keep(&self, size: u32, len: u32) -> bool {
        u64::from(self.kept + size) * KEPT_PART_MAX.1 <= u64::from(len) * KEPT_PART_MAX.0
    }
}
