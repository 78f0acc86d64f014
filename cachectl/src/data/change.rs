//! Changing one item that is there.

use serde::Serialize;

use super::{Client, Key};
use crate::failure::Failure;
use crate::output;

/// A verb, and the line that says that it is done.
type Change = (&'static str, &'static str);

pub(crate) const DELETE: Change = ("delete", "DELETED");
pub(crate) const TOUCH: Change = ("touch", "TOUCHED");

#[derive(Serialize)]
struct Changed {
    key: String,
    done: &'static str,
}

#[derive(Serialize)]
struct Count {
    key: String,
    value: u64,
}

/// Asks for `verb` to be done to `key`, with `argument` behind it, which is answered by `done`.
pub(crate) fn change(
    client: &mut Client,
    (verb, done): Change,
    key: &Key,
    argument: &str,
    json: bool,
) -> Result<(), Failure> {
    match &request(client, verb, key, argument)?[..] {
        b"NOT_FOUND" => Err(key.missing()),
        line if line != done.as_bytes() => Err(client.foreign()),
        _ if json => output::print(output::json(&Changed {
            key: key.to_string(),
            done: verb,
        })),
        _ => Ok(()),
    }
}

/// Adds `by` to the number under `key`, or takes it off, as `verb` says, and prints what it is then.
pub(crate) fn count(
    client: &mut Client,
    verb: &str,
    key: &Key,
    by: u64,
    json: bool,
) -> Result<(), Failure> {
    let line = request(client, verb, key, &format!(" {by}"))?;
    if line == b"NOT_FOUND" {
        return Err(key.missing());
    }
    let value = String::from_utf8_lossy(&line);
    // memcached leaves blanks behind a number that had more digits.
    let value = value.trim_end().parse().map_err(|_| client.foreign())?;
    output::print(if json {
        output::json(&Count {
            key: key.to_string(),
            value,
        })
    } else {
        format!("{value}\n")
    })
}

fn request(client: &mut Client, verb: &str, key: &Key, argument: &str) -> Result<Vec<u8>, Failure> {
    let words = [
        verb.as_bytes(),
        b" ",
        key.bytes(),
        argument.as_bytes(),
        b"\r\n",
    ];
    client.send(&words.concat())?;
    client.line()
}
