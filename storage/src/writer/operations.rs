//! What may be done to a key: each a plan of what becomes of it.

use super::change::{First, Publish, Step, Task, returns};
use super::room::Writer;
use super::terms::{
    Arithmetic, Claim, Condition, Counter, Deleted, Invalidation, Joining, Side, Stored, Terms,
    Trace,
};
use crate::guard::Guard;
use crate::item::{Body, Draft, Head, Marks};
use crate::read::Item;
use crate::store::{Found, Store, Target};
use crate::{NoSpace, Seconds, counter};

/// The store fills it in: what is written has its unique from where it comes to lie.
const UNIQUE: u64 = 0;

impl Condition {
    /// Why a value may not be stored over the visible item there is, or over none.
    fn refusal(self, store: &Store, old: Option<&Found<'_>>) -> Option<Stored> {
        use Condition::{Absent, Always, Present, Since, Unique};
        match (self, old) {
            (Absent, Some(_)) | (Present, None) => Some(Stored::NotStored),
            (Unique(_) | Since(_), None) => Some(Stored::NotFound),
            (Unique(wanted), Some(old)) if store.unique_of(old) != wanted => Some(Stored::Exists),
            (Since(wanted), Some(old)) if store.unique_of(old) < wanted => Some(Stored::Exists),
            (Always | Absent | Present | Unique(_) | Since(_), _) => None,
        }
    }
}

impl Terms {
    /// The head of a value that is stored on these terms.
    pub(super) fn head(self, guard: &Guard<'_>, flags: u32, deadline: Seconds) -> Head {
        let marks = Marks {
            won: self.won,
            accessed: match self.trace {
                Trace::None | Trace::Fetched => 0,
                Trace::Tracked => guard.now(),
            },
            encoded: self.encoded,
            ..Marks::default()
        };
        Head {
            cas: self.unique,
            fetched: self.trace != Trace::None,
            marks,
            ..Head::new(flags, deadline)
        }
    }

    /// What becomes of the key if `draft` is to be stored.
    #[inline(always)]
    pub(super) fn plan<'a>(
        self,
        store: &Store,
        old: Option<&Found<'_>>,
        mut draft: Draft<'a>,
    ) -> Step<'a, Stored> {
        if let Some(refusal) = self.condition.refusal(store, old) {
            return Step::Leave(refusal);
        }
        if let (Condition::Since(wanted), Some(old)) = (self.condition, old)
            && store.unique_of(old) != wanted
        {
            draft.head.deadline = old.stored.deadline();
            draft.head.marks = Marks {
                stale: true,
                won: old.stored.marks().won,
                ..draft.head.marks
            };
        }
        let (observe, length) = (self.observe, draft.body.len());
        let stored = Stored::Stored {
            unique: UNIQUE,
            length,
        };
        Step::Write(draft, Publish::Value { observe }, stored)
    }
}

impl Stored {
    /// With the unique of the item that was written, if one was.
    pub(super) fn at(mut self, store: &Store, location: Option<u64>) -> Stored {
        if let (Stored::Stored { unique, .. }, Some(location)) = (&mut self, location) {
            *unique = store.unique(location, &store.stored(location));
        }
        self
    }
}

/// Whether an item that would expire then is not even made: it would be over at once. One whose unique is to be told is,
/// since no other item may ever have that.
fn is_futile(guard: &Guard<'_>, deadline: Seconds, observe: bool) -> bool {
    guard.is_over(deadline) && !observe
}

/// Whether the item has another unique than it must have.
fn differs(store: &Store, old: &Found<'_>, compare: Option<u64>) -> bool {
    compare.is_some_and(|wanted| store.unique_of(old) != wanted)
}

impl Writer {
    /// set, add, replace and cas. `deadline` 0: never.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn store(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        value: &[u8],
        flags: u32,
        deadline: Seconds,
        terms: impl Into<Terms>,
    ) -> Result<Stored, NoSpace> {
        let (store, terms) = (self.home(guard), terms.into());
        if !store.fits(key.len(), value.len()) {
            return Ok(Stored::TooLarge);
        }
        let target = store.target(key);
        let body = Body::Pieces([value, b""]);
        let draft = Draft::new(key, body, terms.head(guard, flags, deadline));
        let futile = is_futile(guard, deadline, terms.observe);
        // On its way while the ghosts are asked and the item is written.
        store.index.approach(target.hash);
        let first = match terms.condition {
            Condition::Since(_) => First::Look,
            _ if futile => First::Lock,
            _ => First::Write(draft),
        };
        let task = Task {
            main: returns(store, target.hash),
            first,
            ..Task::WRITE
        };
        let (answer, location) = self.change(guard, target, task, |old| {
            match terms.plan(store, old, draft) {
                // All that is left of it is that the old one is gone.
                Step::Write(Draft { head, .. }, _, stored)
                    if is_futile(guard, head.deadline, terms.observe) =>
                {
                    Step::Remove(stored)
                }
                step => step,
            }
        })?;
        let lost = location.is_none() && matches!(answer, Stored::Stored { .. });
        self.tally().stored.add(u64::from(lost));
        Ok(answer.at(store, location))
    }

    /// append and prepend: flags and deadline stay. `NotStored` when the key has no value.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn concat(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        value: &[u8],
        side: Side,
        joining: Joining,
    ) -> Result<Stored, NoSpace> {
        let store = self.home(guard);
        let target = store.target(key);
        let (answer, location) = self.change(guard, target, Task::WRITE, |old| {
            let (body, head) = match (old, joining.vivify) {
                (Some(old), _) if differs(store, old, joining.compare) => {
                    return Step::Leave(Stored::Exists);
                }
                (Some(Found { stored: old, .. }), _) => {
                    let pieces = match side {
                        Side::Append => [old.value, value],
                        Side::Prepend => [value, old.value],
                    };
                    (Body::Pieces(pieces), old.head().renewed())
                }
                (None, Some((flags, deadline))) => {
                    let head = Head::new(flags, deadline).spelled(joining.encoded);
                    (Body::Pieces([value, b""]), head)
                }
                (None, None) => return Step::Leave(Stored::NotStored),
            };
            let length = body.len();
            if !store.fits(key.len(), length) {
                return Step::Leave(Stored::TooLarge);
            }
            let stored = Stored::Stored {
                unique: UNIQUE,
                length,
            };
            if is_futile(guard, head.deadline, joining.observe) {
                return Step::Remove(stored);
            }
            let cas = joining.unique;
            let draft = Draft::new(key, body, Head { cas, ..head });
            let observe = joining.observe;
            Step::Write(draft, Publish::Value { observe }, stored)
        })?;
        Ok(answer.at(store, location))
    }

    /// incr and decr: keep the old length, with blanks behind the digits when it shrinks.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn arith(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        how: Arithmetic,
    ) -> Result<Counter, NoSpace> {
        let store = self.home(guard);
        let target = store.target(key);
        let observe = how.observe;
        let (mut answer, location) = self.change(guard, target, Task::WRITE, |old| {
            let (number, width, head) = match (old, how.vivify) {
                (Some(Found { stored, .. }), _) if stored.value.is_empty() => {
                    return Step::Leave(Counter::NotNumber);
                }
                (Some(old), _) if differs(store, old, how.compare) => {
                    return Step::Leave(Counter::Exists);
                }
                (Some(Found { stored, .. }), _) => {
                    let Some(number) = counter::step(stored.value, how.delta, how.increment) else {
                        return Step::Leave(Counter::NotNumber);
                    };
                    (number, stored.value.len(), stored.head())
                }
                (None, Some((initial, deadline))) => {
                    (initial, 0, Head::new(0, deadline).spelled(how.encoded))
                }
                (None, None) => return Step::Leave(Counter::NotFound),
            };
            let body = Body::Counter { number, width };
            // What needs no other length stays the item that it was.
            let (head, publish) = if body.len() == width {
                (Head { spared: 0, ..head }, Publish::Renewed { observe })
            } else {
                (head.renewed(), Publish::Value { observe })
            };
            // What is made has its deadline from where it is said what is made.
            let renewed = how.deadline.filter(|_| old.is_some());
            let deadline = renewed.unwrap_or(head.deadline);
            let counter = Counter::Value {
                number,
                unique: UNIQUE,
                deadline_was: old.map_or(0, |old| old.stored.deadline()),
                created: old.is_none(),
            };
            if is_futile(guard, deadline, observe) {
                return Step::Remove(counter);
            }
            let cas = how.unique;
            let head = Head {
                deadline,
                cas,
                ..head
            };
            Step::Write(Draft::new(key, body, head), publish, counter)
        })?;
        if let (Counter::Value { unique, .. }, Some(location)) = (&mut answer, location) {
            *unique = store.unique(location, &store.stored(location));
        }
        Ok(answer)
    }

    /// delete: true when a visible item was removed.
    pub fn delete(&mut self, guard: &Guard<'_>, key: &[u8]) -> bool {
        self.delete_if(guard, key, None) == Deleted::Deleted
    }

    /// delete, of an item that has this unique.
    pub fn delete_if(&mut self, guard: &Guard<'_>, key: &[u8], compare: Option<u64>) -> Deleted {
        let store = self.home(guard);
        let target = store.target(key);
        let task = Task {
            first: First::Lock,
            ..Task::WRITE
        };
        let deleted = self.change(guard, target, task, |old| match old {
            // What has expired goes too: a turn that began before must not find it any more.
            None => Step::Remove(Deleted::NotFound),
            Some(old) if differs(store, old, compare) => Step::Leave(Deleted::Exists),
            Some(_) => Step::Remove(Deleted::Deleted),
        });
        // To remove takes no space.
        deleted.map_or(Deleted::NotFound, |(deleted, _)| deleted)
    }

    /// Leaves an item in place that is not what it was; with a deadline that has passed it goes.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn invalidate(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        how: Invalidation,
    ) -> Result<Deleted, NoSpace> {
        let store = self.home(guard);
        let target = store.target(key);
        let (deleted, _) = self.change(guard, target, Task::WRITE, |old| {
            let Some(old) = old else {
                return Step::Leave(Deleted::NotFound);
            };
            if differs(store, old, how.compare) {
                return Step::Leave(Deleted::Exists);
            }
            let before = old.stored.head();
            let mut head = Head {
                deadline: how.deadline.unwrap_or(before.deadline),
                cas: how.unique,
                ..before
            };
            if guard.is_over(head.deadline) {
                return Step::Remove(Deleted::Deleted);
            }
            head.marks.stale = how.stale;
            head.marks.won = false;
            let mut value = old.stored.value;
            if let Some(flags) = how.emptied {
                (head.client_flags, value) = (flags, b"");
            }
            let draft = Draft::new(key, Body::Pieces([value, b""]), head);
            Step::Write(draft, Publish::Renewed { observe: false }, Deleted::Deleted)
        })?;
        Ok(deleted)
    }

    /// touch and gat: gives the item a new deadline and returns it, with its unique kept as by [`Store::gets`] if
    /// `observe` is set. The first touch copies the item; later ones that extend its life do not. A deadline that has
    /// passed removes the item, which is returned for the last time.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn touch<'g>(
        &mut self,
        guard: &'g Guard<'_>,
        key: &[u8],
        deadline: Seconds,
        observe: bool,
    ) -> Result<Option<Item<'g>>, NoSpace> {
        self.redate(guard, key, deadline, Publish::Touched { observe })
    }

    /// As [`Writer::touch`], but nobody will know that the item was asked for.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn touch_unseen<'g>(
        &mut self,
        guard: &'g Guard<'_>,
        key: &[u8],
        deadline: Seconds,
        observe: bool,
    ) -> Result<Option<Item<'g>>, NoSpace> {
        self.redate(guard, key, deadline, Publish::Moved { observe })
    }

    /// Gives an item a new deadline, and publishes it so.
    fn redate<'g>(
        &mut self,
        guard: &'g Guard<'_>,
        key: &[u8],
        deadline: Seconds,
        publish: Publish,
    ) -> Result<Option<Item<'g>>, NoSpace> {
        let store = self.home(guard);
        let target = store.target(key);
        let (item, location) = self.change(guard, target, Task::WRITE, |old| {
            let Some(old) = old else {
                return Step::Leave(None);
            };
            let item = Some(store.item(old));
            if guard.is_over(deadline) {
                return Step::Remove(item);
            }
            let mut head = Head {
                deadline,
                cell: true,
                cas: store.known_unique(old),
                ..old.stored.head()
            };
            if publish.observes() {
                head.cas = Some(store.unique_of(old));
            }
            if let Publish::Touched { .. } = publish {
                head.note_fetch(guard.now());
            }
            Step::Amend(head, publish, item)
        })?;
        Ok(item.map(|item| item.moved_to(location)))
    }

    /// Makes the caller the one who renews an item that was found under this guard, unless somebody else is. Every item
    /// has one at most.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn claim(
        &mut self,
        guard: &Guard<'_>,
        item: &Item<'_>,
        trace: Trace,
    ) -> Result<Claim, NoSpace> {
        self.mark(guard, item, true, trace)
    }

    /// Asks for an item that was found under this guard; from now on it is kept when that was done last.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn track(&mut self, guard: &Guard<'_>, item: &Item<'_>) -> Result<(), NoSpace> {
        self.mark(guard, item, false, Trace::Tracked).map(drop)
    }

    /// Notes with an item that somebody wins it, or that it was asked for.
    fn mark(
        &mut self,
        guard: &Guard<'_>,
        item: &Item<'_>,
        wins: bool,
        trace: Trace,
    ) -> Result<Claim, NoSpace> {
        let (store, now) = (self.home(guard), guard.now());
        let target = Target::at(store.place(item.key()), item.location());
        let (claim, _) = self.change(guard, target, Task::WRITE, |old| {
            let Some(old) = old else {
                return Step::Leave(Claim::Gone);
            };
            let mut head = Head {
                cas: store.known_unique(old),
                ..old.stored.head()
            };
            if wins && head.marks.won {
                return Step::Leave(Claim::Lost);
            }
            head.marks.won |= wins;
            if trace == Trace::Tracked {
                head.marks.accessed = now;
            }
            let observe = false;
            let publish = if trace == Trace::None {
                Publish::Moved { observe }
            } else {
                head.note_fetch(now);
                Publish::Touched { observe }
            };
            Step::Amend(head, publish, Claim::Won)
        })?;
        Ok(claim)
    }
}
