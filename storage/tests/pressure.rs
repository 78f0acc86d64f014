//! Workloads that a store of segments could choke on (Law 7, Law 8): each goes on storing, within its memory.

use std::sync::Arc;

use storage::{
    Condition, Counter, Eviction, Guard, Maintainer, NoSpace, Options, Participant, Seconds, Stats,
    Store, Writer,
};

/// A store with one worker and its maintenance, driven by one thread and a clock of its own.
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
            now: 2,
        }
    }

    fn turn<T>(&mut self, work: impl FnOnce(&mut Writer, &Guard<'_>) -> T) -> T {
        let guard = self.participant.enter(self.now);
        work(&mut self.writer, &guard)
    }

    /// Stores, making room as a worker and maintenance do; fails after many times the work that can be needed.
    fn set(&mut self, key: &str, value: &[u8], ttl: Seconds) -> Result<(), NoSpace> {
        let deadline = if ttl == 0 { 0 } else { self.now + ttl };
        let mut last = Ok(());
        for _ in 0..400 {
            last = self.turn(|writer, guard| {
                let stored =
                    writer.store(guard, key.as_bytes(), value, 0, deadline, Condition::Always);
                stored.map(|_| ())
            });
            if last.is_ok() {
                break;
            }
            self.turn(|writer, guard| writer.reclaim(guard, 16));
            self.turn(Writer::settle);
            self.maintainer.tick(self.now);
        }
        last
    }

    /// Adds one to a counter that is there.
    fn increment(&mut self, key: &str) {
        for _ in 0..400 {
            let counted = self.turn(|writer, guard| writer.arith(guard, key.as_bytes(), 1, true));
            match counted {
                Ok(counter) => {
                    assert!(matches!(counter, Counter::Value(_)), "{key}: {counter:?}");
                    return;
                }
                Err(_) => self.idle(1),
            }
            self.turn(|writer, guard| writer.reclaim(guard, 16));
        }
        panic!("{key}: no space, {:?}", self.stats());
    }

    fn has(&mut self, key: &str) -> bool {
        let guard = self.participant.enter(self.now);
        self.store.get(&guard, key.as_bytes()).is_some()
    }

    fn idle(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.maintainer.tick(self.now);
        }
        self.turn(Writer::settle);
    }

    fn stats(&self) -> Stats {
        self.store.stats()
    }
}

fn small(eviction: Eviction) -> Options {
    Options {
        memory: 16 << 20,
        eviction,
        ..Options::default()
    }
}

#[test]
fn mostly_dead_segments_make_room_where_nothing_may_be_evicted() {
    let mut bench = Bench::new(&small(Eviction::None));
    let value = [b'v'; 1000];
    // One key in 16 stays, in every segment; the others are overwritten again and again.
    for n in 0..80_000 {
        let key = if n % 16 == 0 {
            format!("stays-{n}")
        } else {
            format!("hot-{}", n % 100)
        };
        bench
            .set(&key, &value, 0)
            .unwrap_or_else(|why| panic!("{why:?} at {n}: {:?}", bench.stats()));
    }
    let stats = bench.stats();
    assert!(stats.segments_compacted > 0, "{stats:?}");
    let guard = bench.participant.enter(bench.now);
    for n in (0..80_000).step_by(16) {
        assert!(
            bench
                .store
                .get(&guard, format!("stays-{n}").as_bytes())
                .is_some(),
            "stays-{n}"
        );
    }
}

#[test]
fn values_that_have_expired_already_take_no_space() {
    let mut bench = Bench::new(&small(Eviction::Fifo));
    bench.now = 100;
    let before = bench.stats().segments_free;
    for n in 0..2_000 {
        let key = format!("key-{n}");
        bench.set(&key, b"value", 50).unwrap();
        bench.turn(|writer, guard| {
            writer
                .store(guard, key.as_bytes(), b"value", 0, 99, Condition::Always)
                .unwrap();
            assert!(
                writer
                    .touch(guard, key.as_bytes(), 99, false)
                    .unwrap()
                    .is_none()
            );
        });
    }
    assert!(before - bench.stats().segments_free < 20);
    assert_eq!(bench.stats().items, 0);
}

#[test]
fn a_touch_to_the_past_removes_the_item_after_showing_it_once_more() {
    let mut bench = Bench::new(&small(Eviction::Fifo));
    bench.now = 100;
    bench.set("key", b"value", 0).unwrap();
    bench.turn(|writer, guard| {
        assert_eq!(
            writer
                .touch(guard, b"key", 99, true)
                .unwrap()
                .unwrap()
                .value(),
            b"value"
        );
        assert!(writer.touch(guard, b"key", 200, true).unwrap().is_none());
    });
}

/// TTLs too slow for tails of their own share segments; what has expired in them must not pile up.
#[test]
fn expired_bytes_of_shared_segments_stay_below_a_twentieth_of_the_heap() {
    for eviction in Eviction::ALL {
        let mut bench = Bench::new(&small(eviction));
        let value = [b'v'; 100];
        let per_second = 220;
        let mut alive: Vec<Seconds> = Vec::new();
        let mut dice = 1_u64;
        for second in 0..1_200 {
            bench.now += 1;
            for n in 0..per_second {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let ttl = 61 + (dice >> 33) as u32 % 340;
                bench
                    .set(&format!("key-{second}-{n}"), &value, ttl)
                    .unwrap();
                alive.push(bench.now + ttl);
            }
            bench.idle(4);
            if second > 500 && second % 20 == 0 {
                alive.retain(|&deadline| deadline > bench.now);
                let stats = bench.stats();
                let expired = stats.items.saturating_sub(alive.len() as u64) * 125;
                assert!(
                    expired * 20 < stats.heap_bytes,
                    "{eviction:?}, second {second}: {expired} of {stats:?}"
                );
                assert_eq!(stats.evicted_space, 0, "a live item was dropped: {stats:?}");
            }
        }
    }
}

#[test]
fn large_values_find_room_among_middling_ones() {
    let mut bench = Bench::new(&Options {
        writers: 2,
        ..small(Eviction::Fifo)
    });
    let middling = vec![b'm'; 50 << 10];
    let large = vec![b'l'; 1_000_000];
    for n in 0..1_000 {
        bench
            .set(&format!("middling-{}", n % 700), &middling, 0)
            .unwrap();
    }
    for n in 0..40 {
        // Middling ones come in between all the while.
        let key = format!("large-{n}");
        let mut stored = false;
        for attempt in 0..400 {
            bench
                .set(&format!("between-{}", attempt % 50), &middling, 0)
                .unwrap();
            let deadline = 0;
            stored = bench
                .turn(|writer, guard| {
                    writer.store(
                        guard,
                        key.as_bytes(),
                        &large,
                        0,
                        deadline,
                        Condition::Always,
                    )
                })
                .is_ok();
            if stored {
                break;
            }
            bench.turn(|writer, guard| writer.reclaim(guard, 16));
            bench.idle(1);
        }
        assert!(stored, "{key}: {:?}", bench.stats());
    }
    let stats = bench.stats();
    assert!(
        stats.segments_window > 0 && (1..=stats.evicted_space).contains(&stats.evicted_window),
        "{stats:?}"
    );
}

#[test]
fn a_store_full_of_expired_items_stores_again_where_nothing_may_be_evicted() {
    let mut bench = Bench::new(&small(Eviction::None));
    let value = [b'v'; 1000];
    let stored = (0..100_000)
        .take_while(|n| bench.set(&format!("old-{n}"), &value, 50).is_ok())
        .count();
    assert!(stored > 10_000, "{stored}");
    bench.now += 60;
    for n in 0..20_000 {
        bench
            .set(&format!("new-{n}"), b"value", 0)
            .unwrap_or_else(|why| panic!("{why:?} at {n}: {:?}", bench.stats()));
    }
}

#[test]
fn a_thousand_ttls_share_sixteen_mebibytes_among_eight_writers() {
    for eviction in [Eviction::Fifo, Eviction::S3Fifo] {
        let mut bench = Bench::new(&Options {
            writers: 8,
            ..small(eviction)
        });
        let mut others: Vec<Writer> = (1..8).map(|_| bench.store.writer().unwrap()).collect();
        for n in 0..200_000_u32 {
            if n % 4_000 == 0 {
                bench.now += 1;
            }
            // From a second to eleven days, as many in each octave; and now and then none.
            let step = n.wrapping_mul(7_919) % 1_000;
            let ttl = if step == 0 {
                0
            } else {
                (1 << (step / 50)) + step
            };
            let at = n as usize % 8;
            if let Some(writer) = others.get_mut(at) {
                std::mem::swap(&mut bench.writer, writer);
            }
            let key = format!("key-{n}");
            let stored = bench.set(&key, &[b'v'; 100], ttl);
            assert!(stored.is_ok(), "{eviction:?}: {n}: {:?}", bench.stats());
            assert!(bench.has(&key), "{eviction:?}: {n}");
            if let Some(writer) = others.get_mut(at) {
                std::mem::swap(&mut bench.writer, writer);
            }
        }
        let stats = bench.stats();
        let sealed = stats.segments_sealed * stats.segment_bytes;
        assert!(
            stats.item_bytes * 2 > sealed,
            "{eviction:?}: segments sealed before they are half full: {stats:?}"
        );
    }
}

/// What is written again and again leaves dead bytes behind and nothing else has to give way for it, in a store that is
/// nine tenths full.
#[test]
fn rewriting_a_few_keys_would_push_others_out() {
    for eviction in Eviction::ALL {
        let mut bench = Bench::new(&small(eviction));
        let value = [b'v'; 100];
        let mut others = 0;
        while bench.stats().segments_free * 10 > bench.stats().segments {
            for _ in 0..100 {
                bench.set(&format!("other-{others}"), &value, 0).unwrap();
                others += 1;
            }
        }
        let rewritten = [b'r'; 1_000];
        for n in 0..10 * bench.stats().heap_bytes / 1_000 {
            bench
                .set("one", &rewritten, 0)
                .unwrap_or_else(|why| panic!("{eviction:?}, {why:?} at {n}: {:?}", bench.stats()));
        }
        for n in 0..1_000 {
            bench.set(&format!("counter-{n}"), b"0", 0).unwrap();
        }
        for n in 0..200_000_u64 {
            bench.increment(&format!("counter-{}", n * 7_919 % 1_000));
        }
        let stats = bench.stats();
        let evicted = (stats.evicted_space, stats.evicted_index);
        assert_eq!(evicted, (0, 0), "{eviction:?}: {stats:?}");
        let store = bench.store.clone();
        bench.turn(|_, guard| {
            for n in 0..others {
                let item = store.get(guard, format!("other-{n}").as_bytes());
                assert!(item.is_some_and(|item| item.value() == value), "{n}");
            }
            let counted = store
                .get(guard, b"counter-7")
                .map(|item| item.value().to_vec());
            assert_eq!(counted.as_deref(), Some(&b"200"[..]));
        });
    }
}
