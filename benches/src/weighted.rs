//! Numbers drawn by weight: `64`, `32-1024`, `64:9,1KiB-16KiB:1`.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// Ranges of numbers, each drawn in proportion to its weight, and within a
/// range each number alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    range: RangeInclusive<u32>,
    weight: f64,
    /// Draws below this belong to this part or to one before it.
    up_to: u64,
}

/// Draws are of 32 bits.
const DRAWS: u64 = 1 << 32;

impl Weighted {
    /// Always the same number.
    pub fn fixed(number: u32) -> Self {
        Self::new(vec![(number..=number, 1.0)]).expect("one number of weight 1")
    }

    /// Ranges with their weights.
    pub fn new(ranges: Vec<(RangeInclusive<u32>, f64)>) -> Result<Self, String> {
        let total: f64 = ranges.iter().map(|(_, weight)| weight).sum();
        if ranges.iter().any(|(_, weight)| *weight < 0.0) || !total.is_finite() || total <= 0.0 {
            return Err("weights are positive numbers".to_owned());
        }
        let mut sum = 0.0;
        let mut parts = Vec::with_capacity(ranges.len());
        for (range, weight) in ranges {
            if range.is_empty() {
                let (low, high) = range.into_inner();
                return Err(format!("{low}-{high} ends before it begins"));
            }
            sum += weight;
            parts.push(Part {
                range,
                weight,
                up_to: (sum / total * DRAWS as f64) as u64,
            });
        }
        // Rounding must leave no draw without a part.
        if let Some(last) = parts.last_mut() {
            last.up_to = DRAWS;
        }
        Ok(Self { parts })
    }

    /// The number that a random one stands for: its low half chooses the
    /// range, its high half the place in it.
    #[inline]
    pub fn pick(&self, random: u64) -> u32 {
        let draw = random & (DRAWS - 1);
        let range = match self.parts.as_slice() {
            [only] => &only.range,
            parts => parts
                .iter()
                .find(|part| draw < part.up_to)
                .map_or(&parts[parts.len() - 1].range, |part| &part.range),
        };
        let numbers = u64::from(range.end() - range.start()) + 1;
        range.start() + (((random >> 32) * numbers) >> 32) as u32
    }

    /// The least number that may be drawn.
    pub fn min(&self) -> u32 {
        self.parts
            .iter()
            .map(|p| *p.range.start())
            .min()
            .unwrap_or(0)
    }

    /// The greatest number that may be drawn.
    pub fn max(&self) -> u32 {
        self.parts.iter().map(|p| *p.range.end()).max().unwrap_or(0)
    }

    /// Reads sizes in bytes, with or without a unit of 1024.
    pub fn sizes(text: &str) -> Result<Self, String> {
        Self::parse(text, |number| {
            parse_size::Config::new()
                .with_binary()
                .parse_size(number)
                .map_err(|e| format!("`{number}` is not a size: {e}"))
                .and_then(|size| u32::try_from(size).map_err(|_| format!("{number} is too large")))
        })
    }

    /// Reads times in seconds, with or without a unit (`60`, `5m`, `1h`).
    pub fn seconds(text: &str) -> Result<Self, String> {
        Self::parse(text, |number| {
            if let Ok(seconds) = number.parse() {
                return Ok(seconds);
            }
            let time = humantime::parse_duration(number)
                .map_err(|e| format!("`{number}` is not a time: {e}"))?;
            if time != Duration::from_secs(time.as_secs()) {
                return Err(format!("{number} is not a number of whole seconds"));
            }
            u32::try_from(time.as_secs()).map_err(|_| format!("{number} is too long"))
        })
    }

    fn parse(text: &str, number: impl Fn(&str) -> Result<u32, String>) -> Result<Self, String> {
        let part = |part: &str| {
            let (range, weight) = match part.split_once(':') {
                Some((range, weight)) => {
                    let weight = weight
                        .parse()
                        .map_err(|_| format!("`{weight}` is not a weight"))?;
                    (range, weight)
                }
                None => (part, 1.0),
            };
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            Ok::<_, String>((number(low)?..=number(high)?, weight))
        };
        Self::new(text.split(',').map(part).collect::<Result<_, _>>()?)
    }
}

/// As it is read, in base units.
impl fmt::Display for Weighted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            let (low, high) = (part.range.start(), part.range.end());
            write!(f, "{}{low}", if at == 0 { "" } else { "," })?;
            if low != high {
                write!(f, "-{high}")?;
            }
            if self.parts.len() > 1 {
                write!(f, ":{}", part.weight)?;
            }
        }
        Ok(())
    }
}

impl Serialize for Weighted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(weighted: &Weighted, wanted: impl Fn(u32) -> bool) -> f64 {
        let mut random = fastrand::Rng::with_seed(1);
        let hits = (0..100_000)
            .filter(|_| wanted(weighted.pick(random.u64(..))))
            .count();
        hits as f64 / 100_000.0
    }

    #[test]
    fn a_weight_would_count_for_more_or_less_than_it_says() {
        let sizes = Weighted::sizes("64:9,1KiB-16KiB:1").unwrap();
        assert!((share(&sizes, |size| size == 64) - 0.9).abs() < 0.01);
        assert!((share(&sizes, |size| (1024..=16384).contains(&size)) - 0.1).abs() < 0.01);
        let middle = 1024 + (16384 - 1024) / 2;
        assert!((share(&sizes, |size| size > middle) - 0.05).abs() < 0.01);
        assert_eq!((sizes.min(), sizes.max()), (64, 16384));
    }

    #[test]
    fn the_ends_of_a_range_would_never_be_drawn() {
        let sizes = Weighted::sizes("1-3").unwrap();
        assert_eq!(sizes.pick(0), 1);
        assert_eq!(sizes.pick(u64::MAX), 3);
        let all = Weighted::new(vec![(0..=u32::MAX, 1.0)]).unwrap();
        assert_eq!((all.pick(0), all.pick(u64::MAX)), (0, u32::MAX));
        let never = Weighted::sizes("1:0,2:1").unwrap();
        assert_eq!((never.pick(0), never.pick(u64::MAX)), (2, 2));
    }

    #[test]
    fn a_report_would_name_other_numbers_than_were_asked_for() {
        for text in ["64", "32-1024", "64:9,1024-16384:1", "0:0.5,60:0.25,5:0.25"] {
            let parsed = Weighted::sizes(text).unwrap();
            assert_eq!(parsed.to_string(), text);
        }
        assert_eq!(Weighted::sizes("1K").unwrap().to_string(), "1024");
        assert_eq!(
            Weighted::seconds("0:1,1m-2h:1").unwrap().to_string(),
            "0:1,60-7200:1"
        );
    }

    #[test]
    fn nonsense_would_be_taken_for_numbers() {
        for text in [
            "", "x", "5-", "9-3", "1:x", "1:0", "1:-1", "1,,2", "5G", "1:inf",
        ] {
            assert!(Weighted::sizes(text).is_err(), "{text}");
        }
        assert!(Weighted::seconds("500ms").is_err());
    }
}
