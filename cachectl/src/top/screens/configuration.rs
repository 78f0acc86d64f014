//! Every setting: its value, where that is from, and whether a reload may change it.

use net::admin::{Row as AdminRow, Value};

use super::Scene;
use crate::figure::Figure;
use crate::report::{Lookup, Report};
use crate::top::listing::{Cell, Column, Listing, Row};
use crate::top::look::Mark;
use crate::top::panel::{Body, Pair, Panel};

pub(super) const ASKED: &[&str] = &["config"];

const COLUMNS: &[Column] = &[
    Column::new("setting", 0),
    Column::growing("value"),
    Column::growing("from"),
    Column::new("changed by", 1),
];

/// A setting in effect.
struct Setting<'a> {
    key: &'a str,
    value: &'a str,
    /// The place in a file, or the option; `default`.
    source: &'a str,
    /// What may change it: `live`, a reload, or `restart`.
    reload: &'a str,
}

impl<'a> Setting<'a> {
    fn is_default(&self) -> bool {
        self.source == "default"
    }

    fn changed_by(&self) -> &'a str {
        match self.reload {
            "live" => "reload",
            other => other,
        }
    }
}

/// A setting is a row of its own, its value, and behind it come those of where that is from and what
/// may change it.
fn read(report: Option<&Report>) -> impl Iterator<Item = Setting<'_>> {
    let rows = report.map_or(&[][..], Report::rows);
    let of_one = |a: &AdminRow<'_>, b: &AdminRow<'_>| key(&a.name) == key(&b.name);
    rows.chunk_by(of_one).filter_map(|rows| {
        let text = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row.name.rsplit(':').next() == Some(name))?;
            match &row.value {
                Value::Text(text) => Some(&**text),
                _ => None,
            }
        };
        let key = key(&rows.first()?.name);
        Some(Setting {
            key,
            value: text(key)?,
            source: text("source").unwrap_or(""),
            reload: text("reload").unwrap_or(""),
        })
    })
}

/// What a row is about.
fn key(name: &str) -> &str {
    name.split_once(':').map_or(name, |(key, _)| key)
}

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    let (mut all, mut set, mut live) = (0, 0, 0);
    for setting in read(scene.reports.report("config")) {
        all += 1;
        set += u32::from(!setting.is_default());
        live += u32::from(setting.reload == "live");
    }
    let stats = scene.reports.report("stats cached");
    let number = |row| stats.and_then(|stats| stats.real(row));
    let read_at = number("config_read_time").map(|read| scene.time as f64 / 1000.0 - read);
    let read = Figure::of(read_at.map(|ago| ago.max(0.0)), Figure::Span);
    let failed = number("config_reload_failed").is_some_and(|failed| failed > 0.0);
    let (mark, last) = if failed {
        (Mark::Bad, "not used: has errors")
    } else {
        (Mark::Plain, "in effect")
    };
    let count = |row| Figure::of(number(row), Figure::Count);
    vec![Panel {
        title: "Configuration",
        headline: format!("{}{set} of {all} are not the default", mark.sign()),
        body: Body::Pairs(vec![
            Pair {
                mark,
                ..Pair::new("last read", last)
            },
            Pair::new("in effect for", read),
            Pair::new("change by reload", live),
            Pair::new(
                "reloads",
                format!(
                    "{}, {} failed",
                    count("config_reloads"),
                    count("config_reloads_failed")
                ),
            ),
        ]),
    }]
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let text = |text: &'a str| Cell::from(Figure::Text(text.into()));
    let rows = read(scene.reports.report("config")).map(|setting| {
        let mark = if setting.is_default() {
            Mark::Dim
        } else {
            Mark::Plain
        };
        let marked = |cell| Cell { mark, ..cell };
        Row {
            id: setting.key.into(),
            cells: vec![
                text(setting.key),
                marked(text(setting.value)),
                marked(text(setting.source)),
                text(setting.changed_by()),
            ],
        }
    });
    Listing {
        title: "Settings",
        rows: rows.collect(),
        columns: COLUMNS.to_vec(),
        order: None,
        tail: false,
        empty: match scene.reports.refusal("config") {
            Some(why) => why.to_owned().into(),
            None => "there is no answer yet".into(),
        },
        detail,
    }
}

fn detail(scene: &Scene<'_>, id: &str) -> Vec<Pair> {
    let report = scene.reports.report("config");
    let Some(setting) = read(report).find(|setting| setting.key == id) else {
        return Vec::new();
    };
    let help = report
        .and_then(|report| report.row(id))
        .map_or("", |row| &row.help);
    let change = match setting.reload {
        "live" => "a reload: change it in the file, then R",
        _ => "a restart",
    };
    vec![
        Pair::new("value", setting.value),
        Pair::new("from", setting.source),
        Pair::new("changed by", change),
        Pair::new("meaning", help),
    ]
}
