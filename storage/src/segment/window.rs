//! Spans: runs of adjacent segments, for items larger than half a segment.
//!
//! Where no run is free, maintenance chooses the window of segments that costs least to empty: live bytes, those of
//! young segments up to twice. Its sealed segments are drained, its tails given up by their writers, its lent ones
//! exchanged; smaller requests keep off it while somebody waits for it. A window for the largest span used lately is kept
//! empty in the same way; a smaller span may use that one when it finds no other run.

use std::ops::Range;

use super::State;
use super::class::Kind;
use super::queues::{Largest, Queues};
use super::space::Space;
use super::tail::{Placement, Tail};
use crate::pool::Pool;
use crate::sync::Ordering;
use crate::{Eviction, Seconds};

/// A free run is kept ready for the largest span asked for within so many seconds.
const MEMORY: Seconds = 15;
/// Who asked in vain within so many seconds may still be waiting: a client waits for one.
const PATIENCE: Seconds = 2;
/// A tail in a window costs as much as so many full segments.
const OPEN_COST: u64 = 4;
/// The cost, in bytes, of a segment that an item is being received into: more than a whole window of others, since it
/// cannot be emptied.
const PENDING: u64 = 1 << 36;

impl Space {
    /// A span of `count` segments, Open. When there is none, and something may be evicted for it, one is wanted from
    /// now on: the caller wakes maintenance and asks again.
    pub(crate) fn take_span(&self, count: u32, item: Placement) -> Option<Tail> {
        let queues = &mut *self.queues();
        let first = if count == 1 {
            self.take_free(queues, item.purpose)
        } else {
            queues.asked.note(count, item.now, MEMORY);
            self.take_run(queues, count, item)
        };
        if first.is_none() && item.evict && count > 1 {
            queues.missed.note(count, item.now, PATIENCE);
        }
        let first = first?;
        Some(self.open(queues, first..first + count, Kind::SPAN, item))
    }

    fn take_run(&self, queues: &mut Queues, count: u32, item: Placement) -> Option<u32> {
        if queues.free.count() < self.floor(queues, item.purpose) + count {
            return None;
        }
        let window = queues.free.window();
        let size = window.len() as u32;
        let is_owner = count >= size;
        let mut first = queues.free.take_run(count, &window);
        if first.is_none() && (is_owner || queues.missed.within(PATIENCE, item.now) < size) {
            first = queues.free.take_run(count, &(0..0));
        }
        let first = first?;
        // Whoever waited for the window has its span, there or elsewhere.
        if is_owner || window.contains(&first) || window.contains(&(first + count - 1)) {
            self.set_window(queues, 0..0);
            queues.missed = Largest::default();
        }
        self.note_free(queues);
        Some(first)
    }

    fn set_window(&self, queues: &mut Queues, window: Range<u32>) {
        let word = u64::from(window.start) | u64::from(window.end) << 32;
        self.window.store(word, Ordering::Relaxed);
        queues.free.set_window(window);
        self.note_free(queues);
    }

    /// Chooses a window when a span is wanted, or likely to be soon, and lends other segments instead of those that lie
    /// in it.
    pub(crate) fn tend_window(&self, pool: &Pool, now: Seconds) {
        if let Some(count) = self.missing_window(now) {
            let window = self.cheapest_window(count).unwrap_or(0..0);
            self.set_window(&mut self.queues(), window);
        }
        self.exchange(pool);
    }

    /// How many segments a new window is to have: as many as a span that is asked for in vain, or else as the largest of
    /// late. `None` when there is one already, or a free run to be kept ready that does as well.
    fn missing_window(&self, now: Seconds) -> Option<u32> {
        let queues = &mut *self.queues();
        let missed = queues.missed.within(PATIENCE, now);
        let count = match missed {
            // Whatever was asked for under another policy: no window is emptied any more.
            _ if self.eviction() == Eviction::None => 0,
            0 => queues.asked.within(MEMORY, now),
            _ => missed,
        };
        if count == queues.free.window().len() as u32 {
            return None;
        }
        self.set_window(queues, 0..0);
        let is_needed = missed > 0 || queues.free.run(count, &(0..0)).is_none();
        (count > 0 && is_needed).then_some(count)
    }

    /// The window that costs least to empty: live bytes, those of the youngest segments twice. A long look at every
    /// record, without the mutex: the choice need not be exact.
    fn cheapest_window(&self, count: u32) -> Option<Range<u32>> {
        let (oldest, newest) = self.queues().sequences().into_inner();
        let full = 2 * u64::from(self.geometry.segment_bytes);
        let (mut cost, mut sums) = (0, vec![0]);
        for record in &self.records {
            cost = match record.state() {
                // A span's costs are shared out among its segments: the same as of the one before.
                State::Inner => cost,
                _ if record.is_pending() => PENDING,
                State::Free | State::Draining | State::Retired => 0,
                State::Sealed => {
                    let ages = (newest - oldest).max(1);
                    let sequence = record.sequence.load(Ordering::Relaxed);
                    let youth = sequence.saturating_sub(oldest).min(ages);
                    let live = u64::from(record.live());
                    (live + live * youth / ages) / u64::from(record.span())
                }
                State::Lent => full,
                // Its writer may be asleep, and has to give it up first.
                State::Open | State::Filling => OPEN_COST * full,
            };
            sums.push(sums[sums.len() - 1] + cost);
        }
        let last = self.geometry.segments.checked_sub(count)?;
        let cost = |first: &u32| sums[(first + count) as usize] - sums[*first as usize];
        let first = (0..=last).min_by_key(cost)?;
        Some(first..first + count)
    }

    /// A sealed segment or span that lies in a range of segments, be it in part.
    pub(super) fn sealed_in(&self, range: Range<u32>) -> Option<u32> {
        let state = |segment: &u32| self.record(*segment).state();
        let is_head = |segment: &u32| state(segment) != State::Inner;
        let first = (0..=range.start).rev().find(is_head)?;
        (first..range.end).find(|segment| state(segment) == State::Sealed)
    }
}
