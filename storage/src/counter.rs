//! What `incr` and `decr` make of a value, by memcached's rules.

/// So far is a number looked for, in bytes: this is done under its key's lock.
const READ_MAX: usize = 1 << 10;
/// Longer values hold no number, in bytes: memcached keeps them in pieces, and reads none.
const VALUE_MAX: usize = 512 << 10;

/// The number that a value begins with, as C's `strtoull` reads it: behind white space and a sign or none, up to the end,
/// white space or a NUL; what follows does not matter. `None` when there is none, or it does not fit 64 bits.
fn parse(value: &[u8]) -> Option<u64> {
    if value.len() > VALUE_MAX {
        return None;
    }
    let seen = &value[..value.len().min(READ_MAX)];
    let start = seen.iter().position(|&byte| !is_space(byte))?;
    let (is_negative, sign) = match seen[start] {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let digits = &seen[start + sign..];
    let length = digits.iter().take_while(|it| it.is_ascii_digit()).count();
    let behind = value.get(start + sign + length);
    if behind.is_some_and(|&byte| byte != 0 && !is_space(byte)) {
        return None;
    }
    let number: u64 = std::str::from_utf8(&digits[..length]).ok()?.parse().ok()?;
    if !is_negative {
        return Some(number);
    }
    // With a minus C counts down from 2^64; memcached refuses what looks like it.
    let below = number.wrapping_neg();
    (below <= i64::MAX.cast_unsigned()).then_some(below)
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The new number: increments wrap at 2^64, decrements stop at 0.
pub(crate) fn step(value: &[u8], delta: u64, increment: bool) -> Option<u64> {
    let number = parse(value)?;
    Some(if increment {
        number.wrapping_add(delta)
    } else {
        number.saturating_sub(delta)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_upwards_and_stop_at_zero() {
        assert_eq!(step(b"18446744073709551615", 2, true), Some(1));
        assert_eq!(step(b"5", 9, false), Some(0));
        assert_eq!(step(b"10  ", 1, true), Some(11));
        assert_eq!(step(b"007", 1, true), Some(8));
        assert_eq!(step(b"000000000000000000001", 1, true), Some(2));
        assert_eq!(step(b"-0", 1, true), Some(1));
        assert_eq!(step(b"-9223372036854775809", 1, true), Some(1 << 63));
    }

    #[test]
    fn what_is_behind_a_number_does_not_matter() {
        for value in [&b"5 x"[..], b"5\0x", b"5\r\nx", b"\x0b\t +5\x0c-"] {
            assert_eq!(step(value, 1, true), Some(6), "{value:?}");
        }
        let mut long = b"5 ".repeat(READ_MAX);
        assert_eq!(step(&long, 1, true), Some(6));
        long.fill(b'0');
        assert_eq!(step(&long, 1, true), None);
    }

    #[test]
    fn a_long_text_that_begins_with_a_number_would_be_lost() {
        let mut text = b"5 ".repeat(VALUE_MAX / 2);
        assert_eq!(step(&text, 1, true), Some(6));
        text.push(b' ');
        assert_eq!(step(&text, 1, true), None);
    }

    #[test]
    fn what_is_not_a_number_is_not_counted() {
        for value in [
            &b""[..],
            b" ",
            b"x",
            b"1x",
            b"+",
            b"+-1",
            b"-1",
            b"-9223372036854775808",
            b"18446744073709551616",
        ] {
            assert_eq!(step(value, 1, true), None, "{value:?}");
        }
    }
}
