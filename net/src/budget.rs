//! The memory that all session buffers together may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Bytes that are enough for the small parts of some hundred sessions.
const SMALL: usize = 1 << 20;

/// What a buffer is for. Each purpose has an allowance of its own, since one
/// may wait for the next but never the other way round: who holds a buffer for
/// a long request may wait for room for its reply; who holds a reply waits
/// only for its client; and what is kept never waits. So no set of sessions
/// can wait in a circle, as long as each purpose has its own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Parts of requests, and small replies that the socket did not take yet.
    Kept,
    /// A buffer for one long request.
    Request,
    /// The output of a session in one turn, where it is large.
    Reply,
}

#[derive(Debug)]
struct Allowance {
    limit: AtomicUsize,
    used: AtomicUsize,
    /// Sessions that were refused and will ask again.
    waiting: AtomicUsize,
    /// Number of the place that is served next, before all others; 0: who asks
    /// first. Without it, small requests would use up for ever what a large
    /// one waits for.
    first: AtomicU64,
}

impl Allowance {
    fn new(limit: usize) -> Self {
        Allowance {
            limit: AtomicUsize::new(limit),
            used: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            first: AtomicU64::new(0),
        }
    }

    fn take(&self, bytes: usize) -> bool {
        self.used
            .fetch_update(Relaxed, Relaxed, |used| {
                used.checked_add(bytes)
                    .filter(|&used| used <= self.limit.load(Relaxed))
            })
            .is_ok()
    }
}

#[derive(Debug)]
struct Allowances {
    kept: Allowance,
    request: Allowance,
    reply: Allowance,
    /// Number of the place given last.
    place: AtomicU64,
}

impl Allowances {
    fn of(&self, purpose: Purpose) -> &Allowance {
        match purpose {
            Purpose::Kept => &self.kept,
            Purpose::Request => &self.request,
            Purpose::Reply => &self.reply,
        }
    }
}

/// An allowance in bytes, shared by all workers (Law 3). Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Allowances>);

impl Budget {
    /// Allows about `limit` bytes, but enough to serve one request and one
    /// reply of `largest` bytes, and `SMALL` ones twice: the second half of
    /// what is kept is for newcomers, while those that used up the first go
    /// (see [`Charge::is_wanted`]).
    pub fn new(limit: usize, largest: usize) -> Self {
        let (kept, share) = shares(limit, largest);
        Budget(Arc::new(Allowances {
            kept: Allowance::new(kept),
            request: Allowance::new(share),
            reply: Allowance::new(share),
            place: AtomicU64::new(0),
        }))
    }

    /// Allows from now on what [`Budget::new`] would with the same arguments.
    /// Charges that there are stay, so that for a while more may be used than
    /// that.
    pub fn resize(&self, limit: usize, largest: usize) {
        let (kept, share) = shares(limit, largest);
        for (allowance, limit) in [
            (&self.0.kept, kept),
            (&self.0.request, share),
            (&self.0.reply, share),
        ] {
            allowance.limit.store(limit, Relaxed);
        }
    }

    /// Bytes the session buffers can come to.
    pub fn limit(&self) -> usize {
        self.sum(|allowance| allowance.limit.load(Relaxed))
    }

    /// Bytes they have come to.
    pub fn used(&self) -> usize {
        self.sum(|allowance| allowance.used.load(Relaxed))
    }

    /// Sessions that wait for room.
    pub fn waiting(&self) -> usize {
        self.sum(|allowance| allowance.waiting.load(Relaxed))
    }

    fn sum(&self, figure: impl Fn(&Allowance) -> usize) -> usize {
        let Allowances {
            kept,
            request,
            reply,
            place: _,
        } = &*self.0;
        [kept, request, reply].into_iter().map(figure).sum()
    }

    /// Charges what a session keeps over a turn. `None`: there is no room.
    pub fn keep(&self, bytes: usize) -> Option<Charge> {
        self.0
            .kept
            .take(bytes)
            .then(|| self.charge(Purpose::Kept, bytes))
    }

    /// Charges `bytes` for `purpose`. Who is refused gets a `place`: until those
    /// with a place are served, nobody else is, and of those the one that is
    /// first to ask again goes before the others, whatever its size.
    pub(crate) fn request(
        &self,
        purpose: Purpose,
        bytes: usize,
        place: &mut Option<Place>,
    ) -> Option<Charge> {
        let mut charge = self.charge(purpose, 0);
        charge.grow(bytes, place).then_some(charge)
    }

    fn charge(&self, purpose: Purpose, bytes: usize) -> Charge {
        Charge {
            budget: self.clone(),
            purpose,
            bytes,
        }
    }
}

/// The allowances for what is kept, and for requests and replies each.
fn shares(limit: usize, largest: usize) -> (usize, usize) {
    let kept = largest.min(SMALL).max(limit / 4);
    (kept.saturating_mul(2), largest.max(limit / 4))
}

/// Bytes taken from a [`Budget`]; dropping it gives them back.
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    purpose: Purpose,
    bytes: usize,
}

impl Charge {
    /// How many bytes it stands for.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Raises the charge to `bytes`, in its turn as [`Budget::request`] has it.
    /// Who holds a charge already is served before those who wait: they wait
    /// for him.
    pub(crate) fn grow(&mut self, bytes: usize, place: &mut Option<Place>) -> bool {
        let allowance = self.budget.0.of(self.purpose);
        let own = place.as_ref().filter(|place| place.purpose == self.purpose);
        let has_place = own.is_some();
        let is_served = own.map_or_else(
            || self.bytes > 0 || allowance.waiting.load(Relaxed) == 0,
            Place::is_first,
        );
        if is_served && allowance.take(bytes.saturating_sub(self.bytes)) {
            self.bytes = self.bytes.max(bytes);
            *place = None;
            return true;
        }
        if !has_place {
            *place = Some(Place::new(&self.budget, self.purpose));
        }
        false
    }

    /// Others need what this was taken from: somebody waits for it or, as
    /// nobody waits for what is kept, more than half of it is used.
    pub fn is_wanted(&self) -> bool {
        let allowance = self.budget.0.of(self.purpose);
        match self.purpose {
            Purpose::Kept => allowance.used.load(Relaxed) > allowance.limit.load(Relaxed) / 2,
            Purpose::Request | Purpose::Reply => allowance.waiting.load(Relaxed) > 0,
        }
    }

    /// Lowers the charge to `bytes`.
    pub fn shrink(&mut self, bytes: usize) {
        let freed = self.bytes.saturating_sub(bytes);
        let allowance = self.budget.0.of(self.purpose);
        allowance.used.fetch_sub(freed, Relaxed);
        self.bytes -= freed;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let allowance = self.budget.0.of(self.purpose);
        allowance.used.fetch_sub(self.bytes, Relaxed);
    }
}

/// A place among the sessions that wait for room; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Place {
    budget: Budget,
    purpose: Purpose,
    /// Never 0, and no other's.
    number: u64,
}

impl Place {
    fn new(budget: &Budget, purpose: Purpose) -> Self {
        budget.0.of(purpose).waiting.fetch_add(1, Relaxed);
        Place {
            budget: budget.clone(),
            purpose,
            number: budget.0.place.fetch_add(1, Relaxed) + 1,
        }
    }

    /// Whether it is served next: it becomes that where no other is.
    pub(crate) fn is_first(&self) -> bool {
        let first = &self.budget.0.of(self.purpose).first;
        match first.compare_exchange(0, self.number, Relaxed, Relaxed) {
            Ok(_) => true,
            Err(number) => number == self.number,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let allowance = self.budget.0.of(self.purpose);
        allowance.waiting.fetch_sub(1, Relaxed);
        // Fails where another is first.
        let _ = (allowance.first).compare_exchange(self.number, 0, Relaxed, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Purpose};

    #[test]
    fn what_is_dropped_is_free_again() {
        let budget = Budget::new(400, 100);
        assert_eq!((budget.limit(), budget.used()), (400, 0));
        let first = budget.keep(160).expect("room");
        assert!(budget.keep(41).is_none());
        assert_eq!((first.bytes(), budget.used()), (160, 160));
        drop(first);
        assert_eq!(budget.used(), 0);
        assert!(budget.keep(200).is_some());
    }

    #[test]
    fn a_budget_too_small_for_the_largest_request_is_raised() {
        let budget = Budget::new(10, 100);
        assert!(budget.request(Purpose::Request, 100, &mut None).is_some());
        assert_eq!(budget.limit(), 400);
    }

    #[test]
    fn a_smaller_budget_would_take_back_charges_or_a_larger_one_help_nobody() {
        let budget = Budget::new(400, 100);
        let held = budget.request(Purpose::Request, 90, &mut None);
        budget.resize(80, 20);
        assert_eq!((budget.limit(), budget.used()), (80, 90));
        let mut place = None;
        assert!(budget.request(Purpose::Request, 10, &mut place).is_none());
        drop(held);
        assert!(budget.request(Purpose::Request, 20, &mut place).is_some());
        assert!(budget.request(Purpose::Request, 21, &mut place).is_none());
        budget.resize(400, 100);
        assert!(budget.request(Purpose::Request, 100, &mut place).is_some());
    }

    #[test]
    fn parts_and_replies_cannot_starve_a_request() {
        let budget = Budget::new(400, 100);
        let mut kept = Vec::new();
        while let Some(charge) = budget.keep(7) {
            kept.push(charge);
        }
        let reply = budget.request(Purpose::Reply, 100, &mut None);
        assert!(reply.is_some());
        assert!(budget.request(Purpose::Request, 100, &mut None).is_some());
    }

    #[test]
    fn a_newcomer_does_not_overtake_who_waits() {
        let budget = Budget::new(400, 100);
        let holder = budget.request(Purpose::Request, 50, &mut None);
        let mut place = None;
        assert!(budget.request(Purpose::Request, 60, &mut place).is_none());
        assert_eq!(budget.waiting(), 1);
        assert!(holder.as_ref().is_some_and(super::Charge::is_wanted));
        assert!(!budget.keep(1).expect("room").is_wanted());

        let mut newcomer = None;
        assert!(
            budget
                .request(Purpose::Request, 10, &mut newcomer)
                .is_none()
        );
        assert_eq!(budget.waiting(), 2);
        drop(holder);
        assert!(budget.request(Purpose::Request, 60, &mut place).is_some());
        assert!(place.is_none());
        assert!(
            budget
                .request(Purpose::Request, 10, &mut newcomer)
                .is_some()
        );
        assert_eq!((budget.waiting(), budget.used()), (0, 0));
    }

    #[test]
    fn small_requests_do_not_keep_a_large_one_waiting_for_ever() {
        let budget = Budget::new(400, 100);
        let request = |bytes, place: &mut _| budget.request(Purpose::Request, bytes, place);
        let mut holders = [50, 50].map(|bytes| request(bytes, &mut None));
        let (mut large, mut small) = (None, None);
        assert!(request(100, &mut large).is_none());
        assert!(request(50, &mut small).is_none());
        assert!(request(100, &mut large).is_none());
        holders[0] = None;
        assert!(request(50, &mut small).is_none(), "the large one is first");
        holders[1] = None;
        assert!(request(100, &mut large).is_some());
        assert!(request(50, &mut small).is_some());
    }

    #[test]
    fn who_waits_for_one_purpose_does_not_bar_another() {
        let budget = Budget::new(400, 100);
        let _long = budget.request(Purpose::Request, 100, &mut None);
        let mut place = None;
        assert!(budget.request(Purpose::Request, 100, &mut place).is_none());
        assert!(budget.request(Purpose::Request, 100, &mut place).is_none());
        assert!(budget.request(Purpose::Reply, 100, &mut None).is_some());
        assert!(budget.keep(200).is_some());
    }

    #[test]
    fn kept_parts_leave_room_for_newcomers_while_the_old_are_wanted_back() {
        let budget = Budget::new(400, 100);
        let old = budget.keep(100).expect("room");
        assert!(!old.is_wanted());
        let newcomer = budget.keep(100).expect("room beyond the first half");
        assert!(old.is_wanted());
        drop(old);
        assert!(!newcomer.is_wanted());
    }

    #[test]
    fn who_is_waited_for_does_not_wait_in_turn() {
        let budget = Budget::new(400, 100);
        let mut holder = budget
            .request(Purpose::Request, 50, &mut None)
            .expect("room");
        let mut place = None;
        assert!(budget.request(Purpose::Request, 60, &mut place).is_none());
        assert!(holder.grow(100, &mut None));
        assert!(!holder.grow(101, &mut None));
        holder.shrink(40);
        assert_eq!((holder.bytes(), budget.used()), (40, 40));
        assert!(budget.request(Purpose::Request, 60, &mut place).is_some());
    }

    #[test]
    fn a_place_left_behind_does_not_bar_the_others() {
        let budget = Budget::new(400, 100);
        let mut place = None;
        assert!(budget.request(Purpose::Reply, 101, &mut place).is_none());
        assert!(budget.request(Purpose::Reply, 1, &mut None).is_none());
        drop(place);
        assert!(budget.request(Purpose::Reply, 1, &mut None).is_some());
    }
}
