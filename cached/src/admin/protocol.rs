//! The verbs of the admin protocol.

use net::admin::{Kind, Request, Row, Writer, error_line};

use super::stats::{GROUPS, Stats};

/// The document that answers `line`.
pub(super) fn answer(line: &[u8], stats: &Stats) -> Vec<u8> {
    let answered = Request::parse(line)
        .map_err(str::to_owned)
        .and_then(|request| execute(request, stats));
    match answered {
        Ok(document) => document.finish(),
        Err(why) => error_line(&why),
    }
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
        ("ping" | "version", Some(_)) => {
            return Err(format!("{} takes no argument", request.verb));
        }
        (verb, _) => {
            return Err(format!(
                "there is no verb '{verb}'; there are ping, version, stats"
            ));
        }
    }
    Ok(document)
}
