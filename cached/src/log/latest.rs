//! The latest lines, kept for operators who ask.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::line::Line;

/// Lines that are kept; none takes more than its record.
const KEPT: usize = 256;

/// Written by the log thread, read by the admin thread; nobody else waits for either.
#[derive(Debug, Default)]
pub(super) struct Latest(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<Line>,
    /// Of all lines since the start, how many came before those that are kept.
    forgotten: u64,
}

impl Latest {
    pub(super) fn push(&self, line: Line) {
        let mut kept = self.lock();
        if kept.lines.len() == KEPT {
            kept.lines.pop_front();
            kept.forgotten += 1;
        }
        kept.lines.push_back(line);
    }

    /// The lines that are kept from number `from` on, the first ever being 1, with their numbers;
    /// then the number of the line to come.
    pub(super) fn since(&self, from: u64) -> (Vec<(u64, Line)>, u64) {
        let kept = self.lock();
        let numbered = (kept.forgotten + 1..).zip(&kept.lines);
        let wanted = numbered.filter(|(number, _)| *number >= from);
        let wanted = wanted.map(|(number, line)| (number, line.clone()));
        let next = kept.forgotten + kept.lines.len() as u64 + 1;
        (wanted.collect(), next)
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latest(lines: usize) -> Latest {
        let latest = Latest::default();
        for number in 1..=lines {
            latest.push(Line::new(None, format_args!("line {number}")));
        }
        latest
    }

    #[test]
    fn a_talkative_daemon_would_keep_every_line() {
        let (lines, next) = latest(KEPT + 10).since(0);
        assert_eq!((lines.len(), next), (KEPT, KEPT as u64 + 11));
        let (number, line) = &lines[0];
        assert_eq!((*number, line.message()), (11, "line 11"));
    }

    #[test]
    fn who_asks_again_would_be_told_what_it_knows() {
        let latest = latest(3);
        let (lines, next) = latest.since(3);
        assert_eq!((lines.len(), lines[0].0, next), (1, 3, 4));
        assert!(latest.since(next).0.is_empty());
        latest.push(Line::new(None, format_args!("news")));
        assert_eq!(latest.since(next).0[0].1.message(), "news");
    }
}
