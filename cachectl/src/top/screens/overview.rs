//! The server at a glance.

use super::Scene;
use crate::figure::Figure;
use crate::report::Lookup;
use crate::top::alarms::alarms;
use crate::top::history::{Point, ratio_ever};
use crate::top::look::Mark;
use crate::top::panel::{Bar, Body, Graph, Pair, Panel};

pub(super) const ASKED: &[&str] = &["stats process"];

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let mut panels = vec![
        requests_over_time(scene),
        hit_ratio(scene),
        latency(scene),
        memory(scene),
        leaving(scene),
        clients(scene),
        uses(scene),
        process(scene),
    ];
    // What is wrong is whole wherever there is room for half a dozen.
    let place = if alarms(scene.reports).is_empty() {
        panels.len()
    } else {
        5
    };
    panels.insert(place, wrong(scene));
    panels
}

pub(super) fn requests_over_time(scene: &Scene<'_>) -> Panel {
    let now = scene.history.latest();
    Panel {
        title: "Requests",
        headline: Figure::of(now.requests, Figure::Rate).to_string(),
        body: Body::Graphs(vec![graph(scene, "", |point| point.requests, Figure::Rate)]),
    }
}

fn hit_ratio(scene: &Scene<'_>) -> Panel {
    let now = Figure::of(scene.history.latest().hit_ratio, Figure::Share);
    let ever = ratio_ever(scene.reports, "get_hits", "get_misses");
    let ever = Figure::of(ever, Figure::Share);
    Panel {
        title: "Hit ratio",
        headline: format!("{now}, {ever} since the start"),
        body: Body::Graphs(vec![Graph {
            top: Some(1.0),
            ..graph(scene, "", |point| point.hit_ratio, Figure::Share)
        }]),
    }
}

fn latency(scene: &Scene<'_>) -> Panel {
    let now = scene.history.latest();
    let p99 = Figure::of(now.p99, Figure::Span);
    let refused = scene.reports.refusal("stats buckets");
    let labelled = |name: &str, figure: fn(&Point) -> Option<f64>| {
        let label = format!("{name} {}", Figure::of(figure(&now), Figure::Span));
        graph(scene, &label, figure, Figure::Span)
    };
    Panel {
        title: "Latency",
        headline: format!("p99 {p99}"),
        body: match refused {
            Some(why) => Body::Words(vec![(Mark::Dim, format!("not told: {why}"))]),
            None => Body::Graphs(vec![
                labelled("p50", |point| point.p50),
                labelled("p99", |point| point.p99),
                labelled("p999", |point| point.p999),
            ]),
        },
    }
}

fn memory(scene: &Scene<'_>) -> Panel {
    let now = scene.history.latest();
    let limit = scene.reports.real("stats", "limit_maxbytes");
    Panel {
        title: "Items",
        headline: format!(
            "{} of {}",
            Figure::of(now.item_bytes, Figure::Bytes),
            Figure::of(limit, Figure::Bytes)
        ),
        body: Body::Graphs(vec![Graph {
            top: limit,
            ..graph(scene, "", |point| point.item_bytes, Figure::Bytes)
        }]),
    }
}

/// What the memory is for.
fn uses(scene: &Scene<'_>) -> Panel {
    let stats = scene.reports.report("stats");
    let limit = scene.reports.real("stats", "limit_maxbytes");
    let buffers = scene.reports.real("stats cached", "buffer_bytes");
    let bar = |label: &str, bytes: Option<f64>| {
        let share = limit.filter(|limit| *limit > 0.0).zip(bytes);
        Bar {
            label: label.to_owned(),
            parts: vec![share.map_or(0.0, |(limit, bytes)| bytes / limit)],
            value: Figure::of(bytes, Figure::Bytes).to_string(),
        }
    };
    let bytes = |name| stats.and_then(|stats| stats.real(name));
    Panel {
        title: "Memory",
        headline: format!(
            "{}, {} items",
            Figure::of(limit, Figure::Bytes),
            Figure::of(bytes("curr_items"), Figure::Count)
        ),
        body: Body::Bars(vec![
            bar("items", bytes("bytes")),
            bar("index", bytes("hash_bytes")),
            bar("buffers", buffers),
        ]),
    }
}

fn leaving(scene: &Scene<'_>) -> Panel {
    let now = scene.history.latest();
    let evictions = Figure::of(now.evictions, Figure::Rate);
    let expiries = Figure::of(now.expiries, Figure::Rate);
    Panel {
        title: "Leaving",
        headline: format!("evicted {evictions}, expired {expiries}"),
        body: Body::Graphs(vec![
            graph(scene, "evicted", |point| point.evictions, Figure::Rate),
            graph(scene, "expired", |point| point.expiries, Figure::Rate),
        ]),
    }
}

fn wrong(scene: &Scene<'_>) -> Panel {
    let alarms = alarms(scene.reports);
    let headline = match alarms.as_slice() {
        [] => "none".to_owned(),
        [(mark, words)] => format!("{}{words}", mark.sign()),
        alarms => alarms.len().to_string(),
    };
    Panel {
        title: "Alarms",
        headline,
        body: Body::Words(alarms),
    }
}

fn clients(scene: &Scene<'_>) -> Panel {
    let now = scene.history.latest();
    let most = scene.reports.real("stats", "max_connections");
    let accepted = scene.reports.rate("stats", "total_connections");
    let per_turn = scene.reports.rate("stats cached", "turns");
    let per_turn = now.requests.zip(per_turn).filter(|(_, turns)| *turns > 0.0);
    let pair = |name: &str, figure: Figure<'_>| Pair::new(name, figure);
    Panel {
        title: "Clients",
        headline: format!(
            "{} of {} connections",
            Figure::of(now.connections, Figure::Count),
            Figure::of(most, Figure::Count)
        ),
        body: Body::Pairs(vec![
            pair("accepted", Figure::of(accepted, Figure::Rate)),
            pair("received", Figure::of(now.received, Figure::Flow)),
            pair("sent", Figure::of(now.sent, Figure::Flow)),
            pair(
                "requests a turn",
                Figure::of(per_turn.map(|(requests, turns)| requests / turns), |n| {
                    Figure::Count((n * 100.0).round() / 100.0)
                }),
            ),
        ]),
    }
}

fn process(scene: &Scene<'_>) -> Panel {
    let process = |row| scene.reports.real("stats process", row);
    let cpu = scene.reports.rate("stats process", "cpu");
    let threads = scene.reports.real("stats", "threads");
    let pair = |name: &str, figure: Figure<'_>| Pair::new(name, figure);
    Panel {
        title: "Process",
        headline: format!("{} of a core", Figure::of(cpu, Figure::Share)),
        body: Body::Pairs(vec![
            pair("workers", Figure::of(threads, Figure::Count)),
            pair(
                "resident",
                Figure::of(process("resident_memory"), Figure::Bytes),
            ),
            pair("open files", Figure::of(process("open_fds"), Figure::Count)),
        ]),
    }
}

fn graph(
    scene: &Scene<'_>,
    label: &str,
    of: fn(&Point) -> Option<f64>,
    figure: fn(f64) -> Figure<'static>,
) -> Graph {
    Graph {
        label: label.to_owned(),
        points: scene.history.of(of),
        step: scene.history.step(),
        top: None,
        figure,
    }
}
