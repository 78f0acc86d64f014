//! How long items are to live, and when they go.

use super::Scene;
use super::classes::{self, Class};
use crate::figure::Figure;
use crate::top::listing::{Cell, Column, Listing, Row};
use crate::top::panel::{Body, Graph, Panel};

pub(super) const ASKED: &[&str] = &["stats ttl"];

const COLUMNS: &[Column] = &[
    Column::new("TTL", 0),
    Column::new("bytes", 0),
    Column::new("share", 0),
    Column::growing("live/dead/expired"),
    Column::new("expired", 1),
    Column::new("next expiry", 0),
    Column::new("segments", 2),
];

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let classes = classes::read(scene);
    let soonest = classes.iter().filter_map(|class| class.expires_in);
    let soonest = soonest.reduce(f64::min);
    let expiries = scene.history.latest().expiries;
    vec![Panel {
        title: "Expired items",
        headline: format!(
            "{}, next in {}",
            Figure::of(expiries, Figure::Rate),
            Figure::of(soonest, Figure::Span)
        ),
        body: Body::Graphs(vec![Graph {
            label: String::new(),
            points: scene.history.of(|point| point.expiries),
            step: scene.history.step(),
            top: None,
            figure: Figure::Rate,
        }]),
    }]
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let classes = classes::read(scene);
    let all: f64 = classes.iter().map(|class| class.items).sum();
    let most = classes::most(&classes);
    Listing {
        title: "TTLs",
        columns: COLUMNS.to_vec(),
        rows: classes.iter().map(|class| row(class, all, most)).collect(),
        order: None,
        tail: false,
        empty: classes::why_empty(scene),
        detail: classes::detail,
    }
}

fn row<'a>(class: &Class<'a>, all: f64, most: f64) -> Row<'a> {
    let share =
        |part: f64, whole: f64| Figure::of((whole > 0.0).then(|| part / whole), Figure::Share);
    Row {
        id: class.name.into(),
        cells: vec![
            Figure::Text(class.title().into()).into(),
            Figure::Bytes(class.items).into(),
            share(class.items, all).into(),
            Cell::bar(class.parts(most)),
            share(class.expired, class.items).into(),
            Figure::of(class.expires_in, Figure::Span).into(),
            Figure::Count(class.segments).into(),
        ],
    }
}
