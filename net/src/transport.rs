//! What a connection's bytes go through: its socket, or TLS over it.

use std::io::{self, IoSlice, Read, Write};
use std::os::fd::RawFd;

use mio::event::Event;
use mio::{Registry, Token};

use crate::edge::Edge;
use crate::tls;

/// A connection under an edge-triggered poll, plain or in TLS.
#[derive(Debug)]
pub enum Transport {
    /// The socket itself.
    Plain(Edge),
    /// TLS whose handshake is complete.
    Tls(Secure),
}

/// An established TLS session, and whether it holds something.
#[derive(Debug)]
pub struct Secure {
    stream: tls::Stream<Edge>,
    /// Bytes may be inside, or the end: no receive has found none since it was read from the socket.
    /// What is inside brings no event.
    holds: bool,
    /// What ended a receive that had brought bytes before, for the next one: OpenSSL says it once.
    failed: Option<io::Error>,
}

impl Secure {
    /// A session that has come from its handshake, perhaps with the first bytes behind it.
    pub fn new(stream: tls::Stream<Edge>) -> Secure {
        Secure {
            stream,
            holds: true,
            failed: None,
        }
    }

    /// Receives what has come, record by record, until `room` is full, or as much has come from the
    /// socket: records may hold next to nothing, or only ask for new keys.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut received = 0;
        self.stream.get_mut().allow(room.len());
        self.holds = true;
        while let Some(rest) = room.get_mut(received..).filter(|rest| !rest.is_empty()) {
            match self.stream.read(rest) {
                Ok(0) if received == 0 => return Ok(Some(0)),
                // The end is found again by the next receive.
                Ok(0) => break,
                Ok(bytes) => {
                    received += bytes;
                    // To be told so by a read that finds nothing would cost a tenth of a turn.
                    if !self.stream.get_ref().is_readable() && !self.stream.has_pending() {
                        self.holds = false;
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.holds = false;
                    break;
                }
                Err(error) if received == 0 => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok((received > 0).then_some(received))
    }

    /// Sends record by record, until the socket is full.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sent = 0;
        while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(bytes) => sent += bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    fn is_readable(&self) -> bool {
        let edge = self.stream.get_ref();
        self.holds || edge.is_readable() || (self.stream.wants_write() && edge.is_writable())
    }
}

impl Transport {
    /// The socket below.
    fn edge(&self) -> &Edge {
        match self {
            Transport::Plain(edge) => edge,
            Transport::Tls(secure) => secure.stream.get_ref(),
        }
    }

    fn edge_mut(&mut self) -> &mut Edge {
        match self {
            Transport::Plain(edge) => edge,
            Transport::Tls(secure) => secure.stream.get_mut(),
        }
    }

    /// Asks for events with `token`, once for all.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.edge_mut().register(registry, token)
    }

    /// Notes what an event says.
    pub fn note(&mut self, event: &Event) {
        self.edge_mut().note(event);
    }

    /// It is in TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self, Transport::Tls(_))
    }

    /// Its end was no word of the peer's, but that of the socket below: see
    /// [`tls::Stream::is_truncated`].
    pub fn is_truncated(&self) -> bool {
        matches!(self, Transport::Tls(secure) if secure.stream.is_truncated())
    }

    /// The file descriptor, by which reports name the connection.
    pub fn descriptor(&self) -> RawFd {
        self.edge().descriptor()
    }

    /// A receive may bring something.
    pub fn is_readable(&self) -> bool {
        match self {
            Transport::Plain(edge) => edge.is_readable(),
            Transport::Tls(secure) => secure.is_readable(),
        }
    }

    /// A send may be taken.
    pub fn is_writable(&self) -> bool {
        self.edge().is_writable()
    }

    /// Receives into `room`, which is not empty. `None`: nothing waits; 0: the peer will send no
    /// more.
    pub fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            Transport::Plain(edge) => edge.receive(room),
            Transport::Tls(secure) => secure.receive(room),
        }
    }

    /// As [`Transport::receive`], into `first` and, once that is full, into `next`.
    pub fn receive_both(&mut self, first: &mut [u8], next: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            Transport::Plain(edge) => edge.receive_both(first, next),
            Transport::Tls(secure) => {
                let received = secure.receive(first)?;
                if next.is_empty() || received != Some(first.len()) {
                    return Ok(received);
                }
                let behind = secure.receive(next).unwrap_or_else(|error| {
                    secure.failed = Some(error);
                    None
                });
                Ok(Some(first.len() + behind.unwrap_or(0)))
            }
        }
    }

    /// Sends what the socket takes; returns how many bytes went. There will be an event when it
    /// takes the rest, which is then to be sent before anything else.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(edge) => edge.send(bytes),
            Transport::Tls(secure) => secure.send(bytes),
        }
    }

    /// As [`Transport::send`], for some pieces as if they were one.
    pub fn send_pieces(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let Transport::Tls(secure) = self else {
            return self.edge_mut().send_pieces(pieces);
        };
        let mut sent = 0;
        for piece in pieces {
            let taken = secure.send(piece)?;
            sent += taken;
            if taken < piece.len() {
                break;
            }
        }
        Ok(sent)
    }

    /// Tells the peer that nothing more will come, where there is a way to.
    pub fn finish(&mut self) {
        if let Transport::Tls(secure) = self {
            secure.stream.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Stream;
    use crate::tls::authority::{Signed, Terms};
    use crate::tls::{Client, ClientOptions, Server, ServerOptions};
    use mio::{Events, Poll};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// More steps than any of the tests needs.
    const STEPS: usize = 2000;

    /// A socket that sends what was written when it is flushed.
    #[derive(Debug)]
    struct Burst {
        socket: UnixStream,
        held: Vec<u8>,
    }

    impl Read for Burst {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.socket.read(room)
        }
    }

    impl Write for Burst {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.held.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.socket.write_all(&std::mem::take(&mut self.held))
        }
    }

    /// Takes in the events of a moment.
    fn note(poll: &mut Poll, edge: &mut Edge) {
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().for_each(|event| edge.note(event));
    }

    /// A client's end of a session, and the server's under a poll.
    fn pair() -> (tls::Stream<Burst>, Secure, Poll) {
        let folder = tempfile::tempdir().unwrap();
        let signed = Signed::by_itself(&Terms::new(&["localhost"])).unwrap();
        let server = Server::new(&ServerOptions {
            certificates: vec![signed.write(folder.path(), "server").unwrap()],
            ..ServerOptions::default()
        });
        let client = Client::new(&ClientOptions {
            insecure: true,
            ..ClientOptions::default()
        });
        let (theirs, ours) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        ours.set_nonblocking(true).unwrap();
        let mut edge = Edge::new(Stream::Unix(mio::net::UnixStream::from_std(ours)));
        let mut poll = Poll::new().unwrap();
        edge.register(poll.registry(), Token(0)).unwrap();
        let burst = Burst {
            socket: theirs,
            held: Vec::new(),
        };
        let mut client = client.unwrap().open(burst, "localhost").unwrap();
        let mut server = server.unwrap().open(edge).unwrap();
        for _ in 0..STEPS {
            let greeted = client.handshake().unwrap();
            note(&mut poll, server.get_mut());
            if server.handshake().unwrap() && greeted {
                return (client, Secure::new(server), poll);
            }
        }
        panic!("no handshake");
    }

    #[test]
    fn a_flood_of_small_records_would_take_a_turn_for_as_long_as_it_lasts() {
        const RECORDS: usize = 3000;
        let (mut client, mut server, mut poll) = pair();
        for _ in 0..RECORDS {
            client.write_all(b"x").unwrap();
        }
        client.flush().unwrap();
        note(&mut poll, server.stream.get_mut());
        let mut room = [0; 16 << 10];
        let mut received = server.receive(&mut room).unwrap().unwrap();
        assert!(received < RECORDS, "all of some 70 KB in one receive");
        // The rest needs no event.
        for _ in 0..RECORDS {
            if !server.is_readable() {
                break;
            }
            received += server.receive(&mut room).unwrap().unwrap_or(0);
        }
        assert_eq!(received, RECORDS);
    }

    #[test]
    fn a_forged_record_behind_a_good_one_would_pass_for_an_end() {
        let (mut client, mut server, mut poll) = pair();
        client.write_all(b"x").unwrap();
        let socket = client.get_mut();
        socket.held.extend_from_slice(&[0x17, 3, 3, 0, 32]);
        socket.held.extend_from_slice(&[0; 32]);
        client.flush().unwrap();
        note(&mut poll, server.stream.get_mut());
        let mut room = [0; 64];
        assert_eq!(server.receive(&mut room).unwrap(), Some(1));
        assert!(server.is_readable());
        let next = server.receive(&mut room);
        assert!(next.is_err(), "{next:?}");
        assert!(!server.stream.is_truncated());
    }
}
