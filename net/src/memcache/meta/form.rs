//! How meta commands are answered.

use super::flags::Flags;
use crate::memcache::form::write_number;
use crate::memcache::line::LINE_END;
use crate::memcache::{base64, classic};
use crate::reply::{Item, Number, Renewal, Reply, Ttl};
use crate::request::Words;

/// More than a found item takes beside its key and value: an opaque of 32
/// bytes, seven numbers and as many letters for return flags, or the words of
/// `me`, and a third of the key, for its spelling.
pub(in crate::memcache) const ITEM_ROOM: usize = 384;

/// What a meta command wants to be told, in the order it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form<'a> {
    verb: Verb,
    key: &'a [u8],
    /// The key is spelled in base64.
    is_binary: bool,
    /// The flags, as they stand in the line.
    flags: &'a [u8],
    /// The nominal answer goes unsaid.
    quiet: bool,
    with_value: bool,
    /// The client has the value with this unique.
    known: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Set,
    Delete,
    Arith,
    Debug,
}

/// What there is to tell.
#[derive(Default)]
struct Told {
    unique: Option<u64>,
    length: Option<usize>,
    ttl: Option<Ttl>,
    client_flags: Option<u32>,
    was_fetched: Option<bool>,
    idle: Option<u32>,
    /// How the item's key is spelled; `None`: as the request spells it.
    encoded: Option<bool>,
}

impl<'a> Form<'a> {
    pub(super) fn asked(verb: Verb, flags: &Flags<'a>, text: &'a [u8]) -> Self {
        Form {
            verb,
            key: flags.key,
            is_binary: flags.has(b'b'),
            flags: text,
            quiet: flags.has(b'q'),
            with_value: flags.has(b'v'),
            known: flags.compare.filter(|_| verb == Verb::Get),
        }
    }

    /// Of `mn`.
    pub(super) fn plain() -> Self {
        Form::debug(&[])
    }

    pub(super) fn debug(key: &'a [u8]) -> Self {
        Form {
            verb: Verb::Debug,
            key,
            is_binary: false,
            flags: &[],
            quiet: false,
            with_value: false,
            known: None,
        }
    }

    /// The reply has the value of an item with this unique in it.
    pub(in crate::memcache) fn wants_value(&self, unique: Option<u64>) -> bool {
        self.with_value && !(self.known.is_some() && self.known == unique)
    }

    pub(in crate::memcache) fn write(&self, reply: &Reply<'_>, out: &mut Vec<u8>) {
        let (code, is_nominal) = match reply {
            Reply::Miss => ("EN", true),
            Reply::Stored { .. } | Reply::Deleted => ("HD", true),
            // memcached says so even quietly when it made the item.
            Reply::Number(number) => return self.write_counter(number, out),
            Reply::NotStored => ("NS", false),
            Reply::Exists => ("EX", false),
            Reply::NotFound => ("NF", false),
            Reply::Ok => ("MN", false),
            reply => return classic::write(reply, out),
        };
        if is_nominal && self.quiet {
            return;
        }
        let told = match *reply {
            Reply::Stored { unique, length } => Told {
                unique: Some(unique),
                length: Some(length),
                ..Told::default()
            },
            // What was not stored has none.
            _ if self.verb == Verb::Set => Told {
                unique: Some(0),
                ..Told::default()
            },
            _ => Told::default(),
        };
        out.extend_from_slice(code.as_bytes());
        self.write_flags(&told, out);
        out.extend_from_slice(LINE_END);
    }

    /// Appends what goes before the value of a found item.
    pub(in crate::memcache) fn write_item(&self, item: &Item<'_>, out: &mut Vec<u8>) {
        if self.verb == Verb::Debug {
            return self.write_debug(item, out);
        }
        let length = self.wants_value(item.unique).then_some(item.value.len());
        write_found(length, out);
        let told = Told {
            unique: item.unique,
            length: Some(item.value.len()),
            ttl: Some(item.ttl),
            client_flags: Some(item.flags),
            was_fetched: Some(item.was_fetched),
            idle: Some(item.idle),
            encoded: Some(item.is_encoded),
        };
        self.write_flags(&told, out);
        if item.renewal == Renewal::Other {
            out.extend_from_slice(b" Z");
        }
        if item.is_stale {
            out.extend_from_slice(b" X");
        }
        if item.renewal == Renewal::You {
            out.extend_from_slice(b" W");
        }
        out.extend_from_slice(LINE_END);
    }

    fn write_counter(&self, number: &Number, out: &mut Vec<u8>) {
        if self.quiet && !number.is_new {
            return;
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(number.value).as_bytes();
        write_found(self.with_value.then_some(digits.len()), out);
        let told = Told {
            unique: Some(number.unique),
            ttl: Some(number.ttl),
            ..Told::default()
        };
        self.write_flags(&told, out);
        out.extend_from_slice(LINE_END);
        if self.with_value {
            out.extend_from_slice(digits);
            out.extend_from_slice(LINE_END);
        }
    }

    fn write_flags(&self, told: &Told, out: &mut Vec<u8>) {
        let mut left = told.ttl.map(|ttl| ttl.before);
        for word in Words::new(self.flags) {
            let Some(&flag) = word.first() else {
                continue;
            };
            match flag {
                b'O' => {
                    out.push(b' ');
                    out.extend_from_slice(word);
                }
                b'k' => {
                    out.extend_from_slice(b" k");
                    let encoded = told.encoded.unwrap_or(self.is_binary);
                    self.write_key(encoded, out);
                    if encoded {
                        out.extend_from_slice(b" b");
                    }
                }
                b'c' => write_told(flag, told.unique, out),
                b's' => write_told(flag, told.length, out),
                b'f' => write_told(flag, told.client_flags, out),
                b'h' => write_told(flag, told.was_fetched.map(u8::from), out),
                b'l' => write_told(flag, told.idle, out),
                // An item changes from flag to flag, and is told as it is by then.
                b'T' => left = told.ttl.map(|ttl| ttl.touched),
                b'N' => left = told.ttl.and_then(|ttl| ttl.made).or(left),
                b't' => {
                    let seconds = left.map(|left| left.map_or(-1, i64::from));
                    write_told(flag, seconds, out);
                }
                _ => {}
            }
        }
    }

    fn write_key(&self, encoded: bool, out: &mut Vec<u8>) {
        if encoded {
            base64::encode(self.key, out);
        } else {
            out.extend_from_slice(self.key);
        }
    }

    /// All there is to know of an item. What is left of its life is told as a
    /// negative number, as in memcached.
    fn write_debug(&self, item: &Item<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"ME ");
        self.write_key(item.is_encoded, out);
        out.extend_from_slice(b" exp=");
        write_number(
            item.ttl.before.map_or(-1, |seconds| -i64::from(seconds)),
            out,
        );
        out.extend_from_slice(b" la=");
        write_number(item.idle, out);
        out.extend_from_slice(b" cas=");
        write_number(item.unique.unwrap_or(0), out);
        let fetched = if item.was_fetched { "yes" } else { "no" };
        // There are no size classes: everything is in the first.
        for text in [" fetch=", fetched, " cls=1 size="] {
            out.extend_from_slice(text.as_bytes());
        }
        write_number(item.size, out);
        out.extend_from_slice(LINE_END);
    }
}

/// Appends what an answer begins with: the length of a value that follows.
fn write_found(length: Option<usize>, out: &mut Vec<u8>) {
    match length {
        Some(length) => {
            out.extend_from_slice(b"VA ");
            write_number(length, out);
        }
        None => out.extend_from_slice(b"HD"),
    }
}

/// Appends a return flag, if there is something to tell.
fn write_told(flag: u8, number: Option<impl itoa::Integer>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        out.extend_from_slice(&[b' ', flag]);
        write_number(number, out);
    }
}
