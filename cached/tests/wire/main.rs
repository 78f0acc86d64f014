//! The wire suite: everything here starts the real daemon on a free loopback
//! port and speaks to it over sockets, so it would survive a rewrite of the
//! server. [`protocol`] holds what every memcached does, and asks memcached
//! itself; the other modules each rule out one way of failing.

mod client;
mod descriptors;
mod full_cache;
mod hotkeys;
mod isolation;
mod lifecycle;
mod limits;
mod logs;
mod operations;
mod operators;
mod protocol;
mod reload;
mod secure;
mod server;
mod slow_clients;
mod standard_error;
mod tls;
mod ttl;
mod values;
