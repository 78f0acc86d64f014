//! What a server told of itself: the rows of a document, to be looked up by their names.

use net::admin::{Document, NotADocument, Row, Value};

/// The rows of a document, in the server's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Report {
    rows: Vec<Row<'static>>,
}

/// One of many of a kind, such as a connection: the rows named `thing:field`, one behind another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Thing<'a> {
    name: &'a str,
    rows: &'a [Row<'static>],
}

impl Report {
    /// Reads the line of an answer. A refusal is the server's sentence.
    pub(crate) fn parse(line: &[u8]) -> Result<Result<Report, String>, NotADocument> {
        Ok(match Document::parse(line)? {
            Document::Rows(rows) => Ok(Report {
                rows: rows.into_iter().map(owned).collect(),
            }),
            Document::Error(why) => Err(why.into_owned()),
        })
    }

    /// Appends the rows of a further document.
    pub(crate) fn extend<'a>(&mut self, rows: impl IntoIterator<Item = Row<'a>>) {
        self.rows.extend(rows.into_iter().map(owned));
    }

    /// All rows.
    pub(crate) fn rows(&self) -> &[Row<'static>] {
        &self.rows
    }

    /// All rows, to keep.
    pub(crate) fn into_rows(self) -> Vec<Row<'static>> {
        self.rows
    }

    /// The things that rows are about, in order; rows about none are passed over.
    pub(crate) fn things(&self) -> impl Iterator<Item = Thing<'_>> {
        self.rows
            .chunk_by(|a, b| match parts(&a.name) {
                (Some(thing), _) => field(thing, &b.name).is_some(),
                (None, _) => !b.name.contains(':'),
            })
            .filter_map(|rows| {
                let name = parts(&rows.first()?.name).0?;
                Some(Thing { name, rows })
            })
    }
}

impl<'a> Thing<'a> {
    /// What it is called.
    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// As [`Lookup::text`], for as long as there is the report.
    pub(crate) fn text(&self, field: &str) -> Option<&'a str> {
        let (_, row) = self.fields().find(|(name, _)| *name == field)?;
        match &row.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its fields, each with its name.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Row<'static>)> {
        let of = |row: &'a Row<'static>| Some((field(self.name, &row.name)?, row));
        self.rows.iter().filter_map(of)
    }
}

/// Rows that are looked up by what they are called: in a report by their names, in a thing by
/// their fields.
pub(crate) trait Lookup {
    /// The row that is called so.
    fn row(&self, name: &str) -> Option<&Row<'static>>;

    /// Its value, when that is a whole number.
    fn number(&self, name: &str) -> Option<u64> {
        match self.row(name)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Its value, when that is a number of either kind.
    fn real(&self, name: &str) -> Option<f64> {
        match self.row(name)?.value {
            Value::Number(number) => Some(number as f64),
            Value::Real(real) => Some(real),
            Value::Text(_) => None,
        }
    }

    /// Its value, when that is a text.
    fn text(&self, name: &str) -> Option<&str> {
        match &self.row(name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Lookup for Report {
    fn row(&self, name: &str) -> Option<&Row<'static>> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl Lookup for Thing<'_> {
    fn row(&self, field: &str) -> Option<&Row<'static>> {
        let (_, row) = self.fields().find(|(name, _)| *name == field)?;
        Some(row)
    }
}

/// The thing that a row is about, and the field. What a thing is called may have colons itself.
fn parts(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once(':') {
        Some((thing, field)) => (Some(thing), field),
        None => (None, name),
    }
}

/// What a row of this name tells of `thing`, if it is about it.
fn field<'a>(thing: &str, name: &'a str) -> Option<&'a str> {
    let field = name.strip_prefix(thing)?.strip_prefix(':')?;
    (!field.contains(':')).then_some(field)
}

fn owned(row: Row<'_>) -> Row<'static> {
    Row {
        name: row.name.into_owned().into(),
        kind: row.kind,
        unit: row.unit.into_owned().into(),
        value: match row.value {
            Value::Number(number) => Value::Number(number),
            Value::Real(real) => Value::Real(real),
            Value::Text(text) => Value::Text(text.into_owned().into()),
        },
        help: row.help.into_owned().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(line: &str) -> Report {
        let read = Report::parse(line.as_bytes()).expect("a document");
        read.expect("rows")
    }

    #[test]
    fn a_value_of_another_kind_would_be_taken_for_a_number_or_a_text() {
        let report = report(
            r#"{"rows":[{"name":"items","value":7},{"name":"load","value":0.5},{"name":"version","value":"1"}]}"#,
        );
        assert_eq!(report.number("items"), Some(7));
        assert_eq!(report.real("items"), Some(7.0));
        assert_eq!(report.real("load"), Some(0.5));
        assert_eq!(report.text("version"), Some("1"));
        for (number, text) in [("load", "load"), ("version", "items"), ("none", "none")] {
            assert_eq!(report.number(number), None);
            assert_eq!(report.text(text), None);
        }
    }

    #[test]
    fn the_fields_of_one_thing_would_be_shown_with_another() {
        let report = report(
            r#"{"rows":[{"name":"window","value":60},{"name":"[::1]:80:age","value":1},{"name":"[::1]:80:tls","value":""},{"name":"2:age","value":3}]}"#,
        );
        let things: Vec<_> = report.things().collect();
        let names: Vec<_> = things.iter().map(Thing::name).collect();
        assert_eq!(names, ["[::1]:80", "2"]);
        assert_eq!(things[0].number("age"), Some(1));
        assert_eq!(things[0].text("tls"), Some(""));
        assert_eq!(things[1].number("age"), Some(3));
        assert_eq!(things[1].row("tls"), None);
        let fields: Vec<_> = things[0].fields().map(|(field, _)| field).collect();
        assert_eq!(fields, ["age", "tls"]);
    }

    #[test]
    fn a_refusal_would_be_an_empty_report() {
        let refused = Report::parse(br#"{"error":"there is no verb 'x'"}"#);
        assert_eq!(refused, Ok(Err("there is no verb 'x'".to_owned())));
        assert_eq!(Report::parse(b"ERROR\r\n"), Err(NotADocument));
    }
}
