//! Listening and connected sockets, TCP and unix behind one face.
//!
//! Everything here is non-blocking and ready for an edge-triggered `mio` poll.

use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use mio::event::Source;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// Where a socket listens or where its peer is, shown as memcached's tools expect it:
/// `tcp:127.0.0.1:11211`, `tcp6:[::1]:11211`, `unix:/run/cached.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An internet address.
    Inet(SocketAddr),
    /// A unix socket's path; empty for a peer, which has none.
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Inet(address @ SocketAddr::V4(_)) => write!(f, "tcp:{address}"),
            Endpoint::Inet(address @ SocketAddr::V6(_)) => write!(f, "tcp6:{address}"),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Endpoint {
    /// As it is given on a command line: `127.0.0.1:11211`, `/run/cached.sock`.
    pub fn address(&self) -> String {
        match self {
            Endpoint::Inet(address) => address.to_string(),
            Endpoint::Unix(path) => path.display().to_string(),
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP over IPv4 or IPv6.
    Tcp(mio::net::TcpListener),
    /// A unix socket and the file it made, removed when the listener is dropped.
    Unix(mio::net::UnixListener, SocketFile),
}

impl Listener {
    /// Listens on `address`; port 0 takes a free one. An IPv6 address takes no IPv4 clients, so
    /// that `0.0.0.0` and `[::]` can be listened on side by side.
    pub fn tcp(address: SocketAddr, backlog: i32) -> io::Result<Listener> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
        // A restart must not wait for the connections of the last run to leave TIME_WAIT.
        socket.set_reuse_address(true)?;
        // Inherited by every connection: a peer that vanished without a word gives its place back.
        socket.set_keepalive(true)?;
        if domain == Domain::IPV6 {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        socket.listen(backlog)?;
        Ok(Listener::Tcp(mio::net::TcpListener::from_std(
            socket.into(),
        )))
    }

    /// Listens on a unix socket at `path` with the permission bits `mode`. A socket file that
    /// nobody listens on any more is replaced; anything else at `path` is left alone and refused.
    pub fn unix(path: &Path, mode: u32, backlog: i32) -> io::Result<Listener> {
        remove_stale(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        socket.bind(&SockAddr::unix(path)?)?;
        let file = SocketFile(path.to_owned());
        // Until `listen`, a connect is refused: nobody gets in before the mode is set.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        socket.listen(backlog)?;
        Ok(Listener::Unix(
            mio::net::UnixListener::from_std(socket.into()),
            file,
        ))
    }

    /// Accepts one connection; `WouldBlock` when none waits. Small replies leave at once: Nagle's
    /// algorithm is off on every TCP connection.
    pub fn accept(&self) -> io::Result<(Stream, Endpoint)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream), Endpoint::Inet(peer)))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                Ok((Stream::Unix(stream), Endpoint::Unix(PathBuf::new())))
            }
        }
    }

    /// The address listened on, with the port the system chose when 0 was asked for.
    pub fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Endpoint::Inet),
            Listener::Unix(_, file) => Ok(Endpoint::Unix(file.0.clone())),
        }
    }

    /// What a poll registers.
    pub fn source(&mut self) -> &mut dyn Source {
        match self {
            Listener::Tcp(listener) => listener,
            Listener::Unix(listener, _) => listener,
        }
    }
}

/// The file of a unix socket that is being listened on. Dropping it removes the file.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It may be gone, or out of reach once privileges are dropped; the next start replaces it.
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes the socket file of a server that no longer runs.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(file) if !file.file_type().is_socket() => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "a file that is not a socket is in the way",
        )),
        Ok(_) => match probe(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            // WouldBlock: its backlog is full, so somebody listens.
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another server listens on it",
            )),
        },
    }
}

/// Connects to the socket at `path` without waiting.
fn probe(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// A connected socket.
#[derive(Debug)]
pub enum Stream {
    /// TCP over IPv4 or IPv6.
    Tcp(mio::net::TcpStream),
    /// A unix socket.
    Unix(mio::net::UnixStream),
}

impl Stream {
    /// What a poll registers.
    pub fn source(&mut self) -> &mut dyn Source {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Unix(stream) => stream,
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Listener::Tcp(listener) => listener.as_raw_fd(),
            Listener::Unix(listener, _) => listener.as_raw_fd(),
        }
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Stream::Tcp(stream) => stream.as_raw_fd(),
            Stream::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        }
    }

    fn read_vectored(&mut self, buffers: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read_vectored(buffers),
            Stream::Unix(stream) => stream.read_vectored(buffers),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write_vectored(pieces),
            Stream::Unix(stream) => stream.write_vectored(pieces),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixListener, UnixStream};

    fn accept(listener: &Listener) -> (Stream, Endpoint) {
        for _ in 0..1000 {
            match listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                accepted => return accepted.unwrap(),
            }
        }
        panic!("no connection arrived");
    }

    #[test]
    fn small_replies_are_not_held_back_by_nagle() {
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap(), 8).unwrap();
        let Endpoint::Inet(address) = listener.endpoint().unwrap() else {
            panic!("a TCP listener has an internet address");
        };
        let client = std::net::TcpStream::connect(address).unwrap();
        let (stream, peer) = accept(&listener);
        assert_eq!(peer, Endpoint::Inet(client.local_addr().unwrap()));
        let Stream::Tcp(stream) = stream else {
            panic!("a TCP listener accepts TCP");
        };
        assert!(stream.nodelay().unwrap());
    }

    #[test]
    fn a_peer_that_vanished_does_not_keep_its_connection_for_ever() {
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap(), 8).unwrap();
        let Endpoint::Inet(address) = listener.endpoint().unwrap() else {
            panic!("a TCP listener has an internet address");
        };
        let _client = std::net::TcpStream::connect(address).unwrap();
        let (Stream::Tcp(stream), _) = accept(&listener) else {
            panic!("a TCP listener accepts TCP");
        };
        assert!(socket2::SockRef::from(&stream).keepalive().unwrap());
    }

    #[test]
    fn an_ipv6_listener_leaves_the_ipv4_port_free() {
        let Ok(six) = Listener::tcp("[::]:0".parse().unwrap(), 8) else {
            return; // no IPv6 on this machine
        };
        let Endpoint::Inet(address) = six.endpoint().unwrap() else {
            panic!("a TCP listener has an internet address");
        };
        Listener::tcp(([0, 0, 0, 0], address.port()).into(), 8).unwrap();
    }

    #[test]
    fn a_dead_servers_socket_is_replaced_and_a_live_ones_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cached.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "std leaves the file behind");

        let listener = Listener::unix(&path, 0o700, 8).unwrap();
        let second = Listener::unix(&path, 0o700, 8).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);

        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let _client = UnixStream::connect(&path).unwrap();
        accept(&listener);

        drop(listener);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_in_the_way_of_a_unix_socket_survives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        fs::write(&path, "data").unwrap();
        let refused = Listener::unix(&path, 0o700, 8).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"data");
    }

    #[test]
    fn endpoints_read_as_memcacheds_tools_expect() {
        let four = Endpoint::Inet("127.0.0.1:11211".parse().unwrap());
        let six = Endpoint::Inet("[::1]:11211".parse().unwrap());
        assert_eq!(four.to_string(), "tcp:127.0.0.1:11211");
        assert_eq!(six.to_string(), "tcp6:[::1]:11211");
        assert_eq!(Endpoint::Unix("/a.sock".into()).to_string(), "unix:/a.sock");
    }
}
