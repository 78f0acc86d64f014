//! Retrievals.

use net::{Flow, Get, Renewal, Reply, Sink, Ttl};
use storage::{Claim, Condition, Item, NoSpace, Seconds, Stored, Terms, Trace};

use super::Executor;
use crate::sampling::Outcome;

/// So often is an item looked up again that changes or moves while it is claimed or made.
const AGAIN: usize = 7;

impl<'t> Executor<'t> {
    pub(super) fn get(&mut self, get: &Get<'_>, sink: &mut Sink<'_, 't>) -> Result<Flow, NoSpace> {
        self.try_get(get, sink, AGAIN)
    }

    /// Looks up anew up to `again` times what somebody else changes at the same time.
    fn try_get(
        &mut self,
        get: &Get<'_>,
        sink: &mut Sink<'_, 't>,
        again: usize,
    ) -> Result<Flow, NoSpace> {
        let store = &self.engine.store;
        let Some(mut found) = store.peek(self.guard, get.key, get.unique) else {
            return self.missed(get, sink, again);
        };
        let before = found.deadline();
        let mut item = self.told(&found, get, before);
        let trace = trace_of(get);
        let tracks = trace == Trace::Tracked && !found.is_tracked();
        // What is done once must not wait for room once it is done: a win, or the end of an item.
        let changes = get.touch.is_some() || item.renewal == Renewal::You || tracks;
        if changes && sink.room(get.key, &item) == Flow::Wait {
            return Ok(Flow::Wait);
        }
        let mut is_over = false;
        if let Some(exptime) = get.touch {
            let deadline = self.deadline(get.key, exptime);
            is_over = deadline != 0 && deadline <= self.now;
            let Some(touched) = self.redate(get, deadline)? else {
                return self.missed(get, sink, again);
            };
            let (was_fetched, idle) = (item.was_fetched, item.idle);
            found = touched;
            item = net::Item {
                was_fetched,
                idle,
                ..self.told(&found, get, before)
            };
        }
        // Who ends an item is the only one who is told of it, and needs no mark.
        if item.renewal == Renewal::You && !is_over {
            // Once it is touched, another look would find it so.
            let is_first = get.touch.is_none();
            item.renewal = match self.engine.writer.claim(self.guard, &found, trace) {
                Ok(Claim::Won) => Renewal::You,
                Ok(Claim::Lost) => Renewal::Other,
                Ok(Claim::Gone) if is_first && again > 0 => {
                    return self.try_get(get, sink, again - 1);
                }
                Err(NoSpace::Retry) if is_first && !self.impatient => return Err(NoSpace::Retry),
                // It can be told, if not marked: who asks next may be the one to renew it.
                Ok(Claim::Gone) | Err(NoSpace::Retry | NoSpace::Full) => Renewal::Nobody,
            };
        } else if tracks && !is_over {
            // Without space for it the time stays as rough as it is.
            let _ = self.engine.writer.track(self.guard, &found);
        }
        let flow = sink.item(get.key, &item);
        if flow == Flow::Done {
            (self.outcome, self.found) = (Outcome::Hit, item.value.len());
            if !get.peeks && get.touch.is_none() {
                found.note_fetch(self.guard);
            }
            self.count_get(get, true);
            let is_told = item.renewal == Renewal::You;
            self.engine.counters().renewals.add(is_told.into());
        }
        Ok(flow)
    }

    fn redate(&mut self, get: &Get<'_>, deadline: Seconds) -> Result<Option<Item<'t>>, NoSpace> {
        let writer = &mut self.engine.writer;
        if get.peeks {
            writer.touch_unseen(self.guard, get.key, deadline, get.unique)
        } else {
            writer.touch(self.guard, get.key, deadline, get.unique)
        }
    }

    /// Makes the item that is wanted, or says that there is none.
    fn missed(
        &mut self,
        get: &Get<'_>,
        sink: &mut Sink<'_, 't>,
        again: usize,
    ) -> Result<Flow, NoSpace> {
        let Some(vivify) = get.vivify else {
            return Ok(self.miss(get, sink));
        };
        let deadline = self.born(get.key, vivify.birth, get.touch);
        let touched = get
            .touch
            .and_then(|exptime| self.left(self.deadline(get.key, exptime)));
        let mut item = net::Item {
            ttl: Ttl {
                before: None,
                touched,
                made: Some(self.left(self.deadline(get.key, vivify.birth.exptime))),
            },
            renewal: Renewal::You,
            is_encoded: vivify.encoded,
            ..net::Item::default()
        };
        if sink.room(get.key, &item) == Flow::Wait {
            return Ok(Flow::Wait);
        }
        let terms = Terms {
            condition: Condition::Absent,
            unique: vivify.unique,
            observe: get.unique,
            won: true,
            trace: trace_of(get),
            encoded: vivify.encoded,
        };
        let writer = &mut self.engine.writer;
        let stored = writer.store(self.guard, get.key, &[], 0, deadline, terms)?;
        let Stored::Stored { unique, .. } = stored else {
            // Somebody else has made it meanwhile.
            return match again {
                0 => Ok(self.miss(get, sink)),
                _ => self.try_get(get, sink, again - 1),
            };
        };
        item.unique = get.unique.then_some(unique);
        self.count_get(get, true);
        self.outcome = Outcome::Miss;
        self.engine.counters().renewals.increment();
        Ok(sink.item(get.key, &item))
    }

    fn miss(&mut self, get: &Get<'_>, sink: &mut Sink<'_, 't>) -> Flow {
        self.count_get(get, false);
        self.reply(&Reply::Miss, sink);
        Flow::Done
    }

    /// What `found` is told as, whose deadline was `before`. That this client is to renew it is no
    /// more than due: it has to be claimed.
    fn told(&self, found: &Item<'t>, get: &Get<'_>, before: Seconds) -> net::Item<'t> {
        let after = get
            .touch
            .map_or(before, |exptime| self.deadline(get.key, exptime));
        net::Item {
            value: found.value(),
            flags: found.flags(),
            unique: get.unique.then(|| found.unique()),
            ttl: Ttl {
                before: self.left(before),
                touched: self.left(after),
                made: None,
            },
            was_fetched: found.was_fetched(),
            idle: if get.last_access {
                self.now.saturating_sub(found.last_access())
            } else {
                0
            },
            is_stale: found.is_stale(),
            renewal: self.due(found, get, before, after),
            is_encoded: found.is_encoded(),
            size: found.size(),
        }
    }

    fn due(&self, found: &Item<'t>, get: &Get<'_>, before: Seconds, after: Seconds) -> Renewal {
        if found.is_won() {
            return Renewal::Other;
        }
        let Some(renew) = get.renew else {
            return Renewal::Nobody;
        };
        let deadline = if renew.touched { after } else { before };
        let clock = &self.engine.clock;
        let ends_before = |below| deadline != 0 && deadline < clock.deadline(below, self.now);
        if found.is_stale() || renew.below.is_some_and(ends_before) {
            Renewal::You
        } else {
            Renewal::Nobody
        }
    }

    /// As memcached counts: a retrieval that touches is a touch, not a get, unless it is a meta
    /// get that finds nothing; and what only looks on is neither, and the only one to count as meta.
    fn count_get(&self, get: &Get<'_>, hit: bool) {
        let is_meta = get.renew.is_some();
        let counters = self.engine.counters();
        if get.peeks && !is_meta {
            return counters.cmd_meta.increment();
        }
        let touches = get.touch.is_some() && (hit || !is_meta);
        let (commands, outcome) = match (touches, hit) {
            (false, true) => (&counters.cmd_get, &counters.get_hits),
            (false, false) => (&counters.cmd_get, &counters.get_misses),
            (true, true) => (&counters.cmd_touch, &counters.touch_hits),
            (true, false) => (&counters.cmd_touch, &counters.touch_misses),
        };
        commands.increment();
        outcome.increment();
    }
}

fn trace_of(get: &Get<'_>) -> Trace {
    match (get.peeks, get.last_access) {
        (true, _) => Trace::None,
        (false, false) => Trace::Fetched,
        (false, true) => Trace::Tracked,
    }
}
