//! Where the server listens.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The port of a server that is named without one.
const PORT: u16 = 11211;

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Over TCP.
    Tcp(SocketAddr),
    /// Over a Unix socket.
    Unix(PathBuf),
}

impl FromStr for Target {
    type Err = String;

    /// `ADDR`, `ADDR:PORT`, or a path, known by its slash.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return Ok(Self::Unix(text.into()));
        }
        text.to_socket_addrs()
            .or_else(|_| (text.trim_matches(['[', ']']), PORT).to_socket_addrs())
            .ok()
            .and_then(|mut addresses| addresses.next())
            .map(Self::Tcp)
            .ok_or_else(|| format!("`{text}` is neither ADDR[:PORT] nor the path of a socket"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
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

    #[test]
    fn an_address_would_mean_another_server() {
        let tcp = |text: &str| Ok(Target::Tcp(text.parse().unwrap()));
        assert_eq!("127.0.0.1:5".parse::<Target>(), tcp("127.0.0.1:5"));
        assert_eq!("127.0.0.1".parse::<Target>(), tcp("127.0.0.1:11211"));
        assert_eq!("[::1]:5".parse::<Target>(), tcp("[::1]:5"));
        assert_eq!("[::1]".parse::<Target>(), tcp("[::1]:11211"));
        assert_eq!("/a/b".parse(), Ok(Target::Unix("/a/b".into())));
        assert!("127.0.0.1:x".parse::<Target>().is_err());
    }
}
