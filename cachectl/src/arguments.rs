//! The command line.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::ketama::Node;
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
    #[command(flatten)]
    Question(Question),
    #[command(flatten)]
    Order(Order),
    /// End a connection
    Kill {
        /// As in `connections`
        id: u64,
    },
    /// Ask every server named by --socket and --admin, all of them at once
    #[command(subcommand)]
    Cluster(Cluster),
}

/// What a server is asked that changes nothing.
#[derive(Debug, Subcommand)]
pub(crate) enum Question {
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
    /// Print every connection
    Connections,
}

/// What a server is told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Read the configuration again, and print what becomes of each setting
    Reload,
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

/// What is to be done with several servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    #[command(flatten)]
    Question(Question),
    /// Print which node owns a key, as libmemcached and twemproxy tell it; nobody is asked
    Owner {
        /// Keys, as clients write them
        #[arg(required = true)]
        keys: Vec<OsString>,
        /// A node under the name its clients have for it: they digest the name, not where it leads
        #[arg(long, value_name = "HOST[:PORT[:WEIGHT]]", required = true)]
        node: Vec<Node>,
    },
}
