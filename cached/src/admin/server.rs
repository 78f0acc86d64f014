//! The admin thread: its own poll, a few clients, a line in and a document out.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Registry, Token};
use net::admin::{REQUEST_MAX, error_line};
use net::socket::{Endpoint, Listener, Stream};
use net::tls::Failure;

use super::channel::Channel;
use super::protocol::{self, Answer};
use super::stats::Stats;
use crate::orders::Awaited;
use crate::settings::Change;
use crate::tls::Failures;
use crate::waker::Waker;

/// Clients at a time.
const CLIENTS_MAX: usize = 16;

/// Handshakes of them at a time: who has not been let in yet leaves room for those who are.
const HANDSHAKES_MAX: usize = CLIENTS_MAX / 2;

/// How long a client may take to ask, and to take a part of its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long accepting rests after a failure, so that a lack of descriptors does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How soon an answer of the main thread is looked for again.
const RETRY: Duration = Duration::from_millis(5);

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
                .next_deadline(Instant::now())
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
            clients.resume(registry, stats, now);
            let listened = events.iter().any(|e| e.token().0 < self.listeners.len());
            if listened || accept_again.is_some_and(|at| at <= now) {
                accept_again = self
                    .listeners
                    .iter()
                    .filter_map(|listener| clients.accept(listener, registry, stats, now))
                    .min();
            }
            clients.close_overdue(stats, now);
        }
        Ok(())
    }
}

/// The open clients under their tokens. A token is never used again, so an event meant for one
/// client cannot reach another (Law 2).
struct Clients {
    open: BTreeMap<Token, Client>,
    next: usize,
    failures: Failures,
}

impl Clients {
    fn new(first_token: usize) -> Clients {
        Clients {
            open: BTreeMap::new(),
            next: first_token,
            failures: Failures::default(),
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
                Ok((stream, peer)) => self.add(stream, peer, registry, stats, now),
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

    fn add(
        &mut self,
        mut stream: Stream,
        peer: Endpoint,
        registry: &Registry,
        stats: &Stats,
        now: Instant,
    ) {
        let effective = stats.live.now();
        let config = &effective.config;
        let tls = stats.tls.as_ref().filter(|_| config.admin_tls);
        let tls = tls.filter(|_| matches!(stream, Stream::Tcp(_)));
        let is_full = self.open.len() == CLIENTS_MAX;
        let channel = match tls {
            Some(_) if is_full || self.handshakes() == HANDSHAKES_MAX => {
                stats.metrics.admin_handshakes.full.increment();
                return;
            }
            Some(tls) => {
                stats.metrics.admin_handshakes.begun.increment();
                match Channel::begin(stream, tls) {
                    Ok(channel) => channel,
                    Err(failure) => return self.note(&peer, &failure, stats),
                }
            }
            None if is_full => {
                // It may take what the socket's buffer takes; there is no room to wait for it.
                let _ = stream.write(&error_line("too many admin clients"));
                return;
            }
            None => Channel::Plain(stream),
        };
        let patience = if channel.is_established() {
            PATIENCE
        } else {
            config.tls.handshake_timeout
        };
        let mut client = Client::new(channel, peer, now + patience);
        let token = Token(self.next);
        self.next += 1;
        if client.register(registry, token).is_ok() {
            self.open.insert(token, client);
        }
    }

    /// Handshakes under way.
    fn handshakes(&self) -> usize {
        let clients = self.open.values();
        clients.filter(|c| !c.channel.is_established()).count()
    }

    /// Serves a client that is ready, if `token` is one's.
    fn advance(&mut self, token: Token, registry: &Registry, stats: &Stats, now: Instant) {
        let Some(client) = self.open.get_mut(&token) else {
            return;
        };
        if let Err(failure) = client.establish(stats, now) {
            return self.fail(token, &failure, stats);
        }
        let open = match client.advance(stats, now) {
            Ok(State::Waiting) => true,
            // The poll is edge-triggered: registering anew brings the event of what is left.
            Ok(State::Busy) => client.reregister(registry, token).is_ok(),
            Ok(State::Closed) => {
                client.channel.finish();
                false
            }
            Err(_) => false,
        };
        if !open {
            self.open.remove(&token);
        }
    }

    /// Looks after those who wait for an answer of the main thread.
    fn resume(&mut self, registry: &Registry, stats: &Stats, now: Instant) {
        let waiting = self
            .open
            .iter()
            .filter(|(_, client)| client.reload.is_some());
        let waiting: Vec<_> = waiting.map(|(token, _)| *token).collect();
        for token in waiting {
            self.advance(token, registry, stats, now);
        }
    }

    /// Ends a client whose handshake has failed.
    fn fail(&mut self, token: Token, failure: &Failure, stats: &Stats) {
        if let Some(client) = self.open.remove(&token) {
            self.note(&client.peer, failure, stats);
        }
    }

    fn note(&mut self, peer: &Endpoint, failure: &Failure, stats: &Stats) {
        let counters = &stats.metrics.admin_handshakes;
        self.failures.note(peer, failure, counters, &stats.log);
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let clients = self.open.values();
        let next = clients.map(|client| match client.reload {
            Some(_) => now + RETRY,
            None => client.deadline,
        });
        next.min()
    }

    fn close_overdue(&mut self, stats: &Stats, now: Instant) {
        let overdue = self
            .open
            .iter()
            .filter(|(_, client)| client.deadline <= now);
        let overdue: Vec<_> = overdue.map(|(token, _)| *token).collect();
        for token in overdue {
            if self.open[&token].channel.is_established() {
                self.open.remove(&token);
            } else {
                self.fail(token, &Failure::timed_out(), stats);
            }
        }
    }
}

/// One client: a line being received, or a document being sent.
struct Client {
    channel: Channel,
    peer: Endpoint,
    /// At most `REQUEST_MAX` bytes.
    input: Vec<u8>,
    output: Vec<u8>,
    /// Bytes of `output` that are sent.
    sent: usize,
    /// The answer being sent is the last one.
    closing: bool,
    /// The answer that it waits for.
    reload: Option<Awaited<Vec<Change>>>,
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
    fn new(channel: Channel, peer: Endpoint, deadline: Instant) -> Client {
        Client {
            channel,
            peer,
            input: Vec::new(),
            output: Vec::new(),
            sent: 0,
            closing: false,
            reload: None,
            deadline,
        }
    }

    fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(self.channel.source(), token, interest)
    }

    fn reregister(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.reregister(self.channel.source(), token, interest)
    }

    /// Goes on with its handshake, if it has one.
    fn establish(&mut self, stats: &Stats, now: Instant) -> Result<(), Failure> {
        let (false, Some(tls)) = (self.channel.is_established(), &stats.tls) else {
            return Ok(());
        };
        self.channel
            .establish(tls, &stats.metrics.admin_handshakes)?;
        if self.channel.is_established() {
            self.deadline = now + PATIENCE;
        }
        Ok(())
    }

    fn advance(&mut self, stats: &Stats, now: Instant) -> io::Result<State> {
        if !self.channel.is_established() {
            return Ok(State::Waiting);
        }
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
        if let Some(reload) = &self.reload {
            let Some(outcome) = reload.outcome() else {
                return Ok(State::Waiting);
            };
            self.reload = None;
            self.send(protocol::reloaded(outcome));
        } else if self.sent < self.output.len() {
            self.sent += self.channel.write(&self.output[self.sent..])?;
            self.deadline = now + PATIENCE;
        } else if self.closing {
            return Ok(State::Closed);
        } else if let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
            let request = &self.input[..end];
            let shown = request.escape_ascii();
            stats.log.debug(format_args!("admin request: {shown}"));
            match protocol::answer(request, stats) {
                Answer::Document(document) => self.send(document),
                Answer::Later(reload) => self.reload = Some(reload),
            }
            self.input.drain(..=end);
        } else if self.input.len() == REQUEST_MAX {
            self.send(error_line("the request is too long"));
            self.closing = true;
        } else {
            let mut room = [0; REQUEST_MAX];
            let received = self.channel.read(&mut room[self.input.len()..])?;
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
