//! The commands that are a verb of the admin protocol: asked as they are, and the answer printed.

use std::time::Duration;

use net::admin::{Request, Row};

use super::tables;
use crate::admin::{Admin, PATIENCE, PATIENCE_OTHERS};
use crate::arguments::Question;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::reach::Reach;
use crate::report::Report;
use crate::text;

/// What is asked: a verb, the words behind it, and how long the answer may take.
pub(crate) struct Inquiry {
    verb: &'static str,
    words: Vec<String>,
    patience: Duration,
}

impl Inquiry {
    pub(super) fn new(verb: &'static str) -> Inquiry {
        Inquiry {
            verb,
            words: Vec::new(),
            patience: PATIENCE,
        }
    }

    pub(super) fn words(self, words: impl IntoIterator<Item = String>) -> Inquiry {
        Inquiry {
            words: words.into_iter().collect(),
            ..self
        }
    }

    pub(super) fn patience(self, patience: Duration) -> Inquiry {
        Inquiry { patience, ..self }
    }
}

impl Question {
    pub(crate) fn inquiry(&self) -> Inquiry {
        match self {
            Question::Ping => Inquiry::new("ping"),
            Question::Version => Inquiry::new("version"),
            Question::Stats { group } => Inquiry::new("stats").words(group.clone()),
            Question::Hotkeys { by } => Inquiry::new("hotkeys").words(by.clone()),
            Question::Config => Inquiry::new("config"),
            Question::Connections => Inquiry::new("connections"),
            Question::Segments => Inquiry::new("stats").words(["segments".to_owned()]),
            Question::Ttl => Inquiry::new("stats").words(["ttl".to_owned()]),
            Question::Latency { dist } => {
                let group = if *dist { "buckets" } else { "latency" };
                Inquiry::new("stats").words([group.to_owned()])
            }
        }
    }

    /// What people read of the answer from `place`.
    pub(crate) fn text(&self, place: &Place, report: &Report) -> String {
        match self {
            Question::Ping => format!("{place} answers\n"),
            Question::Version => text::values(report.rows()),
            Question::Stats { .. } | Question::Segments => text::table(report.rows()),
            Question::Hotkeys { .. } => tables::hot_keys(report),
            Question::Config => tables::settings(report),
            Question::Connections => tables::connections(report),
            Question::Ttl => tables::ttl(report),
            Question::Latency { dist: false } => tables::latency(report),
            Question::Latency { dist: true } => tables::distribution(report),
        }
    }
}

impl Inquiry {
    /// Asks, and shows `take` each line of the answer, and its rows: a document has a bound, the
    /// rest of a long answer comes in others.
    pub(crate) fn ask(
        &self,
        admin: &mut Admin,
        mut take: impl FnMut(&[u8], &[Row<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut words = self.words.clone();
        loop {
            let request = Request {
                verb: self.verb,
                arguments: words.iter().map(String::as_str).collect(),
            };
            let line = admin.ask(&request, self.patience)?;
            let mut rows = admin.rows(&line)?;
            let next = rows.pop_if(|row| self.verb == "connections" && row.name == "next");
            take(&line, &rows)?;
            match next {
                Some(next) => words = vec![next.value.to_string()],
                None => return Ok(()),
            }
        }
    }

    /// Asks for all the rows of the answer.
    pub(super) fn report(&self, admin: &mut Admin) -> Result<Report, Failure> {
        let mut report = Report::default();
        self.ask(admin, |_, rows| {
            report.extend(rows.iter().cloned());
            Ok(())
        })?;
        Ok(report)
    }

    /// Asks, and prints what is answered: for scripts as it is, for people as `text` has it.
    pub(super) fn print(
        &self,
        admin: &mut Admin,
        json: bool,
        text: impl Fn(&Place, &Report) -> String,
    ) -> Result<(), Failure> {
        if json {
            return self.ask(admin, |line, _| output::print(line));
        }
        let report = self.report(admin)?;
        output::print(text(admin.place(), &report))
    }
}

/// Asks the one server that is meant, and prints what it answers.
pub(super) fn question(question: &Question, reach: &Reach, json: bool) -> Result<(), Failure> {
    let text = |place: &_, report: &_| question.text(place, report);
    question.inquiry().print(&mut reach.connect()?, json, text)
}

/// Ends a connection.
pub(super) fn kill(id: u64, reach: &Reach, json: bool) -> Result<(), Failure> {
    // A worker is waited for.
    let inquiry = Inquiry::new("kill")
        .words([id.to_string()])
        .patience(PATIENCE_OTHERS);
    let text = |_: &_, report: &Report| text::table(report.rows());
    match inquiry.print(&mut reach.connect()?, json, text) {
        Err(Failure::Refused(why)) if why.starts_with("there is no connection") => {
            Err(Failure::NotFound(why))
        }
        done => done,
    }
}
