//! Keys as text, by percent-encoding: a byte that cannot stand for itself is `%` and two hexadecimal
//! digits.

/// Appends `key`, of whose bytes those stand for themselves that `is_kept` names.
pub(crate) fn append(key: &[u8], is_kept: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    let digit = |digit: u8| digit + if digit < 10 { b'0' } else { b'A' - 10 };
    for &byte in key {
        if is_kept(byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// What stands for itself in every part of a URI.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A key as a text that people can read and that has no blank: all of printable ASCII but `%`
/// stands for itself.
pub fn key_text(key: &[u8]) -> String {
    let mut text = Vec::with_capacity(key.len());
    append(
        key,
        |byte| byte.is_ascii_graphic() && byte != b'%',
        &mut text,
    );
    text.into_iter().map(char::from).collect()
}

/// The key that `text` stands for; `None` where a `%` has no two digits behind it. What need not
/// have been encoded may be, or not.
pub fn key_bytes(text: &str) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    while let Some(byte) = bytes.next() {
        key.push(match byte {
            b'%' => {
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                (high << 4 | low) as u8
            }
            _ => byte,
        });
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_would_have_one_text() {
        for (key, text) in [
            (&b"user:17"[..], "user:17"),
            (b"100%", "100%25"),
            (b"a b\n", "a%20b%0A"),
            (b"\xff\"{", "%FF\"{"),
            ("\u{e9}".as_bytes(), "%C3%A9"),
            (b"", ""),
        ] {
            assert_eq!(key_text(key), text);
            assert_eq!(key_bytes(text).as_deref(), Some(key));
        }
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(key_bytes(&key_text(&all)), Some(all));
        assert_eq!(
            key_bytes("%c3%a9\u{e9}").as_deref(),
            Some(&b"\xc3\xa9\xc3\xa9"[..])
        );
    }

    #[test]
    fn a_text_that_is_cut_off_would_be_another_key() {
        for text in ["%", "a%2", "%zz", "%+1"] {
            assert_eq!(key_bytes(text), None, "{text}");
        }
    }
}
