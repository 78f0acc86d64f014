//! What the policies promise, seen through a whole store.

use std::sync::Arc;

use super::Eviction;
use crate::store::Store;
use crate::{Condition, Maintainer, Options, Participant, Writer};

struct Bench {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
}

impl Bench {
    fn new(eviction: Eviction) -> Bench {
        let store = Store::new(&Options {
            memory: 8 << 20,
            eviction,
            ..Options::default()
        })
        .unwrap();
        Bench {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
        }
    }

    fn set(&mut self, key: &str) {
        for _ in 0..400 {
            let guard = self.participant.enter(10);
            let key = key.as_bytes();
            let always = Condition::Always;
            let stored = self.writer.store(&guard, key, &[b'v'; 100], 0, 0, always);
            self.writer.reclaim(&guard, 4);
            drop(guard);
            if stored.is_ok() {
                return;
            }
            self.maintainer.tick(10);
        }
        panic!("no space");
    }

    fn set_all(&mut self, keys: &[String]) {
        for key in keys {
            self.set(key);
        }
    }

    fn is_found(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(10);
        self.store.get(&guard, key.as_bytes()).is_some()
    }

    /// Whether the item lies in the main queue; `None` when there is none.
    fn is_main(&mut self, key: &str) -> Option<bool> {
        let guard = self.participant.enter(10);
        let target = self.store.target(key.as_bytes());
        let found = self.store.locate(guard.now(), target)?;
        Some(self.store.space.record_of(found.location).is_main())
    }

    /// Items that came back from the ghosts so far, by how soon.
    fn returned(&self) -> [u64; 5] {
        let counts = self.store.stats().counts;
        [
            counts.returned_eighth,
            counts.returned_quarter,
            counts.returned_half,
            counts.returned_whole,
            counts.returned_later,
        ]
    }

    /// Stores cold items until `key` is gone.
    fn push_out(&mut self, key: &str) {
        for n in 0..200_000 {
            if n % 100 == 0 && self.is_main(key).is_none() {
                return;
            }
            self.set(&format!("cold-{n}"));
        }
        panic!("{key} is still there");
    }
}

#[test]
fn an_item_that_is_asked_for_would_leave_with_the_cold_ones() {
    for eviction in [Eviction::Merge, Eviction::S3Fifo, Eviction::Fifo] {
        let mut bench = Bench::new(eviction);
        bench.set("hot");
        let mut missed = 0;
        for n in 0..300_000 {
            bench.set(&format!("cold-{n}"));
            // Often enough to be asked for twice in the time an item takes through the small queue.
            if n % 1_000 == 0 && !bench.is_found("hot") {
                missed += 1;
                bench.set("hot");
            }
        }
        assert_eq!(
            missed > 0,
            eviction == Eviction::Fifo,
            "{eviction:?}: {missed}"
        );
    }
}

#[test]
fn a_ghost_would_start_in_the_small_queue_again() {
    let mut bench = Bench::new(Eviction::S3Fifo);
    // Larger than the others: worth the least of all.
    let ghost = "a ghost with a long name";
    // Not in the first segment to be evicted, when nothing is known of what is worth how much.
    (0..10_000).for_each(|n| bench.set(&format!("first-{n}")));
    bench.set(ghost);
    assert_eq!(bench.is_main(ghost), Some(false));
    bench.push_out(ghost);
    bench.set(ghost);
    assert_eq!(bench.is_main(ghost), Some(true));

    // Touched, it stays what it is.
    let guard = bench.participant.enter(10);
    assert!(
        bench
            .writer
            .touch(&guard, ghost.as_bytes(), 1_000, false)
            .unwrap()
            .is_some()
    );
    drop(guard);
    assert_eq!(bench.is_main(ghost), Some(true));
}

#[test]
fn an_item_worth_keeping_would_stay_in_the_small_queue() {
    let mut bench = Bench::new(Eviction::S3Fifo);
    bench.set("hot");
    for n in 0..100_000 {
        bench.set(&format!("cold-{n}"));
        if n % 500 == 0 {
            bench.is_found("hot");
        }
    }
    assert_eq!(bench.is_main("hot"), Some(true));
}

#[test]
fn what_s3fifo_remembers_would_count_under_another_policy() {
    let mut bench = Bench::new(Eviction::S3Fifo);
    let ghost = "a ghost with a long name";
    (0..10_000).for_each(|n| bench.set(&format!("first-{n}")));
    bench.set(ghost);
    bench.push_out(ghost);
    bench.store.set_eviction(Eviction::Fifo);
    bench.set(ghost);
    assert_eq!(bench.is_main(ghost), Some(false));

    // A key that fifo drops is no ghost.
    let key = "another key with a long name";
    bench.set(key);
    bench.push_out(key);
    bench.store.set_eviction(Eviction::S3Fifo);
    bench.set(key);
    assert_eq!(bench.is_main(key), Some(false));
}

#[test]
fn what_comes_back_would_not_be_told_of_or_as_sooner_or_later() {
    let mut bench = Bench::new(Eviction::S3Fifo);
    (0..10_000).for_each(|n| bench.set(&format!("first-{n}")));
    let ghosts: Vec<_> = (0..64).map(|n| format!("a long ghost {n}")).collect();
    bench.set_all(&ghosts);
    bench.push_out(&ghosts[63]);
    let before = bench.returned();
    bench.set(&ghosts[63]);
    let [eighth, ..] = bench.returned();
    assert_eq!(eighth - before[0], 1);

    // Three eighths of the memory; some ghosts are taken over meanwhile.
    let size = 100 + "later-10000".len() + 5;
    (0..(3 << 20) / size).for_each(|n| bench.set(&format!("later-{n}")));
    let before = bench.returned();
    bench.set_all(&ghosts[..63]);
    let after = bench.returned();
    let [eighth, quarter, half, whole, later] = [0, 1, 2, 3, 4].map(|at| after[at] - before[at]);
    assert_eq!((eighth, quarter, whole, later), (0, 0, 0, 0));
    assert!((5..=63).contains(&half), "{half}");
}
