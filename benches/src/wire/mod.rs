//! memcached's text protocols as a client speaks them: requests to bytes, and
//! replies from bytes.
//!
//! This is the generator's hottest part: nothing here allocates, save that a
//! buffer grows, and a value that nobody looks at is passed over uncopied.

mod classic;
mod meta;
mod reader;

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

pub use reader::Reader;

use crate::item;

/// The protocol that requests are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// get, set, delete, incr
    #[default]
    Classic,
    /// mg, ms, md, ma
    Meta,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classic => "classic",
            Self::Meta => "meta",
        })
    }
}

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

/// What is set, but for the value's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Where it is kept.
    pub key: Key,
    /// The client's flags.
    pub flags: u32,
    /// Its lifetime as the protocol writes one; 0 for none.
    pub exptime: u32,
    /// Bytes of the value.
    pub length: usize,
}

/// How a client speaks: its protocol, and what it asks to be told.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    protocol: Protocol,
    is_checked: bool,
}

impl Wire {
    /// One whose values are handed out whole if they are checked, and then come
    /// with their keys and client flags. (Classic values always do.)
    pub const fn new(protocol: Protocol, is_checked: bool) -> Self {
        Self {
            protocol,
            is_checked,
        }
    }

    /// What reads the replies.
    pub fn reader(self) -> Reader {
        Reader::new(self.protocol, self.is_checked)
    }

    /// Appends a get of one key.
    #[inline]
    pub fn get(self, key: Key, out: &mut Vec<u8>) {
        match self.protocol {
            Protocol::Classic => classic::get([key], out),
            Protocol::Meta => meta::get(key, self.is_checked, out),
        }
    }

    /// Appends a get of several keys, whose values are a list.
    pub fn multi_get(self, keys: impl IntoIterator<Item = Key>, out: &mut Vec<u8>) {
        match self.protocol {
            Protocol::Classic => classic::get(keys, out),
            Protocol::Meta => meta::multi_get(keys, self.is_checked, out),
        }
    }

    /// Appends a set whose value `value` appends.
    #[inline]
    pub fn set(self, header: Header, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
        match self.protocol {
            Protocol::Classic => classic::set(header, out),
            Protocol::Meta => meta::set(header, out),
        }
        let start = out.len();
        value(out);
        debug_assert_eq!(out.len() - start, header.length);
        out.extend_from_slice(b"\r\n");
    }

    /// Appends a delete.
    #[inline]
    pub fn delete(self, key: Key, out: &mut Vec<u8>) {
        match self.protocol {
            Protocol::Classic => classic::delete(key, out),
            Protocol::Meta => meta::delete(key, out),
        }
    }

    /// Appends an increment by 1 that asks for the number.
    #[inline]
    pub fn incr(self, key: Key, out: &mut Vec<u8>) {
        match self.protocol {
            Protocol::Classic => classic::incr(key, out),
            Protocol::Meta => meta::incr(key, out),
        }
    }

    /// Whether the answer to a get of one key is a list, too, which ends by
    /// itself, and not just a value or none.
    #[inline]
    pub fn lists_one_value(self) -> bool {
        self.protocol == Protocol::Classic
    }

    /// Whether an error that answers a get of several keys is of one of them
    /// only, and the rest of the list follows.
    #[inline]
    pub fn lists_errors(self) -> bool {
        self.protocol == Protocol::Meta
    }

    /// Whether a value comes with its key and flags.
    #[inline]
    fn tells_all(self) -> bool {
        self.protocol == Protocol::Classic || self.is_checked
    }

    /// Says what a value tells that was not asked for, or does not tell that was.
    #[inline]
    pub fn check(self, value: &Value<'_>, is_listed: bool) -> Result<(), &'static str> {
        self.check_key(value.key, is_listed)?;
        if value.flags.is_some() != self.tells_all() {
            return Err("flags that were not asked for, or none where they were");
        }
        Ok(())
    }

    /// Says the same of a key alone.
    #[inline]
    pub fn check_key(self, key: Option<&[u8]>, is_listed: bool) -> Result<(), &'static str> {
        if key.is_some() != (self.tells_all() || is_listed) {
            return Err("a key that was not asked for, or none where one was");
        }
        Ok(())
    }
}

/// A value that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'b> {
    /// The key's bytes, where the reply tells them.
    pub key: Option<&'b [u8]>,
    /// The client's flags, likewise.
    pub flags: Option<u32>,
    /// The value's bytes; nothing when they are not wanted.
    pub bytes: Option<&'b [u8]>,
    /// How many there are.
    pub length: usize,
}

/// A reply, or one of the values of a list, which ends with `End`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'b> {
    /// `VALUE`, `VA`.
    Value(Value<'b>),
    /// `END`, `MN`: no more values.
    End,
    /// `EN`: there is no value, and none follows. With the key's bytes, where the
    /// reply tells them.
    Absent(Option<&'b [u8]>),
    /// `STORED`.
    Stored,
    /// `NOT_STORED`, `NS`: the value was not stored, for no fault.
    NotStored,
    /// `DELETED`.
    Deleted,
    /// `HD`: it is done, whatever it was.
    Done,
    /// `NOT_FOUND`, `NF`: there is no such key.
    NotFound,
    /// What a counter counts now.
    Number(u64),
    /// `ERROR`, `CLIENT_ERROR` or `SERVER_ERROR`, the whole line.
    Error(&'b [u8]),
}

fn decimal(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number of digits only, at least one.
#[inline]
fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_usize, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        number.checked_mul(10)?.checked_add(usize::from(digit))
    })
}

/// The first line of a reply.
enum Line<'b> {
    /// The value follows.
    Value(Value<'b>),
    Whole(Reply<'b>),
}

fn is_error(line: &[u8]) -> bool {
    line == b"ERROR"
        || line.starts_with(b"ERROR ")
        || line.starts_with(b"CLIENT_ERROR ")
        || line.starts_with(b"SERVER_ERROR ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(protocol: Protocol, is_checked: bool) -> String {
        let wire = Wire::new(protocol, is_checked);
        let key = |number| Key { number, length: 10 };
        let header = |flags, exptime| Header {
            key: key(3),
            flags,
            exptime,
            length: 5,
        };
        let mut out = Vec::new();
        wire.get(key(1), &mut out);
        wire.multi_get([key(2), key(0xabc)], &mut out);
        wire.set(header(7, 60), &mut out, |out| {
            out.extend_from_slice(b"value");
        });
        wire.set(header(0, 0), &mut out, |out| {
            out.extend_from_slice(b"value");
        });
        wire.delete(key(4), &mut out);
        wire.incr(key(5), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_would_be_malformed() {
        let classic = "get k00000001.\r\nget k00000002. k00000abc.\r\n\
            set k00000003. 7 60 5\r\nvalue\r\nset k00000003. 0 0 5\r\nvalue\r\n\
            delete k00000004.\r\nincr k00000005. 1\r\n";
        for is_checked in [false, true] {
            assert_eq!(requests(Protocol::Classic, is_checked), classic);
        }
        let changes = "ms k00000003. 5 T60 F7\r\nvalue\r\nms k00000003. 5\r\nvalue\r\n\
            md k00000004.\r\nma k00000005. v\r\n";
        let plain = "mg k00000001. v\r\nmg k00000002. k q v\r\nmg k00000abc. k q v\r\nmn\r\n";
        assert_eq!(requests(Protocol::Meta, false), format!("{plain}{changes}"));
        let checked =
            "mg k00000001. f k v\r\nmg k00000002. f k q v\r\nmg k00000abc. f k q v\r\nmn\r\n";
        assert_eq!(
            requests(Protocol::Meta, true),
            format!("{checked}{changes}")
        );
    }

    #[test]
    fn a_value_that_says_less_or_more_than_was_asked_would_pass() {
        let value = |key, flags| Value {
            key,
            flags,
            bytes: None,
            length: 1,
        };
        let (key, flags) = (Some(&b"a"[..]), Some(0));
        let all = [
            value(None, None),
            value(key, None),
            value(None, flags),
            value(key, flags),
        ];
        for (protocol, is_checked, is_listed, right) in [
            (Protocol::Classic, false, true, 3),
            (Protocol::Classic, true, true, 3),
            (Protocol::Meta, false, false, 0),
            (Protocol::Meta, false, true, 1),
            (Protocol::Meta, true, false, 3),
            (Protocol::Meta, true, true, 3),
        ] {
            let wire = Wire::new(protocol, is_checked);
            for (at, value) in all.iter().enumerate() {
                let outcome = wire.check(value, is_listed);
                assert_eq!(outcome.is_ok(), at == right, "{wire:?} {value:?}");
            }
        }
    }
}
