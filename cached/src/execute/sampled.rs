//! Requests that are looked at more closely than the others.

use std::time::Instant;

use super::Executor;
use crate::metrics::Kind;
use crate::sampling::{Asked, Chosen, Outcome, Sample};

/// A request that is looked at: what for, and when its execution began.
pub(super) struct Look {
    chosen: Chosen,
    began: Instant,
}

impl Executor<'_> {
    /// Begins to look at the request that comes.
    #[cold]
    pub(super) fn look(&mut self) -> Look {
        self.outcome = Outcome::Ok;
        Look {
            chosen: self.engine.sampler.choose(),
            began: Instant::now(),
        }
    }

    /// Notes what was seen of a request that is executed.
    #[cold]
    pub(super) fn note(&mut self, look: &Look, kind: Kind, asked: &Asked<'_>) {
        let now = Instant::now();
        let own = now.duration_since(look.began);
        if look.chosen.timed {
            self.engine.latency().add_own(kind, own);
        }
        let latency = now.duration_since(self.polled);
        let for_slow = self.engine.sampler.is_slow(latency);
        if !(look.chosen.for_commands || look.chosen.for_keys || for_slow) {
            return;
        }
        let found = (self.outcome == Outcome::Hit).then_some(self.found);
        let sample = Sample {
            for_commands: look.chosen.for_commands,
            for_slow,
            for_keys: look.chosen.for_keys,
            client: self.engine.stats.connections.peer(self.client),
            outcome: self.outcome,
            size: found.unwrap_or(asked.brought),
            latency,
            own,
            ..Sample::new(asked)
        };
        self.engine.sampler.put(sample, self.engine.counters());
    }
}
