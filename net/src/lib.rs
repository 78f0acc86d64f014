//! From a socket to a parsed request and back. Knows nothing of storage.
//!
//! A [`Session`] turns bytes into bytes: what a client sent, in pieces cut
//! anywhere, into [`Request`]s for whoever [`Execute`]s them, and each
//! [`Reply`] into the client's protocol. It does no I/O and has no clock, so
//! that the worker, a test or a simulator can drive it alike:
//!
//! ```text
//!           Session::intake           Session::run, Session::resume
//!  socket -----------------> bytes ------------------------------------> output bytes
//!            Arena or own                |  Request      ^  Reply
//!            buffer, Budget              v               |  Sink
//!                                     Execute::execute
//! ```
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

pub mod admin;
mod arena;
mod budget;
mod dialogue;
mod edge;
mod execute;
mod held;
mod limits;
mod memcache;
mod outlet;
mod output;
mod percent;
mod progress;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod reply;
mod request;
mod session;
mod sink;
pub mod socket;
pub mod tls;
pub mod transport;
mod upload;

pub use arena::{Arena, Piece};
pub use budget::{Budget, Charge};
pub use edge::Edge;
pub use execute::{Execute, Flow};
pub use limits::{LINE_MAX, Limits};
pub use output::{Mark, Output, Replies};
pub use progress::{Close, Next, Progress};
pub use reply::{Entry, Error, Item, Left, Number, Renewal, Reply, Ttl};
pub use request::{
    Arith, Birth, Condition, Get, Header, Invalidate, KEY_MAX, Renew, Request, Side, Unique,
    Vivify, Way, Words,
};
pub use session::{Intake, Session, first_key};
pub use sink::{Dump, Sink};
pub use upload::Upload;
