//! Each call on each cache, by criterion. The times are processor times of a call, with its share of what keeps the
//! cache in order.

use std::time::Duration;

use criterion::{Criterion, SamplingMode};

use crate::subjects::Named;
use crate::workload::{BYTES_A_KEY, Call, Case, Common};

pub(crate) fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for call in Call::ALL {
        for &popularity in call.popularities() {
            for keys in [10_000, 1_000_000, 10_000_000] {
                for threads in [1, 2] {
                    measure(
                        &mut criterion,
                        &Case {
                            call,
                            popularity,
                            keys,
                            threads,
                            common: Common::Keys,
                            bytes_a_key: BYTES_A_KEY,
                        },
                    );
                }
            }
        }
    }
    criterion.final_summary();
}

fn measure(criterion: &mut Criterion, case: &Case) {
    let mut group = criterion.benchmark_group(case.to_string());
    group.sampling_mode(SamplingMode::Flat);
    for Named { name, make } in Named::USUAL {
        // Made when it is asked for: most are left out by the filter.
        let mut stage = None;
        group.bench_function(name, |bencher| {
            let stage = stage.get_or_insert_with(|| make(case));
            bencher.iter_custom(|calls| stage.play(calls).cpu);
        });
    }
    group.finish();
}
