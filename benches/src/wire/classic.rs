//! The classic commands.

use super::{Header, Key, Line, Reply, Value, decimal, is_error, number};

#[inline]
pub(super) fn get(keys: impl IntoIterator<Item = Key>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"get");
    for key in keys {
        out.push(b' ');
        key.write(out);
    }
    out.extend_from_slice(b"\r\n");
}

/// The line of a set.
#[inline]
pub(super) fn set(header: Header, out: &mut Vec<u8>) {
    out.extend_from_slice(b"set ");
    header.key.write(out);
    out.push(b' ');
    decimal(u64::from(header.flags), out);
    out.push(b' ');
    decimal(u64::from(header.exptime), out);
    out.push(b' ');
    decimal(header.length as u64, out);
    out.extend_from_slice(b"\r\n");
}

#[inline]
pub(super) fn delete(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"delete ");
    key.write(out);
    out.extend_from_slice(b"\r\n");
}

#[inline]
pub(super) fn incr(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"incr ");
    key.write(out);
    out.extend_from_slice(b" 1\r\n");
}

/// What a line of a reply says, if it is one.
#[inline]
pub(super) fn line(line: &[u8]) -> Option<Line<'_>> {
    if let Some(header) = line.strip_prefix(b"VALUE ") {
        return value(header).map(Line::Value);
    }
    Some(Line::Whole(match line {
        b"END" => Reply::End,
        b"STORED" => Reply::Stored,
        b"NOT_STORED" => Reply::NotStored,
        b"DELETED" => Reply::Deleted,
        b"NOT_FOUND" => Reply::NotFound,
        _ if is_error(line) => Reply::Error(line),
        _ => Reply::Number(str::from_utf8(line).ok()?.trim_end().parse().ok()?),
    }))
}

/// The key, the flags and the length in `<key> <flags> <length>`, read from its end: the
/// two numbers are shorter than the key. No request here asks for a cas unique,
/// which would be a fourth field.
#[inline]
fn value(header: &[u8]) -> Option<Value<'_>> {
    let (rest, length) = header.split_at(header.iter().rposition(|&byte| byte == b' ')?);
    let (key, flags) = rest.split_at(rest.iter().rposition(|&byte| byte == b' ')?);
    if key.is_empty() {
        return None;
    }
    Some(Value {
        key: Some(key),
        flags: Some(u32::try_from(number(&flags[1..])?).ok()?),
        bytes: None,
        length: number(&length[1..])?,
    })
}
