//! Where replies go.

use crate::budget::{Budget, Charge, Place, Purpose};
use crate::execute::Flow;
use crate::memcache::classic;
use crate::reply::Reply;

/// Output of one run, in bytes, that is not charged: nearly every socket takes
/// so much at once. What it does not take, the worker keeps and charges.
const UNCHARGED: usize = 16 << 10;

/// Takes the replies of one session in one run: writes them as the client's
/// protocol has it, or not at all where the client wants none.
#[derive(Debug)]
pub struct Sink<'a> {
    out: &'a mut Vec<u8>,
    quiet: bool,
    /// Length of `out` when the run began.
    start: usize,
    /// Length of `out` up to which the run's output needs no further charge.
    covered: usize,
    /// Output of a run, in bytes, at which the session pauses.
    bound: usize,
    charge: Option<Charge>,
    /// A value was refused for lack of budget.
    is_short: bool,
    pub(crate) budget: &'a Budget,
    pub(crate) place: Option<Place>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(
        out: &'a mut Vec<u8>,
        bound: usize,
        budget: &'a Budget,
        place: Option<Place>,
    ) -> Self {
        let start = out.len();
        Sink {
            out,
            quiet: false,
            start,
            covered: start.saturating_add(UNCHARGED),
            bound,
            charge: None,
            is_short: false,
            budget,
            place,
        }
    }

    /// Writes one reply. Under `noreply` nothing is written, errors included,
    /// as in memcached. [`Flow::Wait`]: there is no room for this value now;
    /// it is for the executor to return in turn. Only a value is ever refused.
    #[inline]
    pub fn reply(&mut self, reply: &Reply<'_>) -> Flow {
        if self.quiet {
            return Flow::Done;
        }
        if let Reply::Value { key, value, .. } = reply {
            let end = self
                .out
                .len()
                .saturating_add(key.len() + value.len() + classic::VALUE_ROW);
            if end > self.covered && !self.cover(end) {
                self.is_short = true;
                return Flow::Wait;
            }
        }
        classic::write(reply, self.out);
        Flow::Done
    }

    /// Charges output up to a length of `end`, and at once as much as the
    /// session may use.
    #[cold]
    fn cover(&mut self, end: usize) -> bool {
        let bytes = end.saturating_sub(self.start).max(self.bound);
        let covered = if let Some(charge) = &mut self.charge {
            charge.grow(bytes, &mut self.place)
        } else {
            self.charge = self.budget.request(Purpose::Reply, bytes, &mut self.place);
            self.charge.is_some()
        };
        if covered {
            self.covered = self.start.saturating_add(bytes);
        }
        covered
    }

    pub(crate) fn set_quiet(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// The session's share of output is used up.
    pub(crate) fn is_full(&self) -> bool {
        self.out.len().saturating_sub(self.start) >= self.bound
    }

    /// Nothing was written in this run.
    pub(crate) fn is_empty(&self) -> bool {
        self.out.len() == self.start
    }

    /// A value was refused for lack of budget.
    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }

    /// What the run's output was charged with, and the place in the queue.
    pub(crate) fn finish(self) -> (Option<Charge>, Option<Place>) {
        (self.charge, self.place)
    }
}
