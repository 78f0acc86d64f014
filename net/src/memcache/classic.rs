//! The classic text protocol: a line to what it asks for, a reply to its text.
//!
//! The spelling of every error, what each is said for and in which order the
//! parts of a line are checked are memcached's, since clients match on them.

use super::form::{Form, write_number, write_row};
use super::key::{are_keys, has_line_end, is_key};
use super::line::{LINE_END, Line, refuse, value_length};
use super::{number, operating};
use crate::reply::{Error, Item, Reply};
use crate::request::{Arith, Condition, Header, KEY_MAX, Request, Side, Unique, Way, Words};

/// Reads a line that begins with `verb`.
pub(super) fn parse<'a>(verb: &'a [u8], words: Words<'a>) -> Line<'a> {
    match verb {
        b"get" | b"bget" => retrieval(&words, false),
        b"gets" => retrieval(&words, true),
        b"gat" => retrieval_with_touch(words, false),
        b"gats" => retrieval_with_touch(words, true),
        b"set" => storage(words, Way::Put(Condition::Always)),
        b"add" => storage(words, Way::Put(Condition::Absent)),
        b"replace" => storage(words, Way::Put(Condition::Present)),
        b"append" => storage(words, join(Side::Append)),
        b"prepend" => storage(words, join(Side::Prepend)),
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
        _ if is_http(verb, words.clone()) => Line::Http,
        _ => operating::parse(verb, words).unwrap_or(refuse(Error::Unknown, false)),
    }
}

fn request(request: Request<'_>, quiet: bool) -> Line<'_> {
    let form = Form::Classic { quiet };
    Line::Request { request, form }
}

fn join(side: Side) -> Way {
    Way::Join {
        side,
        compare: None,
        vivify: false,
    }
}

/// memcached hangs up on HTTP, lest a web page make a browser store things.
fn is_http(verb: &[u8], words: Words<'_>) -> bool {
    verb.len() > 1 && words.last().unwrap_or(verb).starts_with(b"HTTP/")
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
    let way = number::unsigned(unique).map(|unique| Way::Put(Condition::Unique(unique)));
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
    let length = value_length(length);
    match (flags, exptime, length, way) {
        _ if key.len() > KEY_MAX => refuse(Error::Format, quiet),
        (Some(_), Some(_), Some(length), Some(_)) if has_line_end(key) => Line::Refused {
            error: Error::Format,
            quiet,
            skip: length + LINE_END.len(),
        },
        (Some(flags), Some(exptime), Some(length), Some(way)) => Line::Storage {
            header: Header {
                key,
                length,
                flags,
                exptime,
                way,
                unique: Unique::default(),
                encoded: false,
                supersedes: way == Way::Put(Condition::Always),
            },
            form: Form::Classic { quiet },
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
        request(Request::Delete { key, compare: None }, quiet)
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
            Request::Arith(Arith {
                key,
                delta,
                increment,
                ..Arith::default()
            }),
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

/// Appends the text of `reply`.
#[inline]
pub(super) fn write(reply: &Reply<'_>, out: &mut Vec<u8>) {
    match *reply {
        Reply::Miss => {}
        Reply::Stored { .. } => out.extend_from_slice(b"STORED\r\n"),
        Reply::NotStored => out.extend_from_slice(b"NOT_STORED\r\n"),
        Reply::Exists => out.extend_from_slice(b"EXISTS\r\n"),
        Reply::NotFound => out.extend_from_slice(b"NOT_FOUND\r\n"),
        Reply::Deleted => out.extend_from_slice(b"DELETED\r\n"),
        Reply::Touched => out.extend_from_slice(b"TOUCHED\r\n"),
        Reply::Ok => out.extend_from_slice(b"OK\r\n"),
        Reply::Reset => out.extend_from_slice(b"RESET\r\n"),
        Reply::End => out.extend_from_slice(b"END\r\n"),
        Reply::Number(number) => {
            write_number(number.value, out);
            out.extend_from_slice(LINE_END);
        }
        Reply::Version(version) => write_row(&["VERSION ", version], out),
        Reply::Stat { name, value } => write_row(&["STAT ", name, " ", value], out),
        Reply::Failed(reason) => write_failure(reason, out),
        Reply::Error(error) => write_row(&error_text(error), out),
    }
}

/// Appends a failure in one line, whatever the names of files in it are made of.
fn write_failure(reason: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Error ");
    let bytes = reason.bytes();
    out.extend(bytes.map(|byte| if byte.is_ascii_control() { b'?' } else { byte }));
    out.extend_from_slice(LINE_END);
}

/// Appends what goes before the value of an item.
#[inline]
pub(super) fn write_item(key: &[u8], item: &Item<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"VALUE ");
    out.extend_from_slice(key);
    out.push(b' ');
    write_number(item.flags, out);
    out.push(b' ');
    write_number(item.value.len(), out);
    if let Some(unique) = item.unique {
        out.push(b' ');
        write_number(unique, out);
    }
    out.extend_from_slice(LINE_END);
}

/// More than an item takes beside its key and value: `VALUE`, numbers of 32,
/// 64 and 64 bits, blanks and two line ends.
pub(super) const ITEM_ROOM: usize = 64;

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
        Error::Plain(text) => [text, ""],
        Error::TooLarge => [SERVER, "object too large for cache"],
        Error::NoMemory => [SERVER, "out of memory storing object"],
        Error::NoBuffer => [SERVER, "out of memory reading request"],
    }
}
