//! The verbs of the admin protocol.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use net::admin::{Kind, REQUEST_MAX, Request, Row, Writer, error_line};

use super::client::Answer;
use super::config;
use super::control::Control;
use super::stats::{GROUPS, text};
use super::task::Task;
use crate::orders::Outcome;
use crate::settings::{Change, Fate};

/// Every verb. Who begins with another may speak another protocol, and is closed: behind the
/// request line that a web page had a browser send there could be a line of ours.
const VERBS: [&str; 11] = [
    "ping",
    "version",
    "config",
    "stats",
    "connections",
    "kill",
    "hotkeys",
    "log",
    "flush",
    "drain",
    "reload",
];

/// Takes a line off `input` and answers it; `None`: it is not whole.
pub(super) fn take(input: &mut Vec<u8>, control: &mut Control) -> Option<Answer> {
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
        let is_full = input.len() == REQUEST_MAX;
        return is_full.then(|| Answer::Last(error_line("the request is too long")));
    };
    let line: Vec<u8> = input.drain(..=end).collect();
    let line = line.trim_ascii_end();
    let shown = line.escape_ascii();
    (control.stats.log).debug(format_args!("admin request: {shown}"));
    Some(answer(line, control))
}

fn answer(line: &[u8], control: &mut Control) -> Answer {
    let answered = Request::parse(line)
        .map_err(str::to_owned)
        .and_then(|request| match (request.verb, &request.arguments[..]) {
            ("reload", []) => {
                let reload = Task::Reload(control.stats.orders.reload());
                Ok(Answer::Later(reload))
            }
            ("drain", []) => control.drain().map(Answer::Now),
            ("kill", [id]) => Task::kill(number(id)?, control).map(Answer::Later),
            ("flush", ["delay", seconds]) => Ok(Answer::Now(control.flush(number(seconds)?))),
            ("flush", ["prefix", prefix]) => Task::flush(prefix).map(Answer::Later),
            ("flush", []) => Ok(Answer::Now(control.flush(0))),
            (verb, _) if !VERBS.contains(&verb) => {
                let known = VERBS.join(", ");
                let why = format!("there is no verb '{verb}'; there are {known}");
                Ok(Answer::Last(error_line(&why)))
            }
            _ => execute(&request, control).map(|document| Answer::Now(document.finish())),
        });
    answered.unwrap_or_else(|why| Answer::Now(error_line(&why)))
}

fn number<T: FromStr>(word: &str) -> Result<T, String> {
    let number = word.parse();
    number.map_err(|_| format!("a number is wanted, and '{word}' is none"))
}

/// The document that tells what became of each setting: first those that the reload has changed,
/// then those that wait for a restart, then the others.
pub(super) fn reloaded(outcome: Outcome<Vec<Change>>) -> Vec<u8> {
    let changes = match outcome {
        Ok(changes) => changes,
        Err(why) => return error_line(&why),
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

fn execute(request: &Request<'_>, control: &mut Control) -> Result<Writer, String> {
    let stats = Arc::clone(&control.stats);
    let mut document = Writer::new();
    match (request.verb, &request.arguments[..]) {
        // The answer itself says that the server lives.
        ("ping", []) => {}
        ("version", []) => document.row(&Row {
            name: "version".into(),
            kind: Kind::Text,
            unit: "".into(),
            value: env!("CARGO_PKG_VERSION").into(),
            help: "".into(),
        }),
        ("stats", [] | [_]) => {
            let group = request.arguments.first().copied().unwrap_or_default();
            let survey = || control.survey(Instant::now());
            stats
                .rows(group, survey, &mut |row| document.row(row))
                .map_err(|_| {
                    let known = GROUPS.join(", ");
                    format!("there is no group '{group}'; there are {known}")
                })?;
        }
        ("config", []) => config::rows(&stats.live.now(), &mut |row| document.row(row)),
        ("hotkeys", [] | [_]) => {
            let by = request.arguments.first().copied().unwrap_or("ops");
            stats.hot_keys(by, &mut |row| document.row(row))?;
        }
        ("connections", []) => stats.connections(0, &mut |row| document.row(row)),
        ("connections", [from]) => {
            stats.connections(number(from)?, &mut |row| document.row(row));
        }
        ("log", []) => stats.log_lines(0, &mut |row| document.row(row)),
        ("log", [from]) => stats.log_lines(number(from)?, &mut |row| document.row(row)),
        ("ping" | "version" | "config" | "drain" | "reload", _) => {
            return Err(format!("{} takes no argument", request.verb));
        }
        ("connections", _) => return Err("connections takes one place to go on from".to_owned()),
        ("log", _) => return Err("log takes the number of a line to begin with".to_owned()),
        ("kill", _) => return Err("kill takes the id of a connection".to_owned()),
        ("flush", _) => {
            return Err("flush takes nothing, delay SECONDS, or prefix PREFIX".to_owned());
        }
        ("hotkeys", _) => return Err("hotkeys takes ops or bytes".to_owned()),
        (verb, _) => return Err(format!("{verb} takes one group")),
    }
    Ok(document)
}
