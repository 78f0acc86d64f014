//! One connection, and the bytes on their way.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;

use net::tls::Ticket;

use super::flight::Flight;
use super::requests::Source;
use super::stream::Stream;
use crate::target::Target;
use crate::wire::Reader;

pub(super) struct Connection {
    stream: Option<Stream>,
    /// Of the session before, to begin the next with.
    ticket: Option<Ticket>,
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
        stream: Option<Stream>,
        source: Source,
        flight: Flight,
        reader: Reader,
        due: u64,
    ) -> Self {
        Self {
            stream,
            ticket: None,
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

    /// Begins to connect; what is sent meanwhile is kept until it is done. A
    /// ticket that was kept is offered.
    pub(super) fn begin_to_open(&mut self, target: &Target) -> io::Result<()> {
        self.stream = Some(Stream::begin(target, self.ticket.as_ref())?);
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.stream.as_ref().map(Stream::fd)
    }

    /// Whether it goes on with an earlier session; `None` without TLS.
    pub(super) fn is_resumed(&self) -> Option<bool> {
        self.stream.as_ref().and_then(Stream::is_resumed)
    }

    /// Closes in order; what is needed to resume the session is kept if it is
    /// to be.
    pub(super) fn close(&mut self, keeps_ticket: bool) {
        let ticket = self.stream.take().and_then(Stream::close);
        self.ticket = ticket.filter(|_| keeps_ticket);
        self.forget();
    }

    /// Drops what is broken.
    pub(super) fn abandon(&mut self) {
        self.stream = None;
        self.ticket = None;
        self.forget();
    }

    /// Forgets all bytes on their way.
    fn forget(&mut self) {
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
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        let sent = stream.send(bytes)?;
        self.unsent.clear();
        self.unsent.extend_from_slice(&bytes[sent..]);
        self.unsent_from = 0;
        Ok(())
    }

    /// An event came: sends what was kept. `has_ended` says that the server has
    /// closed its half.
    pub(super) fn wake(&mut self, has_ended: bool) -> io::Result<()> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        stream.note(has_ended);
        while self.unsent_from < self.unsent.len() {
            match stream.send(&self.unsent[self.unsent_from..])? {
                0 => break,
                sent => self.unsent_from += sent,
            }
        }
        Ok(())
    }

    /// Receives behind what was kept, which it puts at the start of `buffer`.
    /// Says how many bytes there are of both, and how many are new; nothing
    /// when none are.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, usize)>> {
        let Some(stream) = &mut self.stream else {
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
        match stream.receive(&mut buffer[kept..])? {
            Some(0) => Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the server closed the connection",
            )),
            Some(received) => {
                self.kept.clear();
                Ok(Some((kept + received, received)))
            }
            None => Ok(None),
        }
    }

    /// Keeps the beginning of a reply.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
    }
}
