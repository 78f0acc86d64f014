//! `quick_cache`, with keys and values in allocations of their own.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};

use super::{Client, Key, Outcome, Size, Subject, Turn, Value, copy_out, successor};

/// Bytes that an item takes beside key and value, measured: resident memory after a million sets.
const OVERHEAD: usize = 128;

type Items = Cache<Vec<u8>, Arc<[u8]>, Bytes>;

#[derive(Clone)]
pub(crate) struct QuickCacheClient(Arc<Items>);

/// Weighs items by the bytes that they take.
#[derive(Clone)]
pub(crate) struct Bytes;

impl Weighter<Vec<u8>, Arc<[u8]>> for Bytes {
    fn weight(&self, key: &Vec<u8>, value: &Arc<[u8]>) -> u64 {
        (key.len() + value.len() + OVERHEAD) as u64
    }
}

impl QuickCacheClient {
    pub(crate) fn new(size: Size) -> QuickCacheClient {
        let cache = Items::with_weighter(size.items, size.bytes as u64, Bytes);
        QuickCacheClient(Arc::new(cache))
    }
}

impl Subject for QuickCacheClient {
    type Client = QuickCacheClient;

    fn client(&self) -> QuickCacheClient {
        self.clone()
    }
}

impl Client for QuickCacheClient {
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
        let result = self.entry(&key[..], None, |_, value| {
            let next = successor(value);
            let is_number = next.is_some();
            if let Some(next) = next {
                *value = next;
            }
            EntryAction::Retain(is_number)
        });
        matches!(result, EntryResult::Retained(true)).into()
    }

    fn delete(&mut self, key: &Key) -> Outcome {
        self.remove(&key[..]).is_some().into()
    }
}
