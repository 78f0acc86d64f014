//! What the verb `log` tells.

use net::admin::Row;

use super::stats::{Stats, gauge, text};

impl Stats {
    /// The latest lines from number `from` on, each under its number, oldest first; then `next`:
    /// the number to go on from.
    pub(super) fn log_lines(&self, from: u64, emit: &mut dyn FnMut(&Row<'_>)) {
        let (lines, next) = self.log.latest(from);
        for (number, line) in &lines {
            emit(&text(&format!("{number}:time"), &line.time()));
            emit(&text(&format!("{number}:level"), line.level()));
            emit(&text(&format!("{number}:thread"), line.thread()));
            emit(&text(&format!("{number}:message"), line.message()));
        }
        emit(&Row {
            help: "what is new from now on: log NEXT".into(),
            ..gauge("next", next)
        });
    }
}
