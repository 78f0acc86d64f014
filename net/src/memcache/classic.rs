//! The classic text protocol: a line to what it asks for, a reply to its text.
//!
//! The spelling of every error, what each is said for and in which order the
//! parts of a line are checked are memcached's, since clients match on them.

use crate::memcache::number;
use crate::reply::{Error, Reply};
use crate::request::{Condition, Header, KEY_MAX, Request, Side, Words};

/// Longest value a length may announce: memcached counts it, with its line
/// end, in an i32.
const VALUE_MAX: i64 = i32::MAX as i64 - 2;

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
    Storage { storage: Storage<'a>, quiet: bool },
    /// Whole as it is.
    Request { request: Request<'a>, quiet: bool },
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

/// A storage command without its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Storage<'a> {
    pub(crate) key: &'a [u8],
    /// Bytes of the value, its line end not counted.
    pub(crate) length: usize,
    flags: u32,
    exptime: i64,
    way: Way,
}

/// How a storage command treats the item there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Store(Condition),
    Concat(Side),
}

impl<'a> Storage<'a> {
    /// It replaces the item there is, whatever that is.
    pub(crate) fn overwrites(&self) -> bool {
        self.way == Way::Store(Condition::Always)
    }

    /// The same, if it stores a value as it is.
    pub(crate) fn header(&self) -> Option<Header<'a>> {
        let &Storage {
            key,
            length,
            flags,
            exptime,
            way,
        } = self;
        match way {
            Way::Store(condition) => Some(Header {
                key,
                length,
                flags,
                exptime,
                condition,
            }),
            Way::Concat(_) => None,
        }
    }

    /// The whole request, with the value that followed.
    pub(crate) fn with_value(&self, value: &'a [u8]) -> Request<'a> {
        let &Storage {
            key,
            flags,
            exptime,
            way,
            ..
        } = self;
        match way {
            Way::Store(condition) => Request::Store {
                key,
                value,
                flags,
                exptime,
                condition,
            },
            Way::Concat(side) => Request::Concat { key, value, side },
        }
    }
}

/// Reads a line, whose end is cut off.
pub(crate) fn parse(line: &[u8]) -> Line<'_> {
    let mut words = Words::new(line);
    let verb = words.next().unwrap_or_default();
    match verb {
        b"get" => retrieval(&words, false),
        b"gets" => retrieval(&words, true),
        b"gat" => retrieval_with_touch(words, false),
        b"gats" => retrieval_with_touch(words, true),
        b"set" => storage(words, Way::Store(Condition::Always)),
        b"add" => storage(words, Way::Store(Condition::Absent)),
        b"replace" => storage(words, Way::Store(Condition::Present)),
        b"append" => storage(words, Way::Concat(Side::Append)),
        b"prepend" => storage(words, Way::Concat(Side::Prepend)),
        b"cas" => cas(words),
        b"delete" => delete(words),
        b"incr" => arith(words, true),
        b"decr" => arith(words, false),
        b"touch" => touch(words),
        b"flush_all" => flush_all(words),
        b"verbosity" => verbosity(words),
        b"version" => request(Request::Version, false),
        b"stats" => request(Request::Stats { words }, false),
        b"quit" => Line::Quit,
        _ if is_http(verb, words) => Line::Http,
        _ => refuse(Error::Unknown, false),
    }
}

/// The line, of which this is the beginning, is a retrieval: the only kind
/// that may be long.
pub(crate) fn is_retrieval(line: &[u8]) -> bool {
    matches!(
        Words::new(line).next(),
        Some(b"get" | b"gets" | b"gat" | b"gats")
    )
}

fn request(request: Request<'_>, quiet: bool) -> Line<'_> {
    Line::Request { request, quiet }
}

fn refuse(error: Error, quiet: bool) -> Line<'static> {
    Line::Refused {
        error,
        quiet,
        skip: 0,
    }
}

/// memcached hangs up on HTTP, lest a web page make a browser store things.
fn is_http(verb: &[u8], words: Words<'_>) -> bool {
    verb.len() > 1 && words.last().unwrap_or(verb).starts_with(b"HTTP/")
}

/// memcached takes any byte but a blank, NUL and a line feed for part of a
/// key. Its specification forbids control characters, and so do we: behind a
/// key with a carriage return hides an attempt to smuggle a command in.
fn is_key(word: &[u8]) -> bool {
    word.len() <= KEY_MAX && !has_control(word)
}

/// All words of `text` are keys.
fn are_keys(text: &[u8]) -> bool {
    let fit = text.len() <= KEY_MAX || Words::new(text).all(|word| word.len() <= KEY_MAX);
    fit && !has_control(text)
}

fn has_control(word: &[u8]) -> bool {
    // No early exit, so that it compiles to a few wide comparisons.
    word.iter()
        .fold(false, |found, byte| found | byte.is_ascii_control())
}

/// The words of a line end here, or behind one more that may be `noreply`.
/// memcached looks for `noreply` in the last word even when that is one the
/// command needs: then the error about it goes unsaid. `None`: too many words.
fn is_quiet(mut words: Words<'_>, last_needed: &[u8]) -> Option<bool> {
    let last = words.next().unwrap_or(last_needed);
    words.next().is_none().then_some(last == b"noreply")
}

fn retrieval<'a>(words: &Words<'a>, unique: bool) -> Line<'a> {
    let keys = words.rest();
    if keys.iter().all(|&byte| byte == b' ') {
        return refuse(Error::Unknown, false);
    }
    retrieval_of(keys, unique, None)
}

fn retrieval_with_touch(mut words: Words<'_>, unique: bool) -> Line<'_> {
    let Some(exptime) = words.next() else {
        return refuse(Error::Unknown, false);
    };
    match number::signed(exptime) {
        Some(exptime) => retrieval_of(words.rest(), unique, Some(exptime)),
        None => refuse(Error::Exptime, false),
    }
}

fn retrieval_of(keys: &[u8], unique: bool, touch: Option<i64>) -> Line<'_> {
    if are_keys(keys) {
        Line::Retrieval {
            keys,
            unique,
            touch,
        }
    } else {
        refuse(Error::Format, false)
    }
}

fn storage(mut words: Words<'_>, way: Way) -> Line<'_> {
    let header = [words.next(), words.next(), words.next(), words.next()];
    let [Some(key), Some(flags), Some(exptime), Some(length)] = header else {
        return refuse(Error::Unknown, false);
    };
    match is_quiet(words, length) {
        Some(quiet) => storage_of(key, [flags, exptime, length], Some(way), quiet),
        None => refuse(Error::Unknown, false),
    }
}

fn cas(mut words: Words<'_>) -> Line<'_> {
    let header = [words.next(), words.next(), words.next(), words.next()];
    let [Some(key), Some(flags), Some(exptime), Some(length)] = header else {
        return refuse(Error::Unknown, false);
    };
    let Some(unique) = words.next() else {
        return refuse(Error::Unknown, false);
    };
    let Some(quiet) = is_quiet(words, unique) else {
        return refuse(Error::Unknown, false);
    };
    let way = number::unsigned(unique).map(|unique| Way::Store(Condition::Unique(unique)));
    storage_of(key, [flags, exptime, length], way, quiet)
}

/// `way` is `None` when the unique of a `cas` is no number.
fn storage_of<'a>(
    key: &'a [u8],
    [flags, exptime, length]: [&[u8]; 3],
    way: Option<Way>,
    quiet: bool,
) -> Line<'a> {
    let flags = number::unsigned(flags).and_then(|flags| u32::try_from(flags).ok());
    let exptime = number::signed(exptime);
    let length = number::signed(length)
        .filter(|&length| length <= VALUE_MAX)
        .and_then(|length| usize::try_from(length).ok());
    match (flags, exptime, length, way) {
        _ if key.len() > KEY_MAX => refuse(Error::Format, quiet),
        (Some(_), Some(_), Some(length), Some(_)) if has_control(key) => Line::Refused {
            error: Error::Format,
            quiet,
            skip: length + LINE_END.len(),
        },
        (Some(flags), Some(exptime), Some(length), Some(way)) => Line::Storage {
            storage: Storage {
                key,
                length,
                flags,
                exptime,
                way,
            },
            quiet,
        },
        _ => refuse(Error::Format, quiet),
    }
}

/// Once `delete` took a time; clients that still send 0 are heard.
fn delete(mut words: Words<'_>) -> Line<'_> {
    let Some(key) = words.next() else {
        return refuse(Error::Unknown, false);
    };
    let (time, last) = (words.next(), words.next());
    if words.next().is_some() {
        return refuse(Error::Unknown, false);
    }
    let quiet = last.or(time) == Some(b"noreply");
    let is_valid = match (time, last) {
        (None, _) => true,
        (Some(time), None) => quiet || time == b"0",
        (Some(time), Some(_)) => quiet && time == b"0",
    };
    if !is_valid {
        refuse(Error::DeleteFormat, quiet)
    } else if !is_key(key) {
        refuse(Error::Format, quiet)
    } else {
        request(Request::Delete { key }, quiet)
    }
}

fn arith(mut words: Words<'_>, increment: bool) -> Line<'_> {
    let (Some(key), Some(delta)) = (words.next(), words.next()) else {
        return refuse(Error::Unknown, false);
    };
    let Some(quiet) = is_quiet(words, delta) else {
        return refuse(Error::Unknown, false);
    };
    if !is_key(key) {
        return refuse(Error::Format, quiet);
    }
    match number::unsigned(delta) {
        Some(delta) => request(
            Request::Arith {
                key,
                delta,
                increment,
            },
            quiet,
        ),
        None => refuse(Error::Delta, quiet),
    }
}

fn touch(mut words: Words<'_>) -> Line<'_> {
    let (Some(key), Some(exptime)) = (words.next(), words.next()) else {
        return refuse(Error::Unknown, false);
    };
    let Some(quiet) = is_quiet(words, exptime) else {
        return refuse(Error::Unknown, false);
    };
    if !is_key(key) {
        return refuse(Error::Format, quiet);
    }
    match number::signed(exptime) {
        Some(exptime) => request(Request::Touch { key, exptime }, quiet),
        None => refuse(Error::Exptime, quiet),
    }
}

fn flush_all(mut words: Words<'_>) -> Line<'_> {
    let (first, second) = (words.next(), words.next());
    if words.next().is_some() {
        return refuse(Error::Unknown, false);
    }
    let quiet = second.or(first) == Some(b"noreply");
    let delay = match first {
        Some(b"noreply") if second.is_none() => Some(0),
        Some(delay) => number::signed(delay),
        None => Some(0),
    };
    match delay {
        Some(delay) => request(Request::FlushAll { delay }, quiet),
        None => refuse(Error::Exptime, quiet),
    }
}

fn verbosity(mut words: Words<'_>) -> Line<'_> {
    let Some(level) = words.next() else {
        return refuse(Error::Unknown, false);
    };
    let Some(quiet) = is_quiet(words, level) else {
        return refuse(Error::Unknown, false);
    };
    match number::unsigned(level) {
        Some(level) => {
            let level = u32::try_from(level).unwrap_or(u32::MAX);
            request(Request::Verbosity { level }, quiet)
        }
        None => refuse(Error::Format, quiet),
    }
}

/// What closes a line and a body.
pub(crate) const LINE_END: &[u8] = b"\r\n";

/// Appends the text of `reply`.
#[inline]
pub(crate) fn write(reply: &Reply<'_>, out: &mut Vec<u8>) {
    match *reply {
        Reply::Miss => {}
        Reply::Stored => out.extend_from_slice(b"STORED\r\n"),
        Reply::NotStored => out.extend_from_slice(b"NOT_STORED\r\n"),
        Reply::Exists => out.extend_from_slice(b"EXISTS\r\n"),
        Reply::NotFound => out.extend_from_slice(b"NOT_FOUND\r\n"),
        Reply::Deleted => out.extend_from_slice(b"DELETED\r\n"),
        Reply::Touched => out.extend_from_slice(b"TOUCHED\r\n"),
        Reply::Ok => out.extend_from_slice(b"OK\r\n"),
        Reply::Reset => out.extend_from_slice(b"RESET\r\n"),
        Reply::End => out.extend_from_slice(b"END\r\n"),
        Reply::Number(number) => {
            write_number(number, out);
            out.extend_from_slice(b"\r\n");
        }
        Reply::Version(version) => write_row(&["VERSION ", version], out),
        Reply::Stat { name, value } => write_row(&["STAT ", name, " ", value], out),
        Reply::Error(error) => write_row(&error_text(error), out),
    }
}

/// Appends what goes before a value of `length` bytes.
#[inline]
pub(crate) fn write_value_line(
    key: &[u8],
    flags: u32,
    length: usize,
    unique: Option<u64>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"VALUE ");
    out.extend_from_slice(key);
    out.push(b' ');
    write_number(flags, out);
    out.push(b' ');
    write_number(length, out);
    if let Some(unique) = unique {
        out.push(b' ');
        write_number(unique, out);
    }
    out.extend_from_slice(LINE_END);
}

/// More than a value takes beside itself and its key: `VALUE`, numbers of 32,
/// 64 and 64 bits, blanks and two line ends.
pub(crate) const VALUE_ROW: usize = 64;

fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn write_row(parts: &[&str], out: &mut Vec<u8>) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// An error's kind, which says whose fault it is, and its text.
fn error_text(error: Error) -> [&'static str; 2] {
    const CLIENT: &str = "CLIENT_ERROR ";
    const SERVER: &str = "SERVER_ERROR ";
    match error {
        Error::Unknown => ["ERROR", ""],
        Error::Format => [CLIENT, "bad command line format"],
        Error::DeleteFormat => [
            CLIENT,
            "bad command line format.  Usage: delete <key> [noreply]",
        ],
        Error::Exptime => [CLIENT, "invalid exptime argument"],
        Error::Delta => [CLIENT, "invalid numeric delta argument"],
        Error::NotNumeric => [CLIENT, "cannot increment or decrement non-numeric value"],
        Error::DataChunk => [CLIENT, "bad data chunk"],
        Error::LineTooLong => [CLIENT, "line too long"],
        Error::Client(text) => [CLIENT, text],
        Error::TooLarge => [SERVER, "object too large for cache"],
        Error::NoMemory => [SERVER, "out of memory storing object"],
        Error::NoBuffer => [SERVER, "out of memory reading request"],
    }
}
