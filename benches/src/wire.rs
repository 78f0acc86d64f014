//! The classic text protocol as a client speaks it: requests to bytes, and
//! replies from bytes.
//!
//! This is the generator's hottest part: nothing here allocates, save that a
//! buffer grows, and a value that nobody looks at is passed over uncopied.

use memchr::memchr;

use crate::item;

/// A key, known by its number, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which it is.
    pub number: u32,
    /// Its bytes, at least `item::KEY_MIN`.
    pub length: u32,
}

impl Key {
    /// Appends its bytes.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        item::write_key(self.number, self.length as usize, out);
    }

    /// Whether these are its bytes, all of them.
    pub fn is(self, bytes: &[u8]) -> bool {
        bytes.len() == self.length as usize
            && item::read_key(bytes) == Some(self.number)
            && bytes[item::KEY_MIN..].iter().all(|&byte| byte == b'.')
    }
}

/// Appends a `get` of these keys.
#[inline]
pub fn get(keys: impl IntoIterator<Item = Key>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"get");
    for key in keys {
        out.push(b' ');
        key.write(out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a `set` whose value of `length` bytes `value` appends.
#[inline]
pub fn set(
    key: Key,
    flags: u32,
    ttl: u32,
    length: usize,
    out: &mut Vec<u8>,
    value: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(b"set ");
    key.write(out);
    out.push(b' ');
    decimal(u64::from(flags), out);
    out.push(b' ');
    decimal(u64::from(ttl), out);
    out.push(b' ');
    decimal(length as u64, out);
    out.extend_from_slice(b"\r\n");
    let start = out.len();
    value(out);
    debug_assert_eq!(out.len() - start, length);
    out.extend_from_slice(b"\r\n");
}

/// Appends a `delete`.
#[inline]
pub fn delete(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"delete ");
    key.write(out);
    out.extend_from_slice(b"\r\n");
}

/// Appends an `incr` by 1.
#[inline]
pub fn incr(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"incr ");
    key.write(out);
    out.extend_from_slice(b" 1\r\n");
}

fn decimal(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A reply, or one of the values of a `get`, which ends with `End`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'b> {
    /// A value that was found.
    Value {
        /// The key's bytes.
        key: &'b [u8],
        /// The client's flags.
        flags: u32,
        /// The value's bytes; nothing when they are not wanted.
        value: Option<&'b [u8]>,
        /// How many there are.
        length: usize,
    },
    /// No more values.
    End,
    /// The value was stored.
    Stored,
    /// The value was not stored, for no fault.
    NotStored,
    /// The key was deleted.
    Deleted,
    /// There is no such key.
    NotFound,
    /// What a counter counts now.
    Number(u64),
    /// `ERROR`, `CLIENT_ERROR` or `SERVER_ERROR`, the whole line.
    Error(&'b [u8]),
}

/// A reply line is shorter than this.
const LINE_MAX: usize = 2048;

/// Cuts a stream of bytes into replies.
#[derive(Clone, Debug)]
pub struct Reader {
    wants_values: bool,
    /// Bytes of a value that nobody wants, still to come.
    skip: usize,
}

impl Reader {
    /// One that hands out values whole, or only says how long they are.
    pub fn new(wants_values: bool) -> Self {
        Self {
            wants_values,
            skip: 0,
        }
    }

    /// Forgets what was begun: another stream follows.
    pub fn begin(&mut self) {
        self.skip = 0;
    }

    /// Takes the next reply off `bytes`, or `None` when it is not all there: then
    /// the rest of `bytes` is to be shown again, with more behind it.
    /// An error says what is no reply at all.
    #[inline]
    pub fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Result<Option<Reply<'b>>, String> {
        if self.skip > 0 {
            let skipped = self.skip.min(bytes.len());
            *bytes = &bytes[skipped..];
            self.skip -= skipped;
        }
        // The end of a hit is the most frequent line.
        if let Some(rest) = bytes.strip_prefix(b"END\r\n") {
            *bytes = rest;
            return Ok(Some(Reply::End));
        }
        let Some(end) = memchr(b'\n', bytes) else {
            if bytes.len() > LINE_MAX {
                return Err(format!("no line ends within {LINE_MAX} bytes"));
            }
            return Ok(None);
        };
        let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
        let rest = &bytes[end + 1..];
        let Some(header) = line.strip_prefix(b"VALUE ") else {
            *bytes = rest;
            return simple(line).map(Some);
        };
        let (key, flags, length) = value_header(header).ok_or_else(|| unknown(line))?;
        if !self.wants_values {
            self.skip = length + 2;
            *bytes = rest;
            return Ok(Some(Reply::Value {
                key,
                flags,
                value: None,
                length,
            }));
        }
        let Some((value, after)) = rest.split_at_checked(length) else {
            return Ok(None);
        };
        let Some((line_end, after)) = after.split_at_checked(2) else {
            return Ok(None);
        };
        if line_end != b"\r\n" {
            return Err(format!("a value of {length} bytes does not end there"));
        }
        *bytes = after;
        Ok(Some(Reply::Value {
            key,
            flags,
            value: Some(value),
            length,
        }))
    }
}

/// The key, the flags and the length in `<key> <flags> <length>`, read from its end: the
/// two numbers are shorter than the key. No request here asks for a cas unique,
/// which would be a fourth field.
#[inline]
fn value_header(header: &[u8]) -> Option<(&[u8], u32, usize)> {
    let (rest, length) = header.split_at(header.iter().rposition(|&byte| byte == b' ')?);
    let (key, flags) = rest.split_at(rest.iter().rposition(|&byte| byte == b' ')?);
    if key.is_empty() || flags.len() < 2 || length.len() < 2 {
        return None;
    }
    let flags = u32::try_from(number(&flags[1..])?).ok()?;
    Some((key, flags, number(&length[1..])?))
}

#[inline]
fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        number.checked_mul(10)?.checked_add(usize::from(digit))
    })
}

fn simple(line: &[u8]) -> Result<Reply<'_>, String> {
    Ok(match line {
        b"END" => Reply::End,
        b"STORED" => Reply::Stored,
        b"NOT_STORED" => Reply::NotStored,
        b"DELETED" => Reply::Deleted,
        b"NOT_FOUND" => Reply::NotFound,
        _ if line == b"ERROR"
            || line.starts_with(b"ERROR ")
            || line.starts_with(b"CLIENT_ERROR ")
            || line.starts_with(b"SERVER_ERROR ") =>
        {
            Reply::Error(line)
        }
        _ => str::from_utf8(line)
            .ok()
            .and_then(|line| line.trim_end().parse().ok())
            .map(Reply::Number)
            .ok_or_else(|| unknown(line))?,
    })
}

fn unknown(line: &[u8]) -> String {
    let start = &line[..line.len().min(60)];
    format!("`{}` is no reply", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLIES: &[u8] =
        b"VALUE a 0 5\r\nE\r\nND\r\nVALUE bb 7 0\r\n\r\nEND\r\nEND\r\nSTORED\r\n\
        NOT_STORED\r\nDELETED\r\nNOT_FOUND\r\n18446744073709551615\r\n5  \r\nERROR\r\n\
        SERVER_ERROR out of memory storing object\r\nCLIENT_ERROR no\r\n";

    /// What a reader makes of the stream when it comes in pieces of this size.
    fn read(wants_values: bool, piece: usize) -> Vec<String> {
        let mut reader = Reader::new(wants_values);
        let (mut kept, mut seen) = (Vec::new(), Vec::new());
        for piece in REPLIES.chunks(piece) {
            kept.extend_from_slice(piece);
            let mut bytes = kept.as_slice();
            while let Some(reply) = reader.next(&mut bytes).unwrap() {
                seen.push(format!("{reply:?}"));
            }
            kept = bytes.to_vec();
        }
        assert!(kept.is_empty(), "{}", kept.escape_ascii());
        seen
    }

    #[test]
    fn replies_would_depend_on_how_they_were_cut() {
        for wants_values in [false, true] {
            let whole = read(wants_values, REPLIES.len());
            assert_eq!(whole.len(), 13);
            for piece in 1..REPLIES.len() {
                assert_eq!(read(wants_values, piece), whole, "pieces of {piece}");
            }
        }
        assert!(read(true, 9)[0].contains(&format!("{:?}", b"E\r\nND")));
    }

    #[test]
    fn garbage_would_count_as_replies() {
        for garbage in [
            &b"VALUE a 0\r\n"[..],
            b"VALUE a 0 x\r\n",
            b"VALUE a  5\r\n",
            b"VALUE  0 5\r\n",
            b"VALUE a x 5\r\n",
            b"VALUE a 4294967296 5\r\n",
            b"VALUE a 0 99999999999999999999\r\n",
            b"VALUE a 0 1\r\nxyz",
            b"HELLO\r\n",
            b"\r\n",
            b"-1\r\n",
            &[b'x'; LINE_MAX + 1],
        ] {
            let mut bytes = garbage;
            let outcome = Reader::new(true).next(&mut bytes);
            assert!(outcome.is_err(), "{}", garbage.escape_ascii());
        }
    }

    #[test]
    fn a_request_would_be_malformed() {
        let key = |number| Key { number, length: 10 };
        let mut out = Vec::new();
        get([key(1)], &mut out);
        get([key(2), key(0xabc)], &mut out);
        set(key(3), 7, 60, 5, &mut out, |out| {
            out.extend_from_slice(b"value");
        });
        delete(key(4), &mut out);
        incr(key(5), &mut out);
        let wanted = "get k00000001.\r\nget k00000002. k00000abc.\r\n\
            set k00000003. 7 60 5\r\nvalue\r\ndelete k00000004.\r\nincr k00000005. 1\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
