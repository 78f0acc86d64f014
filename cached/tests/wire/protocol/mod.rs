//! What every memcached does. These tests run against the daemon, and against
//! any other server that `CACHED_JUDGE=host:port` names: what they expect was
//! seen from memcached 1.6.18 first. [`rows`] is the table of exchanges.

mod conversation;
mod dump;
pub(crate) mod exchange;
mod expiry;
mod reports;
mod rows;
mod seeds;
mod table;
mod target;
mod uniques;
mod winners;
