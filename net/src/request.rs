//! What a client asks for, in no protocol's spelling.

use memchr::memchr;

/// Longest key, in bytes.
pub const KEY_MAX: usize = 250;

/// One operation, borrowed from the receive buffer.
///
/// A retrieval of many keys arrives as one [`Request::Get`] per key, so that
/// execution can pause between keys. Exptimes are memcached's raw numbers: 0
/// is never, negative is already expired, up to 30 days is relative and more
/// is seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// One key of `get`, `gets`, `gat` or `gats`.
    Get {
        /// The key.
        key: &'a [u8],
        /// The reply carries the cas unique.
        unique: bool,
        /// A new exptime for the item (`gat`, `gats`).
        touch: Option<i64>,
    },
    /// `set`, `add`, `replace` or `cas`.
    Store {
        /// The key.
        key: &'a [u8],
        /// The value, whole.
        value: &'a [u8],
        /// The client's own word about the value, returned with it.
        flags: u32,
        /// When the item expires.
        exptime: i64,
        /// What must hold for the value to be stored.
        condition: Condition,
    },
    /// `append` or `prepend`: flags and exptime of the item stay.
    Concat {
        /// The key.
        key: &'a [u8],
        /// The bytes to add, whole.
        value: &'a [u8],
        /// Where they go.
        side: Side,
    },
    /// A storage command whose item [`Execute::fits`](crate::Execute::fits)
    /// refused; its body is skipped unread.
    TooLarge {
        /// The key.
        key: &'a [u8],
        /// A plain `set`: the old value must go, for it is stale.
        overwrites: bool,
    },
    /// `delete`.
    Delete {
        /// The key.
        key: &'a [u8],
    },
    /// `incr` or `decr`.
    Arith {
        /// The key.
        key: &'a [u8],
        /// By how much.
        delta: u64,
        /// `incr`, else `decr`.
        increment: bool,
    },
    /// `touch`.
    Touch {
        /// The key.
        key: &'a [u8],
        /// The item's new exptime.
        exptime: i64,
    },
    /// `flush_all`.
    FlushAll {
        /// When, as an exptime; 0 or less is now.
        delay: i64,
    },
    /// `verbosity`.
    Verbosity {
        /// The level asked for, however high.
        level: u32,
    },
    /// `version`.
    Version,
    /// `stats`.
    Stats {
        /// The words behind the verb: a group and its arguments, or none.
        words: Words<'a>,
    },
}

/// A [`Request::Store`] whose value is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Bytes of the value.
    pub length: usize,
    /// The client's own word about the value.
    pub flags: u32,
    /// When the item expires.
    pub exptime: i64,
    /// What must hold for the value to be stored.
    pub condition: Condition,
}

/// What must hold for a value to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `set`
    Always,
    /// `add`: there is no such item.
    Absent,
    /// `replace`: there is one.
    Present,
    /// `cas`: there is one and it still has this unique.
    Unique(u64),
}

/// The end of a value that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Behind the last byte.
    Append,
    /// Before the first byte.
    Prepend,
}

/// The words of a line: runs of bytes that are not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    /// The words of `text`, which has no line end in it.
    pub fn new(text: &'a [u8]) -> Self {
        Words { rest: text }
    }

    /// What follows the words taken so far.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|&byte| byte != b' ')?;
        let (_, text) = self.rest.split_at(start);
        let end = memchr(b' ', text);
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        Some(word)
    }
}
