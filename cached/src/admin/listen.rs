//! Where the admin thread listens.

use std::env;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use net::admin::default_sockets;
use net::socket::Listener;

use super::server::{Admin, Door, Protocol};
use crate::log::Log;
use crate::settings::{AdminSocket, Config};

/// A folder of ours under `$XDG_RUNTIME_DIR` is the user's alone, as that one is.
const FOLDER_MODE: u32 = 0o700;

/// Clients of the admin port that wait to be accepted.
const BACKLOG: i32 = 16;

/// Binds what the configuration asks for; `None` when that is nothing. An error
/// says which address it was.
pub(crate) fn bind(config: &Config, log: &Log) -> io::Result<Option<Admin>> {
    let mut doors = Vec::new();
    let mut open = |listener, protocol| doors.push(Door { listener, protocol });
    match &config.admin_socket {
        AdminSocket::Off => {}
        AdminSocket::Path(path) => {
            let listener = Listener::unix(path, config.admin_mode, BACKLOG);
            let refused = |error| refusal(&path.display().to_string(), &error);
            open(listener.map_err(refused)?, Protocol::Admin);
        }
        AdminSocket::Auto => match bind_default(config.admin_mode) {
            Ok(listener) => open(listener, Protocol::Admin),
            Err(why) => log.warn(format_args!(
                "no admin socket: {why}; --admin-socket names another place, or off"
            )),
        },
    }
    for (address, protocol) in [
        (config.admin, Protocol::Admin),
        (config.metrics, Protocol::Http),
    ] {
        if let Some(address) = address {
            let listener = Listener::tcp(address, BACKLOG);
            let refused = |error| refusal(&address.to_string(), &error);
            open(listener.map_err(refused)?, protocol);
        }
    }
    if doors.is_empty() {
        return Ok(None);
    }
    Admin::new(doors).map(Some)
}

fn refusal(place: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{place}: {error}"))
}

/// Takes the first default place that can be used, or says why each cannot.
fn bind_default(mode: u32) -> Result<Listener, String> {
    let runtime_dir = env::var_os("XDG_RUNTIME_DIR");
    let mut reasons = Vec::new();
    for (place, path) in default_sockets(runtime_dir.as_deref()).iter().enumerate() {
        // The first place is the package's to create, the second one's folder is ours.
        let made = if place == 0 {
            Ok(())
        } else {
            make_folder(path)
        };
        match made.and_then(|()| Listener::unix(path, mode, BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => reasons.push(format!("{}: {error}", path.display())),
        }
    }
    if runtime_dir.is_none() {
        reasons.push("XDG_RUNTIME_DIR is not set".to_owned());
    }
    Err(reasons.join(", "))
}

fn make_folder(socket: &Path) -> io::Result<()> {
    let folder = socket.parent().unwrap_or(socket);
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
