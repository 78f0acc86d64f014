//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParser};
use clap::{Args, Parser, Subcommand};

use crate::data::{self, Key, Mode};
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
    #[command(flatten)]
    Item(Item),
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

/// What is asked as one of the server's clients, about one item.
#[derive(Debug, Subcommand)]
pub(crate) enum Item {
    /// Print the value under a key, byte for byte
    Get {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
    },
    /// Store a value under a key
    Set {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// Byte for byte; without it, --file is read
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        value: Option<OsString>,
        /// Store what is in this file; -, what comes from standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        terms: Terms,
    },
    /// Delete the item under a key
    Delete {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
    },
    /// Have the item under a key expire at another time
    Touch {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// From now on, in seconds, or as in 90s, 15m, 2h, 1day; 0: never
        #[arg(value_parser = data::ttl)]
        ttl: u64,
    },
    /// Add to the number under a key, and print it
    Incr {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// How much
        #[arg(default_value_t = 1)]
        by: u64,
    },
    /// Take from the number under a key, 0 being the least, and print it
    Decr {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// How much
        #[arg(default_value_t = 1)]
        by: u64,
    },
    /// Send a meta command, and print what is answered as it is
    Meta {
        /// The words of the command, as in: mg KEY v t
        #[arg(required = true)]
        words: Vec<OsString>,
        /// Where the value of ms is; without it, and with -, standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// On which terms a value is stored.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// When it expires: in so many seconds, or as in 90s, 15m, 2h, 1day; 0: never
    #[arg(long, value_name = "TTL", value_parser = data::ttl, default_value = "0")]
    pub(crate) ttl: u64,
    /// Flags that clients put beside the value
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) flags: u32,
    /// Only in the place of the item with this unique
    #[arg(long, value_name = "UNIQUE", conflicts_with = "mode")]
    pub(crate) cas: Option<u64>,
    /// On which condition, and where
    #[arg(long, value_name = "MODE", value_enum, default_value_t = Mode::Set)]
    pub(crate) mode: Mode,
}

fn key() -> ValueParser {
    ValueParser::new(OsStringValueParser::new().try_map(Key::parse))
}
