//! The control plane: reports, and the admin protocol that carries them to `cachectl`.

mod channel;
mod config;
#[cfg(test)]
mod fixture;
mod listen;
mod protocol;
mod server;
mod stat_latency;
mod stat_settings;
mod stat_ttl;
mod stats;

pub(crate) use listen::bind;
pub(crate) use server::Admin;
pub(crate) use stats::{NoSuchGroup, Stats};
