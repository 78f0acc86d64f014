//! A connected socket under an edge-triggered poll, and what its events have said.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, RawFd};

use mio::event::Event;
use mio::{Interest, Registry, Token};

use crate::socket::Stream;

/// Pieces that the system takes in one send.
const PIECES_MAX: usize = 1024;

/// An event tells of a change only once, so what it said is kept until a call shows otherwise.
#[derive(Debug)]
pub struct Edge {
    stream: Stream,
    /// Bytes may wait: no receive has found none, or fallen short, since an event said so.
    readable: bool,
    /// A short receive shows nothing, only one that finds none: the end brings no event of its own,
    /// and TCP stops a receive at its urgent mark.
    until_empty: bool,
    /// The socket may take bytes: no send has fallen short since an event said so.
    writable: bool,
    /// Bytes that [`Read`] still receives: see [`Edge::allow`].
    allowance: usize,
}

impl Edge {
    /// A socket of which no event has told yet.
    pub fn new(stream: Stream) -> Edge {
        Edge {
            stream,
            readable: false,
            until_empty: false,
            writable: false,
            allowance: usize::MAX,
        }
    }

    /// Asks for events with `token`, once for all.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
        registry.register(self.stream.source(), token, interest)
    }

    /// Notes what an event says.
    pub fn note(&mut self, event: &Event) {
        // What is wrong with a socket comes out when it is used.
        let is_special = event.is_read_closed() || event.is_priority() || event.is_error();
        self.until_empty |= is_special;
        self.readable |= event.is_readable() || is_special;
        self.writable |= event.is_writable() || event.is_error();
    }

    /// Ends what [`Edge::register`] began, and forgets what events have said: it is to be registered
    /// elsewhere.
    pub fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.readable = false;
        self.until_empty = false;
        self.writable = false;
        registry.deregister(self.stream.source())
    }

    /// The file descriptor, by which reports name the connection.
    pub fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Bytes may wait.
    pub fn is_readable(&self) -> bool {
        self.readable
    }

    /// The socket may take bytes.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// Lets [`Read`] receive about so many bytes, which is more than none, before it says that
    /// nothing waits; without a word of this, all that come. Whoever reads through a protocol may
    /// get nothing for many of them, and would go on for as long as the peer sends.
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// Receives once into `room`, which is not empty. `None`: nothing waits; 0: the peer will send
    /// no more. After a short receive nothing waits, but `until_empty`, and the next bytes bring an
    /// event.
    pub fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let received = self.stream.read(room);
        self.received(received, room.len())
    }

    /// As [`Edge::receive`], into `first` and, once that is full, into `next`.
    pub fn receive_both(&mut self, first: &mut [u8], next: &mut [u8]) -> io::Result<Option<usize>> {
        let room = first.len() + next.len();
        let mut rooms = [IoSliceMut::new(first), IoSliceMut::new(next)];
        let received = self.stream.read_vectored(&mut rooms);
        self.received(received, room)
    }

    /// What a receive into so much `room` came to.
    fn received(&mut self, received: io::Result<usize>, room: usize) -> io::Result<Option<usize>> {
        match received {
            Ok(bytes) => {
                self.readable = bytes == room || self.until_empty;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                self.until_empty = false;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends once; returns how many bytes went. A short send has filled the socket, and there will
    /// be an event when it takes more.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.stream.write(bytes);
        self.sent(sent, bytes.len())
    }

    /// As [`Edge::send`], for some pieces as if they were one.
    pub fn send_pieces(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let pieces = pieces.get(..PIECES_MAX).unwrap_or(pieces);
        let sent = self.stream.write_vectored(pieces);
        self.sent(sent, pieces.iter().map(|piece| piece.len()).sum())
    }

    /// What a send of `bytes` bytes came to.
    fn sent(&mut self, sent: io::Result<usize>, bytes: usize) -> io::Result<usize> {
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(0),
            Err(error) => return Err(error),
        };
        self.writable = sent == bytes;
        Ok(sent)
    }
}

/// Calls the system only when an event has said that it may be of use, and for no more than is
/// allowed.
impl Read for Edge {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if !self.readable || self.allowance == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let received = self.receive(room)?.ok_or(io::ErrorKind::WouldBlock)?;
        self.allowance = self.allowance.saturating_sub(received);
        Ok(received)
    }
}

/// Calls the system only when an event has said that it may be of use.
impl Write for Edge {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.writable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match self.send(bytes)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            sent => Ok(sent),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    /// Whether an event came.
    fn poll(poll: &mut Poll, edge: &mut Edge, timeout: Duration) -> bool {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(timeout)).unwrap();
        events.iter().for_each(|event| edge.note(event));
        !events.is_empty()
    }

    #[test]
    fn bytes_behind_an_urgent_mark_are_not_left_waiting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut edge = Edge::new(Stream::Tcp(mio::net::TcpStream::from_std(stream)));
        let mut events = Poll::new().unwrap();
        edge.register(events.registry(), Token(0)).unwrap();

        client.write_all(b"before").unwrap();
        let urgent = socket2::SockRef::from(&client);
        assert_eq!(urgent.send_out_of_band(b"!").unwrap(), 1);
        client.write_all(b"behind").unwrap();

        let mut received = Vec::new();
        for _ in 0..1000 {
            let mut room = [0; 64];
            poll(&mut events, &mut edge, Duration::from_millis(10));
            while edge.is_readable() {
                if let Some(bytes) = edge.receive(&mut room).unwrap() {
                    received.extend_from_slice(&room[..bytes]);
                }
            }
            if received.len() == b"beforebehind".len() {
                break;
            }
        }
        assert_eq!(received, b"beforebehind");
    }
}
