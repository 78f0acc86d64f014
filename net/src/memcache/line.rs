//! What one line asks for.

use super::base64::KEY_ROOM;
use super::dump::Style;
use super::form::Form;
use super::{classic, meta, number};
use crate::reply::Error;
use crate::request::{Header, Request, Words};

/// What closes a line and a body.
pub(crate) const LINE_END: &[u8] = b"\r\n";

/// Longest value a length may announce: memcached counts it, with its line
/// end, in an i32.
const VALUE_MAX: i64 = i32::MAX as i64 - 2;

/// Room for a key that a line spells otherwise.
pub(crate) type KeyRoom = [u8; KEY_ROOM];

/// What one line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// `get` and its kin. Every key is valid.
    Retrieval {
        /// The keys: the rest of the line.
        keys: &'a [u8],
        unique: bool,
        touch: Option<i64>,
    },
    /// A body follows.
    Storage { header: Header<'a>, form: Form<'a> },
    /// Whole as it is.
    Request {
        request: Request<'a>,
        form: Form<'a>,
    },
    /// Every item is to be told, or none.
    Dump { style: Style, all: bool },
    /// Not to be executed. The next `skip` bytes belong to it.
    Refused {
        error: Error,
        quiet: bool,
        skip: usize,
    },
    /// The client takes its leave.
    Quit,
    /// The first line of an HTTP request: a browser was led here.
    Http,
}

/// Reads a line, whose end is cut off.
pub(crate) fn parse<'a>(line: &'a [u8], room: &'a mut KeyRoom) -> Line<'a> {
    let mut words = Words::new(line);
    match words.next().unwrap_or_default() {
        [b'm', verb] => meta::parse(*verb, words, room),
        verb => classic::parse(verb, words),
    }
}

/// The line, of which this is the beginning, may grow long: that of `gat` only
/// if it comes in one piece, as in memcached.
pub(crate) fn may_grow(line: &[u8]) -> bool {
    matches!(Words::new(line).next(), Some(b"get" | b"gets"))
}

/// The line is a retrieval: the only kind that may be long.
pub(crate) fn is_retrieval(line: &[u8]) -> bool {
    matches!(
        Words::new(line).next(),
        Some(b"get" | b"gets" | b"gat" | b"gats")
    )
}

pub(super) fn refuse(error: Error, quiet: bool) -> Line<'static> {
    Line::Refused {
        error,
        quiet,
        skip: 0,
    }
}

/// Bytes of a value, as a line announces them.
pub(super) fn value_length(word: &[u8]) -> Option<usize> {
    let length = number::signed(word).filter(|&length| length <= VALUE_MAX)?;
    usize::try_from(length).ok()
}
