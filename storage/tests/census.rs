//! What the store tells of its segments: it must agree with what was put into them.

use std::sync::Arc;

use storage::{
    Census, Condition, Holding, Maintainer, Options, Participant, Seconds, Store, TtlGroup, Writer,
};

/// What an item takes beyond key and value, without and with a TTL.
const HEADER: u64 = 5;
const HEADER_TTL: u64 = 9;

/// A store driven by one thread and a clock of its own.
struct Bench {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
    now: Seconds,
}

impl Bench {
    fn new() -> Bench {
        let store = Store::new(&Options {
            memory: 16 << 20,
            ..Options::default()
        })
        .unwrap();
        Bench {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
            now: 100,
        }
    }

    fn set(&mut self, key: &str, value: &[u8], ttl: Seconds) {
        let deadline = if ttl == 0 { 0 } else { self.now + ttl };
        let key = key.as_bytes();
        for _ in 0..100 {
            let guard = self.participant.enter(self.now);
            let always = Condition::Always;
            let stored = self.writer.store(&guard, key, value, 0, deadline, always);
            drop(guard);
            if stored.is_ok() {
                return;
            }
            self.maintainer.tick(self.now);
        }
        panic!("no space");
    }

    fn settle(&mut self) {
        let guard = self.participant.enter(self.now);
        self.writer.settle(&guard);
    }

    fn reclaim(&mut self) {
        for _ in 0..1_000 {
            self.maintainer.tick(self.now);
        }
    }

    fn census(&self) -> Census {
        self.store.census(self.now)
    }

    fn group(&self, name: &str) -> TtlGroup {
        let census = self.census();
        let group = census.groups.iter().find(|group| group.name == name);
        group
            .unwrap_or_else(|| panic!("no group {name} in {census:?}"))
            .clone()
    }
}

fn plus(a: Holding, b: Holding) -> Holding {
    Holding {
        segments: a.segments + b.segments,
        item_bytes: a.item_bytes + b.item_bytes,
        dead_bytes: a.dead_bytes + b.dead_bytes,
        expired_bytes: a.expired_bytes + b.expired_bytes,
    }
}

#[test]
fn no_segment_and_no_byte_is_missing_or_told_twice() {
    let mut bench = Bench::new();
    for second in 0..20 {
        for n in 0..400 {
            // Of one TTL enough for tails of its own, others in between, one key written over and over.
            let key = format!("key-{second}-{n}");
            bench.set(&key, &[b'v'; 1_000], 300);
            if n % 40 == 0 {
                bench.set(&key, b"slow", [0, 50, 7_000, 200_000][n / 40 % 4]);
                bench.set("hot", b"value", 0);
            }
        }
        bench.now += 1;
        bench.settle();
    }
    bench.set("large", &vec![b'l'; 200_000], 90);

    let (census, stats) = (bench.census(), bench.store.stats());
    let by_state = [census.open, census.sealed, census.draining]
        .into_iter()
        .fold(Holding::default(), plus);
    let by_group = census
        .groups
        .iter()
        .fold(Holding::default(), |sum, group| plus(sum, group.holding));
    assert_eq!(by_state, by_group);
    assert_eq!(by_state.item_bytes - by_state.dead_bytes, stats.item_bytes);
    assert!(by_state.dead_bytes > 0);
    assert_eq!(
        by_state.segments + stats.segments_free + stats.segments_lent,
        stats.segments
    );
    let names: Vec<_> = census.groups.iter().map(|group| &group.name[..]).collect();
    let all = ["288", "minute", "hour", "day", "longer", "never", "span"];
    assert_eq!(names, all, "{census:?}");
    assert!(bench.group("288").holding.segments > 10);
    assert_eq!(bench.group("288").ttl_max, Some(303));
    assert_eq!(
        bench.group("span").holding.segments,
        200_000_u64.div_ceil(stats.segment_bytes)
    );
}

#[test]
fn an_open_tail_is_told_of_before_it_is_sealed() {
    let mut bench = Bench::new();
    bench.set("key", b"value", 0);
    bench.now += 7;
    bench.settle();
    let group = bench.group("never");
    assert_eq!((group.holding.segments, group.open), (1, 1));
    assert_eq!(group.holding.item_bytes, 8 + HEADER);
    assert_eq!((group.age_oldest, group.age_youngest), (7, 7));
    assert_eq!((group.ttl_max, group.expires_in), (None, None));
    assert_eq!(bench.census().open, group.holding);
}

#[test]
fn a_segment_does_not_show_what_it_held_in_an_earlier_life() {
    let mut bench = Bench::new();
    bench.set("key", &[b'v'; 1_000], 20);
    bench.now += 60;
    bench.settle();
    bench.reclaim();
    assert_eq!(bench.census(), Census::default());
    bench.set("other", b"value", 0);
    let census = bench.census();
    assert_eq!(census.groups.len(), 1, "{census:?}");
    assert_eq!(census.open.segments, 1);
    assert_eq!(census.open.item_bytes, 0, "not told yet");
    assert_eq!((census.age_oldest(), census.expired_bytes()), (0, 0));
}

#[test]
fn what_has_expired_is_told_until_its_memory_is_back() {
    let mut bench = Bench::new();
    let free = bench.store.stats().segments_free;
    for n in 0..2_000 {
        bench.set(&format!("key-{n:04}"), &[b'v'; 500], 20);
    }
    bench.now += 5;
    bench.settle();
    let held = 2_000 * (8 + 500 + HEADER_TTL);
    let group = bench.group("minute");
    assert_eq!(group.holding.item_bytes, held);
    assert_eq!(group.expires_in, Some(15));

    bench.now += 20;
    bench.settle();
    assert_eq!(bench.census().expired_bytes(), held);
    assert_eq!(bench.group("minute").expires_in, Some(0));

    bench.reclaim();
    let census = bench.census();
    assert_eq!((census.expired_bytes(), census.groups.len()), (0, 0));
    assert_eq!(bench.store.stats().segments_free, free);
}

#[test]
fn a_class_expires_little_by_little_and_not_at_its_end_alone() {
    let mut bench = Bench::new();
    // The first round shows that the class is fast enough; the second goes to tails of its own.
    for round in 0..2 {
        bench.now += 8;
        for n in 0..1_000 {
            let ttl = 480 + n % 16;
            bench.set(&format!("key-{round}-{n}"), &[b'v'; 1_000], ttl);
        }
    }
    bench.now += 488;
    bench.settle();
    let holding = bench.group("480").holding;
    let (all, expired) = (holding.item_bytes, holding.expired_bytes);
    // By now the first 9 of 16 TTLs have.
    assert!(
        (all / 3..all * 2 / 3).contains(&expired),
        "{expired} of {all}"
    );
}

#[test]
fn dead_bytes_are_not_counted_as_expired_too() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.set("key", b"value", 20);
    }
    bench.now += 30;
    bench.settle();
    let held = bench.group("minute").holding;
    let item = 8 + HEADER_TTL;
    assert_eq!((held.dead_bytes, held.expired_bytes), (99 * item, item));
}

#[test]
fn every_reason_for_a_drain_is_counted_as_itself() {
    let mut bench = Bench::new();
    let fill = |bench: &mut Bench, name: &str, ttl| {
        for n in 0..250 {
            bench.set(&format!("{name}-{n}"), &[b'v'; 1_000], ttl);
        }
        bench.now += 1;
        bench.settle();
    };
    fill(&mut bench, "expires", 10);
    bench.now += 40;
    bench.settle();
    bench.reclaim();
    let stats = bench.store.stats();
    assert!(stats.counts.segments_expired > 0, "{stats:?}");

    fill(&mut bench, "dies", 0);
    fill(&mut bench, "dies", 0);
    bench.reclaim();
    let stats = bench.store.stats();
    assert!(stats.counts.segments_dead > 0, "{stats:?}");

    bench.store.flush();
    bench.settle();
    bench.reclaim();
    let stats = bench.store.stats();
    assert!(stats.counts.segments_flushed > 0, "{stats:?}");
    assert_eq!(
        (
            stats.counts.segments_evicted,
            stats.counts.segments_compacted
        ),
        (0, 0),
        "{stats:?}"
    );

    for round in 0..100 {
        fill(&mut bench, &format!("evicts-{round}"), 0);
        bench.reclaim();
    }
    let stats = bench.store.stats();
    assert!(stats.counts.segments_evicted > 0, "{stats:?}");
    assert_eq!(
        (stats.counts.segments_window, stats.counts.evicted_window),
        (0, 0)
    );
    assert!(stats.counts.slice_ns_max > 0 && stats.counts.slices_slow <= stats.counts.slices);
}

#[test]
fn what_an_item_costs_beside_key_and_value_is_counted_both_ways() {
    let mut bench = Bench::new();
    let header_bytes = |bench: &Bench| bench.store.stats().header_bytes;
    bench.set("key", b"value", 0);
    assert_eq!(header_bytes(&bench), HEADER);
    bench.set("other", b"value", 1_000);
    assert_eq!(header_bytes(&bench), HEADER + HEADER_TTL);
    bench.set("key", b"a longer value", 1_000);
    assert_eq!(header_bytes(&bench), 2 * HEADER_TTL);
    let guard = bench.participant.enter(bench.now);
    assert!(bench.writer.delete(&guard, b"key"));
    drop(guard);
    assert_eq!(header_bytes(&bench), HEADER_TTL);
    bench.store.flush();
    bench.settle();
    bench.reclaim();
    assert_eq!(header_bytes(&bench), 0);
}
