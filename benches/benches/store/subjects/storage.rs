//! Ours, key by key and in batches. There is no maintenance thread: the writers do all reclaiming, in the time that is
//! measured.

use std::sync::Arc;
use std::time::Instant;

use storage::{Arithmetic, Condition, Counter, Guard, Options, Participant, Store, Stored, Writer};

use super::{Client, Key, Outcome, Size, Subject, Turn, Value, copy_out};
use crate::stage::TURN;

/// Slices of reclaim a turn, as many as a worker of the daemon does.
const SLICES: usize = 8;

pub(crate) struct Storage {
    store: Arc<Store>,
    in_batches: bool,
}

pub(crate) struct StorageClient {
    participant: Participant,
    writer: Writer,
    store: Arc<Store>,
    started: Instant,
    in_batches: bool,
}

pub(crate) struct StorageTurn<'c> {
    guard: Guard<'c>,
    writer: &'c mut Writer,
    store: &'c Store,
}

impl Storage {
    /// In batches, the keys of a turn are prefetched, and then used one by one as ever.
    pub(crate) fn new(size: Size, in_batches: bool) -> Storage {
        let options = Options {
            memory: size.bytes as u64,
            writers: size.clients,
            ..Options::default()
        };
        let store = Store::new(&options).expect("memory for a store");
        Storage { store, in_batches }
    }
}

impl Subject for Storage {
    type Client = StorageClient;

    fn client(&self) -> StorageClient {
        StorageClient {
            participant: self.store.join().expect("a place for each client"),
            writer: self.store.writer().expect("a writer for each client"),
            store: self.store.clone(),
            started: Instant::now(),
            in_batches: self.in_batches,
        }
    }
}

impl Client for StorageClient {
    type Turn<'c> = StorageTurn<'c>;

    fn turn(&mut self, keys: &[Key]) -> StorageTurn<'_> {
        let guard = self
            .participant
            .enter(self.started.elapsed().as_secs() as u32 + 2);
        self.writer.reclaim(&guard, SLICES);
        if self.in_batches {
            let mut names = [&[][..]; TURN];
            for (name, key) in names.iter_mut().zip(keys) {
                *name = key;
            }
            self.store.prefetch(&guard, &names[..keys.len()]);
        }
        StorageTurn {
            guard,
            writer: &mut self.writer,
            store: &self.store,
        }
    }
}

impl Turn for StorageTurn<'_> {
    fn get(&mut self, key: &Key, value: &mut Value) -> Outcome {
        match self.store.get(&self.guard, key) {
            Some(item) => copy_out(item.value(), value),
            None => Outcome::Failed,
        }
    }

    fn set(&mut self, key: &Key, value: &Value) -> Outcome {
        self.store(key, value)
    }

    fn set_number(&mut self, key: &Key, number: u64) -> Outcome {
        self.store(key, itoa::Buffer::new().format(number).as_bytes())
    }

    fn incr(&mut self, key: &Key) -> Outcome {
        match self.writer.arith(&self.guard, key, Arithmetic::by(1, true)) {
            Ok(counter) => matches!(counter, Counter::Value { .. }).into(),
            Err(_) => Outcome::Again,
        }
    }

    fn delete(&mut self, key: &Key) -> Outcome {
        self.writer.delete(&self.guard, key).into()
    }
}

impl StorageTurn<'_> {
    fn store(&mut self, key: &Key, value: &[u8]) -> Outcome {
        match self
            .writer
            .store(&self.guard, key, value, 0, 0, Condition::Always)
        {
            Ok(stored) => matches!(stored, Stored::Stored { .. }).into(),
            Err(_) => Outcome::Again,
        }
    }
}
