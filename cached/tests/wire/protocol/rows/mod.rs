//! The table: one file a family of commands.

mod bodies;
mod counting;
mod damaged;
mod flushing;
mod meta;
mod operating;
mod removing;
mod reporting;
mod retrieving;
mod storing;

use crate::protocol::exchange::Exchange;

/// A family, and the rows of its file.
type Family = (&'static str, fn() -> Vec<Exchange>);

const FAMILIES: [Family; 20] = [
    ("storing", storing::rows),
    ("bodies", bodies::rows),
    ("retrieving", retrieving::rows),
    ("counting", counting::rows),
    ("removing", removing::rows),
    ("meta get", meta::get::rows),
    ("meta set", meta::set::rows),
    ("meta delete", meta::delete::rows),
    ("meta arithmetic", meta::arithmetic::rows),
    ("meta debug", meta::debug::rows),
    ("meta keys", meta::keys::rows),
    ("meta marks", meta::marks::rows),
    ("meta quiet", meta::quiet::rows),
    ("meta refused", meta::refused::rows),
    ("meta newer", meta::newer::rows),
    ("meta beside", meta::beside::rows),
    ("flushing", flushing::rows),
    ("reporting", reporting::rows),
    ("operating", operating::rows),
    ("damaged", damaged::rows),
];

pub(crate) fn all() -> Vec<Exchange> {
    FAMILIES
        .iter()
        .flat_map(|&(family, rows)| {
            rows().into_iter().map(move |mut row| {
                row.family = family;
                row
            })
        })
        .collect()
}

/// A key of exactly `length` bytes.
fn long_key(prefix: &str, length: usize) -> String {
    format!("{prefix:k<length$}")
}

#[test]
fn two_rows_of_one_name_could_not_be_told_apart() {
    let mut names = std::collections::HashSet::new();
    for row in all() {
        assert!(names.insert(row.name), "two rows are named {:?}", row.name);
    }
}
