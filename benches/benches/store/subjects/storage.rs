//! Ours. There is no maintenance thread: the writers do all reclaiming, in the time that is measured.

use std::sync::Arc;
use std::time::Instant;

use storage::{Condition, Counter, Guard, Options, Participant, Store, Stored, Writer};

use super::{Client, Key, Outcome, Size, Subject, Turn, Value, copy_out};

/// Slices of reclaim a turn, as many as a worker of the daemon does.
const SLICES: usize = 8;

pub(crate) struct Storage(Arc<Store>);

pub(crate) struct StorageClient {
    participant: Participant,
    writer: Writer,
    store: Arc<Store>,
    started: Instant,
}

pub(crate) struct StorageTurn<'c> {
    guard: Guard<'c>,
    writer: &'c mut Writer,
    store: &'c Store,
}

impl Subject for Storage {
    type Client = StorageClient;

    fn new(size: Size) -> Storage {
        let options = Options {
            memory: size.bytes as u64,
            writers: size.clients,
            ..Options::default()
        };
        Storage(Store::new(&options).expect("memory for a store"))
    }

    fn client(&self) -> StorageClient {
        StorageClient {
            participant: self.0.join().expect("a place for each client"),
            writer: self.0.writer().expect("a writer for each client"),
            store: self.0.clone(),
            started: Instant::now(),
        }
    }
}

impl Client for StorageClient {
    type Turn<'c> = StorageTurn<'c>;

    fn turn(&mut self) -> StorageTurn<'_> {
        let guard = self
            .participant
            .enter(self.started.elapsed().as_secs() as u32 + 2);
        self.writer.reclaim(&guard, SLICES);
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
        match self.writer.arith(&self.guard, key, 1, true) {
            Ok(counter) => matches!(counter, Counter::Value(_)).into(),
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
