//! What a connection's bytes go through: its socket, or TLS over it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use net::tls::{self, Ticket};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::target::{Address, Target};

pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<Secure>),
}

/// A TLS session; its handshake is driven by whoever reads or writes.
pub(super) struct Secure {
    session: tls::Stream<Edge>,
    is_established: bool,
}

/// A socket under an edge-triggered poll, which is not asked for what it does not have: OpenSSL
/// reads until nothing comes.
struct Edge {
    socket: Socket,
    /// The last receive fell short, and no event has come since.
    is_drained: bool,
    /// A short receive shows nothing: the socket blocks still, or the server has closed its half,
    /// of which no event will tell again.
    until_empty: bool,
}

impl Stream {
    /// Begins to connect. A ticket is offered to the server.
    pub(super) fn begin(target: &Target, ticket: Option<&Ticket>) -> io::Result<Self> {
        let (socket, address) = socket(target)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address) {
            Err(e) if e.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(e),
            _ => Self::over(socket, target, ticket, false),
        }
    }

    /// Connects, and waits for it.
    pub(super) fn open(target: &Target, timeout: Duration) -> io::Result<Self> {
        let (socket, address) = socket(target)?;
        socket.connect_timeout(&address, timeout)?;
        socket.set_read_timeout(Some(timeout))?;
        socket.set_write_timeout(Some(timeout))?;
        let mut stream = Self::over(socket, target, None, true)?;
        if let Self::Tls(secure) = &mut stream {
            if !secure.is_established()? {
                let why = "no answer to the handshake";
                return Err(io::Error::new(ErrorKind::TimedOut, why));
            }
            secure.session.get_mut().until_empty = false;
        }
        stream.socket().set_nonblocking(true)?;
        Ok(stream)
    }

    fn over(
        socket: Socket,
        target: &Target,
        ticket: Option<&Ticket>,
        until_empty: bool,
    ) -> io::Result<Self> {
        let Some(tls) = &target.tls else {
            return Ok(Self::Plain(socket));
        };
        let edge = Edge {
            socket,
            is_drained: false,
            until_empty,
        };
        Ok(Self::Tls(Box::new(Secure {
            session: tls.open(edge, ticket)?,
            is_established: false,
        })))
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(secure) => &secure.session.get_ref().socket,
        }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }

    /// An event came; `has_ended` says that the server has closed its half.
    pub(super) fn note(&mut self, has_ended: bool) {
        if let Self::Tls(secure) = self {
            let edge = secure.session.get_mut();
            edge.is_drained = false;
            edge.until_empty |= has_ended;
        }
    }

    /// Receives into `room`, which is not empty; `None`: nothing is there, 0: nothing will come.
    pub(super) fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            Self::Plain(socket) => unless_blocked(socket.read(room)),
            Self::Tls(secure) => secure.receive(room),
        }
    }

    /// Sends what the socket takes: nothing before it is connected, and greeted.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.send(bytes).or_else(nothing_yet),
            Self::Tls(secure) => secure.send(bytes),
        }
    }

    /// Whether the server went on with an earlier session; `None` without TLS.
    pub(super) fn is_resumed(&self) -> Option<bool> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(secure) => Some(secure.session.is_resumed()),
        }
    }

    /// Ends in order. Returns what another session can be begun with.
    pub(super) fn close(self) -> Option<Ticket> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(mut secure) => {
                let ticket = secure.session.ticket();
                secure.session.close();
                ticket
            }
        }
    }
}

impl Secure {
    fn is_established(&mut self) -> io::Result<bool> {
        if !self.is_established {
            self.is_established = self.session.handshake().map_err(io::Error::other)?;
        }
        Ok(self.is_established)
    }

    /// Record by record, until `room` is full.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        if !self.is_established()? {
            return Ok(None);
        }
        let mut received = 0;
        while received < room.len() {
            match unless_blocked(self.session.read(&mut room[received..])) {
                Ok(Some(bytes)) if bytes > 0 => received += bytes,
                Ok(None) if received == 0 => return Ok(None),
                // The end, or a failure, is found again by the next receive.
                _ if received > 0 => break,
                outcome => return outcome,
            }
        }
        Ok(Some(received))
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_established()? {
            return Ok(0);
        }
        let mut sent = 0;
        while sent < bytes.len() {
            match self.session.write(&bytes[sent..]).or_else(nothing_yet)? {
                0 => break,
                bytes => sent += bytes,
            }
        }
        Ok(sent)
    }
}

impl Read for Edge {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.is_drained && !self.until_empty {
            return Err(ErrorKind::WouldBlock.into());
        }
        let received = self.socket.read(room);
        self.is_drained = !matches!(received, Ok(bytes) if bytes == room.len());
        received
    }
}

impl Write for Edge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.send(bytes) {
            // Not connected yet.
            Err(e) if e.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
            sent => sent,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unless_blocked(received: io::Result<usize>) -> io::Result<Option<usize>> {
    match received {
        Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(None),
        received => received.map(Some),
    }
}

fn nothing_yet(error: io::Error) -> io::Result<usize> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::NotConnected => Ok(0),
        _ => Err(error),
    }
}

fn socket(target: &Target) -> io::Result<(Socket, SockAddr)> {
    match &target.address {
        Address::Tcp(address) => {
            let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
            socket.set_tcp_nodelay(true)?;
            Ok((socket, (*address).into()))
        }
        Address::Unix(path) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            Ok((socket, SockAddr::unix(path)?))
        }
    }
}
