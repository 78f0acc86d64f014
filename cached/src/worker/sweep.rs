//! Closes connections that make no progress, or too little, looked at in small steps.

use std::time::{Duration, Instant};

use slab::Slab;

use super::client::{Client, PACE};
use super::{Bounds, Worker, token};

/// Clients looked at in a step, so that no turn waits for a long look.
const STEP: usize = 256;

/// Where the round through all clients has come to.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Between the beginnings of two rounds.
    period: Duration,
    /// The key to look at next.
    cursor: usize,
    /// When the next step is to be taken.
    next: Instant,
}

impl Sweep {
    /// Rounds as often as the shortest timeout needs: a connection may live a quarter longer.
    pub(super) fn new(bounds: &Bounds, now: Instant) -> Sweep {
        let timeouts = [
            bounds.idle_timeout,
            bounds.request_timeout,
            bounds.send_timeout,
            Some(PACE),
        ];
        let shortest = timeouts.into_iter().flatten().min().unwrap_or(PACE);
        Sweep {
            period: (shortest / 4).max(Duration::from_millis(10)),
            cursor: 0,
            next: now,
        }
    }

    /// How long it is from `now` until the next step; `None`: there is nothing to look at.
    pub(super) fn due(&self, clients: &Slab<Client>, now: Instant) -> Option<Duration> {
        let wait = || self.next.saturating_duration_since(now);
        (!clients.is_empty()).then(wait)
    }
}

impl Worker {
    /// Takes the next step, if it is time.
    pub(super) fn sweep(&mut self, now: Instant) {
        if now < self.sweep.next {
            return;
        }
        let end = (self.sweep.cursor + STEP).min(self.clients.capacity());
        for key in self.sweep.cursor..end {
            let Some(client) = self.clients.get_mut(key) else {
                continue;
            };
            let withdrawn = client.withdraw(&self.budget, now);
            self.engine.counters().uploads_slow.add(withdrawn.into());
            let token = token(key, client.generation);
            if let Some(reason) = client.overdue(&self.bounds, now) {
                self.close(token, reason);
            }
        }
        if end < self.clients.capacity() {
            self.sweep.cursor = end;
        } else {
            self.sweep.cursor = 0;
            self.sweep.next = now + self.sweep.period;
        }
    }
}
