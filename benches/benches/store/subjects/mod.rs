//! The caches that are measured, each behind the same few calls.
//!
//! All get the same bytes of memory and the same bytes of keys and values, hash the key in every call, and copy the
//! value out on a hit. The memory is for everything: in the segment stores the index or hash table comes out of it; those
//! that bound the weight of their items count what an item was measured to take, allocations and tables included.
//!
//! Two things differ and cannot be made equal: segcache adds to a number in place, where the others write a new value;
//! and it reads a coarse clock in each get, where ours is told the time once a turn.

pub(crate) mod moka;
pub(crate) mod quick_cache;
pub(crate) mod segcache;
pub(crate) mod storage;

use std::sync::Arc;

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
pub(crate) trait Subject: Sized + 'static {
    type Client: Client;

    fn new(size: Size) -> Self;

    fn client(&self) -> Self::Client;
}

/// One thread's way to a cache.
pub(crate) trait Client: Send + 'static {
    type Turn<'c>: Turn;

    /// Opens what may stay open for 32 calls, and pays what the calls before left to be done.
    fn turn(&mut self) -> Self::Turn<'_>;
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
