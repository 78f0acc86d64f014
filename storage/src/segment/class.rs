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
pub(crate) const LEVELS: usize = 5;

/// A group of TTLs: first the fine ones by their TTLs, then the broad ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Class(u16);

impl Class {
    /// The classes of a TTL of at least one second, the finer one first.
    pub(crate) fn of(ttl: Seconds) -> [Class; 2] {
        let fine = if ttl < 16 {
            ttl as u16
        } else {
            let octave = ttl.ilog2() - 4;
            (octave * 16 + (ttl >> octave)) as u16
        };
        [Class(fine), Class(FINE + fine / BREADTH)]
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(crate) fn is_broad(self) -> bool {
        self.0 >= FINE
    }

    /// The fine class that it is or begins with.
    fn fine(self) -> u32 {
        u32::from(if self.is_broad() {
            (self.0 - FINE) * BREADTH
        } else {
            self.0
        })
    }

    /// The shortest TTL of the class.
    pub(crate) fn first(self) -> Seconds {
        let (octave, step) = (self.fine() / 16, self.fine() % 16);
        if octave == 0 {
            step
        } else {
            (16 + step) << (octave - 1)
        }
    }

    /// Seconds between the shortest TTL of the class and that of the next one.
    pub(crate) fn width(self) -> Seconds {
        let width = 1 << (self.fine() / 16).saturating_sub(1);
        if self.is_broad() {
            u32::from(BREADTH) * width
        } else {
            width
        }
    }

    /// How long a tail of the class stays open: items written meanwhile die within one and a half widths.
    pub(crate) fn open_time(self) -> Seconds {
        (self.width() / 2).max(1)
    }
}

/// A range of TTLs that share a tail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    Minute,
    Hour,
    Day,
    Longer,
    Never,
}

impl Level {
    /// The level of a TTL; 0 stands for an item that never expires.
    pub(crate) fn of(ttl: Seconds) -> Level {
        match ttl {
            0 => Level::Never,
            1..=60 => Level::Minute,
            61..=3_600 => Level::Hour,
            3_601..=86_400 => Level::Day,
            _ => Level::Longer,
        }
    }

    /// How long a tail of the level stays open.
    pub(crate) fn open_time(self) -> Seconds {
        match self {
            Level::Minute => 30,
            Level::Hour => 1_800,
            Level::Day => 43_200,
            Level::Longer => 15 * 86_400,
            Level::Never => Seconds::MAX,
        }
    }

    fn first_octave(self) -> Option<u32> {
        match self {
            Level::Minute => Some(0),
            Level::Hour => Some(6),
            Level::Day => Some(11),
            Level::Longer => Some(16),
            Level::Never => None,
        }
    }

    /// The longest TTL of the level; `None`: it has no end.
    fn last(self) -> Option<Seconds> {
        match self {
            Level::Minute => Some(60),
            Level::Hour => Some(3_600),
            Level::Day => Some(86_400),
            Level::Longer | Level::Never => None,
        }
    }
}

/// What a tail holds, and the segment that becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Class(Class),
    Coarse(Level),
}

impl Kind {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = CLASSES + LEVELS;

    /// A number of its own below [`Kind::COUNT`]: the classes, then the levels by their TTLs.
    pub(crate) fn index(self) -> usize {
        match self {
            Kind::Class(class) => class.index(),
            Kind::Coarse(level) => CLASSES + level as usize,
        }
    }

    pub(super) fn open_time(self) -> Seconds {
        match self {
            Kind::Class(class) => class.open_time(),
            Kind::Coarse(level) => level.open_time(),
        }
    }

    /// The octave that the first of a segment's bins ends with (see [`Bins`](super::seal::Bins)); `None`: its items do
    /// not expire, or die together.
    pub(super) fn first_octave(self) -> Option<u32> {
        match self {
            Kind::Class(class) if class.is_broad() => Some(class.first().max(1).ilog2()),
            Kind::Class(_) => None,
            Kind::Coarse(level) => level.first_octave(),
        }
    }

    /// The longest TTL of its items; `None`: there is no such bound.
    pub(crate) fn last(self) -> Option<Seconds> {
        match self {
            Kind::Class(class) => Some(class.first() + (class.width() - 1)),
            Kind::Coarse(level) => level.last(),
        }
    }
}

impl fmt::Display for Kind {
    /// The shortest TTL of a class, with a + if it is a broad one; the name of a level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Class(class) if class.is_broad() => write!(f, "{}+", class.first()),
            Kind::Class(class) => class.first().fmt(f),
            Kind::Coarse(Level::Minute) => f.write_str("minute"),
            Kind::Coarse(Level::Hour) => f.write_str("hour"),
            Kind::Coarse(Level::Day) => f.write_str("day"),
            Kind::Coarse(Level::Longer) => f.write_str("longer"),
            Kind::Coarse(Level::Never) => f.write_str("never"),
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
            let classes = Class::of(ttl);
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
            for (at, class) in Class::of(ttl).into_iter().enumerate() {
                assert!(Class::of(ttl + class.width())[at] != class);
            }
        }
    }

    #[test]
    fn a_class_tells_its_first_and_its_last_ttl() {
        for ttl in (1..5_000).chain([1 << 25, u32::MAX]) {
            for (at, class) in Class::of(ttl).into_iter().enumerate() {
                let (first, last) = (class.first(), Kind::Class(class).last().unwrap());
                assert!((first..=last).contains(&ttl), "{ttl} in {first}-{last}");
                assert_eq!(
                    Class::of(first.max(1))[at],
                    Class::of(last)[at],
                    "ttl {ttl}"
                );
                if first > 1 {
                    assert_ne!(Class::of(first)[at], Class::of(first - 1)[at], "ttl {ttl}");
                }
            }
        }
    }
}
