//! Where a server may be.

use std::env;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use net::admin::{PORT, default_sockets, parse_address};

/// An address of the admin protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Unix(path) => path.display().fmt(f),
            Place::Tcp(address) => address.fmt(f),
        }
    }
}

/// Where a server's operators ask it unless somebody says otherwise.
pub(crate) fn default_admin() -> Vec<Place> {
    let runtime_dir = env::var_os("XDG_RUNTIME_DIR");
    let sockets = default_sockets(runtime_dir.as_deref());
    sockets.into_iter().map(Place::Unix).collect()
}

/// Reads the value of `--admin`.
pub(crate) fn admin(text: &str) -> Result<SocketAddr, &'static str> {
    parse_address(text, PORT).ok_or("an address is wanted, as in 127.0.0.1:9999 or [::1]:9999")
}
