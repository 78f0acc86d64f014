//! Pelikan's segment store, with any of its policies; random is its default.

use std::sync::Arc;
use std::time::Duration;

use segcache::{Policy, Segcache, Value as Stored};

use super::{Client, Key, Outcome, Size, Subject, Turn, Value, copy_out};

/// Bytes of a segment, as it comes.
const SEGMENT: i32 = 1 << 20;
/// A stored value that never expires.
const NEVER: Duration = Duration::ZERO;

/// What Pelikan's server comes with, after the paper.
pub(crate) const MERGE: Policy = Policy::Merge {
    max: 8,
    merge: 4,
    compact: 2,
};

/// As in its documentation.
pub(crate) const S3_FIFO: Policy = Policy::S3Fifo {
    admission_ratio: 0.10,
};

#[derive(Clone)]
pub(crate) struct SegcacheClient(Arc<Segcache>);

/// The hash table has a fixed size: the smallest that items fill to no more than a half. Above that some find no slot.
pub(crate) fn made(size: Size, policy: Policy) -> SegcacheClient {
    let power = (2 * size.items).next_power_of_two().ilog2() as u8;
    let heap = (size.bytes - (8 << power)) / SEGMENT as usize * SEGMENT as usize;
    let cache = Segcache::builder()
        .hash_power(power)
        .heap_size(heap)
        .segment_size(SEGMENT)
        .eviction(policy)
        .build();
    SegcacheClient(Arc::new(cache.expect("memory for a cache")))
}

impl Subject for SegcacheClient {
    type Client = SegcacheClient;

    fn client(&self) -> SegcacheClient {
        self.clone()
    }
}

impl Client for SegcacheClient {
    type Turn<'c> = &'c Segcache;

    fn turn(&mut self, _keys: &[Key]) -> &Segcache {
        &self.0
    }
}

impl Turn for &Segcache {
    fn get(&mut self, key: &Key, value: &mut Value) -> Outcome {
        let Some(item) = Segcache::get(self, key) else {
            return Outcome::Failed;
        };
        match item.value() {
            Stored::Bytes(bytes) => copy_out(bytes, value),
            Stored::U64(number) => copy_out(itoa::Buffer::new().format(number).as_bytes(), value),
        }
    }

    fn set(&mut self, key: &Key, value: &Value) -> Outcome {
        self.insert(key, &value[..], None, NEVER).is_ok().into()
    }

    fn set_number(&mut self, key: &Key, number: u64) -> Outcome {
        self.insert(key, number, None, NEVER).is_ok().into()
    }

    fn incr(&mut self, key: &Key) -> Outcome {
        self.wrapping_add(key, 1).is_ok().into()
    }

    fn delete(&mut self, key: &Key) -> Outcome {
        Segcache::delete(self, key).into()
    }
}
