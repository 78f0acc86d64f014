//! Loads a daemon flat out and checks every reply.
//!
//! A value read must be one that was written for its key; a client that reads
//! a key of its own must find the value it wrote last or nothing, and nothing
//! stays nothing until it writes again. An error reply, a late expiry or memory
//! beyond its bound fails the run, too.

mod client;
mod daemon;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use benches::item::Items;
use clap::{Arg, ArgMatches, Command, value_parser};

use client::{Client, Shared, Tally};
use daemon::Daemon;

fn main() -> ExitCode {
    match soak(&flags().get_matches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("soak: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn flags() -> Command {
    fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .value_parser(value_parser!(u32).range(1..))
            .help(help)
    }
    Command::new("soak")
        .about("Loads a cached daemon flat out and checks every reply")
        .arg(number("seconds", "60", "How long to load"))
        .arg(number(
            "connections",
            "50",
            "Clients, each with a connection of its own",
        ))
        .arg(number("keys", "10000000", "Different keys"))
        .arg(number("memory", "64", "The daemon's -m, MiB"))
        .arg(number("threads", "2", "The daemon's workers"))
        .arg(
            Arg::new("daemon")
                .long("daemon")
                .value_name("PATH")
                .help("The daemon to start; default: `cached` beside this program"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(value_parser!(u64))
                .help("Repeats the requests of an earlier run"),
        )
}

fn soak(flags: &ArgMatches) -> Result<(), String> {
    let number = |name| flags.get_one::<u32>(name).copied().unwrap_or_default();
    let seconds = number("seconds");
    let seed = flags
        .get_one::<u64>("seed")
        .copied()
        .unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");

    let path = match flags.get_one::<String>("daemon") {
        Some(path) => path.into(),
        None => daemon::beside_this_program()?,
    };
    let daemon = Daemon::start(&path, number("memory"), number("threads"))?;
    let shared = Shared::new(Items::new(seed), number("keys"), number("connections"));
    let begun = Instant::now();
    let load: Result<Tally, String> = thread::scope(|scope| {
        let (shared, daemon) = (&shared, &daemon);
        let clients: Vec<_> = (0..number("connections"))
            .map(|number| scope.spawn(move || run_client(shared, number, daemon, seed)))
            .collect();
        let deadline = begun + Duration::from_secs(u64::from(seconds));
        while Instant::now() < deadline && !shared.stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(50));
        }
        shared.stop.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client panicked".to_owned())?)
            .try_fold(Tally::default(), |sum, tally| Ok(sum.plus(&tally?)))
    });
    let elapsed = begun.elapsed();
    let memory = daemon.memory()?;
    let stopped = daemon.stop();

    let tally = load?;
    stopped?;
    report(&tally, elapsed, &memory);
    tally.check()?;
    memory.check()
}

/// A failure of one client ends all.
fn run_client(shared: &Shared, number: u32, daemon: &Daemon, seed: u64) -> Result<Tally, String> {
    let outcome = Client::connect(shared, number, daemon.address, seed).and_then(Client::run);
    if outcome.is_err() {
        shared.stop.store(true, Ordering::Relaxed);
    }
    outcome.map_err(|failure| format!("client {number}: {failure}"))
}

fn report(tally: &Tally, elapsed: Duration, memory: &daemon::Memory) {
    let rate = tally.requests as f64 / elapsed.as_secs_f64();
    println!(
        "requests  {} in {elapsed:.1?}, {rate:.0} a second",
        tally.requests
    );
    println!(
        "reads     {} keys, {} hits ({:.1} %)",
        tally.keys_read,
        tally.hits,
        100.0 * tally.hits as f64 / tally.keys_read.max(1) as f64
    );
    println!(
        "writes    {} stored, {} deleted, {} counted",
        tally.stored, tally.deleted, tally.counted
    );
    println!("slowest   {:.1?} for a pipeline", tally.slowest);
    println!(
        "resident  {} KiB at most, {} KiB allowed ({} threads)",
        memory.resident_max_kib, memory.allowed_kib, memory.threads
    );
}
