//! The command line.

mod data;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::ketama::Node;
use crate::reach::Reach;
use crate::top::{self, TopArguments};

pub(crate) use data::{Data, Terms};

/// Asks a running cached through its admin protocol, or as one of its clients.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Each command tells more with --help, and cachectl(1) all.\n\nExamples:\n  cachectl top\n  cachectl stats\n  cachectl get user:17 --server 10.0.0.5"
)]
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
    #[command(after_help = "Examples:\n  cachectl kill 17")]
    Kill {
        /// As in `connections`
        id: u64,
    },
    /// Show a server on the whole screen, and act on it
    #[command(
        after_help = "Examples:\n  cachectl top\n  cachectl top --screen commands --interval 5s\n  cachectl top --once --ascii\n  cachectl top --record /tmp/cached.jsonl\n  cachectl top --replay /tmp/cached.jsonl"
    )]
    Top(TopArguments),
    /// Print a line of figures an interval
    #[command(
        after_help = "Examples:\n  cachectl watch\n  cachectl watch --interval 10s --count 6\n  cachectl watch --json > figures.jsonl"
    )]
    Watch {
        /// How long one is, from 100ms to 1h
        #[arg(long, value_name = "TIME", default_value = "1s", value_parser = top::interval)]
        interval: Duration,
        /// End after so many
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
    /// Look on for a while, and print what more or less memory would do to the hit ratio
    #[command(after_help = "Examples:\n  cachectl sizing\n  cachectl sizing --interval 5m")]
    Sizing {
        /// How long, from 100ms to 1h
        #[arg(long, value_name = "TIME", default_value = "10s", value_parser = top::interval)]
        interval: Duration,
    },
    /// Print the latest lines of the server's log
    #[command(after_help = "Examples:\n  cachectl log\n  cachectl log --follow")]
    Log {
        /// Go on with new lines as they come
        #[arg(long)]
        follow: bool,
    },
    /// Ask every server named by --socket and --admin, all of them at once
    #[command(subcommand)]
    Cluster(Cluster),
    #[command(flatten)]
    Data(Data),
    /// Print what a shell reads to complete the words of cachectl
    #[command(
        after_help = "Examples:\n  cachectl completions bash > ~/.local/share/bash-completion/completions/cachectl\n  cachectl completions zsh > ~/.zfunc/_cachectl\n  cachectl completions fish > ~/.config/fish/completions/cachectl.fish"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// What a server is asked that changes nothing.
#[derive(Debug, Subcommand)]
pub(crate) enum Question {
    /// Say whether the server answers
    #[command(
        after_help = "Examples:\n  cachectl ping\n  cachectl ping --admin 10.0.0.5 --tls --tls-cert me.pem --tls-key me.key"
    )]
    Ping,
    /// Print the version of the server
    #[command(after_help = "Examples:\n  cachectl version")]
    Version,
    /// Print statistics
    #[command(
        after_help = "Examples:\n  cachectl stats\n  cachectl stats segments\n  cachectl --json stats | jq '.rows[] | select(.name == \"curr_items\").value'"
    )]
    Stats {
        /// settings, items, slabs, sizes, conns, cached, segments, ttl, tls, latency, buckets or process; without it, the general ones
        group: Option<String>,
    },
    /// Print the keys that are asked for most
    #[command(after_help = "Examples:\n  cachectl hotkeys\n  cachectl hotkeys bytes")]
    Hotkeys {
        /// ops, by the number of requests, or bytes, of their values
        by: Option<String>,
    },
    /// Print every setting: its value, where that is from, and whether a reload may change it
    #[command(after_help = "Examples:\n  cachectl config\n  cachectl config --json")]
    Config,
    /// Print every connection
    #[command(after_help = "Examples:\n  cachectl connections")]
    Connections,
    /// Print what the segments of the heap hold, and its index
    #[command(after_help = "Examples:\n  cachectl segments")]
    Segments,
    /// Print the segments by the TTLs of their items
    #[command(after_help = "Examples:\n  cachectl ttl")]
    Ttl,
    /// Print how long requests take, by their kind
    #[command(after_help = "Examples:\n  cachectl latency\n  cachectl latency --dist")]
    Latency {
        /// Print how many took how long instead
        #[arg(long)]
        dist: bool,
    },
}

/// What a server is told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Read the configuration again, and print what becomes of each setting
    #[command(after_help = "Examples:\n  cachectl reload\n  cachectl reload --yes")]
    Reload {
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
    /// Make everything void that is stored
    #[command(
        after_help = "Examples:\n  cachectl flush\n  cachectl flush --delay 60 --yes\n  cachectl flush --prefix session:"
    )]
    Flush {
        /// Only in so many seconds, and with it what is stored by then
        #[arg(long, value_name = "SECONDS", conflicts_with = "prefix")]
        delay: Option<u32>,
        /// Only what has a key that begins so; other bytes than printable ASCII, and %, as %XX
        #[arg(long, value_name = "PREFIX")]
        prefix: Option<String>,
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
    /// Stop the server once no request is under way
    #[command(after_help = "Examples:\n  cachectl drain")]
    Drain {
        /// Do not ask first
        #[arg(long)]
        yes: bool,
    },
}

/// A shell that completes words.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What is to be done with several servers.
#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    #[command(flatten)]
    Question(Question),
    #[command(flatten)]
    Order(Order),
    /// Print which node owns a key, as libmemcached and twemproxy tell it; nobody is asked
    #[command(
        after_help = "Examples:\n  cachectl cluster owner user:17 --node cache1:11211 --node cache2:11211:2"
    )]
    Owner {
        /// Keys, as clients write them
        #[arg(required = true)]
        keys: Vec<OsString>,
        /// A node under the name its clients have for it: they digest the name, not where it leads
        #[arg(long, value_name = "HOST[:PORT[:WEIGHT]]", required = true)]
        node: Vec<Node>,
    },
}
