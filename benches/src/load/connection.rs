//! One connection: its socket, and the bytes on their way.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::flight::Flight;
use super::requests::Source;
use crate::target::Target;
use crate::wire::Reader;

pub(super) struct Connection {
    socket: Option<Socket>,
    pub(super) source: Source,
    pub(super) flight: Flight,
    pub(super) reader: Reader,
    /// The beginning of a reply whose rest has not come.
    kept: Vec<u8>,
    /// What the socket did not take, from `unsent_from` on.
    unsent: Vec<u8>,
    unsent_from: usize,
    /// Requests that may have been made by now.
    pub(super) due: u64,
    is_stopped: bool,
    /// Flat out, how many requests the pipeline that was begun still lacks.
    pub(super) batch: usize,
    /// When something came last, or was first waited for.
    pub(super) progress_ns: u64,
    /// Not to be opened again before.
    pub(super) retry_ns: u64,
    /// Since when it could not be opened.
    pub(super) failing_since_ns: Option<u64>,
}

impl Connection {
    pub(super) fn new(
        socket: Option<Socket>,
        source: Source,
        flight: Flight,
        reader: Reader,
        due: u64,
    ) -> Self {
        Self {
            socket,
            source,
            flight,
            reader,
            kept: Vec::new(),
            unsent: Vec::new(),
            unsent_from: 0,
            due,
            is_stopped: false,
            batch: 0,
            progress_ns: 0,
            retry_ns: 0,
            failing_since_ns: None,
        }
    }

    /// Whether there are requests that it has not made yet.
    pub(super) fn wants_more(&self) -> bool {
        !self.is_stopped && self.source.made < self.source.quota
    }

    /// Makes no request any more.
    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
        self.flight.stop_refills();
    }

    /// Begins to connect; what is sent meanwhile is kept until it is done.
    pub(super) fn begin_to_open(&mut self, target: &Target) -> io::Result<()> {
        let (socket, address) = socket(target)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address) {
            Err(e) if e.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                return Err(e);
            }
            _ => self.socket = Some(socket),
        }
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Closes, and forgets all bytes on their way.
    pub(super) fn close(&mut self) {
        self.socket = None;
        self.kept.clear();
        self.unsent.clear();
        self.unsent_from = 0;
        self.reader.begin();
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.unsent_from < self.unsent.len()
    }

    /// Sends, and keeps what the socket does not take.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        debug_assert!(!self.is_blocked());
        let sent = self.write(bytes)?;
        self.unsent.clear();
        self.unsent.extend_from_slice(&bytes[sent..]);
        self.unsent_from = 0;
        Ok(())
    }

    /// Sends what was kept.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.is_blocked() {
            match self.write(&self.unsent[self.unsent_from..])? {
                0 => break,
                sent => self.unsent_from += sent,
            }
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(mut socket) = self.socket.as_ref() else {
            return Err(ErrorKind::NotConnected.into());
        };
        match socket.write(bytes) {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => Ok(0),
            sent => sent,
        }
    }

    /// Receives behind what was kept, which it puts at the start of `buffer`.
    /// Says how many bytes there are of both, and how many are new; nothing
    /// when none are.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, usize)>> {
        let Some(mut socket) = self.socket.as_ref() else {
            return Ok(None);
        };
        let kept = self.kept.len();
        if kept == buffer.len() {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                format!("a reply has more than {kept} bytes"),
            ));
        }
        buffer[..kept].copy_from_slice(&self.kept);
        match socket.read(&mut buffer[kept..]) {
            Ok(0) => Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the server closed the connection",
            )),
            Ok(received) => {
                self.kept.clear();
                Ok(Some((kept + received, received)))
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Keeps the beginning of a reply.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }
}

/// Connects, and waits for it.
pub(super) fn open(target: &Target, timeout: Duration) -> io::Result<Socket> {
    let (socket, address) = socket(target)?;
    socket.connect_timeout(&address, timeout)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn socket(target: &Target) -> io::Result<(Socket, SockAddr)> {
    match target {
        Target::Tcp(address) => {
            let socket = Socket::new(Domain::for_address(*address), Type::STREAM, None)?;
            socket.set_tcp_nodelay(true)?;
            Ok((socket, (*address).into()))
        }
        Target::Unix(path) => {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            Ok((socket, SockAddr::unix(path)?))
        }
    }
}
