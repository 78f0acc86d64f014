//! One thread's hand on a store: calls, each of them recorded.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use storage::{
    Arithmetic, Condition, Counter, Guard, Item, NoSpace, Participant, Pending, Remover, Seconds,
    Store, Stored, Writer,
};

use super::{Call, Entry, Swap};

/// How often a call is tried again for want of space.
const TRIES: usize = 100;
/// Every value begins with its number, in so many digits and blanks.
const DIGITS: usize = 20;
/// How often a removal may come to a key.
const REMOVALS: usize = 2;

/// What the hands on a store have in common.
pub struct Field {
    pub store: Arc<Store>,
    /// The time, in seconds.
    pub clock: AtomicU32,
    ticks: AtomicU64,
    values: AtomicU64,
    /// There is one. It is tried, not waited for.
    remover: Mutex<Remover>,
    pause: fn(),
}

impl Field {
    /// `pause` lets other threads run.
    pub fn new(store: Arc<Store>, pause: fn()) -> Arc<Field> {
        Arc::new(Field {
            remover: Mutex::new(store.remover().expect("the remover")),
            store,
            clock: AtomicU32::new(2),
            ticks: AtomicU64::new(1),
            values: AtomicU64::new(1),
            pause,
        })
    }

    pub fn now(&self) -> Seconds {
        self.clock.load(Ordering::Relaxed)
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// A number that no other value has, nor gets by being counted up.
    fn fresh(&self) -> u64 {
        self.values.fetch_add(1, Ordering::Relaxed) << 20
    }
}

pub struct Hand {
    pub field: Arc<Field>,
    pub participant: Participant,
    pub writer: Writer,
    pub log: Vec<Entry>,
}

fn name(key: usize) -> Vec<u8> {
    format!("key-{key}").into_bytes()
}

fn encode(key: usize, number: u64, length: usize) -> Vec<u8> {
    // What is longer must not be taken for a counter.
    let mut value = if length > DIGITS {
        format!("{number:_<DIGITS$}").into_bytes()
    } else {
        format!("{number:<DIGITS$}").into_bytes()
    };
    let fill = number.wrapping_mul(31).wrapping_add(key as u64) as u8;
    value.resize(length.max(DIGITS), fill);
    value
}

/// The number of a value, which must be as it was written for this key.
fn decode(key: usize, item: &Item<'_>) -> u64 {
    let value = item.value();
    let digits = str::from_utf8(&value[..DIGITS]).expect("digits");
    let number = digits.trim_end_matches([' ', '_']);
    let number = number.parse().expect("a number");
    assert!(
        value == encode(key, number, value.len()),
        "key {key}: these bytes were never written for it"
    );
    number
}

impl Hand {
    /// The store's next place and writer.
    pub fn new(field: &Arc<Field>) -> Hand {
        Hand {
            participant: field.store.join().expect("a place"),
            writer: field.store.writer().expect("a writer"),
            field: field.clone(),
            log: Vec::new(),
        }
    }

    /// Does a call under one guard, again and again while there is no space, and records what was answered.
    fn call(
        &mut self,
        key: usize,
        ttl: Seconds,
        mut work: impl FnMut(&Store, &mut Writer, &Guard<'_>, Seconds) -> Result<Option<Call>, NoSpace>,
    ) -> Option<Call> {
        let field = self.field.clone();
        let began = field.tick();
        for _ in 0..TRIES {
            let now = field.now();
            let deadline = if ttl == 0 { 0 } else { now + ttl };
            let guard = self.participant.enter(now);
            let done = work(&field.store, &mut self.writer, &guard, deadline);
            drop(guard);
            match done {
                Ok(None) | Err(NoSpace::Full) => return None,
                Ok(Some(call)) => {
                    self.log.push(Entry {
                        key,
                        call,
                        deadline,
                        now,
                        began,
                        ended: field.tick(),
                        then: field.now(),
                    });
                    return Some(call);
                }
                Err(NoSpace::Retry) => {
                    self.reclaim();
                    (field.pause)();
                }
            }
        }
        // It was not done.
        None
    }

    /// Reads a value, twice, with everybody else let loose in between.
    pub fn get(&mut self, key: usize) {
        let pause = self.field.pause;
        self.call(key, 0, |store, _, guard, _| {
            let item = store.get(guard, &name(key));
            let number = item.map(|item| {
                let number = decode(key, &item);
                pause();
                assert_eq!(number, decode(key, &item));
                number
            });
            Ok(Some(Call::Get(number)))
        });
    }

    /// Has some keys brought near and reads them then, under one guard, with everybody else let loose in between.
    pub fn get_many(&mut self, keys: &[usize]) {
        let field = self.field.clone();
        let names: Vec<_> = keys.iter().map(|&key| name(key)).collect();
        let now = field.now();
        let guard = self.participant.enter(now);
        let near: Vec<_> = names.iter().map(Vec::as_slice).collect();
        field.store.prefetch(&guard, &near);
        (field.pause)();
        let mut held = Vec::new();
        for (&key, name) in keys.iter().zip(&names) {
            let began = field.tick();
            let item = field.store.get(&guard, name);
            let number = item.map(|item| decode(key, &item));
            self.log.push(Entry {
                key,
                call: Call::Get(number),
                deadline: 0,
                now,
                began,
                ended: field.tick(),
                then: field.now(),
            });
            held.extend(item.map(|item| (key, item, number)));
        }
        (field.pause)();
        for (key, item, number) in held {
            assert_eq!(number, Some(decode(key, &item)));
        }
    }

    /// Returns the unique.
    pub fn gets(&mut self, key: usize) -> Option<u64> {
        let call = self.call(key, 0, |store, _, guard, _| {
            let item = store.gets(guard, &name(key));
            Ok(Some(Call::Gets(
                item.map(|item| (decode(key, &item), item.unique())),
            )))
        });
        match call {
            Some(Call::Gets(Some((_, unique)))) => Some(unique),
            _ => None,
        }
    }

    fn store(
        &mut self,
        key: usize,
        length: usize,
        ttl: Seconds,
        condition: Condition,
        call: impl Fn(u64, Stored) -> Call,
    ) {
        let number = self.field.fresh();
        let value = encode(key, number, length);
        self.call(key, ttl, |_, writer, guard, deadline| {
            let stored = writer.store(guard, &name(key), &value, 0, deadline, condition)?;
            Ok(Some(call(number, stored)))
        });
    }

    pub fn set(&mut self, key: usize, length: usize, ttl: Seconds) {
        self.store(key, length, ttl, Condition::Always, |number, stored| {
            assert!(is_stored(stored));
            Call::Set(number)
        });
    }

    pub fn add(&mut self, key: usize, length: usize) {
        self.store(key, length, 0, Condition::Absent, |number, stored| {
            Call::Add(number, is_stored(stored))
        });
    }

    pub fn replace(&mut self, key: usize, length: usize) {
        self.store(key, length, 0, Condition::Present, |number, stored| {
            Call::Replace(number, is_stored(stored))
        });
    }

    pub fn cas(&mut self, key: usize, unique: u64, length: usize) {
        self.store(
            key,
            length,
            0,
            Condition::Unique(unique),
            |number, stored| {
                let swap = match stored {
                    Stored::Stored { .. } => Swap::Stored,
                    Stored::Exists => Swap::Exists,
                    Stored::NotFound => Swap::NotFound,
                    other => panic!("a cas was answered {other:?}"),
                };
                Call::Cas(unique, number, swap)
            },
        );
    }

    pub fn delete(&mut self, key: usize) {
        self.call(key, 0, |_, writer, guard, _| {
            Ok(Some(Call::Delete(writer.delete(guard, &name(key)))))
        });
    }

    /// Counts up, unless the value is longer than a number.
    pub fn incr(&mut self, key: usize) {
        self.call(key, 0, |_, writer, guard, _| {
            let counted = writer.arith(guard, &name(key), Arithmetic::by(1, true))?;
            Ok(match counted {
                Counter::Value { number, .. } => Some(Call::Incr(Some(number))),
                Counter::NotFound => Some(Call::Incr(None)),
                Counter::NotNumber | Counter::Exists => None,
            })
        });
    }

    pub fn touch(&mut self, key: usize, ttl: Seconds) {
        self.call(key, ttl, |_, writer, guard, deadline| {
            let item = writer.touch(guard, &name(key), deadline, false)?;
            Ok(Some(Call::Touch(item.is_some())))
        });
    }

    /// As `set`, with the value received in two parts; `None` when there was no place for it.
    pub fn upload(&mut self, key: usize, length: usize, ttl: Seconds) -> Option<()> {
        let (now, number) = (self.field.now(), self.field.fresh());
        let deadline = if ttl == 0 { 0 } else { now + ttl };
        let value = encode(key, number, length);
        let mut pending = self.begin(key, value.len(), deadline)?;
        let (first, rest) = value.split_at(value.len() / 2);
        pending.room()[..first.len()].copy_from_slice(first);
        pending.fill(first.len());
        self.work();
        (self.field.pause)();
        assert_eq!(pending.received(), first);
        pending.room().copy_from_slice(rest);
        pending.fill(rest.len());
        let mut whole = Some(pending);
        self.call(key, ttl, |_, writer, guard, _| {
            let pending = whole.take().ok_or(NoSpace::Full)?;
            match writer.complete(guard, pending, Condition::Always) {
                Ok(stored) => {
                    assert!(is_stored(stored));
                    Ok(Some(Call::Set(number)))
                }
                Err((why, pending)) => {
                    whole = Some(pending);
                    Err(why)
                }
            }
        });
        // The deadline is that of the beginning.
        if let Some(entry) = self.log.last_mut()
            && entry.call == Call::Set(number)
        {
            entry.deadline = deadline;
        }
        Some(())
    }

    /// A place for a value that is still to come.
    pub fn begin(&mut self, key: usize, length: usize, deadline: Seconds) -> Option<Pending> {
        let guard = self.participant.enter(self.field.now());
        self.writer.begin(&guard, &name(key), length, 0, deadline)
    }

    pub fn flush(&mut self) {
        self.call(0, 0, |store, _, _, _| {
            store.flush();
            Ok(Some(Call::Flush))
        });
    }

    /// Deletes every key, one by one, unless somebody else does.
    pub fn remove(&mut self) {
        let field = self.field.clone();
        let Ok(mut remover) = field.remover.try_lock() else {
            return;
        };
        let (began, now) = (field.tick(), field.now());
        let mut part = Some(0);
        while let Some(at) = part {
            let guard = self.participant.enter(now);
            part = remover
                .remove(&guard, at, |key| key.starts_with(b"key-"))
                .next;
        }
        let removal = Entry {
            key: 0,
            call: Call::Flush,
            deadline: 0,
            now,
            began,
            ended: field.tick(),
            then: field.now(),
        };
        self.log.extend([removal; REMOVALS]);
    }

    fn reclaim(&mut self) {
        let guard = self.participant.enter(self.field.now());
        self.writer.reclaim(&guard, 4);
    }

    /// What a worker does at the end of a turn.
    pub fn work(&mut self) {
        self.reclaim();
        let guard = self.participant.enter(self.field.now());
        self.writer.settle(&guard);
    }
}

fn is_stored(stored: Stored) -> bool {
    match stored {
        Stored::Stored { .. } => true,
        Stored::NotStored => false,
        other => panic!("a store was answered {other:?}"),
    }
}
