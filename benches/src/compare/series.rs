//! One figure of one server over the rounds.

use serde::Serialize;

/// A figure, measured once a round.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// In the order of the rounds.
    pub rounds: Vec<f64>,
    /// Their median; `null` in JSON if there is none.
    pub median: f64,
    /// Median of the ratios to the reference in the same round.
    pub ratio: Option<f64>,
    /// The reference's `spread`; nothing where its figures are void.
    pub reference_spread: Option<f64>,
    /// The farthest that it was from itself between one round and the next,
    /// as a part: 0.02 is two per cent.
    pub spread: Option<f64>,
}

impl Series {
    pub(super) fn new(rounds: Vec<f64>, reference: Option<&[f64]>) -> Self {
        let ratio = reference
            .and_then(|reference| median(rounds.iter().zip(reference).map(|(own, its)| own / its)));
        Self {
            median: median(rounds.iter().copied()).unwrap_or(f64::NAN),
            ratio,
            reference_spread: reference.and_then(spread),
            spread: spread(&rounds),
            rounds,
        }
    }
}

fn spread(rounds: &[f64]) -> Option<f64> {
    rounds
        .windows(2)
        .map(|pair| (pair[1] / pair[0] - 1.0).abs())
        .filter(|spread| spread.is_finite())
        .reduce(f64::max)
}

/// The middle one, or the mean of the two in the middle; figures that are none
/// (a ratio to nothing) do not count.
pub(super) fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.into_iter().filter(|f| f.is_finite()).collect();
    figures.sort_unstable_by(f64::total_cmp);
    let half = figures.len() / 2;
    match figures.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(figures[half]),
        _ => Some(f64::midpoint(figures[half - 1], figures[half])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_round_would_decide() {
        assert_eq!(median([3.0, 1.0, 100.0]), Some(3.0));
        assert_eq!(median([4.0, 1.0, 2.0, 100.0]), Some(3.0));
        assert_eq!(median([f64::NAN, 2.0, f64::INFINITY]), Some(2.0));
        assert_eq!(median([]), None);
    }

    #[test]
    fn a_drift_of_the_machine_would_pass_for_a_difference() {
        // Both halve their speed half way: the ratio stays.
        let reference = [100.0, 100.0, 50.0, 50.0];
        let series = Series::new(vec![150.0, 150.0, 75.0, 75.0], Some(&reference));
        assert_eq!(series.ratio, Some(1.5));
        assert_eq!(series.spread, Some(0.5));
        assert_eq!(Series::new(vec![1.0], None).spread, None);
    }
}
