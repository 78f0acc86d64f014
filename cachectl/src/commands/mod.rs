//! What the commands do.

mod ask;
mod bigkeys;
mod cluster;
mod completions;
mod confirm;
mod data;
mod dump;
mod log;
mod order;
mod sizing;
mod tables;
mod watch;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;
use crate::top;

/// Does what the command line says.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments {
        reach,
        json,
        command,
    } = arguments;
    if *json && matches!(command, Command::Top(_) | Command::Completions { .. }) {
        let why = "this has no form in JSON (watch has what top shows)";
        return Err(Failure::Usage(why.to_owned()));
    }
    match command {
        Command::Question(question) => ask::question(question, reach, *json),
        Command::Order(order) => order::run(order, reach, *json),
        Command::Kill { id } => ask::kill(*id, reach, *json),
        Command::Top(arguments) => top::run(reach, arguments),
        Command::Watch { interval, count } => watch::run(*interval, *count, reach, *json),
        Command::Sizing { interval } => sizing::run(*interval, reach, *json),
        Command::Log { follow } => log::run(*follow, reach, *json),
        Command::Cluster(cluster) => cluster::run(cluster, reach, *json),
        Command::Data(data) => data::run(data, reach, *json),
        Command::Completions { shell } => completions::run(*shell),
    }
}
