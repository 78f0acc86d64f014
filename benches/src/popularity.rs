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

/// Draws ranks from 0, the most popular first.
#[derive(Clone, Copy, Debug)]
pub struct Ranks {
    count: u32,
    zipf: Option<Zipf<f64>>,
}

impl Ranks {
    /// Ranks below `count`, which is at least 1.
    pub fn new(popularity: Popularity, count: u32) -> Self {
        let zipf = match popularity {
            Popularity::Uniform => None,
            Popularity::Zipf(exponent) => {
                Some(Zipf::new(f64::from(count), exponent).expect("a checked exponent"))
            }
        };
        Self { count, zipf }
    }

    /// One of them.
    #[inline]
    pub fn draw(&self, random: &mut impl Rng) -> u32 {
        match &self.zipf {
            None => random.random_range(..self.count),
            // The law counts from 1, in floating point.
            Some(zipf) => (zipf.sample(random) as u32 - 1).min(self.count - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    fn drawn(popularity: Popularity, count: u32) -> Vec<f64> {
        let ranks = Ranks::new(popularity, count);
        let mut random = SmallRng::seed_from_u64(1);
        let mut seen = vec![0.0; count as usize];
        for _ in 0..200_000 {
            seen[ranks.draw(&mut random) as usize] += 1.0 / 200_000.0;
        }
        seen
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
