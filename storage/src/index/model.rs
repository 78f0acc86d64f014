//! The index under loom: two threads, buckets of two slots, every interleaving of three preemptions and every
//! value that a load may see.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::epoch::{Epochs, model::explore};

/// As many as the rows of `.ci/bites` need; `.ci/long` takes more.
const PREEMPTIONS: Option<usize> = Some(3);

/// Items, by location: loom reports one that is read before it is written as far as the reader can tell.
struct Rig {
    index: Index,
    items: Vec<UnsafeCell<u64>>,
    epochs: Epochs<Array>,
}

// SAFETY: that no item is read and written at once is what the models check.
unsafe impl Sync for Rig {}

impl Rig {
    /// An index of one partition with so many buckets.
    fn new(buckets: usize) -> Arc<Rig> {
        let index = Index::new(PARTITION, HugePages::default()).unwrap();
        index.allow(PARTITION);
        if buckets > BUCKETS_MIN {
            let old = index.replace(0, BUCKETS_MIN, buckets);
            assert!(matches!(old, Ok(Some(_))));
        }
        Arc::new(Rig {
            index,
            items: (0..8).map(|_| UnsafeCell::new(0)).collect(),
            epochs: Epochs::new(2),
        })
    }

    /// The `nth` key with these two buckets.
    fn key(&self, places: [usize; 2], nth: usize) -> Hash {
        let array = self.index.array(0);
        let is_there = |tag: &u16| array.places(*tag) == places;
        let tag = (1..u16::MAX).filter(is_there).nth(nth).unwrap();
        Hash {
            bits: tag.into(),
            partition: 0,
        }
    }

    fn write(&self, location: u64) {
        // SAFETY: loom reports it if anybody reads it now.
        self.items[location as usize].with_mut(|item| unsafe { *item = 7 });
    }

    /// Stores a key as writers do.
    fn insert(&self, hash: Hash, location: u64) -> bool {
        self.write(location);
        self.index.lock(hash).insert(location, false)
    }

    fn finds(&self, hash: Hash, location: u64) -> bool {
        let matches = |at| {
            // SAFETY: loom reports it if anybody writes it now.
            self.items[at as usize].with(|item| assert_eq!(unsafe { *item }, 7));
            at == location
        };
        self.index.find(hash, matches).is_some()
    }
}

#[test]
fn a_key_would_be_missed_while_it_makes_way() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(3);
        let (guest, other, new) = (rig.key([0, 1], 0), rig.key([0, 1], 1), rig.key([0, 1], 2));
        assert!(rig.insert(guest, 0) && rig.insert(other, 1));
        let reader = {
            let rig = rig.clone();
            thread::spawn(move || {
                assert!(rig.finds(guest, 0), "the key was missed");
                rig.finds(new, 2);
            })
        };
        rig.write(2);
        {
            let locked = rig.index.lock(new);
            let word = Word::new(new.tag(), 2, false);
            assert!(locked.array.make_way(locked.bucket, word));
        }
        reader.join().unwrap();
        assert!(rig.finds(guest, 0) && rig.finds(other, 1) && rig.finds(new, 2));
    });
}

#[test]
fn an_item_would_be_read_before_it_is_written() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(2);
        let key = rig.key([0, 1], 0);
        let reader = {
            let rig = rig.clone();
            thread::spawn(move || rig.finds(key, 0))
        };
        assert!(rig.insert(key, 0));
        reader.join().unwrap();
        assert!(rig.finds(key, 0));
    });
}

#[test]
fn two_keys_would_be_given_the_same_slot() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(2);
        // They leave one slot.
        let there =
            [([0, 1], 1), ([1, 0], 1), ([0, 1], 2)].map(|(places, nth)| rig.key(places, nth));
        for (location, key) in there.into_iter().enumerate() {
            assert!(rig.insert(key, location as u64));
        }
        let keys = [rig.key([0, 1], 0), rig.key([1, 0], 0)];
        let writer = {
            let rig = rig.clone();
            thread::spawn(move || rig.insert(keys[0], 3))
        };
        let stored = rig.insert(keys[1], 4);
        let stored = [writer.join().unwrap(), stored];
        for (at, key) in keys.into_iter().enumerate() {
            assert_eq!(rig.finds(key, 3 + at as u64), stored[at], "{stored:?}");
        }
        for (location, key) in there.into_iter().enumerate() {
            assert!(rig.finds(key, location as u64), "{location}");
        }
    });
}

#[test]
fn two_threads_would_add_the_same_key() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(2);
        let key = rig.key([0, 1], 0);
        // So that the key gets neither the slot that has the lock nor one behind a reader's fence.
        assert!(rig.insert(rig.key([0, 1], 1), 2) && rig.insert(rig.key([1, 0], 0), 3));
        let add = move |rig: &Rig, location| {
            rig.write(location);
            let locked = rig.index.lock(key);
            let absent = locked.find(|at| at < 2).is_none();
            absent && locked.insert(location, false)
        };
        let other = {
            let rig = rig.clone();
            thread::spawn(move || add(&rig, 0))
        };
        let added = add(&rig, 1);
        assert!(added != other.join().unwrap());
        assert_eq!(rig.finds(key, 1), added);
    });
}

#[test]
fn a_change_would_be_lost_while_the_index_grows() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(2);
        let (old, new) = (rig.key([0, 1], 0), rig.key([0, 1], 1));
        assert!(rig.insert(old, 0));
        let grower = {
            let rig = rig.clone();
            thread::spawn(move || matches!(rig.index.replace(0, 2, 3), Ok(Some(_))))
        };
        assert!(rig.insert(new, 1));
        assert!(rig.finds(old, 0) && rig.finds(new, 1));
        assert!(grower.join().unwrap());
        assert!(rig.finds(old, 0) && rig.finds(new, 1));
    });
}

#[test]
fn a_replaced_array_would_be_reused_under_a_reader() {
    explore(PREEMPTIONS, || {
        let rig = Rig::new(2);
        let key = rig.key([0, 1], 0);
        assert!(rig.insert(key, 0));
        let reader = {
            let rig = rig.clone();
            thread::spawn(move || {
                rig.epochs.open(0);
                assert!(rig.finds(key, 0), "the key was missed");
                rig.epochs.close(0);
            })
        };
        for _ in 0..2 {
            if let Ok(Some(old)) = rig.index.replace(0, 2, 2) {
                rig.epochs.retire(old);
            }
            // SAFETY: whether the readers have left is what the model checks.
            let free = |array| unsafe { rig.index.free(array) };
            rig.epochs.collect(free);
        }
        reader.join().unwrap();
    });
}
