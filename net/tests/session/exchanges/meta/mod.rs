//! The meta commands.

mod items;
mod lines;
mod renewals;
mod sets;

use super::Exchange;

const DUPLICATE: &str = "CLIENT_ERROR duplicate flag\r\n";
const INVALID: &str = "CLIENT_ERROR invalid flag\r\n";
const EITHER: &str = "CLIENT_ERROR invalid or duplicate flag\r\n";
const TOKEN: &str = "CLIENT_ERROR bad token in command line format\r\n";

pub(super) fn exchanges() -> Vec<Exchange> {
    [
        lines::lines(),
        lines::keys(),
        items::gets(),
        items::deletes(),
        items::numbers(),
        sets::sets(),
        sets::refused_sets(),
        renewals::renewals(),
        renewals::later(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
