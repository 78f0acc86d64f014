//! Workloads that a store of segments could choke on (Law 7, Law 8): each goes on storing, within its memory.

use std::sync::Arc;

use storage::{
    Arithmetic, Condition, Counter, Eviction, Guard, Maintainer, NoSpace, Options, Participant,
    Seconds, Stats, Store, Writer,
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
            self.work();
        }
        last
    }

    /// Adds one to a counter that is there.
    fn increment(&mut self, key: &str) {
        for _ in 0..400 {
            let counted = self
                .turn(|writer, guard| writer.arith(guard, key.as_bytes(), Arithmetic::by(1, true)));
            match counted {
                Ok(counter) => {
                    assert!(
                        matches!(counter, Counter::Value { .. }),
                        "{key}: {counter:?}"
                    );
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

    /// Gives an item `ttl` more seconds; false when it is not there.
    fn touch(&mut self, key: &str, ttl: Seconds) -> bool {
        let deadline = self.now + ttl;
        for _ in 0..400 {
            let touched = self.turn(|writer, guard| {
                let touched = writer.touch(guard, key.as_bytes(), deadline, false);
                touched.map(|item| item.is_some())
            });
            match touched {
                Ok(there) => return there,
                Err(_) => self.work(),
            }
        }
        panic!("{key}: no space, {:?}", self.stats());
    }

    /// What a worker and maintenance do between two requests.
    fn work(&mut self) {
        self.turn(|writer, guard| writer.reclaim(guard, 16));
        self.turn(Writer::settle);
        self.maintainer.tick(self.now);
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
    assert!(stats.counts.segments_compacted > 0, "{stats:?}");
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
                assert_eq!(
                    stats.counts.evicted_space, 0,
                    "a live item was dropped: {stats:?}"
                );
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
        stats.counts.segments_window > 0
            && (1..=stats.counts.evicted_space).contains(&stats.counts.evicted_window),
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
        let sealed = bench.store.census(bench.now).sealed.segments * stats.segment_bytes;
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
        let evicted = (stats.counts.evicted_space, stats.counts.evicted_index);
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

/// Numbers that differ, the same ones each time (xorshift64: Marsaglia, 2003).
fn random(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// Spans of two sizes side by side: none waits until its client is refused, though a run for the larger is kept empty.
#[test]
fn a_run_kept_for_the_largest_span_would_starve_smaller_ones() {
    for eviction in [Eviction::Random, Eviction::Util, Eviction::S3Fifo] {
        let mut bench = Bench::new(&Options {
            memory: 32 << 20,
            max_item_size: 4 << 20,
            writers: 8,
            eviction,
            ..Options::default()
        });
        let mut random = random(88_172_645_463_325_252);
        let (large, middling) = (vec![b'l'; 3_900_000], vec![b'm'; 100_000]);
        for n in 0..45_000 {
            bench.set(&format!("cold-{n}"), &[b'v'; 1000], 0).unwrap();
        }
        for n in 0..1_500 {
            bench.now = 2 + n / 100;
            if n % 300 == 1 {
                let stored = bench.set(&format!("large-{}", n % 4), &large, 0);
                assert!(stored.is_ok(), "{eviction:?}: large {n}");
            }
            for _ in 0..50 {
                let key = format!("small-{}", random(50_000));
                if !bench.has(&key) {
                    bench.set(&key, &[b'v'; 1000], 0).unwrap();
                }
            }
            bench.work();
            if n % 10 == 0 {
                let stored = bench.set(&format!("middling-{}", n % 500), &middling, 0);
                assert!(stored.is_ok(), "{eviction:?}: middling {n}");
            }
        }
    }
}

/// More kinds of TTLs than a writer may hold tails, in both queues of s3fifo: what has expired is all counted, and stays
/// at the part of the heap that is left alone. Told by asking for every key, not by what reclaim believes.
#[test]
fn items_would_expire_unseen_in_tails_of_longer_lived_ones() {
    const KEYS: u64 = 400_000;
    let mut bench = Bench::new(&Options {
        writers: 8,
        ..small(Eviction::S3Fifo)
    });
    let mut random = random(7);
    let mut deadlines = vec![0; KEYS as usize];
    for second in 1..=1_000 {
        bench.now += 1;
        for _ in 0..400 {
            let key = random(KEYS) * random(KEYS) / KEYS;
            let name = format!("key-{key}");
            if bench.has(&name) {
                continue;
            }
            let ttl = match key % 8 {
                0 | 1 => 0,
                2 | 3 => 20_000 + key as Seconds % 1_000 * 50,
                4 | 5 => 100 + key as Seconds % 97 * 7,
                _ => 20 + key as Seconds % 40,
            };
            bench.set(&name, &[b'v'; 200], ttl).unwrap();
            deadlines[key as usize] = if ttl == 0 {
                Seconds::MAX
            } else {
                bench.now + ttl
            };
        }
        bench.idle(4);
        if second % 200 == 0 {
            let alive = |key: &u64| deadlines[*key as usize] > bench.now;
            let alive: Vec<u64> = (0..KEYS).filter(alive).collect();
            let visible = alive.iter().filter(|key| bench.has(&format!("key-{key}")));
            let visible = visible.count() as u64;
            let stats = bench.stats();
            let expired = (stats.items - visible) * stats.item_bytes / stats.items;
            assert!(expired * 32 < stats.heap_bytes, "{expired}: {stats:?}");
        }
    }
}

/// TTLs over two octaves and more, with memory to spare: what has not expired is left where it is.
#[test]
fn items_would_be_moved_again_and_again_to_give_back_what_expired_beside_them() {
    let mut bench = Bench::new(&small(Eviction::S3Fifo));
    let mut random = random(3);
    for second in 0..600 {
        bench.now += 1;
        for n in 0..220 {
            let ttl = 61 + random(340) as Seconds;
            let key = format!("key-{second}-{n}");
            bench.set(&key, &[b'v'; 100], ttl).unwrap();
        }
        bench.idle(4);
    }
    let stats = bench.stats();
    assert!(stats.counts.expired > 40_000, "{stats:?}");
    assert!(stats.counts.moved < stats.counts.stored / 4, "{stats:?}");
}

/// A large item that is touched every few seconds: when the deadline comes that its segment was sealed with, there is no
/// run of segments that it could move to.
#[test]
fn a_touched_span_would_be_dropped_at_its_first_deadline() {
    let mut bench = Bench::new(&Options {
        memory: 32 << 20,
        ..small(Eviction::S3Fifo)
    });
    let mut random = random(5);
    let mut value = [b'v'; 5_000];
    value[0] = b'w';
    for n in 0..60_000 {
        let length = 300 + random(4_700) as usize;
        bench
            .set(&format!("cold-{n}"), &value[..length], 0)
            .unwrap();
    }
    for n in 0..5 {
        let key = format!("large-{n}");
        bench.set(&key, &vec![b'l'; 1_000_000], 60).unwrap();
        for second in 0..80 {
            bench.now += 1;
            for m in 0..10 {
                let length = 300 + random(4_700) as usize;
                let key = format!("more-{n}-{second}-{m}");
                bench.set(&key, &value[..length], 0).unwrap();
            }
            bench.idle(4);
            assert!(second % 5 != 0 || bench.touch(&key, 60), "{n}: {second}");
        }
    }
}

/// An item of more than half a segment has a segment of its own: if it is asked for, it survives as smaller ones do.
#[test]
fn a_hot_item_of_more_than_half_a_segment_would_be_evicted_each_time() {
    let mut bench = Bench::new(&Options {
        writers: 8,
        ..small(Eviction::Merge)
    });
    let segment = bench.stats().segment_bytes as usize;
    let hot = vec![b'h'; segment * 5 / 8];
    let (mut asked, mut missed) = (0, 0);
    for n in 0..150_000 {
        bench.set(&format!("cold-{n}"), &[b'v'; 1000], 0).unwrap();
        if n % 20 == 0 {
            bench.work();
        }
        if n % 100 == 0 {
            let key = format!("hot-{}", n / 100 % 20);
            let warm = n > 30_000;
            asked += u32::from(warm);
            if !bench.has(&key) {
                missed += u32::from(warm);
                bench.set(&key, &hot, 0).unwrap();
            }
        }
    }
    assert!(missed * 50 < asked, "{missed} of {asked}");
}

/// Sessions that come one by one and are touched for ever: each is alone in its segment at some time, and would keep it.
#[test]
fn small_items_that_live_on_would_keep_a_segment_each() {
    let mut bench = Bench::new(&small(Eviction::None));
    let free = bench.stats().segments_free;
    for session in 0..100 {
        bench
            .set(&format!("session-{session}"), b"value", 60)
            .unwrap();
        for _ in 0..10 {
            bench.now += 10;
            bench.idle(4);
            for known in 0..=session {
                assert!(bench.touch(&format!("session-{known}"), 60));
            }
        }
    }
    bench.idle(100);
    let stats = bench.stats();
    assert!(free - stats.segments_free < 20, "{stats:?}");
}
