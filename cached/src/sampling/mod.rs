//! Some of the workers' requests are looked at more closely: timed alone, written to the command
//! log or to the slow log, or counted to find hot keys.
//!
//! ```text
//! worker 0  Sampler ==(ring of samples)==>+
//! worker 1  Sampler ==(ring of samples)==>+--> Collector --> command log, slow log, hot keys
//! ```
//!
//! A request that is not chosen costs its worker a decrement. One that is becomes a record of fixed
//! size in the worker's own ring; with the ring full it is dropped and counted. The collector's
//! thread looks into the rings now and then, and formats and writes what it finds: no worker waits
//! for it, or wakes it.

mod collector;
mod command_log;
mod countdown;
mod sample;
mod sampler;

pub(crate) use collector::{Collector, Recording};
pub(crate) use command_log::CommandLogs;
pub(crate) use sample::{Asked, Outcome, Sample};
pub(crate) use sampler::{Chosen, Sampler};

/// Samples that a worker's ring holds.
pub(crate) const RING: usize = 128;

/// Bytes of a worker's ring.
pub(crate) const MEMORY: usize = RING * size_of::<Sample>();
