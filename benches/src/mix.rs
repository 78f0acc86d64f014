//! Which operations a load is made of: `get=90,set=10`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A request that a load can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `get` of one key.
    Get,
    /// `get` of several keys.
    MultiGet,
    /// `set`.
    Set,
    /// `delete`.
    Delete,
    /// `incr` of a counter by 1.
    Incr,
    /// Connect, `get` one key, close.
    Connect,
}

impl Operation {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// Every operation, in the order of its number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Get,
        Self::MultiGet,
        Self::Set,
        Self::Delete,
        Self::Incr,
        Self::Connect,
    ];

    /// Its name in reports and in a mix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::MultiGet => "multiget",
            Self::Set => "set",
            Self::Delete => "delete",
            Self::Incr => "incr",
            Self::Connect => "connect",
        }
    }
}

/// Operations with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    parts: Vec<(Operation, f64)>,
    /// Draws below each belong to its operation or to one before it.
    up_to: Vec<u64>,
}

const DRAWS: u64 = 1 << 32;

impl Mix {
    /// Operations with their weights; `Connect` belongs to the phase churn alone.
    pub fn new(parts: Vec<(Operation, f64)>) -> Result<Self, String> {
        let total: f64 = parts.iter().map(|(_, weight)| weight).sum();
        if parts.iter().any(|(_, weight)| *weight < 0.0) || !total.is_finite() || total <= 0.0 {
            return Err("weights are positive numbers".to_owned());
        }
        if parts
            .iter()
            .any(|(operation, _)| *operation == Operation::Connect)
        {
            return Err("connect is what the phase churn does".to_owned());
        }
        let mut sum = 0.0;
        let mut up_to: Vec<u64> = parts
            .iter()
            .map(|(_, weight)| {
                sum += weight;
                (sum / total * DRAWS as f64) as u64
            })
            .collect();
        // Rounding must leave no draw without an operation.
        if let Some(last) = up_to.last_mut() {
            *last = DRAWS;
        }
        Ok(Self { parts, up_to })
    }

    /// The operation that a random number stands for.
    #[inline]
    pub fn pick(&self, random: u32) -> Operation {
        let at = self
            .up_to
            .iter()
            .position(|up_to| u64::from(random) < *up_to);
        self.parts[at.unwrap_or(0)].0
    }

    /// Whether it is ever drawn.
    pub fn has(&self, operation: Operation) -> bool {
        self.parts
            .iter()
            .any(|(o, weight)| *o == operation && *weight > 0.0)
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let part = |part: &str| {
            let (name, weight) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not NAME=WEIGHT"))?;
            let operation = Operation::ALL
                .into_iter()
                .find(|operation| operation.name() == name)
                .ok_or_else(|| {
                    format!("`{name}` is none of get, multiget, set, delete and incr")
                })?;
            let weight = weight
                .parse()
                .map_err(|_| format!("`{weight}` is not a weight"))?;
            Ok::<_, String>((operation, weight))
        };
        Self::new(text.split(',').map(part).collect::<Result<_, _>>()?)
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (operation, weight)) in self.parts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}={weight}", operation.name())?;
        }
        Ok(())
    }
}

impl Serialize for Mix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_would_come_more_often_than_its_weight_says() {
        let mix: Mix = "get=90,set=9.5,delete=0.5".parse().unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        let mut seen = [0; Operation::COUNT];
        for _ in 0..100_000 {
            seen[mix.pick(random.u32(..)) as usize] += 1;
        }
        let share = |operation: Operation| f64::from(seen[operation as usize]) / 100_000.0;
        assert!((share(Operation::Get) - 0.9).abs() < 0.01);
        assert!((share(Operation::Set) - 0.095).abs() < 0.01);
        assert!((share(Operation::Delete) - 0.005).abs() < 0.002);
        assert_eq!(seen[Operation::Incr as usize], 0);
        assert_eq!(mix.to_string(), "get=90,set=9.5,delete=0.5");
    }

    #[test]
    fn nonsense_would_be_taken_for_a_mix() {
        for text in ["", "get", "put=1", "get=0", "get=-1", "connect=1", "get=x"] {
            assert!(text.parse::<Mix>().is_err(), "{text}");
        }
    }
}
