//! One drain for every reason: walk a segment's items in order, drop or move each under its key's lock.

/// Items a slice looks at (Law 7: about 50 us).
pub(crate) const SLICE_ITEMS: usize = 64;

/// Why a segment is drained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// Its items have expired, or enough of them; the others move.
    Expired,
    /// Its items were stored before a flush.
    Flushed,
    /// Its items were all overwritten or deleted.
    Dead,
    /// The policy, or a span, needs the space.
    Evicted,
}

/// A segment on its way out, and how far the walk has come.
pub(crate) struct Drain {
    pub(crate) segment: u32,
    pub(crate) reason: Reason,
    /// Bytes from the segment's start.
    pub(crate) cursor: u32,
}

impl Drain {
    pub(crate) fn new(segment: u32, reason: Reason) -> Drain {
        Drain {
            segment,
            reason,
            cursor: 0,
        }
    }
}
