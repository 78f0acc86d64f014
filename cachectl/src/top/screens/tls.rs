//! Whether TLS is spoken, how, and what goes wrong with it.

use std::time::{Duration, UNIX_EPOCH};

use super::Scene;
use crate::figure::Figure;
use crate::report::Report;
use crate::top::look::Mark;
use crate::top::panel::{Bar, Body, Pair, Panel};

pub(super) const ASKED: &[&str] = &["stats tls"];

const REQUEST: &str = "stats tls";

/// From so few days on, the end of a certificate is to be looked at; the daemon warns from then on
/// too.
const DAYS_WARN: f64 = 30.0;

pub(super) fn panels(scene: &Scene<'_>) -> Vec<Panel> {
    match scene.reports.report(REQUEST) {
        Some(report) if report.rows().is_empty() => vec![not_spoken()],
        Some(report) => vec![
            certificate(scene),
            handshakes(scene),
            failures(scene),
            versions(scene),
            ciphers(scene, report),
            sessions(scene),
        ],
        None => vec![unknown(scene.reports.refusal(REQUEST))],
    }
}

fn not_spoken() -> Panel {
    Panel {
        title: "TLS",
        headline: "is not spoken".to_owned(),
        body: Body::Words(vec![
            (
                Mark::Plain,
                "This server has no listener for TLS: what its clients send and".to_owned(),
            ),
            (Mark::Plain, "receive can be read on the way.".to_owned()),
            (
                Mark::Plain,
                "--tls-listen, --tls-cert and --tls-key, or [tls] in the file, change that."
                    .to_owned(),
            ),
        ]),
    }
}

fn unknown(why: Option<&str>) -> Panel {
    let why = why.unwrap_or("there is no answer yet");
    Panel {
        title: "TLS",
        headline: String::new(),
        body: Body::Words(vec![(Mark::Dim, why.to_owned())]),
    }
}

fn figure(scene: &Scene<'_>, row: &str, figure: fn(f64) -> Figure<'static>) -> Figure<'static> {
    Figure::of(scene.reports.real(REQUEST, row), figure)
}

/// How fast a counter grows, and where it stands; marked while it does grow.
fn counter(scene: &Scene<'_>, row: &str, words: &str, growing: Mark) -> Pair {
    let rate = scene.reports.rate(REQUEST, row);
    let grows = rate.is_some_and(|rate| rate > 0.0);
    let rate = Figure::of(rate, Figure::Rate).to_string();
    let ever = figure(scene, row, Figure::Count);
    Pair {
        mark: if grows { growing } else { Mark::Plain },
        ..Pair::new(words, format!("{rate:<9}{ever} ever"))
    }
}

fn certificate(scene: &Scene<'_>) -> Panel {
    let days = scene.reports.real(REQUEST, "certificate_days");
    let ends = scene.reports.real(REQUEST, "certificate_expires");
    let left = ends.map(|ends| ends - scene.time as f64 / 1000.0);
    let (mark, words) = match left {
        Some(left) if left <= 0.0 => (Mark::Bad, "has ended: clients refuse it".to_owned()),
        Some(left) => {
            let mark = match days {
                Some(days) if days < DAYS_WARN => Mark::Warn,
                _ => Mark::Plain,
            };
            (mark, format!("ends in {}", Figure::Span(left)))
        }
        None => (Mark::Plain, "-".to_owned()),
    };
    let read = figure(scene, "certificates_age", Figure::Span);
    Panel {
        title: "Certificate",
        headline: format!("{}{words}", mark.sign()),
        body: Body::Pairs(vec![
            Pair::new("first end", ends.map_or("-".to_owned(), date)),
            Pair::new("read from files", format!("{read} ago")),
            counter(scene, "reloads", "reloads", Mark::Plain),
            counter(scene, "reloads_failed", "failed reloads", Mark::Bad),
        ]),
    }
}

/// A moment of unix time, in UTC; the year 10000 cannot be written.
fn date(seconds: f64) -> String {
    const YEAR_10000: f64 = 253_402_300_800.0;
    if !(0.0..YEAR_10000).contains(&seconds) {
        return "-".to_owned();
    }
    let time = UNIX_EPOCH + Duration::from_secs(seconds as u64);
    humantime::format_rfc3339_seconds(time).to_string()
}

fn handshakes(scene: &Scene<'_>) -> Panel {
    let rate = scene.reports.rate(REQUEST, "handshakes");
    let resumed = share(scene, "handshakes_resumed");
    Panel {
        title: "Handshakes",
        headline: format!(
            "{}, {} resumed",
            Figure::of(rate, Figure::Rate),
            Figure::of(resumed, Figure::Share)
        ),
        body: Body::Pairs(vec![
            counter(scene, "handshakes", "completed", Mark::Plain),
            counter(scene, "handshakes_resumed", "resumed", Mark::Plain),
            counter(scene, "failed", "failed", Mark::Warn),
            Pair::new(
                "under way",
                figure(scene, "handshakes_under_way", Figure::Count),
            ),
            counter(scene, "handshakes_full", "at their limit", Mark::Warn),
        ]),
    }
}

/// The share of all handshakes since the start.
fn share(scene: &Scene<'_>, row: &str) -> Option<f64> {
    let all = scene.reports.real(REQUEST, "handshakes")?;
    let some = scene.reports.real(REQUEST, row)?;
    (all > 0.0).then(|| some / all)
}

/// Rows, and why in words.
const CAUSES: &[(&str, &str)] = &[
    ("failed_plaintext", "not TLS"),
    ("failed_version", "no common version"),
    ("failed_cipher", "no common cipher"),
    ("failed_no_certificate", "no certificate"),
    ("failed_certificate", "bad certificate"),
    ("failed_name", "name not allowed"),
    ("failed_refused", "client refused us"),
    ("failed_closed", "client left"),
    ("failed_timeout", "too slow"),
    ("failed_other", "another reason"),
];

fn failures(scene: &Scene<'_>) -> Panel {
    let happened = |row: &str| scene.reports.real(REQUEST, row).is_some_and(|it| it > 0.0);
    let causes: Vec<_> = CAUSES
        .iter()
        .filter(|(row, _)| happened(row))
        .map(|(row, words)| counter(scene, row, words, Mark::Warn))
        .collect();
    Panel {
        title: "Failed handshakes",
        headline: match causes.as_slice() {
            [] => "none since the start".to_owned(),
            _ => figure(scene, "failed", Figure::Count).to_string(),
        },
        body: Body::Pairs(causes),
    }
}

fn bar(scene: &Scene<'_>, row: &str, label: &str) -> Bar {
    let share = share(scene, row);
    Bar {
        label: label.to_owned(),
        parts: vec![share.unwrap_or(0.0)],
        value: Figure::of(share, Figure::Share).to_string(),
    }
}

fn versions(scene: &Scene<'_>) -> Panel {
    let modern = share(scene, "handshakes_tls13");
    Panel {
        title: "Versions",
        headline: format!("{} TLS 1.3", Figure::of(modern, Figure::Share)),
        body: Body::Bars(vec![
            bar(scene, "handshakes_tls13", "TLS 1.3"),
            bar(scene, "handshakes_tls12", "TLS 1.2"),
            bar(scene, "handshakes_resumed", "resumed"),
        ]),
    }
}

/// Their names are long: shares stand before them.
fn ciphers(scene: &Scene<'_>, report: &Report) -> Panel {
    let ciphers = report.rows().iter().filter_map(|row| {
        let cipher = row.name.strip_prefix("cipher:")?;
        Some((share(scene, &row.name)?, cipher))
    });
    let mut ciphers: Vec<_> = ciphers.collect();
    ciphers.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let words = ciphers.iter().map(|(share, cipher)| {
        let share = Figure::Share(*share).to_string();
        (Mark::Plain, format!("{share:>6}  {cipher}"))
    });
    Panel {
        title: "Ciphers",
        headline: Figure::Count(ciphers.len() as f64).to_string(),
        body: Body::Words(words.collect()),
    }
}

fn sessions(scene: &Scene<'_>) -> Panel {
    let rate = |row| {
        let rate = scene.reports.rate(REQUEST, row);
        format!("{}/s", Figure::of(rate, Figure::Bytes))
    };
    Panel {
        title: "Sessions",
        headline: figure(scene, "sessions", Figure::Count).to_string(),
        body: Body::Pairs(vec![
            Pair::new("received", rate("bytes_read")),
            Pair::new("sent", rate("bytes_written")),
            counter(scene, "truncated", "left without word", Mark::Plain),
        ]),
    }
}
