//! Where the memory is, what leaves it and why.

use super::Scene;
use super::classes::{self, Class};
use crate::figure::Figure;
use crate::sizing::{Estimate, estimate};
use crate::top::listing::{Cell, Column, Listing, Row};
use crate::top::look::Mark;
use crate::top::panel::{Bar, Body, Pair, Panel};

pub(super) const ASKED: &[&str] = &["stats segments", "stats ttl"];

const COLUMNS: &[Column] = &[
    Column::new("TTL class", 0),
    Column::new("segments", 0),
    Column::new("open", 4),
    Column::new("live", 0),
    Column::new("dead", 1),
    Column::new("expired", 1),
    Column::growing("live/dead/expired"),
    Column::new("oldest", 2),
    Column::new("youngest", 3),
];

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    vec![
        bytes(scene),
        evictions(scene),
        sizing(scene),
        segments(scene),
        reclaim(scene),
        index(scene),
    ]
}

/// What more or less of it would do to the hit ratio.
fn sizing(scene: &Scene<'_>) -> Panel {
    let estimate = estimate(scene.reports);
    let curve = estimate.as_ref().map(Estimate::curve).unwrap_or_default();
    let bars = curve.iter().map(|(size, words)| Bar {
        label: Figure::Bytes(size.memory_bytes).to_string(),
        parts: vec![size.hit_ratio],
        value: format!("{words:<8} {}", Figure::Share(size.hit_ratio)),
    });
    Panel {
        title: "Sizing",
        headline: estimate.map_or_else(|| "not told".to_owned(), |estimate| estimate.gist()),
        body: Body::Bars(bars.collect()),
    }
}

fn of(scene: &Scene<'_>, row: &str) -> Option<f64> {
    scene.reports.real("stats segments", row)
}

fn rate(scene: &Scene<'_>, row: &str) -> Option<f64> {
    scene.reports.rate("stats segments", row)
}

/// What the memory holds.
fn bytes(scene: &Scene<'_>) -> Panel {
    let limit = scene.reports.real("stats", "limit_maxbytes");
    let share = |bytes: Option<f64>| match (bytes, limit) {
        (Some(bytes), Some(limit)) if limit > 0.0 => bytes / limit,
        _ => 0.0,
    };
    let (dead, expired) = (of(scene, "dead_bytes"), of(scene, "expired_bytes"));
    let states =
        ["open", "sealed", "draining"].map(|state| of(scene, &format!("{state}_item_bytes")));
    let all: Option<f64> = states.into_iter().sum();
    let live = all.map(|all| all - dead.unwrap_or(0.0) - expired.unwrap_or(0.0));
    // By its own count; the segments being written tell theirs once a second.
    let stored = scene.reports.real("stats", "bytes");
    let free = of(scene, "segments_free").zip(of(scene, "segment_bytes"));
    let bar = |label: &str, parts: &[Option<f64>], bytes| Bar {
        label: label.to_owned(),
        parts: parts.iter().map(|part| share(*part)).collect(),
        value: Figure::of(bytes, Figure::Bytes).to_string(),
    };
    let free = free.map(|(segments, bytes)| segments * bytes);
    let index = of(scene, "index_bytes");
    let buffers = scene.reports.real("stats cached", "buffer_bytes");
    Panel {
        title: "Memory",
        headline: format!(
            "{} live of {}",
            Figure::of(stored, Figure::Bytes),
            Figure::of(limit, Figure::Bytes),
        ),
        body: Body::Bars(vec![
            bar("items", &[live, dead, expired], all),
            bar("free", &[free], free),
            bar("index", &[index], index),
            bar("buffers", &[buffers], buffers),
        ]),
    }
}

/// Rows of what items go for, and in words.
const REASONS: &[(&str, &str)] = &[
    ("evicted_space", "want of heap"),
    ("evicted_window", "of it, for spans"),
    ("evicted_index", "want of index"),
    ("expired", "expired"),
    ("flushed", "flushed"),
    ("no_space", "no free segment"),
];

fn evictions(scene: &Scene<'_>) -> Panel {
    let evicted = scene.history.latest().evictions;
    let pairs = REASONS
        .iter()
        .map(|(row, words)| counter(scene, row, words));
    Panel {
        title: "What leaves, and why",
        headline: format!("evicted {}", Figure::of(evicted, Figure::Rate)),
        body: Body::Pairs(pairs.collect()),
    }
}

/// How fast a counter of `stats segments` grows, and where it stands.
fn counter(scene: &Scene<'_>, row: &str, words: &str) -> Pair {
    let rate = Figure::of(rate(scene, row), Figure::Rate).to_string();
    let ever = Figure::of(of(scene, row), Figure::Count);
    Pair::new(words, format!("{rate:<9}{ever} ever"))
}

/// States, and in words.
const STATES: &[(&str, &str)] = &[
    ("segments_free", "free"),
    ("segments_open", "open"),
    ("segments_sealed", "sealed"),
    ("segments_draining", "draining"),
    ("segments_retired", "retired"),
    ("segments_lent", "the index's"),
    ("segments_withheld", "withheld"),
];

fn segments(scene: &Scene<'_>) -> Panel {
    let all = of(scene, "segments").filter(|all| *all > 0.0);
    let bars = STATES.iter().map(|(row, words)| {
        let segments = of(scene, row);
        let share = segments.zip(all).map(|(some, all)| some / all);
        Bar {
            label: (*words).to_owned(),
            parts: vec![share.unwrap_or(0.0)],
            value: Figure::of(segments, Figure::Count).to_string(),
        }
    });
    let figure = |row, figure| Figure::of(of(scene, row), figure);
    Panel {
        title: "Segments",
        headline: format!(
            "{} of {}, oldest {}",
            figure("segments", Figure::Count),
            figure("segment_bytes", Figure::Bytes),
            figure("age_oldest", Figure::Span),
        ),
        body: Body::Bars(bars.collect()),
    }
}

/// Why segments are emptied, and in words.
const RECLAIMED: &[(&str, &str)] = &[
    ("segments_evicted", "by the policy"),
    ("segments_expired", "expired"),
    ("segments_dead", "wholly dead"),
    ("segments_compacted", "half dead"),
    ("segments_window", "for spans"),
    ("segments_flushed", "flushed"),
    ("moved", "items moved"),
    ("slices", "slices of work"),
    ("slices_slow", "beyond 50us"),
];

fn reclaim(scene: &Scene<'_>) -> Panel {
    let emptied: Option<f64> = RECLAIMED
        .iter()
        .filter(|(row, _)| row.starts_with("segments_"))
        .map(|(row, _)| rate(scene, row))
        .sum();
    let longest = of(scene, "slice_ns_max").map(|ns| ns / 1e9);
    let counters = RECLAIMED
        .iter()
        .map(|(row, words)| counter(scene, row, words));
    let longest = Pair::new("longest slice", Figure::of(longest, Figure::Span));
    Panel {
        title: "Segments emptied",
        headline: Figure::of(emptied, Figure::Rate).to_string(),
        body: Body::Pairs(counters.chain([longest]).collect()),
    }
}

fn index(scene: &Scene<'_>) -> Panel {
    let figure = |row, figure: fn(f64) -> Figure<'static>| Figure::of(of(scene, row), figure);
    let overhead = of(scene, "overhead_per_item");
    Panel {
        title: "Index",
        headline: format!(
            "{}, {} full",
            figure("index_bytes", Figure::Bytes),
            figure("index_load", Figure::Share),
        ),
        body: Body::Pairs(vec![
            Pair::new("slots", figure("index_slots", Figure::Count)),
            counter(scene, "index_resizes", "resizes"),
            Pair::new("item headers", figure("header_bytes", Figure::Bytes)),
            Pair::new(
                "overhead an item",
                Figure::of(overhead.map(f64::round), Figure::Bytes),
            ),
            Pair {
                mark: match of(scene, "excess_bytes") {
                    Some(excess) if excess > 0.0 => Mark::Warn,
                    _ => Mark::Plain,
                },
                ..Pair::new("to be given up", figure("excess_bytes", Figure::Bytes))
            },
        ]),
    }
}

pub(super) fn listing<'a>(scene: &Scene<'a>) -> Listing<'a> {
    let classes = classes::read(scene);
    let most = classes::most(&classes);
    Listing {
        title: "Segments by TTL",
        columns: COLUMNS.to_vec(),
        rows: classes.iter().map(|class| row(class, most)).collect(),
        order: None,
        tail: false,
        empty: classes::why_empty(scene),
        detail: classes::detail,
    }
}

fn row<'a>(class: &Class<'a>, most: f64) -> Row<'a> {
    Row {
        id: class.name.into(),
        cells: vec![
            Figure::Text(class.title().into()).into(),
            Figure::Count(class.segments).into(),
            Figure::Count(class.open).into(),
            Figure::Bytes(class.live()).into(),
            Figure::Bytes(class.dead).into(),
            Figure::Bytes(class.expired).into(),
            Cell::bar(class.parts(most)),
            Figure::Span(class.oldest).into(),
            Figure::Span(class.youngest).into(),
        ],
    }
}
