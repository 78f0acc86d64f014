//! Storage commands.

use net::{Error, Header, Reply, Way};
use storage::{Condition, Joining, NoSpace, Pending, Side, Stored, Terms, Trace};

use super::Executor;

fn terms_of(header: &Header<'_>, condition: net::Condition) -> Terms {
    Terms {
        condition: match condition {
            net::Condition::Always => Condition::Always,
            net::Condition::Absent => Condition::Absent,
            net::Condition::Present => Condition::Present,
            net::Condition::Unique(unique) => Condition::Unique(unique),
            net::Condition::Since(unique) => Condition::Since(unique),
        },
        unique: header.unique.given,
        observe: header.unique.told,
        won: false,
        trace: Trace::None,
        encoded: header.encoded,
    }
}

impl Executor<'_> {
    pub(super) fn store(
        &mut self,
        header: &Header<'_>,
        value: &[u8],
    ) -> Result<Reply<'static>, NoSpace> {
        match header.way {
            Way::Put(condition) => self.put(header, value, terms_of(header, condition)),
            Way::Join {
                side,
                compare,
                vivify,
            } => {
                let joining = Joining {
                    // memcached does not compare with 0.
                    compare: compare.filter(|&unique| unique != 0),
                    unique: header.unique.given,
                    observe: header.unique.told,
                    vivify: vivify
                        .then(|| (header.flags, self.deadline(header.key, header.exptime))),
                    encoded: header.encoded,
                };
                self.join(header, value, side, joining)
            }
        }
    }

    fn put(
        &mut self,
        header: &Header<'_>,
        value: &[u8],
        terms: Terms,
    ) -> Result<Reply<'static>, NoSpace> {
        let deadline = self.deadline(header.key, header.exptime);
        let &Header { key, flags, .. } = header;
        let writer = &mut self.engine.writer;
        let stored = writer.store(self.guard, key, value, flags, deadline, terms)?;
        let reply = self.count(stored, terms.condition);
        Ok(match stored {
            Stored::TooLarge => self.too_large(key, header.supersedes),
            _ => reply,
        })
    }

    fn join(
        &mut self,
        header: &Header<'_>,
        value: &[u8],
        side: net::Side,
        joining: Joining,
    ) -> Result<Reply<'static>, NoSpace> {
        let side = match side {
            net::Side::Append => Side::Append,
            net::Side::Prepend => Side::Prepend,
        };
        let writer = &mut self.engine.writer;
        let stored = writer.concat(self.guard, header.key, value, side, joining)?;
        let counters = self.engine.counters();
        counters.cmd_set.increment();
        if stored == Stored::TooLarge {
            // memcached's answer when the two together are too large.
            counters.store_too_large.increment();
            return Ok(Reply::NotStored);
        }
        Ok(reply_to(stored))
    }

    pub(super) fn begin_put(&mut self, header: &Header<'_>) -> Option<Pending> {
        let deadline = self.deadline(header.key, header.exptime);
        let &Header {
            key, length, flags, ..
        } = header;
        let writer = &mut self.engine.writer;
        let pending = writer.begin(self.guard, key, length, flags, deadline);
        match &pending {
            Some(_) => self.engine.counters().uploads_placed.increment(),
            None => self.no_place = true,
        }
        pending
    }

    pub(super) fn complete_put(
        &mut self,
        pending: Pending,
        header: &Header<'_>,
    ) -> Result<Reply<'static>, (NoSpace, Pending)> {
        // Only what is put has a place.
        let condition = match header.way {
            Way::Put(condition) => condition,
            Way::Join { .. } => net::Condition::Always,
        };
        let terms = terms_of(header, condition);
        let writer = &mut self.engine.writer;
        let stored = writer.complete(self.guard, pending, terms)?;
        Ok(self.count(stored, terms.condition))
    }

    fn count(&self, stored: Stored, condition: Condition) -> Reply<'static> {
        let counters = self.engine.counters();
        counters.cmd_set.increment();
        if let Condition::Unique(_) | Condition::Since(_) = condition {
            match stored {
                Stored::Stored { .. } => counters.cas_hits.increment(),
                Stored::Exists => counters.cas_badval.increment(),
                Stored::NotFound => counters.cas_misses.increment(),
                Stored::NotStored | Stored::TooLarge => {}
            }
        }
        reply_to(stored)
    }

    /// The client believes the old value overwritten, so it must not be served again.
    pub(super) fn too_large(&mut self, key: &[u8], supersedes: bool) -> Reply<'static> {
        if supersedes {
            self.engine.writer.delete(self.guard, key);
        }
        self.engine.counters().store_too_large.increment();
        Reply::Error(Error::TooLarge)
    }

    /// As `too_large`; a command that does not supersede may not have been meant to change
    /// anything.
    pub(super) fn no_memory(&mut self, header: &Header<'_>) -> Reply<'static> {
        if header.supersedes {
            self.engine.writer.delete(self.guard, header.key);
        }
        self.engine.counters().store_no_memory.increment();
        Reply::Error(Error::NoMemory)
    }
}

fn reply_to(stored: Stored) -> Reply<'static> {
    match stored {
        Stored::Stored { unique, length } => Reply::Stored { unique, length },
        Stored::NotStored => Reply::NotStored,
        Stored::Exists => Reply::Exists,
        Stored::NotFound => Reply::NotFound,
        Stored::TooLarge => Reply::Error(Error::TooLarge),
    }
}
