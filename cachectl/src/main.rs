//! The operator's tool for `cached`.

#![forbid(unsafe_code)]

mod client;
mod connection;
mod place;
#[allow(dead_code, reason = "the commands that read it come next")]
mod report;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use net::admin::{Document, Request};
use net::tls::{Client, ClientOptions};

use client::Failure;
use connection::Tls;
use place::Place;

/// How long a server may take to accept, and as long again to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take over what others than its admin thread do: it waits 10 seconds for them, and
/// then says so.
const PATIENCE_OTHERS: Duration = Duration::from_secs(15);

/// How long it may take over what it does to every item.
const PATIENCE_LONG: Duration = Duration::from_secs(60 * 60);

/// Asks a running cached through its admin protocol.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Unix socket of the server; without it, the places under FILES in cachectl(1)
    #[arg(long, value_name = "PATH", conflicts_with = "admin")]
    socket: Option<PathBuf>,

    /// Admin address of the server, its port 9999 unless given
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = place::address)]
    admin: Option<std::net::SocketAddr>,

    /// Speak TLS to that address, and only with a server whose certificate is good
    #[arg(long, requires = "admin")]
    tls: bool,

    /// Who may sign the server's certificate, in PEM; whom the system trusts unless given
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls",
        conflicts_with = "tls_insecure"
    )]
    tls_ca: Option<PathBuf>,

    /// Certificate to show to the server, in PEM with its chain
    #[arg(long, value_name = "FILE", requires = "tls", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// Its key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Name that the server's certificate must have; its address unless given
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_server_name: Option<String>,

    /// Take any server for the right one
    #[arg(long, requires = "tls")]
    tls_insecure: bool,

    /// Print the server's document as it is
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
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

impl Command {
    /// The verb, and the words behind it.
    fn request(&self) -> (&'static str, Vec<String>) {
        match self {
            Command::Ping => ("ping", vec![]),
            Command::Version => ("version", vec![]),
            Command::Stats { group } => ("stats", group.iter().cloned().collect()),
            Command::Hotkeys { by } => ("hotkeys", by.iter().cloned().collect()),
            Command::Config => ("config", vec![]),
            Command::Reload => ("reload", vec![]),
            Command::Connections => ("connections", vec![]),
            Command::Kill { id } => ("kill", vec![id.to_string()]),
            Command::Flush { delay, prefix } => {
                let delay = delay.map(|seconds| vec!["delay".to_owned(), seconds.to_string()]);
                let prefix = prefix
                    .clone()
                    .map(|prefix| vec!["prefix".to_owned(), prefix]);
                ("flush", delay.or(prefix).unwrap_or_default())
            }
            Command::Drain => ("drain", vec![]),
        }
    }

    /// How long the server may take to answer.
    fn patience(&self) -> Duration {
        match self {
            // It goes through all items.
            Command::Flush {
                prefix: Some(_), ..
            } => PATIENCE_LONG,
            // Files are read, or a worker is waited for.
            Command::Reload | Command::Kill { .. } => PATIENCE_OTHERS,
            _ => PATIENCE,
        }
    }
}

impl Arguments {
    /// How TLS is spoken, if it is. Fails with a sentence about a file.
    fn tls(&self) -> Result<Option<Tls>, String> {
        if !self.tls {
            return Ok(None);
        }
        let options = ClientOptions {
            authorities: self.tls_ca.clone(),
            certificate: self.tls_cert.clone().zip(self.tls_key.clone()),
            insecure: self.tls_insecure,
            ..ClientOptions::default()
        };
        Ok(Some(Tls {
            client: Client::new(&options)?,
            server_name: self.tls_server_name.clone(),
        }))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // With standard error closed or full, the status says it alone.
            let _ = writeln!(io::stderr(), "cachectl: {failure}");
            ExitCode::from(failure.status())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let places = match (&arguments.socket, arguments.admin) {
        (Some(path), _) => vec![Place::Unix(path.clone())],
        (None, Some(address)) => vec![Place::Tcp(address)],
        (None, None) => place::defaults(),
    };
    let tls = arguments.tls().map_err(Failure::Unusable)?;
    let (verb, mut words) = arguments.command.request();
    loop {
        let request = Request {
            verb,
            arguments: words.iter().map(String::as_str).collect(),
        };
        let patience = arguments.command.patience();
        let (place, line) = client::ask(&places, tls.as_ref(), &request, patience)?;
        let document = Document::parse(&line).map_err(|_| Failure::Foreign(place.clone()))?;
        let mut rows = match document {
            Document::Rows(rows) => rows,
            Document::Error(why) => {
                if arguments.json {
                    print(&String::from_utf8_lossy(&line));
                }
                return Err(Failure::Refused(why.into_owned()));
            }
        };
        // A document has a bound; the rest comes in others.
        let next = rows.pop_if(|row| verb == "connections" && row.name == "next");
        print(&match arguments.command {
            _ if arguments.json => String::from_utf8_lossy(&line).into_owned(),
            Command::Ping => format!("{place} answers\n"),
            Command::Version => text::values(&rows),
            _ => text::table(&rows),
        });
        match next {
            Some(next) => words = vec![next.value.to_string()],
            None => return Ok(()),
        }
    }
}

/// A reader that has seen enough, as `head` does, is no failure.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    const PAGE: &str = include_str!("../../man/cachectl.1");

    fn value_name(option: &clap::Arg) -> &str {
        let names = option.get_value_names().unwrap_or_default();
        names.first().map_or("", |name| name.as_str())
    }

    #[test]
    fn the_page_lists_exactly_the_options_and_commands() {
        let command = Arguments::command();
        let mut options: Vec<_> = command
            .get_arguments()
            .filter_map(|option| {
                let takes_value = option.get_action().takes_values();
                let value = takes_value.then(|| format!(" Ar {}", value_name(option)));
                let long = option.get_long()?;
                Some(format!("-{long}{}", value.unwrap_or_default()))
            })
            .collect();
        options.extend(["h , Fl -help", "V , Fl -version"].map(str::to_owned));
        let verbs: Vec<_> = command
            .get_subcommands()
            .map(|verb| {
                let words = verb.get_arguments().map(|argument| {
                    let name = argument.get_id().as_str().to_uppercase();
                    match argument.get_long() {
                        Some(long) => format!(" Op Fl -{long} Ar {}", value_name(argument)),
                        None if argument.is_required_set() => format!(" Ar {name}"),
                        None => format!(" Op Ar {name}"),
                    }
                });
                verb.get_name().to_owned() + &words.collect::<String>()
            })
            .collect();

        let listed = |mark: &str| -> Vec<&str> {
            PAGE.lines()
                .filter_map(|line| line.strip_prefix(mark))
                .collect()
        };
        assert_eq!(listed(".It Fl "), options);
        assert_eq!(listed(".It Ic "), verbs);
    }

    #[test]
    fn the_two_ways_to_name_a_server_exclude_each_other() {
        let words = [
            "cachectl",
            "--socket",
            "/s",
            "--admin",
            "127.0.0.1:1",
            "ping",
        ];
        assert!(Arguments::try_parse_from(words).is_err());
        assert!(Arguments::try_parse_from(["cachectl"]).is_err());
    }
}
