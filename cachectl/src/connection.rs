//! A connection to a server: its socket, or TLS over it.

use std::io::{self, Read, Write};
use std::time::Duration;

use net::tls;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::place::Place;

/// How the server at a TCP address is spoken to in TLS.
pub(crate) struct Tls {
    pub(crate) client: tls::Client,
    /// Whose certificate the server must have; that of its address unless given.
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

impl Connection {
    /// Connects to `place`, which may take `patience`, and as long again for each answer of a
    /// handshake.
    pub(crate) fn open(
        place: &Place,
        tls: Option<&Tls>,
        patience: Duration,
    ) -> Result<Connection, NoConnection> {
        let socket = connect(place, patience).map_err(NoConnection::System)?;
        let (Place::Tcp(address), Some(tls)) = (place, tls) else {
            return Ok(Connection::Plain(socket));
        };
        let host = address.ip().to_string();
        let name = tls.server_name.as_ref().unwrap_or(&host);
        let stream = tls.client.open(socket, name);
        let mut stream = stream.map_err(NoConnection::Tls)?;
        match stream.handshake() {
            Ok(true) => Ok(Connection::Tls(stream)),
            Ok(false) => Err(NoConnection::System(io::ErrorKind::TimedOut.into())),
            Err(failure) => Err(NoConnection::Tls(failure)),
        }
    }

    /// Bounds the next reads.
    pub(crate) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        let socket = match self {
            Connection::Plain(socket) => socket,
            Connection::Tls(stream) => stream.get_ref(),
        };
        socket.set_read_timeout(Some(patience))
    }
}

fn connect(place: &Place, patience: Duration) -> io::Result<Socket> {
    let socket = match place {
        Place::Unix(_) => Socket::new(Domain::UNIX, Type::STREAM, None)?,
        Place::Tcp(address) => Socket::new(Domain::for_address(*address), Type::STREAM, None)?,
    };
    // On a unix socket this bounds the connect too: it waits while the server's backlog is full.
    socket.set_write_timeout(Some(patience))?;
    socket.set_read_timeout(Some(patience))?;
    match place {
        Place::Unix(path) => socket.connect(&SockAddr::unix(path)?)?,
        Place::Tcp(address) => socket.connect_timeout(&(*address).into(), patience)?,
    }
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
