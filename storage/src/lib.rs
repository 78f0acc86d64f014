//! A concurrent key-value heap that knows nothing of sockets.
//!
//! Items live in segments, grouped by when they expire, and leave the heap segment by segment: expired ones eagerly,
//! others when space is short (after Segcache: Yang, Yue, Vinayak, NSDI'21). An index in DRAM names each item's place.
//!
//! ```text
//!   key --hash--> index: partition, bucket, slot --location--> heap: segment, item
//! ```
//!
//! - [`Store`] is shared by all threads; its reads take no lock.
//! - A [`Participant`] opens a [`Guard`] for a bounded turn. Items found under it borrow the heap itself; their memory is
//!   not reused before the guard is dropped.
//! - A [`Writer`] owns the open segments that one worker writes to. Every change of a key is atomic.
//! - A [`Remover`] deletes by what keys are like, part by part.
//! - The [`Maintainer`] expires, evicts, and sizes the index, in small slices.
//!
//! The store has no clock: a guard is told the time, in [`Seconds`].
//!
//! The way of a get, from file to file, and that of a set:
//!
//! ```text
//! read.rs Store::get
//!   store.rs  Store::locate   hash the key, look it up, see that the item is neither expired nor flushed
//!   index/    Index::find     mod.rs: the partition's array; array.rs: two buckets; bucket.rs, slot.rs: eight words each
//!   item.rs   Stored::read    the item's bytes, as they lie in the heap
//!
//! writer/operations.rs Writer::store   what becomes of the key: a plan
//!   writer/change.rs  Writer::change   make room, write the item there, publish it under the key's lock
//!   writer/room.rs    Writer::reserve  room, and what the writer owes for it
//!   segment/tails.rs  Tails::reserve   a place at the writer's open segment; space.rs: a new segment
//!   index/            Index::lock      mod.rs: Locked, which alone changes slots; resize.rs: a larger array
//!   segment/tails.rs  Tails::commit    the room is taken
//! ```
//!
//! What makes room: `segment/victim.rs` says which segment is next, `drain.rs` empties it, and `epoch.rs` says when its
//! memory may be used again.
//!
//! ```
//! use storage::{Condition, Options, Store, Stored};
//!
//! let store = Store::new(&Options::default())?;
//! let mut participant = store.join().ok_or("all participants have joined")?;
//! let mut writer = store.writer().ok_or("all writers are taken")?;
//!
//! let guard = participant.enter(2);
//! let stored = writer.store(&guard, b"key", b"value", 0, 0, Condition::Always);
//! assert!(matches!(stored, Ok(Stored::Stored { .. })));
//! let item = store.get(&guard, b"key").ok_or("missing")?;
//! assert_eq!(item.value(), b"value");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(
    clippy::inline_always,
    reason = "on the way of a get and of a set: with a call for each room a set took 1.4 times as long"
)]

mod adjust;
mod census;
mod counter;
mod counts;
mod drain;
mod epoch;
mod evict;
mod flush;
mod guard;
mod index;
mod item;
mod lend;
mod maintain;
mod options;
mod order;
mod pool;
mod prefetch;
mod read;
mod remove;
mod segment;
mod stats;
mod store;
mod sync;
mod writer;

// The tests' own modules name the crate as its users do.
#[cfg(all(test, shuttle))]
extern crate self as storage;
#[cfg(all(test, shuttle))]
#[path = "../tests/history/mod.rs"]
mod history;
#[cfg(all(test, shuttle))]
mod schedules;

pub use census::{Census, Holding, TtlGroup};
pub use counts::Counts;
pub use evict::Eviction;
pub use guard::{Guard, Participant};
pub use maintain::Maintainer;
pub use options::{Options, OptionsError};
pub use pool::HugePages;
pub use read::Item;
pub use remove::{Removed, Remover};
pub use stats::Stats;
pub use store::Store;
pub use writer::{
    Arithmetic, Claim, Condition, Counter, Deleted, Invalidation, Joining, Pending, Side, Stored,
    Terms, Trace, Writer,
};

/// Seconds on the caller's clock: it never goes back and never reads 0. As a deadline, 0 means never.
pub type Seconds = u32;

/// No segment could be had for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSpace {
    /// Space is being made. Close the guard, let [`Writer::reclaim`] run under a fresh one, and try again.
    Retry,
    /// Nothing may be evicted, and nothing has expired or died: waiting will not help.
    Full,
}
