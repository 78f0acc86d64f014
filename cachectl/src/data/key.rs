//! What items are asked by and stored with, as the command line tells it.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net::KEY_MAX;
use net::admin::key_text;

use crate::failure::Failure;

/// A TTL that is longer is taken for a point in Unix time by the protocol.
const TTL_MAX: u64 = 30 * 24 * 60 * 60;

/// A key that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// Takes the bytes as they are. The error is a sentence.
    pub(crate) fn parse(word: OsString) -> Result<Key, String> {
        let key = word.into_vec();
        let ends_it = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n' | 0);
        if key.is_empty() {
            return Err("a key has one byte at least".to_owned());
        }
        if key.len() > KEY_MAX {
            return Err(format!(
                "a key has {KEY_MAX} bytes at most, and this one {}",
                key.len()
            ));
        }
        if key.iter().any(ends_it) {
            return Err("no blank, line end or NUL can be in a key as it is sent".to_owned());
        }
        Ok(Key(key))
    }

    /// There is no item under it.
    pub(crate) fn missing(&self) -> Failure {
        Failure::NotFound(format!("there is no item under the key {self}"))
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Key {
    /// Other bytes than printable ASCII, and `%`, as `%XX`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&key_text(&self.0))
    }
}

/// Reads a TTL, a bare number being seconds, as what the protocol takes for it; 0 is for ever. The
/// error is a sentence.
pub(crate) fn ttl(text: &str) -> Result<u64, String> {
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => humantime::parse_duration(text)
            .map_err(|_| "a TTL is a number of seconds, or as in 90s, 15m, 2h or 1day".to_owned())?
            .as_secs(),
    };
    if seconds <= TTL_MAX {
        return Ok(seconds);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(now
        .as_ref()
        .map_or(0, Duration::as_secs)
        .saturating_add(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_sent_would_be_another_or_a_command() {
        let parse = |bytes: &[u8]| Key::parse(OsString::from_vec(bytes.to_vec()));
        for key in [
            &b""[..],
            b"a b",
            b"a\r",
            b"a\nflush_all",
            b"a\0",
            &[b'k'; 251],
        ] {
            assert!(parse(key).is_err(), "{key:?}");
        }
        for key in [&b"user:17"[..], b"\xff\x01%", &[b'k'; 250]] {
            assert_eq!(parse(key).expect("a key").bytes(), key);
        }
        assert_eq!(parse(b"\xff%").expect("a key").to_string(), "%FF%25");
    }

    #[test]
    fn a_long_ttl_would_be_a_moment_of_long_ago() {
        assert_eq!(ttl("0"), Ok(0));
        assert_eq!(ttl("90"), Ok(90));
        assert_eq!(ttl("30days"), Ok(TTL_MAX));
        assert!(ttl("31days").expect("a TTL") > 1_700_000_000);
        for text in ["", "-1", "soon"] {
            assert!(ttl(text).is_err(), "{text}");
        }
    }
}
