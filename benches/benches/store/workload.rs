//! What is asked of a cache: which calls, for which keys, by how many threads.

use std::fmt;
use std::str::FromStr;

use benches::popularity::{Popularity, Ranks};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::subjects::{KEY_LEN, Key, Size, VALUE_LEN};

/// Bytes of memory for each key, on all sides: so much that the least frugal of them keeps them all.
pub(crate) const BYTES_A_KEY: usize = 512;
/// The least memory of a cache.
const BYTES_MIN: usize = 16 << 20;
/// Keys drawn beforehand, and asked for again and again: many more than fit a processor's caches.
const DRAWN: u32 = 1 << 20;
/// Numbers of keys that are never stored.
const ABSENT: u64 = 100_000_000_000;
/// Numbers of keys that are new, for each client.
const NEW: u64 = 1_000_000_000;

/// The calls that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    GetHit,
    GetMiss,
    /// Into a full cache: for each new key an old one goes.
    SetNew,
    SetOverwrite,
    /// Nine gets and a set.
    Mixed,
    Incr,
    Delete,
}

impl Call {
    pub(crate) const ALL: [Call; 7] = [
        Call::GetHit,
        Call::GetMiss,
        Call::SetNew,
        Call::SetOverwrite,
        Call::Mixed,
        Call::Incr,
        Call::Delete,
    ];

    /// The laws by which it is worth choosing its keys.
    pub(crate) fn popularities(self) -> &'static [Popularity] {
        match self {
            Call::GetHit | Call::SetOverwrite | Call::Mixed | Call::Incr => {
                &[Popularity::Zipf(0.99), Popularity::Uniform]
            }
            Call::GetMiss | Call::SetNew | Call::Delete => &[Popularity::Uniform],
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Call::GetHit => "get-hit",
            Call::GetMiss => "get-miss",
            Call::SetNew => "set-new",
            Call::SetOverwrite => "set-overwrite",
            Call::Mixed => "mixed-90-10",
            Call::Incr => "incr",
            Call::Delete => "delete",
        })
    }
}

impl FromStr for Call {
    type Err = String;

    fn from_str(text: &str) -> Result<Call, String> {
        let found = Call::ALL.into_iter().find(|call| call.to_string() == text);
        found.ok_or_else(|| format!("`{text}` is none of the calls"))
    }
}

/// What several threads have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Common {
    /// One cache, and all ask for the same keys.
    Keys,
    /// One cache, in which each has keys of its own.
    Cache,
    /// Each has a cache of its own.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) call: Call,
    pub(crate) popularity: Popularity,
    /// That a thread asks for.
    pub(crate) keys: u32,
    pub(crate) threads: usize,
    pub(crate) common: Common,
    pub(crate) bytes_a_key: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case {
            call,
            popularity,
            keys,
            threads,
            ..
        } = self;
        write!(f, "{call}/{popularity}/{keys}-keys/{threads}-threads")
    }
}

impl Case {
    /// How many caches there are.
    pub(crate) fn caches(&self) -> usize {
        match self.common {
            Common::Keys | Common::Cache => 1,
            Common::Nothing => self.threads,
        }
    }

    /// The numbers of the keys that a thread asks for begin with this.
    fn first_key(&self, thread: usize) -> u64 {
        match self.common {
            Common::Keys => 0,
            Common::Cache | Common::Nothing => thread as u64 * u64::from(self.keys),
        }
    }

    /// The keys that a thread stores to begin with.
    pub(crate) fn filled(&self, thread: usize) -> Vec<Key> {
        let first = self.first_key(thread);
        (first..first + u64::from(self.keys)).map(key).collect()
    }

    /// How large each cache is.
    pub(crate) fn size(&self) -> Size {
        let sets_of_keys = match self.common {
            Common::Keys | Common::Nothing => 1,
            Common::Cache => self.threads,
        };
        let keys = self.keys as usize * sets_of_keys;
        let bytes = (keys * self.bytes_a_key).max(BYTES_MIN);
        let items = match self.call {
            Call::SetNew => bytes / (KEY_LEN + VALUE_LEN),
            _ => keys,
        };
        Size {
            bytes,
            items,
            clients: self.threads,
        }
    }

    /// Calls that a thread makes before anything is measured, so that what it writes has been through the memory.
    pub(crate) fn warming(&self) -> u64 {
        let writes = self.size().bytes / (KEY_LEN + VALUE_LEN);
        match self.call {
            Call::GetHit | Call::GetMiss | Call::Delete => u64::from(self.keys.min(DRAWN)),
            Call::SetNew | Call::SetOverwrite | Call::Mixed | Call::Incr => writes as u64,
        }
    }
}

/// The keys that a thread asks for, in their order.
pub(crate) struct Asked {
    drawn: Vec<Key>,
    at: usize,
    next_new: u64,
    is_new: bool,
}

impl Asked {
    pub(crate) fn of(case: &Case, thread: usize) -> Asked {
        let mut random = SmallRng::seed_from_u64(thread as u64);
        let ranks = Ranks::new(case.popularity, case.keys, 7);
        let first = match case.call {
            Call::GetMiss => ABSENT,
            _ => case.first_key(thread),
        };
        let mut draw = |at: u32| match case.call {
            // Each once, or the second would find nothing.
            Call::Delete => at,
            _ => ranks.draw(&mut random),
        };
        let count = match case.call {
            Call::Delete => case.keys.min(DRAWN),
            _ => DRAWN,
        };
        Asked {
            drawn: (0..count)
                .map(|at| key(first + u64::from(draw(at))))
                .collect(),
            at: 0,
            next_new: ABSENT + (thread as u64 + 1) * NEW,
            is_new: case.call == Call::SetNew,
        }
    }

    /// The next keys, some of those that are still to be asked for.
    pub(crate) fn next(&mut self, most: usize) -> &[Key] {
        if self.at == self.drawn.len() {
            self.at = 0;
        }
        let from = self.at;
        self.at = self.drawn.len().min(from + most);
        let keys = &mut self.drawn[from..self.at];
        if self.is_new {
            for place in keys.iter_mut() {
                *place = key(self.next_new);
                self.next_new += 1;
            }
        }
        keys
    }
}

/// The key of a number below 10^12.
fn key(mut number: u64) -> Key {
    let mut key = *b"key:000000000000";
    for digit in key.iter_mut().rev() {
        if number == 0 {
            break;
        }
        *digit += (number % 10) as u8;
        number /= 10;
    }
    key
}
