//! Where a server may be.

use std::env;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
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
    /// What has this name, on this port.
    Named(String, u16),
}

impl Place {
    /// Reads an address or a name, on `port` unless it says another.
    fn parse(text: &str, port: u16) -> Option<Place> {
        if let Some(address) = parse_address(text, port) {
            return Some(Place::Tcp(address));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (text, port),
        };
        let is_of_names = |it: char| it.is_ascii_alphanumeric() || ".-_".contains(it);
        let is_name = name.starts_with(|it: char| it.is_ascii_alphanumeric())
            && name.chars().all(is_of_names);
        is_name.then(|| Place::Named(name.to_owned(), port))
    }

    /// The addresses to try, looked up if there is but a name; none of a path.
    pub(crate) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Place::Unix(_) => Ok(Vec::new()),
            Place::Tcp(address) => Ok(vec![*address]),
            Place::Named(name, port) => Ok((name.as_str(), *port).to_socket_addrs()?.collect()),
        }
    }

    /// Whose certificate a server there shows; that of a path shows none.
    pub(crate) fn host(&self) -> Option<String> {
        match self {
            Place::Unix(_) => None,
            Place::Tcp(address) => Some(address.ip().to_string()),
            Place::Named(name, _) => Some(name.clone()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Unix(path) => path.display().fmt(f),
            Place::Tcp(address) => address.fmt(f),
            Place::Named(name, port) => write!(f, "{name}:{port}"),
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
pub(crate) fn admin(text: &str) -> Result<Place, &'static str> {
    Place::parse(text, PORT)
        .ok_or("a host is wanted, as in cache1, cache1:9999, 127.0.0.1:9999 or [::1]:9999")
}

/// The value of `--server`, whose port is known once it is known whether TLS is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server(String);

impl Server {
    /// Where a server's clients ask it unless somebody says otherwise.
    pub(crate) fn local() -> Server {
        Server(Ipv4Addr::LOCALHOST.to_string())
    }

    /// Checks that `text` is an address, a name or a path: what has a slash.
    pub(crate) fn parse(text: &str) -> Result<Server, &'static str> {
        if text.contains('/') || Place::parse(text, 0).is_some() {
            return Ok(Server(text.to_owned()));
        }
        Err(
            "a host is wanted, as in cache1:11211, 127.0.0.1 or [::1], or the path of a unix socket, with a /",
        )
    }

    /// Where that is, with the usual port of what is spoken unless it names one.
    pub(crate) fn place(&self, is_tls: bool) -> Place {
        let port = if is_tls { DATA_PORT_TLS } else { DATA_PORT };
        Place::parse(&self.0, port).unwrap_or_else(|| Place::Unix(PathBuf::from(&self.0)))
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
            (
                "cache-1.example",
                "cache-1.example:11211",
                "cache-1.example:11212",
            ),
            ("cache1:7", "cache1:7", "cache1:7"),
            ("./s", "./s", "./s"),
        ] {
            let server = Server::parse(text).expect("a server");
            assert_eq!(server.place(false).to_string(), plain);
            assert_eq!(server.place(true).to_string(), secure);
        }
        for text in [
            "",
            ":7",
            "cache1:",
            "cache1:x",
            "cache1:7:8",
            "::1]",
            "-v",
            "a b",
        ] {
            assert!(Server::parse(text).is_err(), "{text}");
        }
    }
}
