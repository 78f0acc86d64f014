//! The one place where a request becomes an operation of the store.

use std::sync::Arc;

use net::{Error, Execute, Flow, Header, Reply, Request, Sink, Words};
use storage::{Condition, Counter, Guard, NoSpace, Pending, Seconds, Side, Store, Stored, Writer};

use crate::WIRE_VERSION;
use crate::admin::{NoSuchGroup, Stats};
use crate::clock::Clock;
use crate::log::Log;
use crate::metrics::{Metrics, WorkerCounters};

/// What a worker executes requests with.
pub(crate) struct Engine {
    pub(crate) store: Arc<Store>,
    pub(crate) writer: Writer,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    /// Whose counters in `metrics`.
    pub(crate) worker: usize,
    pub(crate) stats: Arc<Stats>,
    pub(crate) log: Log,
}

impl Engine {
    /// The worker's own counters.
    pub(crate) fn counters(&self) -> &WorkerCounters {
        self.metrics.worker(self.worker)
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

fn condition_of(condition: net::Condition) -> Condition {
    match condition {
        net::Condition::Always => Condition::Always,
        net::Condition::Absent => Condition::Absent,
        net::Condition::Present => Condition::Present,
        net::Condition::Unique(unique) => Condition::Unique(unique),
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
}

impl<'t> Execute<'t> for Executor<'t> {
    fn fits(&self, key_len: usize, value_len: usize) -> bool {
        self.engine.store.fits(key_len, value_len)
    }

    fn expect(&mut self, keys: &[&[u8]]) {
        self.engine.store.prefetch(self.guard, keys);
    }

    type Upload = Upload;

    fn begin(&mut self, header: &Header<'_>) -> Option<Upload> {
        let deadline = self.engine.clock.deadline(header.exptime, self.now);
        let &Header {
            key, length, flags, ..
        } = header;
        let writer = &mut self.engine.writer;
        let pending = writer.begin(self.guard, key, length, flags, deadline);
        match &pending {
            Some(_) => self.engine.counters().uploads_placed.increment(),
            None => self.no_place = true,
        }
        pending.map(Upload)
    }

    fn complete(
        &mut self,
        upload: Upload,
        condition: net::Condition,
        sink: &mut Sink<'_, 't>,
    ) -> Result<(), Upload> {
        let impatient = std::mem::take(&mut self.impatient);
        let condition = condition_of(condition);
        let writer = &mut self.engine.writer;
        match writer.complete(self.guard, upload.0, condition) {
            Ok(stored) => {
                let reply = self.count_store(stored, condition);
                sink.reply(&reply);
            }
            Err((NoSpace::Retry, pending)) if !impatient => return Err(Upload(pending)),
            Err((NoSpace::Retry | NoSpace::Full, pending)) => {
                if condition == Condition::Always {
                    self.engine.writer.delete(self.guard, pending.key());
                }
                self.no_memory(sink);
            }
        }
        Ok(())
    }

    fn execute(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 't>) -> Flow {
        let impatient = std::mem::take(&mut self.impatient);
        match self.perform(request, sink) {
            Ok(flow) => flow,
            Err(NoSpace::Retry) if !impatient => Flow::Wait,
            Err(NoSpace::Retry | NoSpace::Full) => self.refuse(request, sink),
        }
    }
}

impl<'t> Executor<'t> {
    fn perform(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 't>) -> Result<Flow, NoSpace> {
        let reply = match *request {
            Request::Get { key, unique, touch } => return self.get(key, unique, touch, sink),
            Request::Store {
                key,
                value,
                flags,
                exptime,
                condition,
            } => self.store(key, value, flags, exptime, condition)?,
            Request::Concat { key, value, side } => self.concat(key, value, side)?,
            Request::TooLarge { key, overwrites } => self.too_large(key, overwrites),
            Request::Delete { key } => self.delete(key),
            Request::Arith {
                key,
                delta,
                increment,
            } => self.arith(key, delta, increment)?,
            Request::Touch { key, exptime } => self.touch(key, exptime)?,
            Request::FlushAll { delay } => self.flush(delay),
            Request::Verbosity { level } => {
                let verbosity = u8::try_from(level).unwrap_or(u8::MAX);
                self.engine.log.set_verbosity(verbosity);
                Reply::Ok
            }
            Request::Version => Reply::Version(WIRE_VERSION),
            Request::Stats { ref words } => self.stats(words.clone(), sink),
        };
        sink.reply(&reply);
        Ok(Flow::Done)
    }

    fn get(
        &mut self,
        key: &[u8],
        unique: bool,
        touch: Option<i64>,
        sink: &mut Sink<'_, 't>,
    ) -> Result<Flow, NoSpace> {
        let item = match touch {
            Some(exptime) => {
                let deadline = self.engine.clock.deadline(exptime, self.now);
                let writer = &mut self.engine.writer;
                writer.touch(self.guard, key, deadline, unique)?
            }
            None if unique => self.engine.store.gets(self.guard, key),
            None => self.engine.store.get(self.guard, key),
        };
        let flow = if let Some(item) = &item {
            let unique = unique.then(|| item.unique());
            sink.value(key, item.flags(), item.value(), unique)
        } else {
            sink.reply(&Reply::Miss);
            Flow::Done
        };
        if let Flow::Done = flow {
            self.count_get(touch.is_some(), item.is_some());
        }
        Ok(flow)
    }

    /// As memcached counts: a retrieval that touches is a touch, not a get.
    fn count_get(&self, touches: bool, hit: bool) {
        let counters = self.engine.counters();
        let (commands, outcome) = match (touches, hit) {
            (false, true) => (&counters.cmd_get, &counters.get_hits),
            (false, false) => (&counters.cmd_get, &counters.get_misses),
            (true, true) => (&counters.cmd_touch, &counters.touch_hits),
            (true, false) => (&counters.cmd_touch, &counters.touch_misses),
        };
        commands.increment();
        outcome.increment();
    }

    fn store(
        &mut self,
        key: &[u8],
        value: &[u8],
        flags: u32,
        exptime: i64,
        condition: net::Condition,
    ) -> Result<Reply<'static>, NoSpace> {
        let deadline = self.engine.clock.deadline(exptime, self.now);
        let condition = condition_of(condition);
        let writer = &mut self.engine.writer;
        let stored = writer.store(self.guard, key, value, flags, deadline, condition)?;
        let reply = self.count_store(stored, condition);
        Ok(match stored {
            Stored::TooLarge => self.too_large(key, matches!(condition, Condition::Always)),
            _ => reply,
        })
    }

    fn count_store(&self, stored: Stored, condition: Condition) -> Reply<'static> {
        let counters = self.engine.counters();
        counters.cmd_set.increment();
        if let Condition::Unique(_) = condition {
            match stored {
                Stored::Stored { .. } => counters.cas_hits.increment(),
                Stored::Exists => counters.cas_badval.increment(),
                Stored::NotFound => counters.cas_misses.increment(),
                Stored::NotStored | Stored::TooLarge => {}
            }
        }
        match stored {
            Stored::Stored { .. } => Reply::Stored,
            Stored::NotStored => Reply::NotStored,
            Stored::Exists => Reply::Exists,
            Stored::NotFound => Reply::NotFound,
            Stored::TooLarge => Reply::Error(Error::TooLarge),
        }
    }

    fn concat(
        &mut self,
        key: &[u8],
        value: &[u8],
        side: net::Side,
    ) -> Result<Reply<'static>, NoSpace> {
        let side = match side {
            net::Side::Append => Side::Append,
            net::Side::Prepend => Side::Prepend,
        };
        let stored = self.engine.writer.concat(self.guard, key, value, side)?;
        let counters = self.engine.counters();
        counters.cmd_set.increment();
        Ok(match stored {
            Stored::Stored { .. } => Reply::Stored,
            Stored::TooLarge => {
                // memcached's answer when the two together are too large.
                counters.store_too_large.increment();
                Reply::NotStored
            }
            Stored::NotStored | Stored::Exists | Stored::NotFound => Reply::NotStored,
        })
    }

    /// The client believes the old value overwritten, so it must not be served again.
    fn too_large(&mut self, key: &[u8], overwrites: bool) -> Reply<'static> {
        if overwrites {
            self.engine.writer.delete(self.guard, key);
        }
        let counters = self.engine.counters();
        counters.store_too_large.increment();
        Reply::Error(Error::TooLarge)
    }

    /// Refuses a request for which there is no space. The value that a `set` was to overwrite goes,
    /// as in `too_large`; a command with a condition may not have been meant to change anything.
    fn refuse(&mut self, request: &Request<'_>, sink: &mut Sink<'_, '_>) -> Flow {
        if let Request::Store {
            key,
            condition: net::Condition::Always,
            ..
        } = *request
        {
            self.engine.writer.delete(self.guard, key);
        }
        self.no_memory(sink);
        Flow::Done
    }

    fn no_memory(&self, sink: &mut Sink<'_, '_>) {
        let counters = self.engine.counters();
        counters.store_no_memory.increment();
        sink.reply(&Reply::Error(Error::NoMemory));
    }

    fn delete(&mut self, key: &[u8]) -> Reply<'static> {
        let deleted = self.engine.writer.delete(self.guard, key);
        let counters = self.engine.counters();
        if deleted {
            counters.delete_hits.increment();
            Reply::Deleted
        } else {
            counters.delete_misses.increment();
            Reply::NotFound
        }
    }

    fn arith(
        &mut self,
        key: &[u8],
        delta: u64,
        increment: bool,
    ) -> Result<Reply<'static>, NoSpace> {
        let writer = &mut self.engine.writer;
        let counter = writer.arith(self.guard, key, delta, increment)?;
        let counters = self.engine.counters();
        let (hits, misses) = if increment {
            (&counters.incr_hits, &counters.incr_misses)
        } else {
            (&counters.decr_hits, &counters.decr_misses)
        };
        Ok(match counter {
            Counter::Value(number) => {
                hits.increment();
                Reply::Number(number)
            }
            Counter::NotFound => {
                misses.increment();
                Reply::NotFound
            }
            Counter::NotNumber => Reply::Error(Error::NotNumeric),
        })
    }

    fn touch(&mut self, key: &[u8], exptime: i64) -> Result<Reply<'static>, NoSpace> {
        let deadline = self.engine.clock.deadline(exptime, self.now);
        let writer = &mut self.engine.writer;
        let touched = writer.touch(self.guard, key, deadline, false)?.is_some();
        let counters = self.engine.counters();
        counters.cmd_touch.increment();
        Ok(if touched {
            counters.touch_hits.increment();
            Reply::Touched
        } else {
            counters.touch_misses.increment();
            Reply::NotFound
        })
    }

    fn stats(&self, mut words: Words<'_>, sink: &mut Sink<'_, '_>) -> Reply<'static> {
        let group = words.next().unwrap_or_default();
        if group == b"reset" {
            self.engine.stats.reset();
            return Reply::Reset;
        }
        let reported = self.engine.stats.report(group, &mut |name, value| {
            sink.reply(&Reply::Stat { name, value });
        });
        match reported {
            Ok(()) => Reply::End,
            Err(NoSuchGroup) => Reply::Error(Error::Unknown),
        }
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
