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
//! - The [`Maintainer`] expires, evicts, and sizes the index, in small slices.
//!
//! The store has no clock: a guard is told the time, in [`Seconds`].
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

mod census;
mod counter;
mod drain;
mod epoch;
mod evict;
mod flush;
mod guard;
mod index;
mod item;
mod maintain;
mod options;
mod pool;
mod prefetch;
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
pub use evict::Eviction;
pub use guard::{Guard, Participant};
pub use maintain::Maintainer;
pub use options::{Options, OptionsError};
pub use stats::Stats;
pub use store::{Item, Store};
pub use writer::{Condition, Counter, Pending, Side, Stored, Writer};

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
