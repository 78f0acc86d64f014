//! The free segments, as a bitmap: runs of adjacent ones make spans.

use std::ops::Range;

/// Which segments are free, and which of them are kept for a span.
pub(super) struct FreeMap {
    words: Box<[u64]>,
    count: u32,
    window: Range<u32>,
    /// Free segments of the window.
    kept: u32,
}

impl FreeMap {
    pub(super) fn full(segments: u32) -> FreeMap {
        let mut map = FreeMap {
            words: vec![0; segments.div_ceil(64) as usize].into(),
            count: 0,
            window: 0..0,
            kept: 0,
        };
        (0..segments).for_each(|segment| map.insert(segment));
        map
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Free segments outside the window.
    pub(super) fn available(&self) -> u32 {
        self.count - self.kept
    }

    /// Segments of the window that are not free, and may be on their way.
    pub(super) fn awaited(&self) -> u32 {
        self.window.len() as u32 - self.kept
    }

    /// Adjacent segments that are emptied for a span; singles and smaller spans keep off them. Empty: there is none.
    pub(super) fn window(&self) -> Range<u32> {
        self.window.clone()
    }

    pub(super) fn set_window(&mut self, window: Range<u32>) {
        let others = (0..self.words.len()).map(|at| self.word(at, &window).count_ones());
        self.kept = self.count - others.sum::<u32>();
        self.window = window;
    }

    pub(super) fn insert(&mut self, segment: u32) {
        self.flip(segment);
        debug_assert!(self.is_free(segment), "segment {segment} was freed twice");
        self.count += 1;
        self.kept += u32::from(self.window.contains(&segment));
    }

    fn remove(&mut self, segment: u32) {
        self.flip(segment);
        self.count -= 1;
        self.kept -= u32::from(self.window.contains(&segment));
    }

    fn flip(&mut self, segment: u32) {
        self.words[segment as usize / 64] ^= 1 << (segment % 64);
    }

    fn is_free(&self, segment: u32) -> bool {
        self.words[segment as usize / 64] & 1 << (segment % 64) != 0
    }

    /// A word of the map without the segments that are spared.
    fn word(&self, at: usize, spared: &Range<u32>) -> u64 {
        let below = |segment: u32| match segment.saturating_sub(at as u32 * 64) {
            bits @ 0..64 => (1 << bits) - 1,
            _ => u64::MAX,
        };
        self.words[at] & !(below(spared.end) & !below(spared.start))
    }

    /// Takes the lowest free segment outside the window: singles keep to the low end, so that runs stay whole above.
    pub(super) fn take(&mut self) -> Option<u32> {
        let words = (0..self.words.len()).map(|at| self.word(at, &self.window));
        let (at, word) = words.enumerate().find(|&(_, word)| word != 0)?;
        let segment = at as u32 * 64 + word.trailing_zeros();
        self.remove(segment);
        Some(segment)
    }

    /// Takes the highest run of `count` adjacent free segments that keeps off `spared`; tells its first.
    pub(super) fn take_run(&mut self, count: u32, spared: &Range<u32>) -> Option<u32> {
        let first = self.run(count, spared)?;
        (first..first + count).for_each(|segment| self.remove(segment));
        Some(first)
    }

    /// The first segment of the highest such run.
    pub(super) fn run(&self, count: u32, spared: &Range<u32>) -> Option<u32> {
        let mut run = 0..0;
        for at in (0..self.words.len()).rev() {
            let (first, mut word) = (at as u32 * 64, self.word(at, spared));
            while word != 0 {
                let above = word.leading_zeros();
                let end = 64 - above;
                let start = end - (word << above).leading_ones();
                if first + end != run.start {
                    run.end = first + end;
                }
                run.start = first + start;
                if run.len() >= count as usize {
                    return Some(run.end - count);
                }
                word &= (1 << start) - 1;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn runs_come_from_the_top_and_singles_from_the_bottom() {
        let mut map = FreeMap::full(130);
        assert_eq!(map.take(), Some(0));
        assert_eq!(map.take_run(70, &(0..0)), Some(60));
        assert_eq!(map.take_run(60, &(0..0)), None);
        assert_eq!(map.take_run(20, &(30..50)), Some(10));
        (10..30).for_each(|segment| map.insert(segment));
        map.set_window(1..59);
        assert_eq!(map.take(), Some(59));
        assert_eq!(map.take(), None);
        map.insert(60);
        map.set_window(0..0);
        assert_eq!(map.take(), Some(1));
    }

    #[test]
    #[cfg_attr(miri, ignore = "minutes, for no unsafe code")]
    fn the_map_would_differ_from_a_plain_set_at_the_edges_of_words() {
        let run = |set: &BTreeSet<u32>, count: u32, spared: &Range<u32>| {
            let is_free = |segment| set.contains(&segment) && !spared.contains(&segment);
            let mut firsts = (0..=200 - count).rev();
            firsts.find(|&first| (first..first + count).all(is_free))
        };
        let (mut map, mut set) = (FreeMap::full(200), (0..200).collect::<BTreeSet<u32>>());
        let mut dice = 1_u64;
        let mut random = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((dice >> 33) % sides) as u32
        };
        for _ in 0..20_000 {
            let (count, start) = (1 + random(90), random(150));
            let range = start..start + random(51);
            match random(8) {
                0 => map.set_window(range.clone()),
                1 => {
                    let first = run(&set, count, &range);
                    assert_eq!(map.take_run(count, &range), first);
                    let taken = first.map_or(0..0, |first| first..first + count);
                    set.retain(|segment| !taken.contains(segment));
                }
                2 | 3 => {
                    let window = map.window();
                    let lowest = set.iter().find(|segment| !window.contains(segment));
                    let lowest = lowest.copied();
                    assert_eq!(map.take(), lowest);
                    set.retain(|&segment| Some(segment) != lowest);
                }
                _ => {
                    let freed = range.clone().filter(|&segment| set.insert(segment));
                    freed.for_each(|segment| map.insert(segment));
                }
            }
            let kept = set.range(map.window()).count() as u32;
            assert_eq!(map.available(), set.len() as u32 - kept);
            assert_eq!(map.awaited(), map.window().len() as u32 - kept);
            assert_eq!(map.run(count, &range), run(&set, count, &range));
        }
    }
}
