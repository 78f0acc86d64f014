//! The store against a plain map with a clock, under random operations.
//!
//! With little data nothing is ever evicted, so the two must agree exactly. With more data than fits the store may have
//! forgotten a key; what it still has must be right.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use storage::{
    Arithmetic, Condition, Counter, Guard, Joining, Maintainer, NoSpace, Options, Participant,
    Pending, Seconds, Side, Store, Stored, Writer,
};

#[derive(Clone, Debug)]
enum Op {
    Store {
        key: u8,
        len: usize,
        ttl: Seconds,
        condition: Wish,
    },
    /// A store whose value comes later: with the next `Complete`, or never.
    Begin {
        key: u8,
        len: usize,
        ttl: Seconds,
        condition: Wish,
    },
    Complete,
    Concat {
        key: u8,
        len: usize,
        append: bool,
    },
    Number {
        key: u8,
        number: u64,
    },
    Arith {
        key: u8,
        delta: u64,
        increment: bool,
    },
    Delete {
        key: u8,
    },
    Touch {
        key: u8,
        ttl: Seconds,
        observe: bool,
    },
    Get {
        key: u8,
    },
    Gets {
        key: u8,
    },
    /// Gets of all under one guard, prefetched before the first is stored.
    Batch {
        keys: [u8; 5],
        len: usize,
    },
    Flush {
        delay: Seconds,
    },
    Pass {
        seconds: Seconds,
    },
    Maintain,
}

#[derive(Clone, Copy, Debug)]
enum Wish {
    Always,
    Absent,
    Present,
    /// The unique that `gets` told last.
    Told,
    /// Some other one.
    Wrong,
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        4 => Just(Wish::Always),
        1 => Just(Wish::Absent),
        1 => Just(Wish::Present),
        1 => Just(Wish::Told),
        1 => Just(Wish::Wrong),
    ]
}

fn ttl() -> impl Strategy<Value = Seconds> {
    prop_oneof![3 => Just(0), 3 => 1..20_u32, 1 => 20..5_000_u32]
}

fn op(len: impl Strategy<Value = usize> + Clone + 'static) -> impl Strategy<Value = Op> {
    let key = any::<u8>();
    prop_oneof![
        8 => (key, len.clone(), ttl(), wish()).prop_map(|(key, len, ttl, condition)| Op::Store { key, len, ttl, condition }),
        3 => (key, len.clone(), ttl(), wish()).prop_map(|(key, len, ttl, condition)| Op::Begin { key, len, ttl, condition }),
        3 => Just(Op::Complete),
        3 => (any::<[u8; 5]>(), len.clone()).prop_map(|(keys, len)| Op::Batch { keys, len }),
        2 => (key, len, any::<bool>()).prop_map(|(key, len, append)| Op::Concat { key, len, append }),
        2 => (key, any::<u64>()).prop_map(|(key, number)| Op::Number { key, number }),
        3 => (key, 0..50_u64, any::<bool>()).prop_map(|(key, delta, increment)| Op::Arith { key, delta, increment }),
        2 => key.prop_map(|key| Op::Delete { key }),
        4 => (key, ttl(), any::<bool>()).prop_map(|(key, ttl, observe)| Op::Touch { key, ttl, observe }),
        6 => key.prop_map(|key| Op::Get { key }),
        4 => key.prop_map(|key| Op::Gets { key }),
        1 => (0..5_u32).prop_map(|delay| Op::Flush { delay }),
        3 => (1..4_u32).prop_map(|seconds| Op::Pass { seconds }),
        3 => Just(Op::Maintain),
    ]
}

#[derive(Clone, Debug)]
struct Row {
    value: Vec<u8>,
    flags: u32,
    deadline: Seconds,
    told: Option<u64>,
}

/// A value that is to be stored under a key.
#[derive(Clone)]
struct Plan {
    key: u8,
    row: Row,
    wish: Wish,
}

struct Bench {
    begun: Option<(Pending, Plan)>,
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
    now: Seconds,
    model: HashMap<u8, Row>,
    flush_at: Seconds,
    /// Every unique ever told, with the value it stood for.
    uniques: HashMap<u64, (u8, Vec<u8>)>,
    writes: u32,
    forgetful: bool,
}

fn key_bytes(key: u8) -> Vec<u8> {
    format!("key-{key}-{}", "k".repeat(usize::from(key) % 7)).into_bytes()
}

impl Bench {
    fn new(memory: u64, forgetful: bool) -> Bench {
        let options = Options {
            // Miri takes long to lay it out.
            memory: if cfg!(miri) { 8 << 20 } else { memory },
            segment_size: Some(16 << 10),
            max_item_size: 1 << 20,
            seed: 0x1234_5678_9abc_def0,
            ..Options::default()
        };
        let store = Store::new(&options).unwrap();
        Bench {
            begun: None,
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
            now: 2,
            model: HashMap::new(),
            flush_at: 0,
            uniques: HashMap::new(),
            writes: 0,
            forgetful,
        }
    }

    fn value(&mut self, len: usize) -> Vec<u8> {
        self.writes += 1;
        let mut value = format!("{}:", self.writes).into_bytes();
        value.resize(len.max(value.len()), b'x');
        value
    }

    /// Tries until there is space, as a worker does.
    fn retry<T>(
        &mut self,
        mut change: impl FnMut(&mut Writer, &Guard<'_>) -> Result<T, NoSpace>,
    ) -> T {
        for _ in 0..10_000 {
            let guard = self.participant.enter(self.now);
            if let Ok(done) = change(&mut self.writer, &guard) {
                return done;
            }
            drop(guard);
            let guard = self.participant.enter(self.now);
            self.writer.reclaim(&guard, 64);
            drop(guard);
            self.maintainer.tick(self.now);
        }
        panic!("no space was made: {:?}", self.store.stats());
    }

    fn advance(&mut self) {
        let now = self.now;
        if self.flush_at != 0 && self.flush_at <= now {
            self.model.clear();
            self.flush_at = 0;
        }
        self.model
            .retain(|_, row| row.deadline == 0 || row.deadline > now);
    }

    /// What the store still has of a key must be what the model has.
    fn reconcile(&mut self, key: u8) {
        let guard = self.participant.enter(self.now);
        Bench::agree(&self.store, &guard, &mut self.model, self.forgetful, key);
    }

    fn agree(
        store: &Store,
        guard: &Guard<'_>,
        model: &mut HashMap<u8, Row>,
        forgetful: bool,
        key: u8,
    ) {
        let item = store.get(guard, &key_bytes(key));
        match (item, model.get(&key)) {
            (None, None) => {}
            (None, Some(_)) if forgetful => {
                model.remove(&key);
            }
            (Some(item), Some(row)) => {
                assert_eq!(item.value(), row.value, "key {key}");
                assert_eq!(
                    (item.flags(), item.deadline()),
                    (row.flags, row.deadline),
                    "key {key}"
                );
            }
            (found, expected) => panic!("key {key}: found {found:?}, expected {expected:?}"),
        }
    }

    fn apply(&mut self, op: &Op) {
        self.advance();
        match *op {
            Op::Store {
                key,
                len,
                ttl,
                condition,
            } => self.set(key, len, ttl, condition),
            Op::Begin {
                key,
                len,
                ttl,
                condition,
            } => self.begin(key, len, ttl, condition),
            Op::Complete => self.complete(),
            Op::Concat { key, len, append } => {
                self.reconcile(key);
                let piece = self.value(len);
                let side = if append { Side::Append } else { Side::Prepend };
                let stored = self.retry(|writer, guard| {
                    writer.concat(guard, &key_bytes(key), &piece, side, Joining::default())
                });
                match (stored, self.model.get_mut(&key)) {
                    (Stored::Stored { .. }, Some(row)) => {
                        let joined = if append {
                            [&row.value[..], &piece].concat()
                        } else {
                            [&piece[..], &row.value].concat()
                        };
                        (row.value, row.told) = (joined, None);
                    }
                    (Stored::NotStored, None) => {}
                    (Stored::NotStored, Some(_)) if self.forgetful => {
                        self.model.remove(&key);
                    }
                    (Stored::TooLarge, Some(row)) => {
                        assert!(row.value.len() + piece.len() > 1_000_000);
                    }
                    (stored, row) => panic!("{stored:?} {row:?}"),
                }
            }
            Op::Number { key, number } => {
                let value = number.to_string().into_bytes();
                self.retry(|writer, guard| {
                    writer.store(guard, &key_bytes(key), &value, 0, 0, Condition::Always)
                });
                self.model.insert(
                    key,
                    Row {
                        value,
                        flags: 0,
                        deadline: 0,
                        told: None,
                    },
                );
            }
            Op::Arith {
                key,
                delta,
                increment,
            } => self.arith(key, delta, increment),
            Op::Delete { key } => {
                let guard = self.participant.enter(self.now);
                let deleted = self.writer.delete(&guard, &key_bytes(key));
                let expected = self.model.remove(&key).is_some();
                assert!(
                    deleted == expected || (self.forgetful && expected),
                    "delete of {key}"
                );
            }
            Op::Touch { key, ttl, observe } => self.touch(key, ttl, observe),
            Op::Get { key } => self.reconcile(key),
            Op::Gets { key } => self.gets(key),
            Op::Batch { keys, len } => self.batch(keys, len),
            Op::Flush { delay: 0 } => {
                self.store.flush();
                self.model.clear();
                self.flush_at = 0;
            }
            Op::Flush { delay } => {
                let guard = self.participant.enter(self.now);
                self.store.flush_at(&guard, self.now + delay);
                self.flush_at = self.now + delay;
            }
            Op::Pass { seconds } => self.now += seconds,
            Op::Maintain => {
                self.maintainer.tick(self.now);
                let guard = self.participant.enter(self.now);
                self.writer.settle(&guard);
            }
        }
    }

    fn plan(&mut self, key: u8, len: usize, ttl: Seconds, wish: Wish) -> Plan {
        let row = Row {
            value: self.value(len),
            flags: self.writes % 3,
            deadline: if ttl == 0 { 0 } else { self.now + ttl },
            told: None,
        };
        Plan { key, row, wish }
    }

    fn set(&mut self, key: u8, len: usize, ttl: Seconds, wish: Wish) {
        let plan = self.plan(key, len, ttl, wish);
        let Row {
            value,
            flags,
            deadline,
            ..
        } = plan.row.clone();
        self.store(plan, |bench, condition| {
            bench.retry(|writer, guard| {
                writer.store(guard, &key_bytes(key), &value, flags, deadline, condition)
            })
        });
    }

    fn batch(&mut self, keys: [u8; 5], len: usize) {
        let names = keys.map(key_bytes);
        let Plan { key, row, .. } = self.plan(keys[0], len, 0, Wish::Always);
        let guard = self.participant.enter(self.now);
        self.store
            .prefetch(&guard, &names.each_ref().map(Vec::as_slice));
        let stored = (self.writer).store(
            &guard,
            &names[0],
            &row.value,
            row.flags,
            row.deadline,
            Condition::Always,
        );
        // Without space nothing has changed.
        if stored.is_ok() {
            self.model.insert(key, row);
        }
        for key in keys.iter().chain(&keys) {
            Bench::agree(&self.store, &guard, &mut self.model, self.forgetful, *key);
        }
    }

    fn begin(&mut self, key: u8, len: usize, ttl: Seconds, wish: Wish) {
        let plan = self.plan(key, len, ttl, wish);
        let guard = self.participant.enter(self.now);
        let (row, key) = (&plan.row, key_bytes(key));
        let pending = (self.writer).begin(&guard, &key, row.value.len(), row.flags, row.deadline);
        drop(guard);
        if let Some(mut pending) = pending {
            // Its first half comes at once.
            let half = row.value.len() / 2;
            pending.room()[..half].copy_from_slice(&row.value[..half]);
            pending.fill(half);
            self.begun = Some((pending, plan));
        }
    }

    fn complete(&mut self) {
        let Some((mut pending, plan)) = self.begun.take() else {
            return;
        };
        let half = pending.received().len();
        assert_eq!(pending.received(), &plan.row.value[..half]);
        let rest = pending.room().len();
        pending
            .room()
            .copy_from_slice(&plan.row.value[half..half + rest]);
        pending.fill(rest);
        self.store(plan, |bench, condition| {
            let mut begun = Some(pending);
            bench.retry(|writer, guard| {
                let pending = begun.take().unwrap();
                writer
                    .complete(guard, pending, condition)
                    .map_err(|(why, pending)| {
                        begun = Some(pending);
                        why
                    })
            })
        });
    }

    /// Stores in one way or the other.
    fn store(&mut self, plan: Plan, store: impl FnOnce(&mut Bench, Condition) -> Stored) {
        let Plan { key, row, wish } = plan;
        self.reconcile(key);
        let told = self.model.get(&key).and_then(|row| row.told);
        let condition = match wish {
            Wish::Always => Condition::Always,
            Wish::Absent => Condition::Absent,
            Wish::Present => Condition::Present,
            Wish::Told => Condition::Unique(told.unwrap_or(1)),
            Wish::Wrong => Condition::Unique(1),
        };
        let stored = store(self, condition);
        let present = self.model.contains_key(&key);
        let expected = match wish {
            Wish::Always => true,
            Wish::Absent => !present,
            Wish::Present => present,
            Wish::Told => told.is_some(),
            Wish::Wrong => false,
        };
        match stored {
            Stored::Stored { .. } => {
                assert!(expected || self.forgetful);
                self.model.insert(key, row);
            }
            // Between the look and the change the key may have been evicted.
            _ => assert!(!expected || self.forgetful, "{stored:?} for {wish:?}"),
        }
        if !self.forgetful && matches!(stored, Stored::Exists) {
            assert!(present);
        }
    }

    fn arith(&mut self, key: u8, delta: u64, increment: bool) {
        self.reconcile(key);
        let counter = self.retry(|writer, guard| {
            writer.arith(guard, &key_bytes(key), Arithmetic::by(delta, increment))
        });
        let Some(row) = self.model.get_mut(&key) else {
            assert_eq!(counter, Counter::NotFound);
            return;
        };
        let number = std::str::from_utf8(&row.value)
            .ok()
            .and_then(|text| text.trim_end().parse::<u64>().ok());
        match (counter, number) {
            (Counter::NotFound, _) if self.forgetful => {
                self.model.remove(&key);
            }
            (Counter::NotNumber, None) => {}
            (Counter::Value { number: new, .. }, Some(old)) => {
                let expected = if increment {
                    old.wrapping_add(delta)
                } else {
                    old.saturating_sub(delta)
                };
                assert_eq!(new, expected);
                row.value = format!("{new:<width$}", width = row.value.len()).into_bytes();
                row.told = None;
            }
            (counter, number) => panic!("{counter:?} of {number:?}"),
        }
    }

    fn touch(&mut self, key: u8, ttl: Seconds, observe: bool) {
        self.reconcile(key);
        let deadline = if ttl == 0 { 0 } else { self.now + ttl };
        let touched = self.retry(|writer, guard| {
            let item = writer.touch(guard, &key_bytes(key), deadline, observe)?;
            Ok(item.map(|item| (item.value().to_vec(), item.deadline(), item.unique())))
        });
        match (touched, self.model.get_mut(&key)) {
            (Some((value, new, unique)), Some(row)) => {
                assert_eq!((&value, new), (&row.value, deadline));
                row.deadline = deadline;
                if observe {
                    assert!(
                        row.told.is_none_or(|told| told == unique),
                        "a touch changed the unique of {key}"
                    );
                    row.told = Some(unique);
                }
            }
            (None, None) => {}
            (None, Some(_)) if self.forgetful => {
                self.model.remove(&key);
            }
            (touched, row) => panic!("{touched:?} {row:?}"),
        }
    }

    fn gets(&mut self, key: u8) {
        self.reconcile(key);
        let guard = self.participant.enter(self.now);
        let Some(item) = self.store.gets(&guard, &key_bytes(key)) else {
            return;
        };
        let row = self.model.get_mut(&key).unwrap();
        assert!(
            row.told.is_none_or(|told| told == item.unique()),
            "the unique of {key} changed by itself"
        );
        row.told = Some(item.unique());
        let stands_for = (key, row.value.clone());
        let before = self.uniques.insert(item.unique(), stands_for.clone());
        assert!(
            before.is_none_or(|before| before == stands_for),
            "a unique was used twice"
        );
    }
}

fn cases(n: u32) -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 2 } else { n },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn agrees_with_a_map_when_everything_fits(ops in prop::collection::vec(op(0..200_usize), 1..if cfg!(miri) { 100 } else { 600 })) {
        let mut bench = Bench::new(16 << 20, false);
        for op in &ops {
            bench.apply(op);
        }
        for key in 0..=255 {
            bench.advance();
            bench.reconcile(key);
        }
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn what_it_keeps_is_right_when_not_everything_fits(ops in prop::collection::vec(
        op(prop_oneof![4 => 0..300_usize, 2 => 300..9_000_usize, 2 => 9_000..300_000_usize]),
        1..if cfg!(miri) { 40 } else { 900 },
    )) {
        let mut bench = Bench::new(8 << 20, true);
        for op in &ops {
            bench.apply(op);
        }
    }
}

// Under Miri filling a store takes too long.
#[cfg(not(miri))]
#[test]
fn without_eviction_a_full_store_says_so_at_once_and_keeps_everything() {
    let options = Options {
        memory: 8 << 20,
        segment_size: Some(16 << 10),
        eviction: storage::Eviction::None,
        ..Options::default()
    };
    let store = Store::new(&options).unwrap();
    let mut participant = store.join().unwrap();
    let mut writer = store.writer().unwrap();
    let mut maintainer = store.maintainer().unwrap();
    let value = [b'v'; 1000];
    let stored = (0..100_000_u32)
        .take_while(|n| {
            let guard = participant.enter(2);
            match writer.store(&guard, &n.to_le_bytes(), &value, 0, 0, Condition::Always) {
                Ok(_) => true,
                Err(NoSpace::Full) => false,
                Err(NoSpace::Retry) => panic!("told to wait for nothing"),
            }
        })
        .count() as u32;
    assert!(stored > 6_000, "{stored}");
    for _ in 0..10 {
        maintainer.tick(2);
    }
    let guard = participant.enter(2);
    assert!((0..stored).all(|n| store.get(&guard, &n.to_le_bytes()).is_some()));
    // What was deleted makes room.
    for n in 0..stored / 2 {
        assert!(writer.delete(&guard, &n.to_le_bytes()));
    }
    drop(guard);
    for _ in 0..1_000 {
        maintainer.tick(2);
    }
    let guard = participant.enter(2);
    assert!(
        writer
            .store(&guard, b"again", &value, 0, 0, Condition::Always)
            .is_ok()
    );
}
