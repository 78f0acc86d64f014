//! Any segment.

use super::policy::{Policy, Sealed};

pub(super) struct Random {
    there: Vec<u32>,
    /// Where in `there` each segment is.
    places: Box<[u32]>,
    state: u32,
}

impl Random {
    pub(super) fn new(segments: u32) -> Random {
        Random {
            there: Vec::with_capacity(segments as usize),
            places: vec![0; segments as usize].into(),
            state: 1,
        }
    }
}

impl Policy for Random {
    fn enter(&mut self, segment: u32, _count: u32, _main: bool) {
        self.places[segment as usize] = self.there.len() as u32;
        self.there.push(segment);
    }

    fn leave(&mut self, segment: u32) {
        let place = self.places[segment as usize] as usize;
        self.there.swap_remove(place);
        if let Some(&moved) = self.there.get(place) {
            self.places[moved as usize] = place as u32;
        }
    }

    fn victim(&mut self, _sealed: &Sealed) -> Option<u32> {
        // xorshift32 (Marsaglia, 2003)
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        let at = (u64::from(self.state) * self.there.len() as u64) >> 32;
        self.there.get(at as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn random_would_spare_a_segment_for_ever() {
        let mut random = Random::new(8);
        (0..8).for_each(|segment| random.enter(segment, 1, false));
        let draw = |_| random.victim(&Sealed::default());
        let drawn: HashSet<u32> = (0..400).filter_map(draw).collect();
        assert_eq!(drawn.len(), 8);
    }
}
