//! Where a server may be.

use std::env;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use net::admin::{PORT, default_sockets, parse_address};

/// The port of a server's clients, and of those that speak TLS.
const DATA_PORT: u16 = 11211;
const DATA_PORT_TLS: u16 = 11212;

/// An address of the admin protocol, or of the clients'.
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

/// The value of `--server`, whose port is known once it is known whether TLS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server(String);

impl Server {
    /// Where a server's clients ask it unless somebody says otherwise.
    pub(crate) fn local() -> Server {
        Server(Ipv4Addr::LOCALHOST.to_string())
    }

    /// Checks that `text` is an address or a path: what has a slash.
    pub(crate) fn parse(text: &str) -> Result<Server, &'static str> {
        if text.contains('/') || parse_address(text, 0).is_some() {
            return Ok(Server(text.to_owned()));
        }
        Err("an address is wanted, as in 127.0.0.1:11211, or the path of a unix socket, with a /")
    }

    /// Where that is, with the usual port of what is spoken unless it names one.
    pub(crate) fn place(&self, is_tls: bool) -> Place {
        let port = if is_tls { DATA_PORT_TLS } else { DATA_PORT };
        match parse_address(&self.0, port) {
            Some(address) => Place::Tcp(address),
            None => Place::Unix(PathBuf::from(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_port_would_be_asked_for_tls_where_there_is_none() {
        for (text, plain, secure) in [
            ("127.0.0.1", "127.0.0.1:11211", "127.0.0.1:11212"),
            ("[::1]", "[::1]:11211", "[::1]:11212"),
            ("127.0.0.1:7", "127.0.0.1:7", "127.0.0.1:7"),
            ("./s", "./s", "./s"),
        ] {
            let server = Server::parse(text).expect("a server");
            assert_eq!(server.place(false).to_string(), plain);
            assert_eq!(server.place(true).to_string(), secure);
        }
        assert!(Server::parse("somewhere").is_err());
    }
}
