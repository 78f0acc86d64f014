//! What the segments hold: by state, and by the TTLs of their items.
//!
//! The figures are not of one instant, and those of an open segment are up to a second old: its writer tells them once
//! a second.

use crate::Seconds;
use crate::segment::class::Kind;
use crate::segment::seal::Seal;
use crate::segment::{Record, State};
use crate::store::Store;

/// Segments, and what lies in them. Of bytes that are dead and expired it is told that they are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Segments, every one of a span counted.
    pub segments: u64,
    /// Bytes of items.
    pub item_bytes: u64,
    /// Of these, items that were overwritten, deleted, moved or dropped.
    pub dead_bytes: u64,
    /// Of these, items that have expired, as far as is known: within a segment, it is estimated.
    pub expired_bytes: u64,
}

/// The segments of one TTL class, of one coarse level, or of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TtlGroup {
    /// The shortest TTL of a class in seconds, the name of a level (`minute`, `hour`, `day`, `longer`, `never`), or
    /// `span`.
    pub name: String,
    /// The longest TTL in seconds, where there is one.
    pub ttl_max: Option<Seconds>,
    /// What they hold; segments that wait for their last readers left out.
    pub holding: Holding,
    /// Segments that are being written.
    pub open: u64,
    /// Seconds since the first of them was opened.
    pub age_oldest: Seconds,
    /// Seconds since the last of them was opened.
    pub age_youngest: Seconds,
    /// Seconds until the first of them has expired as a whole; `None` when each has an item that never does.
    pub expires_in: Option<Seconds>,
}

/// What the segments hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Writers' tails, spans that are being written, and full segments into which items are still being received.
    pub open: Holding,
    /// Full segments.
    pub sealed: Holding,
    /// Segments being drained: what is dead is what the drain has done.
    pub draining: Holding,
    /// Segments that wait for their last readers: all is dead.
    pub retired: Holding,
    /// Expired bytes in coarse segments as reclaim sees them, dead ones among them.
    pub coarse_expired_bytes: u64,
    /// By TTL class in ascending order, then the coarse levels, then spans; those without segments left out.
    pub groups: Vec<TtlGroup>,
}

impl Holding {
    fn add(&mut self, record: &Record, seal: &Seal, now: Seconds) {
        let dead = record.dead().min(seal.len);
        let expired = expired(seal, now).min(seal.len - dead);
        self.segments += u64::from(record.span());
        self.item_bytes += u64::from(seal.len);
        self.dead_bytes += u64::from(dead);
        self.expired_bytes += u64::from(expired);
    }
}

impl TtlGroup {
    fn add(&mut self, record: &Record, seal: &Seal, now: Seconds) {
        let age = now.saturating_sub(seal.opened);
        self.age_youngest = self.age_youngest.min(age);
        self.age_oldest = self.age_oldest.max(age);
        self.holding.add(record, seal, now);
        if matches!(record.state(), State::Open | State::Filling) {
            self.open += u64::from(record.span());
        }
        let left = (seal.deadline != 0).then(|| seal.deadline.saturating_sub(now));
        self.expires_in = self.expires_in.into_iter().chain(left).min();
    }
}

impl Census {
    /// Bytes of dead items that a drain has yet to give back.
    pub fn dead_bytes(&self) -> u64 {
        self.open.dead_bytes + self.sealed.dead_bytes + self.draining.dead_bytes
    }

    /// Bytes of expired items that a drain has yet to give back (Law 8: at most 5 % of the heap).
    pub fn expired_bytes(&self) -> u64 {
        self.open.expired_bytes + self.sealed.expired_bytes + self.draining.expired_bytes
    }

    /// Seconds since the oldest segment that still holds items was opened; 0 without any.
    pub fn age_oldest(&self) -> Seconds {
        let ages = self.groups.iter().map(|group| group.age_oldest);
        ages.max().unwrap_or(0)
    }

    /// Seconds since the youngest was.
    pub fn age_youngest(&self) -> Seconds {
        let ages = self.groups.iter().map(|group| group.age_youngest);
        ages.min().unwrap_or(0)
    }
}

impl Store {
    /// What the segments hold at the time `now`. Looks at every segment's record, and takes the free list's mutex for
    /// some of them at a time.
    pub fn census(&self, now: Seconds) -> Census {
        let mut census = Census::default();
        let mut groups = vec![TtlGroup::default(); Kind::COUNT];
        self.space.visit(|record, seal| {
            let of_state = match record.state() {
                State::Free | State::Lent | State::Inner => return,
                State::Open | State::Filling => &mut census.open,
                State::Sealed => &mut census.sealed,
                State::Draining => &mut census.draining,
                State::Retired => return census.retired.add(record, seal, now),
            };
            of_state.add(record, seal, now);
            let group = &mut groups[seal.kind.index()];
            if group.name.is_empty() {
                group.name = seal.kind.to_string();
                group.age_youngest = Seconds::MAX;
                group.ttl_max = seal.kind.last();
            }
            group.add(record, seal, now);
        });
        census.coarse_expired_bytes = self.space.coarse_expired_bytes();
        groups.retain(|group| group.holding.segments > 0);
        census.groups = groups;
        census
    }
}

/// Bytes that have expired, whether dead or not. Items of a class are taken to expire evenly.
fn expired(seal: &Seal, now: Seconds) -> u32 {
    if (1..=now).contains(&seal.deadline) {
        return seal.len;
    }
    if !seal.kind.is_fine() {
        return seal.expired(now);
    }
    let start = seal.opened.saturating_add(seal.kind.first());
    if seal.deadline <= start || now <= start {
        return 0;
    }
    let (passed, all) = (now - start, seal.deadline - start);
    (u64::from(seal.len) * u64::from(passed) / u64::from(all)) as u32
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::Options;
    use crate::segment::tail::{Placement, Purpose};
    use crate::segment::tails::Tails;

    #[test]
    fn a_span_that_is_being_written_is_told_of_as_one() {
        let store = Store::new(&Options {
            memory: 8 << 20,
            ..Options::default()
        })
        .unwrap();
        let space = &store.space;
        for opened in [10, 50] {
            let item = Placement {
                now: opened,
                deadline: 0,
                born: 1,
                purpose: Purpose::Write,
                evict: false,
                main: false,
            };
            let mut tails = Tails::new();
            let size = 3 * space.geometry.segment_bytes as usize;
            let room = tails.reserve(space, size, item).unwrap();
            let census = store.census(100);
            let group = &census.groups[0];
            assert_eq!((&group.name[..], group.open), ("span", 3));
            assert_eq!(
                (group.age_oldest, group.age_youngest),
                (100 - opened, 100 - opened)
            );
            assert_eq!((census.open.segments, census.open.item_bytes), (3, 0));
            tails.cancel(space, &room);
            assert_eq!(store.census(100), Census::default());
        }
    }
}
