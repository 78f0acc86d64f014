//! Any segment.

/// A set of segments of which each is as likely to be drawn.
pub(super) struct Draw {
    there: Vec<u32>,
    /// Where in `there` each segment is.
    places: Box<[u32]>,
    state: u32,
}

impl Draw {
    pub(super) fn new(segments: u32) -> Draw {
        Draw {
            there: Vec::with_capacity(segments as usize),
            places: vec![0; segments as usize].into(),
            state: 1,
        }
    }

    pub(super) fn enter(&mut self, segment: u32) {
        self.places[segment as usize] = self.there.len() as u32;
        self.there.push(segment);
    }

    /// One that has entered goes.
    pub(super) fn leave(&mut self, segment: u32) {
        let place = self.places[segment as usize] as usize;
        self.there.swap_remove(place);
        if let Some(&moved) = self.there.get(place) {
            self.places[moved as usize] = place as u32;
        }
    }

    pub(super) fn any(&mut self) -> Option<u32> {
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
        let mut draw = Draw::new(8);
        (0..8).for_each(|segment| draw.enter(segment));
        let drawn: HashSet<u32> = (0..400).filter_map(|_| draw.any()).collect();
        assert_eq!(drawn.len(), 8);
    }
}
