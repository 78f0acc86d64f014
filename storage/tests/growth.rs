//! The index from empty to ten million keys, with a reader beside the writer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use storage::{Condition, Options, Store};

const KEYS: u64 = 10_000_000;
/// What a turn does under one guard.
const TURN: u64 = 64;

fn key(n: u64) -> [u8; 16] {
    let mut key = *b"key-............";
    key[4..12].copy_from_slice(&n.to_be_bytes());
    key
}

/// Numbers from 0 to 2^64, each as likely (`SplitMix64`: Steele, Lea, Flood, 2014).
fn mixed(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// A key that is there must be found at every moment, while thousands of partitions grow under the reader; and it may
/// not be pushed out for want of room in the index, where there is memory.
#[test]
#[ignore = "ten million keys: a minute without optimisation"]
fn a_present_key_would_be_missed_while_the_index_grows_to_ten_million() {
    let store = Store::new(&Options {
        memory: 700 << 20,
        ..Options::default()
    })
    .unwrap();
    let (stored, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let looked = thread::scope(|scope| {
        scope.spawn(|| {
            let mut participant = store.join().unwrap();
            let mut writer = store.writer().unwrap();
            for first in (0..KEYS).step_by(TURN as usize) {
                let guard = participant.enter(2);
                for n in first..(first + TURN).min(KEYS) {
                    writer
                        .store(&guard, &key(n), &n.to_le_bytes(), 0, 0, Condition::Always)
                        .unwrap();
                    stored.store(n + 1, Ordering::Release);
                }
                writer.reclaim(&guard, 1);
            }
            done.store(true, Ordering::Release);
        });
        let reader = scope.spawn(|| {
            let mut participant = store.join().unwrap();
            let mut looked = 0_u64;
            while !done.load(Ordering::Acquire) {
                let guard = participant.enter(2);
                let there = stored.load(Ordering::Acquire);
                for _ in 0..TURN.min(there) {
                    looked += 1;
                    let n = mixed(looked) % there;
                    let item = store.get(&guard, &key(n));
                    assert_eq!(
                        item.map(|item| item.value().to_vec()),
                        Some(n.to_le_bytes().to_vec()),
                        "key {n} of {there}"
                    );
                }
            }
            looked
        });
        reader.join().unwrap()
    });
    let stats = store.stats();
    println!(
        "{looked} looks, {} resizes, {} pushed out, index {} bytes of {} slots",
        stats.counts.index_resizes,
        stats.counts.evicted_index,
        stats.index_bytes,
        stats.index_slots
    );
    assert!(looked > 100_000, "the reader hardly ran: {looked}");
    assert_eq!((stats.items, stats.counts.evicted_space), (KEYS, 0));
    assert_eq!(stats.counts.evicted_index, 0);
}
