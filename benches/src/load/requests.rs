//! What to ask next, in bytes.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::Plan;
use super::flight::{Asked, Flight};
use super::keyspace::{FILLER_OFFSETS, Keyspace, mix};
use super::ledger::{Ledger, State};
use crate::item;
use crate::mix::Operation;
use crate::popularity::Ranks;
use crate::scenario::{PhaseKind, Scenario};
use crate::wire::{Header, Wire};

/// Makes the requests of one phase; each thread has one.
pub(super) struct Requests<'l> {
    scenario: &'l Scenario,
    keyspace: Keyspace<'l>,
    phase: PhaseKind,
    wire: Wire,
    ledger: Option<&'l Ledger<'l>>,
    ranks: Ranks,
    /// Random bytes that values are cut from, when they need not prove themselves.
    filler: Vec<u8>,
}

/// One connection's place in the stream of requests, which depends on nothing
/// but the seed, the connection's number and what was made before.
pub(super) struct Source {
    pub(super) connection: u32,
    /// Requests made so far, refills left out.
    pub(super) made: u64,
    /// Requests to make, if the clock does not end the phase before.
    pub(super) quota: u64,
    random: SmallRng,
}

impl Source {
    pub(super) fn new(scenario: &Scenario, phase: PhaseKind, connection: u32, quota: u64) -> Self {
        let stream = u64::from(connection) << 8 | phase as u64;
        Self {
            connection,
            made: 0,
            quota,
            random: SmallRng::seed_from_u64(mix(scenario.seed ^ mix(stream))),
        }
    }
}

impl<'l> Requests<'l> {
    pub(super) fn new(plan: &Plan<'l>) -> Self {
        let (scenario, ledger) = (plan.scenario, plan.ledger);
        let mut filler = Vec::new();
        if ledger.is_none() {
            filler.resize(scenario.value_size.max() as usize + FILLER_OFFSETS, 0);
            SmallRng::seed_from_u64(scenario.seed).fill_bytes(&mut filler);
        }
        Self {
            scenario,
            keyspace: Keyspace::new(scenario),
            phase: plan.phase,
            wire: plan.wire(),
            ledger,
            ranks: Ranks::new(scenario.popularity, scenario.keys, scenario.seed),
            filler,
        }
    }

    /// How many requests connection `number` makes in the phase, if the clock
    /// does not end it.
    pub(super) fn quota(&self, number: u32) -> u64 {
        let scenario = self.scenario;
        let total = match self.phase {
            PhaseKind::Fill if scenario.has_counters() => {
                u64::from(scenario.keys) + u64::from(scenario.counters)
            }
            PhaseKind::Fill | PhaseKind::Scan => u64::from(scenario.keys),
            PhaseKind::Idle => u64::from(scenario.connections),
            PhaseKind::Run | PhaseKind::Churn => scenario.requests.unwrap_or(u64::MAX),
        };
        if total == u64::MAX {
            return total;
        }
        let connections = u64::from(scenario.connections);
        total / connections + u64::from(u64::from(number) < total % connections)
    }

    /// Appends the connection's next request, and notes it as meant to be sent
    /// at `sent_ns`.
    #[inline]
    pub(super) fn next(
        &self,
        source: &mut Source,
        sent_ns: u64,
        flight: &mut Flight,
        out: &mut Vec<u8>,
    ) {
        match self.phase {
            PhaseKind::Run => self.any(source, sent_ns, flight, out),
            PhaseKind::Churn => {
                let key = self.draw(source);
                self.get(Operation::Connect, key, sent_ns, flight, out);
            }
            PhaseKind::Idle => {
                let key = self.draw(source);
                self.get(Operation::Get, key, sent_ns, flight, out);
            }
            PhaseKind::Scan => {
                let key = self.in_turn(source);
                self.get(Operation::Get, key as u32, sent_ns, flight, out);
            }
            PhaseKind::Fill => {
                let at = self.in_turn(source);
                match at.checked_sub(u64::from(self.scenario.keys)) {
                    None => self.set(at as u32, false, sent_ns, flight, out),
                    Some(counter) => {
                        self.set_counter(counter_key(counter as u32), false, sent_ns, flight, out);
                    }
                }
            }
        }
        source.made += 1;
    }

    fn any(&self, source: &mut Source, sent_ns: u64, flight: &mut Flight, out: &mut Vec<u8>) {
        let operation = self.scenario.mix.pick(source.random.next_u32());
        match operation {
            Operation::Get | Operation::Connect => {
                let key = self.draw(source);
                self.get(Operation::Get, key, sent_ns, flight, out);
            }
            Operation::MultiGet => self.multi_get(source, sent_ns, flight, out),
            Operation::Set => {
                let key = self.draw(source);
                self.set(key, false, sent_ns, flight, out);
            }
            Operation::Delete => {
                let key = self.draw(source);
                flight.push(Operation::Delete, false, sent_ns, [self.asked(key)]);
                if let Some(ledger) = self.ledger {
                    ledger.delete(key);
                }
                self.wire.delete(self.keyspace.key(key), out);
            }
            Operation::Incr => {
                let counter = source.random.next_u64() % u64::from(self.scenario.counters);
                let key = counter_key(counter as u32);
                flight.push(Operation::Incr, false, sent_ns, [self.asked(key)]);
                self.wire.incr(self.keyspace.key(key), out);
            }
        }
    }

    /// Appends the set of a key that was missed at `sent_ns`.
    pub(super) fn refill(&self, key: u32, sent_ns: u64, flight: &mut Flight, out: &mut Vec<u8>) {
        if is_counter(key, self.scenario) {
            self.set_counter(key, true, sent_ns, flight, out);
        } else {
            self.set(key, true, sent_ns, flight, out);
        }
    }

    fn get(
        &self,
        operation: Operation,
        key: u32,
        sent_ns: u64,
        flight: &mut Flight,
        out: &mut Vec<u8>,
    ) {
        flight.push(operation, false, sent_ns, [self.asked(key)]);
        self.wire.get(self.keyspace.key(key), out);
    }

    fn multi_get(&self, source: &mut Source, sent_ns: u64, flight: &mut Flight, out: &mut Vec<u8>) {
        let count = self.scenario.multiget_keys.pick(source.random.next_u64());
        let keys = (0..count).map(|_| self.asked(self.draw(source)));
        flight.push(Operation::MultiGet, false, sent_ns, keys);
        let asked = flight.last_asked(count as usize);
        let keys = asked.map(|asked| self.keyspace.key(asked.key));
        self.wire.multi_get(keys, out);
    }

    fn set(&self, key: u32, refill: bool, sent_ns: u64, flight: &mut Flight, out: &mut Vec<u8>) {
        flight.push(Operation::Set, refill, sent_ns, [self.asked(key)]);
        let length = self.keyspace.value_length(key);
        let header = Header {
            key: self.keyspace.key(key),
            // They would cost some servers memory: only where they are checked.
            flags: self.ledger.map_or(0, |_| item::flags(key)),
            exptime: self.keyspace.ttl(key),
            length,
        };
        self.wire.set(header, out, |out| {
            if let Some(ledger) = self.ledger {
                ledger.write(key, length, out);
            } else {
                let from = self.keyspace.filler_offset(key);
                out.extend_from_slice(&self.filler[from..from + length]);
            }
        });
    }

    fn set_counter(
        &self,
        key: u32,
        refill: bool,
        sent_ns: u64,
        flight: &mut Flight,
        out: &mut Vec<u8>,
    ) {
        flight.push(Operation::Set, refill, sent_ns, [self.asked(key)]);
        let header = Header {
            key: self.keyspace.key(key),
            flags: 0,
            exptime: 0,
            length: 1,
        };
        self.wire.set(header, out, |out| out.push(b'0'));
    }

    fn asked(&self, key: u32) -> Asked {
        let state = self.ledger.map_or(State::default(), |l| l.state(key));
        Asked { key, state }
    }

    /// The keys in their order, dealt out to the connections in turn.
    fn in_turn(&self, source: &Source) -> u64 {
        source.made * u64::from(self.scenario.connections) + u64::from(source.connection)
    }

    /// A key by its popularity. With `--verify` it is one that belongs to the
    /// connection: those whose number leaves the connection's as remainder.
    fn draw(&self, source: &mut Source) -> u32 {
        let key = self.ranks.draw(&mut source.random);
        if self.ledger.is_none() {
            return key;
        }
        let connections = self.scenario.connections;
        let own = u64::from(key / connections * connections) + u64::from(source.connection);
        if own < u64::from(self.scenario.keys) {
            own as u32
        } else {
            source.connection
        }
    }
}

/// Counters have the highest numbers.
fn counter_key(counter: u32) -> u32 {
    u32::MAX - counter
}

fn is_counter(key: u32, scenario: &Scenario) -> bool {
    key > u32::MAX - scenario.counters
}
