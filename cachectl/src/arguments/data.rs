//! The commands of a client.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser, ValueParser};
use clap::{Args, Subcommand};
use net::admin::key_bytes;

use crate::data::{self, Key, Mode};

/// What is asked as one of the server's clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Print the value under a key, byte for byte
    #[command(
        after_help = "Examples:\n  cachectl get user:17\n  cachectl get user:17 --json\n  cachectl get page --server 10.0.0.5:11212 --tls --tls-ca ca.pem > page.html"
    )]
    Get {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
    },
    /// Store a value under a key
    #[command(
        after_help = "Examples:\n  cachectl set user:17 hello --ttl 15m\n  cachectl set page --file page.html --flags 2\n  date | cachectl set now --file -"
    )]
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
    #[command(after_help = "Examples:\n  cachectl delete user:17")]
    Delete {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
    },
    /// Have the item under a key expire at another time
    #[command(after_help = "Examples:\n  cachectl touch user:17 2h")]
    Touch {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// From now on, in seconds, or as in 90s, 15m, 2h, 1day; 0: never
        #[arg(value_parser = data::ttl)]
        ttl: u64,
    },
    /// Add to the number under a key, and print it
    #[command(after_help = "Examples:\n  cachectl incr visits\n  cachectl incr visits 10")]
    Incr {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// How much
        #[arg(default_value_t = 1)]
        by: u64,
    },
    /// Take from the number under a key, 0 being the least, and print it
    #[command(after_help = "Examples:\n  cachectl decr stock 3")]
    Decr {
        /// Byte for byte
        #[arg(value_parser = key())]
        key: Key,
        /// How much
        #[arg(default_value_t = 1)]
        by: u64,
    },
    /// Send a meta command, and print what is answered as it is
    #[command(
        after_help = "Examples:\n  cachectl meta mg user:17 v t f c\n  echo -n hello | cachectl meta ms user:17 5 T60\n  cachectl meta mg dXNlcjoxNw== b v"
    )]
    Meta {
        /// The words of the command, as in: mg KEY v t
        #[arg(required = true)]
        words: Vec<OsString>,
        /// Where the value of ms is; without it, and with -, standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print every item: its size, what is left of its TTL, how long nobody has asked for it, its key
    #[command(
        after_help = "Examples:\n  cachectl dump --limit 100\n  cachectl dump --prefix session: --json > sessions.json"
    )]
    Dump {
        /// Only what has a key that begins so; other bytes than printable ASCII, and %, as %XX
        #[arg(long, value_name = "PREFIX", value_parser = Prefix::parse, default_value = "")]
        prefix: Prefix,
        /// No more items than these
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
    },
    /// Print the largest items, and how many there are of which size
    #[command(
        after_help = "Examples:\n  cachectl bigkeys\n  cachectl bigkeys --count 3 --prefix session:"
    )]
    Bigkeys {
        /// Only of what has a key that begins so; other bytes than printable ASCII, and %, as %XX
        #[arg(long, value_name = "PREFIX", value_parser = Prefix::parse, default_value = "")]
        prefix: Prefix,
        /// How many of the largest
        #[arg(long, value_name = "N", default_value_t = 20)]
        count: usize,
    },
}

/// What keys begin with.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(pub(crate) Vec<u8>);

impl Prefix {
    fn parse(text: &str) -> Result<Prefix, &'static str> {
        let bytes = key_bytes(text).ok_or("a % is followed by two hexadecimal digits")?;
        Ok(Prefix(bytes))
    }
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
