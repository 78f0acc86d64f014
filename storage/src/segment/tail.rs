//! An open segment, and what is asked of the one that an item goes to.

use super::class::Kind;
use super::seal::Seal;
use crate::Seconds;

/// Who asks for a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Drain,
}

/// What an allocation needs to know, beside its size.
#[derive(Clone, Copy)]
pub(crate) struct Placement {
    pub(crate) now: Seconds,
    /// When the item expires; 0: never.
    pub(crate) deadline: Seconds,
    /// The flush number the item is written under.
    pub(crate) born: u64,
    pub(crate) purpose: Purpose,
    /// A window may be emptied for a span.
    pub(crate) evict: bool,
    /// Under s3fifo: the item has proven itself.
    pub(crate) main: bool,
}

/// An open segment, as the one who may write to it knows it; or a span, for one item.
pub(crate) struct Tail {
    pub(crate) segment: u32,
    /// Bytes of the segment, or of all of the span's.
    pub(super) capacity: usize,
    pub(super) born: u64,
    pub(super) main: bool,
    /// When the last item was added.
    pub(super) written: Seconds,
    pub(super) seal: Seal,
}

impl Tail {
    pub(super) fn is_of(&self, kind: Kind, main: bool) -> bool {
        self.seal.kind == kind && self.main == main
    }

    pub(super) fn is_span(&self) -> bool {
        self.seal.kind == Kind::SPAN
    }
}
