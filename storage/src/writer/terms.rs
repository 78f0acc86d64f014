//! What is asked of a change beside key and value, and what is answered.

use crate::Seconds;

/// When a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// set
    Always,
    /// add
    Absent,
    /// replace
    Present,
    /// cas: the value is still the one of this unique
    Unique(u64),
    /// The value is the one of this unique or a later one. Over a later one the new value is stale from the start, and
    /// has that one's deadline and winner.
    Since(u64),
}

/// What is wanted of a store, beside the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When it is stored.
    pub condition: Condition,
    /// The unique that it gets, instead of one of the store's.
    pub unique: Option<u64>,
    /// Somebody will be told its unique, which then stays the same while the value does.
    pub observe: bool,
    /// Somebody is told to renew it.
    pub won: bool,
    /// With this it is asked for, too.
    pub trace: Trace,
    /// The key came in base64, which is remembered as long as the item is changed and not replaced.
    pub encoded: bool,
}

impl From<Condition> for Terms {
    fn from(condition: Condition) -> Terms {
        Terms {
            condition,
            unique: None,
            observe: false,
            won: false,
            trace: Trace::None,
            encoded: false,
        }
    }
}

/// What became of a value that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is the key's value now.
    Stored {
        /// Its unique; unless it was to be observed nobody else knows it, and a move may change it.
        unique: u64,
        /// Bytes of the whole value.
        length: usize,
    },
    /// The condition of add, replace, append or prepend did not hold.
    NotStored,
    /// The value has another unique.
    Exists,
    /// The key of a cas has no value.
    NotFound,
    /// It would be larger than the largest item.
    TooLarge,
}

/// Where a value is joined to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Behind it.
    Append,
    /// Before it.
    Prepend,
}

/// What is wanted of an append or prepend, beside the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Joining {
    /// The unique that the old value must have.
    pub compare: Option<u64>,
    /// As [`Terms::unique`].
    pub unique: Option<u64>,
    /// As [`Terms::observe`].
    pub observe: bool,
    /// Flags and deadline of the item that it makes if there is none.
    pub vivify: Option<(u32, Seconds)>,
    /// As [`Terms::encoded`], of that item.
    pub encoded: bool,
}

/// How a counter changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arithmetic {
    /// By how much.
    pub delta: u64,
    /// incr, which wraps at 2^64; else decr, which stops at 0.
    pub increment: bool,
    /// The unique that the counter must have.
    pub compare: Option<u64>,
    /// As [`Terms::unique`].
    pub unique: Option<u64>,
    /// As [`Terms::observe`].
    pub observe: bool,
    /// A new deadline, if there is one.
    pub deadline: Option<Seconds>,
    /// Number and deadline of the counter that it makes if there is none.
    pub vivify: Option<(u64, Seconds)>,
    /// As [`Terms::encoded`], of that counter.
    pub encoded: bool,
}

impl Arithmetic {
    /// incr or decr by so much.
    pub fn by(delta: u64, increment: bool) -> Arithmetic {
        Arithmetic {
            delta,
            increment,
            ..Arithmetic::default()
        }
    }
}

/// What became of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// It has changed, or was made.
    Value {
        /// Its new number.
        number: u64,
        /// As that of [`Stored::Stored`].
        unique: u64,
        /// When it would have expired before; 0: never.
        deadline_was: Seconds,
        /// There was none.
        created: bool,
    },
    /// The key has no value.
    NotFound,
    /// The value is not a decimal number of 64 bits.
    NotNumber,
    /// It has another unique.
    Exists,
}

/// What became of an item that was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, or what it was to become.
    Deleted,
    /// The key has no value.
    NotFound,
    /// It has another unique.
    Exists,
}

/// What is to be left of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Invalidation {
    /// The unique that it must have.
    pub compare: Option<u64>,
    /// As [`Terms::unique`].
    pub unique: Option<u64>,
    /// A new deadline.
    pub deadline: Option<Seconds>,
    /// It is out of date from now on, and nobody was told to renew it.
    pub stale: bool,
    /// It loses its value, and gets these flags.
    pub emptied: Option<u32>,
}

/// What stays of it that an item was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Nothing: nobody will know.
    None,
    /// That it was.
    Fetched,
    /// When it was last, from now on.
    Tracked,
}

/// What came of the attempt to be the one who renews an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller is.
    Won,
    /// Somebody else is.
    Lost,
    /// The item is not there any more, or elsewhere: look again.
    Gone,
}
