//! Where a server may be.

use std::env;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use net::admin::default_sockets;

/// The port of `--admin` when it names none.
const ADMIN_PORT: u16 = 9999;

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

/// Where a server is unless somebody says otherwise.
pub(crate) fn defaults() -> Vec<Place> {
    let runtime_dir = env::var_os("XDG_RUNTIME_DIR");
    let sockets = default_sockets(runtime_dir.as_deref());
    sockets.into_iter().map(Place::Unix).collect()
}

/// Reads the value of `--admin`.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .or_else(|_| text.parse().map(|ip: IpAddr| (ip, ADMIN_PORT).into()))
        .map_err(|_| "an address is wanted, as in 127.0.0.1:9999 or [::1]:9999".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_the_usual_one() {
        for (text, wanted) in [
            ("127.0.0.1", "127.0.0.1:9999"),
            ("::1", "[::1]:9999"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), wanted);
        }
        assert!(address("somewhere").is_err());
    }
}
