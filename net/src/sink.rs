//! Where replies go.

use crate::budget::{Budget, Charge, Place, Purpose};
use crate::execute::Flow;
use crate::memcache::classic::{self, LINE_END};
use crate::output::{LENT_MIN, Output};
use crate::reply::Reply;

/// Output of one run, in bytes, that is not charged: nearly every socket takes
/// so much at once. What it does not take, the worker keeps and charges.
const UNCHARGED: usize = 16 << 10;

/// Takes the replies of one session in one run: writes them as the client's
/// protocol has it, or not at all where the client wants none.
#[derive(Debug)]
pub struct Sink<'a, 'v> {
    out: &'a mut Output<'v>,
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

impl<'a, 'v> Sink<'a, 'v> {
    pub(crate) fn new(
        out: &'a mut Output<'v>,
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
    /// as in memcached.
    #[inline]
    pub fn reply(&mut self, reply: &Reply<'_>) {
        if !self.quiet {
            classic::write(reply, self.out.bytes());
        }
    }

    /// Writes an item that a retrieval found under `key`, with its cas unique
    /// if that was asked for. [`Flow::Wait`]: there is no room for it now; that
    /// is for the executor to return in turn.
    #[inline]
    pub fn value(&mut self, key: &[u8], flags: u32, value: &'v [u8], unique: Option<u64>) -> Flow {
        let length = key.len() + value.len() + classic::VALUE_ROW;
        let end = self.out.len().saturating_add(length);
        if end > self.covered && !self.cover(end) {
            self.is_short = true;
            return Flow::Wait;
        }
        // What is lent is charged all the same: what the socket does not take
        // of it is copied.
        let is_lent = value.len() >= LENT_MIN;
        let bytes = self.out.bytes();
        bytes.reserve(if is_lent {
            length - value.len()
        } else {
            length
        });
        classic::write_value_line(key, flags, value.len(), unique, bytes);
        if is_lent {
            self.out.lend(value);
        } else {
            bytes.extend_from_slice(value);
        }
        self.out.bytes().extend_from_slice(LINE_END);
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
