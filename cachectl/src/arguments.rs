//! The command line.

use clap::{Parser, Subcommand};

use crate::reach::Reach;

/// Asks a running cached through its admin protocol, or as one of its clients.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reach: Reach,

    /// Print for scripts: an object of JSON a line, see cachectl(1)
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say whether the server answers
    Ping,
    /// Print the version of the server
    Version,
    /// Print statistics
    Stats {
        /// settings, items, slabs, sizes, conns, cached, segments, ttl, tls, latency or process; without it, the general ones
        group: Option<String>,
    },
    /// Print the keys that are asked for most
    Hotkeys {
        /// ops, by the number of requests, or bytes, of their values
        by: Option<String>,
    },
    /// Print every setting: its value, where that is from, and whether a reload may change it
    Config,
    /// Read the configuration again, and print what becomes of each setting
    Reload,
    /// Print every connection
    Connections,
    /// End a connection
    Kill {
        /// As in `connections`
        id: u64,
    },
    /// Make everything void that is stored
    Flush {
        /// Only in so many seconds, and with it what is stored by then
        #[arg(long, value_name = "SECONDS", conflicts_with = "prefix")]
        delay: Option<u32>,
        /// Only what has a key that begins so; other bytes than printable ASCII, and %, as %XX
        #[arg(long, value_name = "PREFIX")]
        prefix: Option<String>,
    },
    /// Stop the server once no request is under way
    Drain,
}
