//! What is asked as a client of the server: memcached's text protocol.

mod change;
mod client;
mod get;
mod key;
mod meta;
mod metadump;
mod set;

pub(crate) use change::{DELETE, TOUCH, change, count};
pub(crate) use client::Client;
pub(crate) use get::get;
pub(crate) use key::{Key, ttl};
pub(crate) use meta::{Line, meta};
pub(crate) use metadump::{Entry, Next, metadump};
pub(crate) use set::{Mode, set};
