//! The verbs of the admin protocol.

use net::admin::{Kind, Request, Row, Writer, error_line};

use super::config;
use super::stats::{GROUPS, Stats, text};
use crate::orders::{Awaited, Outcome};
use crate::settings::{Change, Fate};

/// What comes of a request.
pub(super) enum Answer {
    /// The document.
    Document(Vec<u8>),
    /// What [`reloaded`] makes of the outcome, once there is one.
    Later(Awaited<Vec<Change>>),
}

/// Answers `line`.
pub(super) fn answer(line: &[u8], stats: &Stats) -> Answer {
    let answered = Request::parse(line)
        .map_err(str::to_owned)
        .and_then(|request| match (request.verb, request.argument) {
            ("reload", None) => Ok(Answer::Later(stats.orders.reload())),
            _ => execute(request, stats).map(|document| Answer::Document(document.finish())),
        });
    answered.unwrap_or_else(|why| Answer::Document(error_line(&why)))
}

/// The document that tells what became of each setting: first those that the reload has changed,
/// then those that wait for a restart, then the others.
pub(super) fn reloaded(outcome: Outcome<Vec<Change>>) -> Vec<u8> {
    let changes = match outcome {
        Ok(changes) => changes,
        Err(why) => return error_line(&format!("nothing is changed: {why}")),
    };
    let mut document = Writer::new();
    for fate in [Fate::Applied, Fate::Restart, Fate::Unchanged] {
        for change in changes.iter().filter(|change| change.fate == fate) {
            let key = change.key;
            document.row(&text(key, fate.name()));
            if fate != Fate::Unchanged {
                document.row(&text(&format!("{key}:from"), &change.from));
                document.row(&text(&format!("{key}:to"), &change.to));
            }
        }
    }
    document.finish()
}

fn execute(request: Request<'_>, stats: &Stats) -> Result<Writer, String> {
    let mut document = Writer::new();
    match (request.verb, request.argument) {
        // The answer itself says that the server lives.
        ("ping", None) => {}
        ("version", None) => document.row(&Row {
            name: "version".into(),
            kind: Kind::Text,
            unit: "".into(),
            value: env!("CARGO_PKG_VERSION").into(),
            help: "".into(),
        }),
        ("stats", group) => {
            let group = group.unwrap_or_default();
            stats
                .rows(group, &mut |row| document.row(row))
                .map_err(|_| {
                    let known = GROUPS.join(", ");
                    format!("there is no group '{group}'; there are {known}")
                })?;
        }
        ("config", None) => config::rows(&stats.live.now(), &mut |row| document.row(row)),
        ("ping" | "version" | "config" | "reload", Some(_)) => {
            return Err(format!("{} takes no argument", request.verb));
        }
        (verb, _) => {
            return Err(format!(
                "there is no verb '{verb}'; there are ping, version, config, stats, reload"
            ));
        }
    }
    Ok(document)
}
