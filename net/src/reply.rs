//! What execution answers, in no protocol's spelling.

/// The answer to one [`Request`](crate::Request), or one row of it; for an item
/// that was found there is [`Sink::value`](crate::Sink::value).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A retrieval found nothing under this key.
    Miss,
    /// The value was stored.
    Stored,
    /// The condition of `add`, `replace`, `append` or `prepend` did not hold.
    NotStored,
    /// The item of a `cas` has changed since.
    Exists,
    /// There is no such item.
    NotFound,
    /// The item was deleted.
    Deleted,
    /// The item has its new exptime.
    Touched,
    /// The new value of a counter.
    Number(u64),
    /// Done.
    Ok,
    /// The statistics were reset.
    Reset,
    /// The version of the server.
    Version(&'a str),
    /// A row of statistics.
    Stat {
        /// What it tells.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// The rows of statistics end.
    End,
    /// The request was refused.
    Error(Error),
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such command, or not with so many words.
    Unknown,
    /// A key, a number or a length that cannot be.
    Format,
    /// `delete` with a time, which was given up long ago.
    DeleteFormat,
    /// The exptime is not a number.
    Exptime,
    /// What to add or subtract is not a number.
    Delta,
    /// The value to add to or subtract from is not a number.
    NotNumeric,
    /// A body that does not end where its length says.
    DataChunk,
    /// A line beyond its bound.
    LineTooLong,
    /// An item beyond its bound.
    TooLarge,
    /// No memory for the item.
    NoMemory,
    /// No memory to receive the request.
    NoBuffer,
    /// What the client did wrong, in words of the executor's.
    Client(&'static str),
}
