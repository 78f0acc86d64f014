//! The free segments, as a bitmap: runs of adjacent ones make spans.

/// Which segments are free.
pub(super) struct FreeMap {
    words: Vec<u64>,
    segments: u32,
}

impl FreeMap {
    pub(super) fn full(segments: u32) -> FreeMap {
        let mut map = FreeMap {
            words: vec![0; segments.div_ceil(64) as usize],
            segments,
        };
        (0..segments).for_each(|segment| map.insert(segment));
        map
    }

    pub(super) fn insert(&mut self, segment: u32) {
        debug_assert!(!self.contains(segment), "segment {segment} was freed twice");
        self.words[segment as usize / 64] |= 1 << (segment % 64);
    }

    pub(super) fn contains(&self, segment: u32) -> bool {
        self.words[segment as usize / 64] & 1 << (segment % 64) != 0
    }

    fn remove(&mut self, segment: u32) {
        self.words[segment as usize / 64] &= !(1 << (segment % 64));
    }

    /// Takes the lowest free segment outside `spared`: singles keep to the low end, so that runs stay whole above.
    pub(super) fn take(&mut self, spared: &std::ops::Range<u32>) -> Option<u32> {
        let found = self.words.iter().enumerate().find_map(|(at, &word)| {
            let first = at as u32 * 64;
            let mut bits = word;
            while bits != 0 {
                let segment = first + bits.trailing_zeros();
                if !spared.contains(&segment) {
                    return Some(segment);
                }
                bits &= bits - 1;
            }
            None
        })?;
        self.remove(found);
        Some(found)
    }

    /// Takes the highest run of `count` adjacent free segments that keeps off `spared`; tells its first.
    pub(super) fn take_run(&mut self, count: u32, spared: &std::ops::Range<u32>) -> Option<u32> {
        let first = self.run(count, spared)?;
        (first..first + count).for_each(|segment| self.remove(segment));
        Some(first)
    }

    /// The first segment of the highest such run.
    pub(super) fn run(&self, count: u32, spared: &std::ops::Range<u32>) -> Option<u32> {
        let mut run = 0;
        let mut segment = self.segments;
        while segment > 0 {
            segment -= 1;
            if self.words[segment as usize / 64] == 0 {
                // Nothing in the whole word.
                segment = segment / 64 * 64;
                run = 0;
                continue;
            }
            run = if self.contains(segment) && !spared.contains(&segment) {
                run + 1
            } else {
                0
            };
            if run == count {
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
        assert_eq!(map.take(&(0..0)), Some(0));
        assert_eq!(map.take_run(70, &(0..0)), Some(60));
        assert_eq!(map.take_run(60, &(0..0)), None);
        assert_eq!(map.take_run(20, &(30..50)), Some(10));
        (10..30).for_each(|segment| map.insert(segment));
        assert_eq!(map.take(&(1..59)), Some(59));
        assert_eq!(map.take(&(1..59)), None);
        map.insert(60);
        assert_eq!(map.take(&(0..0)), Some(1));
    }
}
