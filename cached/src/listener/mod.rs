//! The listener thread: accepts connections, keeps their number in bounds, hands them out in turn,
//! those in TLS once their handshake is complete.

mod handshakes;

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use net::Edge;
use net::socket::{self, Endpoint, Stream};
use net::transport::Transport;

use crate::clock::Clock;
use crate::connections::Connections;
use crate::handoff::{Accepted, Handoff};
use crate::log::Log;
use crate::metrics::Metrics;
use crate::waker::Waker;

pub(crate) use handshakes::Handshakes;

/// Connections accepted from one socket before the next one has its turn.
const BATCH: usize = 64;

/// How long accepting pauses when the system refuses, as with no descriptor left; doubled while
/// that lasts.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

const REFUSAL: &[u8] = b"ERROR Too many open connections\r\n";

/// Events taken from one poll; the rest come with the next.
const EVENTS: usize = 256;

const WAKE: Token = Token(usize::MAX);

/// The listening sockets and what is done with the connections they bring.
pub(crate) struct Listener {
    poll: Poll,
    waker: Arc<Waker>,
    sockets: Vec<Socket>,
    /// `None`: no socket is for TLS.
    handshakes: Option<Handshakes>,
    workers: Workers,
    pause: Option<Pause>,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
    clock: Clock,
    log: Log,
}

/// A listening socket.
pub(crate) struct Socket {
    pub(crate) listener: socket::Listener,
    /// Its clients speak TLS.
    pub(crate) is_tls: bool,
    /// Connections may wait: no accept has come back without one since an event said so.
    waiting: bool,
}

impl Socket {
    pub(crate) fn new(listener: socket::Listener, is_tls: bool) -> Socket {
        Socket {
            listener,
            is_tls,
            waiting: false,
        }
    }
}

/// The workers, who take connections in turn.
struct Workers {
    handoffs: Vec<Handoff>,
    /// Whose turn it is.
    next: usize,
}

impl Workers {
    fn take(&mut self, accepted: Accepted, peer: &Endpoint, log: &Log) {
        log.debug(format_args!(
            "connection {} from {peer} to worker-{}",
            accepted.transport.descriptor(),
            self.next
        ));
        self.handoffs[self.next].send(accepted);
        self.next = (self.next + 1) % self.handoffs.len();
    }
}

/// Accepting rests, because the system refused.
struct Pause {
    /// When it first did. The pause is over once nobody waits any more.
    since: Instant,
    until: Instant,
    length: Duration,
}

impl Listener {
    /// Prepares to accept from `sockets` for the workers behind `handoffs`. With sockets for TLS
    /// there are `handshakes`.
    pub(crate) fn new(
        mut sockets: Vec<Socket>,
        handshakes: Option<Handshakes>,
        handoffs: Vec<Handoff>,
        connections: Arc<Connections>,
        metrics: Arc<Metrics>,
        clock: Clock,
        log: Log,
    ) -> io::Result<Listener> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        for (index, socket) in sockets.iter_mut().enumerate() {
            let source = socket.listener.source();
            poll.registry()
                .register(source, Token(index), Interest::READABLE)?;
        }
        Ok(Listener {
            poll,
            waker,
            sockets,
            handshakes,
            workers: Workers { handoffs, next: 0 },
            pause: None,
            connections,
            metrics,
            clock,
            log,
        })
    }

    /// What stops it.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Accepts until told to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.waker.is_stopped() {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled.expect("the listener's poll is valid"),
            }
            for event in &events {
                match event.token() {
                    WAKE => self.waker.acknowledge(),
                    Token(index) if index < self.sockets.len() => {
                        self.sockets[index].waiting = true;
                    }
                    _ => self.handshakes.iter_mut().for_each(|h| h.note(event)),
                }
            }
            let now = Instant::now();
            self.handshakes.iter_mut().for_each(|h| h.adapt(now));
            if self.may_accept(now) {
                self.accept_all();
            }
            if let Some(handshakes) = &mut self.handshakes {
                let mut hand_over = |accepted, peer: &Endpoint| {
                    self.workers.take(accepted, peer, &self.log);
                };
                handshakes.advance(self.poll.registry(), &mut hand_over);
                handshakes.sweep(now);
            }
        }
    }

    fn timeout(&self) -> Option<Duration> {
        let accept = match &self.pause {
            Some(pause) => Some(pause.until.saturating_duration_since(Instant::now())),
            None if self.sockets.iter().any(|socket| self.is_waiting(socket)) => {
                Some(Duration::ZERO)
            }
            None => None,
        };
        let handshakes = self.handshakes.as_ref().and_then(Handshakes::due);
        accept.into_iter().chain(handshakes).min()
    }

    /// Connections may wait at `socket` that could be accepted: with as many handshakes as may be,
    /// those in TLS could not.
    fn is_waiting(&self, socket: &Socket) -> bool {
        let is_full = || self.handshakes.as_ref().is_some_and(Handshakes::is_full);
        socket.waiting && !(socket.is_tls && is_full())
    }

    fn may_accept(&self, now: Instant) -> bool {
        self.pause.as_ref().is_none_or(|pause| now >= pause.until)
    }

    /// Accepts a batch from each socket, until the system refuses.
    fn accept_all(&mut self) {
        for index in 0..self.sockets.len() {
            if let Err(error) = self.accept_batch(index) {
                self.back_off(&error);
                return;
            }
        }
        if !self.sockets.iter().any(|socket| self.is_waiting(socket)) {
            self.resume();
        }
    }

    /// Accepts a batch from one socket. Fails when the system refuses, and would again at once.
    fn accept_batch(&mut self, index: usize) -> io::Result<()> {
        for _ in 0..BATCH {
            if !self.is_waiting(&self.sockets[index]) {
                break;
            }
            match self.sockets[index].listener.accept() {
                Ok((stream, peer)) => {
                    self.take(index, stream, &peer);
                    if let Some(pause) = &mut self.pause {
                        pause.length = PAUSE_MIN;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.sockets[index].waiting = false;
                }
                Err(error) => {
                    self.metrics.listener.accept_errors.increment();
                    if !is_of_one(&error) {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives a connection to the next worker, one in TLS after its handshake; or refuses it when
    /// there are as many as may be.
    fn take(&mut self, index: usize, mut stream: Stream, peer: &Endpoint) {
        let counters = &self.metrics.listener;
        let fd = stream.as_raw_fd();
        let now = self.clock.now();
        let is_tls = self.sockets[index].is_tls;
        let Some(connection) = self.connections.open(index, fd, peer, now) else {
            counters.rejected_connections.increment();
            if !is_tls {
                // A new socket has room for one line. A peer that is gone needs none.
                let _ = stream.write(REFUSAL);
            }
            return;
        };
        counters.total_connections.increment();
        if is_tls {
            let handshakes = self.handshakes.as_mut();
            let handshakes = handshakes.expect("with sockets for TLS there are handshakes");
            return handshakes.begin(stream, connection, peer, self.poll.registry());
        }
        let transport = Transport::Plain(Edge::new(stream));
        let accepted = Accepted {
            transport,
            connection,
        };
        self.workers.take(accepted, peer, &self.log);
    }

    /// Rests before the next accept, longer each time in a row: trying at once would spin, as the
    /// connection keeps waiting.
    fn back_off(&mut self, error: &io::Error) {
        let now = Instant::now();
        let pause = self.pause.get_or_insert_with(|| {
            self.metrics.listener.listen_disabled_num.increment();
            self.connections.set_accepting(false);
            self.log
                .warn(format_args!("no new connections for now: {error}"));
            Pause {
                since: now,
                until: now,
                length: PAUSE_MIN,
            }
        });
        pause.until = now + pause.length;
        pause.length = (pause.length * 2).min(PAUSE_MAX);
    }

    fn resume(&mut self) {
        if let Some(pause) = self.pause.take() {
            let rested = pause.since.elapsed();
            let counters = &self.metrics.listener;
            counters
                .time_in_listen_disabled_us
                .add(rested.as_micros() as u64);
            self.connections.set_accepting(true);
            self.log.info(format_args!(
                "accepting connections again after {} ms",
                rested.as_millis()
            ));
        }
    }
}

/// Whether a failure to accept is that of one connection: its peer hung up before we came, a
/// firewall was against it, or the network failed under it, which accept(2) reports as well. With
/// any other, no descriptor left for one, the next would fail as this did.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_descriptors_is_not_taken_for_one_connections_failure() {
        for lack in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
            assert!(!is_of_one(&io::Error::from_raw_os_error(lack)), "{lack}");
        }
        for one in [libc::ECONNABORTED, libc::EPERM, libc::ENETUNREACH] {
            assert!(is_of_one(&io::Error::from_raw_os_error(one)), "{one}");
        }
    }
}
