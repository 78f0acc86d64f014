//! The control plane: reports, the admin protocol that carries them to `cachectl`, and HTTP for
//! scrapers and health checks.

mod channel;
mod client;
mod clients;
mod config;
mod control;
#[cfg(test)]
mod fixture;
mod http;
mod listen;
mod protocol;
mod server;
mod stat_connections;
mod stat_hotkeys;
mod stat_latency;
mod stat_log;
mod stat_settings;
mod stat_ttl;
mod stats;
mod task;

pub(crate) use control::Control;
pub(crate) use listen::bind;
pub(crate) use server::{Admin, Protocol};
pub(crate) use stats::{NoSuchGroup, Stats};
