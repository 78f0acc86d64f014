//! The one place where a request becomes an operation of the store.

mod change;
mod get;
mod put;
mod sampled;

use std::sync::Arc;
use std::time::{Duration, Instant};

use net::{Birth, Dump, Entry, Error, Execute, Flow, Header, Left, Reply, Request, Sink, Words};
use storage::{Guard, NoSpace, Pending, Seconds, Store, Writer};

use crate::WIRE_VERSION;
use crate::admin::{NoSuchGroup, Stats};
use crate::clock::Clock;
use crate::lifetimes::Lifetimes;
use crate::log::Log;
use crate::metrics::{Executed, Kind, Metrics, WorkerCounters, WorkerLatency};
use crate::orders::Awaited;
use crate::sampling::{Asked, Outcome, Sampler};

/// What a worker executes requests with.
pub(crate) struct Engine {
    pub(crate) store: Arc<Store>,
    pub(crate) writer: Writer,
    pub(crate) clock: Clock,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) metrics: Arc<Metrics>,
    /// Whose counters in `metrics`.
    pub(crate) worker: usize,
    pub(crate) stats: Arc<Stats>,
    pub(crate) log: Log,
    pub(crate) dumps: Dumps,
    pub(crate) sampler: Sampler,
    /// What was executed and is not sent yet.
    pub(crate) executed: Executed,
}

/// Whose dumps go on in a turn: of those that ask, some, and other ones in the next turn.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    /// How many have asked in this turn.
    asked: u32,
    /// The first that may go on.
    from: u32,
}

impl Dumps {
    /// Slices of dumps in a turn: one is a partition of the index, some 0.4 us for each of the 150
    /// items that it mostly holds.
    pub(crate) const SLICES: u32 = 4;

    /// A turn begins.
    pub(crate) fn turn(&mut self) {
        let next = self.from + Dumps::SLICES;
        self.from = if next < self.asked { next } else { 0 };
        self.asked = 0;
    }

    /// Whether the one that asks may go on.
    fn goes_on(&mut self) -> bool {
        let at = self.asked;
        self.asked += 1;
        (self.from..self.from + Dumps::SLICES).contains(&at)
    }
}

impl Engine {
    /// The worker's own counters.
    pub(crate) fn counters(&self) -> &WorkerCounters {
        self.metrics.worker(self.worker)
    }

    /// Notes that the replies of all that was executed are sent, so long after their turn's poll.
    pub(crate) fn note_sent(&mut self, took: Duration) {
        self.metrics
            .worker_latency(self.worker)
            .add_turn(&mut self.executed, took);
    }

    fn latency(&self) -> &WorkerLatency {
        self.metrics.worker_latency(self.worker)
    }
}

/// A place in the store for a value that a session receives.
#[derive(Debug)]
pub(crate) struct Upload(Pending);

impl net::Upload for Upload {
    fn received(&self) -> &[u8] {
        self.0.received()
    }

    fn room(&mut self) -> &mut [u8] {
        self.0.room()
    }

    fn fill(&mut self, bytes: usize) {
        self.0.fill(bytes);
    }
}

/// Executes the requests of sessions, one session's after the other's, under one guard.
pub(crate) struct Executor<'t> {
    pub(crate) engine: &'t mut Engine,
    pub(crate) guard: &'t Guard<'t>,
    pub(crate) now: Seconds,
    /// The first request of the session's run has waited for space long enough: it is refused if
    /// there still is none.
    pub(crate) impatient: bool,
    /// The session's run came to a large value for which the store had no place.
    pub(crate) no_place: bool,
    /// Whose requests are executed: the number of its connection.
    pub(crate) client: u32,
    /// When the turn's poll ended.
    pub(crate) polled: Instant,
    /// How the last request ended, and bytes of the value that it found if it did.
    pub(crate) outcome: Outcome,
    pub(crate) found: usize,
    /// The reload of certificates that the session waits for.
    pub(crate) reload: Option<Awaited<()>>,
}

impl<'t> Execute<'t> for Executor<'t> {
    fn fits(&self, key_len: usize, value_len: usize) -> bool {
        self.engine.store.fits(key_len, value_len)
    }

    fn expect(&mut self, keys: &[&[u8]]) {
        self.engine.store.prefetch(self.guard, keys);
    }

    fn dump(&mut self, from: u64, dump: &mut Dump<'_>) -> Option<u64> {
        if !self.engine.dumps.goes_on() {
            return Some(from);
        }
        let (part, clock) = (usize::try_from(from).ok()?, self.engine.clock);
        let next = self.engine.store.walk(self.guard, part, |item| {
            let deadline = item.deadline();
            dump.entry(&Entry {
                key: item.key(),
                expires: (deadline != 0).then(|| clock.unix(deadline)),
                accessed: clock.unix(item.last_access()),
                unique: item.unique(),
                was_fetched: item.was_fetched(),
                size: item.size(),
            });
        });
        next.map(|part| part as u64)
    }

    type Upload = Upload;

    fn begin(&mut self, header: &Header<'_>) -> Option<Upload> {
        self.begin_put(header).map(Upload)
    }

    fn complete(
        &mut self,
        upload: Upload,
        header: &Header<'_>,
        sink: &mut Sink<'_, 't>,
    ) -> Result<(), Upload> {
        let looked_at = self.engine.sampler.is_due().then(|| self.look());
        let impatient = std::mem::take(&mut self.impatient);
        let reply = match self.complete_put(upload.0, header) {
            Ok(reply) => reply,
            Err((NoSpace::Retry, pending)) if !impatient => return Err(Upload(pending)),
            Err((NoSpace::Retry | NoSpace::Full, pending)) => {
                drop(pending);
                self.no_memory(header)
            }
        };
        self.reply(&reply, sink);
        self.engine.executed.count(Kind::Store);
        if let Some(look) = looked_at {
            self.note(&look, Kind::Store, &Asked::to_store(header));
        }
        Ok(())
    }

    fn execute(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 't>) -> Flow {
        let looked_at = self.engine.sampler.is_due().then(|| self.look());
        let flow = self.attempt(request, sink);
        if flow == Flow::Done {
            let kind = Kind::of(request);
            self.engine.executed.count(kind);
            if let Some(look) = looked_at {
                self.note(&look, kind, &Asked::of(request));
            }
        }
        flow
    }
}

impl<'t> Executor<'t> {
    fn attempt(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 't>) -> Flow {
        let performed = self.perform(request, sink);
        let impatient = std::mem::take(&mut self.impatient);
        match performed {
            Ok(flow) => flow,
            Err(NoSpace::Retry) if !impatient => Flow::Wait,
            Err(NoSpace::Retry | NoSpace::Full) => {
                let reply = self.refuse(request);
                self.reply(&reply, sink);
                Flow::Done
            }
        }
    }

    fn perform(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 't>) -> Result<Flow, NoSpace> {
        let reply = match *request {
            Request::Get(ref get) => return self.get(get, sink),
            Request::Noop => Reply::Ok,
            Request::Store { ref header, value } => self.store(header, value)?,
            Request::TooLarge { key, supersedes } => self.too_large(key, supersedes),
            Request::Delete { key, compare } => self.delete(key, compare),
            Request::Invalidate(ref invalidate) => self.invalidate(invalidate)?,
            Request::Arith(ref arith) => self.arith(arith)?,
            Request::Touch { key, exptime } => self.touch(key, exptime)?,
            Request::FlushAll { delay } => self.flush(delay),
            Request::Verbosity { level } => {
                let verbosity = u8::try_from(level).unwrap_or(u8::MAX);
                self.engine.log.set_verbosity(verbosity);
                Reply::Ok
            }
            Request::Version => Reply::Version(WIRE_VERSION),
            Request::RefreshCerts => return Ok(self.refresh_certs(sink)),
            Request::Stats { ref words } => self.stats(words.clone(), sink),
        };
        self.reply(&reply, sink);
        Ok(Flow::Done)
    }

    fn reply(&mut self, reply: &Reply<'_>, sink: &mut Sink<'_, 't>) {
        self.outcome = Outcome::from(reply);
        sink.reply(reply);
    }

    /// Refuses a request for which there is no space; but what was to be invalidated can go instead.
    fn refuse(&mut self, request: &Request<'_>) -> Reply<'static> {
        match request {
            Request::Store { header, .. } => return self.no_memory(header),
            Request::Invalidate(it) => return self.delete(it.key, it.compare),
            _ => {}
        }
        self.engine.counters().store_no_memory.increment();
        Reply::Error(Error::NoMemory)
    }

    /// The deadline of the item `key` if a client asks for `exptime`.
    fn deadline(&self, key: &[u8], exptime: i64) -> Seconds {
        self.engine.lifetimes.deadline(key, exptime, self.now)
    }

    /// The deadline of an item that is made, by a request that would touch it.
    fn born(&self, key: &[u8], birth: Birth, touch: Option<i64>) -> Seconds {
        let touch = touch.filter(|_| birth.touched);
        self.deadline(key, touch.unwrap_or(birth.exptime))
    }

    /// Seconds until `deadline`; `None`: for ever.
    fn left(&self, deadline: Seconds) -> Left {
        (deadline != 0).then(|| deadline.saturating_sub(self.now))
    }

    fn stats(&self, mut words: Words<'_>, sink: &mut Sink<'_, '_>) -> Reply<'static> {
        let group = words.next().unwrap_or_default();
        match group {
            b"reset" => {
                self.engine.stats.reset();
                return Reply::Reset;
            }
            b"detail" => return refused("prefixes are not counted: ask cachectl stats"),
            b"cachedump" => {
                return refused("there are no slab classes: ask lru_crawler metadump all");
            }
            _ => {}
        }
        let reported = self.engine.stats.report(group, &mut |name, value| {
            sink.reply(&Reply::Stat { name, value });
        });
        match reported {
            Ok(()) => Reply::End,
            Err(NoSuchGroup) => Reply::Error(Error::Unknown),
        }
    }

    /// Asks the main thread, which reads the files, and waits for what it says.
    fn refresh_certs(&mut self, sink: &mut Sink<'_, 't>) -> Flow {
        if self.engine.stats.tls.is_none() {
            self.reply(&Reply::Failed("TLS not enabled"), sink);
            return Flow::Done;
        }
        let orders = &self.engine.stats.orders;
        let reload = self.reload.get_or_insert_with(|| orders.certificates());
        let Some(outcome) = reload.outcome() else {
            return Flow::Wait;
        };
        self.reload = None;
        match &outcome {
            Ok(()) => self.reply(&Reply::Ok, sink),
            Err(why) => self.reply(&Reply::Failed(why), sink),
        }
        Flow::Done
    }

    fn flush(&mut self, delay: i64) -> Reply<'static> {
        let counters = self.engine.counters();
        counters.cmd_flush.increment();
        let deadline = self.engine.clock.deadline(delay, self.now);
        if deadline <= self.now {
            self.engine.store.flush();
        } else {
            self.engine.store.flush_at(self.guard, deadline);
        }
        Reply::Ok
    }
}

fn refused(reason: &'static str) -> Reply<'static> {
    Reply::Error(Error::Client(reason))
}
