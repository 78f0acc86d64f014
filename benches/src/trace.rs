//! Recorded or generated requests: the CTR1 files that `benches/traces/README.md` describes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::RangeInclusive;
use std::path::Path;

use ruzstd::decoding::StreamingDecoder;

use crate::{Error, item};

const MAGIC: [u8; 4] = *b"CTR1";

/// A key holds its number, and a server takes no longer one.
const KEY_SIZES: RangeInclusive<u8> = item::KEY_MIN as u8..=250;

/// Requests in their order, and what is known of their keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// In the order of their times.
    pub requests: Vec<Request>,
    /// Length of each key in bytes; a request's `key` is an index into it.
    pub key_sizes: Vec<u8>,
}

/// One request of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Seconds since the trace began.
    pub at_s: u32,
    /// What is asked.
    pub operation: Operation,
    /// Number of the key, from 0, in the order of their first requests.
    pub key: u32,
    /// Bytes of the value that is stored, by a set or after a get that missed.
    pub value_size: u32,
    /// Seconds of trace time that it is stored for, 0 for ever.
    pub ttl_s: u32,
}

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read, and store what was missing.
    Get,
    /// Store.
    Set,
    /// Delete.
    Delete,
}

impl Trace {
    /// Reads a whole trace.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let told = |e: &dyn std::fmt::Display| Error::Failed(format!("{}: {e}", path.display()));
        let file = File::open(path).map_err(|e| told(&e))?;
        Self::unpack(BufReader::new(file)).map_err(|e| told(&e))
    }

    fn unpack(packed: impl Read) -> Result<Self, String> {
        let mut unpacked = StreamingDecoder::new(packed).map_err(|e| e.to_string())?;
        let trace = Self::read(&mut unpacked)?;
        // The checksum comes behind the last byte.
        if unpacked.read(&mut [0]).map_err(|e| e.to_string())? != 0 {
            return Err("it goes on behind its end".to_owned());
        }
        let decoder = &unpacked.decoder;
        let written = decoder.get_checksum_from_data();
        if written.is_some() && written != decoder.get_calculated_checksum() {
            return Err("it is damaged: its checksum is wrong".to_owned());
        }
        Ok(trace)
    }

    /// Seconds from the trace's beginning to its last request.
    pub fn span_s(&self) -> u32 {
        self.requests.last().map_or(0, |request| request.at_s)
    }

    /// The columns as they are before compression.
    fn read(mut from: impl Read) -> Result<Self, String> {
        let head = bytes(&mut from, 20)?;
        if head[..4] != MAGIC {
            return Err("it does not begin with CTR1".to_owned());
        }
        let count = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("8 bytes"));
        let (requests, keys) = (count(4), count(12));
        if requests > u64::from(u32::MAX) || keys > requests {
            return Err(format!("it claims {requests} requests for {keys} keys"));
        }
        let gaps = words(&mut from, requests)?;
        let operations = bytes(&mut from, requests)?;
        let key = words(&mut from, requests)?;
        let value_sizes = words(&mut from, requests)?;
        let ttls = words(&mut from, requests)?;
        let key_sizes = bytes(&mut from, keys)?;
        if let Some(size) = key_sizes.iter().find(|size| !KEY_SIZES.contains(size)) {
            return Err(format!("a key of {size} bytes is none of {KEY_SIZES:?}"));
        }

        let mut at_s = 0_u32;
        // A key's sizes and lifetimes are stored as what changed since its last request.
        let mut last = vec![(0, 0); keys as usize];
        let requests = (0..requests as usize)
            .map(|i| {
                at_s = at_s
                    .checked_add(gaps[i])
                    .ok_or_else(|| format!("the time of request {i} overflows"))?;
                let last = last
                    .get_mut(key[i] as usize)
                    .ok_or_else(|| format!("request {i} has no such key: {}", key[i]))?;
                last.0 ^= value_sizes[i];
                last.1 ^= ttls[i];
                Ok(Request {
                    at_s,
                    operation: Operation::from_byte(operations[i])
                        .ok_or_else(|| format!("request {i} has no such operation"))?,
                    key: key[i],
                    value_size: last.0,
                    ttl_s: last.1,
                })
            })
            .collect::<Result<_, String>>()?;
        Ok(Self {
            requests,
            key_sizes,
        })
    }
}

impl Operation {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Get, Self::Set, Self::Delete]
            .get(usize::from(byte))
            .copied()
    }
}

/// Grows with what is there, not with what a damaged head promises.
fn bytes(from: &mut impl Read, count: u64) -> Result<Vec<u8>, String> {
    let mut column = Vec::new();
    from.take(count)
        .read_to_end(&mut column)
        .map_err(|e| e.to_string())?;
    if column.len() as u64 != count {
        return Err("it ends too early".to_owned());
    }
    Ok(column)
}

fn words(from: &mut impl Read, count: u64) -> Result<Vec<u32>, String> {
    let column = bytes(from, 4 * count)?;
    Ok(column
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("4 bytes")))
        .collect())
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// Three requests, two keys; key 0 is asked for twice and its value grows from 5 to 6.
    fn sample() -> Vec<u8> {
        let mut raw = b"CTR1".to_vec();
        raw.extend(3_u64.to_le_bytes());
        raw.extend(2_u64.to_le_bytes());
        let column = |raw: &mut Vec<u8>, words: [u32; 3]| {
            raw.extend(words.into_iter().flat_map(u32::to_le_bytes));
        };
        column(&mut raw, [10, 0, 7]);
        raw.extend([0, 1, 2]);
        column(&mut raw, [0, 1, 0]);
        column(&mut raw, [5, 9, 5 ^ 6]);
        column(&mut raw, [60, 0, 0]);
        raw.extend([20, 30]);
        raw
    }

    #[test]
    fn a_request_would_get_anothers_size_or_time() {
        let request = |at_s, operation, key, value_size, ttl_s| Request {
            at_s,
            operation,
            key,
            value_size,
            ttl_s,
        };
        let expected = Trace {
            requests: vec![
                request(10, Operation::Get, 0, 5, 60),
                request(10, Operation::Set, 1, 9, 0),
                request(17, Operation::Delete, 0, 6, 60),
            ],
            key_sizes: vec![20, 30],
        };
        assert_eq!(Trace::read(&sample()[..]), Ok(expected));
    }

    #[test]
    fn a_damaged_trace_would_be_played() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(Trace::read(&whole[..length]).is_err(), "cut to {length}");
        }
        let with = |at: usize, byte| {
            let mut damaged = sample();
            damaged[at] = byte;
            Trace::read(&damaged[..])
        };
        assert!(with(0, b'X').is_err(), "another format");
        assert!(with(11, 0xff).is_err(), "more requests than there can be");
        assert!(with(32, 3).is_err(), "an operation that is none");
        assert!(with(35, 2).is_err(), "a key that is none");
        assert!(
            with(whole.len() - 1, 8).is_err(),
            "a key without room for its number"
        );
        assert!(with(whole.len() - 1, 251).is_err(), "a key no server takes");
    }

    #[test]
    fn a_flipped_bit_would_change_a_request() {
        let sample = sample();
        let packed = compress_to_vec(&sample[..], CompressionLevel::Uncompressed);
        let trace = Trace::unpack(&packed[..]).unwrap();
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 1;
            if let Ok(damaged) = Trace::unpack(&damaged[..]) {
                assert_eq!(damaged, trace, "byte {at}");
            }
        }
        let mut longer = sample;
        longer.push(0);
        let longer = compress_to_vec(&longer[..], CompressionLevel::Uncompressed);
        assert!(Trace::unpack(&longer[..]).is_err(), "a byte too many");
    }

    #[test]
    fn the_shipped_traces_would_not_be_those_described() {
        for (name, requests, keys, span_s) in [
            ("tw52a", 5_000_000, 516_777, 2_643),
            ("content-1", 2_000_000, 182_347, 5 * 86_400),
            ("shortttl-1", 2_000_000, 125_012, 86_400),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("traces/{name}.ctr.zst"));
            let trace = Trace::open(&path).unwrap();
            assert_eq!(trace.requests.len(), requests, "{name}");
            assert_eq!(trace.key_sizes.len(), keys, "{name}");
            assert!(trace.span_s().abs_diff(span_s) <= span_s / 100, "{name}");
        }
    }
}
