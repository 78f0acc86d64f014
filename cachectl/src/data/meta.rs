//! A meta command as it is typed.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use super::Client;
use crate::failure::Failure;

/// A command is two letters, of which the first says that it is one of these.
const COMMANDS: [&[u8]; 6] = [b"mg", b"ms", b"md", b"ma", b"me", b"mn"];

/// A line that can be sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    bytes: Vec<u8>,
    /// How long the value is that the command takes.
    pub(crate) value: Option<usize>,
}

impl Line {
    /// Joins `words`. The error is a sentence.
    pub(crate) fn of(words: &[impl AsRef<OsStr>]) -> Result<Line, String> {
        let words: Vec<_> = words.iter().map(|word| word.as_ref().as_bytes()).collect();
        let bytes = words.join(&b' ');
        let verb = *words.first().unwrap_or(&&b""[..]);
        if !COMMANDS.contains(&verb) {
            return Err("a meta command is mg, ms, md, ma, me or mn".to_owned());
        }
        if bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err("no line end or NUL can be in a line as it is sent".to_owned());
        }
        let value = match verb {
            b"ms" => Some(length(&words).ok_or("ms is followed by a key and a length")?),
            _ => None,
        };
        Ok(Line { bytes, value })
    }
}

fn length(words: &[&[u8]]) -> Option<usize> {
    std::str::from_utf8(words.get(2)?).ok()?.parse().ok()
}

/// Sends `line`, and the value it takes, and prints what is answered as it is. A command may have no
/// answer: what ends it is that of another one behind it.
pub(crate) fn meta(client: &mut Client, line: &Line, value: &[u8]) -> Result<(), Failure> {
    let mut request = [&line.bytes[..], b"\r\n"].concat();
    if line.value.is_some() {
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"mn\r\n");
    client.send(&request)?;
    let mut ends = 1 + usize::from(line.bytes == b"mn");
    let mut out = io::stdout().lock();
    loop {
        let mut told = client.line()?;
        if told == b"MN" {
            ends -= 1;
            if ends == 0 {
                return out.flush().map_err(Failure::Output);
            }
        }
        let length = length_told(&told);
        told.extend_from_slice(b"\r\n");
        if let Some(length) = length {
            told.extend(client.value(length)?);
            told.extend_from_slice(b"\r\n");
        }
        out.write_all(&told).map_err(Failure::Output)?;
    }
}

/// How long the value is that follows `line`, if one does.
fn length_told(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"VA ")?;
    let word = rest.split(|&byte| byte == b' ').next()?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_would_be_sent_that_is_two_or_takes_no_value_that_is_known() {
        let line = |words: &[&str]| Line::of(words);
        let set = line(&["ms", "key", "5", "T60"]).expect("a line");
        assert_eq!(set.bytes, b"ms key 5 T60");
        assert_eq!(set.value, Some(5));
        assert_eq!(line(&["mg", "key", "v"]).expect("a line").value, None);
        for words in [
            &["get", "key"][..],
            &["ms", "key"],
            &["ms", "key", "T60"],
            &["mg", "key\r\nflush_all"],
            &[],
        ] {
            assert!(line(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn what_ends_the_answer_would_be_looked_for_in_a_value() {
        assert_eq!(length_told(b"VA 4 c17"), Some(4));
        assert_eq!(length_told(b"VA 4"), Some(4));
        assert_eq!(length_told(b"HD 4"), None);
    }
}
