//! The open segments of one writer: where new items go.
//!
//! Nobody else writes to them, so to allocate is to add and to compare; private tails are what lets sets scale. A TTL
//! class has a tail of its own while it is written fast enough to fill half of one in the time the tail may be open;
//! slower classes share broader tails, and each item's own deadline keeps it exact.

use super::class::{CLASSES, Kind, LEVELS};
use super::space::Space;
use super::tail::{Placement, Purpose, Tail};
use crate::Seconds;

/// A tail that was last written to so many seconds ago is left to others: after a second at least, as clocks of whole
/// seconds tell it.
const REST: Seconds = 2;

/// Room for one item at a writer's tail, or in a span of its own. To be committed or cancelled before the next is asked
/// for.
#[must_use]
pub(crate) struct Room {
    /// Where the item is to start, in bytes from the pool's start.
    pub(crate) offset: u64,
    /// Bytes it may take.
    pub(crate) capacity: usize,
    /// It is a span.
    pub(crate) spans: bool,
    /// Which of the writer's tails.
    tail: usize,
}

/// How fast a class is written, by this writer.
#[derive(Clone, Copy, Default)]
struct Rate {
    since: Seconds,
    bytes: u32,
    /// The last whole window would have filled half a segment.
    fast: bool,
}

impl Rate {
    /// Whether a tail that stays open so long is filled fast enough.
    fn is_fast(&mut self, open_time: Seconds, now: Seconds, segment_bytes: u32) -> bool {
        let age = now.saturating_sub(self.since);
        if age >= open_time {
            self.fast = age < open_time * 2 && self.bytes >= segment_bytes / 2;
            (self.since, self.bytes) = (now, 0);
        }
        self.fast
    }
}

/// One writer's tails.
pub(crate) struct Tails {
    open: Vec<Tail>,
    /// Bytes of segments taken so far.
    taken: u64,
    rates: Box<[Rate; CLASSES]>,
    /// When others were last told what the tails hold.
    told: Seconds,
}

impl Tails {
    pub(crate) fn new() -> Tails {
        Tails {
            open: Vec::with_capacity(LEVELS),
            taken: 0,
            rates: Box::new([Rate::default(); CLASSES]),
            told: 0,
        }
    }

    /// Room for `size` bytes; `None` when no segment is to be had.
    pub(crate) fn reserve(&mut self, space: &Space, size: usize, item: Placement) -> Option<Room> {
        let at = match space.span_for(size) {
            0 => self.tail(space, size, item),
            count => space.take_span(count, item).map(|span| self.push(span)),
        }?;
        let tail = &self.open[at];
        Some(Room {
            offset: space.end_of(tail),
            capacity: tail.capacity - tail.seal.len as usize,
            spans: tail.is_span(),
            tail: at,
        })
    }

    /// The item in the room was published.
    pub(crate) fn commit(&mut self, space: &Space, room: &Room, size: usize, item: Placement) {
        debug_assert!(size <= room.capacity);
        if item.deadline > item.now {
            for class in Kind::classes(item.deadline - item.now) {
                let rate = &mut self.rates[class.index()];
                rate.bytes = rate.bytes.saturating_add(size as u32);
            }
        }
        let tail = &mut self.open[room.tail];
        tail.written = item.now;
        tail.seal.add(size as u32, item.deadline);
        if room.spans {
            self.seal(space, room.tail);
        }
    }

    /// The item in the room was not published: the room is taken back.
    pub(crate) fn cancel(&mut self, space: &Space, room: &Room) {
        debug_assert_eq!(space.end_of(&self.open[room.tail]), room.offset);
        if room.spans {
            self.seal(space, room.tail);
        }
    }

    /// Bytes of segments that were taken since the last call.
    pub(crate) fn take_stock(&mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }

    /// Seals what has been open long enough, was born before the last flush, or lies where a span is wanted; leaves to
    /// others what was not written to lately; and tells once a second what the rest holds. True while tails are open.
    pub(crate) fn settle(&mut self, space: &Space, now: Seconds, born: u64) -> bool {
        for at in (0..self.open.len()).rev() {
            let tail = &self.open[at];
            if space.is_stale(tail, now, born) || tail.seal.len == 0 {
                self.seal(space, at);
            } else if now.saturating_sub(tail.written) >= REST {
                space.leave_tail(self.open.swap_remove(at));
            }
        }
        // It was more when there was more memory.
        while self.open.len() > space.limits.tails() as usize {
            self.give_way(space);
        }
        if now != self.told && space.tell(&self.open) {
            self.told = now;
        }
        !self.open.is_empty()
    }

    /// Seals everything: nobody will write here any more.
    pub(crate) fn close(&mut self, space: &Space) {
        while !self.open.is_empty() {
            self.seal(space, self.open.len() - 1);
        }
    }

    fn kind(&mut self, space: &Space, item: Placement) -> Kind {
        if item.deadline == 0 {
            return Kind::NEVER;
        }
        let ttl = item.deadline.saturating_sub(item.now).max(1);
        let may_open = self.open.len() < space.limits.tails() as usize;
        for class in Kind::classes(ttl) {
            let rate = &mut self.rates[class.index()];
            let is_fast = rate.is_fast(class.open_time(), item.now, space.geometry.segment_bytes);
            if is_fast && (may_open || self.position(class, item).is_some()) {
                return class;
            }
        }
        Kind::level(ttl)
    }

    fn position(&self, kind: Kind, item: Placement) -> Option<usize> {
        let mut open = self.open.iter();
        open.position(|tail| tail.is_of(kind, item.main))
    }

    /// The tail for an item, with room for `size` bytes; a new one where needed.
    fn tail(&mut self, space: &Space, size: usize, item: Placement) -> Option<usize> {
        let kind = self.kind(space, item);
        let has_room = |tail: &Tail| space.has_room(tail, size, item);
        if let Some(at) = self.position(kind, item) {
            if has_room(&self.open[at]) {
                return Some(at);
            }
            self.seal(space, at);
        }
        if self.open.len() >= space.limits.tails() as usize {
            if let Some(at) = self.shelter(kind, item, has_room) {
                return Some(at);
            }
            self.give_way(space);
        }
        match space.take_tail(kind, size, item) {
            Some(tail) => Some(self.push(tail)),
            // What a drain moves goes to any tail when no segment is left: its own deadline keeps it exact.
            None if item.purpose == Purpose::Drain => self.open.iter().position(has_room),
            None => None,
        }
    }

    fn push(&mut self, tail: Tail) -> usize {
        if tail.seal.len == 0 {
            self.taken += tail.capacity as u64;
        }
        self.open.push(tail);
        self.open.len() - 1
    }

    /// Seals the tail that has been open longest, a class tail if there is one.
    fn give_way(&mut self, space: &Space) {
        let order = |at: &usize| {
            let seal = &self.open[*at].seal;
            (!seal.kind.is_class(), seal.opened)
        };
        if let Some(at) = (0..self.open.len()).min_by_key(order) {
            self.seal(space, at);
        }
    }

    /// Under s3fifo there are more coarse kinds than tails: rather than to seal one that has just been opened, an item
    /// goes to a tail of its queue for shorter TTLs. Its own deadline keeps it exact, and what expires before it still
    /// counts; in a tail for longer ones it would itself be overlooked (Law 8).
    fn shelter(&self, kind: Kind, item: Placement, fits: impl Fn(&Tail) -> bool) -> Option<usize> {
        if self.open.iter().any(|tail| tail.seal.kind.is_class()) {
            return None;
        }
        let is_shorter = |tail: &Tail| tail.main == item.main && tail.seal.kind <= kind;
        let mut open = self.open.iter();
        open.position(|tail| is_shorter(tail) && fits(tail))
    }

    fn seal(&mut self, space: &Space, at: usize) {
        let tail = self.open.swap_remove(at);
        space.close(&mut space.queues(), &tail);
    }
}
