//! Decimal numbers as memcached reads them: an optional sign, digits, nothing
//! else, and no wrapping.

/// A number without sign or with a plus. `None` if it is none or exceeds u64.
pub(crate) fn unsigned(text: &[u8]) -> Option<u64> {
    digits(text.strip_prefix(b"+").unwrap_or(text))
}

/// A number with or without sign. `None` if it is none or exceeds i64.
pub(crate) fn signed(text: &[u8]) -> Option<i64> {
    match text.strip_prefix(b"-") {
        Some(text) => 0i64.checked_sub_unsigned(digits(text)?),
        None => i64::try_from(unsigned(text)?).ok(),
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |number, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::{signed, unsigned};

    #[test]
    fn numbers_at_the_edge_of_their_type_do_not_wrap() {
        assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(unsigned(b"18446744073709551616"), None);
        assert_eq!(unsigned(b"99999999999999999999999"), None);
        assert_eq!(signed(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(signed(b"9223372036854775808"), None);
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(signed(b"-9223372036854775809"), None);
    }

    #[test]
    fn what_is_no_number_is_not_read_as_one() {
        for text in [
            "", "+", "-", "--1", "+-1", "1a", "a1", "0x10", "1.0", "1\t", "\t1", "١",
        ] {
            assert_eq!(unsigned(text.as_bytes()), None, "{text:?}");
            assert_eq!(signed(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(unsigned(b"-1"), None);
    }

    #[test]
    fn signs_and_leading_zeros_are_read() {
        assert_eq!(unsigned(b"+5"), Some(5));
        assert_eq!(unsigned(b"007"), Some(7));
        assert_eq!(signed(b"+5"), Some(5));
        assert_eq!(signed(b"-5"), Some(-5));
        assert_eq!(signed(b"-0"), Some(0));
    }
}
