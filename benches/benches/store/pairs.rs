//! Ratios of pairs measured in turn, which a noisy machine spoils less than figures taken minutes apart.

use benches::popularity::Popularity;
use clap::Parser;

use crate::stage::{Played, Stage};
use crate::subjects::Named;
use crate::workload::{BYTES_A_KEY, Call, Case, Common};

/// Compares the store with other caches, or two threads on one store with two stores, call by call in turn
#[derive(Parser)]
#[command(name = "pairs")]
struct Arguments {
    /// Calls to compare; all unless named
    #[arg(long, value_name = "CALL")]
    call: Vec<Call>,
    /// Caches to compare with; the usual ones unless named
    #[arg(long, value_name = "NAME")]
    rival: Vec<Named>,
    /// Prefetch the 32 keys of a turn on the first side, which without does nothing of the kind
    #[arg(long)]
    batch: bool,
    /// How keys are chosen
    #[arg(long, default_value = "zipf:0.99")]
    popularity: Popularity,
    /// Keys that a thread asks for
    #[arg(long, default_value_t = 1_000_000)]
    keys: u32,
    /// Bytes of memory for each key
    #[arg(long, default_value_t = BYTES_A_KEY)]
    bytes_a_key: usize,
    /// Threads on one cache
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Instead of rivals: threads on one store against threads with a store each
    #[arg(long)]
    shared: bool,
    /// Pairs measured
    #[arg(long, default_value_t = 21)]
    pairs: usize,
    /// Calls that a thread makes on each side of a pair
    #[arg(long, default_value_t = 200_000)]
    calls: u64,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

pub(crate) fn main(arguments: impl Iterator<Item = String>) {
    let arguments = Arguments::parse_from(arguments);
    let calls = match &arguments.call[..] {
        [] => &Call::ALL[..],
        named => named,
    };
    println!(
        "{:<13} {:<20} {:>19} {:>19}  {:>11}  {:>13}  kept",
        "call", "against", "processor time", "time", "ns a call", "done, of all"
    );
    for &call in calls {
        let case = Case {
            call,
            popularity: arguments.popularity,
            keys: arguments.keys,
            threads: arguments.threads,
            common: Common::Keys,
            bytes_a_key: arguments.bytes_a_key,
        };
        if arguments.shared {
            compare_sharing(&arguments, case);
        } else {
            compare_rivals(&arguments, case);
        }
    }
}

fn compare_rivals(arguments: &Arguments, case: Case) {
    let rivals = match &arguments.rival[..] {
        [] => &Named::USUAL[..],
        named => named,
    };
    // One of them is the store against itself: how far that is from 1 is how far to trust the others.
    let mut ours = ours(arguments, &case);
    for Named { name, make } in rivals {
        report(arguments, case.call, name, &mut *ours, &mut *make(&case));
    }
}

fn ours(arguments: &Arguments, case: &Case) -> Box<dyn Stage> {
    let ours = if arguments.batch {
        Named::BATCH
    } else {
        Named::SINGLE
    };
    (ours.make)(case)
}

/// One store against a store for each thread. Below 1 would be what sharing it saves, above 1 what it costs.
fn compare_sharing(arguments: &Arguments, case: Case) {
    let make = |common| ours(arguments, &Case { common, ..case });
    let mut apart = make(Common::Nothing);
    let sides = [
        ("apart, itself", Common::Nothing),
        ("own keys", Common::Cache),
        ("same keys", Common::Keys),
    ];
    for (name, common) in sides {
        report(arguments, case.call, name, &mut *make(common), &mut *apart);
    }
}

/// Measures pairs and prints what the first side takes, as a share of what the second takes.
fn report(
    arguments: &Arguments,
    call: Call,
    name: &str,
    one: &mut dyn Stage,
    other: &mut dyn Stage,
) {
    let pairs: Vec<(Played, Played)> = (0..arguments.pairs)
        .map(|_| (one.play(arguments.calls), other.play(arguments.calls)))
        .collect();
    let spread = |figure: fn(&Played) -> f64| {
        let [low, middle, high] =
            quartiles(pairs.iter().map(|(one, other)| figure(one) / figure(other)));
        format!("{middle:.3} ({low:.3}-{high:.3})")
    };
    let ns = |side: fn(&(Played, Played)) -> &Played| {
        let [_, middle, _] = quartiles(pairs.iter().map(|pair| side(pair).cpu.as_secs_f64()));
        middle * 1e9 / arguments.calls as f64
    };
    let done = |side: fn(&(Played, Played)) -> &Played| {
        let done: u64 = pairs.iter().map(|pair| side(pair).done).sum();
        done as f64 / (arguments.calls * arguments.pairs as u64) as f64
    };
    println!(
        "{call:<13} {name:<20} {:>19} {:>19}  {:>4.0} : {:>4.0}  {:.3} : {:.3}  {:.3} : {:.3}",
        spread(|played| played.cpu.as_secs_f64()),
        spread(|played| played.wall.as_secs_f64()),
        ns(|pair| &pair.0),
        ns(|pair| &pair.1),
        done(|pair| &pair.0),
        done(|pair| &pair.1),
        one.kept(),
        other.kept(),
    );
}

fn quartiles(figures: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[(figures.len() - 1) * quarter / 4])
}
