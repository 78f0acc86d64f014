//! The loads that servers are compared under.

use std::time::Duration;

use super::quotients::Quotient;
use super::{Compare, Preset};
use crate::mix::{Mix, Operation};
use crate::popularity::Popularity;
use crate::scenario::{Handshakes, PhaseKind};
use crate::weighted::Weighted;
use crate::wire::Protocol;
use crate::{Error, Scenario};

/// Bytes of a key, a value and what a server keeps beside them, roughly.
const OVERHEAD: u64 = 128;

/// Every key is to be found: the items take this part of a server's memory at most.
const MEMORY_PART: u64 = 4;

/// Loads that can share servers, since they ask for the same items.
pub(super) struct Group {
    /// What the servers are filled with.
    pub(super) fill: Scenario,
    pub(super) cases: Vec<Case>,
    pub(super) quotients: Vec<Quotient>,
}

pub(super) struct Case {
    /// Says what it is.
    pub(super) name: String,
    pub(super) scenario: Scenario,
}

/// Value sizes of the preset, with their names.
const VALUE_SIZES: [(u32, &str); 3] = [(64, "64 B"), (1024, "1 KiB"), (16 * 1024, "16 KiB")];

/// How long a turn of the preset at a fixed rate is measured, unless something
/// else is asked for: a p99.9 of less is luck.
const TURN: Duration = Duration::from_secs(20);

const PIPELINES: [u32; 2] = [1, 32];

pub(super) fn groups(compare: &Compare) -> Result<Vec<Group>, Error> {
    let groups = match compare.preset {
        None => vec![as_asked(compare)],
        Some(Preset::Readme) => VALUE_SIZES
            .iter()
            .map(|&(size, size_name)| readme(compare, size, size_name))
            .collect(),
        Some(Preset::Tls) => vec![tls(compare)],
    };
    for group in &groups {
        if group.cases.is_empty() {
            return Err(Error::Usage(
                "--phase: servers are compared under run and churn".to_owned(),
            ));
        }
        group.fill.check()?;
        for case in &group.cases {
            case.scenario.check()?;
            for program in &compare.servers {
                program.check(&case.scenario)?;
            }
        }
    }
    Ok(groups)
}

fn as_asked(compare: &Compare) -> Group {
    let scenario = &compare.scenario;
    let protocol = match scenario.protocol {
        Protocol::Classic => "",
        Protocol::Meta => ", meta",
    };
    let cases = scenario
        .phases
        .iter()
        .filter(|phase| !phase.is_once())
        .map(|&phase| Case {
            name: if phase == PhaseKind::Churn {
                format!("churn{protocol}")
            } else {
                let Scenario { mix, pipeline, .. } = scenario;
                format!("{mix}{protocol}, pipeline {pipeline}")
            },
            scenario: Scenario {
                phases: vec![phase],
                ..scenario.clone()
            },
        });
    Group {
        fill: filling(scenario),
        cases: cases.collect(),
        quotients: Vec::new(),
    }
}

fn readme(compare: &Compare, size: u32, size_name: &str) -> Group {
    let base = Scenario {
        protocol: Protocol::Classic,
        value_size: Weighted::fixed(size),
        keys: keys(compare, size),
        duration: compare.scenario.duration.or(Some(TURN)),
        ..compare.scenario.clone()
    };
    let is_first = size == VALUE_SIZES[0].0;
    let get = mix(&[(Operation::Get, 90.0), (Operation::Set, 10.0)]);
    let set = mix(&[(Operation::Set, 100.0)]);
    let mut loads = vec![
        ("get 90, set 10", &get, Protocol::Classic),
        ("set", &set, Protocol::Classic),
    ];
    if is_first {
        loads.insert(1, ("mg 90, ms 10", &get, Protocol::Meta));
    }
    let mut cases = Vec::new();
    for (name, mix, protocol) in loads {
        for pipeline in PIPELINES {
            cases.push(Case {
                name: format!("{size_name}, {name}, pipeline {pipeline}"),
                scenario: Scenario {
                    phases: vec![PhaseKind::Run],
                    protocol,
                    mix: mix.clone(),
                    pipeline,
                    ..base.clone()
                },
            });
        }
    }
    if is_first {
        cases.push(Case {
            name: format!("{size_name}, connect, get, close"),
            scenario: Scenario {
                phases: vec![PhaseKind::Churn],
                ..base.clone()
            },
        });
    }
    Group {
        fill: filling(&base),
        cases,
        quotients: Vec::new(),
    }
}

/// What TLS costs, beside the same servers without.
fn tls(compare: &Compare) -> Group {
    let size = VALUE_SIZES[0].0;
    let base = Scenario {
        protocol: Protocol::Classic,
        connections: 32,
        key_size: Weighted::fixed(16),
        value_size: Weighted::fixed(size),
        keys: keys(compare, size),
        popularity: Popularity::Zipf(0.99),
        mix: mix(&[(Operation::Get, 90.0), (Operation::Set, 10.0)]),
        duration: compare.scenario.duration.or(Some(TURN)),
        ..compare.scenario.clone()
    };
    let runs = PIPELINES.map(|pipeline| Case {
        name: format!("get 90, set 10, pipeline {pipeline}"),
        scenario: Scenario {
            phases: vec![PhaseKind::Run],
            pipeline,
            ..base.clone()
        },
    });
    let handshakes = [("full", Handshakes::Full), ("resumed", Handshakes::Resumed)];
    let handshakes = handshakes.map(|(name, handshakes)| Case {
        name: format!("connect, get, close; handshakes {name}"),
        scenario: Scenario {
            phases: vec![PhaseKind::Churn],
            handshakes,
            ..base.clone()
        },
    });
    let cases: Vec<_> = runs.into_iter().chain(handshakes).collect();
    Group {
        fill: filling(&base),
        quotients: tls_quotients(&cases),
        cases,
    }
}

fn tls_quotients(cases: &[Case]) -> Vec<Quotient> {
    let mut quotients = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let [tls, plain, tls_floor, floor, other] = [
            "cached-tls",
            "cached",
            "floor-tls",
            "floor",
            "memcached-tls",
        ]
        .map(|server| (at, server));
        let mut ask = |name: &str, above: &[_], below: &[_]| {
            let name = format!("{}: {name}", case.name);
            quotients.push(Quotient::new(name, above, below));
        };
        ask("cached-tls / memcached-tls", &[tls], &[other]);
        ask("cached-tls / floor-tls", &[tls], &[tls_floor]);
        if case.scenario.phases == [PhaseKind::Run] {
            ask("cached / floor", &[plain], &[floor]);
            let name = "(cached-tls / floor-tls) / (cached / floor)";
            ask(name, &[tls, floor], &[tls_floor, plain]);
            ask("cached-tls / cached", &[tls], &[plain]);
        }
        if case.scenario.handshakes == Handshakes::Resumed {
            ask("cached-tls / the same in full", &[tls], &[(at - 1, tls.1)]);
        }
    }
    quotients
}

fn mix(parts: &[(Operation, f64)]) -> Mix {
    Mix::new(parts.to_vec()).expect("weights above 0")
}

/// As many as were asked for, if they fit.
fn keys(compare: &Compare, value_size: u32) -> u32 {
    let memory = u64::from(compare.memory) << 20;
    let fitting = memory / MEMORY_PART / (u64::from(value_size) + OVERHEAD);
    compare.scenario.keys.min(fitting as u32)
}

/// Sets every key once.
fn filling(scenario: &Scenario) -> Scenario {
    Scenario {
        phases: vec![PhaseKind::Fill],
        pipeline: 32,
        rate: None,
        requests: None,
        ..scenario.clone()
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn cases(flags: &[&str]) -> Vec<Case> {
        let command = Compare::augment_args(Command::new("compare").no_binary_name(true));
        let matches = command.get_matches_from([&["-s", "floor"], flags].concat());
        let compare = Compare::from_arg_matches(&matches).unwrap();
        let groups = groups(&compare).unwrap();
        groups.into_iter().flat_map(|group| group.cases).collect()
    }

    #[test]
    fn a_quotient_would_be_of_another_server_or_load_than_its_name_says() {
        let cases = cases(&["--preset", "tls"]);
        let quotients = tls_quotients(&cases);
        assert_eq!(quotients.len(), 2 * 5 + 2 + 3);
        for Quotient { name, above, below } in &quotients {
            let (load, quotient) = name.split_once(": ").unwrap();
            let (at, first) = above[0];
            assert_eq!(load, cases[at].name);
            assert!(
                quotient.trim_start_matches('(').starts_with(first),
                "{name}"
            );
            for (case, server) in above.iter().chain(below) {
                assert!(quotient.contains(server), "{name}: {server}");
                assert!(*case == at || quotient.ends_with("in full"), "{name}");
            }
        }
        let (at, _) = quotients.last().unwrap().below[0];
        assert!(cases[at].name.ends_with("handshakes full"));
        let handshakes = |at: usize| cases[at].scenario.handshakes;
        assert_eq!(handshakes(at), Handshakes::Full);
        assert_eq!(handshakes(at + 1), Handshakes::Resumed);
    }

    #[test]
    fn a_load_would_be_in_another_protocol_than_its_name_says() {
        for flags in [&[][..], &["--protocol", "meta"]] {
            let cases = cases(&[flags, &["--preset", "readme"]].concat());
            let meta = cases.iter().filter(|case| case.name.contains(", mg "));
            assert_eq!(meta.count(), PIPELINES.len());
            for Case { name, scenario } in &cases {
                let is_meta = scenario.protocol == Protocol::Meta;
                assert_eq!(is_meta, name.contains(", mg "), "{name}");
            }
        }
        let names = |flags| cases(flags).into_iter().map(|case| case.name);
        let phases = ["--phase", "run,churn"];
        let classic = ["get=90,set=10, pipeline 1", "churn"];
        assert!(names(&phases).eq(classic));
        let meta = ["get=90,set=10, meta, pipeline 1", "churn, meta"];
        assert!(names(&[&phases[..], &["--protocol", "meta"]].concat()).eq(meta));
    }
}
