//! The meta commands. A value tells its key and client flags only where they
//! are asked for.

use super::{Header, Key, Line, Reply, Value, decimal, is_error, number};

/// `tells_all` asks for the client flags and the key; a miss tells the key, too.
#[inline]
pub(super) fn get(key: Key, tells_all: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"mg ");
    key.write(out);
    out.extend_from_slice(if tells_all { b" f k v\r\n" } else { b" v\r\n" });
}

/// Those that are missing keep quiet, so that each value must say whose it is,
/// and a barrier ends the list: as much is told as by the classic get.
pub(super) fn multi_get(keys: impl IntoIterator<Item = Key>, tells_all: bool, out: &mut Vec<u8>) {
    for key in keys {
        out.extend_from_slice(b"mg ");
        key.write(out);
        out.extend_from_slice(if tells_all {
            b" f k q v\r\n"
        } else {
            b" k q v\r\n"
        });
    }
    out.extend_from_slice(b"mn\r\n");
}

/// The line of a set.
#[inline]
pub(super) fn set(header: Header, out: &mut Vec<u8>) {
    out.extend_from_slice(b"ms ");
    header.key.write(out);
    out.push(b' ');
    decimal(header.length as u64, out);
    // Without these flags, both are 0.
    for (flag, number) in [(b" T", header.exptime), (b" F", header.flags)] {
        if number > 0 {
            out.extend_from_slice(flag);
            decimal(u64::from(number), out);
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[inline]
pub(super) fn delete(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"md ");
    key.write(out);
    out.extend_from_slice(b"\r\n");
}

/// By 1 unless it is said.
#[inline]
pub(super) fn incr(key: Key, out: &mut Vec<u8>) {
    out.extend_from_slice(b"ma ");
    key.write(out);
    out.extend_from_slice(b" v\r\n");
}

/// What a line of a reply says, if it is one.
#[inline]
pub(super) fn line(line: &[u8]) -> Option<Line<'_>> {
    if let Some(header) = line.strip_prefix(b"VA ") {
        return value(header).map(Line::Value);
    }
    Some(Line::Whole(match line {
        b"HD" => Reply::Done,
        b"EN" => Reply::Absent(None),
        b"MN" => Reply::End,
        b"NS" => Reply::NotStored,
        b"NF" => Reply::NotFound,
        _ if is_error(line) => Reply::Error(line),
        _ => {
            let key = line.strip_prefix(b"EN k").filter(|key| is_key(key))?;
            Reply::Absent(Some(key))
        }
    }))
}

/// `<length>[ f<flags>][ k<key>]`: what is told comes in the order in which it is
/// asked for.
#[inline]
fn value(header: &[u8]) -> Option<Value<'_>> {
    let mut words = header.split(|&byte| byte == b' ');
    let length = number(words.next()?)?;
    let (mut flags, mut key, mut word) = (None, None, words.next());
    if let Some(digits) = word.and_then(|word| word.strip_prefix(b"f")) {
        flags = Some(u32::try_from(number(digits)?).ok()?);
        word = words.next();
    }
    if let Some(bytes) = word.and_then(|word| word.strip_prefix(b"k")) {
        key = Some(bytes).filter(|bytes| is_key(bytes));
        key?;
        word = words.next();
    }
    word.is_none().then_some(Value {
        key,
        flags,
        bytes: None,
        length,
    })
}

fn is_key(bytes: &[u8]) -> bool {
    !bytes.is_empty() && !bytes.contains(&b' ')
}
