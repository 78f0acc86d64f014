//! From a configuration to a running server, and back.

use std::ffi::OsString;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use net::socket::{Endpoint, Listener};
use storage::{OptionsError, Store};

use crate::admin::{self, Admin, Protocol};
use crate::clock::Clock;
use crate::connections::{Connections, Listening};
use crate::listener::Socket;
use crate::live::Live;
use crate::log::{self, Log};
use crate::orders::Order;
use crate::process::{self, Group, User};
use crate::reload::{History, Reloader};
use crate::sampling::{CommandLogs, Recording};
use crate::settings::{self, Address, Config, Effective};
use crate::supervisor::{self, Ending};
use crate::threads::{Parts, Threads};
use crate::tls::Tls;

/// What the admin socket is for, as it is told.
const ADMIN: &str = "admin";

/// Why the server cannot start: a sentence for the operator.
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

/// Serves until a signal says stop. `args` are the command line, for reloads; `notes` lines for the
/// log. The status is a failure when a
/// thread did not stop in time, which the log says.
pub(crate) fn serve(
    args: Vec<OsString>,
    effective: Effective,
    notes: &[String],
) -> Result<ExitCode, Error> {
    let config = &effective.config;
    let clock = Clock::start();
    let (log, drain) = log::start(config.verbosity);
    for note in notes {
        log.warn(format_args!("{note}"));
    }
    // Before there is another thread, as finding one demands.
    let user = find_user(config, &log)?;
    let group = config.admin_group.as_deref().map(find_group).transpose()?;
    let (orders, arrived) = supervisor::orders()
        .map_err(|error| Error::System(format!("cannot handle signals: {error}")))?;

    // All that root may be needed for, and then no more root.
    let sockets = listen(config)?;
    let admin = admin::bind(config, &log)
        .map_err(|error| Error::System(format!("cannot listen for operators: {error}")))?;
    let mut endpoints = endpoints(&sockets)?;
    for (endpoint, protocol) in admin.iter().flat_map(Admin::endpoints) {
        let is_tls = config.admin_tls && matches!(endpoint, Endpoint::Inet(_));
        let protocol = match protocol {
            Protocol::Admin if is_tls => "admin, tls",
            Protocol::Admin => ADMIN,
            Protocol::Http => "metrics",
        };
        endpoints.push((endpoint.clone(), protocol));
    }
    raise_open_files(config, &log)?;
    own_sockets(user.as_ref(), group.as_ref(), &endpoints)
        .map_err(|error| Error::System(format!("cannot hand over a socket: {error}")))?;
    if let Some(user) = user {
        user.become_them()
            .map_err(|error| Error::System(format!("cannot change the user: {error}")))?;
    }
    // As that user, so that what is read now can be read again.
    let tls = config.tls_options();
    let tls = tls.map(Tls::load).transpose();
    let tls = tls.map_err(Error::Configuration)?.map(Arc::new);

    // Likewise.
    let output = log::Output::open(&config.logs).map_err(Error::System)?;
    log.switch(output);
    let recording = Arc::new(Recording::default());
    recording.switch(CommandLogs::open(&config.logs).map_err(Error::System)?);
    recording.adapt(&config.hotkeys);

    let seed = RandomState::new().hash_one(std::process::id());
    let store = Store::new(&config.store_options(seed)).map_err(|error| no_store(&error))?;
    let budget = config.session_buffers();
    let connections = connections(config, &sockets)?;
    let started = config.clone();
    let live = Live::new(effective);
    let now = clock.unix(clock.now()).unsigned_abs();
    let history = Arc::new(History::new(now));
    let reloader = Reloader {
        args,
        started,
        live: live.clone(),
        store: Arc::clone(&store),
        connections: Arc::clone(&connections),
        budget: budget.clone(),
        tls: tls.clone(),
        history: Arc::clone(&history),
        clock,
        log: log.clone(),
        recording: Arc::clone(&recording),
    };
    let mut threads = Threads::start(Parts {
        live: live.clone(),
        sockets,
        connections: Arc::clone(&connections),
        tls,
        admin,
        store,
        budget,
        orders,
        history,
        clock,
        log: log.clone(),
        drain,
        recording,
    })
    .map_err(|error| Error::System(format!("cannot start the threads: {error}")))?;

    for (endpoint, protocol) in &endpoints {
        let address = endpoint.address();
        log.say(format_args!("cached: listening on {address} ({protocol})"));
    }
    let ending = supervisor::run(&arrived, &reloader, &log);
    drop(reloader);
    if ending == Ending::Drain {
        drain_connections(&mut threads, &arrived, &connections, &live, &log);
    }
    Ok(if threads.stop(log) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Ends all connections, each when no request of it is under way, as long as that may take.
fn drain_connections(
    threads: &mut Threads,
    orders: &Receiver<Order>,
    connections: &Connections,
    live: &Live,
    log: &Log,
) {
    let limit = live.now().config.drain_timeout;
    connections.drain();
    log.info(format_args!("drains {} connections", connections.current()));
    if !threads.stop_listening() {
        log.warn(format_args!("listener did not stop in time"));
    }
    supervisor::await_drain(orders, limit, || connections.current() == 0);
    let left = connections.current();
    if left > 0 {
        log.warn(format_args!("the drain ends with {left} connections left"));
    }
}

fn no_store(error: &OptionsError) -> Error {
    let sentence = error.to_string();
    match error {
        OptionsError::Unfit(_) => Error::Configuration(sentence),
        OptionsError::NoMemory(_) | OptionsError::NoHugePages(..) => Error::System(sentence),
    }
}

/// Opens the sockets that clients connect to.
fn listen(config: &Config) -> Result<Vec<Socket>, Error> {
    let mut sockets = Vec::new();
    for host in &config.listen {
        let opened = listen_on(host, config.port, config.backlog)?;
        sockets.extend(opened.map(|listener| Socket::new(listener, false)));
    }
    for host in &config.tls.listen {
        let opened = listen_on(host, settings::Tls::PORT, config.backlog)?;
        sockets.extend(opened.map(|listener| Socket::new(listener, true)));
    }
    if let Some(path) = &config.unix_socket {
        let listener = Listener::unix(path, config.unix_mode, config.backlog)
            .map_err(|error| cannot_listen(&path.display(), &error))?;
        sockets.push(Socket::new(listener, false));
    }
    Ok(sockets)
}

/// Opens a socket for each address that `host` stands for.
fn listen_on(
    host: &Address,
    port: u16,
    backlog: i32,
) -> Result<impl Iterator<Item = Listener>, Error> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for address in host
        .resolve(port)
        .map_err(|error| cannot_listen(host, &error))?
    {
        match Listener::tcp(address, backlog) {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing(&error) => missing = Some((address, error)),
            Err(error) => return Err(cannot_listen(&address, &error)),
        }
    }
    // A name may stand for more addresses than this machine has.
    match missing {
        Some((address, error)) if listeners.is_empty() => Err(cannot_listen(&address, &error)),
        _ => Ok(listeners.into_iter()),
    }
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

/// The table of the connections that `sockets` bring.
fn connections(config: &Config, sockets: &[Socket]) -> Result<Arc<Connections>, Error> {
    let listening: io::Result<_> = sockets
        .iter()
        .map(|socket| {
            Ok(Listening {
                descriptor: socket.listener.as_raw_fd(),
                endpoint: socket.listener.endpoint()?,
                is_tls: socket.is_tls,
            })
        })
        .collect();
    let listening = listening.map_err(|error| lost_socket(&error))?;
    let table = Connections::new(config.max_connections, listening);
    Ok(Arc::new(table))
}

/// Where clients find us, and what is spoken there.
fn endpoints(sockets: &[Socket]) -> Result<Vec<(Endpoint, &'static str)>, Error> {
    let endpoints: io::Result<_> = sockets
        .iter()
        .map(|socket| {
            let protocol = if socket.is_tls {
                "memcached, tls"
            } else {
                "memcached"
            };
            Ok((socket.listener.endpoint()?, protocol))
        })
        .collect();
    endpoints.map_err(|error| lost_socket(&error))
}

fn lost_socket(error: &io::Error) -> Error {
    Error::System(format!("lost a socket: {error}"))
}

fn raise_open_files(config: &Config, log: &Log) -> Result<(), Error> {
    let wanted = config.open_files();
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

/// The user to become; `None` when the process is not root's, or is to stay so.
fn find_user(config: &Config, log: &Log) -> Result<Option<User>, Error> {
    if !process::is_root() {
        return Ok(None);
    }
    let Some(name) = &config.user else {
        log.warn(format_args!(
            "running as root; --user NAME gives up its rights"
        ));
        return Ok(None);
    };
    find(name).map(Some)
}

fn find(name: &str) -> Result<User, Error> {
    User::find(name).map_err(|error| Error::Configuration(format!("cannot run as {name}: {error}")))
}

fn find_group(name: &str) -> Result<Group, Error> {
    Group::find(name).map_err(|error| {
        Error::Configuration(format!("cannot give the admin socket to {name}: {error}"))
    })
}

/// Gives all unix sockets to the user, and the admin socket to the group.
fn own_sockets(
    user: Option<&User>,
    group: Option<&Group>,
    endpoints: &[(Endpoint, &'static str)],
) -> io::Result<()> {
    for (endpoint, protocol) in endpoints {
        let Endpoint::Unix(path) = endpoint else {
            continue;
        };
        if let Some(user) = user {
            user.own(path)?;
        }
        if let Some(group) = group.filter(|_| *protocol == ADMIN) {
            group.own(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_is_no_failure_of_the_system() {
        let refused = find("no-such-user-here").unwrap_err();
        assert_eq!(refused.status(), 2);
        assert!(refused.to_string().contains("no-such-user-here"));
    }
}
