//! What changes while the store serves: its policy, and its memory.

use std::sync::Arc;

use storage::{
    Condition, Eviction, Item, Maintainer, NoSpace, Options, Participant, Seconds, Stats, Store,
    Writer,
};

const MEMORY: u64 = 8 << 20;
/// Items of this length, in bytes, fill the store with a few thousand.
const VALUE: [u8; 1_000] = [b'v'; 1_000];
/// Several times what fits.
const MANY: usize = 20_000;
/// The most memory that may be in force, and the least.
const MOST: u64 = 32 << 20;
const LEAST: u64 = MOST / 4;

/// A store with one worker and its maintenance, driven by one thread.
struct Bench {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
    now: Seconds,
}

impl Bench {
    fn new(options: &Options) -> Bench {
        let store = Store::new(options).unwrap();
        Bench {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
            now: 10,
        }
    }

    /// Stores as a worker does, which works for space between two tries.
    fn set(&mut self, key: &str) -> Result<(), NoSpace> {
        self.set_value(key, &VALUE)
    }

    fn set_value(&mut self, key: &str, value: &[u8]) -> Result<(), NoSpace> {
        for _ in 0..100 {
            let guard = self.participant.enter(self.now);
            let (key, always) = (key.as_bytes(), Condition::Always);
            let stored = self.writer.store(&guard, key, value, 0, 0, always);
            drop(guard);
            match stored {
                Ok(_) => return Ok(()),
                Err(NoSpace::Full) => return Err(NoSpace::Full),
                Err(NoSpace::Retry) => self.work(),
            }
        }
        Err(NoSpace::Retry)
    }

    /// What a worker and maintenance do between two requests.
    fn work(&mut self) {
        let guard = self.participant.enter(self.now);
        self.writer.reclaim(&guard, 16);
        self.writer.settle(&guard);
        drop(guard);
        self.maintainer.tick(self.now);
    }

    fn idle(&mut self) {
        (0..200).for_each(|_| self.work());
    }

    fn has(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(self.now);
        self.store.get(&guard, key.as_bytes()).is_some()
    }

    fn delete(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(self.now);
        self.writer.delete(&guard, key.as_bytes())
    }

    fn stats(&self) -> Stats {
        self.store.stats()
    }

    /// Stores many keys: there is room for each, and it is there then.
    fn churn(&mut self, name: &str) {
        for n in 0..MANY {
            let key = format!("{name}-{n}");
            let stored = self.set(&key);
            assert_eq!(stored, Ok(()), "{key}: {:?}", self.stats());
            assert!(self.has(&key), "{key}");
            if n % 16 == 0 {
                self.work();
            }
        }
    }

    fn keys(&mut self) -> Vec<Vec<u8>> {
        let (mut keys, mut part) = (Vec::new(), Some(0));
        while let Some(at) = part {
            let guard = self.participant.enter(self.now);
            let see = |item: &Item<'_>| keys.push(item.key().to_vec());
            part = self.store.walk(&guard, at, see);
        }
        keys
    }

    /// Stores until there is no room, deletes half of what there is, and stores most of as much again: nothing else goes.
    fn fill(&mut self, name: &str) {
        self.idle();
        let dropped = self.stats().counts.evicted_space;
        let fits = |bench: &mut Bench, n: &usize| bench.set(&format!("{name}-{n}")).is_ok();
        let stored = (0..MANY).take_while(|n| fits(self, n)).count();
        assert!(stored < MANY, "{name}: something must have been dropped");
        let mut keys = self.keys();
        for key in keys.iter().step_by(2) {
            assert!(self.delete(str::from_utf8(key).unwrap()), "{key:?}");
        }
        let room = keys.len() / 2;
        keys = keys.into_iter().skip(1).step_by(2).collect();
        self.idle();
        for n in 0..room * 8 / 10 {
            let key = format!("{name}-again-{n}");
            assert_eq!(self.set(&key), Ok(()), "{key}: {:?}", self.stats());
            keys.push(key.into_bytes());
        }
        for key in keys {
            assert!(self.has(str::from_utf8(&key).unwrap()), "{key:?}");
        }
        assert_eq!(self.stats().counts.evicted_space, dropped, "{name}");
    }

    fn serve(&mut self, name: &str) {
        match self.store.eviction() {
            Eviction::None => self.fill(name),
            _ => self.churn(name),
        }
    }
}

/// Every policy after every other, each on a full store that the one before has left.
#[test]
fn a_policy_would_not_go_on_where_another_has_left_off() {
    let mut bench = Bench::new(&Options {
        memory: MEMORY,
        eviction: Eviction::None,
        ..Options::default()
    });
    for before in Eviction::ALL {
        for after in Eviction::ALL {
            for (eviction, turn) in [(before, "before"), (after, "after")] {
                bench.store.set_eviction(eviction);
                assert_eq!(bench.store.eviction(), eviction);
                bench.serve(&format!("{before:?}-{after:?}-{turn}"));
                let stats = bench.stats();
                assert!(
                    stats.item_bytes + stats.index_bytes < MEMORY,
                    "{before:?}, {after:?}: {stats:?}"
                );
            }
        }
    }
    assert_eq!(bench.stats().counts.evicted_index, 0);
}

fn with_most(eviction: Eviction) -> Bench {
    Bench::new(&Options {
        memory: MOST,
        eviction,
        ..Options::default()
    })
}

impl Bench {
    /// Bytes of the segments that are in use, and of the index.
    fn used(&self) -> u64 {
        let stats = self.stats();
        let idle = stats.segments_free + stats.segments_lent + stats.segments_withheld;
        (stats.segments - idle) * stats.segment_bytes + stats.index_bytes
    }

    /// Lets maintenance bring the memory to what was set.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.stats().excess_bytes == 0 {
                return;
            }
            self.work();
        }
        panic!("it does not come down: {:?}", self.stats());
    }
}

/// Down to a quarter and up again, again and again, while keys are stored.
#[test]
fn a_store_with_less_memory_would_use_more_or_store_nothing() {
    let policies = Eviction::ALL.into_iter();
    for eviction in policies.filter(|&eviction| eviction != Eviction::None) {
        let mut bench = with_most(eviction);
        for round in 0..3 {
            bench.churn(&format!("{round}-more"));
            bench.churn(&format!("{round}-most"));
            let most = bench.stats().items;
            bench.store.set_memory(LEAST).unwrap();
            assert!(bench.stats().excess_bytes > 0, "{eviction:?}");
            bench.churn(&format!("{round}-less"));
            bench.settle();
            bench.churn(&format!("{round}-least"));
            let (stats, used) = (bench.stats(), bench.used());
            assert_eq!((stats.memory, stats.excess_bytes), (LEAST, 0));
            assert!(used <= LEAST, "{eviction:?}: {used} bytes, {stats:?}");
            let part = most / stats.items;
            assert!((3..7).contains(&part), "{eviction:?}: {part}, {stats:?}");
            bench.store.set_memory(MOST).unwrap();
        }
        assert_eq!(bench.stats().counts.evicted_index, 0, "{eviction:?}");
    }
}

/// Three segments of four are withheld, and lie anywhere.
#[test]
fn a_large_item_would_find_no_room_beside_what_is_withheld() {
    let large = vec![b'l'; 600_000];
    for eviction in [Eviction::S3Fifo, Eviction::Random] {
        let mut bench = with_most(eviction);
        bench.churn("most");
        bench.churn("all");
        bench.store.set_memory(LEAST).unwrap();
        bench.settle();
        for n in 0..100 {
            let key = format!("large-{n}");
            let stored = bench.set_value(&key, &large);
            assert_eq!(stored, Ok(()), "{key}: {:?}", bench.stats());
            for m in 0..20 {
                bench.set(&format!("between-{n}-{m}")).unwrap();
            }
            assert!(bench.used() <= LEAST, "{:?}", bench.stats());
        }
        assert_eq!(bench.stats().excess_bytes, 0);
    }
}

/// Nothing goes that there is room for.
#[test]
fn what_fits_less_memory_would_be_dropped() {
    const KEPT: usize = 3_000;
    for eviction in Eviction::ALL {
        let mut bench = with_most(eviction);
        for n in 0..4 * KEPT {
            bench.set(&format!("key-{n}")).unwrap();
        }
        // Of every four in a segment one stays.
        for n in (0..4 * KEPT).filter(|n| n % 4 != 0) {
            assert!(bench.delete(&format!("key-{n}")));
        }
        bench.store.set_memory(LEAST).unwrap();
        bench.settle();
        bench.idle();
        for n in (0..4 * KEPT).step_by(4) {
            assert!(bench.has(&format!("key-{n}")), "{eviction:?}: {n}");
        }
        assert_eq!(bench.stats().counts.evicted_space, 0, "{eviction:?}");
    }
}

#[test]
fn less_memory_would_take_what_may_not_be_evicted() {
    let mut bench = with_most(Eviction::None);
    let fits = |bench: &mut Bench, n: &usize| bench.set(&format!("key-{n}")).is_ok();
    let stored = (0..2 * MANY).take_while(|n| fits(&mut bench, n)).count();
    bench.store.set_memory(LEAST).unwrap();
    bench.idle();
    let excess = bench.stats().excess_bytes;
    assert!(excess > MOST / 2, "{excess} of what was to be given up");
    assert_eq!(bench.set("new"), Err(NoSpace::Full));
    for n in 0..stored {
        assert!(bench.has(&format!("key-{n}")), "{n}");
    }
    for n in 0..stored * 9 / 10 {
        assert!(bench.delete(&format!("key-{n}")), "{n}");
    }
    bench.settle();
    assert!(bench.used() <= LEAST, "{:?}", bench.stats());
    assert_eq!(bench.set("new"), Ok(()));
    for n in stored * 9 / 10..stored {
        assert!(bench.has(&format!("key-{n}")), "{n}");
    }
    bench.store.set_memory(MOST).unwrap();
    bench.idle();
    for n in 0..stored * 8 / 10 {
        assert_eq!(bench.set(&format!("key-{n}")), Ok(()), "{n}");
    }
}

/// As `memory` may be far from its bound when the store starts.
#[test]
fn memory_beyond_what_is_in_force_would_be_used_from_the_start() {
    let mut bench = Bench::new(&Options {
        memory: LEAST,
        memory_max: Some(MOST),
        ..Options::default()
    });
    assert_eq!(bench.stats().excess_bytes, 0);
    bench.churn("least");
    assert!(bench.used() <= LEAST, "{:?}", bench.stats());
    let least = bench.stats().items;
    bench.store.set_memory(MOST).unwrap();
    bench.churn("more");
    bench.churn("most");
    assert!(bench.stats().items > 3 * least, "{:?}", bench.stats());
}

#[test]
fn more_or_less_memory_than_can_be_would_be_put_in_force() {
    let bench = with_most(Eviction::default());
    let refused = |bytes| bench.store.set_memory(bytes).unwrap_err().to_string();
    assert!(refused(MOST + 1).contains("laid out for"));
    assert!(
        refused(LEAST - 1).contains("too few"),
        "too small for any store"
    );
    assert_eq!(bench.stats().memory, MOST);
    let large = Bench::new(&Options {
        memory: MOST,
        max_item_size: 4 << 20,
        ..Options::default()
    });
    let refused = large.store.set_memory(LEAST).unwrap_err().to_string();
    assert!(refused.contains("a largest item"), "{refused}");
    assert_eq!(large.stats().excess_bytes, 0);
}

/// A large part of the memory is the index of small items, which has to come down as they do.
#[test]
fn small_items_would_go_that_there_is_room_for_once_the_index_is_smaller() {
    const ITEMS: usize = 500_000;
    /// A second of requests.
    const SECOND: usize = 100_000;
    // Returns the fewest items that there were.
    let churn = |bench: &mut Bench, name: &str| {
        let mut fewest = u64::MAX;
        for n in 0..ITEMS {
            bench.set_value(&format!("{name}{n}"), b"").unwrap();
            bench.now += Seconds::from(n % SECOND == 0);
            if n % 16 == 0 {
                bench.work();
            }
            if n % 1_000 == 0 {
                fewest = fewest.min(bench.stats().items);
            }
        }
        fewest
    };
    for eviction in [Eviction::S3Fifo, Eviction::Fifo] {
        let mut bench = Bench::new(&Options {
            memory: LEAST,
            memory_max: Some(MOST),
            eviction,
            ..Options::default()
        });
        churn(&mut bench, "least");
        let fit = bench.stats().items;
        bench.store.set_memory(MOST).unwrap();
        churn(&mut bench, "more");
        bench.store.set_memory(LEAST).unwrap();
        let fewest = churn(&mut bench, "less");
        assert!(fewest > fit / 10 * 8, "{eviction:?}: {fewest} of {fit}");
        assert_eq!(bench.stats().excess_bytes, 0, "{eviction:?}");
        assert!(bench.used() <= LEAST, "{:?}", bench.stats());
    }
}
