//! What clients ask for.

use super::Scene;
use super::overview::requests_over_time;
use crate::figure::Figure;
use crate::report::{Lookup, Thing};
use crate::top::history::{interval, ratio};
use crate::top::listing::{Cell, Column, Listing, Order, Row};
use crate::top::panel::{Body, Pair, Panel};

pub(super) const ASKED: &[&str] = &["stats latency"];

/// Of what time the figures are.
pub(super) const MODES: &[&str] = &["now", "since the start"];

const NOW: usize = 0;

const COLUMNS: &[Column] = &[
    Column::new("command", 0),
    Column::new("requests", 0),
    Column::new("share", 2),
    Column::new("hits", 1),
    Column::new("p50", 3),
    Column::new("p99", 0),
    Column::new("p999", 2),
    Column::new("slowest ever", 4),
];

/// The counters of `stats` that tell of each kind what was found and what was not.
const OUTCOMES: &[(&str, &[&str], &[&str])] = &[
    ("get", &["get_hits"], &["get_misses"]),
    ("gat", &["touch_hits"], &["touch_misses"]),
    ("delete", &["delete_hits"], &["delete_misses"]),
    (
        "arith",
        &["incr_hits", "decr_hits"],
        &["incr_misses", "decr_misses"],
    ),
    ("touch", &["touch_hits"], &["touch_misses"]),
];

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let cached = |row| scene.reports.rate("stats cached", row);
    let pair = |name: &str, value| Pair::new(name, Figure::of(value, Figure::Rate));
    vec![
        requests_over_time(scene),
        Panel {
            title: "Not served at once",
            headline: String::new(),
            body: Body::Pairs(vec![
                pair("malformed or unknown", cached("request_errors")),
                pair("wait for a segment", cached("store_waits")),
                pair("wait for buffer memory", cached("budget_waits")),
            ]),
        },
    ]
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let report = scene.reports.report("stats latency");
    let kinds: Vec<_> = report.iter().flat_map(|report| report.things()).collect();
    let counts: Vec<_> = kinds.iter().map(|kind| requests(scene, kind)).collect();
    let sum: f64 = counts.iter().flatten().sum();
    let rows = kinds.iter().zip(counts).map(|(kind, count)| {
        let share = count.filter(|_| sum > 0.0).map(|count| count / sum);
        let figure = if scene.mode == NOW {
            Figure::of(count, Figure::Rate)
        } else {
            Figure::of(count, Figure::Count)
        };
        let [p50, p99, p999] = percentiles(scene, kind);
        let slowest = kind.real("max_ns").map(|ns| ns / 1e9);
        let cells = [
            Figure::Text(kind.name().into()),
            figure,
            Figure::of(share, Figure::Share),
            Figure::of(found(scene, kind.name()), Figure::Share),
            Figure::of(p50, Figure::Span),
            Figure::of(p99, Figure::Span),
            Figure::of(p999, Figure::Span),
            Figure::of(slowest, Figure::Span),
        ];
        Row {
            id: kind.name().into(),
            cells: cells.into_iter().map(Cell::from).collect(),
        }
    });
    Listing {
        title: "Commands",
        rows: rows.collect(),
        columns: COLUMNS.to_vec(),
        order: Some(Order {
            column: 1,
            descending: true,
        }),
        tail: false,
        empty: match scene.reports.refusal("stats latency") {
            Some(why) => why.to_owned().into(),
            None => "nothing has been asked for yet".into(),
        },
        detail,
    }
}

/// A second, or since the start.
fn requests(scene: &Scene<'_>, kind: &Thing<'_>) -> Option<f64> {
    let name = format!("{}:requests", kind.name());
    if scene.mode == NOW {
        scene.reports.rate("stats latency", &name)
    } else {
        scene.reports.real("stats latency", &name)
    }
}

fn percentiles(scene: &Scene<'_>, kind: &Thing<'_>) -> [Option<f64>; 3] {
    if scene.mode == NOW {
        let took = interval(scene.reports, Some(kind.name()));
        [0.5, 0.99, 0.999].map(|share| took.as_ref().and_then(|it| it.quantile(share)))
    } else {
        ["p50_ns", "p99_ns", "p999_ns"].map(|row| kind.real(row).map(|ns| ns / 1e9))
    }
}

/// The share of requests whose key was there.
fn found(scene: &Scene<'_>, kind: &str) -> Option<f64> {
    let (_, hits, misses) = OUTCOMES.iter().find(|(of, _, _)| *of == kind)?;
    let sum = |rows: &[&str]| -> Option<f64> {
        let read = |row: &&str| match scene.mode {
            NOW => scene.reports.growth("stats", row),
            _ => scene.reports.real("stats", row),
        };
        rows.iter().map(read).sum()
    };
    ratio(sum(hits), sum(misses))
}

fn detail(scene: &Scene<'_>, id: &str) -> Vec<Pair> {
    let report = scene.reports.report("stats latency");
    let kind = report.and_then(|report| report.things().find(|kind| kind.name() == id));
    let rows = kind.iter().flat_map(Thing::fields);
    rows.map(|(field, row)| match (field.strip_suffix("_ns"), kind) {
        (Some(name), Some(kind)) => {
            let seconds = kind.real(field).map(|ns| ns / 1e9);
            Pair::new(name, Figure::of(seconds, Figure::Span))
        }
        _ => Pair::new(field, &row.value),
    })
    .collect()
}
