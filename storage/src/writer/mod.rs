//! The changes of a key, each atomic under its lock.
//!
//! A new item is written to the writer's own tail first and published last, by one compare-and-swap of the slot; the
//! old item's bytes stay as they were.

mod publish;
mod receive;
mod room;

use std::ptr;
use std::sync::Arc;

pub(crate) use publish::{Publish, Step, Task};
pub use receive::Pending;

use crate::guard::Guard;
use crate::item::{Body, Draft};
use crate::segment::tail::Tails;
use crate::stats::Tally;
use crate::store::{Extended, Item, Store};
use crate::{NoSpace, Seconds, counter};

/// Bytes a turn may write at least, however small the reserve.
const ALLOWANCE_MIN: usize = 64 << 10;

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

/// One worker's half of the store: its tails and its counts. A guard of the same store comes with every call.
pub struct Writer {
    store: Arc<Store>,
    tails: Tails,
    at: usize,
    /// Bytes of segments taken from the reserve and not yet made up for.
    debt: u64,
    /// Bytes written since the last reclaim.
    written: usize,
}

impl Condition {
    /// Why a value may not be stored over the one with this unique, or over none.
    fn refusal(self, unique: Option<u64>) -> Option<Stored> {
        match (self, unique) {
            (Condition::Absent, Some(_)) | (Condition::Present, None) => Some(Stored::NotStored),
            (Condition::Unique(_), None) => Some(Stored::NotFound),
            (Condition::Unique(wanted), Some(unique)) if wanted != unique => Some(Stored::Exists),
            _ => None,
        }
    }
}

impl Writer {
    pub(crate) fn new(store: Arc<Store>, at: usize) -> Writer {
        Writer {
            store,
            tails: Tails::new(),
            at,
            debt: 0,
            written: 0,
        }
    }

    /// The guard's store, which must be this writer's own: its tails lie there.
    pub(crate) fn home<'g>(&self, guard: &'g Guard<'_>) -> &'g Store {
        assert!(
            ptr::eq(guard.store(), &raw const *self.store),
            "a guard of another store"
        );
        guard.store()
    }

    pub(crate) fn shared(&self) -> &Store {
        &self.store
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.store.tallies[self.at]
    }

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
        if !guard.store().fits(key.len(), value.len()) {
            return Ok(Stored::TooLarge);
        }
        let body = Body::Pieces([value, b""]);
        let draft = Draft {
            key,
            body,
            client_flags: flags,
            deadline,
            cell: false,
            cas: None,
            fetched: false,
            spared: 0,
        };
        self.publish_new(guard, &draft, |unique| condition.refusal(unique))
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
        let store = guard.store();
        let rewritten = self.rewrite_key(guard, key, Publish::Value, |old| {
            let body = Body::Pieces(match side {
                Side::Append => [old.stored.value, value],
                Side::Prepend => [value, old.stored.value],
            });
            if store.fits(key.len(), body.len()) {
                Step::Write(Draft::successor(&old.stored, body), Stored::NotStored)
            } else {
                Step::Answer(Stored::TooLarge)
            }
        })?;
        Ok(match rewritten {
            None => Stored::NotStored,
            Some((_, Some(location))) => Stored::Stored {
                unique: store.unique_at(location),
            },
            Some((refusal, None)) => refusal,
        })
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
        let rewritten = self.rewrite_key(guard, key, Publish::Value, |old| {
            let value = old.stored.value;
            match counter::step(value, delta, increment) {
                None => Step::Answer(Counter::NotNumber),
                Some(number) => {
                    let body = Body::Counter {
                        number,
                        width: value.len(),
                    };
                    Step::Write(Draft::successor(&old.stored, body), Counter::Value(number))
                }
            }
        })?;
        Ok(rewritten.map_or(Counter::NotFound, |(answer, _)| answer))
    }

    /// delete: true when a visible item was removed.
    pub fn delete(&mut self, guard: &Guard<'_>, key: &[u8]) -> bool {
        let store = self.home(guard);
        let hash = store.place(key);
        let view = store.view(guard.now());
        let locked = store.index.lock(hash);
        let Some(old) = store.find_locked(&locked, |_, stored| stored.key == key) else {
            return false;
        };
        let visible = store.is_visible(view, old.location, &old.stored);
        locked.remove(old.slot);
        drop(locked);
        self.removed(store, old.location, &old.stored);
        visible
    }

    /// A touch to a time that has passed: removes the visible item, and returns it for the last time.
    fn end<'g>(&mut self, guard: &'g Guard<'_>, key: &[u8]) -> Option<Item<'g>> {
        let store = guard.store();
        let view = store.view(guard.now());
        let locked = store.index.lock(store.place(key));
        let old = store.find_locked(&locked, |_, stored| stored.key == key)?;
        if !store.is_visible(view, old.location, &old.stored) {
            return None;
        }
        locked.remove(old.slot);
        drop(locked);
        self.removed(store, old.location, &old.stored);
        Some(store.item_at(old.location))
    }

    /// touch and gat: gives the item a new deadline and returns it, with its unique kept as by [`Store::gets`] if
    /// `observe` is set. The first touch copies the item; later ones that extend its life do not.
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
        if deadline != 0 && deadline <= guard.now() {
            return Ok(self.end(guard, key));
        }
        match store.extend(guard, key, deadline, observe) {
            Extended::Done(item) => return Ok(Some(item)),
            Extended::Missing => return Ok(None),
            Extended::NotInPlace => {}
        }
        let rewritten = self.rewrite_key(guard, key, Publish::Copy { observe }, |old| {
            let body = Body::Pieces([old.stored.value, b""]);
            let known = observe || old.is_unique_known();
            let cas = known.then(|| store.unique(old.location, &old.stored));
            Step::Write(
                Draft {
                    deadline,
                    cell: true,
                    cas,
                    fetched: old.stored.is_fetched(),
                    ..Draft::successor(&old.stored, body)
                },
                (),
            )
        })?;
        Ok(rewritten.and_then(|((), location)| Some(store.item_at(location?))))
    }

    /// Bytes that may still be written before the guard is closed and [`Writer::reclaim`] called: more could use up the
    /// reserve, and would wait for their own guard.
    pub fn turn_allowance(&self) -> usize {
        let geometry = self.store.space.geometry;
        let reserve = geometry.reserve as usize * geometry.segment_bytes as usize;
        let share = (reserve / (2 * self.store.tallies.len())).max(ALLOWANCE_MIN);
        share.saturating_sub(self.written)
    }

    /// Makes up for segments taken from the reserve: at most `slices` slices of drain. To be called under a fresh guard,
    /// with the replies on their way. True while there is more to do.
    pub fn reclaim(&mut self, guard: &Guard<'_>, slices: usize) -> bool {
        self.written = 0;
        if self.debt > 0 {
            let freed = self.run_slices(guard, slices, self.debt);
            self.debt = freed.map_or(0, |freed| self.debt.saturating_sub(freed));
        }
        self.home(guard).collect();
        self.debt > 0
    }

    /// Seals tails that have been open long enough or hold what was flushed. True while tails are open: then wait for no
    /// longer than 250 ms and call again.
    pub fn settle(&mut self, guard: &Guard<'_>) -> bool {
        let store = self.home(guard);
        self.tails
            .settle(&store.space, guard.now(), store.flush.number())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tails.close(&self.store.space);
    }
}
