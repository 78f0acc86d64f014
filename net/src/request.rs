//! What a client asks for, in no protocol's spelling.

use memchr::memchr;

/// Longest key, in bytes.
pub const KEY_MAX: usize = 250;

/// One operation, borrowed from the receive buffer: what any of the protocols
/// can ask for. Those that can ask for less leave the rest at its default.
///
/// A retrieval of many keys arrives as one [`Request::Get`] per key, so that
/// execution can pause between keys. Exptimes are memcached's raw numbers: 0
/// is never, negative is already expired, up to 30 days is relative and more
/// is seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Nothing but a reply in its turn.
    Noop,
    /// One key of a retrieval.
    Get(Get<'a>),
    /// A storage command with its value, whole.
    Store {
        /// What was said of the value before it came.
        header: Header<'a>,
        /// The value.
        value: &'a [u8],
    },
    /// A storage command whose item [`Execute::fits`](crate::Execute::fits)
    /// refused; its body is skipped unread.
    TooLarge {
        /// The key.
        key: &'a [u8],
        /// As [`Header::supersedes`].
        supersedes: bool,
    },
    /// The item goes.
    Delete {
        /// The key.
        key: &'a [u8],
        /// The unique it must have.
        compare: Option<u64>,
    },
    /// The item stays, but is no longer what it was.
    Invalidate(Invalidate<'a>),
    /// A counter goes up or down.
    Arith(Arith<'a>),
    /// The item expires at another time.
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
    /// `refresh_certs`: the files that TLS is made of have changed.
    RefreshCerts,
    /// `stats`.
    Stats {
        /// The words behind the verb: a group and its arguments, or none.
        words: Words<'a>,
    },
}

/// Which item is wanted, and what else is to happen to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Get<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The reply tells the cas unique.
    pub unique: bool,
    /// The reply tells when the item was last asked for.
    pub last_access: bool,
    /// This does not count as asking for it.
    pub peeks: bool,
    /// Its new exptime.
    pub touch: Option<i64>,
    /// The client may be told to renew the item.
    pub renew: Option<Renew>,
    /// If there is none: make an empty one that expires so, and tell the
    /// client to renew it.
    pub vivify: Option<Vivify>,
}

/// A client that may be told to renew an item: when it is stale, or soon
/// expires. Of those that ask while it is, one is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renew {
    /// The item soon expires if it does so before this exptime.
    pub below: Option<i64>,
    /// What counts is when it expires after [`Get::touch`], not before.
    pub touched: bool,
}

/// When an item expires that is made because there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// The exptime it is made with.
    pub exptime: i64,
    /// The request's new exptime comes behind this one, and stays.
    pub touched: bool,
}

/// An item made because there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vivify {
    /// When it expires.
    pub birth: Birth,
    /// The unique it gets instead of one that the executor chooses.
    pub unique: Option<u64>,
    /// As [`Header::encoded`].
    pub encoded: bool,
}

/// What a storage command says of its value before that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Bytes of the value.
    pub length: usize,
    /// The client's own word about the value, returned with it.
    pub flags: u32,
    /// When the item expires.
    pub exptime: i64,
    /// What becomes of the item there is.
    pub way: Way,
    /// The item's cas unique.
    pub unique: Unique,
    /// The key came in base64; an item made with it remembers that.
    pub encoded: bool,
    /// If there is no room for the value, the item there is goes all the same:
    /// the client takes it for overwritten.
    pub supersedes: bool,
}

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the item's value, if the condition holds.
    Put(Condition),
    /// Joined to the value there is, whose flags and exptime stay.
    Join {
        /// To which end.
        side: Side,
        /// The unique that the item must have.
        compare: Option<u64>,
        /// If there is no item, the value becomes one.
        vivify: bool,
    },
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
    /// There is one, and it has this unique or a later one. Over a later one
    /// the value is stored as stale: deadline and renewal stay the item's.
    Since(u64),
}

/// The end of a value that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Behind the last byte.
    Append,
    /// Before the first byte.
    Prepend,
}

/// The cas unique of a changed item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unique {
    /// This one, instead of one that the executor chooses.
    pub given: Option<u64>,
    /// The reply tells it.
    pub told: bool,
}

/// What is to be left of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalidate<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The unique it must have.
    pub compare: Option<u64>,
    /// The unique it gets instead of one that the executor chooses.
    pub unique: Option<u64>,
    /// It is stale from now on: who gets it first is to renew it.
    pub stale: bool,
    /// Its value goes, and its flags become these.
    pub emptied: Option<u32>,
    /// Its new exptime.
    pub exptime: Option<i64>,
}

/// How a counter changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arith<'a> {
    /// The key.
    pub key: &'a [u8],
    /// By how much.
    pub delta: u64,
    /// Up, else down.
    pub increment: bool,
    /// The unique it must have.
    pub compare: Option<u64>,
    /// The cas unique it gets.
    pub unique: Unique,
    /// Its new exptime, if there is one.
    pub touch: Option<i64>,
    /// If there is none: it begins with this number and expires so.
    pub vivify: Option<(u64, Birth)>,
    /// As [`Header::encoded`].
    pub encoded: bool,
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
