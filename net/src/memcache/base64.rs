//! Keys in base64, read as memcached reads them: bytes that are no digit are
//! passed over, and what follows the first padded block is not looked at.

use crate::request::KEY_MAX;

/// Bytes of the longest key that can be spelled so.
pub(crate) const KEY_ROOM: usize = KEY_MAX / 4 * 3;

/// The key that `text` spells. `None`: none, or one that is too long.
pub(crate) fn decode<'a>(text: &[u8], room: &'a mut [u8; KEY_ROOM]) -> Option<&'a [u8]> {
    let digits = || text.iter().filter_map(|&byte| digit(byte));
    if digits().count() % 4 != 0 {
        return None;
    }
    let mut length = 0;
    let (mut bits, mut padding) = (0_u32, 0);
    for (at, (digit, pads)) in digits().enumerate() {
        bits = bits << 6 | digit;
        padding += usize::from(pads);
        if at % 4 < 3 {
            continue;
        }
        let [_, block @ ..] = bits.to_be_bytes();
        let bytes = block.get(..block.len().checked_sub(padding)?)?;
        room.get_mut(length..length + bytes.len())?
            .copy_from_slice(bytes);
        length += bytes.len();
        if padding > 0 {
            break;
        }
    }
    room.get(..length).filter(|key| !key.is_empty())
}

/// Appends the spelling of `key`.
pub(crate) fn encode(key: &[u8], out: &mut Vec<u8>) {
    for block in key.chunks(3) {
        let byte = |at: usize| u32::from(block.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letters = [18, 12, 6, 0].map(|shift| letter((bits >> shift & 63) as u8));
        out.extend(letters.iter().take(block.len() + 1));
        out.extend(b"==".iter().skip(block.len() - 1));
    }
}

/// What `byte` counts for, and whether it pads.
fn digit(byte: u8) -> Option<(u32, bool)> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        b'=' => 0,
        _ => return None,
    };
    Some((u32::from(digit), byte == b'='))
}

fn letter(digit: u8) -> u8 {
    match digit {
        0..26 => b'A' + digit,
        26..52 => b'a' + digit - 26,
        52..62 => b'0' + digit - 52,
        62 => b'+',
        _ => b'/',
    }
}

#[cfg(test)]
mod tests {
    use super::{KEY_ROOM, decode, encode};
    use crate::request::KEY_MAX;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut room = [0; KEY_ROOM];
        decode(text.as_bytes(), &mut room).map(<[u8]>::to_vec)
    }

    #[test]
    fn every_key_is_read_back_as_it_was_spelled() {
        let bytes: Vec<u8> = (0..=255).rev().collect();
        for length in 1..=KEY_ROOM {
            let key = &bytes[..length];
            let mut text = Vec::new();
            encode(key, &mut text);
            assert!(text.len() <= KEY_MAX);
            let text = String::from_utf8(text).expect("letters");
            assert_eq!(decoded(&text).as_deref(), Some(key), "{text}");
        }
    }

    #[test]
    fn the_longest_spelling_that_a_line_can_hold_is_read() {
        assert_eq!(decoded(&"A".repeat(248)), Some(vec![0; 186]));
    }

    #[test]
    fn spellings_do_not_differ_from_the_standard() {
        for (key, spelled) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            let mut text = Vec::new();
            encode(key.as_bytes(), &mut text);
            assert_eq!(text, spelled.as_bytes());
        }
    }

    #[test]
    fn what_memcached_makes_of_a_strange_spelling_is_made_of_it() {
        assert_eq!(decoded("Zm!9v").as_deref(), Some(&b"foo"[..]));
        assert_eq!(decoded("Zm9vYh==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(decoded("Zm9vYg==Zm9v").as_deref(), Some(&b"foob"[..]));
        assert_eq!(decoded("=AAA").as_deref(), Some(&[0, 0][..]));
    }

    #[test]
    fn what_spells_no_key_is_refused() {
        for text in ["", "Z", "Zm9", "!!", "====", "A===", "Zm9v==="] {
            assert_eq!(decoded(text), None, "{text}");
        }
        assert_eq!(decoded(&"A".repeat(KEY_ROOM / 3 * 4 + 4)), None);
    }
}
