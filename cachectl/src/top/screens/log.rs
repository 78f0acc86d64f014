//! What the daemon said of late.

use super::Scene;
use crate::figure::Figure;
use crate::report::Thing;
use crate::top::listing::{Cell, Column, Listing, Row};
use crate::top::look::Mark;
use crate::top::panel::{Pair, Panel};

pub(super) const ASKED: &[&str] = &["log"];

const COLUMNS: &[Column] = &[
    Column::new("time", 1),
    Column::new("level", 0),
    Column::new("thread", 2),
    Column::growing("message"),
];

/// The lines have the whole screen; what is lost of them is told among what is wrong.
pub(super) fn panels(_: &Scene<'_>) -> Vec<Panel> {
    Vec::new()
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let report = scene.reports.report("log");
    let lines = report.iter().flat_map(|report| report.things());
    Listing {
        title: "Lines",
        columns: COLUMNS.to_vec(),
        rows: lines.map(row).collect(),
        order: None,
        tail: true,
        empty: match scene.reports.refusal("log") {
            Some(why) => why.to_owned().into(),
            None => "nothing has been said".into(),
        },
        detail,
    }
}

fn row(line: Thing<'_>) -> Row<'_> {
    let field = |name| line.text(name).unwrap_or("");
    let level = field("level");
    let mark = match level {
        "warn" => Mark::Warn,
        "debug" => Mark::Dim,
        _ => Mark::Plain,
    };
    let text = |text| Cell::from(Figure::Text(text));
    Row {
        id: line.name().into(),
        cells: vec![
            text(time_of_day(field("time")).into()),
            Cell {
                mark,
                ..text(level.into())
            },
            text(field("thread").into()),
            text(field("message").into()),
        ],
    }
}

/// Of a date and time, `2026-11-23T10:26:10.123Z`, what stands between T and Z.
fn time_of_day(time: &str) -> &str {
    let time = time.split_once('T').map_or(time, |(_, time)| time);
    time.trim_end_matches('Z')
}

fn detail(scene: &Scene<'_>, id: &str) -> Vec<Pair> {
    let report = scene.reports.report("log");
    let line = report.and_then(|report| report.things().find(|line| line.name() == id));
    let rows = line.iter().flat_map(Thing::fields);
    rows.map(|(field, row)| Pair::new(field, &row.value))
        .collect()
}
