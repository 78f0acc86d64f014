//! `moka`, with keys and values in allocations of their own.

use std::sync::Arc;

use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use super::{Client, Key, Outcome, Size, Subject, Turn, Value, copy_out, successor};

/// Bytes that an item takes beside key and value, measured: resident memory after a million sets.
const OVERHEAD: usize = 380;

type Items = Cache<Vec<u8>, Arc<[u8]>>;

#[derive(Clone)]
pub(crate) struct MokaClient(Items);

impl MokaClient {
    pub(crate) fn new(size: Size) -> MokaClient {
        let weigh = |key: &Vec<u8>, value: &Arc<[u8]>| (key.len() + value.len() + OVERHEAD) as u32;
        let cache = Cache::builder()
            .max_capacity(size.bytes as u64)
            .weigher(weigh)
            .build();
        MokaClient(cache)
    }
}

impl Subject for MokaClient {
    type Client = MokaClient;

    fn client(&self) -> MokaClient {
        self.clone()
    }
}

impl Client for MokaClient {
    type Turn<'c> = &'c Items;

    fn turn(&mut self, _keys: &[Key]) -> &Items {
        &self.0
    }
}

impl Turn for &Items {
    fn get(&mut self, key: &Key, value: &mut Value) -> Outcome {
        match Cache::get(self, &key[..]) {
            Some(found) => copy_out(&found, value),
            None => Outcome::Failed,
        }
    }

    fn set(&mut self, key: &Key, value: &Value) -> Outcome {
        self.insert(key.to_vec(), Arc::from(&value[..]));
        Outcome::Done
    }

    fn set_number(&mut self, key: &Key, number: u64) -> Outcome {
        let mut digits = itoa::Buffer::new();
        self.insert(key.to_vec(), Arc::from(digits.format(number).as_bytes()));
        Outcome::Done
    }

    fn incr(&mut self, key: &Key) -> Outcome {
        let result = self.entry_by_ref(&key[..]).and_compute_with(|entry| {
            match entry.and_then(|entry| successor(entry.value())) {
                Some(next) => Op::Put(next),
                None => Op::Nop,
            }
        });
        matches!(result, CompResult::ReplacedWith(_)).into()
    }

    fn delete(&mut self, key: &Key) -> Outcome {
        self.remove(&key[..]).is_some().into()
    }
}
