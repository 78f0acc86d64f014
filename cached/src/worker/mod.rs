//! A worker thread: serves its clients in turns.
//!
//! A turn receives once from each ready client, executes what is whole in order, and sends once to
//! each. Its work is bounded, and who is not done is ready again for the next one.

mod client;
mod sweep;
mod turn;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use mio::event::Event;
use mio::{Events, Poll, Token};
use net::{Arena, Budget};
use slab::Slab;
use storage::Participant;

use crate::execute::Engine;
use crate::handoff::{Accepted, Handoff};
use crate::live::View;
use crate::log::Rarely;
use crate::sampling;
use crate::settings::Config;
use crate::waker::Waker;

use client::{Client, Reason};
use sweep::Sweep;
use turn::{BATCH, OUTPUT, Work};

/// Events taken from one poll; the rest come with the next.
const EVENTS: usize = 256;

/// Bytes that all clients of a turn together can send us.
const ARENA: usize = 256 << 10;

/// Bytes a worker needs beside the buffers that are charged to its clients.
pub(crate) const MEMORY: usize = ARENA + OUTPUT + sampling::MEMORY;

/// How soon those are tried again who wait for space or budget.
const RETRY: Duration = Duration::from_millis(1);

/// How often the store wants to look at tails that are open for a time.
const SETTLE: Duration = Duration::from_millis(250);

const WAKE: Token = Token(usize::MAX);

// A token is a slab key and a generation.
const _: () = assert!(usize::BITS == 64);

/// A session's bounds and timeouts.
#[derive(Clone, Debug)]
struct Bounds {
    /// Bytes received from a client in a turn.
    input: usize,
    /// What a session may do in a turn.
    limits: net::Limits,
    /// How long a client may ask nothing; `None`: for ever.
    idle_timeout: Option<Duration>,
    /// How long a request may take to be whole.
    request_timeout: Option<Duration>,
    /// How long a client may take no byte of its replies.
    send_timeout: Option<Duration>,
}

impl Bounds {
    /// The bounds that `config` sets.
    fn new(config: &Config) -> Bounds {
        Bounds {
            input: config.input_buffer,
            limits: config.limits(),
            idle_timeout: config.idle_timeout,
            request_timeout: config.request_timeout,
            send_timeout: config.send_timeout,
        }
    }
}

/// One worker and the clients it owns.
pub(crate) struct Worker {
    poll: Poll,
    waker: Arc<Waker>,
    accepted: Receiver<Accepted>,
    clients: Slab<Client>,
    /// Generation of the client added last.
    generation: u32,
    /// Clients with something to do, in order.
    ready: VecDeque<Token>,
    /// Clients whose request waits for space in the store or for budget, tried in turn.
    waiting: VecDeque<Token>,
    /// The clients of this turn.
    batch: Vec<Work>,
    arena: Arena,
    /// The replies of this turn.
    output: Vec<u8>,
    view: View,
    /// Those of `view`.
    bounds: Bounds,
    budget: Budget,
    sweep: Sweep,
    participant: Participant,
    engine: Engine,
    /// When the log was last told of a client that speaks the binary protocol.
    binary_told: Rarely,
    /// Likewise, of one that speaks TLS to a port without it.
    tls_told: Rarely,
    /// What the store said after the last turn.
    upkeep: Upkeep,
}

/// What the store wants from this worker while no client wants anything.
#[derive(Clone, Copy, Debug, Default)]
struct Upkeep {
    /// Reclaim is owed: another turn at once.
    owes: bool,
    /// Tails are open for a time: a turn before it is over.
    settles: bool,
}

impl Worker {
    /// A worker without clients, and the handoff by which it gets them.
    pub(crate) fn new(
        view: View,
        budget: Budget,
        participant: Participant,
        engine: Engine,
    ) -> io::Result<(Worker, Handoff)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (handoff, accepted) = Handoff::new(Arc::clone(&waker));
        let bounds = Bounds::new(view.config());
        let sweep = Sweep::new(&bounds, Instant::now());
        let worker = Worker {
            poll,
            waker,
            accepted,
            clients: Slab::new(),
            generation: 0,
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            batch: Vec::with_capacity(BATCH),
            arena: Arena::new(ARENA),
            output: Vec::new(),
            view,
            bounds,
            budget,
            sweep,
            participant,
            engine,
            binary_told: Rarely::default(),
            tls_told: Rarely::default(),
            upkeep: Upkeep::default(),
        };
        Ok((worker, handoff))
    }

    /// What stops it.
    pub(crate) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Serves until told to stop. The turn that is under way then is finished.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut now = Instant::now();
        while !self.waker.is_stopped() {
            now = self.step(&mut events, self.timeout(now));
        }
        for (_, client) in &mut self.clients {
            client.finish();
        }
    }

    /// Waits for events until `timeout`, and serves a turn. Returns when its last reply was sent.
    fn step(&mut self, events: &mut Events, timeout: Option<Duration>) -> Instant {
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Instant::now(),
            polled => polled.expect("a worker's poll is valid"),
        }
        let now = Instant::now();
        self.adapt(now);
        for event in &*events {
            if event.token() == WAKE {
                self.waker.acknowledge();
                self.take_in(now);
            } else {
                self.note(event);
            }
        }
        let ended = self.turn(now);
        self.sweep(now);
        ended
    }

    /// Takes over a new configuration, if there is one. With clients a worker looks again within a
    /// round of its sweep.
    fn adapt(&mut self, now: Instant) {
        if let Some(config) = self.view.changed() {
            self.bounds = Bounds::new(config);
            self.engine.lifetimes.set(config.ttl);
            self.engine.sampler.adapt(config);
            self.sweep = Sweep::new(&self.bounds, now);
        }
    }

    /// How long to poll at most, as of `now`.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.ready.is_empty() || self.upkeep.owes {
            return Some(Duration::ZERO);
        }
        [
            (!self.waiting.is_empty()).then_some(RETRY),
            self.upkeep.settles.then_some(SETTLE),
            self.sweep.due(&self.clients, now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Takes in the connections that the listener has handed over.
    fn take_in(&mut self, now: Instant) {
        while let Ok(accepted) = self.accepted.try_recv() {
            self.generation = self.generation.wrapping_add(1);
            let entry = self.clients.vacant_entry();
            let token = token(entry.key(), self.generation);
            let client = entry.insert(Client::new(accepted, self.generation, now));
            let registered = client.socket.register(self.poll.registry(), token);
            if registered.is_err() {
                self.close(token, Reason::Error);
            }
        }
    }

    /// Notes what an event says of a client.
    fn note(&mut self, event: &Event) {
        let token = event.token();
        let Some(client) = find(&mut self.clients, token) else {
            return; // closed since
        };
        client.socket.note(event);
        // A peer that has only finished sending may still wait for its answers.
        client.is_gone |= event.is_error() || event.is_write_closed();
        self.enqueue(token);
    }

    /// Puts a client on the list of those who are ready, if it is. Returns whether it is.
    fn enqueue(&mut self, token: Token) -> bool {
        let Some(client) = find(&mut self.clients, token) else {
            return false;
        };
        let ready = client.is_ready();
        if ready && !client.queued {
            client.queued = true;
            self.ready.push_back(token);
        }
        ready
    }
}

fn token(key: usize, generation: u32) -> Token {
    Token(key | (generation as usize) << 32)
}

fn key(token: Token) -> usize {
    token.0 & u32::MAX as usize
}

/// The client `token` was given to, if it is still here.
fn find(clients: &mut Slab<Client>, token: Token) -> Option<&mut Client> {
    let client = clients.get_mut(key(token))?;
    (client.generation as usize == token.0 >> 32).then_some(client)
}

#[cfg(test)]
mod tests;
