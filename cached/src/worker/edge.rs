//! A connected socket under an edge-triggered poll, and what its events have said.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};

use mio::event::Event;
use mio::{Interest, Registry, Token};
use net::socket::Stream;

/// An event tells of a change only once, so what it said is kept until a call shows otherwise.
#[derive(Debug)]
pub(super) struct Edge {
    stream: Stream,
    /// Bytes may wait: no receive has fallen short since an event said so.
    readable: bool,
    /// The socket may take bytes: no send has fallen short since an event said so.
    writable: bool,
    /// The peer will send no more than what waits.
    ended: bool,
}

impl Edge {
    pub(super) fn new(stream: Stream) -> Edge {
        Edge {
            stream,
            readable: false,
            writable: false,
            ended: false,
        }
    }

    /// Asks for events with `token`, once for all.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.stream, token, interest)
    }

    /// Notes what an event says.
    pub(super) fn note(&mut self, event: &Event) {
        // What is wrong with a socket comes out when it is used.
        self.ended |= event.is_read_closed() || event.is_error();
        self.readable |= event.is_readable() || self.ended;
        self.writable |= event.is_writable() || event.is_error();
    }

    /// The file descriptor, by which reports name the connection.
    pub(super) fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Receives once into `room`, which is not empty. `None`: nothing waits; 0: the peer will send
    /// no more. A short receive has drained the socket, and the next bytes bring an event.
    pub(super) fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.read(room) {
            Ok(bytes) => {
                // The end itself brings no further event.
                self.readable = bytes == room.len() || self.ended;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends once; returns how many bytes went. A short send has filled the socket, and there will
    /// be an event when it takes more.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = match self.stream.write(bytes) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(0),
            Err(error) => return Err(error),
        };
        self.writable = sent == bytes.len();
        Ok(sent)
    }
}
