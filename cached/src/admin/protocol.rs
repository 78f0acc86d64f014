//! The verbs of the admin protocol.

use net::admin::{Kind, Request, Row, Writer, error_line};

use super::config;
use super::stats::{GROUPS, Stats};
use crate::tls::{Outcome, Reload};

/// What comes of a request.
pub(super) enum Answer {
    /// The document.
    Document(Vec<u8>),
    /// What [`reloaded`] makes of the outcome, once there is one.
    Later(Reload),
}

/// Answers `line`.
pub(super) fn answer(line: &[u8], stats: &Stats) -> Answer {
    let answered = Request::parse(line)
        .map_err(str::to_owned)
        .and_then(|request| match (request.verb, request.argument) {
            ("reload", None) => reload(stats).map(Answer::Later),
            _ => execute(request, stats).map(|document| Answer::Document(document.finish())),
        });
    answered.unwrap_or_else(|why| Answer::Document(error_line(&why)))
}

fn reload(stats: &Stats) -> Result<Reload, String> {
    let tls = stats.tls.as_ref();
    let tls = tls.ok_or("there is nothing to reload: TLS is off")?;
    Ok(tls.ask_reload())
}

/// The document that tells of a reload: what holds of the certificates now.
pub(super) fn reloaded(outcome: Outcome, stats: &Stats) -> Vec<u8> {
    if let Err(why) = outcome {
        return error_line(&format!("nothing is changed: {why}"));
    }
    let mut document = Writer::new();
    let shown = stats.rows("tls", &mut |row| {
        if row.name.starts_with("certificate") {
            document.row(row);
        }
    });
    debug_assert_eq!(shown, Ok(()), "a known group");
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
