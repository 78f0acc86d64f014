//! What changes while the store serves: its policy.

use std::sync::Arc;

use storage::{
    Condition, Eviction, Item, Maintainer, NoSpace, Options, Participant, Seconds, Stats, Store,
    Writer,
};

const NOW: Seconds = 10;
const MEMORY: u64 = 8 << 20;
/// Items of this length, in bytes, fill the store with a few thousand.
const VALUE: [u8; 1_000] = [b'v'; 1_000];
/// Several times what fits.
const MANY: usize = 20_000;

/// A store with one worker and its maintenance, driven by one thread.
struct Bench {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
}

impl Bench {
    fn new(options: &Options) -> Bench {
        let store = Store::new(options).unwrap();
        Bench {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
        }
    }

    /// Stores as a worker does, which works for space between two tries.
    fn set(&mut self, key: &str) -> Result<(), NoSpace> {
        for _ in 0..100 {
            let guard = self.participant.enter(NOW);
            let (key, always) = (key.as_bytes(), Condition::Always);
            let stored = self.writer.store(&guard, key, &VALUE, 0, 0, always);
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
        let guard = self.participant.enter(NOW);
        self.writer.reclaim(&guard, 16);
        drop(guard);
        self.maintainer.tick(NOW);
    }

    fn idle(&mut self) {
        (0..200).for_each(|_| self.work());
    }

    fn has(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(NOW);
        self.store.get(&guard, key.as_bytes()).is_some()
    }

    fn delete(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(NOW);
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
            let guard = self.participant.enter(NOW);
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
