//! What the commands do.

mod ask;
mod cluster;
mod item;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

/// Does what the command line says.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments {
        reach,
        json,
        command,
    } = arguments;
    match command {
        Command::Question(question) => ask::question(question, reach, *json),
        Command::Order(order) => ask::order(order, reach, *json),
        Command::Kill { id } => ask::kill(*id, reach, *json),
        Command::Cluster(cluster) => cluster::run(cluster, reach, *json),
        Command::Item(item) => item::run(item, reach, *json),
    }
}
