//! The listener thread: accepts connections, keeps their number in bounds, hands them out in turn.

use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use net::socket;

use crate::bell::Bell;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::handoff::{Door, Newcomer};
use crate::log::Log;
use crate::metrics::Metrics;

/// Connections accepted from one socket before the next one has its turn.
const BATCH: usize = 64;

/// How long accepting pauses when the system refuses, as with no descriptor left; doubled while
/// that lasts.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

const REFUSAL: &[u8] = b"ERROR Too many open connections\r\n";

const BELL: Token = Token(usize::MAX);

/// The listening sockets and what is done with the connections they bring.
pub(crate) struct Listener {
    poll: Poll,
    bell: Arc<Bell>,
    sockets: Vec<Socket>,
    doors: Vec<Door>,
    /// The door that the next connection goes through.
    next: usize,
    pause: Option<Pause>,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
    clock: Clock,
    log: Log,
}

struct Socket {
    listener: socket::Listener,
    /// Connections may wait: an event said so, and none has been refused us since.
    waiting: bool,
}

/// Accepting rests, because the system refused.
struct Pause {
    /// When it first did. The pause is over once nobody waits any more.
    since: Instant,
    until: Instant,
    length: Duration,
}

/// What became of one call of accept.
enum Accepted {
    Connection,
    /// This one failed; the next may do.
    Failed,
    /// None waits.
    Drained,
    /// The system refuses, and would again at once.
    Refused(io::Error),
}

impl Listener {
    /// Prepares to accept from `sockets` for the workers behind `doors`.
    pub(crate) fn new(
        sockets: Vec<socket::Listener>,
        doors: Vec<Door>,
        connections: Arc<Connections>,
        metrics: Arc<Metrics>,
        clock: Clock,
        log: Log,
    ) -> io::Result<Listener> {
        let poll = Poll::new()?;
        let bell = Arc::new(Bell::new(poll.registry(), BELL)?);
        let mut registered = Vec::with_capacity(sockets.len());
        for (index, mut listener) in sockets.into_iter().enumerate() {
            poll.registry()
                .register(&mut listener, Token(index), Interest::READABLE)?;
            registered.push(Socket {
                listener,
                waiting: false,
            });
        }
        Ok(Listener {
            poll,
            bell,
            sockets: registered,
            doors,
            next: 0,
            pause: None,
            connections,
            metrics,
            clock,
            log,
        })
    }

    /// What stops it.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// Accepts until told to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(self.sockets.len() + 1);
        while !self.bell.is_stopped() {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled.expect("the listener's poll is valid"),
            }
            for event in &events {
                match event.token() {
                    BELL => self.bell.heard(),
                    Token(index) => self.sockets[index].waiting = true,
                }
            }
            if self.may_accept(Instant::now()) {
                for index in 0..self.sockets.len() {
                    self.accept_batch(index);
                }
            }
        }
    }

    fn timeout(&self) -> Option<Duration> {
        match &self.pause {
            Some(pause) => Some(pause.until.saturating_duration_since(Instant::now())),
            None if self.sockets.iter().any(|socket| socket.waiting) => Some(Duration::ZERO),
            None => None,
        }
    }

    fn may_accept(&self, now: Instant) -> bool {
        self.pause.as_ref().is_none_or(|pause| now >= pause.until)
    }

    fn accept_batch(&mut self, index: usize) {
        for _ in 0..BATCH {
            if !self.sockets[index].waiting {
                return;
            }
            match self.accept(index) {
                Accepted::Connection => {
                    if let Some(pause) = &mut self.pause {
                        pause.length = PAUSE_MIN;
                    }
                }
                Accepted::Failed => self.metrics.listener.accept_errors.increment(),
                Accepted::Drained => {
                    self.sockets[index].waiting = false;
                    self.resume();
                }
                Accepted::Refused(error) => {
                    self.metrics.listener.accept_errors.increment();
                    self.back_off(&error);
                    return;
                }
            }
        }
    }

    fn accept(&mut self, index: usize) -> Accepted {
        let (mut stream, peer) = match self.sockets[index].listener.accept() {
            Ok(accepted) => accepted,
            Err(error) => return classify(error),
        };
        let counters = &self.metrics.listener;
        let fd = stream.as_raw_fd();
        let now = self.clock.now();
        if let Some(connection) = self.connections.open(index, fd, &peer, now) {
            counters.total_connections.increment();
            self.doors[self.next].hand(Newcomer { stream, connection });
            self.next = (self.next + 1) % self.doors.len();
        } else {
            counters.rejected_connections.increment();
            // A new socket has room for one line. A peer that is gone needs none.
            let _ = stream.write(REFUSAL);
        }
        Accepted::Connection
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

fn classify(error: io::Error) -> Accepted {
    match error.kind() {
        io::ErrorKind::WouldBlock => Accepted::Drained,
        // The peer hung up before we came, a firewall was against it, or the network failed under
        // it, which accept(2) reports as well.
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::PermissionDenied
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::Interrupted => Accepted::Failed,
        // No descriptor or memory is left; whatever else it may be is no better now.
        _ => Accepted::Refused(error),
    }
}
