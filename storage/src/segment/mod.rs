//! Where items live.
//!
//! The pool is cut into segments of equal size. A segment belongs to one party at a time:
//!
//! ```text
//!  Free ----> Open ----> Sealed <---> Draining ----> Retired ----> Free
//!   |  \      (one        (the store,  (whoever runs  (readers, until
//!   |   \      writer)     immutable)   its slices)    their guards close)
//!  Lent  Inner
//!  (its pages are the system's)       (not the first of a span)
//! ```
//!
//! An item may be received straight into its place. Its segment counts it as pending, and is not drained before it is
//! whole or given up: closed to new items, it waits for that between Open and Sealed, as Filling.
//!
//! A span, for an item larger than half a segment, is a run of adjacent segments; the first one owns the state. Only
//! the walk of a drain retires a segment, when no slot names any of its items: counters choose victims, never free.

pub(crate) mod class;
mod free;
mod idle;
mod lent;
pub(crate) mod limits;
mod queues;
pub(crate) mod reclaim;
pub(crate) mod seal;
pub(crate) mod space;
pub(crate) mod tail;
pub(crate) mod tails;
mod victim;
mod window;

use self::tail::Placement;
use crate::Seconds;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};

pub(crate) const SEGMENT_MIN: u32 = 16 << 10;
pub(crate) const SEGMENT_MAX: u32 = 8 << 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Free,
    Open,
    Sealed,
    Draining,
    Retired,
    Lent,
    Inner,
    Filling,
}

/// How finely the dead share of a segment is told.
pub(crate) const EIGHTHS: u8 = 8;

/// What the store knows of one segment, apart from its bytes.
#[derive(Default)]
pub(crate) struct Record {
    /// A number from when the segment was opened that grows from one opening to the next; with an offset it tells an item
    /// apart from all others there ever were.
    generation: AtomicU64,
    /// Set by nobody but the segment's present owner.
    state: AtomicU32,
    /// When that was.
    opened: AtomicU32,
    /// The flush number its items were written under.
    born: AtomicU64,
    /// Bytes of items; final once Sealed.
    len: AtomicU32,
    /// Bytes of items that were unlinked, while Open or Sealed. Only grows, until the segment is Free.
    dead: AtomicU32,
    /// Segments in the span, 1 for a single one; set when it is taken.
    span: AtomicU32,
    /// Its place in the order of sealing.
    sequence: AtomicU64,
    /// Under s3fifo: its items have proven themselves. Set before the first of them is published, or when it survives.
    main: AtomicBool,
    /// Items that are being received. Only the owner of an Open segment raises it; 0 in any state but Open and Filling.
    pending: AtomicU32,
}

impl Record {
    pub(crate) fn state(&self) -> State {
        use State::{Draining, Filling, Free, Inner, Lent, Open, Retired, Sealed};
        let all = [Free, Open, Sealed, Draining, Retired, Lent, Inner, Filling];
        all[self.state.load(Ordering::SeqCst) as usize]
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn opened(&self) -> Seconds {
        self.opened.load(Ordering::Relaxed)
    }

    pub(crate) fn born(&self) -> u64 {
        self.born.load(Ordering::Acquire)
    }

    pub(crate) fn len(&self) -> u32 {
        self.len.load(Ordering::Relaxed)
    }

    pub(crate) fn dead(&self) -> u32 {
        self.dead.load(Ordering::SeqCst)
    }

    /// Whether its items have proven themselves.
    pub(crate) fn is_main(&self) -> bool {
        self.main.load(Ordering::Relaxed)
    }

    /// Bytes of items that have not been unlinked.
    pub(crate) fn live(&self) -> u32 {
        self.len().saturating_sub(self.dead())
    }

    pub(crate) fn span(&self) -> u32 {
        self.span.load(Ordering::Relaxed)
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::SeqCst) > 0
    }

    fn set(&self, state: State) {
        self.state.store(state as u32, Ordering::SeqCst);
    }

    /// Free to Open: a new generation, and everything the former one left behind forgotten, before the first byte.
    fn open(&self, generation: u64, span: u32, item: Placement) {
        debug_assert_eq!(self.state(), State::Free);
        debug_assert!(!self.is_pending());
        self.opened.store(item.now, Ordering::Relaxed);
        self.born.store(item.born, Ordering::Relaxed);
        self.len.store(0, Ordering::Relaxed);
        self.dead.store(0, Ordering::Relaxed);
        self.span.store(span, Ordering::Relaxed);
        self.main.store(item.main, Ordering::Relaxed);
        self.generation.store(generation, Ordering::Relaxed);
        self.set(State::Open);
    }

    /// Counts bytes that were unlinked; true when the queues of a sealed segment should know. Against a seal at the same
    /// time: both sides write, then read what the other wrote, so at least one sees all that is dead.
    pub(crate) fn bury(&self, bytes: u32) -> bool {
        let before = self.dead.fetch_add(bytes, Ordering::SeqCst);
        self.state() == State::Sealed && self.eighths(before) != self.eighths(before + bytes)
    }

    /// So many dead bytes of a sealed segment, as a share of all.
    fn eighths(&self, dead: u32) -> u8 {
        let eighths = u64::from(dead) * u64::from(EIGHTHS) / u64::from(self.len().max(1));
        eighths.min(EIGHTHS.into()) as u8
    }
}
