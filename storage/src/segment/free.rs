//! The free segments: runs of adjacent ones make spans.

use std::collections::BTreeSet;
use std::ops::Range;

/// Which segments are free, and which of them are kept for a span.
pub(super) struct FreeMap {
    segments: BTreeSet<u32>,
    /// Adjacent segments that are emptied for a span; singles and smaller spans keep off them. Empty: there is none.
    pub(super) window: Range<u32>,
}

impl FreeMap {
    pub(super) fn full(segments: u32) -> FreeMap {
        FreeMap {
            segments: (0..segments).collect(),
            window: 0..0,
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.segments.len() as u32
    }

    /// Free segments outside the window.
    pub(super) fn available(&self) -> u32 {
        self.count() - self.kept()
    }

    /// Segments of the window that are not free, and may be on their way.
    pub(super) fn awaited(&self) -> u32 {
        self.window.len() as u32 - self.kept()
    }

    fn kept(&self) -> u32 {
        self.segments.range(self.window.clone()).count() as u32
    }

    pub(super) fn insert(&mut self, segment: u32) {
        let is_new = self.segments.insert(segment);
        debug_assert!(is_new, "segment {segment} was freed twice");
    }

    /// Takes the lowest free segment outside the window: singles keep to the low end, so that runs stay whole above.
    pub(super) fn take(&mut self) -> Option<u32> {
        let below = self.segments.range(..self.window.start).next();
        let found = below.or_else(|| self.segments.range(self.window.end..).next());
        let segment = *found?;
        self.segments.remove(&segment);
        Some(segment)
    }

    /// Takes the highest run of `count` adjacent free segments that keeps off `spared`; tells its first.
    pub(super) fn take_run(&mut self, count: u32, spared: &Range<u32>) -> Option<u32> {
        let first = self.run(count, spared)?;
        for segment in first..first + count {
            self.segments.remove(&segment);
        }
        Some(first)
    }

    /// The first segment of the highest such run.
    pub(super) fn run(&self, count: u32, spared: &Range<u32>) -> Option<u32> {
        let mut run = 0..0;
        let others = self.segments.iter().rev();
        for &segment in others.filter(|segment| !spared.contains(segment)) {
            if segment + 1 != run.start {
                run = segment + 1..segment + 1;
            }
            run.start = segment;
            if run.len() == count as usize {
                return Some(segment);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_from_the_top_and_singles_from_the_bottom() {
        let mut map = FreeMap::full(130);
        assert_eq!(map.take(), Some(0));
        assert_eq!(map.take_run(70, &(0..0)), Some(60));
        assert_eq!(map.take_run(60, &(0..0)), None);
        assert_eq!(map.take_run(20, &(30..50)), Some(10));
        (10..30).for_each(|segment| map.insert(segment));
        map.window = 1..59;
        assert_eq!(map.take(), Some(59));
        assert_eq!(map.take(), None);
        map.insert(60);
        map.window = 0..0;
        assert_eq!(map.take(), Some(1));
    }
}
