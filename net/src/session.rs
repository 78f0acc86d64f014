//! One client's session: which bytes it holds, and running them.

use crate::budget::{Budget, Charge, Place};
use crate::dialogue::{Dialogue, Run, Stop};
use crate::execute::Execute;
use crate::held::Held;
use crate::limits::Limits;
use crate::memcache::ahead::Keys;
use crate::outlet::Outlet;
use crate::output::Output;
use crate::progress::{Close, Next, Progress};
use crate::reply::Error;
use crate::upload::Upload;

/// A request that is whole within so many bytes waits for its rest in an exact
/// copy and goes through the arena again; a longer one gets a buffer of its
/// own size, once, and is received into that.
const SHORT_MAX: usize = 4096;

/// The buffer a long line begins with: enough for a hundred keys of any size.
const LONG_LINE: usize = 32 << 10;

/// The first key that a session's input asks for, as far as a glance tells.
pub fn first_key(input: &[u8]) -> Option<&[u8]> {
    Keys::new(input, 0).next()
}

/// Where the next bytes of a session are to be received.
#[derive(Debug, PartialEq, Eq)]
pub enum Intake<'a> {
    /// Anywhere, behind these bytes, which may be none: then
    /// [`Session::run`] on the whole.
    Shared(&'a [u8]),
    /// Into this, which is never empty and part of a long request: then
    /// [`Session::received`] and [`Session::resume`]. That it was filled does
    /// not mean that the socket is drained.
    Own(&'a mut [u8]),
    /// Into this, which is never empty and the place of a large value, and
    /// what follows anywhere: then [`Session::received`] for the part in the
    /// place, and [`Session::run`] on the other or, without any,
    /// [`Session::resume`].
    Placed(&'a mut [u8]),
}

/// One client's session. It turns bytes into bytes, can be cut at any byte,
/// and needs no buffer while no request is under way.
#[derive(Debug)]
pub struct Session<U> {
    dialogue: Dialogue<U>,
    /// Boxed, as most sessions hold nothing.
    held: Option<Box<Held>>,
    place: Option<Place>,
}

/// What is left of a run's input.
enum Rest<'a> {
    Shared(&'a [u8]),
    Held(Box<Held>),
}

impl<U: Upload> Default for Session<U> {
    fn default() -> Self {
        Session::new()
    }
}

impl<U: Upload> Session<U> {
    /// A session that has received nothing.
    pub fn new() -> Self {
        Session {
            dialogue: Dialogue::new(),
            held: None,
            place: None,
        }
    }

    /// Where the next bytes are to be received, after [`Next::Receive`].
    pub fn intake(&mut self) -> Intake<'_> {
        match &mut self.held {
            None => match self.dialogue.begun_mut().map(|begun| begun.upload.room()) {
                Some(room) if !room.is_empty() => Intake::Placed(room),
                _ => Intake::Shared(&[]),
            },
            Some(held) => {
                if held.is_long() {
                    Intake::Own(held.spare())
                } else {
                    Intake::Shared(held.bytes())
                }
            }
        }
    }

    /// `bytes` bytes were received into [`Intake::Own`] or [`Intake::Placed`].
    pub fn received(&mut self, bytes: usize) {
        if let Some(held) = &mut self.held {
            held.fill(bytes);
        } else if let Some(begun) = self.dialogue.begun_mut() {
            begun.upload.fill(bytes);
        }
    }

    /// A value is being received into a place.
    pub fn is_placed(&self) -> bool {
        self.dialogue.begun().is_some()
    }

    /// Moves what was received into a place to a buffer, from which the request
    /// goes on. False: there is no budget for it now, and nothing has changed.
    /// Not while the request waits for something else than bytes.
    pub fn withdraw(&mut self, budget: &Budget) -> bool {
        let Some(begun) = self.dialogue.begun() else {
            return true;
        };
        let line = begun.line.bytes();
        let Some(mut held) = Held::receive(line, begun.whole, budget, &mut None) else {
            return false;
        };
        held.append(begun.upload.received());
        held.append(self.held.as_ref().map_or(&[], |held| held.bytes()));
        self.held = Some(held);
        self.dialogue.forget_begun();
        true
    }

    /// A request has begun and is not done.
    pub fn is_mid_request(&self) -> bool {
        self.held.is_some() || self.is_placed() || self.dialogue.is_skipping()
    }

    /// What it is charged for what it holds: a buffer for a long request, or
    /// what it keeps of others.
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        let line = self.dialogue.begun().map(|begun| &begun.line);
        self.held.iter().chain(line).map(|held| held.charge())
    }

    /// It holds a buffer for a long request.
    pub fn is_long(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_long())
    }

    /// Runs on `input`: what [`Session::intake`] gave and what was received
    /// behind it. Appends the replies to `out`. What is left of the input the
    /// session keeps.
    pub fn run<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        input: &[u8],
        limits: &Limits,
        budget: &Budget,
        executor: &mut E,
        out: &mut Output<'v>,
    ) -> Progress {
        self.held = None;
        let mut run = self.begin(limits, budget, executor, out);
        let (used, stop) = self.dialogue.advance(input, &mut run);
        let rest = Rest::Shared(input.get(used..).unwrap_or_default());
        let next = self.settle(rest, stop, &mut run);
        self.finish(run, next)
    }

    /// Runs on what the session itself holds: after [`Session::received`], and
    /// whenever the run before did not say [`Next::Receive`].
    pub fn resume<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        limits: &Limits,
        budget: &Budget,
        executor: &mut E,
        out: &mut Output<'v>,
    ) -> Progress {
        if self.place.as_ref().is_some_and(|place| !place.is_first()) {
            return Progress {
                next: Next::WaitBudget,
                operations: 0,
                refused: 0,
                got_on: false,
                output: None,
            };
        }
        let mut run = self.begin(limits, budget, executor, out);
        let Some(mut held) = self.held.take() else {
            return self.finish(run, Next::Receive);
        };
        let (used, stop) = self.dialogue.advance(held.bytes(), &mut run);
        held.consume(used);
        let next = self.settle(Rest::Held(held), stop, &mut run);
        self.finish(run, next)
    }

    fn begin<'a, 'v, E>(
        &mut self,
        limits: &'a Limits,
        budget: &'a Budget,
        executor: &'a mut E,
        out: &'a mut Output<'v>,
    ) -> Run<'a, 'v, E> {
        Run {
            executor,
            limits,
            outlet: Outlet::new(out, limits.output, budget, self.place.take()),
            operations: 0,
            refused: 0,
            walked: false,
            unseen: usize::MAX,
            may_begin: !self.is_long(),
        }
    }

    /// Output that is there is sent before the session waits: it may hold what
    /// others wait for, and who has a place must be there when it is served.
    fn finish<E>(&mut self, run: Run<'_, '_, E>, next: Next) -> Progress {
        let next = match next {
            Next::WaitBudget if !run.outlet.is_empty() => Next::Resume,
            next => next,
        };
        let (output, place) = run.outlet.finish();
        self.place = place.filter(|_| next == Next::WaitBudget);
        Progress {
            next,
            operations: run.operations,
            refused: run.refused,
            got_on: run.operations > 0 || run.refused > 0 || run.walked,
            output,
        }
    }

    /// Holds what is left of the input, in a buffer that fits what is to come.
    fn settle<E>(&mut self, rest: Rest<'_>, stop: Stop, run: &mut Run<'_, '_, E>) -> Next {
        let (held, next) = match stop {
            Stop::Drained => return Next::Receive,
            Stop::Now(Next::Close(reason)) => return Next::Close(reason),
            Stop::Now(next) => (rest.keep(run.outlet.budget), next),
            Stop::Line => (rest.keep_short(run.outlet.budget), Next::Receive),
            Stop::Body(whole) if whole <= SHORT_MAX => {
                (rest.keep_short(run.outlet.budget), Next::Receive)
            }
            Stop::Body(whole) => rest.receive(whole, whole, &mut run.outlet),
            Stop::LongLine(most) => rest.receive(LONG_LINE.min(most), most, &mut run.outlet),
        };
        self.held = held;
        if self.held.is_some() {
            return next;
        }
        run.refuse(Error::NoBuffer, false);
        Next::Close(Close::NoBudget)
    }
}

/// Each of these comes to nothing when there is no budget.
impl Rest<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Rest::Shared(bytes) => bytes,
            Rest::Held(held) => held.bytes(),
        }
    }

    /// Keeps all of it, for the next run.
    fn keep(self, budget: &Budget) -> Option<Box<Held>> {
        match self {
            Rest::Shared(bytes) => Held::keep(bytes, budget),
            Rest::Held(held) => Some(held),
        }
    }

    /// Keeps it in no more memory than it needs, to go through the arena.
    fn keep_short(self, budget: &Budget) -> Option<Box<Held>> {
        match self {
            Rest::Held(mut held) if !held.is_long() => {
                held.shrink();
                Some(held)
            }
            rest => Held::keep(rest.bytes(), budget),
        }
    }

    /// Makes room to receive the long request it begins, of which it is not
    /// known yet that it has more than `least` bytes, and which has `most` at
    /// most. A request that has no buffer yet may wait for one; one that has
    /// may not, lest those that hold buffers wait for each other.
    fn receive(
        self,
        least: usize,
        most: usize,
        outlet: &mut Outlet<'_, '_>,
    ) -> (Option<Box<Held>>, Next) {
        match self {
            Rest::Held(held) if held.is_long() && held.is_untouched() => (
                held.with_room(most, &mut outlet.account.place),
                Next::Receive,
            ),
            rest => {
                let doubled = rest.bytes().len().saturating_mul(2);
                let capacity = doubled.clamp(least, most);
                match Held::receive(
                    rest.bytes(),
                    capacity,
                    outlet.budget,
                    &mut outlet.account.place,
                ) {
                    Some(held) => (Some(held), Next::Receive),
                    None => (rest.keep_short(outlet.budget), Next::WaitBudget),
                }
            }
        }
    }
}
