//! Standard output.

use std::io::{self, Write};

use net::admin::key_text;
use serde::{Serialize, Serializer};

use crate::failure::Failure;

/// Prints `bytes` as they are.
pub(crate) fn print(bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes.as_ref())
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}

/// The line of JSON that `object` is.
pub(crate) fn json(object: &impl Serialize) -> String {
    // What is told here are texts and numbers under names: there is nothing JSON has no form for.
    serde_json::to_string(object).unwrap_or_default() + "\n"
}

/// A count as JSON has it: without a fraction, which shells cannot read.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(crate) fn whole<S: Serializer>(count: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(count.round() as u64)
}

/// Bytes that may be no text: a member of an object, under one of two names.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) enum Bytes {
    /// They are text, and this is it.
    #[serde(rename = "value")]
    Text(String),
    /// They are not: each that is not printable ASCII, and `%`, is `%XX`.
    #[serde(rename = "value_percent")]
    Percent(String),
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        String::from_utf8(bytes).map_or_else(
            |error| Bytes::Percent(key_text(error.as_bytes())),
            Bytes::Text,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_would_be_lost_in_json() {
        let told = |bytes: &[u8]| json(&Bytes::from(bytes.to_vec()));
        assert_eq!(told(b"a \"b\"\n"), "{\"value\":\"a \\\"b\\\"\\n\"}\n");
        assert_eq!(told(b"100%"), "{\"value\":\"100%\"}\n");
        assert_eq!(told(b"\xff %"), "{\"value_percent\":\"%FF%20%25\"}\n");
    }
}
