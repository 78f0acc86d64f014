//! Spans: runs of adjacent segments, for items larger than half a segment.
//!
//! Where no run is free, maintenance chooses the window of segments that costs least to empty: live bytes, those of
//! young segments up to twice. Its sealed segments are drained, its tails given up by their writers, its lent ones
//! exchanged; smaller requests keep off it while somebody waits for it. A window for the largest span used lately is kept
//! empty in the same way; a smaller span may use that one when it finds no other run.

use std::iter;
use std::ops::{Range, RangeInclusive};

use super::State;
use super::queues::{Queues, Window};
use super::seal::Seal;
use super::space::{Purpose, Space};
use crate::Seconds;
use crate::pool::Pool;
use crate::sync::Ordering;

/// A tail in a window costs as much as so many full segments.
const OPEN_COST: u64 = 4;
/// The cost, in bytes, of a segment that an item is being received into: more than all others together, since it
/// cannot be emptied.
const PENDING: u64 = 1 << 48;

impl Space {
    /// A span of `count` segments, Open. When there is none, and something may be evicted for it, one is wanted from
    /// now on: the caller wakes maintenance and asks again.
    pub(crate) fn take_span(
        &self,
        purpose: Purpose,
        born: u64,
        count: u32,
        evict: bool,
        seal: &Seal,
    ) -> Option<u32> {
        let mut queues = self.queues();
        if count > 1 {
            queues.spans.note(count);
        }
        let first = if count == 1 {
            self.take_free(&mut queues, purpose)
        } else {
            self.take_run(&mut queues, purpose, count, seal.opened)
        };
        if first.is_none() && evict && count > 1 {
            self.wanted.fetch_max(count, Ordering::Relaxed);
        }
        let first = first?;
        for segment in first + 1..first + count {
            self.records[segment as usize].set(State::Inner);
        }
        self.records[first as usize].open(born, count, seal.main);
        queues.note_open(first, seal);
        Some(first)
    }

    fn take_run(
        &self,
        queues: &mut Queues,
        purpose: Purpose,
        count: u32,
        now: Seconds,
    ) -> Option<u32> {
        if self.free_segments() < self.floor(purpose) + count {
            return None;
        }
        let spared = queues.spared();
        let is_owner = count >= spared.len() as u32;
        let is_awaited = queues.window.as_ref().is_some_and(|w| w.is_awaited(now));
        let mut first = queues.free.take_run(count, &spared);
        if first.is_none() && (is_owner || !is_awaited) {
            first = queues.free.take_run(count, &(0..0));
        }
        let first = first?;
        self.took(count);
        // Whoever waited for the window has its span, there or elsewhere.
        if is_owner || spared.contains(&first) || spared.contains(&(first + count - 1)) {
            self.set_window(queues, None);
        }
        Some(first)
    }

    fn set_window(&self, queues: &mut Queues, window: Option<Window>) {
        let word = window.as_ref().map_or(0, |window| {
            u64::from(window.range.start) | u64::from(window.range.end) << 32
        });
        self.window_word.store(word, Ordering::Relaxed);
        queues.window = window;
        let is_free = |segment: &u32| queues.free.contains(*segment);
        self.keep(queues.spared().filter(is_free).count() as u32);
    }

    /// A span is wanted where this segment lies: its writer gives the tail up.
    pub(crate) fn is_wanted(&self, segment: u32) -> bool {
        let word = self.window_word.load(Ordering::Relaxed);
        word != 0 && (word as u32..(word >> 32) as u32).contains(&segment)
    }

    /// Chooses a window when a span is wanted, or likely to be soon, and lends other segments instead of those that lie
    /// in it.
    pub(crate) fn tend_window(&self, pool: &Pool, now: Seconds, evict: bool) {
        let asked = self.wanted.swap(0, Ordering::Relaxed);
        if let Some(count) = self.missing_window(asked, now, evict) {
            // A long look at every record, without the mutex: the choice need not be exact.
            let range = self.cheapest_window(count);
            let asked = if asked > 0 { now } else { 0 };
            let window = range.map(|range| Window { range, asked });
            self.set_window(&mut self.queues(), window);
        }
        while let Some((lent, other)) = self.exchange() {
            self.take_back(pool, lent);
            self.lend(pool, other);
        }
    }

    /// How many segments a new window is to have: one that somebody asks for comes before one that is kept ready, a
    /// larger one before a smaller. `None` when there is one already, or none is needed.
    fn missing_window(&self, asked: u32, now: Seconds, evict: bool) -> Option<u32> {
        let mut queues = self.queues();
        let lately = if evict { queues.spans.largest(now) } else { 0 };
        if let Some(window) = &mut queues.window {
            let count = window.range.len() as u32;
            if asked == count {
                window.asked = now;
            }
            let stays = if window.is_awaited(now) {
                asked <= count
            } else {
                asked == 0 && lately >= count
            };
            if stays {
                return None;
            }
            self.set_window(&mut queues, None);
        }
        let has_run = lately == 0 || queues.free.run(lately, &(0..0)).is_some();
        match asked {
            0 if has_run => None,
            0 => Some(lately),
            _ => Some(asked),
        }
    }

    /// A lent segment of the window, and a free one elsewhere to be lent instead.
    fn exchange(&self) -> Option<(u32, u32)> {
        let mut queues = self.queues();
        let window = queues.spared();
        let at = queues
            .lent
            .iter()
            .position(|segment| window.contains(segment))?;
        let other = self.take_free(&mut queues, Purpose::Drain)?;
        let lent = queues.lent.swap_remove(at);
        self.uncovered();
        self.free(&mut queues, lent);
        Some((lent, other))
    }

    /// The window that costs the least: live bytes, those of the youngest segments twice.
    fn cheapest_window(&self, count: u32) -> Option<Range<u32>> {
        let sequences = self.queues().sequences();
        // Without the mutex: it is a long look.
        let costs = self.costs(&sequences);
        let count = count as usize;
        let last = costs.len().checked_sub(count)?;
        let mut sum: u64 = costs[..count].iter().sum();
        let mut best = (sum, 0);
        for first in 1..=last {
            sum = sum + costs[first + count - 1] - costs[first - 1];
            best = best.min((sum, first));
        }
        let first = best.1 as u32;
        Some(first..first + count as u32)
    }

    /// What it costs to empty each segment; a span's costs are shared out among its segments.
    fn costs(&self, sequences: &RangeInclusive<u64>) -> Vec<u64> {
        let segments = self.geometry.segments as usize;
        let full = 2 * u64::from(self.geometry.segment_bytes);
        let ages = (sequences.end() - sequences.start()).max(1);
        let mut costs = Vec::with_capacity(segments);
        while let Some(record) = self.records.get(costs.len()) {
            let (state, span) = (record.state(), record.span().max(1));
            let (cost, count) = match state {
                _ if record.is_pending() => (PENDING, span),
                State::Free => (0, 1),
                State::Draining | State::Retired => (0, span),
                State::Sealed => {
                    let sequence = record.sequence.load(Ordering::Relaxed);
                    let youth = sequence.saturating_sub(*sequences.start()).min(ages);
                    let live = u64::from(record.live());
                    ((live + live * youth / ages) / u64::from(span), span)
                }
                // An inner one of a span that came or went just now.
                State::Inner | State::Lent => (full, 1),
                // Its writer may be asleep, and has to give it up first.
                State::Open | State::Filling => (OPEN_COST * full, span),
            };
            let count = (count as usize).min(segments - costs.len());
            costs.extend(iter::repeat_n(cost, count));
        }
        costs
    }

    /// The heads of the spans and the single segments that a range of segments belongs to.
    pub(super) fn heads(&self, range: Range<u32>) -> impl Iterator<Item = u32> {
        let state = |segment: u32| self.records[segment as usize].state();
        let is_head = move |segment: &u32| state(*segment) != State::Inner;
        let before = (0..range.start).rev().find(is_head);
        let cut = range.clone().next().filter(|first| !is_head(first));
        cut.and(before).into_iter().chain(range.filter(is_head))
    }
}
