//! One turn: receive from all, execute and send in portions, then pay the store its upkeep.

use std::mem;
use std::time::{Duration, Instant};

use mio::Token;
use net::{Arena, Execute, Mark, Next, Output, Piece, Progress};

use super::client::{Client, Phase, Reason, Received};
use super::{Upkeep, Worker, find, key};
use crate::execute::Executor;
use crate::metrics::WorkerCounters;
use crate::sampling::Outcome;

/// Clients served in a turn.
pub(super) const BATCH: usize = 64;

/// Clients whose first keys are told before any of them is executed.
const AHEAD: usize = 32;

/// How long clients are executed under one guard at most, looked at between them. Sending their
/// replies, for which the guard stays open, waits for nobody.
const GUARD: Duration = Duration::from_millis(1);

/// Replies, in bytes, that are collected before they are sent.
const PORTION: usize = 32 << 10;

/// Bytes for the replies of a portion: with the last client's it goes beyond `PORTION`. What goes
/// beyond this is charged to that client, and given back when it is sent.
pub(super) const OUTPUT: usize = 2 * PORTION;

/// How long a request waits for space in the store before it is refused.
const PATIENCE: Duration = Duration::from_secs(1);

/// Slices of reclaim in a turn: some 20 us each.
const SLICES: usize = 16;

/// One client's part in a turn.
#[derive(Debug)]
pub(super) struct Work {
    token: Token,
    /// What it runs on; `None`: on what its session holds.
    piece: Option<Piece>,
    progress: Option<Progress>,
    /// Bytes of replies there were.
    replies: usize,
    /// Bytes of them that were sent.
    sent: Result<usize, Reason>,
}

impl Work {
    fn new(token: Token, piece: Option<Piece>) -> Work {
        Work {
            token,
            piece,
            progress: None,
            replies: 0,
            sent: Ok(0),
        }
    }
}

/// Tells the executor the first key of each client. Those behind it the session tells, but where
/// clients send one request at a time, these are all there are.
fn expect_first(executor: &mut Executor<'_>, batch: &[Work], arena: &Arena) {
    let inputs = batch.iter().filter_map(|work| work.piece.as_ref());
    let firsts = inputs.filter_map(|piece| net::first_key(arena.bytes(piece)));
    let mut keys = [&[][..]; AHEAD];
    let mut told = 0;
    for (key, first) in keys.iter_mut().zip(firsts) {
        *key = first;
        told += 1;
    }
    if told > 1 {
        executor.expect(&keys[..told]);
    }
}

fn count_sent(counters: &WorkerCounters, client: &Client, bytes: usize) {
    counters.bytes_written.add(bytes as u64);
    client.connection.sent(bytes);
    if client.socket.is_tls() {
        counters.tls_bytes_written.add(bytes as u64);
    }
}

/// What became of a client that was ready.
enum Admitted {
    /// It is part of the batch.
    Work(Work),
    /// It has done what it could.
    Done,
    /// The arena is full: next turn.
    Full,
}

impl Worker {
    /// Serves a batch of clients. Each portion of it is executed and sent under one guard: large
    /// values are sent from the heap itself. Returns when the last one was sent; without any, `polled`.
    pub(super) fn turn(&mut self, polled: Instant) -> Instant {
        self.gather(polled);
        if !self.batch.is_empty() {
            self.engine.counters().turns.increment();
        }
        self.engine.dumps.turn();
        let mut batch = std::mem::take(&mut self.batch);
        let mut rest = &mut batch[..];
        let mut now = polled;
        while !rest.is_empty() {
            let executed = self.execute(rest, polled);
            let (portion, later) = rest.split_at_mut(executed);
            now = Instant::now();
            self.engine.note_sent(now.duration_since(polled));
            for work in portion {
                self.finish(work, now);
            }
            rest = later;
        }
        batch.clear();
        self.batch = batch;
        self.upkeep(now);
        now
    }

    /// Makes up the batch: those who wait for space or budget, as many in a turn as leave room for
    /// others, and those who are ready, in their order. Who waits is tried whatever became of
    /// those before it: they may wait for something else. Nor are more tried than make a batch,
    /// whether or not they bring work: of many records in TLS there may be nothing to execute.
    fn gather(&mut self, now: Instant) {
        self.arena.clear();
        for _ in 0..self.waiting.len().min(BATCH / 2) {
            let Some(token) = self.waiting.pop_front() else {
                break;
            };
            match find(&mut self.clients, token) {
                Some(client) if client.is_gone => self.close(token, Reason::Client),
                Some(_) => self.batch.push(Work::new(token, None)),
                None => {}
            }
        }
        for _ in 0..self.ready.len().min(BATCH) {
            if self.batch.len() == BATCH {
                break;
            }
            let Some(token) = self.ready.pop_front() else {
                break;
            };
            let admitted = self.admit(token, now);
            if let Admitted::Full = admitted {
                self.ready.push_front(token);
                break;
            }
            if let Some(client) = find(&mut self.clients, token) {
                client.queued = false;
            }
            match admitted {
                Admitted::Work(work) => self.batch.push(work),
                Admitted::Done | Admitted::Full => _ = self.enqueue(token),
            }
        }
    }

    /// Lets one client go on as far as it can without executing.
    fn admit(&mut self, token: Token, now: Instant) -> Admitted {
        let Some(client) = find(&mut self.clients, token) else {
            return Admitted::Done;
        };
        let counters = self.engine.counters();
        match client.flush(now) {
            Ok(bytes) => count_sent(counters, client, bytes),
            Err(reason) => {
                self.close(token, reason);
                return Admitted::Done;
            }
        }
        if client.has_unsent() {
            return Admitted::Done;
        }
        match client.phase {
            Phase::Idle | Phase::Reading => self.receive(token, now),
            Phase::Paused | Phase::NoSpace | Phase::NoBudget => {
                Admitted::Work(Work::new(token, None))
            }
            Phase::Closing(reason) => {
                self.close(token, reason);
                Admitted::Done
            }
        }
    }

    fn receive(&mut self, token: Token, now: Instant) -> Admitted {
        let Some(client) = find(&mut self.clients, token) else {
            return Admitted::Done;
        };
        match client.receive(&mut self.arena, self.bounds.input, now) {
            Ok(Received::Bytes(bytes, piece)) => {
                let counters = self.engine.counters();
                counters.bytes_read.add(bytes as u64);
                client.connection.received(bytes);
                if client.socket.is_tls() {
                    counters.tls_bytes_read.add(bytes as u64);
                }
                let is_full = piece.is_some() && bytes == self.bounds.input;
                counters.input_full.add(is_full.into());
                return Admitted::Work(Work::new(token, piece));
            }
            Ok(Received::Nothing) => {}
            Ok(Received::NoRoom) => return Admitted::Full,
            Ok(Received::End) => self.close(token, Reason::Client),
            Err(_) => self.close(token, Reason::Error),
        }
        Admitted::Done
    }

    /// Executes the first of `rest` under one guard, until its time or the output is used up, and
    /// sends them their replies. Returns how many.
    fn execute(&mut self, rest: &mut [Work], polled: Instant) -> usize {
        // The clock is read after the receives: what a client sent before an item expired may be
        // answered as of then, what it sent later may not.
        let start = Instant::now();
        let now = self.engine.clock.at(start);
        let guard = self.participant.enter(now);
        let mut output = Output::new(mem::take(&mut self.output));
        let mut executor = Executor {
            engine: &mut self.engine,
            guard: &guard,
            now,
            impatient: false,
            no_place: false,
            client: 0,
            polled,
            outcome: Outcome::Ok,
            found: 0,
            reload: None,
        };
        expect_first(&mut executor, rest, &self.arena);
        let until = start + GUARD;
        let mut ended = start;
        let mut executed = 0;
        let mut ends = [Mark::default(); BATCH];
        for (work, end) in rest.iter_mut().zip(&mut ends) {
            executed += 1;
            *end = output.mark();
            let Some(client) = find(&mut self.clients, work.token) else {
                continue;
            };
            executor.impatient =
                client.phase == Phase::NoSpace && start.duration_since(client.since) >= PATIENCE;
            executor.no_place = false;
            executor.client = client.connection.number();
            // Mostly both are none, and a swap has nothing to drop.
            mem::swap(&mut executor.reload, &mut client.reload);
            let before = output.len();
            let (limits, budget) = (&self.bounds.limits, &self.budget);
            let progress = match &work.piece {
                Some(piece) => {
                    let input = self.arena.bytes(piece);
                    let session = &mut client.session;
                    session.run(input, limits, budget, &mut executor, &mut output)
                }
                None => client
                    .session
                    .resume(limits, budget, &mut executor, &mut output),
            };
            mem::swap(&mut executor.reload, &mut client.reload);
            if progress.operations > 0 {
                client.connection.requested(now);
            }
            // While it waits for a buffer, it asks for a place again each time.
            let has_buffer = executor.no_place && progress.next == Next::Receive;
            let counters = executor.engine.counters();
            counters.uploads_no_place.add(has_buffer.into());
            work.progress = Some(progress);
            work.replies = output.len() - before;
            *end = output.mark();
            ended = Instant::now();
            if output.len() >= PORTION
                || executor.engine.writer.turn_allowance() == 0
                || ended >= until
            {
                break;
            }
        }
        let mut begin = Mark::default();
        for (work, end) in rest.iter_mut().zip(ends).take(executed) {
            if work.replies > 0
                && let Some(client) = find(&mut self.clients, work.token)
            {
                let replies = output.between(begin, end);
                let charge = work.progress.as_mut().and_then(|p| p.output.take());
                work.sent = client.send(replies, charge, &self.budget, ended);
            }
            begin = end;
        }
        // Makes room for the next replies, and gives back what one large turn took.
        self.output = output.into_bytes();
        self.output.clear();
        self.output.shrink_to(OUTPUT);
        executed
    }

    /// Counts what a client's part in a portion came to, and lets it go on.
    fn finish(&mut self, work: &mut Work, now: Instant) {
        let token = work.token;
        let Some(progress) = work.progress.take() else {
            return;
        };
        let Some(client) = find(&mut self.clients, token) else {
            return;
        };
        let counters = self.engine.counters();
        counters.requests.add(progress.operations.into());
        counters.request_errors.add(progress.refused.into());
        match work.sent {
            Ok(bytes) => count_sent(counters, client, bytes),
            Err(reason) => return self.close(token, reason),
        }
        let is_full = progress.next == Next::Resume && work.replies >= self.bounds.limits.output;
        counters.output_full.add(is_full.into());
        self.direct(token, progress.next, progress.got_on, now);
    }

    /// Sends a client where it goes next. `got_on`: its run did something.
    fn direct(&mut self, token: Token, next: Next, got_on: bool, now: Instant) {
        let Some(client) = find(&mut self.clients, token) else {
            return;
        };
        let began = client.enter(next, got_on, now);
        let counters = self.engine.counters();
        // With replies unsent it goes nowhere before they are: `admit` takes it on.
        match next {
            Next::Receive => {}
            Next::Resume => counters.conn_yields.increment(),
            Next::WaitSpace => {
                let for_space = began && client.reload.is_none();
                counters.store_waits.add(for_space.into());
            }
            Next::WaitBudget => counters.budget_waits.add(began.into()),
            Next::Close(reason) => {
                if !client.has_unsent() {
                    return self.close(token, reason.into());
                }
            }
        }
        if client.is_waiting() && !client.has_unsent() {
            self.waiting.push_back(token);
        }
        self.enqueue(token);
    }

    /// Ends a connection.
    pub(super) fn close(&mut self, token: Token, reason: Reason) {
        let mut client = self.clients.remove(key(token));
        let counters = self.engine.counters();
        reason.count(counters);
        if client.socket.is_tls() {
            counters.tls_closed.increment();
            counters
                .tls_truncated
                .add(client.socket.is_truncated().into());
        }
        if reason != Reason::Error {
            client.finish();
        }
        match reason {
            Reason::Binary => self.tell_of_binary(),
            Reason::Tls => self.tell_of_tls(),
            _ => {}
        }
        self.engine.log.debug(format_args!(
            "connection {} ends: {reason}",
            client.socket.descriptor()
        ));
    }

    /// Tells the operator of clients that are configured for another protocol, now and then.
    fn tell_of_binary(&mut self) {
        let now = Instant::now();
        let Some(held_back) = self.binary_told.tell(now) else {
            return;
        };
        self.engine.log.warn(format_args!(
            "a client spoke memcached's binary protocol, which is not offered: it must be set to \
             the text or the meta protocol ({held_back} more since this was last said)"
        ));
    }

    /// Tells the operator of clients that speak TLS where it is not spoken, now and then.
    fn tell_of_tls(&mut self) {
        let Some(held_back) = self.tls_told.tell(Instant::now()) else {
            return;
        };
        self.engine.log.warn(format_args!(
            "a client speaks TLS to a port without it: --tls-listen gives addresses for TLS \
             ({held_back} more since this was last said)"
        ));
    }

    /// Pays the store what this worker owes it, now that the replies are out.
    fn upkeep(&mut self, now: Instant) {
        let guard = self.participant.enter(self.engine.clock.at(now));
        self.upkeep = Upkeep {
            owes: self.engine.writer.reclaim(&guard, SLICES),
            settles: self.engine.writer.settle(&guard),
        };
    }
}
