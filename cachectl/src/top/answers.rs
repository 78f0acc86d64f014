//! What the server was asked and answered, as it came and as it is looked up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::report::{Lookup, Report};

/// What came of one poll.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answers {
    /// When, in milliseconds of unix time.
    pub(crate) time: u64,
    /// Each request, and the document that answers it. What comes in several documents has its
    /// request several times.
    pub(crate) documents: Vec<(String, Answer)>,
}

/// A document as it came, and as it reads: rows, or why there are none.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Box<RawValue>")]
pub(crate) struct Answer {
    pub(crate) document: Box<RawValue>,
    pub(crate) read: Result<Report, String>,
}

impl From<Box<RawValue>> for Answer {
    fn from(document: Box<RawValue>) -> Answer {
        let read = Report::parse(document.get().as_bytes());
        Answer {
            read: read.unwrap_or_else(|not_one| Err(not_one.to_string())),
            document,
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(writer)
    }
}

/// The latest answer to each request, and the one before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports(BTreeMap<String, Known>);

#[derive(Clone, Debug)]
struct Known {
    /// In milliseconds of unix time, as are those below.
    time: u64,
    /// Rows, or why there are none.
    answer: Result<Report, String>,
    earlier: Option<(u64, Report)>,
    /// It is of a server that may have been another than the next.
    stale: bool,
}

impl Reports {
    /// Takes in what came of a poll.
    pub(crate) fn take(&mut self, answers: Answers) {
        let Answers { time, documents } = answers;
        let mut begun = Vec::new();
        for (request, Answer { read, .. }) in documents {
            if begun.contains(&request) {
                self.continue_with(&request, read);
                continue;
            }
            let before = self.0.remove(&request);
            let before = before.filter(|known| !known.stale);
            let earlier = before.and_then(|known| Some((known.time, known.answer.ok()?)));
            let known = Known {
                time,
                answer: read,
                earlier,
                stale: false,
            };
            self.0.insert(request.clone(), known);
            begun.push(request);
        }
    }

    /// Takes in a further document of an answer.
    fn continue_with(&mut self, request: &str, more: Result<Report, String>) {
        let Some(known) = self.0.get_mut(request) else {
            return;
        };
        match (&mut known.answer, more) {
            (Ok(report), Ok(more)) => report.extend(more.into_rows()),
            (Ok(_), Err(why)) => known.answer = Err(why),
            (Err(_), _) => {}
        }
    }

    /// The server may be another one from now on: what it counts has no rate across this moment.
    pub(crate) fn interrupt(&mut self) {
        for known in self.0.values_mut() {
            known.earlier = None;
            known.stale = true;
        }
    }

    /// The latest answer to `request`.
    pub(crate) fn report(&self, request: &str) -> Option<&Report> {
        self.0.get(request)?.answer.as_ref().ok()
    }

    /// Why there is none, where the server refused.
    pub(crate) fn refusal(&self, request: &str) -> Option<&str> {
        let answer = &self.0.get(request)?.answer;
        answer.as_ref().err().map(String::as_str)
    }

    /// The answer before the latest, and how many seconds earlier it was.
    pub(crate) fn earlier(&self, request: &str) -> Option<(&Report, f64)> {
        let known = self.0.get(request)?;
        let (time, report) = known.earlier.as_ref()?;
        let past = known.time.checked_sub(*time).filter(|past| *past > 0)?;
        Some((report, past as f64 / 1000.0))
    }

    /// The value of a row that is a number.
    pub(crate) fn real(&self, request: &str, row: &str) -> Option<f64> {
        self.report(request)?.real(row)
    }

    /// By how much a counter grew between the latest two answers.
    pub(crate) fn growth(&self, request: &str, row: &str) -> Option<f64> {
        let (earlier, _) = self.earlier(request)?;
        let growth = self.real(request, row)? - earlier.real(row)?;
        (growth >= 0.0).then_some(growth)
    }

    /// By how much it grew a second.
    pub(crate) fn rate(&self, request: &str, row: &str) -> Option<f64> {
        let (_, seconds) = self.earlier(request)?;
        Some(self.growth(request, row)? / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(time: u64, document: &str) -> Answers {
        let document = RawValue::from_string(document.to_owned()).expect("JSON");
        Answers {
            time,
            documents: vec![("stats".to_owned(), document.into())],
        }
    }

    fn counter(time: u64, value: u64) -> Answers {
        answers(
            time,
            &format!(r#"{{"rows":[{{"name":"gets","value":{value}}}]}}"#),
        )
    }

    #[test]
    fn a_counter_that_went_back_would_have_a_negative_rate() {
        let mut reports = Reports::default();
        for (time, value, wanted) in [
            (1_000, 50, None),
            (3_000, 250, Some(100.0)),
            (4_000, 10, None),
            (4_500, 15, Some(10.0)),
            (4_500, 16, None),
            (4_000, 17, None),
        ] {
            reports.take(counter(time, value));
            assert_eq!(reports.rate("stats", "gets"), wanted, "at {time}");
        }
    }

    #[test]
    fn what_another_server_counted_would_be_compared() {
        let mut reports = Reports::default();
        reports.take(counter(1_000, 5));
        reports.take(counter(1_500, 6));
        reports.interrupt();
        assert_eq!(reports.rate("stats", "gets"), None);
        reports.take(counter(2_000, 500));
        assert_eq!(reports.rate("stats", "gets"), None);
    }

    #[test]
    fn the_rest_of_a_long_answer_would_take_the_place_of_its_beginning() {
        let mut whole = counter(1_000, 1);
        let rest = answers(1_000, r#"{"rows":[{"name":"sets","value":2}]}"#);
        whole.documents.extend(rest.documents);
        let mut reports = Reports::default();
        for time in [1_000, 2_000] {
            whole.time = time;
            reports.take(whole.clone());
        }
        assert_eq!(reports.real("stats", "gets"), Some(1.0));
        assert_eq!(reports.real("stats", "sets"), Some(2.0));
        assert_eq!(reports.rate("stats", "gets"), Some(0.0));
    }

    #[test]
    fn a_refusal_would_be_an_answer_or_the_end() {
        let mut reports = Reports::default();
        reports.take(answers(1, r#"{"error":"there is no group"}"#));
        assert_eq!(reports.refusal("stats"), Some("there is no group"));
        reports.take(answers(2, "[]"));
        assert!(reports.refusal("stats").is_some());
        reports.take(counter(3, 1));
        assert_eq!(reports.refusal("stats"), None);
        assert_eq!(reports.growth("stats", "gets"), None);
    }
}
