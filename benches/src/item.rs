//! Keys and values that prove themselves.
//!
//! Everything about an item follows from the run's seed, the key's number and
//! the version of its value, so whoever reads a value can tell whether it was
//! ever written for that key, without remembering it:
//!
//! ```text
//! bytes   0..8    seed of the run          u64, little-endian as all below
//!         8..12   number of the key        u32
//!        12..16   version of the value     u32
//!        16..20   length of the value      u32
//!        20..24   when it was written      u32, milliseconds since the run began
//!        24..32   checksum of the rest     u64, XXH3
//!        32..     body, drawn from seed, key and version
//! ```

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

/// Bytes of a value that are not body; the shortest value there is.
pub const HEADER: usize = 32;
/// Bytes of a key that hold its number; the shortest key there is.
pub const KEY_MIN: usize = 9;
const CHECKSUM: std::ops::Range<usize> = 24..HEADER;

/// Lifetimes in seconds, 0 for none. Half of the keys have none.
const TTLS: [u32; 8] = [0, 0, 0, 0, 2, 10, 60, 3600];

/// The items of one run.
#[derive(Clone, Copy, Debug)]
pub struct Items {
    seed: u64,
}

/// What a value says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the key.
    pub key: u32,
    /// Which of the key's values this is.
    pub version: u32,
    /// Milliseconds since the run began.
    pub written_ms: u32,
}

impl Items {
    /// The items of the run with this seed; no other run accepts them.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Appends the key's bytes, 9 to 40 of them.
    pub fn write_key(self, key: u32, out: &mut Vec<u8>) {
        let padding = (self.draw(key, 0) % 32) as usize;
        write_key(key, KEY_MIN + padding, out);
    }

    /// The key's lifetime in seconds, 0 for none.
    pub fn ttl(self, key: u32) -> u32 {
        TTLS[(self.draw(key, 1) % TTLS.len() as u64) as usize]
    }

    /// Length of a value: most are short, one in ten has some KiB.
    pub fn length(self, key: u32, version: u32) -> usize {
        let draw = self.draw(key, u64::from(version) + 2);
        let spread = (draw >> 8) as usize;
        HEADER
            + match draw % 10 {
                0..=5 => spread % 128,
                6..=8 => spread % 1024,
                _ => spread % 8192,
            }
    }

    /// Appends the value `stamp` stands for, `length` bytes of it. One that is
    /// shorter than a header is all body: only who knows its stamp can check it.
    pub fn write_value(self, stamp: Stamp, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let mut body = fastrand::Rng::with_seed(self.draw(stamp.key, u64::from(stamp.version)));
        if length < HEADER {
            out.resize(start + length, 0);
            body.fill(&mut out[start..]);
            return;
        }
        out.extend(self.seed.to_le_bytes());
        out.extend(stamp.key.to_le_bytes());
        out.extend(stamp.version.to_le_bytes());
        out.extend((length as u32).to_le_bytes());
        out.extend(stamp.written_ms.to_le_bytes());
        out.resize(start + length, 0);
        let value = &mut out[start..];
        body.fill(&mut value[HEADER..]);
        let checksum = checksum(value);
        value[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Reads a value's stamp, or says why it is none of this run's.
    pub fn read_value(self, value: &[u8]) -> Result<Stamp, String> {
        let (Some(seed), Some(key), Some(version), Some(length), Some(written_ms), Some(sum)) = (
            number::<8>(value, 0),
            number::<4>(value, 8),
            number::<4>(value, 12),
            number::<4>(value, 16),
            number::<4>(value, 20),
            number::<8>(value, CHECKSUM.start),
        ) else {
            return Err(format!("{} bytes are shorter than any value", value.len()));
        };
        if seed != self.seed {
            return Err(format!("it is of another run, seed {seed}"));
        }
        if length != value.len() as u64 {
            return Err(format!(
                "{length} bytes were written, {} came back",
                value.len()
            ));
        }
        if sum != checksum(value) {
            return Err("its bytes were changed".to_owned());
        }
        Ok(Stamp {
            key: key as u32,
            version: version as u32,
            written_ms: written_ms as u32,
        })
    }

    fn draw(self, key: u32, what: u64) -> u64 {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&key.to_le_bytes());
        bytes[4..].copy_from_slice(&what.to_le_bytes());
        xxh3_64_with_seed(&bytes, self.seed)
    }
}

/// Appends a key of `length` bytes, at least `KEY_MIN`.
#[inline]
pub fn write_key(key: u32, length: usize, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    debug_assert!(length >= KEY_MIN);
    let mut number = [b'k'; KEY_MIN];
    for (at, digit) in number[1..].iter_mut().enumerate() {
        *digit = DIGITS[(key >> (28 - 4 * at) & 15) as usize];
    }
    out.extend_from_slice(&number);
    out.resize(out.len() + length - KEY_MIN, b'.');
}

/// The client flags of a key's values: small numbers, too, fill the high bits.
pub fn flags(key: u32) -> u32 {
    key.reverse_bits()
}

/// The number of a key that `write_key` wrote.
#[inline]
pub fn read_key(key: &[u8]) -> Option<u32> {
    let (mark, digits) = key.get(..KEY_MIN)?.split_first()?;
    let number = digits.iter().try_fold(0, |number: u32, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u32::from(digit))
    });
    number.filter(|_| *mark == b'k')
}

fn checksum(value: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&value[..CHECKSUM.start]);
    hash.update(&value[CHECKSUM.end..]);
    hash.digest()
}

fn number<const N: usize>(value: &[u8], at: usize) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes[..N].copy_from_slice(value.get(at..at + N)?);
    Some(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        key: 77,
        version: 5,
        written_ms: 1234,
    };

    fn value(items: Items, length: usize) -> Vec<u8> {
        let mut value = Vec::new();
        items.write_value(STAMP, length, &mut value);
        value
    }

    #[test]
    fn a_value_would_not_be_known_again() {
        let items = Items::new(1);
        for length in [HEADER, HEADER + 1, 100, 10_000] {
            let value = value(items, length);
            assert_eq!(value.len(), length);
            assert_eq!(items.read_value(&value), Ok(STAMP));
        }
    }

    #[test]
    fn a_damaged_value_would_pass() {
        let items = Items::new(1);
        let whole = value(items, 100);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(items.read_value(&damaged).is_err(), "byte {at}");
        }
        for length in 0..whole.len() {
            assert!(
                items.read_value(&whole[..length]).is_err(),
                "cut to {length}"
            );
        }
        assert!(Items::new(2).read_value(&whole).is_err(), "another run's");
    }

    #[test]
    fn a_short_value_could_not_be_told_from_another() {
        let items = Items::new(1);
        for length in 0..HEADER {
            let short = value(items, length);
            assert_eq!(short.len(), length);
            assert_eq!(short, value(items, length));
        }
        assert_ne!(value(items, 20), value(Items::new(2), 20));
    }

    #[test]
    fn a_key_would_be_taken_for_another() {
        for key in [0, 1, 0x0123_4567, 0x89ab_cdef, u32::MAX] {
            for length in [KEY_MIN, 40] {
                let mut bytes = Vec::new();
                write_key(key, length, &mut bytes);
                assert_eq!(bytes.len(), length);
                assert_eq!(read_key(&bytes), Some(key));
            }
        }
        for foreign in [&b"x00000001"[..], b"k0000000", b"k0000000G", b""] {
            assert_eq!(read_key(foreign), None);
        }
    }

    #[test]
    fn two_keys_would_share_their_bytes() {
        let items = Items::new(1);
        let keys: std::collections::HashSet<Vec<u8>> = (0..10_000)
            .map(|key| {
                let mut bytes = Vec::new();
                items.write_key(key, &mut bytes);
                bytes
            })
            .collect();
        assert_eq!(keys.len(), 10_000);
        assert!(keys.iter().all(|key| (9..=40).contains(&key.len())));
    }
}
