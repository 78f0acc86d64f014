//! What more or less memory would do.

use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::failure::Failure;
use crate::output;
use crate::reach::Reach;
use crate::sizing::{ASKED, Estimate, estimate};
use crate::top::answers::Reports;
use crate::top::poller::poll;

/// An estimate in JSON.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    estimate: &'a Estimate,
    verdict: String,
}

/// Looks on for `interval`, and prints what was seen.
pub(super) fn run(interval: Duration, reach: &Reach, json: bool) -> Result<(), Failure> {
    let mut reports = Reports::default();
    reports.take(poll(&mut reach.connect()?, ASKED)?);
    thread::sleep(interval);
    // Anew: a server waits half a minute for the next request.
    reports.take(poll(&mut reach.connect()?, ASKED)?);
    let estimate = estimate(&reports).ok_or_else(|| {
        let why =
            "it does not tell of evicted keys, being older, or was reset or restarted meanwhile";
        Failure::Refused(why.to_owned())
    })?;
    if json {
        let verdict = estimate.verdict();
        let told = Told {
            estimate: &estimate,
            verdict,
        };
        return output::print(output::json(&told));
    }
    output::print(estimate.lines().join("\n") + "\n")
}
