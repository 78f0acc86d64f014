use std::collections::{HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

/// A fair stand-in for key hashes (the finaliser of splitmix64).
fn hash(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn insert(index: &Index, key: u64) {
    loop {
        let place = index.place(hash(key));
        if index.lock(place).insert(key, false) {
            return;
        }
        match index.grow(place) {
            Ok(old) => old.into_iter().for_each(|old| release(index, old)),
            Err(NoRoom::Memory(bytes)) => index.allow(bytes),
            Err(NoRoom::Ever | NoRoom::Slots) => panic!("a partition cannot grow"),
        }
    }
}

fn remove(index: &Index, key: u64) {
    let locked = index.lock(index.place(hash(key)));
    let (slot, _) = locked.find(|location| location == key).unwrap();
    locked.remove(slot);
}

fn release(index: &Index, array: Array) {
    // SAFETY: these tests have one thread, and hold no slot.
    unsafe { index.free(array) }
}

#[test]
fn keys_survive_growth_and_shrinking() {
    let (heap, keys) = if cfg!(miri) {
        (PARTITION, 100)
    } else {
        (4 << 20, 80_000)
    };
    let index = Index::new(heap, HugePages::default()).unwrap();
    for key in 0..keys {
        insert(&index, key);
    }
    let present = |key| {
        index
            .find(index.place(hash(key)), |location| location == key)
            .is_some()
    };
    assert!((0..keys).all(present));
    assert!(!present(keys));
    let load = keys as f64 / index.slot_count() as f64;
    assert!(cfg!(miri) || load > 0.80, "load {load}");

    for key in keys / 8..keys {
        remove(&index, key);
    }
    let before = index.bytes();
    for partition in 0..index.partition_count() {
        if let (Ok(Some(old)), _) = index.shrink(partition) {
            release(&index, old);
        }
    }
    while let Ok(Some(old)) = index.compact() {
        release(&index, old);
    }
    index.trim();
    assert!(
        cfg!(miri) || index.bytes() < before / 2,
        "{} of {before}",
        index.bytes()
    );
    assert!((0..keys / 8).all(present));
    assert!(!(keys / 8..keys).any(present));
}

/// While somebody reads what was replaced, it stays where it was.
#[test]
#[cfg_attr(
    miri,
    ignore = "minutes, for no unsafe code but that of the other tests"
)]
fn an_array_that_has_moved_would_be_moved_again() {
    let (heap, keys) = (4 << 20, 40_000);
    let index = Index::new(heap, HugePages::default()).unwrap();
    (0..keys).for_each(|key| insert(&index, key));
    (keys / 8..keys).for_each(|key| remove(&index, key));
    for partition in 0..index.partition_count() {
        if let (Ok(Some(old)), _) = index.shrink(partition) {
            release(&index, old);
        }
    }
    let places: HashSet<_> = (0..index.partition_count())
        .map(|partition| index.array(partition).place)
        .collect();
    let mut moves = 0;
    while let Ok(Some(old)) = index.compact() {
        moves += 1;
        assert!(places.contains(&old.place), "move {moves}");
    }
    assert!(moves > 1, "{moves} moves");
}

#[test]
fn the_two_places_of_a_tag_differ() {
    for buckets in [2, 3, 17, 1000] {
        let region = Region::new(1 << 20, HugePages::default()).unwrap();
        region.allow(1 << 20);
        let array = Array::new(&region, region.allocate(buckets, 0).ok().unwrap(), buckets);
        for tag in (0..=u16::MAX).step_by(if cfg!(miri) { 9_973 } else { 1 }) {
            let [first, second] = array.places(tag);
            assert!(first != second && first < buckets && second < buckets);
        }
    }
}

/// Under churn the load at which both buckets of some key are full falls, unless items make way.
#[test]
fn keys_that_come_and_go_would_make_the_index_grow() {
    let (heap, keys) = if cfg!(miri) {
        (2 * PARTITION, 40)
    } else {
        (1 << 20, 20_000)
    };
    let index = Index::new(heap, HugePages::default()).unwrap();
    for key in 0..keys * 10 {
        insert(&index, key);
        if let Some(old) = key.checked_sub(keys) {
            remove(&index, old);
        }
    }
    let present = |key| {
        index
            .find(index.place(hash(key)), |location| location == key)
            .is_some()
    };
    assert!((keys * 9..keys * 10).all(present));
    assert!(!(0..keys * 9).any(present));
    let load = keys as f64 / index.slot_count() as f64;
    assert!(cfg!(miri) || load > 0.75, "load {load}");
}

/// Items make way for others all the time, while their own keys are looked up.
#[test]
fn a_key_would_be_missed_while_it_makes_way() {
    const GUESTS: u64 = 100;
    let rounds = if cfg!(miri) { 80 } else { 2_000_000 };
    // One partition, which does not grow any more once it is full.
    let index = Index::new(PARTITION, HugePages::default()).unwrap();
    (0..GUESTS).for_each(|key| insert(&index, key));
    let is_there: Vec<_> = (0..rounds).map(|_| AtomicBool::new(false)).collect();
    let (last, done) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let last = last.load(Ordering::Acquire);
                for key in last.saturating_sub(GUESTS)..last {
                    let there = || is_there[key as usize].load(Ordering::SeqCst);
                    let place = index.place(hash(key + GUESTS));
                    let missed = there() && index.find(place, |at| at == key + GUESTS).is_none();
                    assert!(!(missed && there()), "key {key}");
                }
            }
        });
        (0..GUESTS).for_each(|key| remove(&index, key));
        let mut guests = VecDeque::new();
        for key in 0..rounds {
            let place = index.place(hash(key + GUESTS));
            if index.lock(place).insert(key + GUESTS, false) {
                is_there[key as usize].store(true, Ordering::SeqCst);
                last.store(key + 1, Ordering::Release);
                guests.push_back(key);
            } else if let Some(guest) = guests.pop_front() {
                is_there[guest as usize].store(false, Ordering::SeqCst);
                remove(&index, guest + GUESTS);
            }
            if reader.is_finished() {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn pushing_out_takes_the_least_asked_and_makes_room() {
    let index = Index::new(1, HugePages::default()).unwrap();
    let mut inserted = HashSet::new();
    let key = (0..100)
        .find(|&key| {
            let full = !index.lock(index.place(hash(key))).insert(key, false);
            inserted.insert(key);
            full
        })
        .unwrap();
    // Everything has been asked for, but one.
    let cold = 0;
    for &key in inserted.iter().filter(|&&key| key != cold) {
        if let Some((slot, word)) = index.find(index.place(hash(key)), |location| location == key) {
            slot.bump(word, |_| true);
        }
    }
    let locked = index.lock(index.place(hash(key)));
    assert_eq!(locked.push_out().and_then(Word::location), Some(cold));
    assert!(locked.insert(key, false));
}

#[test]
fn a_locked_key_keeps_other_writers_of_its_bucket_out() {
    let index = Index::new(1, HugePages::default()).unwrap();
    let place = index.place(hash(1));
    let locked = index.lock(place);
    assert!(!locked.bucket.try_lock());
    drop(locked);
    assert!(index.lock(place).find(|_| true).is_none());
}

#[test]
fn a_batch_would_wait_for_items_that_were_not_prefetched() {
    let keys = if cfg!(miri) { 200 } else { 2_000 };
    let index = Index::new(1 << 20, HugePages::default()).unwrap();
    (0..keys).for_each(|key| insert(&index, key));
    let hashes: Vec<_> = (0..keys).map(|key| index.place(hash(key))).collect();
    let mut near = HashSet::new();
    index.prefetch(&hashes, |location| _ = near.insert(location));
    // Of keys with the same tag in the same buckets only one is prefetched.
    assert!(near.len() as u64 > keys * 99 / 100, "{}", near.len());
    assert!(near.iter().all(|&location| location < keys));
}

/// Between two slots that a walk looks at, keys are inserted for which others make way, and at last the array is replaced.
#[test]
fn a_walk_would_miss_what_makes_way_before_it() {
    for seed in 0..if cfg!(miri) { 4 } else { 400 } {
        let index = Index::new(PARTITION, HugePages::default()).unwrap();
        index.allow(1 << 20);
        let keys = |from: u64| (from..from + 24).map(move |n| 1 + n + 1_000 * seed);
        keys(0).for_each(|key| insert(&index, key));
        let (mut later, mut seen) = (keys(24), HashSet::new());
        let mut replaced = Vec::new();
        index.visit_all(0, |location| {
            seen.insert(location);
            if let Some(key) = later.next() {
                let place = index.place(hash(key));
                while !index.lock(place).insert(key, false) {
                    // As a guard would, it keeps what is replaced from being used again.
                    replaced.extend(index.grow(place).ok().flatten());
                }
            }
        });
        for array in replaced {
            release(&index, array);
        }
        let missed: Vec<_> = keys(0).filter(|key| !seen.contains(key)).collect();
        assert_eq!(missed, [] as [u64; 0], "seed {seed}");
    }
}
