//! From a configuration to a running server, and back.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use net::socket::{Endpoint, Listener};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use storage::Store;

use crate::admin::{self, Admin};
use crate::clock::Clock;
use crate::log::{self, Log};
use crate::process::{self, User};
use crate::settings::Config;
use crate::threads::{Parts, Threads};

/// Descriptors beside the connections': standard streams, polls, wakers, listening sockets, the
/// admin's clients.
const OTHER_FILES: usize = 64;

/// An address that is listened on, and what is spoken there.
type Address = (String, &'static str);

/// Why the server cannot start or go on: a sentence for the operator.
#[derive(Debug)]
pub(crate) enum Error {
    /// What it was told cannot work.
    Configuration(String),
    /// The system refused something.
    System(String),
}

impl Error {
    /// The exit status it ends the process with.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Error::Configuration(_) => 2,
            Error::System(_) => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Configuration(sentence) | Error::System(sentence) => f.write_str(sentence),
        }
    }
}

/// Serves until a signal says stop. `notes` are lines for the log.
pub(crate) fn serve(config: Config, notes: &[String]) -> Result<(), Error> {
    let clock = Clock::start();
    let (log, drain) = log::start(config.verbosity);
    for note in notes {
        log.warn(format_args!("{note}"));
    }
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])
        .map_err(|error| Error::System(format!("cannot handle signals: {error}")))?;

    // All that root may be needed for, and then no more root.
    let sockets = listen(&config)?;
    let admin = admin::bind(&config, &log)
        .map_err(|error| Error::System(format!("cannot listen for cachectl: {error}")))?;
    let mut addresses = addresses(&sockets)?;
    for address in admin.iter().flat_map(Admin::addresses) {
        addresses.push((address, "admin"));
    }
    raise_open_files(&config, &log)?;
    drop_privileges(&config, &addresses, &log)?;

    let seed = RandomState::new().hash_one(std::process::id());
    let store = Store::new(&config.store_options(seed))
        .map_err(|error| Error::Configuration(error.to_string()))?;
    let threads = Threads::start(Parts {
        config: Arc::new(config),
        sockets,
        admin,
        store,
        clock,
        log: log.clone(),
        drain,
    })
    .map_err(|error| Error::System(format!("cannot start the threads: {error}")))?;

    for (address, protocol) in addresses {
        eprintln!("cached: listening on {address} ({protocol})");
    }
    wait_for_stop(signals, &log);
    threads
        .stop()
        .map_err(|stuck| Error::System(format!("{stuck} did not stop in time")))
}

/// Opens the sockets that clients connect to.
fn listen(config: &Config) -> Result<Vec<Listener>, Error> {
    let mut sockets = Vec::new();
    for host in &config.listen {
        let mut missing = None;
        let before = sockets.len();
        for address in host
            .resolve(config.port)
            .map_err(|error| cannot_listen(host, &error))?
        {
            match Listener::tcp(address, config.backlog) {
                Ok(socket) => sockets.push(socket),
                Err(error) if is_missing(&error) => missing = Some((address, error)),
                Err(error) => return Err(cannot_listen(&address, &error)),
            }
        }
        // A name may stand for more addresses than this machine has.
        if let Some((address, error)) = missing
            && sockets.len() == before
        {
            return Err(cannot_listen(&address, &error));
        }
    }
    if let Some(path) = &config.unix_socket {
        let socket = Listener::unix(path, config.unix_mode, config.backlog)
            .map_err(|error| cannot_listen(&path.display(), &error))?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn cannot_listen(address: &dyn fmt::Display, error: &io::Error) -> Error {
    Error::System(format!("cannot listen on {address}: {error}"))
}

/// Whether the machine does not have an address at all.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL)
    )
}

/// The sockets' addresses, and what is spoken there.
fn addresses(sockets: &[Listener]) -> Result<Vec<Address>, Error> {
    sockets
        .iter()
        .map(|socket| {
            let address = match socket.endpoint() {
                Ok(Endpoint::Inet(address)) => address.to_string(),
                Ok(Endpoint::Unix(path)) => path.display().to_string(),
                Err(error) => return Err(Error::System(format!("lost a socket: {error}"))),
            };
            Ok((address, "memcached"))
        })
        .collect()
}

fn raise_open_files(config: &Config, log: &Log) -> Result<(), Error> {
    let wanted = (config.max_connections + 2 * config.workers() + OTHER_FILES) as u64;
    let limit = process::raise_open_files(wanted)
        .map_err(|error| Error::System(format!("cannot raise the limit on open files: {error}")))?;
    if limit < wanted {
        log.warn(format_args!(
            "the limit of {limit} open files is too low for {} connections: {wanted} are needed",
            config.max_connections
        ));
    }
    Ok(())
}

/// Gives up root's rights for those of the configured user, who gets the unix sockets.
fn drop_privileges(config: &Config, addresses: &[Address], log: &Log) -> Result<(), Error> {
    if !process::is_root() {
        return Ok(());
    }
    let Some(name) = &config.user else {
        log.warn(format_args!(
            "running as root; --user NAME gives up its rights"
        ));
        return Ok(());
    };
    let cannot = |error: io::Error| Error::System(format!("cannot run as {name}: {error}"));
    let user = User::find(name).map_err(cannot)?;
    for (address, _) in addresses {
        let is_file = address.parse::<SocketAddr>().is_err();
        if is_file {
            user.own(Path::new(address)).map_err(cannot)?;
        }
    }
    user.become_them().map_err(cannot)
}

/// Returns at the first SIGTERM or SIGINT.
fn wait_for_stop(mut signals: Signals, log: &Log) {
    for signal in signals.forever() {
        match signal {
            SIGHUP => log.warn(format_args!("SIGHUP does nothing: a reload is not offered")),
            SIGUSR1 => log.warn(format_args!("SIGUSR1 does nothing")),
            _ => break,
        }
    }
}
