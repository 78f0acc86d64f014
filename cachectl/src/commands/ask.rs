//! The commands that are a verb of the admin protocol: asked as they are, and the answer printed.

use std::time::Duration;

use net::admin::{Request, Row};

use crate::admin::{Admin, PATIENCE, PATIENCE_OTHERS};
use crate::arguments::Question;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::reach::Reach;
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
        }
    }

    /// What people read of the answer from `place`.
    pub(crate) fn text(&self, place: &Place, rows: &[Row<'_>]) -> String {
        match self {
            Question::Ping => format!("{place} answers\n"),
            Question::Version => text::values(rows),
            _ => text::table(rows),
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
}

/// Asks the one server that is meant, and prints what it answers.
pub(super) fn question(question: &Question, reach: &Reach, json: bool) -> Result<(), Failure> {
    one(&question.inquiry(), reach, json, |place, rows| {
        question.text(place, rows)
    })
}

/// Ends a connection.
pub(super) fn kill(id: u64, reach: &Reach, json: bool) -> Result<(), Failure> {
    // A worker is waited for.
    let inquiry = Inquiry::new("kill")
        .words([id.to_string()])
        .patience(PATIENCE_OTHERS);
    match one(&inquiry, reach, json, |_, rows| text::table(rows)) {
        Err(Failure::Refused(why)) if why.starts_with("there is no connection") => {
            Err(Failure::NotFound(why))
        }
        done => done,
    }
}

fn one(
    inquiry: &Inquiry,
    reach: &Reach,
    json: bool,
    text: impl Fn(&Place, &[Row<'_>]) -> String,
) -> Result<(), Failure> {
    print(inquiry, &mut reach.connect()?, json, text)
}

/// Asks on this connection, and prints what is answered.
pub(super) fn print(
    inquiry: &Inquiry,
    admin: &mut Admin,
    json: bool,
    text: impl Fn(&Place, &[Row<'_>]) -> String,
) -> Result<(), Failure> {
    let place = admin.place().clone();
    inquiry.ask(admin, |line, rows| {
        if json {
            output::print(line)
        } else {
            output::print(text(&place, rows))
        }
    })
}
