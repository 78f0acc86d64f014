//! The clients of the admin thread: how many there may be, and for how long.
//!
//! Who asks nothing holds a place only while nobody else wants it: with all of them taken, the one
//! who has been asking for longest makes way, so that idle clients keep no health check out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use mio::{Registry, Token};
use net::admin::error_line;
use net::socket::{Endpoint, Stream};
use net::tls::Failure;

use super::channel::Channel;
use super::client::{Client, State};
use super::control::Control;
use super::http;
use super::server::{Door, Protocol};
use super::stats::Stats;
use crate::log::Rarely;
use crate::tls::Failures;

/// Clients of a protocol at a time.
pub(super) const CLIENTS_MAX: usize = 16;

/// Handshakes of them at a time: who has not been let in yet leaves room for those who are.
pub(super) const HANDSHAKES_MAX: usize = CLIENTS_MAX / 2;

/// How long accepting rests after a failure, so that a lack of descriptors does not spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How soon it is looked again for what others do for a client.
const RETRY: Duration = Duration::from_millis(5);

/// The open clients under their tokens. A token is never used again, so an event meant for one
/// client cannot reach another (Law 2).
pub(super) struct Clients {
    pub(super) open: BTreeMap<Token, Client>,
    next: usize,
    failures: Failures,
    /// When the log was last told that none can be accepted.
    unaccepted: Rarely,
}

impl Clients {
    pub(super) fn new(first_token: usize) -> Clients {
        Clients {
            open: BTreeMap::new(),
            next: first_token,
            failures: Failures::default(),
            unaccepted: Rarely::default(),
        }
    }

    /// Accepts who waits, a bounded number at a time. Returns when to go on if some may be left:
    /// the poll is edge-triggered and does not tell of them again.
    pub(super) fn accept(
        &mut self,
        door: &Door,
        registry: &Registry,
        stats: &Stats,
        now: Instant,
    ) -> Option<Instant> {
        for _ in 0..CLIENTS_MAX {
            match door.listener.accept() {
                Ok((stream, peer)) => self.add(stream, peer, door.protocol, registry, stats, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) => {
                    if let Some(held_back) = self.unaccepted.tell(now) {
                        stats.log.warn(format_args!(
                            "cannot accept an admin client: {error} ({held_back} more times since \
                             this was last said)"
                        ));
                    }
                    return Some(now + ACCEPT_REST);
                }
            }
        }
        Some(now)
    }

    pub(super) fn add(
        &mut self,
        stream: Stream,
        peer: Endpoint,
        protocol: Protocol,
        registry: &Registry,
        stats: &Stats,
        now: Instant,
    ) {
        let counters = stats.metrics.of(protocol);
        let is_secure = protocol == Protocol::Admin && matches!(stream, Stream::Tcp(_));
        let effective = stats.live.now();
        let config = &effective.config;
        let tls = stats.tls.as_ref();
        let tls = tls.filter(|_| is_secure && config.admin_tls);
        // Nobody makes way for one who may not be let in.
        let is_full = self.is_full(protocol) && (tls.is_some() || !self.make_way(protocol, stats));
        let channel = match tls {
            Some(_) if is_full || self.handshakes() == HANDSHAKES_MAX => {
                stats.metrics.admin_handshakes.full.increment();
                return counters.refused.increment();
            }
            Some(tls) => {
                stats.metrics.admin_handshakes.begun.increment();
                match Channel::begin(stream, tls) {
                    Ok(channel) => channel,
                    Err(failure) => return self.note(&peer, &failure, stats),
                }
            }
            None if is_full => {
                counters.refused.increment();
                return refuse(stream, protocol);
            }
            None => Channel::Plain(stream),
        };
        counters.accepted.increment();
        let patience = if channel.is_established() {
            protocol.patience()
        } else {
            config.tls.handshake_timeout
        };
        let mut client = Client::new(channel, protocol, peer, now + patience);
        let token = Token(self.next);
        self.next += 1;
        if client.register(registry, token).is_ok() {
            self.open.insert(token, client);
        }
    }

    fn is_full(&self, protocol: Protocol) -> bool {
        let alike = self.open.values().filter(|it| it.protocol == protocol);
        alike.count() == CLIENTS_MAX
    }

    /// Closes the client of `protocol` that has been asking for longest. Returns whether there was
    /// one.
    fn make_way(&mut self, protocol: Protocol, stats: &Stats) -> bool {
        let alike = self.open.iter().filter(|(_, it)| it.protocol == protocol);
        let asking = alike.filter(|(_, client)| client.is_asking());
        let oldest = asking.min_by_key(|(_, client)| client.deadline);
        let Some(token) = oldest.map(|(token, _)| *token) else {
            return false;
        };
        self.expire(token, stats);
        true
    }

    /// Handshakes under way.
    fn handshakes(&self) -> usize {
        let clients = self.open.values();
        clients.filter(|client| !client.is_established()).count()
    }

    /// Serves a client that is ready, if `token` is one's.
    pub(super) fn advance(
        &mut self,
        token: Token,
        registry: &Registry,
        control: &mut Control,
        now: Instant,
    ) {
        let Some(client) = self.open.get_mut(&token) else {
            return;
        };
        if let Err(failure) = client.establish(&control.stats, now) {
            return self.fail(token, &failure, &control.stats);
        }
        let open = match client.advance(control, now) {
            Ok(State::Waiting) => true,
            // The poll is edge-triggered: registering anew brings the event of what is left.
            Ok(State::Busy) => client.reregister(registry, token).is_ok(),
            Ok(State::Closed) => {
                client.finish();
                false
            }
            Err(_) => false,
        };
        if !open {
            self.open.remove(&token);
        }
    }

    /// Goes on with what takes longer than an answer.
    pub(super) fn resume(&mut self, registry: &Registry, control: &mut Control, now: Instant) {
        let waiting = self.open.iter().filter(|(_, client)| client.task.is_some());
        let waiting: Vec<_> = waiting.map(|(token, _)| *token).collect();
        for token in waiting {
            self.advance(token, registry, control, now);
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

    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let clients = self.open.values();
        let next = clients.map(|client| match &client.task {
            Some(task) if task.is_ours() => now,
            Some(_) => now + RETRY,
            None => client.deadline,
        });
        next.min()
    }

    pub(super) fn close_overdue(&mut self, stats: &Stats, now: Instant) {
        let overdue = self
            .open
            .iter()
            .filter(|(_, client)| client.deadline <= now);
        let overdue: Vec<_> = overdue.map(|(token, _)| *token).collect();
        for token in overdue {
            self.expire(token, stats);
        }
    }

    /// Closes a client whose time is up.
    fn expire(&mut self, token: Token, stats: &Stats) {
        let client = &self.open[&token];
        let counters = stats.metrics.of(client.protocol);
        if !client.is_established() {
            return self.fail(token, &Failure::timed_out(), stats);
        }
        if client.is_idle() {
            counters.idle.increment();
        } else {
            counters.overdue.increment();
        }
        self.open.remove(&token);
    }
}

/// Tells a client that it is one too many. It may take what the socket's buffer takes; there is no
/// room to wait for it.
fn refuse(mut stream: Stream, protocol: Protocol) {
    let refusal = match protocol {
        Protocol::Admin => error_line("too many admin clients"),
        Protocol::Http => http::too_many(),
    };
    let _ = stream.write(&refusal);
}
