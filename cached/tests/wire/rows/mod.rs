//! The table: one file a family of commands.

mod counting;
mod damaged;
mod flushing;
mod removing;
mod reporting;
mod retrieving;
mod storing;

use crate::exchange::Exchange;

pub(crate) fn all() -> Vec<Exchange> {
    let mut rows = storing::rows();
    rows.extend(retrieving::rows());
    rows.extend(counting::rows());
    rows.extend(removing::rows());
    rows.extend(flushing::rows());
    rows.extend(reporting::rows());
    rows.extend(damaged::rows());
    rows
}

/// A key of exactly `length` bytes.
fn long_key(prefix: &str, length: usize) -> String {
    format!("{prefix:k<length$}")
}

#[test]
fn two_rows_of_one_name_could_not_be_told_apart() {
    let rows = all();
    let names: std::collections::HashSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
}
