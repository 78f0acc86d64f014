//! The latest lines of a server's log.

use std::fmt::Write;
use std::thread;
use std::time::Duration;

use net::admin::Row;

use super::ask::Inquiry;
use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;
use crate::report::{Lookup, Report};

/// Between two looks for new lines.
const PAUSE: Duration = Duration::from_millis(500);

/// Prints the lines that the server keeps; then, if it is to `follow`, new ones as they come.
pub(super) fn run(follow: bool, reach: &Reach, json: bool) -> Result<(), Failure> {
    let mut admin = reach.connect()?;
    let mut from = 0;
    loop {
        let mut next = from;
        let inquiry = Inquiry::new("log").words([from.to_string()]);
        inquiry.ask(&mut admin, |document, rows| {
            let report = report(rows);
            next = report.number("next").unwrap_or(from);
            if report.things().next().is_none() && from > 0 {
                Ok(())
            } else if json {
                output::print(document)
            } else {
                output::print(text(&report))
            }
        })?;
        from = next;
        if !follow {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

fn report(rows: &[Row<'_>]) -> Report {
    let mut report = Report::default();
    report.extend(rows.iter().cloned());
    report
}

/// As the server writes them to its log.
fn text(report: &Report) -> String {
    let mut lines = String::new();
    for line in report.things() {
        let of = |field| line.text(field).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            lines,
            "{} {} {}: {}",
            of("time"),
            of("level"),
            of("thread"),
            of("message")
        );
    }
    lines
}
