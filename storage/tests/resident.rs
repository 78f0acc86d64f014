//! The bound on memory, as the system counts it. One test a process, so that nothing else is counted: the other is run
//! alone.

use std::fs;

use storage::{Condition, Options, Store};

/// Bytes of this process that are resident.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Tiny items want a large index, large ones a small one: memory goes to and fro between index and heap, and is never in
/// both.
#[test]
fn memory_stays_within_its_bound_when_the_sizes_of_items_change() {
    change_sizes(64 << 20, 1);
}

/// As above with huge pages in the index, too. The system may put small pages together while the store runs: that must
/// not make memory resident again that was given back.
#[test]
#[ignore = "eight million items: a minute without optimisation"]
fn memory_stays_within_its_bound_with_huge_pages_in_the_index() {
    change_sizes(256 << 20, 4);
}

fn change_sizes(memory: u64, times: usize) {
    let before = resident();
    let store = Store::new(&Options {
        memory,
        ..Options::default()
    })
    .unwrap();
    let mut participant = store.join().unwrap();
    let mut writer = store.writer().unwrap();
    let mut maintainer = store.maintainer().unwrap();
    let value = [b'v'; 300];
    let mut index_bytes = Vec::new();
    let mut now = 2;
    for phase in 0..3 {
        let (items, len) = if phase % 2 == 0 {
            (1_500_000 * times, 2)
        } else {
            (600_000 * times, 300)
        };
        for n in 0..items {
            let key = format!("{phase}-{n}");
            loop {
                let guard = participant.enter(now);
                let stored = writer
                    .store(
                        &guard,
                        key.as_bytes(),
                        &value[..len],
                        0,
                        0,
                        Condition::Always,
                    )
                    .is_ok();
                drop(guard);
                if n % 512 == 0 || !stored {
                    maintainer.tick(now);
                    let resident = resident() - before;
                    assert!(
                        resident < memory + (4 << 20),
                        "phase {phase}, item {n}: {resident} bytes; {:?}",
                        store.stats()
                    );
                }
                if stored {
                    break;
                }
            }
        }
        for _ in 0..2_000 * times {
            now += 1;
            maintainer.tick(now);
        }
        index_bytes.push(store.stats().index_bytes);
    }
    assert!(
        index_bytes[1] < index_bytes[0] / 2,
        "the index keeps what it does not need: {index_bytes:?}"
    );
}
