//! The caches that are measured, each behind the same few calls.
//!
//! All get the same bytes of memory and the same bytes of keys and values, hash the key in every call, and copy the
//! value out on a hit. The memory is for everything: in the segment stores the index or hash table comes out of it; those
//! that bound the weight of their items count what an item was measured to take, allocations and tables included.
//!
//! Three things differ and cannot be made equal: segcache adds to a number in place, where the others write a new value;
//! it reads a coarse clock in each get, where ours is told the time once a turn; and none of the others takes batches.

pub(crate) mod moka;
pub(crate) mod quick_cache;
pub(crate) mod segcache;
pub(crate) mod storage;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ::segcache::Policy;

use crate::stage::{Make, stage};

/// A cache by its name.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) make: Make,
}

impl Named {
    /// Ours, key by key.
    pub(crate) const SINGLE: Named = Named {
        name: "storage",
        make: |case| stage(case, |size| storage::Storage::new(size, false)),
    };

    /// Ours, told the keys of a turn beforehand.
    pub(crate) const BATCH: Named = Named {
        name: "storage-batch",
        make: |case| stage(case, |size| storage::Storage::new(size, true)),
    };

    /// What is measured unless something else is named.
    pub(crate) const USUAL: [Named; 6] = [
        Named::SINGLE,
        Named::BATCH,
        Named {
            name: "segcache",
            make: |case| stage(case, |size| segcache::made(size, Policy::Random)),
        },
        Named {
            name: "segcache-merge",
            make: |case| stage(case, |size| segcache::made(size, segcache::MERGE)),
        },
        Named {
            name: "quick_cache",
            make: |case| stage(case, quick_cache::QuickCacheClient::new),
        },
        Named {
            name: "moka",
            make: |case| stage(case, moka::MokaClient::new),
        },
    ];

    /// Segcache's other policies, save the one that never evicts: once full, it would take no more.
    const POLICIES: [Named; 5] = [
        Named {
            name: "segcache-random-fifo",
            make: |case| stage(case, |size| segcache::made(size, Policy::RandomFifo)),
        },
        Named {
            name: "segcache-fifo",
            make: |case| stage(case, |size| segcache::made(size, Policy::Fifo)),
        },
        Named {
            name: "segcache-cte",
            make: |case| stage(case, |size| segcache::made(size, Policy::Cte)),
        },
        Named {
            name: "segcache-util",
            make: |case| stage(case, |size| segcache::made(size, Policy::Util)),
        },
        Named {
            name: "segcache-s3fifo",
            make: |case| stage(case, |size| segcache::made(size, segcache::S3_FIFO)),
        },
    ];

    fn all() -> impl Iterator<Item = Named> {
        Named::USUAL.into_iter().chain(Named::POLICIES)
    }
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Named, String> {
        let found = Named::all().find(|one| one.name == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Named::all().map(|one| one.name).collect();
            format!("none of {}", names.join(", "))
        })
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Bytes of a key.
pub(crate) const KEY_LEN: usize = 16;
/// Bytes of a value.
pub(crate) const VALUE_LEN: usize = 64;

pub(crate) type Key = [u8; KEY_LEN];
pub(crate) type Value = [u8; VALUE_LEN];

/// How large a cache is made.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// For everything: items and what finds them.
    pub(crate) bytes: usize,
    /// How many items it is to find, at most.
    pub(crate) items: usize,
    /// How many clients it will have.
    pub(crate) clients: usize,
}

/// A cache that several threads may share.
pub(crate) trait Subject {
    type Client: Client;

    fn client(&self) -> Self::Client;
}

/// One thread's way to a cache.
pub(crate) trait Client: Send + 'static {
    type Turn<'c>: Turn;

    /// Opens what may stay open for 32 calls, and pays what the calls before left to be done. The calls will be for
    /// these keys, in this order: whoever takes batches may make use of it.
    fn turn(&mut self, keys: &[Key]) -> Self::Turn<'_>;
}

/// What came of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// There was nothing under the key, or no room for it.
    Failed,
    /// To be tried again in another turn.
    Again,
}

impl From<bool> for Outcome {
    fn from(done: bool) -> Outcome {
        if done { Outcome::Done } else { Outcome::Failed }
    }
}

pub(crate) trait Turn {
    /// Copies the value of a key out.
    fn get(&mut self, key: &Key, value: &mut Value) -> Outcome;
    fn set(&mut self, key: &Key, value: &Value) -> Outcome;
    /// Stores a number that `incr` can change.
    fn set_number(&mut self, key: &Key, number: u64) -> Outcome;
    /// Adds one, atomically.
    fn incr(&mut self, key: &Key) -> Outcome;
    fn delete(&mut self, key: &Key) -> Outcome;
}

fn copy_out(from: &[u8], to: &mut Value) -> Outcome {
    to[..from.len()].copy_from_slice(from);
    Outcome::Done
}

/// The successor of a number in decimal digits, for caches that know no numbers.
fn successor(digits: &[u8]) -> Option<Arc<[u8]>> {
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let mut buffer = itoa::Buffer::new();
    Some(Arc::from(buffer.format(number.wrapping_add(1)).as_bytes()))
}
