//! What may be done to a key: each a plan of what becomes of it.

use super::change::{Publish, Step, Task, returns};
use super::room::Writer;
use crate::guard::Guard;
use crate::item::{Body, Draft, Head};
use crate::read::Item;
use crate::store::{Found, Store};
use crate::{NoSpace, Seconds, counter};

/// When a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// set
    Always,
    /// add
    Absent,
    /// replace
    Present,
    /// cas: the value is still the one of this unique
    Unique(u64),
}

/// What became of a value that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is the key's value now.
    Stored {
        /// Its unique, which nobody else knows: a move may change it.
        unique: u64,
    },
    /// The condition of add, replace, append or prepend did not hold.
    NotStored,
    /// The value has changed since its unique was told.
    Exists,
    /// The key of a cas has no value.
    NotFound,
    /// It would be larger than the largest item.
    TooLarge,
}

/// Where a value is joined to the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Behind it.
    Append,
    /// Before it.
    Prepend,
}

/// What became of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Its new number.
    Value(u64),
    /// The key has no value.
    NotFound,
    /// The value is not a decimal number of 64 bits.
    NotNumber,
}

impl Condition {
    /// Why a value may not be stored over the visible item there is, or over none.
    pub(super) fn refusal(self, store: &Store, old: Option<&Found<'_>>) -> Option<Stored> {
        match (self, old) {
            (Condition::Absent, Some(_)) | (Condition::Present, None) => Some(Stored::NotStored),
            (Condition::Unique(_), None) => Some(Stored::NotFound),
            (Condition::Unique(wanted), Some(old)) => {
                let same = store.unique(old.location, &old.stored) == wanted;
                (!same).then_some(Stored::Exists)
            }
            (Condition::Always | Condition::Absent | Condition::Present, _) => None,
        }
    }

    /// The plan to store a value.
    pub(super) fn plan<'a>(
        self,
        store: &Store,
        old: Option<&Found<'_>>,
        draft: Draft<'a>,
    ) -> Step<'a, Stored> {
        match self.refusal(store, old) {
            Some(refusal) => Step::Leave(refusal),
            None => Step::Write(draft, Stored::Stored { unique: 0 }),
        }
    }
}

impl Stored {
    /// With the unique of the item that was written, if one was.
    pub(super) fn at(self, store: &Store, location: Option<u64>) -> Stored {
        location.map_or(self, |location| Stored::Stored {
            unique: store.unique_at(location),
        })
    }
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
        condition: Condition,
    ) -> Result<Stored, NoSpace> {
        let store = self.home(guard);
        if !store.fits(key.len(), value.len()) {
            return Ok(Stored::TooLarge);
        }
        let target = store.target(key);
        if guard.is_over(deadline) {
            return self.store_nothing(guard, key, condition);
        }
        // On its way while the ghosts are asked and the item is written.
        store.index.approach(target.hash);
        let body = Body::Pieces([value, b""]);
        let draft = Draft::new(key, body, Head::new(flags, deadline));
        let task = Task {
            main: returns(store, target.hash),
            fresh: Some(draft),
            ..Task::write(Publish::Value)
        };
        let plan = |old: Option<&Found<'_>>| condition.plan(store, old, draft);
        let (answer, location) = self.change(guard, target, task, plan)?;
        Ok(answer.at(store, location))
    }

    /// Stores an item that has expired already: all that is left of it is that the old one is gone.
    fn store_nothing(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        condition: Condition,
    ) -> Result<Stored, NoSpace> {
        let store = guard.store();
        let task = Task::write(Publish::Value);
        let (answer, _) = self.change(guard, store.target(key), task, |old| {
            match condition.refusal(store, old) {
                Some(refusal) => Step::Leave(refusal),
                // Nobody will ever be shown it.
                None => Step::Remove(Stored::Stored { unique: 0 }),
            }
        })?;
        let stored = matches!(answer, Stored::Stored { .. });
        self.tally().stored.add(u64::from(stored));
        Ok(answer)
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
    ) -> Result<Stored, NoSpace> {
        let store = self.home(guard);
        let task = Task::write(Publish::Value);
        let (answer, location) = self.change(guard, store.target(key), task, |old| {
            let Some(Found { stored: old, .. }) = old else {
                return Step::Leave(Stored::NotStored);
            };
            let body = Body::Pieces(match side {
                Side::Append => [old.value, value],
                Side::Prepend => [value, old.value],
            });
            if !store.fits(key.len(), body.len()) {
                return Step::Leave(Stored::TooLarge);
            }
            let draft = Draft::new(old.key, body, old.head().renewed());
            Step::Write(draft, Stored::Stored { unique: 0 })
        })?;
        Ok(answer.at(store, location))
    }

    /// incr and decr: wrap at 2^64, stop at 0, and keep the old length with blanks behind the digits when it shrinks.
    ///
    /// # Errors
    /// [`NoSpace`]: nothing was changed.
    pub fn arith(
        &mut self,
        guard: &Guard<'_>,
        key: &[u8],
        delta: u64,
        increment: bool,
    ) -> Result<Counter, NoSpace> {
        let store = self.home(guard);
        let task = Task::write(Publish::Value);
        let (answer, _) = self.change(guard, store.target(key), task, |old| {
            let Some(Found { stored: old, .. }) = old else {
                return Step::Leave(Counter::NotFound);
            };
            let Some(number) = counter::step(old.value, delta, increment) else {
                return Step::Leave(Counter::NotNumber);
            };
            let width = old.value.len();
            let body = Body::Counter { number, width };
            let draft = Draft::new(old.key, body, old.head().renewed());
            Step::Write(draft, Counter::Value(number))
        })?;
        Ok(answer)
    }

    /// delete: true when a visible item was removed.
    pub fn delete(&mut self, guard: &Guard<'_>, key: &[u8]) -> bool {
        let target = self.home(guard).target(key);
        let task = Task::write(Publish::Value);
        let deleted = self.change(guard, target, task, |old| match old {
            Some(_) => Step::Remove(true),
            // What has expired goes too: a turn that began before must not find it any more.
            None => Step::Remove(false),
        });
        deleted.is_ok_and(|(deleted, _)| deleted)
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
        let store = self.home(guard);
        let task = Task::write(Publish::Touched { observe });
        let (old, new) = self.change(guard, store.target(key), task, |old| {
            let Some(old) = old else {
                return Step::Leave(None);
            };
            let location = Some(old.location);
            if guard.is_over(deadline) {
                return Step::Remove(location);
            }
            if old.stored.may_extend(deadline) {
                return Step::Extend(deadline, location);
            }
            let unique = || store.unique(old.location, &old.stored);
            let head = Head {
                deadline,
                cell: true,
                cas: store.known_unique(old).or_else(|| observe.then(unique)),
                spared: 0,
                ..old.stored.head()
            };
            Step::Write(Draft::copy(&old.stored, head), location)
        })?;
        Ok(new.or(old).map(|location| store.item(location)))
    }
}
