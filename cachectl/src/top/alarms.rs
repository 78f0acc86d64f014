//! What is wrong with a server, in sentences for who must mend it.

use super::answers::Reports;
use super::look::Mark;
use crate::figure::Figure;
use crate::report::Lookup;

/// Everything that is wrong now, the worst first.
pub(crate) fn alarms(reports: &Reports) -> Vec<(Mark, String)> {
    let mut found: Vec<_> = states(reports).chain(losses(reports)).collect();
    found.sort_by_key(|(mark, _)| *mark != Mark::Bad);
    found
}

/// Gauges that should stand otherwise.
fn states(reports: &Reports) -> impl Iterator<Item = (Mark, String)> {
    let stats = |row| reports.report("stats").and_then(|it| it.real(row));
    let cached = |row| reports.report("stats cached").and_then(|it| it.real(row));
    let full = stats("curr_connections")
        .zip(stats("max_connections"))
        .filter(|(connections, most)| *connections >= most * 0.95)
        .map(|(connections, most)| {
            (
                Mark::Warn,
                format!("{connections} of {most} connections (limits.max_connections) are in use"),
            )
        });
    let waiting = cached("budget_waiting")
        .filter(|sessions| *sessions > 0.0)
        .map(|sessions| {
            (
                Mark::Warn,
                format!("{sessions} sessions wait for buffer memory"),
            )
        });
    let is = |value: Option<f64>, wrong: f64, mark, words: &str| {
        (value == Some(wrong)).then(|| (mark, words.to_owned()))
    };
    [
        is(
            cached("draining"),
            1.0,
            Mark::Bad,
            "the server is being drained, and then stops",
        ),
        is(
            stats("accepting_conns"),
            0.0,
            Mark::Bad,
            "no connections are accepted after an error: the log says which",
        ),
        is(
            cached("config_reload_failed"),
            1.0,
            Mark::Bad,
            "the configuration file cannot be used: what was in effect before the reload still is",
        ),
        full,
        waiting,
    ]
    .into_iter()
    .flatten()
}

/// Counters that should not grow: request, row, mark, what it means.
#[rustfmt::skip]
const LOSSES: &[(&str, &str, Mark, &str)] = &[
    ("stats", "rejected_connections", Mark::Bad, "connections are refused for being too many (limits.max_connections)"),
    ("stats", "store_no_memory", Mark::Bad, "values are refused for want of memory"),
    ("stats cached", "accept_errors", Mark::Bad, "connections cannot be accepted: the log says why"),
    ("stats cached", "closed_no_buffer", Mark::Bad, "sessions are closed for want of buffer memory"),
    ("stats cached", "request_errors", Mark::Warn, "requests are malformed or unknown"),
    ("stats cached", "closed_protocol", Mark::Warn, "clients speak another protocol"),
    ("stats cached", "closed_error", Mark::Warn, "sessions end by errors of their sockets"),
    ("stats cached", "log_dropped", Mark::Warn, "lines of the log are lost to a full ring"),
    ("stats cached", "log_unwritten", Mark::Warn, "lines of the log cannot be written"),
    ("stats cached", "command_log_dropped", Mark::Warn, "lines of the command log are lost to a full ring"),
    ("stats cached", "command_log_unwritten", Mark::Warn, "lines of the command log cannot be written"),
    ("stats cached", "slow_log_dropped", Mark::Warn, "lines of the slow log are lost to a full ring"),
    ("stats cached", "slow_log_unwritten", Mark::Warn, "lines of the slow log cannot be written"),
];

fn losses(reports: &Reports) -> impl Iterator<Item = (Mark, String)> {
    LOSSES.iter().filter_map(|(request, row, mark, words)| {
        let rate = reports.rate(request, row).filter(|rate| *rate > 0.0)?;
        Some((*mark, format!("{words}, {}", Figure::Rate(rate))))
    })
}
