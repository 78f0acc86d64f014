//! The meta text protocol: a line to what it asks for, a reply to its text.
//!
//! The spelling of every error, what each is said for and in which order the
//! parts of a line are checked are memcached's, since clients match on them.

mod flags;
mod form;

pub(crate) use form::Form;
pub(super) use form::ITEM_ROOM;
use form::Verb;

use self::flags::Flags;
use super::base64;
use super::form::Form as AnyForm;
use super::key::has_line_end;
use super::line::{KeyRoom, LINE_END, Line, refuse, value_length};
use crate::reply::Error;
use crate::request::{
    Arith, Condition, Get, Header, Invalidate, KEY_MAX, Renew, Request, Side, Unique, Vivify, Way,
    Words,
};

/// Most words of a line.
const WORDS_MAX: usize = 19;

const TOO_MANY: Error = Error::Client("options flags too long");
const TOO_MANY_FOR_GET: Error = Error::Client("options flags are too long");
/// Said for whatever is wrong with the flags of `md` and `ma`.
const FLAGS: Error = Error::Client("invalid or duplicate flag");
const OPAQUE: Error = Error::Client("opaque token too long");

/// Reads a line that begins with `m` and `verb`; `room` is for its key.
pub(super) fn parse<'a>(verb: u8, words: Words<'a>, room: &'a mut KeyRoom) -> Line<'a> {
    let parsed = match verb {
        b'g' => get(words, room),
        b's' => return set(words, room),
        b'd' => delete(words, room),
        b'a' => arith(words, room),
        b'e' => debug(words, room),
        b'n' => Ok((Request::Noop, Form::plain())),
        _ => Err(Error::Unknown),
    };
    match parsed {
        Ok((request, form)) => Line::Request {
            request,
            form: AnyForm::Meta(form),
        },
        Err(error) => refuse(error, false),
    }
}

type Parsed<'a> = Result<(Request<'a>, Form<'a>), Error>;

/// A key as it is spelled, and the flags that follow it.
fn key_of<'a>(words: &mut Words<'a>, too_many: Error) -> Result<&'a [u8], Error> {
    let line = words.clone();
    let key = words.next().ok_or(Error::Unknown)?;
    if key.len() > KEY_MAX {
        return Err(Error::Format);
    }
    // The verb is one of them.
    if line.count() + 1 > WORDS_MAX {
        return Err(too_many);
    }
    Ok(key)
}

fn get<'a>(mut words: Words<'a>, room: &'a mut KeyRoom) -> Parsed<'a> {
    let key = key_of(&mut words, TOO_MANY_FOR_GET)?;
    let text = words.rest();
    let flags = Flags::parse(words, key, room)?;
    check(&flags)?;
    let request = Get {
        key: flags.key,
        unique: flags.has(b'c') || flags.has(b'C'),
        last_access: flags.has(b'l'),
        peeks: flags.has(b'u'),
        touch: flags.touch,
        renew: Some(Renew {
            below: flags.below,
            touched: flags.touched,
        }),
        vivify: flags.birth().map(|birth| Vivify {
            birth,
            unique: flags.given,
            encoded: flags.has(b'b'),
        }),
    };
    let form = Form::asked(Verb::Get, &flags, text);
    Ok((Request::Get(request), form))
}

fn set<'a>(mut words: Words<'a>, room: &'a mut KeyRoom) -> Line<'a> {
    let key = match key_of(&mut words, TOO_MANY) {
        Ok(key) => key,
        Err(error) => return refuse(error, false),
    };
    let Some(length) = words.next().and_then(value_length) else {
        return refuse(Error::Format, false);
    };
    let text = words.rest();
    match header(Flags::parse(words, key, room), length) {
        Ok((header, flags)) => Line::Storage {
            header,
            form: AnyForm::Meta(Form::asked(Verb::Set, &flags, text)),
        },
        Err(error) => Line::Refused {
            error,
            quiet: false,
            skip: length + LINE_END.len(),
        },
    }
}

fn header(
    flags: Result<Flags<'_>, Error>,
    length: usize,
) -> Result<(Header<'_>, Flags<'_>), Error> {
    let flags = flags?;
    let join = |side| Way::Join {
        side,
        compare: flags.compare,
        vivify: flags.vivify.is_some(),
    };
    let (way, compared) = match flags.mode {
        None | Some(b'S') => (Way::Put(Condition::Always), true),
        Some(b'R') => (Way::Put(Condition::Present), true),
        Some(b'E') => (Way::Put(Condition::Absent), false),
        Some(b'A') => (join(Side::Append), false),
        Some(b'P') => (join(Side::Prepend), false),
        Some(_) => return Err(Error::Client("invalid mode for ms M token")),
    };
    check(&flags)?;
    let way = match flags.compare {
        // 0 is older than any other: what has it, or nothing, is meant.
        Some(unique) if compared && unique > 0 && flags.has(b'I') => {
            Way::Put(Condition::Since(unique))
        }
        Some(unique) if compared => Way::Put(Condition::Unique(unique)),
        _ => way,
    };
    let header = Header {
        key: flags.key,
        length,
        flags: flags.word,
        exptime: match way {
            Way::Put(_) => flags.touch.unwrap_or(0),
            Way::Join { .. } => flags.vivify.unwrap_or(0),
        },
        way,
        unique: unique_of(&flags),
        encoded: flags.has(b'b'),
        supersedes: true,
    };
    Ok((header, flags))
}

fn delete<'a>(mut words: Words<'a>, room: &'a mut KeyRoom) -> Parsed<'a> {
    let key = key_of(&mut words, TOO_MANY)?;
    let text = words.rest();
    let flags = Flags::parse(words, key, room).map_err(|_| FLAGS)?;
    check(&flags)?;
    let (stale, emptied) = (flags.has(b'I'), flags.has(b'x'));
    let request = if stale || emptied {
        Request::Invalidate(Invalidate {
            key: flags.key,
            compare: flags.compare,
            unique: flags.given,
            stale,
            emptied: emptied.then_some(flags.word),
            // What is emptied begins anew.
            exptime: flags.touch.or(emptied.then_some(0)),
        })
    } else {
        Request::Delete {
            key: flags.key,
            compare: flags.compare,
        }
    };
    Ok((request, Form::asked(Verb::Delete, &flags, text)))
}

fn arith<'a>(mut words: Words<'a>, room: &'a mut KeyRoom) -> Parsed<'a> {
    let key = key_of(&mut words, TOO_MANY)?;
    let text = words.rest();
    let flags = Flags::parse(words, key, room).map_err(|_| FLAGS)?;
    let increment = match flags.mode {
        None | Some(b'I' | b'+') => true,
        Some(b'D' | b'-') => false,
        Some(_) => return Err(Error::Client("invalid mode for ma M token")),
    };
    check(&flags)?;
    let request = Arith {
        key: flags.key,
        delta: flags.delta.unwrap_or(1),
        increment,
        compare: flags.compare,
        unique: unique_of(&flags),
        touch: flags.touch,
        vivify: flags.birth().map(|birth| (flags.initial, birth)),
        encoded: flags.has(b'b'),
    };
    let form = Form::asked(Verb::Arith, &flags, text);
    Ok((Request::Arith(request), form))
}

/// `me` takes one flag, and passes over what else there is.
fn debug<'a>(mut words: Words<'a>, room: &'a mut KeyRoom) -> Parsed<'a> {
    let spelled = words.next().filter(|key| key.len() <= KEY_MAX);
    let spelled = spelled.ok_or(Error::Format)?;
    let is_binary = words.next() == Some(b"b");
    let key = if is_binary {
        base64::decode(spelled, room)
    } else {
        Some(spelled).filter(|key| !has_line_end(key))
    };
    let key = key.ok_or(Error::Format)?;
    let request = Get {
        key,
        unique: true,
        last_access: true,
        peeks: true,
        ..Get::default()
    };
    Ok((Request::Get(request), Form::debug(key)))
}

/// What is checked when all flags are known.
fn check(flags: &Flags<'_>) -> Result<(), Error> {
    if flags.opaque_too_long {
        Err(OPAQUE)
    } else if !flags.has(b'b') && has_line_end(flags.key) {
        Err(Error::Format)
    } else {
        Ok(())
    }
}

fn unique_of(flags: &Flags<'_>) -> Unique {
    Unique {
        given: flags.given,
        told: flags.has(b'c'),
    }
}
