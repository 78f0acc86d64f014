//! A connection to a server: its socket, or TLS over it.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use net::tls;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::failure::Failure;
use crate::place::Place;

/// How the server of a host is spoken to in TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) client: Arc<tls::Client>,
    /// Whose certificate the server must have; that of its host unless given.
    pub(crate) server_name: Option<String>,
}

/// A connection whose every call takes a bounded time.
pub(crate) enum Connection {
    Plain(Socket),
    Tls(tls::Stream<Socket>),
}

/// Why there is no connection.
pub(crate) enum NoConnection {
    System(io::Error),
    Tls(tls::Failure),
}

impl NoConnection {
    /// As a failure at `place`, after `patience` if that was what ended.
    pub(crate) fn at(self, place: &Place, patience: Duration) -> Failure {
        match self {
            NoConnection::System(error) if is_timeout(&error) => {
                Failure::Silent(place.clone(), patience)
            }
            NoConnection::System(error) => Failure::Unreachable(vec![(place.clone(), error)]),
            NoConnection::Tls(failure) => Failure::Insecure(place.clone(), failure),
        }
    }
}

impl Connection {
    /// Connects to `place`, which may take `patience`, and as long again for each answer of a
    /// handshake.
    pub(crate) fn open(
        place: &Place,
        tls: Option<&Tls>,
        patience: Duration,
    ) -> Result<Connection, NoConnection> {
        let socket = connect(place, patience).map_err(NoConnection::System)?;
        let (Some(host), Some(tls)) = (place.host(), tls) else {
            return Ok(Connection::Plain(socket));
        };
        let name = tls.server_name.as_ref().unwrap_or(&host);
        let stream = tls.client.open(socket, name);
        let mut stream = stream.map_err(NoConnection::Tls)?;
        match stream.handshake() {
            Ok(true) => Ok(Connection::Tls(stream)),
            Ok(false) => Err(NoConnection::System(io::ErrorKind::TimedOut.into())),
            Err(failure) => Err(NoConnection::Tls(failure)),
        }
    }

    /// Reads what comes within `patience`.
    pub(crate) fn read_within(&mut self, room: &mut [u8], patience: Duration) -> io::Result<usize> {
        if patience.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let deadline = Instant::now() + patience;
        self.socket().set_read_timeout(Some(patience))?;
        loop {
            match self.read(room) {
                Err(error)
                    if error.kind() == io::ErrorKind::Interrupted && Instant::now() < deadline => {}
                read => return read,
            }
        }
    }

    /// What the failed call of a connection to `place` means.
    pub(crate) fn broken(&self, place: &Place, error: io::Error) -> Failure {
        match self {
            // Not the socket's: the peer's alert. In TLS 1.3 a client learns only behind its
            // handshake that its certificate is not taken.
            Connection::Tls(_) if error.raw_os_error().is_none() && !is_timeout(&error) => {
                Failure::Barred(place.clone(), error.to_string())
            }
            _ => Failure::Broken(place.clone(), error),
        }
    }

    fn socket(&self) -> &Socket {
        match self {
            Connection::Plain(socket) => socket,
            Connection::Tls(stream) => stream.get_ref(),
        }
    }
}

/// The call took as long as it may.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

fn connect(place: &Place, patience: Duration) -> io::Result<Socket> {
    if let Place::Unix(path) = place {
        let socket = socket(Domain::UNIX, patience)?;
        socket.connect(&SockAddr::unix(path)?)?;
        return Ok(socket);
    }
    let mut refusal = io::Error::other("the name has no address");
    for address in place.addresses()? {
        let socket = socket(Domain::for_address(address), patience)?;
        match socket.connect_timeout(&address.into(), patience) {
            Ok(()) => return Ok(socket),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn socket(domain: Domain, patience: Duration) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, None)?;
    // On a unix socket this bounds the connect too: it waits while the server's backlog is full.
    socket.set_write_timeout(Some(patience))?;
    socket.set_read_timeout(Some(patience))?;
    Ok(socket)
}

impl Read for Connection {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Connection::Plain(socket) => socket.read(room),
            Connection::Tls(stream) => stream.read(room),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Connection::Plain(socket) => socket.write(bytes),
            Connection::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
