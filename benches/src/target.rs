//! Where the server listens, and how it is spoken to.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::tls::Tls;

/// The port of a server that is named without one.
const PORT: u16 = 11211;

/// A server.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: Address,
    /// The host as it was named.
    pub host: String,
    /// What it is spoken to with; `None` for plain.
    pub tls: Option<Arc<Tls>>,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Over TCP.
    Tcp(SocketAddr),
    /// Over a Unix socket.
    Unix(PathBuf),
}

/// A connection that is waited for.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Target {
    /// The same server, spoken to in TLS.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        let tls = Some(Arc::new(tls));
        Self { tls, ..self }
    }

    /// Connects and waits for it; no wait of the connection is longer than `limit`.
    pub fn connect(&self, limit: Duration) -> io::Result<Box<dyn Stream>> {
        match &self.address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, limit)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(limit))?;
                stream.set_write_timeout(Some(limit))?;
                self.secured(stream)
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(limit))?;
                stream.set_write_timeout(Some(limit))?;
                self.secured(stream)
            }
        }
    }

    fn secured<S: Stream + 'static>(&self, stream: S) -> io::Result<Box<dyn Stream>> {
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let mut session = tls.open(stream, None)?;
        if !session.handshake().map_err(io::Error::other)? {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                "no answer to the handshake",
            ));
        }
        Ok(Box::new(session))
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self {
            address: Address::Tcp(address),
            host: address.ip().to_string(),
            tls: None,
        }
    }
}

impl FromStr for Target {
    type Err = String;

    /// `ADDR`, `ADDR:PORT`, or a path, known by its slash.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return Ok(Self {
                address: Address::Unix(text.into()),
                host: "localhost".to_owned(),
                tls: None,
            });
        }
        let first = |named: io::Result<std::vec::IntoIter<SocketAddr>>| named.ok()?.next();
        let with_port = first(text.to_socket_addrs());
        let host = match with_port {
            Some(_) => text.rsplit_once(':').map_or(text, |(host, _)| host),
            None => text,
        };
        let host = host.trim_matches(['[', ']']);
        with_port
            .or_else(|| first((host, PORT).to_socket_addrs()))
            .map(|address| Self {
                address: Address::Tcp(address),
                host: host.to_owned(),
                tls: None,
            })
            .ok_or_else(|| format!("`{text}` is neither ADDR[:PORT] nor the path of a socket"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Address::Tcp(address) => address.fmt(f)?,
            Address::Unix(path) => path.display().fmt(f)?,
        }
        f.write_str(if self.tls.is_some() { " (TLS)" } else { "" })
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Address, String) {
        let target: Target = text.parse().unwrap();
        (target.address, target.host)
    }

    #[test]
    fn an_address_would_mean_another_server_or_its_certificate_another_host() {
        for (text, address, host) in [
            ("127.0.0.1:5", "127.0.0.1:5", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1:11211", "127.0.0.1"),
            ("[::1]:5", "[::1]:5", "::1"),
            ("[::1]", "[::1]:11211", "::1"),
            ("::1", "[::1]:11211", "::1"),
        ] {
            let address = Address::Tcp(address.parse().unwrap());
            assert_eq!(parsed(text), (address, host.to_owned()), "{text}");
        }
        let (_, host) = parsed("localhost:5");
        assert_eq!(host, "localhost");
        let path = Address::Unix("/a/b".into());
        assert_eq!(parsed("/a/b"), (path, "localhost".to_owned()));
        assert!("127.0.0.1:x".parse::<Target>().is_err());
    }
}
