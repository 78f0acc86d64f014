//! What the meta commands ask of the store: claims, stale items, uniques that grow, what an item tells of itself.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use storage::{
    Arithmetic, Claim, Condition, Counter, Deleted, Guard, Invalidation, Item, Joining, Maintainer,
    NoSpace, Options, Participant, Seconds, Side, Store, Stored, Terms, Trace, Writer,
};

struct Bench {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    maintainer: Maintainer,
    now: Seconds,
}

impl Bench {
    fn new() -> Bench {
        let store = store(1);
        Bench {
            participant: store.join().unwrap(),
            writer: store.writer().unwrap(),
            maintainer: store.maintainer().unwrap(),
            store,
            now: 10,
        }
    }

    /// Does it under a guard of its own, again while there is no space.
    fn turn<T>(
        &mut self,
        act: impl Fn(&Store, &mut Writer, &Guard<'_>) -> Result<T, NoSpace>,
    ) -> T {
        for _ in 0..1000 {
            let guard = self.participant.enter(self.now);
            let done = act(&self.store, &mut self.writer, &guard);
            self.writer.reclaim(&guard, 4);
            drop(guard);
            if let Ok(done) = done {
                return done;
            }
            self.maintainer.tick(self.now);
        }
        panic!("no space");
    }

    fn set(&mut self, key: &[u8], value: &[u8], terms: impl Into<Terms>) -> Stored {
        let terms = terms.into();
        self.turn(|_, writer, guard| writer.store(guard, key, value, 7, 0, terms))
    }

    fn told(&mut self, key: &[u8]) -> u64 {
        self.turn(|store, _, guard| Ok(store.gets(guard, key).unwrap().unique()))
    }

    /// What it tells, without being asked for.
    fn peek<T>(&mut self, key: &[u8], see: impl Fn(&Item<'_>) -> T) -> T {
        self.turn(|store, _, guard| Ok(see(&store.peek(guard, key, false).unwrap())))
    }

    fn was_fetched(&mut self) -> bool {
        self.peek(b"key", |item| item.was_fetched() && !item.is_stale())
    }

    fn is_encoded(&mut self, key: &[u8]) -> bool {
        self.turn(|store, _, guard| Ok(store.peek(guard, key, false).unwrap().is_encoded()))
    }

    fn last_access(&mut self) -> Seconds {
        self.peek(b"key", |item| item.last_access().max(1))
    }

    fn claim(&mut self, key: &[u8]) -> Claim {
        self.turn(|store, writer, guard| {
            let item = store.get(guard, key).unwrap();
            writer.claim(guard, &item, Trace::Fetched)
        })
    }

    fn invalidate(&mut self, key: &[u8], how: Invalidation) -> Deleted {
        self.turn(|_, writer, guard| writer.invalidate(guard, key, how))
    }
}

fn store(writers: usize) -> Arc<Store> {
    let options = Options {
        memory: 8 << 20,
        writers,
        ..Options::default()
    };
    Store::new(&options).unwrap()
}

const STALE: Invalidation = Invalidation {
    compare: None,
    unique: None,
    deadline: None,
    stale: true,
    emptied: None,
};

#[test]
fn two_clients_would_renew_the_same_item() {
    const ROUNDS: u64 = 2_000;
    const THREADS: usize = 3;
    let store = store(THREADS);
    let winners: Vec<_> = (0..ROUNDS).map(|_| AtomicU64::new(0)).collect();
    let mut maintainer = store.maintainer().unwrap();
    let mut hands: Vec<_> = (0..THREADS)
        .map(|_| (store.join().unwrap(), store.writer().unwrap()))
        .collect();
    thread::scope(|scope| {
        for (at, (participant, writer)) in hands.iter_mut().enumerate() {
            let (store, winners) = (&store, &winners);
            scope.spawn(move || {
                for (round, won) in winners.iter().enumerate() {
                    let key = format!("key-{}", round / 4);
                    // Items that come and go: theirs are drained, and moved.
                    let other = format!("other-{at}-{}", round % 500);
                    loop {
                        let guard = participant.enter(10);
                        let always = Condition::Always;
                        let _ = writer.store(&guard, other.as_bytes(), &[b'o'; 900], 0, 0, always);
                        let won_terms = Terms {
                            won: true,
                            ..Condition::Absent.into()
                        };
                        // One vivifies it in its first round; in the others it is made stale.
                        let claim = match store.get(&guard, key.as_bytes()) {
                            None => {
                                match writer.store(&guard, key.as_bytes(), b"", 0, 0, won_terms) {
                                    Ok(Stored::Stored { .. }) => Ok(Claim::Won),
                                    Ok(_) => Ok(Claim::Gone),
                                    Err(why) => Err(why),
                                }
                            }
                            // Its flags tell for which round it may be renewed.
                            Some(item) if item.value().is_empty() && round % 4 == 0 => {
                                Ok(if item.is_won() {
                                    Claim::Lost
                                } else {
                                    Claim::Gone
                                })
                            }
                            Some(item) => writer.claim(&guard, &item, Trace::Fetched),
                        };
                        writer.reclaim(&guard, 4);
                        drop(guard);
                        match claim {
                            Ok(Claim::Won) => {
                                won.fetch_add(1, Ordering::Relaxed);
                                break;
                            }
                            Ok(Claim::Lost) => break,
                            Ok(Claim::Gone) | Err(_) => thread::yield_now(),
                        }
                    }
                }
            });
        }
        for _ in 0..500 {
            maintainer.tick(10);
            thread::yield_now();
        }
    });
    // A key's first round has one winner, by vivifying or, had it been evicted, once more; none after that may claim it
    // again, since nobody made it stale.
    let wins: u64 = winners.iter().map(|won| won.load(Ordering::Relaxed)).sum();
    let pushed_out = store.stats().counts.evicted_space;
    assert!(
        wins >= ROUNDS / 4 && wins <= ROUNDS / 4 + pushed_out,
        "{wins}, {pushed_out}"
    );
}

#[test]
fn a_claim_would_be_forgotten_when_its_item_moves() {
    let mut bench = Bench::new();
    bench.set(b"key", b"value", Condition::Always);
    let unique = bench.told(b"key");
    assert_eq!(bench.claim(b"key"), Claim::Won);
    assert_eq!(bench.claim(b"key"), Claim::Lost);
    for n in 0..40_000_u32 {
        bench.set(&n.to_le_bytes(), &[0; 100], Condition::Always);
        if n % 100 == 0 {
            // Asked for often, so that it stays.
            bench.told(b"key");
        }
    }
    assert_eq!(bench.claim(b"key"), Claim::Lost);
    assert_eq!(bench.told(b"key"), unique, "a claim is no new value");
    bench.set(b"key", b"new", Condition::Always);
    assert_eq!(
        bench.claim(b"key"),
        Claim::Won,
        "a new value has no winner yet"
    );
}

#[test]
fn a_stale_item_would_be_renewed_by_many_or_by_none() {
    let mut bench = Bench::new();
    bench.set(b"key", b"value", Condition::Always);
    let before = bench.told(b"key");
    assert_eq!(bench.claim(b"key"), Claim::Won);
    assert_eq!(bench.invalidate(b"key", STALE), Deleted::Deleted);
    let after = bench.told(b"key");
    assert!(after > before, "{after} {before}");
    assert_eq!(
        bench.peek(b"key", |it| (it.is_stale(), it.is_won())),
        (true, false)
    );
    assert_eq!(
        bench.peek(b"key", |it| (it.value().to_vec(), it.flags())),
        (b"value".to_vec(), 7)
    );
    assert_eq!(bench.claim(b"key"), Claim::Won);
    assert_eq!(bench.claim(b"key"), Claim::Lost);
    // Who was told before it became stale stores what is stale from the start, and does not take the win away.
    assert_eq!(
        bench.set(b"key", b"late", Condition::Since(after + 1)),
        Stored::Exists
    );
    let stored = bench.set(b"key", b"late", Condition::Since(before));
    assert!(
        matches!(stored, Stored::Stored { length: 4, .. }),
        "{stored:?}"
    );
    assert_eq!(
        bench.peek(b"key", |it| (it.is_stale(), it.is_won())),
        (true, true)
    );
    let told = bench.told(b"key");
    assert!(matches!(
        bench.set(b"key", b"fresh", Condition::Since(told)),
        Stored::Stored { .. }
    ));
    assert_eq!(
        bench.peek(b"key", |it| (it.is_stale(), it.is_won())),
        (false, false)
    );
    assert_eq!(
        bench.set(b"none", b"", Condition::Since(0)),
        Stored::NotFound
    );

    let emptied = Invalidation {
        stale: false,
        emptied: Some(0),
        deadline: Some(100),
        ..STALE
    };
    let wrong = Invalidation {
        compare: Some(told),
        ..emptied
    };
    assert_eq!(bench.invalidate(b"key", wrong), Deleted::Exists);
    assert_eq!(bench.invalidate(b"key", emptied), Deleted::Deleted);
    let seen = bench.peek(b"key", |it| (it.value().len(), it.flags(), it.deadline()));
    assert_eq!(seen, (0, 0, 100));
    let past = Invalidation {
        deadline: Some(1),
        ..STALE
    };
    assert_eq!(bench.invalidate(b"key", past), Deleted::Deleted);
    assert_eq!(bench.invalidate(b"key", STALE), Deleted::NotFound);
}

/// Two writers with a tail each: whichever was opened first, a later value's unique is above one that was told.
#[test]
fn a_later_value_would_have_a_smaller_unique() {
    let store = store(2);
    let mut participant = store.join().unwrap();
    let mut writers = [store.writer().unwrap(), store.writer().unwrap()];
    let guard = participant.enter(10);
    let (mut seen, mut last) = (HashSet::new(), 0);
    for n in 1..2_000_usize {
        // Of two TTLs, for yet more tails.
        let deadline = [0, 50, 5_000][n % 3];
        let stored = if n % 4 == 0 {
            let writer = &mut writers[n / 2 % 2];
            let counted = writer.arith(&guard, b"key", Arithmetic::by(1, true));
            counted.map(drop)
        } else {
            let (writer, always) = (&mut writers[n % 2], Condition::Always);
            let stored = writer.store(&guard, b"key", b"1", 0, deadline, always);
            stored.map(drop)
        };
        stored.unwrap();
        let unique = store.gets(&guard, b"key").unwrap().unique();
        assert!(unique > last, "{n}: {unique} after {last}");
        assert!(seen.insert(unique), "{n}: {unique} again");
        last = unique;
    }
}

#[test]
fn nothing_would_come_after_the_largest_unique() {
    let mut bench = Bench::new();
    let largest = Terms {
        unique: Some(u64::MAX),
        ..Condition::Always.into()
    };
    bench.set(b"key", b"5", largest);
    bench.set(b"key", b"6", Condition::Always);
    assert_ne!(bench.told(b"key"), u64::MAX);
}

#[test]
fn a_unique_that_is_given_would_not_be_the_items_own() {
    let mut bench = Bench::new();
    let given = Terms {
        unique: Some(77),
        ..Condition::Always.into()
    };
    let stored = bench.set(b"key", b"5", given);
    assert_eq!(
        stored,
        Stored::Stored {
            unique: 77,
            length: 1
        }
    );
    assert_eq!(bench.told(b"key"), 77);
    let counted = bench.turn(|_, writer, guard| {
        let how = Arithmetic {
            compare: Some(77),
            unique: Some(5),
            ..Arithmetic::by(2, true)
        };
        writer.arith(guard, b"key", how)
    });
    assert!(matches!(
        counted,
        Counter::Value {
            number: 7,
            unique: 5,
            created: false,
            ..
        }
    ));
    let joined = bench.turn(|_, writer, guard| {
        let joining = Joining {
            compare: Some(77),
            ..Joining::default()
        };
        writer.concat(guard, b"key", b"x", Side::Append, joining)
    });
    assert_eq!(joined, Stored::Exists);
    let deleted = bench.turn(|_, writer, guard| Ok(writer.delete_if(guard, b"key", Some(77))));
    assert_eq!(deleted, Deleted::Exists);
    let deleted = bench.turn(|_, writer, guard| Ok(writer.delete_if(guard, b"key", Some(5))));
    assert_eq!(deleted, Deleted::Deleted);
}

#[test]
fn a_unique_told_of_a_store_would_change_when_its_item_moves() {
    let mut bench = Bench::new();
    let told = Terms {
        observe: true,
        ..Condition::Always.into()
    };
    let Stored::Stored { unique, .. } = bench.set(b"key", b"value", told) else {
        panic!("not stored");
    };
    for n in 0..40_000_u32 {
        bench.set(&n.to_le_bytes(), &[0; 100], Condition::Always);
        if n % 100 == 0 {
            bench.turn(|store, _, guard| Ok(store.get(guard, b"key").map(|_| ())));
        }
    }
    assert_eq!(bench.told(b"key"), unique);
}

#[test]
fn a_missing_counter_or_value_would_not_be_made() {
    let mut bench = Bench::new();
    let how = Arithmetic {
        vivify: Some((40, 100)),
        ..Arithmetic::by(2, true)
    };
    let expected = [(40, true, 0), (42, false, 100)];
    for (number, created, deadline_was) in expected {
        let counted = bench.turn(|_, writer, guard| writer.arith(guard, b"n", how));
        let Counter::Value { unique, .. } = counted else {
            panic!("{counted:?}");
        };
        assert_eq!(
            counted,
            Counter::Value {
                number,
                unique,
                deadline_was,
                created
            }
        );
    }
    let joining = Joining {
        vivify: Some((3, 100)),
        ..Joining::default()
    };
    for length in [2, 4] {
        let joined =
            bench.turn(|_, writer, guard| writer.concat(guard, b"v", b"ab", Side::Append, joining));
        assert!(
            matches!(joined, Stored::Stored { length: l, .. } if l == length),
            "{joined:?}"
        );
    }
    assert_eq!(bench.peek(b"v", |it| (it.flags(), it.deadline())), (3, 100));
}

#[test]
fn an_access_would_be_counted_or_kept_wrongly() {
    let mut bench = Bench::new();
    bench.set(b"key", b"12", Condition::Always);
    assert!(!bench.was_fetched());
    assert!(!bench.was_fetched(), "a peek counts");
    let before = bench.turn(|store, _, guard| Ok(store.get(guard, b"key").unwrap().was_fetched()));
    assert!(!before);
    assert!(bench.was_fetched());
    bench.turn(|_, writer, guard| writer.arith(guard, b"key", Arithmetic::by(1, true)));
    assert!(bench.was_fetched(), "a counter in place stays what it is");
    bench.turn(|_, writer, guard| writer.arith(guard, b"key", Arithmetic::by(100, true)));
    assert!(!bench.was_fetched(), "a longer one is a new item");
    bench.turn(|_, writer, guard| writer.touch(guard, b"key", 500, false).map(|_| ()));
    assert!(bench.was_fetched(), "a touch asks for it");

    bench.now = 20;
    bench.turn(|store, writer, guard| {
        let item = store.get(guard, b"key").unwrap();
        assert!(
            !item.is_tracked() && item.last_access() == 10,
            "since its segment was opened"
        );
        writer.track(guard, &item)
    });
    for now in [30, 44] {
        bench.now = now;
        let last = bench.last_access();
        assert!(last < now, "{last}");
        bench.turn(|store, _, guard| Ok(store.get(guard, b"key").map(|_| ())));
        assert_eq!(bench.last_access(), now);
    }
    // A touch keeps it, as do claims.
    bench.now = 50;
    bench.turn(|_, writer, guard| writer.touch(guard, b"key", 600, false).map(|_| ()));
    assert_eq!(bench.last_access(), 50);
    assert_eq!(bench.claim(b"key"), Claim::Won);
    assert_eq!(
        bench.peek(b"key", |it| (it.last_access(), it.is_won())),
        (50, true)
    );
}

#[test]
fn when_an_item_was_won_or_made_would_not_be_kept() {
    let mut bench = Bench::new();
    bench.set(b"key", b"value", Condition::Always);
    bench.now = 20;
    let claim = bench.turn(|store, writer, guard| {
        let item = store.peek(guard, b"key", false).unwrap();
        writer.claim(guard, &item, Trace::Tracked)
    });
    assert_eq!((claim, bench.last_access()), (Claim::Won, 20));
    bench.now = 30;
    let made = Terms {
        trace: Trace::Tracked,
        ..Condition::Always.into()
    };
    bench.set(b"key", b"value", made);
    assert_eq!(bench.last_access(), 30);
    assert!(bench.was_fetched());
}

#[test]
fn a_walk_would_leave_items_out() {
    let mut bench = Bench::new();
    for n in 0..5_000_u32 {
        bench.set(&n.to_le_bytes(), b"value", Condition::Always);
    }
    bench.turn(|_, writer, guard| {
        writer
            .touch(guard, &7_u32.to_le_bytes(), 11, false)
            .map(|_| ())
    });
    bench.now = 12;
    let (mut seen, mut part) = (HashSet::new(), Some(0));
    while let Some(at) = part {
        let guard = bench.participant.enter(bench.now);
        part = bench.store.walk(&guard, at, |item| {
            assert!(seen.insert(item.key().to_vec()), "twice");
        });
    }
    assert_eq!(seen.len(), 4_999);
    assert!(!seen.contains(&7_u32.to_le_bytes()[..]), "an expired item");
}

#[test]
fn an_item_would_forget_how_its_key_was_spelled() {
    let mut bench = Bench::new();
    let encoded = Terms {
        encoded: true,
        ..Condition::Always.into()
    };
    bench.set(b"key", b"9", Condition::Always);
    assert!(!bench.is_encoded(b"key"));
    bench.set(b"key", b"9", encoded);
    assert!(bench.is_encoded(b"key"));

    let told = bench.told(b"key");
    bench.turn(|_, writer, guard| writer.touch(guard, b"key", 500, false).map(|_| ()));
    bench.turn(|_, writer, guard| writer.arith(guard, b"key", Arithmetic::by(1, true)));
    bench.claim(b"key");
    bench.invalidate(b"key", STALE);
    bench.turn(|_, writer, guard| {
        writer.concat(guard, b"key", b"0", Side::Append, Joining::default())
    });
    assert!(bench.is_encoded(b"key"), "it is the same item");
    let late = Terms {
        condition: Condition::Since(told),
        ..encoded
    };
    bench.set(b"key", b"late", late);
    assert!(bench.peek(b"key", |it| it.is_stale() && it.is_encoded()));
    bench.set(b"key", b"new", Condition::Always);
    assert!(!bench.is_encoded(b"key"), "it is another");

    let joining = Joining {
        vivify: Some((0, 0)),
        encoded: true,
        ..Joining::default()
    };
    bench.turn(|_, writer, guard| writer.concat(guard, b"join", b"0", Side::Append, joining));
    assert!(bench.is_encoded(b"join"));
    let how = Arithmetic {
        vivify: Some((1, 0)),
        encoded: true,
        ..Arithmetic::by(1, true)
    };
    bench.turn(|_, writer, guard| writer.arith(guard, b"count", how));
    assert!(bench.is_encoded(b"count"));
}

#[test]
fn an_upload_would_forget_how_its_key_was_spelled() {
    let mut bench = Bench::new();
    let encoded = Terms {
        encoded: true,
        ..Condition::Always.into()
    };
    let guard = bench.participant.enter(10);
    let mut pending = bench.writer.begin(&guard, b"key", 5, 7, 0).unwrap();
    pending.room().copy_from_slice(b"value");
    pending.fill(5);
    let stored = bench.writer.complete(&guard, pending, encoded);
    assert!(matches!(stored, Ok(Stored::Stored { length: 5, .. })));
    drop(guard);
    let seen = bench.peek(b"key", |it| (it.value().len(), it.flags(), it.is_encoded()));
    assert_eq!(seen, (5, 7, true));
}

/// As by `mg` with `u` and `T`.
#[test]
fn a_touch_unseen_would_be_seen() {
    let mut bench = Bench::new();
    bench.set(b"key", b"value", Condition::Always);
    let told = bench.told(b"key");
    bench.set(b"key", b"value", Condition::Always);
    for deadline in [500, 600] {
        let unique = bench.turn(|_, writer, guard| {
            let item = writer.touch_unseen(guard, b"key", deadline, true)?;
            Ok(item.unwrap().unique())
        });
        assert_ne!(unique, told);
        let seen = bench.peek(b"key", |it| (it.unique(), it.deadline()));
        assert_eq!(seen, (unique, deadline));
        assert!(!bench.was_fetched());
    }
}
