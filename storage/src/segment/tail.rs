//! The open segments of one writer: where new items go.
//!
//! Nobody else writes to them, so to allocate is to add and to compare; private tails are what lets sets scale. A TTL
//! class has a tail of its own while it is written fast enough to fill half of one in the time the tail may be open;
//! slower classes share broader tails, and each item's own deadline keeps it exact.

use super::class::{CLASSES, Class, Kind, LEVELS, Level};
use super::seal::{Bins, Seal};
use super::space::{Purpose, Space};
use crate::{NoSpace, Seconds};

/// A tail that was last written to so many seconds ago is left to others: after a second at least, as clocks of whole
/// seconds tell it.
const REST: Seconds = 2;

/// Room for one item at a writer's tail, or a span of its own. To be committed or cancelled.
#[must_use]
pub(crate) struct Room {
    /// Where the item is to start, in bytes from the pool's start.
    pub(crate) offset: u64,
    /// Bytes it may take.
    pub(crate) capacity: usize,
    place: Place,
}

enum Place {
    Tail(usize),
    Span(u32),
}

/// An open segment, as the one who may write to it knows it.
pub(super) struct Tail {
    pub(super) segment: u32,
    kind: Kind,
    born: u64,
    /// Never: one of its items does not expire.
    eternal: bool,
    /// When the last item was added.
    written: Seconds,
    seal: Seal,
}

impl Tail {
    pub(super) fn new(segment: u32, kind: Kind, item: Placement) -> Tail {
        Tail {
            segment,
            kind,
            born: item.born,
            eternal: false,
            written: item.now,
            seal: Seal {
                opened: item.now,
                bins: kind.first_octave().map(Bins::new),
                main: item.main,
                kind: Some(kind),
                ..Seal::default()
            },
        }
    }

    pub(super) fn is_of(&self, kind: Kind, main: bool) -> bool {
        self.kind == kind && self.seal.main == main
    }

    pub(super) fn is_stale(&self, space: &Space, now: Seconds, born: u64) -> bool {
        self.born != born
            || now.saturating_sub(self.seal.opened) >= self.kind.open_time()
            || (!self.eternal && self.seal.deadline != 0 && self.seal.deadline <= now)
            || space.is_wanted(self.segment)
    }

    /// What the segment holds.
    pub(super) fn seal(&self) -> Seal {
        let deadline = if self.eternal { 0 } else { self.seal.deadline };
        Seal {
            deadline,
            ..self.seal
        }
    }

    pub(super) fn has_room(&self, space: &Space, size: usize, item: Placement) -> bool {
        self.seal.len as usize + size <= space.geometry.segment_bytes as usize
            && !self.is_stale(space, item.now, item.born)
    }

    fn add(&mut self, size: usize, item: Placement) {
        let deadline = item.deadline;
        self.written = item.now;
        let seal = &mut self.seal;
        seal.len += size as u32;
        self.eternal |= deadline == 0;
        seal.deadline = seal.deadline.max(deadline);
        if let Some(bins) = &mut seal.bins
            && deadline != 0
        {
            bins.add(deadline.saturating_sub(seal.opened), size as u32);
        }
    }
}

/// How fast a class is written, by this writer.
#[derive(Clone, Copy, Default)]
struct Rate {
    since: Seconds,
    bytes: u32,
    /// The last whole window would have filled half a segment.
    fast: bool,
}

/// What an allocation needs to know, beside its size.
#[derive(Clone, Copy)]
pub(crate) struct Placement {
    pub(crate) now: Seconds,
    /// When the item expires; 0: never.
    pub(crate) deadline: Seconds,
    /// The flush number the item is written under.
    pub(crate) born: u64,
    pub(crate) purpose: Purpose,
    /// A window may be emptied for a span.
    pub(crate) evict: bool,
    /// Under s3fifo: the item has proven itself.
    pub(crate) main: bool,
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

    /// Room for `size` bytes. `Retry` when no segment is to be had.
    pub(crate) fn reserve(
        &mut self,
        space: &Space,
        size: usize,
        item: Placement,
    ) -> Result<Room, NoSpace> {
        let segment_bytes = space.geometry.segment_bytes as usize;
        if size > segment_bytes / 2 {
            let count = size.div_ceil(segment_bytes) as u32;
            let seal = Seal {
                opened: item.now,
                main: item.main,
                ..Seal::default()
            };
            let segment = space
                .take_span(item.purpose, item.born, count, item.evict, &seal)
                .ok_or(NoSpace::Retry)?;
            let capacity = count as usize * segment_bytes;
            self.taken += capacity as u64;
            return Ok(Room {
                offset: space.offset_of(segment),
                capacity,
                place: Place::Span(segment),
            });
        }
        let kind = self.kind(space, item);
        let at = self.tail(space, kind, size, item)?;
        let tail = &self.open[at];
        let offset = space.offset_of(tail.segment) + u64::from(tail.seal.len);
        Ok(Room {
            offset,
            capacity: segment_bytes - tail.seal.len as usize,
            place: Place::Tail(at),
        })
    }

    /// The item in the room was published. True when it has a span of its own.
    pub(crate) fn commit(
        &mut self,
        space: &Space,
        room: &Room,
        size: usize,
        item: Placement,
    ) -> bool {
        debug_assert!(size <= room.capacity);
        if item.deadline > item.now {
            for class in Class::of(item.deadline - item.now) {
                let rate = &mut self.rates[class.index()];
                rate.bytes = rate.bytes.saturating_add(size as u32);
            }
        }
        match room.place {
            Place::Tail(at) => {
                self.open[at].add(size, item);
                false
            }
            Place::Span(segment) => {
                let seal = Seal {
                    len: size as u32,
                    deadline: item.deadline,
                    main: item.main,
                    opened: item.now,
                    ..Seal::default()
                };
                space.seal(segment, &seal);
                true
            }
        }
    }

    /// The item in the room was not published: the room is taken back.
    pub(crate) fn cancel(&mut self, space: &Space, room: &Room) {
        match room.place {
            Place::Span(segment) => space.give_up(segment),
            Place::Tail(at) => debug_assert_eq!(
                space.offset_of(self.open[at].segment) + u64::from(self.open[at].seal.len),
                room.offset
            ),
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
            if tail.is_stale(space, now, born) || tail.seal.len == 0 {
                self.seal(space, at);
            } else if now.saturating_sub(tail.written) >= REST {
                space.leave_tail(self.open.swap_remove(at));
            }
        }
        let tails = self.open.iter().map(|tail| (tail.segment, tail.seal()));
        if now != self.told && space.tell_open(tails) {
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
        let ttl = if item.deadline == 0 {
            0
        } else {
            item.deadline.saturating_sub(item.now).max(1)
        };
        if ttl > 0 {
            let room = self.open.len() < space.geometry.tails;
            for class in Class::of(ttl) {
                let kind = Kind::Class(class);
                if self.is_fast(space, class, item.now)
                    && (room || self.open.iter().any(|tail| tail.is_of(kind, item.main)))
                {
                    return kind;
                }
            }
        }
        Kind::Coarse(Level::of(ttl))
    }

    fn is_fast(&mut self, space: &Space, class: Class, now: Seconds) -> bool {
        let rate = &mut self.rates[class.index()];
        let window = class.open_time();
        let age = now.saturating_sub(rate.since);
        if age >= window {
            rate.fast = age < window * 2 && rate.bytes >= space.geometry.segment_bytes / 2;
            (rate.since, rate.bytes) = (now, 0);
        }
        rate.fast
    }

    /// The tail of that kind with room for `size` bytes, a new one where needed.
    fn tail(
        &mut self,
        space: &Space,
        kind: Kind,
        size: usize,
        item: Placement,
    ) -> Result<usize, NoSpace> {
        let mut open = self.open.iter();
        if let Some(at) = open.position(|tail| tail.is_of(kind, item.main)) {
            if self.open[at].has_room(space, size, item) {
                return Ok(at);
            }
            self.seal(space, at);
        }
        if self.open.len() >= space.geometry.tails {
            if let Some(at) = self.shelter(space, size, kind, item) {
                return Ok(at);
            }
            self.give_way(space);
        }
        let Some(tail) = space.take_tail(kind, size, item) else {
            return self.refuge(space, size, item).ok_or(NoSpace::Retry);
        };
        if tail.seal.len == 0 {
            self.taken += u64::from(space.geometry.segment_bytes);
        }
        self.open.push(tail);
        Ok(self.open.len() - 1)
    }

    /// Seals the tail that has been open longest, a class tail if there is one.
    fn give_way(&mut self, space: &Space) {
        let order = |tail: &Tail| (matches!(tail.kind, Kind::Coarse(_)), tail.seal.opened);
        let tails = self.open.iter().enumerate();
        if let Some((at, _)) = tails.min_by_key(|(_, tail)| order(tail)) {
            self.seal(space, at);
        }
    }

    /// Under s3fifo there are more coarse kinds than tails: rather than to seal one that has just been opened, an item
    /// goes to a tail of its queue for shorter TTLs. Its own deadline keeps it exact, and what expires before it still
    /// counts; in a tail for longer ones it would itself be overlooked (Law 8).
    fn shelter(&self, space: &Space, size: usize, kind: Kind, item: Placement) -> Option<usize> {
        let is_class = |tail: &Tail| matches!(tail.kind, Kind::Class(_));
        if self.open.iter().any(is_class) {
            return None;
        }
        let has_room = |tail: &Tail| {
            tail.seal.main == item.main
                && tail.kind.index() <= kind.index()
                && tail.has_room(space, size, item)
        };
        self.open.iter().position(has_room)
    }

    /// Any tail with room, for an item that a drain moves when no segment is left: its own deadline keeps it exact.
    fn refuge(&self, space: &Space, size: usize, item: Placement) -> Option<usize> {
        if item.purpose == Purpose::Drain {
            self.open
                .iter()
                .position(|tail| tail.has_room(space, size, item))
        } else {
            None
        }
    }

    fn seal(&mut self, space: &Space, at: usize) {
        let tail = self.open.swap_remove(at);
        if tail.seal.len == 0 {
            space.give_up(tail.segment);
        } else {
            space.seal(tail.segment, &tail.seal());
        }
    }
}
