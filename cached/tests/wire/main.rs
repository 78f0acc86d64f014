//! The wire suite: everything here starts the real daemon on a free loopback
//! port and speaks to it over sockets, so it would survive a rewrite of the
//! server. [`rows`] is the table of exchanges, checked against memcached
//! itself when `CACHED_JUDGE=host:port` names one; the other modules each rule
//! out one way of failing.

mod client;
mod descriptors;
mod exchange;
mod expiry;
mod full_cache;
mod isolation;
mod lifecycle;
mod limits;
mod rows;
mod server;
mod slow_clients;
mod standard_error;
mod table;
mod values;
