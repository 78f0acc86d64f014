//! What a session asks of whoever executes its requests.

use crate::request::{Header, Request};
use crate::sink::{Dump, Sink};
use crate::upload::Upload;

/// Who executes requests. The values it finds stay as they are for `'v`, which
/// is until the replies are sent.
pub trait Execute<'v> {
    /// What it receives a large value into.
    type Upload: Upload;

    /// Would an item with lengths like these be stored?
    fn fits(&self, key_len: usize, value_len: usize) -> bool;

    /// The operations on these keys come next, in this order, unless the
    /// session has to stop. A hint, which may be wrong: nothing follows from it
    /// but that they may be found faster.
    fn expect(&mut self, _keys: &[&[u8]]) {}

    /// Executes one operation and hands its reply to `sink`: one, but for
    /// [`Request::Stats`] any number. What [`Sink::item`] returns is to be
    /// returned in turn.
    fn execute(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 'v>) -> Flow;

    /// Tells `dump` some of all items, in slices of some 50 us: those from
    /// `from` on, which is 0 at first. Returns where it goes on. `None`: there
    /// are no more. An item that stays is told once.
    fn dump(&mut self, from: u64, dump: &mut Dump<'_>) -> Option<u64>;

    /// A place for a large value that is still to come, and is to be
    /// [put](crate::Way::Put). `None`: the session is to receive it and offer
    /// it whole, as a [`Request::Store`].
    fn begin(&mut self, header: &Header<'_>) -> Option<Self::Upload>;

    /// Executes the request of an upload that is whole; `header` is what it
    /// began with. It comes back where [`Execute::execute`] would have returned
    /// [`Flow::Wait`].
    fn complete(
        &mut self,
        upload: Self::Upload,
        header: &Header<'_>,
        sink: &mut Sink<'_, 'v>,
    ) -> Result<(), Self::Upload>;
}

/// Whether an operation was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It was, or it was refused for good.
    Done,
    /// Not now, and nothing was replied: the session stops here, and offers
    /// the same operation again when it is resumed.
    Wait,
}
