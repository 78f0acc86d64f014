//! Deleting by what keys are like, part by part.

use std::sync::Arc;

use crate::guard::Guard;
use crate::store::Store;
use crate::sync::Ordering;
use crate::writer::Writer;

/// Deletes items by their keys, for one who looks on beside the workers (the admin thread).
pub struct Remover {
    /// It only deletes, and takes no room.
    writer: Writer,
}

/// What has been done of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Items that were deleted.
    pub items: u64,
    /// The part that comes next; `None` after the last.
    pub next: Option<usize>,
}

impl Store {
    /// Who deletes by predicate; `None` when it has been handed out.
    pub fn remover(self: &Arc<Self>) -> Option<Remover> {
        let is_first = !self.removed.swap(true, Ordering::Relaxed);
        is_first.then(|| Remover {
            writer: Writer::new(self.clone(), self.options.writers + 1),
        })
    }
}

impl Remover {
    /// Deletes the items of one part of the store whose keys match; there are many parts, the first is 0. A part is some
    /// hundred items, no lock is held but for each deletion, and the guard is for this part alone. What was stored before
    /// the first part and matches is gone after the last; what is stored meanwhile may stay or go.
    pub fn remove(
        &mut self,
        guard: &Guard<'_>,
        part: usize,
        matches: impl Fn(&[u8]) -> bool,
    ) -> Removed {
        let store = self.writer.home(guard);
        let mut items = 0;
        store.index.visit_all(part, |location| {
            let key = store.stored(location).key;
            if matches(key) {
                items += u64::from(self.writer.delete(guard, key));
            }
        });
        let next = (part + 1 < store.index.partition_count()).then_some(part + 1);
        Removed { items, next }
    }
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;
    use crate::{Condition, Options};

    fn store() -> Arc<Store> {
        Store::small(&Options {
            memory: 8 << 20,
            ..Options::default()
        })
    }

    fn remove(store: &Arc<Store>, prefix: &[u8]) -> u64 {
        let mut participant = store.join().unwrap();
        let mut remover = store.remover().unwrap();
        let (mut items, mut part) = (0, Some(0));
        while let Some(at) = part {
            let guard = participant.enter(10);
            let removed = remover.remove(&guard, at, |key| key.starts_with(prefix));
            items += removed.items;
            part = removed.next;
        }
        items
    }

    #[test]
    fn what_does_not_match_would_go_or_what_does_stay() {
        let store = store();
        let mut participant = store.join().unwrap();
        let mut writer = store.writer().unwrap();
        let guard = participant.enter(10);
        for n in 0..100 {
            // Of the first some have expired by now.
            for (prefix, deadline) in [("one", 10 * (n % 2)), ("one-", 0), ("two-", 0)] {
                let key = format!("{prefix}{n}");
                let always = Condition::Always;
                let stored = writer.store(&guard, key.as_bytes(), b"value", 0, deadline, always);
                stored.unwrap();
            }
        }
        drop(guard);
        assert_eq!(remove(&store, b"one-"), 100);
        let guard = participant.enter(10);
        let has = |key: String| store.get(&guard, key.as_bytes()).is_some();
        for n in 0..100 {
            assert!(!has(format!("one-{n}")) && has(format!("two-{n}")), "{n}");
            assert_eq!(has(format!("one{n}")), n % 2 == 0, "{n}");
        }
        assert!(store.remover().is_none(), "its counts have one writer");
    }

    /// Other keys come and go all the while: items make way for them, and the arrays are replaced.
    #[test]
    #[cfg_attr(miri, ignore = "large for its races")]
    fn what_moves_in_the_index_meanwhile_would_stay() {
        const KEYS: u32 = 20_000;
        for round in 0..4_u8 {
            let store = store();
            let mut participant = store.join().unwrap();
            let mut writer = store.writer().unwrap();
            let mut set = |prefix: u8, n: u32| {
                let guard = participant.enter(10);
                let key = [&[prefix], &n.wrapping_mul(7_919).to_le_bytes()[..]].concat();
                let stored = writer.store(&guard, &key, &[round], 0, 0, Condition::Always);
                assert!(stored.is_ok());
                key
            };
            let keys: Vec<_> = (0..KEYS).map(|n| set(b'p', n)).collect();
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    remove(&store, b"p");
                    done.store(true, Ordering::Release);
                });
                for n in 0..4 * KEYS {
                    set(b'q', n);
                    if done.load(Ordering::Acquire) {
                        break;
                    }
                }
            });
            let guard = participant.enter(10);
            for key in keys {
                assert!(store.get(&guard, &key).is_none(), "{key:?}");
            }
        }
    }
}
