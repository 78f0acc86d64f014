//! TTL classes: they group items that die together, and decide nothing about when an item expires (Law 8).
//!
//! There are 16 fine classes an octave, so each is at most 1/16 as wide as its TTLs, and four broad ones. A class has a
//! tail of its own only while it is written fast enough to fill one; what is too slow for its broad class as well shares
//! the tail of a level.

use std::fmt;

use crate::Seconds;

const FINE: u16 = 16 + 28 * 16;
/// Fine classes in a broad one.
const BREADTH: u16 = 4;
/// Number of TTL classes.
pub(crate) const CLASSES: usize = (FINE + FINE / BREADTH) as usize;

/// Coarse tails a writer may hold.
pub(crate) const LEVELS: usize = COARSE.len() - 1;

/// A name, the longest TTL, the octave that the first of a segment's bins ends with, and how long a tail stays open.
type Coarse = (&'static str, Option<Seconds>, Option<u32>, Seconds);

/// What is not a class: the levels, by their TTLs, and spans.
const COARSE: [Coarse; 6] = [
    ("minute", Some(60), Some(0), 30),
    ("hour", Some(3_600), Some(6), 1_800),
    ("day", Some(86_400), Some(11), 43_200),
    ("longer", None, Some(16), 15 * 86_400),
    ("never", None, None, Seconds::MAX),
    ("span", None, None, Seconds::MAX),
];

/// What a tail holds, and the segment that becomes of it: first the fine classes by their TTLs, then the broad ones, the
/// levels, and spans.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Kind(u16);

impl Kind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = CLASSES + COARSE.len();

    /// Items that never expire.
    pub(super) const NEVER: Kind = Kind(Kind::SPAN.0 - 1);
    /// One item alone, larger than half a segment.
    pub(crate) const SPAN: Kind = Kind(Kind::COUNT as u16 - 1);

    /// The classes of a TTL of at least one second, the finer one first.
    pub(super) fn classes(ttl: Seconds) -> [Kind; 2] {
        let fine = if ttl < 16 {
            ttl as u16
        } else {
            let octave = ttl.ilog2() - 4;
            (octave * 16 + (ttl >> octave)) as u16
        };
        [Kind(fine), Kind(FINE + fine / BREADTH)]
    }

    /// The level of a TTL of at least one second.
    pub(super) fn level(ttl: Seconds) -> Kind {
        let is_longer = |&&(_, last, ..): &&Coarse| last.is_some_and(|last| ttl > last);
        let shorter = COARSE.iter().take_while(is_longer).count();
        Kind((CLASSES + shorter) as u16)
    }

    /// A number of its own below [`Kind::COUNT`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn is_fine(self) -> bool {
        self.0 < FINE
    }

    pub(super) fn is_class(self) -> bool {
        self.index() < CLASSES
    }

    /// The fine class that a class is or begins with.
    fn fine(self) -> u32 {
        let broad = self.0.checked_sub(FINE);
        u32::from(broad.map_or(self.0, |broad| broad * BREADTH))
    }

    /// The shortest TTL of a class.
    pub(crate) fn first(self) -> Seconds {
        debug_assert!(self.is_class());
        let (octave, step) = (self.fine() / 16, self.fine() % 16);
        if octave == 0 {
            step
        } else {
            (16 + step) << (octave - 1)
        }
    }

    /// Seconds between the shortest TTL of a class and that of the next one.
    fn width(self) -> Seconds {
        let fine = 1 << (self.fine() / 16).saturating_sub(1);
        fine * u32::from(if self.is_fine() { 1 } else { BREADTH })
    }

    /// `None` for a class.
    fn coarse(self) -> Option<Coarse> {
        Some(COARSE[self.index().checked_sub(CLASSES)?])
    }

    /// The longest TTL of its items; `None`: there is no such bound.
    pub(crate) fn last(self) -> Option<Seconds> {
        match self.coarse() {
            Some((_, last, ..)) => last,
            None => Some(self.first() + (self.width() - 1)),
        }
    }

    /// The octave that the first of a segment's bins ends with (see [`Bins`](super::seal::Bins)); `None`: its items do
    /// not expire, or die together.
    pub(super) fn first_octave(self) -> Option<u32> {
        match self.coarse() {
            Some((_, _, first, _)) => first,
            None if self.is_fine() => None,
            None => Some(self.first().max(1).ilog2()),
        }
    }

    /// How long a tail stays open. Items written to one of a class meanwhile die within one and a half widths.
    pub(super) fn open_time(self) -> Seconds {
        match self.coarse() {
            Some((.., open_time)) => open_time,
            None => (self.width() / 2).max(1),
        }
    }
}

impl fmt::Display for Kind {
    /// The shortest TTL of a class, with a + if it is a broad one; the name of a level, or `span`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.coarse() {
            Some((name, ..)) => f.write_str(name),
            None if self.is_fine() => self.first().fmt(f),
            None => write!(f, "{}+", self.first()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_in_order_and_at_most_a_sixteenth_or_a_quarter_wide() {
        let mut last = [0; 2];
        for ttl in (1..100_000).chain([1 << 20, 1 << 25, u32::MAX / 2, u32::MAX]) {
            let classes = Kind::classes(ttl);
            for (at, class) in classes.into_iter().enumerate() {
                let index = class.index();
                assert!(index >= last[at] && index < CLASSES, "ttl {ttl}");
                let width = (ttl >> (4 - 2 * at)).max([1, 4][at]);
                assert!(class.width() <= width, "ttl {ttl} width {}", class.width());
                last[at] = index;
            }
        }
    }

    #[test]
    fn a_class_is_as_wide_as_it_says() {
        for ttl in 1..5_000 {
            for (at, class) in Kind::classes(ttl).into_iter().enumerate() {
                assert!(Kind::classes(ttl + class.width())[at] != class);
            }
        }
    }

    #[test]
    fn a_class_tells_its_first_and_its_last_ttl() {
        for ttl in (1..5_000).chain([1 << 25, u32::MAX]) {
            for (at, class) in Kind::classes(ttl).into_iter().enumerate() {
                let (first, last) = (class.first(), class.last().unwrap());
                assert!((first..=last).contains(&ttl), "{ttl} in {first}-{last}");
                assert_eq!(
                    Kind::classes(first.max(1))[at],
                    Kind::classes(last)[at],
                    "ttl {ttl}"
                );
                if first > 1 {
                    assert_ne!(
                        Kind::classes(first)[at],
                        Kind::classes(first - 1)[at],
                        "ttl {ttl}"
                    );
                }
            }
        }
    }
}
