//! The store beside other caches, in one process: all calls by criterion, or, with `pairs` as the first argument, ratios
//! of two sides measured in turn.

mod cases;
mod pairs;
mod stage;
mod subjects;
mod workload;

use std::env;

fn main() {
    if env::args().nth(1).as_deref() == Some("pairs") {
        pairs::main(env::args().skip(1));
    } else {
        cases::main();
    }
}
