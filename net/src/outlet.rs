//! A session's output in one run, and what it is charged with.

use crate::budget::{Budget, Charge, Place, Purpose};
use crate::memcache::dump::Style;
use crate::memcache::form::Form;
use crate::output::Output;
use crate::sink::{Dump, Sink};

/// Output of one run, in bytes, that is not charged: nearly every socket takes
/// so much at once. What it does not take, the worker keeps and charges.
const UNCHARGED: usize = 16 << 10;

/// Where a session's replies go in one run.
#[derive(Debug)]
pub(crate) struct Outlet<'a, 'v> {
    out: &'a mut Output<'v>,
    pub(crate) budget: &'a Budget,
    pub(crate) account: Account,
}

/// What the output of a run is charged with.
#[derive(Debug)]
pub(crate) struct Account {
    /// Length of the output when the run began.
    start: usize,
    /// Length up to which it needs no further charge.
    covered: usize,
    /// Output of a run, in bytes, at which the session pauses.
    bound: usize,
    charge: Option<Charge>,
    /// The place in the queue for budget.
    pub(crate) place: Option<Place>,
    /// A value was refused for lack of budget.
    pub(crate) is_short: bool,
}

impl<'a, 'v> Outlet<'a, 'v> {
    pub(crate) fn new(
        out: &'a mut Output<'v>,
        bound: usize,
        budget: &'a Budget,
        place: Option<Place>,
    ) -> Self {
        let start = out.len();
        let account = Account {
            start,
            covered: start.saturating_add(UNCHARGED),
            bound,
            charge: None,
            place,
            is_short: false,
        };
        Outlet {
            out,
            budget,
            account,
        }
    }

    /// Takes the reply to one request.
    pub(crate) fn sink<'s>(&'s mut self, form: Form<'s>) -> Sink<'s, 'v> {
        Sink {
            out: self.out,
            budget: self.budget,
            account: &mut self.account,
            form,
        }
    }

    /// Takes the items of a dump.
    pub(crate) fn dump(&mut self, style: Style) -> Dump<'_> {
        Dump {
            out: self.out.bytes(),
            style,
        }
    }

    /// The session's share of output is used up.
    pub(crate) fn is_full(&self) -> bool {
        self.out.len().saturating_sub(self.account.start) >= self.account.bound
    }

    /// Nothing was written in this run.
    pub(crate) fn is_empty(&self) -> bool {
        self.out.len() == self.account.start
    }

    /// What the run's output was charged with, and the place in the queue.
    pub(crate) fn finish(self) -> (Option<Charge>, Option<Place>) {
        (self.account.charge, self.account.place)
    }
}

impl Account {
    /// Output up to a length of `end` is charged, as far as it has to be.
    #[inline]
    pub(crate) fn covers(&mut self, end: usize, budget: &Budget) -> bool {
        end <= self.covered || self.cover(end, budget)
    }

    /// Charges output up to a length of `end`, and at once as much as the
    /// session may use.
    #[cold]
    fn cover(&mut self, end: usize, budget: &Budget) -> bool {
        let bytes = end.saturating_sub(self.start).max(self.bound);
        let covered = if let Some(charge) = &mut self.charge {
            charge.grow(bytes, &mut self.place)
        } else {
            self.charge = budget.request(Purpose::Reply, bytes, &mut self.place);
            self.charge.is_some()
        };
        if covered {
            self.covered = self.start.saturating_add(bytes);
        } else {
            self.is_short = true;
        }
        covered
    }
}
