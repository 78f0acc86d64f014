//! TTL classes: they group items that die together, and decide nothing about when an item expires (Law 8).
//!
//! There are 16 classes an octave, so a class is at most 1/16 as wide as its TTLs. A class has a tail of its own only
//! while it is written fast enough to fill one; the others share the coarse tails.

use std::fmt;

use crate::Seconds;

/// Number of TTL classes.
pub(crate) const CLASSES: usize = 16 + 28 * 16;

/// Coarse tails a writer may hold.
pub(crate) const LEVELS: usize = 5;

/// A group of TTLs, told by its first TTL and its width, both in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Class(u16);

impl Class {
    /// The class of a TTL of at least one second.
    pub(crate) fn of(ttl: Seconds) -> Class {
        if ttl < 16 {
            return Class(ttl as u16);
        }
        let octave = ttl.ilog2() - 4;
        Class((octave * 16 + (ttl >> octave)) as u16)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The shortest TTL of the class.
    pub(crate) fn first(self) -> Seconds {
        let (octave, step) = (u32::from(self.0) / 16, u32::from(self.0) % 16);
        if octave == 0 {
            step
        } else {
            (16 + step) << (octave - 1)
        }
    }

    /// Seconds between the shortest and the longest TTL of the class.
    pub(crate) fn width(self) -> Seconds {
        1 << (u32::from(self.0) / 16).saturating_sub(1)
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

    /// The octave that the first of a coarse segment's bins ends with (see [`Bins`](super::seal::Bins)); `None`: its
    /// items do not expire.
    pub(crate) fn first_octave(self) -> Option<u32> {
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

    /// A number of its own below [`Kind::COUNT`]: the classes by their TTLs, then the levels.
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

    /// The longest TTL of its items; `None`: there is no such bound.
    pub(crate) fn last(self) -> Option<Seconds> {
        match self {
            Kind::Class(class) => Some(class.first() + (class.width() - 1)),
            Kind::Coarse(level) => level.last(),
        }
    }
}

impl fmt::Display for Kind {
    /// The shortest TTL of a class, the name of a level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
    fn classes_are_in_order_and_at_most_a_sixteenth_wide() {
        let mut last = 0;
        for ttl in (1..100_000).chain([1 << 20, 1 << 25, u32::MAX / 2, u32::MAX]) {
            let class = Class::of(ttl);
            assert!(
                class.index() >= last && class.index() < CLASSES,
                "ttl {ttl}"
            );
            assert!(
                class.width() <= (ttl / 16).max(1),
                "ttl {ttl} width {}",
                class.width()
            );
            last = class.index();
        }
    }

    #[test]
    fn a_class_is_as_wide_as_it_says() {
        for ttl in 1..5_000 {
            let class = Class::of(ttl);
            assert!(Class::of(ttl + class.width()) != class);
        }
    }

    #[test]
    fn a_class_tells_its_first_and_its_last_ttl() {
        for ttl in (1..5_000).chain([1 << 25, u32::MAX]) {
            let kind = Kind::Class(Class::of(ttl));
            let (first, last) = (Class::of(ttl).first(), kind.last().unwrap());
            assert!((first..=last).contains(&ttl), "{ttl} in {first}-{last}");
            assert_eq!(Class::of(first), Class::of(last), "ttl {ttl}");
            assert_ne!(Class::of(first), Class::of(first - 1), "ttl {ttl}");
        }
    }
}
