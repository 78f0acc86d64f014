//! Handshakes under way: TLS connections that no worker has yet.
//!
//! They are advanced a few at a time, so that connections without TLS wait for little. What is
//! established goes to a worker whole.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Registry, Token};
use net::Edge;
use net::socket::{Endpoint, Stream};
use net::tls;
use net::transport::{Secure, Transport};
use slab::Slab;

use crate::connections::Connection;
use crate::handoff::Accepted;
use crate::live::View;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::tls::{Failures, Tls};

/// Steps of handshakes before accepting has its turn: a step may be a signature, which takes from
/// 0.1 ms (ECDSA) to 1 ms (RSA).
const STEPS: usize = 8;

/// The connections whose handshake is not complete.
pub(crate) struct Handshakes {
    tls: Arc<Tls>,
    open: Slab<Handshake>,
    /// Generation of the handshake begun last; never 0, so that no token is a listening socket's.
    generation: u32,
    /// Those that can go on, in order.
    ready: VecDeque<Token>,
    view: View,
    /// When those that take too long are looked for next.
    sweep: Instant,
    failures: Failures,
    metrics: Arc<Metrics>,
    log: Log,
}

struct Handshake {
    /// Closed before `connection` gives its row back.
    stream: tls::Stream<Edge>,
    connection: Connection,
    peer: Endpoint,
    generation: u32,
    began: Instant,
    /// It is on the list of those that can go on.
    queued: bool,
}

impl Handshakes {
    /// None yet, with the bounds of the configuration in `view`.
    pub(crate) fn new(tls: Arc<Tls>, view: View, metrics: Arc<Metrics>, log: Log) -> Handshakes {
        Handshakes {
            tls,
            open: Slab::new(),
            generation: 0,
            ready: VecDeque::new(),
            view,
            sweep: Instant::now(),
            failures: Failures::default(),
            metrics,
            log,
        }
    }

    /// Takes over a new configuration, if there is one. It holds for the handshakes under way too.
    pub(super) fn adapt(&mut self, now: Instant) {
        if self.view.changed().is_some() {
            self.sweep = self.sweep.min(now + self.period());
        }
    }

    /// There are as many as may be.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() >= self.view.config().tls.handshakes
    }

    /// Begins the handshake of a new connection.
    pub(super) fn begin(
        &mut self,
        stream: Stream,
        connection: Connection,
        peer: &Endpoint,
        registry: &Registry,
    ) {
        let now = Instant::now();
        if self.open.is_empty() {
            self.sweep = now + self.period();
        }
        let counters = &self.metrics.handshakes;
        counters.begun.increment();
        let stream = match self.tls.current().open(Edge::new(stream)) {
            Ok(stream) => stream,
            Err(failure) => {
                let log = &self.log;
                return self.failures.note(peer, &failure, counters, log);
            }
        };
        self.generation = self.generation.wrapping_add(1).max(1);
        let entry = self.open.vacant_entry();
        let token = token(entry.key(), self.generation);
        let handshake = entry.insert(Handshake {
            stream,
            connection,
            peer: peer.clone(),
            generation: self.generation,
            began: now,
            queued: false,
        });
        if let Err(error) = handshake.stream.get_mut().register(registry, token) {
            self.end(token, &tls::Failure::system(&error));
        }
        self.metrics.handshakes.full.add(self.is_full().into());
    }

    /// Notes what an event says of a handshake.
    pub(super) fn note(&mut self, event: &Event) {
        let token = event.token();
        let Some(handshake) = self.find(token) else {
            return; // over since
        };
        handshake.stream.get_mut().note(event);
        if !handshake.queued {
            handshake.queued = true;
            self.ready.push_back(token);
        }
    }

    /// Lets some of those that can go on do so. Whoever is through goes to `hand_over`.
    pub(super) fn advance(
        &mut self,
        registry: &Registry,
        hand_over: &mut dyn FnMut(Accepted, &Endpoint),
    ) {
        for _ in 0..STEPS {
            let Some(token) = self.ready.pop_front() else {
                return;
            };
            let Some(handshake) = self.find(token) else {
                continue;
            };
            handshake.queued = false;
            match handshake.stream.handshake() {
                Ok(true) => {
                    if let Err(failure) = self.establish(token, registry, hand_over) {
                        self.end(token, &failure);
                    }
                }
                Ok(false) if handshake.is_ready() => {
                    handshake.queued = true;
                    self.ready.push_back(token);
                }
                Ok(false) => {}
                Err(failure) => self.end(token, &failure),
            }
        }
    }

    /// Hands a session over whose handshake is complete, if its client is let in.
    fn establish(
        &mut self,
        token: Token,
        registry: &Registry,
        hand_over: &mut dyn FnMut(Accepted, &Endpoint),
    ) -> Result<(), tls::Failure> {
        let tls = Arc::clone(&self.tls);
        let Some(handshake) = self.find(token) else {
            return Ok(());
        };
        if let Err(failure) = tls.current().admit(&handshake.stream) {
            // The client takes the session for established.
            handshake.stream.close();
            return Err(failure);
        }
        let edge = handshake.stream.get_mut();
        let deregistered = edge.deregister(registry);
        deregistered.map_err(|error| tls::Failure::system(&error))?;
        let handshake = self.open.remove(key(token));
        let agreed = handshake.stream.agreed();
        self.metrics.handshakes.complete(agreed);
        self.log.debug(format_args!(
            "connection {} is in {agreed}",
            handshake.stream.get_ref().descriptor()
        ));
        let accepted = Accepted {
            transport: Transport::Tls(Secure::new(handshake.stream)),
            connection: handshake.connection,
        };
        hand_over(accepted, &handshake.peer);
        Ok(())
    }

    /// Ends a handshake that has failed.
    fn end(&mut self, token: Token, failure: &tls::Failure) {
        let handshake = self.open.remove(key(token));
        let counters = &self.metrics.handshakes;
        self.failures
            .note(&handshake.peer, failure, counters, &self.log);
    }

    /// How long until there is something to do; `None`: until an event.
    pub(super) fn due(&self) -> Option<Duration> {
        if !self.ready.is_empty() {
            return Some(Duration::ZERO);
        }
        let wait = || self.sweep.saturating_duration_since(Instant::now());
        (!self.open.is_empty()).then(wait)
    }

    /// Ends those that have taken too long, or up to a quarter longer.
    pub(super) fn sweep(&mut self, now: Instant) {
        if now < self.sweep {
            return;
        }
        self.sweep = now + self.period();
        let timeout = self.view.config().tls.handshake_timeout;
        let is_over = |handshake: &Handshake| now >= handshake.began + timeout;
        let over: Vec<_> = self
            .open
            .iter()
            .filter(|(_, handshake)| is_over(handshake))
            .map(|(key, handshake)| token(key, handshake.generation))
            .collect();
        for token in over {
            self.end(token, &tls::Failure::timed_out());
        }
    }

    fn period(&self) -> Duration {
        (self.view.config().tls.handshake_timeout / 4).max(Duration::from_millis(1))
    }

    fn find(&mut self, token: Token) -> Option<&mut Handshake> {
        let handshake = self.open.get_mut(key(token))?;
        (handshake.generation as usize == token.0 >> 32).then_some(handshake)
    }
}

impl Handshake {
    /// The socket has more for the handshake, or takes more of it, without a further event.
    fn is_ready(&self) -> bool {
        let edge = self.stream.get_ref();
        edge.is_readable() || (self.stream.wants_write() && edge.is_writable())
    }
}

fn token(key: usize, generation: u32) -> Token {
    Token(key | (generation as usize) << 32)
}

fn key(token: Token) -> usize {
    token.0 & u32::MAX as usize
}

#[cfg(test)]
mod tests;
