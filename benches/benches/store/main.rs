//! The store beside other caches, in one process: all calls by criterion, or, with `pairs` as the first argument, ratios
//! of two sides measured in turn.

mod cases;
mod pairs;
mod stage;
mod subjects;
mod workload;

use std::env;

use stage::{Stage, stage};
use subjects::{moka, quick_cache, segcache, storage};
use workload::Case;

/// Makes a stage for a case.
type Make = fn(&Case) -> Stage;

const SUBJECTS: [(&str, Make); 5] = [
    ("storage", stage::<storage::Storage>),
    ("segcache", stage::<segcache::Random>),
    ("segcache-merge", stage::<segcache::Merge>),
    ("quick_cache", stage::<quick_cache::QuickCache>),
    ("moka", stage::<moka::Moka>),
];

fn main() {
    if env::args().nth(1).as_deref() == Some("pairs") {
        pairs::main(env::args().skip(1));
    } else {
        cases::main();
    }
}
