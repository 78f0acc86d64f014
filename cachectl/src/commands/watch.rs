//! A line of figures an interval.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use ratatui::crossterm::terminal;
use serde::Serialize;

use crate::admin::Admin;
use crate::connection::Tls;
use crate::failure::Failure;
use crate::figure::Figure;
use crate::output;
use crate::place::Place;
use crate::reach::Reach;
use crate::top::answers::{Answers, Reports};
use crate::top::history::{ASKED, Point};
use crate::top::poller::{now, poll};

/// Headings, and how wide their columns are: 80 in all, with a blank between two.
const COLUMNS: [(&str, usize); 11] = [
    ("UTC", 8),
    ("ops/s", 6),
    ("hit", 6),
    ("p99", 6),
    ("items", 6),
    ("memory", 6),
    ("evict/s", 7),
    ("exp/s", 6),
    ("conns", 5),
    ("in/s", 7),
    ("out/s", 7),
];

/// What is told of an interval; what is not known of it is null in JSON.
#[derive(Debug, Serialize)]
struct Figures {
    /// Unix time, in milliseconds.
    time_ms: u64,
    requests_per_second: Option<f64>,
    hit_ratio: Option<f64>,
    p50_seconds: Option<f64>,
    p99_seconds: Option<f64>,
    p999_seconds: Option<f64>,
    items: Option<u64>,
    item_bytes: Option<u64>,
    memory_bytes: Option<u64>,
    evictions_per_second: Option<f64>,
    expiries_per_second: Option<f64>,
    connections: Option<u64>,
    received_bytes_per_second: Option<f64>,
    sent_bytes_per_second: Option<f64>,
}

/// An interval without an answer, in JSON.
#[derive(Serialize)]
struct Silence {
    time_ms: u64,
    error: String,
}

/// Prints a line every `interval`, `count` of them or for ever. It goes on when the server stops, and
/// says so; one that is not there at the start is a failure.
pub(super) fn run(
    interval: Duration,
    count: Option<u64>,
    reach: &Reach,
    json: bool,
) -> Result<(), Failure> {
    let mut server = Server {
        places: reach.admin()?,
        tls: reach.tls()?,
        admin: None,
    };
    let mut reports = Reports::default();
    reports.take(server.ask()?);
    let mut printer = Printer::new(json);
    let mut silence = None;
    let mut due = Instant::now();
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        left -= 1;
        // From when it was due, so that slow answers do not make the interval longer.
        due = (due + interval).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
        match server.ask() {
            Ok(answers) => {
                if silence.take().is_some() && !json {
                    say("the server answers again");
                }
                let time = answers.time;
                reports.take(answers);
                printer.figures(&Figures::of(&reports, time))?;
            }
            Err(failure) => {
                reports.interrupt();
                if json {
                    output::print(output::json(&Silence {
                        time_ms: now(),
                        error: failure.to_string(),
                    }))?;
                } else if silence.is_none() {
                    say(&format!("{failure}; it is asked again"));
                }
                silence = Some(failure);
            }
        }
    }
    silence.map_or(Ok(()), Err)
}

fn say(sentence: &str) {
    // Whoever has closed standard error does not want to know.
    let _ = writeln!(io::stderr(), "cachectl: {sentence}");
}

/// Who is asked, over one connection as long as it lasts.
struct Server {
    places: Vec<Place>,
    tls: Option<Tls>,
    admin: Option<Admin>,
}

impl Server {
    fn ask(&mut self) -> Result<Answers, Failure> {
        let mut admin = match self.admin.take() {
            Some(admin) => admin,
            None => Admin::connect(&self.places, self.tls.as_ref())?,
        };
        let answers = poll(&mut admin, ASKED)?;
        self.admin = Some(admin);
        Ok(answers)
    }
}

impl Figures {
    /// What the latest two answers tell.
    fn of(reports: &Reports, time_ms: u64) -> Figures {
        let point = Point::of(reports, time_ms);
        let count = |value: Option<f64>| value.map(|count| count as u64);
        Figures {
            time_ms,
            requests_per_second: point.requests,
            hit_ratio: point.hit_ratio,
            p50_seconds: point.p50,
            p99_seconds: point.p99,
            p999_seconds: point.p999,
            items: count(reports.real("stats", "curr_items")),
            item_bytes: count(point.item_bytes),
            memory_bytes: count(reports.real("stats", "limit_maxbytes")),
            evictions_per_second: point.evictions,
            expiries_per_second: point.expiries,
            connections: count(point.connections),
            received_bytes_per_second: point.received,
            sent_bytes_per_second: point.sent,
        }
    }

    /// Under `COLUMNS`.
    fn cells(&self) -> [String; COLUMNS.len()] {
        let time = UNIX_EPOCH + Duration::from_millis(self.time_ms);
        let time = humantime::format_rfc3339_seconds(time).to_string();
        let memory = self.item_bytes.zip(self.memory_bytes);
        let memory = memory.map(|(items, memory)| items as f64 / memory.max(1) as f64);
        let of = |value, figure: fn(f64) -> Figure<'static>| Figure::of(value, figure).to_string();
        [
            time.get(11..19).unwrap_or_default().to_owned(),
            of(self.requests_per_second, Figure::Count),
            of(self.hit_ratio, Figure::Share),
            of(self.p99_seconds, Figure::Span),
            of(self.items.map(|items| items as f64), Figure::Count),
            of(memory, Figure::Share),
            of(self.evictions_per_second, Figure::Count),
            of(self.expiries_per_second, Figure::Count),
            of(self.connections.map(|it| it as f64), Figure::Count),
            of(self.received_bytes_per_second, Figure::Bytes),
            of(self.sent_bytes_per_second, Figure::Bytes),
        ]
    }
}

/// Prints lines, for people under headings.
struct Printer {
    json: bool,
    /// Lines until the headings have left the screen.
    until_headings: u16,
}

impl Printer {
    fn new(json: bool) -> Printer {
        Printer {
            json,
            until_headings: 0,
        }
    }

    fn figures(&mut self, figures: &Figures) -> Result<(), Failure> {
        if self.json {
            return output::print(output::json(figures));
        }
        if self.until_headings == 0 {
            output::print(line(&COLUMNS.map(|(heading, _)| heading.to_owned())))?;
            self.until_headings = lines_a_screen();
        }
        self.until_headings -= 1;
        output::print(line(&figures.cells()))
    }
}

/// Lines below the headings; where there is no screen, there is one heading.
fn lines_a_screen() -> u16 {
    if !io::stdout().is_terminal() {
        return u16::MAX;
    }
    let lines = terminal::size().map_or(24, |(_, lines)| lines);
    lines.saturating_sub(1).max(1)
}

fn line(cells: &[String]) -> String {
    let cells = cells.iter().zip(COLUMNS);
    let cells: Vec<_> = cells
        .map(|(cell, (_, width))| format!("{cell:>width$}"))
        .collect();
    cells.join(" ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(times: &[u64]) -> Reports {
        let mut reports = Reports::default();
        for &time in times {
            let requests = time / 10;
            let stats = format!(
                r#"{{"rows":[{{"name":"get_hits","value":{requests}}},{{"name":"get_misses","value":0}},
                {{"name":"bytes","value":1048576}},{{"name":"limit_maxbytes","value":67108864}},
                {{"name":"curr_items","value":12345}},{{"name":"bytes_read","value":{time}}}]}}"#
            );
            let cached = format!(r#"{{"rows":[{{"name":"requests","value":{requests}}}]}}"#);
            let document = |text| serde_json::value::RawValue::from_string(text).expect("JSON");
            reports.take(Answers {
                time,
                documents: vec![
                    ("stats".to_owned(), document(stats).into()),
                    ("stats cached".to_owned(), document(cached).into()),
                ],
            });
        }
        reports
    }

    #[test]
    fn a_figure_would_stand_under_another_heading() {
        let headings = line(&COLUMNS.map(|(heading, _)| heading.to_owned()));
        let known = line(&Figures::of(&reports(&[1000, 3000]), 3000).cells());
        let unknown = line(&Figures::of(&reports(&[1000]), 1000).cells());
        assert_eq!(
            [headings.as_str(), &known, &unknown].concat(),
            "     UTC  ops/s    hit    p99  items memory evict/s  exp/s conns    in/s   out/s\n\
             00:00:03    100 100.0%      -  12.3k   1.6%       -      -     -   1000B       -\n\
             00:00:01      -      -      -  12.3k   1.6%       -      -     -       -       -\n"
        );
        assert!(headings.len() <= 81);
    }
}
