//! The admin frame, both halves: a line with a verb comes in, one line of JSON goes out.
//!
//! ```text
//! > stats segments\n
//! < {"rows":[{"name":"segments","kind":"gauge","value":63,"help":"segments of the heap"}, ...]}\n
//! > stats nonsense\n
//! < {"error":"there is no group 'nonsense'"}\n
//! ```
//!
//! The frame knows no verb and no metric: whatever a server reports, a client of any age can show.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

pub use crate::percent::{key_bytes, key_text};

/// Longest request line in bytes, its newline included: a key takes up to three for each byte.
pub const REQUEST_MAX: usize = 1024;

/// Arguments that a request may have.
const ARGUMENTS_MAX: usize = 2;

/// Longest document in bytes, its newline included. An answer that would be longer is an error.
pub const DOCUMENT_MAX: usize = 16 << 20;

/// A request: a verb, and what it is about. Keys are written as [`key_text`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What to do.
    pub verb: &'a str,
    /// What to do it to, and how; two words at most.
    pub arguments: Vec<&'a str>,
}

impl<'a> Request<'a> {
    /// Reads a line. The error is a sentence for whoever sent it.
    pub fn parse(line: &'a [u8]) -> Result<Request<'a>, &'static str> {
        let line = str::from_utf8(line).map_err(|_| "a request must be text")?;
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().ok_or("a request must name a verb")?;
        let arguments: Vec<_> = words.collect();
        if arguments.len() > ARGUMENTS_MAX {
            return Err("a request takes at most two arguments");
        }
        Ok(Request { verb, arguments })
    }
}

impl fmt::Display for Request<'_> {
    /// The line that `parse` reads, with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb)?;
        for argument in &self.arguments {
            write!(f, " {argument}")?;
        }
        f.write_str("\n")
    }
}

/// What a row's value does over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only grows, until the server restarts or is told to reset.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Is no number.
    #[default]
    Text,
    /// One that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A row's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// A whole number.
    Number(u64),
    /// A number with a fraction, to the millionth.
    Real(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Real(real) => write!(f, "{real:.6}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Value::Number(number)
    }
}

impl From<Duration> for Value<'_> {
    /// In seconds.
    fn from(span: Duration) -> Self {
        Value::Real(span.as_secs_f64())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text.into())
    }
}

/// Reads values as they come: what serde derives keeps a copy of each, to try one kind after another.
struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Real(number as f64))
    }

    fn visit_f64<E>(self, real: f64) -> Result<Value<'de>, E> {
        Ok(Value::Real(real))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.to_owned().into()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Value<'a>, D::Error> {
        source.deserialize_any(ValueVisitor)
    }
}

/// One row of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row<'a> {
    /// What it is called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// What it does over time.
    #[serde(default)]
    pub kind: Kind,
    /// What it is counted in; empty for plain numbers and texts.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub unit: Cow<'a, str>,
    /// Its value.
    #[serde(borrow)]
    pub value: Value<'a>,
    /// What it means, in a few words.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub help: Cow<'a, str>,
}

/// The server's half: a document written row by row.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    empty: bool,
}

impl Default for Writer {
    fn default() -> Self {
        Writer::new()
    }
}

impl Writer {
    /// A document without rows.
    pub fn new() -> Writer {
        Writer {
            bytes: b"{\"rows\":[".to_vec(),
            empty: true,
        }
    }

    /// Appends a row. Once the document is too long, rows are passed over.
    pub fn row(&mut self, row: &Row<'_>) {
        if self.bytes.len() > DOCUMENT_MAX {
            return;
        }
        if !self.empty {
            self.bytes.push(b',');
        }
        self.empty = false;
        append(&mut self.bytes, row);
    }

    /// The whole line; the line of an error when it is too long.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(b"]}\n");
        if self.bytes.len() > DOCUMENT_MAX {
            return error_line("the answer is too long");
        }
        self.bytes
    }
}

/// The line of a document that reports an error.
pub fn error_line(message: &str) -> Vec<u8> {
    let mut bytes = b"{\"error\":".to_vec();
    append(&mut bytes, message);
    bytes.extend_from_slice(b"}\n");
    bytes
}

fn append<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) {
    let written = serde_json::to_writer(bytes, value);
    debug_assert!(
        written.is_ok(),
        "a Vec takes every byte, and all keys are texts"
    );
}

/// The client's half: a document read.
#[derive(Clone, Debug, PartialEq)]
pub enum Document<'a> {
    /// The server did as asked.
    Rows(Vec<Row<'a>>),
    /// The server did not, and says why.
    Error(Cow<'a, str>),
}

/// The bytes are no document of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADocument;

impl fmt::Display for NotADocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is no document of the admin protocol")
    }
}

impl std::error::Error for NotADocument {}

impl<'a> Document<'a> {
    /// Reads a line. Members it does not know are for a newer client, and passed over.
    pub fn parse(line: &'a [u8]) -> Result<Document<'a>, NotADocument> {
        #[derive(Deserialize)]
        struct Members<'a> {
            #[serde(borrow)]
            rows: Option<Vec<Row<'a>>>,
            #[serde(borrow)]
            error: Option<Cow<'a, str>>,
        }
        match serde_json::from_slice(line) {
            Ok(Members {
                error: Some(error), ..
            }) => Ok(Document::Error(error)),
            Ok(Members {
                rows: Some(rows), ..
            }) => Ok(Document::Rows(rows)),
            _ => Err(NotADocument),
        }
    }
}

/// The port of an admin address that names none.
pub const PORT: u16 = 9999;

/// Reads an address: `127.0.0.1`, `127.0.0.1:9999`, `::1`, `[::1]` or `[::1]:9999`. `port` is
/// taken where it names none.
pub fn parse_address(text: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let ip: IpAddr = match bare {
        Some(six) => six.parse::<Ipv6Addr>().ok()?.into(),
        None => text.parse().ok()?,
    };
    Some((ip, port).into())
}

/// Where the admin socket is when nobody says: the packaged place, then the user's own. The
/// server takes the first whose folder it can use, a client the first that answers.
///
/// `runtime_dir` is `$XDG_RUNTIME_DIR`.
pub fn default_sockets(runtime_dir: Option<&OsStr>) -> Vec<PathBuf> {
    let own = runtime_dir.map(|folder| Path::new(folder).join("cached/admin.sock"));
    [PathBuf::from("/run/cached/admin.sock")]
        .into_iter()
        .chain(own)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, value: Value<'static>) -> Row<'static> {
        Row {
            name: name.into(),
            kind: Kind::Gauge,
            unit: "bytes".into(),
            value,
            help: "".into(),
        }
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        for (line, verb, arguments) in [
            ("ping\n", "ping", vec![]),
            ("stats items\n", "stats", vec!["items"]),
            ("flush prefix a:\n", "flush", vec!["prefix", "a:"]),
        ] {
            let request = Request { verb, arguments };
            assert_eq!(request.to_string(), line);
            assert_eq!(Request::parse(line.as_bytes()), Ok(request));
        }
    }

    #[test]
    fn an_address_without_a_port_gets_the_usual_one() {
        for (text, wanted) in [
            ("127.0.0.1", Some("127.0.0.1:9999")),
            ("::1", Some("[::1]:9999")),
            ("[::1]", Some("[::1]:9999")),
            ("127.0.0.1:1", Some("127.0.0.1:1")),
            ("[::1]:1", Some("[::1]:1")),
            ("[127.0.0.1]", None),
            ("[::1", None),
            ("somewhere", None),
        ] {
            let wanted = wanted.map(|address| address.parse().unwrap());
            assert_eq!(parse_address(text, PORT), wanted, "{text}");
        }
    }

    #[test]
    fn a_request_that_cannot_be_meant_is_refused() {
        for line in [&b""[..], b" \r\n", b"stats a b c", b"\xff"] {
            assert!(Request::parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_document_comes_back_as_it_was_written() {
        let rows = vec![
            row("largest", Value::Number(u64::MAX)),
            row("real", Value::Real(1.5)),
            row("quote \" and \n newline", Value::Text("\u{1}é".into())),
        ];
        let mut writer = Writer::new();
        for row in &rows {
            writer.row(row);
        }
        let line = writer.finish();
        let newline = line.iter().position(|&byte| byte == b'\n');
        assert_eq!(newline, Some(line.len() - 1));
        assert_eq!(Document::parse(&line), Ok(Document::Rows(rows)));

        let none = Writer::new().finish();
        assert_eq!(Document::parse(&none), Ok(Document::Rows(Vec::new())));
        let refused = error_line("no \"such\" verb");
        let error = Document::Error("no \"such\" verb".into());
        assert_eq!(Document::parse(&refused), Ok(error));
    }

    #[test]
    fn a_document_beyond_its_bound_is_an_error() {
        let mut writer = Writer::new();
        let text = "x".repeat(1 << 20);
        for _ in 0..20 {
            writer.row(&row("large", Value::Text(text.clone().into())));
        }
        let line = writer.finish();
        let error = Document::Error("the answer is too long".into());
        assert_eq!(Document::parse(&line), Ok(error));
    }

    #[test]
    fn an_old_client_reads_a_newer_server() {
        let line = br#"{"since":9,"rows":[{"name":"x","kind":"histogram","value":1,"le":[2]}]}"#;
        match Document::parse(line) {
            Ok(Document::Rows(rows)) => {
                assert_eq!(rows.len(), 1);
                assert!(rows.iter().all(|row| row.kind == Kind::Unknown));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_document_is_not_taken_for_one() {
        for line in [
            &b""[..],
            b"ERROR\r\n",
            b"{}",
            b"[]",
            b"{\"rows\":1}",
            b"{\"rows\":[",
        ] {
            assert_eq!(Document::parse(line), Err(NotADocument), "{line:?}");
        }
    }
}
