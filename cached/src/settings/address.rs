//! The addresses of `--listen` and `--tls-listen`.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// A host to listen on, with or without a port of its own: `127.0.0.1`, `localhost:11212`, `::1`,
/// `[::1]:11212`, or `*` for every address of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name, an address without brackets, or `*`.
    host: String,
    port: Option<u16>,
}

impl Address {
    /// Every socket address this stands for; `port` is taken where it names none itself.
    pub(crate) fn resolve(&self, port: u16) -> io::Result<Vec<SocketAddr>> {
        let port = self.port.unwrap_or(port);
        if self.host == "*" {
            return Ok(vec![
                (Ipv4Addr::UNSPECIFIED, port).into(),
                (Ipv6Addr::UNSPECIFIED, port).into(),
            ]);
        }
        Ok((self.host.as_str(), port).to_socket_addrs()?.collect())
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or(rest))),
                None => return Err(format!("'{text}' has no closing bracket")),
            },
            // Two colons and no brackets: an IPv6 address without a port.
            None if text.matches(':').count() > 1 => (text, None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() || host.contains([',', ';', ' ', '/']) {
            return Err(format!("'{text}' is not an address"));
        }
        let port = port
            .map(|port| {
                port.parse()
                    .map_err(|_| format!("'{text}' has no valid port"))
            })
            .transpose()?;
        Ok(Address {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            None => f.write_str(&self.host),
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_an_ipv6_address() {
        for (text, resolved, shown) in [
            ("127.0.0.1", "127.0.0.1:11211", "127.0.0.1"),
            ("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"),
            ("::1", "[::1]:11211", "::1"),
            ("[::1]", "[::1]:11211", "::1"),
            ("[::1]:9", "[::1]:9", "[::1]:9"),
        ] {
            let address: Address = text.parse().unwrap();
            let wanted: SocketAddr = resolved.parse().unwrap();
            assert_eq!(address.resolve(11211).unwrap(), [wanted], "{text}");
            assert_eq!(address.to_string(), shown);
        }
    }

    #[test]
    fn a_malformed_address_is_refused() {
        for text in [
            "",
            ":11211",
            "[::1",
            "[::1]11211x",
            "host:",
            "host:65536",
            "a b",
            "/tmp/x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
