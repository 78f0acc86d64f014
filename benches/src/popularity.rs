//! How often each key is asked for.

use std::fmt;
use std::str::FromStr;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};
use serde::{Serialize, Serializer};

/// The law by which keys are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// Each key alike.
    Uniform,
    /// The key of rank r in proportion to r to the power of minus the exponent.
    Zipf(f64),
}

impl FromStr for Popularity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "uniform" {
            return Ok(Self::Uniform);
        }
        text.strip_prefix("zipf:")
            .and_then(|exponent| exponent.parse().ok())
            .filter(|exponent: &f64| exponent.is_finite() && *exponent >= 0.0)
            .map(Self::Zipf)
            .ok_or_else(|| format!("`{text}` is neither `uniform` nor `zipf:EXPONENT`"))
    }
}

impl fmt::Display for Popularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::Zipf(exponent) => write!(f, "zipf:{exponent}"),
        }
    }
}

impl Serialize for Popularity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Draws keys by their rank, the most popular first.
///
/// Ranks are spread over the keys in steps of the golden section, so that
/// popular keys do not lie together where keys are written in their order:
/// `key = (first + rank * step) mod count`.
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    count: u32,
    zipf: Option<Zipf<f64>>,
    first: u64,
    /// It has no divisor in common with `count`: so each key has one rank.
    step: u64,
}

impl Ranks {
    /// Keys below `count`, which is at least 1; `seed` chooses the popular ones.
    pub fn new(popularity: Popularity, count: u32, seed: u64) -> Self {
        let zipf = match popularity {
            Popularity::Uniform => None,
            Popularity::Zipf(exponent) => {
                Some(Zipf::new(f64::from(count), exponent).expect("a checked exponent"))
            }
        };
        let section = (f64::from(count) / GOLDEN_RATIO) as u32;
        // `count - 1` is one at the latest.
        let step = (section..count).find(|&step| gcd(step, count) == 1);
        Self {
            count,
            zipf,
            first: seed % u64::from(count),
            step: u64::from(step.unwrap_or(1)),
        }
    }

    /// One of them.
    #[inline]
    pub fn draw(&self, random: &mut impl Rng) -> u32 {
        match &self.zipf {
            None => random.random_range(..self.count),
            // The law counts from 1, in floating point.
            Some(zipf) => self.key((zipf.sample(random) as u32 - 1).min(self.count - 1)),
        }
    }

    #[inline]
    fn key(&self, rank: u32) -> u32 {
        ((self.first + u64::from(rank) * self.step) % u64::from(self.count)) as u32
    }
}

const GOLDEN_RATIO: f64 = 1.618_033_988_749_895;

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    /// How often each rank was drawn.
    fn drawn(popularity: Popularity, count: u32) -> Vec<f64> {
        let ranks = Ranks::new(popularity, count, 7);
        let mut random = SmallRng::seed_from_u64(1);
        let mut seen = vec![0.0; count as usize];
        for _ in 0..200_000 {
            seen[ranks.draw(&mut random) as usize] += 1.0 / 200_000.0;
        }
        (0..count)
            .map(|rank| seen[ranks.key(rank) as usize])
            .collect()
    }

    #[test]
    fn popular_keys_would_be_asked_for_too_rarely() {
        let seen = drawn(Popularity::Zipf(1.0), 100);
        let harmonic: f64 = (1..=100).map(|rank| 1.0 / f64::from(rank)).sum();
        for rank in [0, 1, 9, 99] {
            let wanted = 1.0 / (rank as f64 + 1.0) / harmonic;
            assert!((seen[rank] / wanted - 1.0).abs() < 0.1, "rank {rank}");
        }
    }

    #[test]
    fn a_key_would_never_be_asked_for() {
        for count in [1, 2, 3, 10, 1000, 65_536, 99_991, 1_000_000] {
            let ranks = Ranks::new(Popularity::Zipf(0.99), count, 7);
            let mut seen = vec![false; count as usize];
            (0..count).for_each(|rank| seen[ranks.key(rank) as usize] = true);
            assert!(seen.iter().all(|&seen| seen), "of {count}");
        }
    }

    #[test]
    fn popular_keys_would_lie_together() {
        let ranks = Ranks::new(Popularity::Zipf(0.99), 1_000_000, 7);
        let mut hot: Vec<u32> = (0..100).map(|rank| ranks.key(rank)).collect();
        hot.sort_unstable();
        assert!(hot.windows(2).all(|pair| pair[1] - pair[0] > 2_000));
    }

    #[test]
    fn uniform_keys_would_differ() {
        let seen = drawn(Popularity::Uniform, 10);
        assert!(seen.iter().all(|share| (share - 0.1).abs() < 0.005));
    }

    #[test]
    fn a_single_key_would_have_no_rank() {
        for popularity in [Popularity::Uniform, Popularity::Zipf(0.99)] {
            assert_eq!(drawn(popularity, 1).len(), 1);
        }
    }

    #[test]
    fn nonsense_would_be_taken_for_a_law() {
        for text in ["", "zipf", "zipf:", "zipf:-1", "zipf:NaN", "Uniform"] {
            assert!(text.parse::<Popularity>().is_err(), "{text}");
        }
        assert_eq!("zipf:0.99".parse(), Ok(Popularity::Zipf(0.99)));
    }
}
