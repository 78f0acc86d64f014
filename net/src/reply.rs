//! What execution answers, in no protocol's spelling.

/// The answer to one [`Request`](crate::Request), or one row of it; for an item
/// that was found there is [`Sink::item`](crate::Sink::item).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// A retrieval found nothing under this key.
    Miss,
    /// The value was stored.
    Stored {
        /// The item's cas unique, if it was to be told.
        unique: u64,
        /// Bytes of its whole value.
        length: usize,
    },
    /// There is an item, or none, against the condition.
    NotStored,
    /// The item has another unique than it must have.
    Exists,
    /// There is no such item.
    NotFound,
    /// The item was deleted, or invalidated.
    Deleted,
    /// The item has its new exptime.
    Touched,
    /// A counter changed.
    Number(Number),
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
    /// It was tried, and failed for this reason.
    Failed(&'a str),
    /// The request was refused.
    Error(Error),
}

/// An item that was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Item<'v> {
    /// Its value.
    pub value: &'v [u8],
    /// The client's own word about the value.
    pub flags: u32,
    /// Its cas unique, if that was asked for.
    pub unique: Option<u64>,
    /// When it expires.
    pub ttl: Ttl,
    /// It was asked for before.
    pub was_fetched: bool,
    /// Seconds since it was last asked for, if that was asked for.
    pub idle: u32,
    /// Its value is stale.
    pub is_stale: bool,
    /// Who was told to renew it.
    pub renewal: Renewal,
    /// Its key came in base64 when it was made: it is shown so.
    pub is_encoded: bool,
    /// Bytes it takes in the store.
    pub size: usize,
}

/// An item of a dump. Times are in Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key.
    pub key: &'a [u8],
    /// When it expires; `None`: it does not.
    pub expires: Option<i64>,
    /// When it was last asked for.
    pub accessed: i64,
    /// Its cas unique.
    pub unique: u64,
    /// It was asked for.
    pub was_fetched: bool,
    /// Bytes it takes in the store.
    pub size: usize,
}

/// Seconds until an item expires; `None`: it does not.
pub type Left = Option<u32>;

/// When an item expires: a reply may tell it between the parts of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ttl {
    /// When the request came. Of an item it made: `None`.
    pub before: Left,
    /// With its new exptime, if it gets one; else as before.
    pub touched: Left,
    /// With the exptime that it was made with, if it was made.
    pub made: Option<Left>,
}

/// Who was told to renew an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renewal {
    /// Nobody.
    #[default]
    Nobody,
    /// This client, now.
    You,
    /// Somebody, before.
    Other,
}

/// A counter after its change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// Its value.
    pub value: u64,
    /// Its cas unique, if that was to be told.
    pub unique: u64,
    /// When it expires.
    pub ttl: Ttl,
    /// There was none before.
    pub is_new: bool,
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
    /// What the client did wrong, in these words.
    Client(&'static str),
    /// What memcached says in these words, and no others.
    Plain(&'static str),
}
