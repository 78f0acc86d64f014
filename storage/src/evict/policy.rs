//! What the free list asks a policy.

/// Which of the sealed segments stand first.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sealed {
    /// Of those of the oldest flush, the one that was sealed first.
    pub(crate) oldest: Option<u32>,
    /// The one whose last item expires first; those with an item that never does left out.
    pub(crate) soonest: Option<u32>,
}

/// Chooses victims. All calls come under the mutex of the free list, once a segment.
pub(crate) trait Policy: Send {
    /// A segment, or a span of `count`, was sealed.
    fn enter(&mut self, _segment: u32, _count: u32, _main: bool) {}

    /// So many bytes of a sealed segment are alive: told when it has entered, and when they have become fewer.
    fn shrink(&mut self, _segment: u32, _live: u32) {}

    /// It is being drained, for whatever reason.
    fn leave(&mut self, _segment: u32) {}

    /// The next victim, one of those that have entered and not left.
    fn victim(&mut self, sealed: &Sealed) -> Option<u32>;
}

/// A policy that remembers nothing.
impl<F: Send + FnMut(&Sealed) -> Option<u32>> Policy for F {
    fn victim(&mut self, sealed: &Sealed) -> Option<u32> {
        self(sealed)
    }
}
