//! The line that says how a phase goes.

use std::io::{self, IsTerminal, Write};

use super::Plan;

/// Between two lines.
const EVERY_NS: u64 = 500_000_000;

/// Rewrites one line on standard error, if that is a terminal.
pub(super) struct Progress<'p> {
    plan: &'p Plan<'p>,
    is_shown: bool,
    last_ns: u64,
    last_answered: u64,
}

impl<'p> Progress<'p> {
    pub(super) fn new(plan: &'p Plan<'p>) -> Self {
        Self {
            plan,
            is_shown: io::stderr().is_terminal(),
            last_ns: 0,
            last_answered: 0,
        }
    }

    /// Shows how many requests were answered by `now`, if it is time to.
    pub(super) fn show(&mut self, now: u64, answered: u64) {
        let passed_ns = now.saturating_sub(self.last_ns);
        if !self.is_shown || passed_ns < EVERY_NS {
            return;
        }
        let rate = (answered - self.last_answered) as f64 * 1e9 / passed_ns as f64;
        self.last_ns = now;
        self.last_answered = answered;
        // What cannot be shown is no reason to stop.
        let _ = write!(
            io::stderr(),
            "\r\x1b[K{}",
            line(self.plan, now, answered, rate)
        );
    }

    /// Leaves nothing behind.
    pub(super) fn clear(&self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(plan: &Plan<'_>, now: u64, answered: u64, rate: f64) -> String {
    let name = plan.phase.name();
    let stage = if now < plan.measure_ns {
        " (warm-up)"
    } else {
        ""
    };
    let seconds = now / 1_000_000_000;
    let end = match plan.end_ns {
        u64::MAX => String::new(),
        end_ns => format!("/{}", end_ns.div_ceil(1_000_000_000)),
    };
    format!("{name}{stage} {seconds}{end} s: {answered} requests, {rate:.0} a second")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Scenario;
    use crate::scenario::PhaseKind;

    #[test]
    fn the_line_would_be_wider_than_a_terminal_or_say_the_wrong_stage() {
        let plan = Plan {
            scenario: &Scenario::default(),
            target: &"127.0.0.1".parse().unwrap(),
            phase: PhaseKind::Churn,
            ledger: None,
            start: Instant::now(),
            measure_ns: 1_000_000_000,
            end_ns: 10_500_000_000,
        };
        let early = line(&plan, 900_000_000, 7, 8.4);
        assert_eq!(early, "churn (warm-up) 0/11 s: 7 requests, 8 a second");
        let late = line(&plan, 9_000_000_000, 99_999_999_999, 9_999_999.0);
        assert!(late.len() < 80 && !late.contains("warm-up"), "{late}");
    }
}
