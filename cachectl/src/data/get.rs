//! One item: its value, and what the server knows of it.

use serde::Serialize;

use super::{Client, Key};
use crate::failure::Failure;
use crate::output::{self, Bytes};

/// An item, as scripts are told of it.
#[derive(Serialize)]
struct Item {
    key: String,
    flags: u32,
    size: u64,
    /// A text: it has more digits than many readers of JSON keep of a number.
    cas: String,
    #[serde(flatten)]
    facts: Facts,
    #[serde(flatten)]
    value: Bytes,
}

/// What `me` tells. Servers that do not know it are asked in vain, and the members are left out.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Facts {
    /// Seconds until it expires; -1: never, or within this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    /// Seconds since it was last asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<u64>,
    /// Whether it was ever asked for before.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<bool>,
}

/// Prints the value under `key` byte for byte, or all there is to know as JSON.
///
/// It is asked for with `gets`: a meta get would take the turn of a client that is to renew a stale
/// item.
pub(crate) fn get(client: &mut Client, key: &Key, json: bool) -> Result<(), Failure> {
    let facts = if json {
        facts(client, key)?
    } else {
        Facts::default()
    };
    client.send(&[b"gets ", key.bytes(), b"\r\n"].concat())?;
    let line = client.line()?;
    if line == b"END" {
        return Err(key.missing());
    }
    let (flags, size, cas) = header(&line).ok_or_else(|| client.foreign())?;
    let value = client.value(size)?;
    if client.line()? != b"END" {
        return Err(client.foreign());
    }
    if !json {
        return output::print(value);
    }
    output::print(output::json(&Item {
        key: key.to_string(),
        flags,
        size,
        cas,
        facts,
        value: value.into(),
    }))
}

/// Flags, size and unique of a line `VALUE KEY FLAGS SIZE CAS`.
fn header(line: &[u8]) -> Option<(u32, u64, String)> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.strip_prefix("VALUE ")?.rsplit(' ');
    let cas = words.next().filter(|word| word.parse::<u64>().is_ok())?;
    let size = words.next()?.parse().ok()?;
    let flags = words.next()?.parse().ok()?;
    Some((flags, size, cas.to_owned()))
}

fn facts(client: &mut Client, key: &Key) -> Result<Facts, Failure> {
    client.send(&[b"me ", key.bytes(), b"\r\n"].concat())?;
    match client.line() {
        Ok(line) => Ok(told(&line)),
        Err(Failure::Refused(_)) => Ok(Facts::default()),
        Err(failure) => Err(failure),
    }
}

/// What a line `ME KEY exp=60 la=3 cas=1 fetch=yes ...` says.
fn told(line: &[u8]) -> Facts {
    let line = String::from_utf8_lossy(line);
    let field = |name| {
        let mut words = line.split(' ').skip(2);
        words.find_map(|word| word.strip_prefix(name))
    };
    // memcached counts up to the end: -60 is a minute before it. -1 is both the last second and none.
    let ttl = |exp: i64| if exp == -1 { -1 } else { exp.saturating_abs() };
    Facts {
        ttl: field("exp=").and_then(|text| text.parse().ok()).map(ttl),
        idle: field("la=").and_then(|text| text.parse().ok()),
        fetched: field("fetch=").map(|text| text == "yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_says_no_size_would_be_waited_on() {
        assert_eq!(header(b"VALUE k 7 5 99"), Some((7, 5, "99".to_owned())));
        for line in [
            &b"VALUE k 7 5"[..],
            b"VALUE k 7 x 9",
            b"STORED",
            b"VALUE",
            b"",
        ] {
            assert_eq!(header(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_key_would_be_taken_for_a_fact() {
        let facts = told(b"ME exp=9 exp=-1 la=3 cas=17 fetch=no cls=1 size=64");
        assert_eq!(
            facts,
            Facts {
                ttl: Some(-1),
                idle: Some(3),
                fetched: Some(false)
            }
        );
        assert_eq!(told(b"ME k exp=-7200").ttl, Some(7200));
        assert_eq!(told(b"EN"), Facts::default());
    }
}
