//! Large values that are received straight into their place.

use crate::held::Held;

/// A value of so many bytes is received into its place, if there is one: a
/// shorter one costs less to copy than to keep a place for.
pub(crate) const PLACED_MIN: usize = 16 << 10;

/// A place outside the session for one large value. Dropping it gives it back.
pub trait Upload {
    /// The part of the value that has been received.
    fn received(&self) -> &[u8];

    /// Where the rest is to be received; empty when the value is whole.
    fn room(&mut self) -> &mut [u8];

    /// The first `bytes` bytes of the room have been filled.
    fn fill(&mut self, bytes: usize);
}

/// A storage command whose value is received into a place.
#[derive(Debug)]
pub(crate) struct Begun<U> {
    /// Its line, with the line end.
    pub(crate) line: Box<Held>,
    /// Bytes of the whole request.
    pub(crate) whole: usize,
    pub(crate) upload: U,
}

impl<U: Upload> Begun<U> {
    /// Takes the next part of the value from the front of `bytes`, and says
    /// how much that is.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let room = self.upload.room();
        let taken = room.len().min(bytes.len());
        if let (Some(to), Some(from)) = (room.get_mut(..taken), bytes.get(..taken)) {
            to.copy_from_slice(from);
        }
        self.upload.fill(taken);
        taken
    }
}
