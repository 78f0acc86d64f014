//! The changes of a key, each atomic under its lock.
//!
//! A new item is written to the writer's own tail first and published last, by one compare-and-swap of the slot; the
//! old item's bytes stay as they were.

mod change;
mod operations;
mod receive;
mod room;
mod terms;

pub(crate) use change::{Publish, Step, Task};
pub use receive::Pending;
pub use room::Writer;
pub use terms::{
    Arithmetic, Claim, Condition, Counter, Deleted, Invalidation, Joining, Side, Stored, Terms,
    Trace,
};
