//! What `incr` and `decr` make of a value, by memcached's rules.

/// The longest decimal number of 64 bits.
const DIGITS_MAX: usize = 20;

/// The number that a value holds: decimal digits, with blanks around them or not. `None` when it holds something else
/// or does not fit 64 bits.
fn parse(value: &[u8]) -> Option<u64> {
    if value.is_empty() || value.len() > DIGITS_MAX {
        return None;
    }
    let digits = value.trim_ascii();
    let plain = digits.strip_prefix(b"+").unwrap_or(digits);
    if plain.is_empty() || !plain.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(plain).ok()?.parse().ok()
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
    }

    #[test]
    fn what_is_not_a_number_is_not_counted() {
        for value in [
            &b""[..],
            b" ",
            b"x",
            b"1x",
            b"-1",
            b"1 2",
            b"18446744073709551616",
            b"000000000000000000001",
        ] {
            assert_eq!(step(value, 1, true), None, "{value:?}");
        }
    }
}
