//! The memory of the index's arrays.
//!
//! One range of addresses, used from the bottom: an array takes the smallest hole it fits in, else room at the end. What
//! lies below the end counts as the index's memory, so the bound on it is exact, whatever an allocator would have kept
//! back. Holes that growth leaves behind are closed by moving the topmost arrays down, which is a resize to the same
//! size; then the end falls, and the pages above go back to the system.
//!
//! Large regions are used by whole huge pages, and one of explicit pages has all of them from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ptr::NonNull;
use std::sync::PoisonError;

use super::bucket::Bucket;
use crate::pool::{HUGE_PAGE, HugePages, Pool};
use crate::sync::{Apart, Mutex, MutexGuard};

const BUCKET: u64 = size_of::<Bucket>() as u64;
/// Holes that are left alone, as a share of all.
const HOLES: u64 = 10;
/// Holes that are always left alone, in buckets: 64 KiB.
const HOLES_MIN: u64 = 1 << 10;
/// Memory above the end that is kept for the next growth, in buckets: 64 KiB.
const KEPT: u64 = 1 << 10;
/// Of what is above the end so much, in buckets, goes back in one go, in whole pages: 1 MiB. Growth waits for it.
const GIVEN_BACK: u64 = 16 << 10;

/// From so many bytes of addresses on a region has huge pages; for a smaller one they would be too large a part.
const HUGE_FROM: u64 = 256 << 20;

/// Where an array lies, in buckets from the start.
pub(super) type Place = u64;

/// Why there is no room for an array.
pub(crate) enum NoRoom {
    /// The end would lie beyond the memory that the region may use: so many bytes are to be allowed first.
    Memory(u64),
    /// It would lie beyond the region's addresses, or the array would have too many buckets.
    Ever,
    /// One of the slots that it is to hold finds no room in it.
    Slots,
}

pub(super) struct Region {
    memory: Pool,
    plan: Apart<Mutex<Plan>>,
}

/// Who is where. All numbers are buckets.
#[derive(Default)]
struct Plan {
    /// Arrays and the holes between them, end to end.
    blocks: BTreeMap<Place, Block>,
    /// The holes by size.
    holes: BTreeSet<(u64, Place)>,
    /// In arrays.
    used: u64,
    end: Place,
    /// What is allowed ends with a page of so many.
    page: u64,
    /// The memory up to here is the region's.
    allowed: Place,
    /// There are addresses up to here.
    limit: Place,
}

#[derive(Clone, Copy)]
struct Block {
    size: u64,
    /// The partition of an array; `None` for a hole.
    owner: Option<u32>,
}

impl Region {
    /// Addresses for `bytes` of arrays; no memory is used yet.
    pub(super) fn new(bytes: u64, huge_pages: HugePages) -> io::Result<Region> {
        let buckets = bytes / BUCKET;
        let page = page_bytes(bytes, huge_pages);
        let plan = Plan {
            page: page / BUCKET,
            limit: buckets,
            ..Plan::default()
        };
        let is_huge = page >= HUGE_PAGE;
        let pages = if is_huge {
            huge_pages
        } else {
            HugePages::Never
        };
        Ok(Region {
            memory: Pool::reserve(buckets * BUCKET, pages)?,
            plan: Apart(Mutex::new(plan)),
        })
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn at(&self, place: Place) -> NonNull<Bucket> {
        let start = self.memory.at(place * BUCKET);
        // SAFETY: a mapping does not begin at address 0.
        unsafe { NonNull::new_unchecked(start.cast()) }
    }

    /// Room for an array of so many buckets, all of them empty.
    pub(super) fn allocate(&self, buckets: usize, partition: usize) -> Result<Place, NoRoom> {
        let place = self.plan().place(buckets as u64, partition as u32)?;
        // SAFETY: nobody else has this room: what lay there was freed, with no guard left that could have seen it.
        (0..buckets as u64).for_each(|at| unsafe { self.at(place + at).write(Bucket::empty()) });
        Ok(place)
    }

    /// # Safety
    /// Nobody reads the array any more, or can.
    pub(super) unsafe fn free(&self, place: Place) {
        self.plan().free(place);
    }

    /// Bytes of memory that are the region's: of arrays, of holes, and what else was allowed.
    pub(super) fn bytes(&self) -> u64 {
        self.plan().allowed * BUCKET
    }

    /// Buckets of all arrays, those that wait for their readers included.
    pub(super) fn buckets(&self) -> u64 {
        self.plan().used
    }

    /// Lets the region use so many bytes.
    pub(super) fn allow(&self, bytes: u64) {
        let mut plan = self.plan();
        plan.allowed = plan.allowed.max(bytes / BUCKET);
    }

    pub(super) fn may_be_allowed_more(&self) -> bool {
        let plan = self.plan();
        plan.allowed < plan.limit
    }

    /// The partition and size of the topmost array that is `current`, if there are too many holes and it fits into one
    /// below. Those that wait for their readers go by themselves.
    pub(super) fn misplaced(
        &self,
        current: impl Fn(usize, Place) -> bool,
    ) -> Option<(usize, usize)> {
        let plan = self.plan();
        if plan.end - plan.used < HOLES_MIN.max(plan.end / HOLES) {
            return None;
        }
        let mut arrays = plan.blocks.iter().rev().filter_map(|(&place, block)| {
            let partition = block.owner? as usize;
            Some((place, partition, block.size))
        });
        let (place, partition, size) =
            arrays.find(|&(place, partition, _)| current(partition, place))?;
        let &(_, hole) = plan.holes.range((size, 0)..).next()?;
        (hole < place).then_some((partition, size as usize))
    }

    /// Gives pages above the end back to the system, and the right to use them: as many as may be in one go.
    pub(super) fn trim(&self) {
        let mut plan = self.plan();
        let keep = (plan.end + KEPT).next_multiple_of(plan.page);
        if plan.allowed > keep + KEPT {
            let most = GIVEN_BACK.max(plan.page);
            let keep = keep.max(plan.allowed.saturating_sub(most));
            let from = keep * BUCKET;
            let bytes = (plan.allowed * BUCKET).min(self.memory.len()) - from;
            // SAFETY: nothing lies above the end, and the plan is locked, so nothing will before this is done.
            if unsafe { self.memory.give_back(from, bytes) }.is_ok() {
                plan.allowed = keep;
            }
            self.memory.advise(from, bytes);
        }
    }
}

/// By so many bytes the memory grows of a region with so many bytes of addresses.
pub(super) fn page_bytes(bytes: u64, huge_pages: HugePages) -> u64 {
    match huge_pages {
        HugePages::Explicit => bytes,
        HugePages::Madvise if bytes >= HUGE_FROM => HUGE_PAGE,
        HugePages::Madvise | HugePages::Never => 4096,
    }
}

impl Plan {
    fn place(&mut self, size: u64, partition: u32) -> Result<Place, NoRoom> {
        let hole = self.holes.range((size, 0)..).next().copied();
        let place = match hole {
            Some((hole, place)) => {
                self.holes.remove(&(hole, place));
                if hole > size {
                    self.open_hole(place + size, hole - size);
                }
                place
            }
            None => self.extend(size)?,
        };
        let owner = Some(partition);
        self.blocks.insert(place, Block { size, owner });
        self.used += size;
        Ok(place)
    }

    /// Room at the end.
    fn extend(&mut self, size: u64) -> Result<Place, NoRoom> {
        let (place, end) = (self.end, self.end + size);
        if end > self.limit {
            return Err(NoRoom::Ever);
        }
        let touched = end.next_multiple_of(self.page);
        if touched > self.allowed {
            return Err(NoRoom::Memory(touched * BUCKET));
        }
        self.end = end;
        Ok(place)
    }

    fn free(&mut self, place: Place) {
        let Some(Block { size, .. }) = self.blocks.remove(&place) else {
            debug_assert!(false, "an array was freed twice");
            return;
        };
        self.used -= size;
        let before = self.blocks.range(..place).next_back();
        let after = self.blocks.range(place..).next();
        let neighbours = [before, after].map(|block| block.map(|(&at, &block)| (at, block)));
        let (mut start, mut end) = (place, place + size);
        for (at, hole) in neighbours.into_iter().flatten() {
            if hole.owner.is_none() {
                self.blocks.remove(&at);
                self.holes.remove(&(hole.size, at));
                (start, end) = (start.min(at), end.max(at + hole.size));
            }
        }
        if end == self.end {
            self.end = start;
        } else {
            self.open_hole(start, end - start);
        }
    }

    fn open_hole(&mut self, place: Place, size: u64) {
        self.blocks.insert(place, Block { size, owner: None });
        self.holes.insert((size, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocate(region: &Region, buckets: usize) -> Place {
        loop {
            match region.allocate(buckets, 7) {
                Ok(place) => return place,
                Err(NoRoom::Memory(bytes)) => region.allow(bytes),
                Err(NoRoom::Ever | NoRoom::Slots) => panic!("the region is full"),
            }
        }
    }

    fn free(region: &Region, place: Place) {
        // SAFETY: nothing reads arrays in these tests.
        unsafe { region.free(place) }
    }

    #[test]
    fn holes_are_joined_and_used_again() {
        let region = Region::new(1 << 20, HugePages::default()).unwrap();
        let [a, b, c, d] = [10, 20, 30, 5].map(|buckets| allocate(&region, buckets));
        free(&region, a);
        free(&region, c);
        assert_eq!(allocate(&region, 28), c, "the smallest hole that fits");
        free(&region, b);
        assert_eq!(allocate(&region, 30), a, "two holes side by side are one");
        free(&region, d);
        assert_eq!(region.plan().end, c + 28, "a hole at the end is none");
    }

    #[test]
    fn memory_beyond_what_is_allowed_is_not_used() {
        let region = Region::new(1 << 20, HugePages::default()).unwrap();
        let Err(NoRoom::Memory(bytes)) = region.allocate(10, 0) else {
            panic!("nothing was allowed")
        };
        assert_eq!(bytes, 4096, "whole pages");
        region.allow(bytes);
        assert!(region.allocate(60, 0).is_ok());
        assert!(region.allocate(5, 0).is_err());
        assert!(region.allocate(4, 0).is_ok());
    }

    #[test]
    fn a_region_does_not_grow_beyond_its_addresses() {
        let region = Region::new(4096, HugePages::default()).unwrap();
        region.allow(1 << 20);
        assert!(region.allocate(64, 0).is_ok());
        assert!(matches!(region.allocate(1, 0), Err(NoRoom::Ever)));
    }

    #[test]
    #[cfg_attr(
        miri,
        ignore = "minutes, for no unsafe code but that of the other tests"
    )]
    fn what_the_top_leaves_goes_back() {
        let (all, left, part) = (1000, 100, 5);
        let region = Region::new(16 << 20, HugePages::default()).unwrap();
        let places: Vec<_> = (0..all).map(|_| allocate(&region, 64)).collect();
        let before = region.bytes();
        for &place in &places[left..] {
            free(&region, place);
        }
        assert!(region.misplaced(|_, _| true).is_none(), "there is no hole");
        region.trim();
        assert!(region.bytes() >= before - (1 << 20), "growth would wait");
        (0..4).for_each(|_| region.trim());
        assert!(region.bytes() < before / part);
        // Much of what is left goes: the topmost array belongs there.
        for &place in &places[..left * 2 / 3] {
            free(&region, place);
        }
        assert_eq!(region.misplaced(|_, _| true), Some((7, 64)));
    }

    #[test]
    fn a_new_array_is_empty_wherever_it_lies() {
        let region = Region::new(1 << 20, HugePages::default()).unwrap();
        let place = allocate(&region, 4);
        // SAFETY: within the array just allocated.
        unsafe { region.at(place).cast::<u64>().write(u64::MAX) };
        free(&region, place);
        let place = allocate(&region, 4);
        // SAFETY: as above.
        assert_eq!(unsafe { region.at(place).cast::<u64>().read() }, 0);
    }
}
