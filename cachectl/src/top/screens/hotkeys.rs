//! The keys that are asked for most.

use super::Scene;
use crate::figure::Figure;
use crate::report::Lookup;
use crate::top::listing::{Cell, Column, Listing, Row};
use crate::top::panel::{Body, Pair, Panel};

/// By what keys are hot.
pub(super) const MODES: &[&str] = &["by requests", "by bytes"];

pub(super) fn asked(mode: usize) -> &'static [&'static str] {
    match mode {
        0 => &["hotkeys ops"],
        _ => &["hotkeys bytes"],
    }
}

const COLUMNS: &[Column] = &[
    Column::new("rank", 1),
    Column::growing("key"),
    Column::new("share", 0),
    Column::new("of the hottest", 2),
    Column::new("per s", 0),
];

fn request(scene: &Scene<'_>) -> &'static str {
    asked(scene.mode)[0]
}

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let row = |name| scene.reports.real(request(scene), name);
    let report = scene.reports.report(request(scene));
    let keys = report.iter().flat_map(|report| report.things());
    let shares: Vec<_> = keys.filter_map(|key| key.real("share")).collect();
    let of_first = |count: usize| {
        let some = (!shares.is_empty()).then(|| shares.iter().take(count).sum());
        Figure::of(some, Figure::Share)
    };
    let (window, sample) = (row("window"), row("sample"));
    vec![Panel {
        title: "Hot keys",
        headline: format!("of the last {}", Figure::of(window, Figure::Span)),
        body: Body::Pairs(vec![
            Pair::new(
                "requests counted",
                format!(
                    "{}, one in {}",
                    Figure::of(row("samples"), Figure::Count),
                    Figure::of(sample, Figure::Count)
                ),
            ),
            Pair::new("hottest key", of_first(1)),
            Pair::new("hottest ten", of_first(10)),
        ]),
    }]
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let report = scene.reports.report(request(scene));
    let window = report.and_then(|report| report.real("window"));
    let keys: Vec<_> = report.iter().flat_map(|report| report.things()).collect();
    let most = keys
        .iter()
        .filter_map(|key| key.real("share"))
        .fold(0.0, f64::max);
    let rows = keys.iter().map(|key| {
        let name = key.text("key").unwrap_or("");
        let share = key.real("share");
        let bar = share
            .filter(|_| most > 0.0)
            .map_or(0.0, |share| share / most);
        Row {
            id: name.into(),
            cells: vec![
                Figure::of(key.name().parse().ok(), Figure::Count).into(),
                Figure::Text(name.into()).into(),
                Figure::of(share, Figure::Share).into(),
                Cell::bar(vec![bar]),
                per_second(scene.mode, key, window).into(),
            ],
        }
    });
    Listing {
        title: "Keys",
        columns: COLUMNS.to_vec(),
        rows: rows.collect(),
        order: None,
        tail: false,
        empty: match scene.reports.refusal(request(scene)) {
            Some(why) => why.to_owned().into(),
            None => "no request has been counted in that time".into(),
        },
        detail,
    }
}

/// Requests for a key, or their bytes, in a second of the window.
fn per_second(mode: usize, key: &impl Lookup, window: Option<f64>) -> Figure<'static> {
    let field = if mode == 0 { "requests" } else { "bytes" };
    let weight = key.real(field).zip(window.filter(|window| *window > 0.0));
    let rate = weight.map(|(weight, window)| weight / window);
    Figure::of(
        rate,
        if mode == 0 {
            Figure::Rate
        } else {
            Figure::Bytes
        },
    )
}

fn detail(scene: &Scene<'_>, id: &str) -> Vec<Pair> {
    let report = scene.reports.report(request(scene));
    let key = report.and_then(|report| report.things().find(|key| key.text("key") == Some(id)));
    let Some(key) = key else { return Vec::new() };
    let rows = key.fields().map(|(field, row)| match field {
        "share" => Pair::new(field, Figure::of(key.real(field), Figure::Share)),
        "bytes" => Pair::new(
            "bytes in the window",
            Figure::of(key.real(field), Figure::Bytes),
        ),
        "requests" => Pair::new("requests in the window", &row.value),
        _ => Pair::new(field, &row.value),
    });
    [Pair::new("rank", key.name())]
        .into_iter()
        .chain(rows)
        .collect()
}
