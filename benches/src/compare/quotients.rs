//! Figures that several servers, or several loads, go into.

use serde::Serialize;

use super::series::Series;
use super::turns::CaseResult;

/// The CPU time for each request flat out, of a server under the load with this
/// number.
pub(super) type Term = (usize, &'static str);

/// What is to be divided by what.
pub(super) struct Quotient {
    pub(super) name: String,
    pub(super) above: Vec<Term>,
    pub(super) below: Vec<Term>,
}

/// A quotient of CPU times, one for each round.
#[derive(Clone, Debug, Serialize)]
pub struct QuotientResult {
    /// Says what was divided by what.
    pub quotient: String,
    /// What came of it.
    pub series: Series,
}

impl Quotient {
    pub(super) fn new(name: String, above: &[Term], below: &[Term]) -> Self {
        let (above, below) = (above.to_vec(), below.to_vec());
        Self { name, above, below }
    }

    /// Of what was measured; nothing if a server or a load is missing.
    pub(super) fn of(&self, cases: &[CaseResult]) -> Option<QuotientResult> {
        let mut rounds: Option<Vec<f64>> = None;
        let above = self.above.iter().map(|&term| (term, 1));
        let below = self.below.iter().map(|&term| (term, -1));
        for ((case, name), power) in above.chain(below) {
            let servers = &cases.get(case)?.servers;
            let server = servers.iter().find(|server| server.server == name)?;
            let figures = &server.cpu_ns_max.rounds;
            let product = rounds.get_or_insert_with(|| vec![1.0; figures.len()]);
            for (product, figure) in product.iter_mut().zip(figures) {
                *product *= figure.powi(power);
            }
        }
        Some(QuotientResult {
            quotient: self.name.clone(),
            series: Series::new(rounds?, None),
        })
    }
}
