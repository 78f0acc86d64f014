//! Storing one item.

use clap::ValueEnum;
use serde::Serialize;

use super::{Client, Key};
use crate::arguments::Terms;
use crate::failure::Failure;
use crate::output;

/// On which condition an item is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// On none.
    Set,
    /// When there is none under the key.
    Add,
    /// When there is one under the key.
    Replace,
    /// Behind the value that there is.
    Append,
    /// Before the value that there is.
    Prepend,
}

#[derive(Serialize)]
struct Stored {
    key: String,
    stored: bool,
}

/// Stores `value` under `key`.
pub(crate) fn set(
    client: &mut Client,
    key: &Key,
    value: &[u8],
    terms: &Terms,
    json: bool,
) -> Result<(), Failure> {
    let Terms { ttl, flags, .. } = terms;
    let verb = match (terms.cas, terms.mode) {
        (Some(_), _) => "cas",
        (None, Mode::Set) => "set",
        (None, Mode::Add) => "add",
        (None, Mode::Replace) => "replace",
        (None, Mode::Append) => "append",
        (None, Mode::Prepend) => "prepend",
    };
    let cas = terms.cas.map(|cas| format!(" {cas}")).unwrap_or_default();
    let rest = format!(" {flags} {ttl} {}{cas}\r\n", value.len());
    let mut request = [verb.as_bytes(), b" ", key.bytes(), rest.as_bytes()].concat();
    request.extend_from_slice(value);
    request.extend_from_slice(b"\r\n");
    client.send(&request)?;
    match (&client.line()?[..], terms.mode) {
        (b"STORED", _) if json => output::print(output::json(&Stored {
            key: key.to_string(),
            stored: true,
        })),
        (b"STORED", _) => Ok(()),
        (b"NOT_STORED", Mode::Add) => Err(Failure::Refused(format!(
            "there is an item under the key {key}"
        ))),
        (b"EXISTS", _) => Err(Failure::Refused(format!(
            "the item under the key {key} has another unique"
        ))),
        (b"NOT_STORED" | b"NOT_FOUND", _) => Err(key.missing()),
        _ => Err(client.foreign()),
    }
}
