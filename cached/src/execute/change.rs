//! What changes an item without a new value from the client.

use net::{Arith, Error, Invalidate, Number, Reply, Ttl};
use storage::{Arithmetic, Counter, Deleted, Invalidation, NoSpace};

use super::Executor;

impl Executor<'_> {
    pub(super) fn delete(&mut self, key: &[u8], compare: Option<u64>) -> Reply<'static> {
        let deleted = self.engine.writer.delete_if(self.guard, key, compare);
        if deleted == Deleted::Deleted {
            self.engine.counters().delete_hits.increment();
        }
        self.deleted(deleted)
    }

    /// As memcached counts: what is invalidated is no hit, what is not there is a miss.
    pub(super) fn invalidate(
        &mut self,
        request: &Invalidate<'_>,
    ) -> Result<Reply<'static>, NoSpace> {
        let invalidation = Invalidation {
            compare: request.compare,
            unique: request.unique,
            deadline: request
                .exptime
                .map(|exptime| self.deadline(request.key, exptime)),
            stale: request.stale,
            emptied: request.emptied,
        };
        let writer = &mut self.engine.writer;
        let deleted = writer.invalidate(self.guard, request.key, invalidation)?;
        let invalidated = deleted == Deleted::Deleted;
        self.engine.counters().invalidated.add(invalidated.into());
        Ok(self.deleted(deleted))
    }

    fn deleted(&self, deleted: Deleted) -> Reply<'static> {
        let reply = match deleted {
            Deleted::Deleted => return Reply::Deleted,
            Deleted::NotFound => Reply::NotFound,
            Deleted::Exists => Reply::Exists,
        };
        self.engine.counters().delete_misses.increment();
        reply
    }

    pub(super) fn arith(&mut self, arith: &Arith<'_>) -> Result<Reply<'static>, NoSpace> {
        let touched = arith.touch.map(|exptime| self.deadline(arith.key, exptime));
        let change = Arithmetic {
            delta: arith.delta,
            increment: arith.increment,
            // memcached does not compare with 0.
            compare: arith.compare.filter(|&unique| unique != 0),
            unique: arith.unique.given,
            observe: arith.unique.told,
            vivify: arith
                .vivify
                .map(|(number, birth)| (number, self.born(arith.key, birth, arith.touch))),
            deadline: touched,
            encoded: arith.encoded,
        };
        let counter = self.engine.writer.arith(self.guard, arith.key, change)?;
        let made = arith
            .vivify
            .map(|(_, birth)| self.left(self.deadline(arith.key, birth.exptime)));
        let counters = self.engine.counters();
        let (hits, misses) = if arith.increment {
            (&counters.incr_hits, &counters.incr_misses)
        } else {
            (&counters.decr_hits, &counters.decr_misses)
        };
        Ok(match counter {
            Counter::Value {
                number,
                unique,
                deadline_was,
                created,
            } => {
                if !created {
                    hits.increment();
                }
                Reply::Number(Number {
                    value: number,
                    unique,
                    ttl: Ttl {
                        before: self.left(deadline_was),
                        touched: self.left(touched.unwrap_or(deadline_was)),
                        made: made.filter(|_| created),
                    },
                    is_new: created,
                })
            }
            Counter::NotFound => {
                misses.increment();
                Reply::NotFound
            }
            Counter::Exists => Reply::Exists,
            Counter::NotNumber => Reply::Error(Error::NotNumeric),
        })
    }

    pub(super) fn touch(&mut self, key: &[u8], exptime: i64) -> Result<Reply<'static>, NoSpace> {
        let deadline = self.deadline(key, exptime);
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
}
