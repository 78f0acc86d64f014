//! The admin thread: its own poll, a few clients, a line in and a document out.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Registry, Token};
use net::admin::{REQUEST_MAX, error_line};
use net::socket::{Endpoint, Listener, Stream};

use super::protocol;
use super::stats::Stats;
use crate::waker::Waker;

/// Clients at a time.
const CLIENTS_MAX: usize = 16;

/// How long a client may take to ask, and to take a part of its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long accepting rests after a failure, so that a lack of descriptors does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Reads, answers and writes for one client before the others have their turn.
const STEPS: usize = 16;

const WAKE: Token = Token(usize::MAX);

/// The sockets of the admin protocol, bound and not yet served.
pub(crate) struct Admin {
    poll: Poll,
    /// The token of each is its index.
    listeners: Vec<Listener>,
    endpoints: Vec<Endpoint>,
    waker: Arc<Waker>,
}

impl Admin {
    pub(super) fn new(mut listeners: Vec<Listener>) -> io::Result<Admin> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let mut endpoints = Vec::new();
        for (index, listener) in listeners.iter_mut().enumerate() {
            poll.registry()
                .register(listener.source(), Token(index), Interest::READABLE)?;
            endpoints.push(listener.endpoint()?);
        }
        Ok(Admin {
            poll,
            listeners,
            endpoints,
            waker,
        })
    }

    /// Where it listens.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What stops it.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Serves until stopped. Fails only if the poll itself does.
    pub(crate) fn run(mut self, stats: &Stats) -> io::Result<()> {
        let mut events = Events::with_capacity(2 * CLIENTS_MAX);
        let mut clients = Clients::new(self.listeners.len());
        let mut accept_again = None;
        while !self.waker.is_stopped() {
            let deadline = clients
                .next_deadline()
                .into_iter()
                .chain(accept_again)
                .min();
            let timeout = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let registry = self.poll.registry();
            let now = Instant::now();
            for event in &events {
                clients.advance(event.token(), registry, stats, now);
            }
            let listened = events.iter().any(|e| e.token().0 < self.listeners.len());
            if listened || accept_again.is_some_and(|at| at <= now) {
                accept_again = self
                    .listeners
                    .iter()
                    .filter_map(|listener| clients.accept(listener, registry, stats, now))
                    .min();
            }
            clients.close_overdue(now);
        }
        Ok(())
    }
}

/// The open clients under their tokens. A token is never used again, so an event meant for one
/// client cannot reach another (Law 2).
struct Clients {
    open: BTreeMap<Token, Client>,
    next: usize,
}

impl Clients {
    fn new(first_token: usize) -> Clients {
        Clients {
            open: BTreeMap::new(),
            next: first_token,
        }
    }

    /// Accepts who waits, a bounded number at a time. Returns when to go on if some may be left:
    /// the poll is edge-triggered and does not tell of them again.
    fn accept(
        &mut self,
        listener: &Listener,
        registry: &Registry,
        stats: &Stats,
        now: Instant,
    ) -> Option<Instant> {
        for _ in 0..CLIENTS_MAX {
            match listener.accept() {
                Ok((stream, _)) => self.add(stream, registry, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) => {
                    let log = &stats.log;
                    log.info(format_args!("cannot accept an admin client: {error}"));
                    return Some(now + ACCEPT_REST);
                }
            }
        }
        Some(now)
    }

    fn add(&mut self, stream: Stream, registry: &Registry, now: Instant) {
        let mut client = Client::new(stream, now);
        if self.open.len() == CLIENTS_MAX {
            // It may take what the socket's buffer takes; there is no room to wait for it.
            let _ = client.stream.write(&error_line("too many admin clients"));
            return;
        }
        let token = Token(self.next);
        self.next += 1;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let source = client.stream.source();
        if registry.register(source, token, interest).is_ok() {
            self.open.insert(token, client);
        }
    }

    /// Serves a client that is ready, if `token` is one's.
    fn advance(&mut self, token: Token, registry: &Registry, stats: &Stats, now: Instant) {
        let Some(client) = self.open.get_mut(&token) else {
            return;
        };
        let open = match client.advance(stats, now) {
            Ok(State::Waiting) => true,
            // The poll is edge-triggered: registering anew brings the event of what is left.
            Ok(State::Busy) => registry
                .reregister(
                    client.stream.source(),
                    token,
                    Interest::READABLE | Interest::WRITABLE,
                )
                .is_ok(),
            Ok(State::Closed) | Err(_) => false,
        };
        if !open {
            self.open.remove(&token);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.open.values().map(|client| client.deadline).min()
    }

    fn close_overdue(&mut self, now: Instant) {
        self.open.retain(|_, client| client.deadline > now);
    }
}

/// One client: a line being received, or a document being sent.
struct Client {
    stream: Stream,
    /// At most `REQUEST_MAX` bytes.
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of `output` that are sent.
    sent: usize,
    /// The answer being sent is the last one.
    closing: bool,
    /// When it is closed unless it asks, or takes some of its answer, before.
    deadline: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// For the socket.
    Waiting,
    /// There is more to do.
    Busy,
    Closed,
}

impl Client {
    fn new(stream: Stream, now: Instant) -> Client {
        Client {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            closing: false,
            deadline: now + PATIENCE,
        }
    }

    fn advance(&mut self, stats: &Stats, now: Instant) -> io::Result<State> {
        for _ in 0..STEPS {
            match self.step(stats, now) {
                Ok(State::Busy) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(State::Waiting);
                }
                ended => return ended,
            }
        }
        Ok(State::Busy)
    }

    /// One write, one answer or one read, whichever is next.
    fn step(&mut self, stats: &Stats, now: Instant) -> io::Result<State> {
        if self.sent < self.output.len() {
            self.sent += self.stream.write(&self.output[self.sent..])?;
            self.deadline = now + PATIENCE;
        } else if self.closing {
            return Ok(State::Closed);
        } else if let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
            let request = &self.input[..end];
            let shown = request.escape_ascii();
            stats.log.debug(format_args!("admin request: {shown}"));
            self.send(protocol::answer(request, stats));
            self.input.drain(..=end);
        } else if self.input.len() == REQUEST_MAX {
            self.send(error_line("the request is too long"));
            self.closing = true;
        } else {
            let mut room = [0; REQUEST_MAX];
            let received = self.stream.read(&mut room[self.input.len()..])?;
            if received == 0 {
                return Ok(State::Closed);
            }
            let start = self.input.len();
            self.input.extend_from_slice(&room[start..start + received]);
        }
        Ok(State::Busy)
    }

    fn send(&mut self, document: Vec<u8>) {
        self.output = document;
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests;
