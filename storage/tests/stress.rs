//! Several threads on one small store, with everything they are told checked against what must be possible.
//!
//! Eviction, expiry, moves, index resizes and flushes go on all the while. The checks are those that the faults found in
//! other concurrent segment stores would have tripped.

mod history;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use storage::{
    Arithmetic, Condition, Counter, Eviction, Guard, Maintainer, NoSpace, Options, Participant,
    Seconds, Store, Stored, Writer,
};

const ROUNDS: u64 = if cfg!(miri) { 60 } else { 60_000 };
const THREADS: usize = if cfg!(miri) { 2 } else { 4 };

struct Hand {
    store: Arc<Store>,
    participant: Participant,
    writer: Writer,
    clock: Arc<AtomicU64>,
}

impl Hand {
    fn now(&self) -> Seconds {
        self.clock.load(Ordering::Relaxed) as Seconds
    }

    fn turn<T>(&mut self, work: impl FnOnce(&Store, &mut Writer, &Guard<'_>) -> T) -> T {
        let now = self.now();
        let guard = self.participant.enter(now);
        work(&self.store, &mut self.writer, &guard)
    }

    fn change<T>(&mut self, change: impl Fn(&mut Writer, &Guard<'_>) -> Result<T, NoSpace>) -> T {
        self.change_with(|_, writer, guard| change(writer, guard))
    }

    /// Tries until there is space, as a worker does.
    fn change_with<T>(
        &mut self,
        change: impl Fn(&Store, &mut Writer, &Guard<'_>) -> Result<T, NoSpace>,
    ) -> T {
        for _ in 0..1_000_000 {
            if let Ok(done) = self.turn(&change) {
                return done;
            }
            self.turn(|_, writer, guard| writer.reclaim(guard, 16));
            thread::yield_now();
        }
        panic!("no space was made: {:?}", self.store.stats());
    }

    fn set(&mut self, key: &[u8], value: &[u8], ttl: Seconds) -> Stored {
        let deadline = if ttl == 0 { 0 } else { self.now() + ttl };
        self.change(|writer, guard| writer.store(guard, key, value, 0, deadline, Condition::Always))
    }

    /// As `set`, with the value received in two turns; one that breaks off goes before.
    fn upload(&mut self, key: &[u8], value: &[u8], ttl: Seconds) {
        let deadline = if ttl == 0 { 0 } else { self.now() + ttl };
        let (first, rest) = value.split_at(value.len() / 2);
        let [broken, whole] = [(), ()].map(|()| {
            self.turn(|_, writer, guard| {
                let mut pending = writer.begin(guard, key, value.len(), 0, deadline)?;
                pending.room()[..first.len()].copy_from_slice(first);
                pending.fill(first.len());
                Some(pending)
            })
        });
        drop(broken);
        let Some(mut pending) = whole else {
            self.set(key, value, ttl);
            return;
        };
        self.turn(|_, writer, guard| writer.settle(guard));
        assert_eq!(pending.received(), first);
        pending.room().copy_from_slice(rest);
        pending.fill(rest.len());
        let pending = RefCell::new(Some(pending));
        self.change(|writer, guard| {
            let whole = pending.take().unwrap();
            writer
                .complete(guard, whole, Condition::Always)
                .map_err(|(why, whole)| {
                    pending.replace(Some(whole));
                    why
                })
        });
    }

    fn get(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        self.turn(|store, _, guard| store.get(guard, key).map(|item| item.value().to_vec()))
    }
}

struct Field {
    store: Arc<Store>,
    clock: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    maintenance: Option<thread::JoinHandle<()>>,
}

impl Field {
    fn new(memory: u64) -> Field {
        Field::with(memory, Eviction::default())
    }

    fn with(memory: u64, eviction: Eviction) -> Field {
        let options = Options {
            // Miri takes long to lay it out.
            memory: if cfg!(miri) { 8 << 20 } else { memory },
            eviction,
            segment_size: Some(16 << 10),
            // One more for what goes before and after.
            writers: THREADS + 1,
            seed: 99,
            ..Options::default()
        };
        let store = Store::new(&options).unwrap();
        let clock = Arc::new(AtomicU64::new(2));
        let stop = Arc::new(AtomicBool::new(false));
        let maintenance = {
            let (mut maintainer, clock, stop): (Maintainer, _, _) =
                (store.maintainer().unwrap(), clock.clone(), stop.clone());
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let pause = maintainer.tick(clock.load(Ordering::Relaxed) as Seconds);
                    thread::park_timeout(pause);
                }
            })
        };
        Field {
            store,
            clock,
            stop,
            maintenance: Some(maintenance),
        }
    }

    fn hand(&self) -> Hand {
        Hand {
            participant: self.store.join().unwrap(),
            writer: self.store.writer().unwrap(),
            store: self.store.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Lets maintenance make the index smaller; false when it has not done so for a while.
    fn shrinks(&self, shared: &history::hand::Field) -> bool {
        let before = self.store.stats().index_slots;
        for _ in 0..if cfg!(miri) { 1 } else { 200 } {
            shared.clock.fetch_add(1, Ordering::Relaxed);
            self.clock.fetch_add(1, Ordering::Relaxed);
            let maintenance = self.maintenance.as_ref().expect("it runs");
            maintenance.thread().unpark();
            thread::sleep(std::time::Duration::from_millis(1));
            if self.store.stats().index_slots < before {
                return true;
            }
        }
        false
    }

    fn run<T: Send>(&self, work: impl Fn(usize, Hand) -> T + Sync) -> Vec<T> {
        Field::run_with(|| self.hand(), work)
    }

    fn run_with<H: Send, T: Send>(
        hand: impl Fn() -> H,
        work: impl Fn(usize, H) -> T + Sync,
    ) -> Vec<T> {
        thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = (0..THREADS)
                .map(|at| {
                    let hand = hand();
                    scope.spawn(move || work(at, hand))
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        })
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.maintenance.take() {
            thread.thread().unpark();
            thread.join().unwrap();
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    std::str::from_utf8(bytes)
        .unwrap()
        .trim_end()
        .parse()
        .unwrap()
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn no_increment_is_lost() {
    let field = Field::new(16 << 20);
    let keys: Vec<Vec<u8>> = (0..8)
        .map(|n| format!("counter-{n}").into_bytes())
        .collect();
    let mut hand = field.hand();
    for key in &keys {
        hand.set(key, b"0", 0);
    }
    field.run(|at, mut hand| {
        for round in 0..ROUNDS {
            let key = &keys[(round as usize + at) % keys.len()];
            let counter =
                hand.change(|writer, guard| writer.arith(guard, key, Arithmetic::by(1, true)));
            assert!(matches!(counter, Counter::Value { .. }), "{counter:?}");
        }
    });
    let mut sum = 0;
    for key in &keys {
        sum += number(&hand.get(key).unwrap());
    }
    assert_eq!(sum, ROUNDS * THREADS as u64);
}

#[test]
fn exactly_one_add_and_one_cas_wins() {
    let field = Field::new(16 << 20);
    let rounds = ROUNDS / 10;
    let wins = field.run(|at, mut hand| {
        let mut won = (0, 0);
        for round in 0..rounds {
            let key = format!("once-{round}").into_bytes();
            let value = format!("{at}").into_bytes();
            let added = hand
                .change(|writer, guard| writer.store(guard, &key, &value, 0, 0, Condition::Absent));
            won.0 += u64::from(matches!(added, Stored::Stored { .. }));
            // Whoever swaps the winner's value first makes every other unique of it stale.
            let swapped = hand.change_with(|store, writer, guard| {
                let Some(item) = store.gets(guard, &key) else {
                    return Ok(Stored::NotFound);
                };
                if item.value().starts_with(b"swapped") {
                    return Ok(Stored::Exists);
                }
                let unique = Condition::Unique(item.unique());
                writer.store(guard, &key, b"swapped", 0, 0, unique)
            });
            won.1 += u64::from(matches!(swapped, Stored::Stored { .. }));
        }
        won
    });
    assert_eq!(wins.iter().map(|won| won.0).sum::<u64>(), rounds);
    assert_eq!(wins.iter().map(|won| won.1).sum::<u64>(), rounds);
}

/// Each key has one owner, who knows what was acknowledged; everybody else only reads. Under eviction a value may be
/// missing, but what is there is never older than what its owner had been told was stored, or gone, before the read.
#[test]
fn no_stale_value_after_an_acknowledged_change() {
    let field = Field::new(8 << 20);
    let keys_each = if cfg!(miri) { 16 } else { 3_000 };
    let acknowledged: Vec<AtomicU64> = (0..THREADS * keys_each)
        .map(|_| AtomicU64::new(0))
        .collect();
    field.run(|at, mut hand| {
        let mut dice = at as u64 + 1;
        for round in 1..=ROUNDS {
            let mine = at * keys_each + random(&mut dice) as usize % keys_each;
            let key = format!("owned-{mine}").into_bytes();
            let ttl = [0, 0, 1, 3, 20][random(&mut dice) as usize % 5];
            match random(&mut dice) % 8 {
                0 => {
                    hand.turn(|_, writer, guard| writer.delete(guard, &key));
                }
                1 => {
                    let deadline = hand.now() + 1 + ttl;
                    hand.change(|writer, guard| {
                        writer.touch(guard, &key, deadline, false).map(|_| ())
                    });
                    continue;
                }
                _ => {
                    let mut value = format!("{round:<20}").into_bytes();
                    let large = random(&mut dice).is_multiple_of(200);
                    value.resize(
                        if large {
                            40_000
                        } else {
                            20 + random(&mut dice) as usize % 2_000
                        },
                        b' ',
                    );
                    if large || random(&mut dice).is_multiple_of(20) {
                        hand.upload(&key, &value, ttl);
                    } else {
                        hand.set(&key, &value, ttl);
                    }
                }
            }
            acknowledged[mine].store(round, Ordering::SeqCst);
            if at == 0 && round % 50 == 0 {
                field.clock.fetch_add(1, Ordering::Relaxed);
            }
            if at == 1 && round % 5_000 == 0 {
                field.store.flush();
            }
            let other = random(&mut dice) as usize % acknowledged.len();
            let floor = acknowledged[other].load(Ordering::SeqCst);
            if let Some(value) = hand.get(&format!("owned-{other}").into_bytes()) {
                let round = number(&value[..20]);
                assert!(
                    round >= floor,
                    "key {other}: read {round}, acknowledged {floor}"
                );
            }
            hand.turn(|_, writer, guard| writer.reclaim(guard, 4));
            hand.turn(|_, writer, guard| writer.settle(guard));
        }
    });
    let stats = field.store.stats();
    if !cfg!(miri) {
        assert!(
            stats.counts.evicted_space > 0 && stats.counts.expired > 0 && stats.counts.flushed > 0,
            "{stats:?}"
        );
    }
}

/// A few keys that everybody calls on in every way, on a small store that many others are stored in meanwhile: evicted,
/// expired, moved, and the index grown and shrunk. What else happens is up to `rarely`, which is told the thread's number
/// and how many rounds it has done. Every answer must be possible.
fn call_on_a_few(
    field: &Field,
    can_lose: bool,
    rarely: impl Fn(usize, u64, &mut history::hand::Hand) + Sync,
) {
    const KEYS: usize = 16;
    let shared = history::hand::Field::new(field.store.clone(), thread::yield_now);
    let logs = Field::run_with(
        || history::hand::Hand::new(&shared),
        |at, mut hand| {
            let mut dice = at as u64 + 1;
            let mut roll = |sides: u64| random(&mut dice) % sides;
            for round in 1..=ROUNDS / 2 {
                let key = roll(KEYS as u64) as usize;
                let length = [20, 20, 100, 2_000, 40_000]
                    [roll(if round % 50 == 0 { 5 } else { 4 }) as usize];
                let ttl = [0, 0, 1, 20][roll(4) as usize];
                match roll(16) {
                    0 | 1 => hand.set(key, length, ttl),
                    2 => hand.add(key, length),
                    3 => hand.replace(key, length),
                    4 | 5 => {
                        if let Some(unique) = hand.gets(key) {
                            hand.cas(key, unique, length);
                        }
                    }
                    6 => hand.delete(key),
                    7 | 8 => hand.incr(key),
                    9 => hand.touch(key, ttl),
                    10 => drop(hand.upload(key, length, ttl)),
                    _ => hand.get(key),
                }
                // Strangers, so that there is something to evict, expire and move, and an index that is not empty.
                for _ in 0..4 {
                    let stranger = KEYS + roll(60_000) as usize;
                    match (field.store.eviction(), roll(4)) {
                        (Eviction::None, 0..=2) => hand.delete(stranger),
                        _ => hand.set(stranger, 20 + roll(1_000) as usize, ttl),
                    }
                    hand.log.pop_if(|entry| entry.key == stranger);
                }
                if at == 0 && round % 50 == 0 {
                    shared.clock.fetch_add(1, Ordering::Relaxed);
                    field.clock.fetch_add(1, Ordering::Relaxed);
                }
                rarely(at, round, &mut hand);
                hand.work();
            }
            hand.log
        },
    );
    let checked = history::check(logs.concat(), can_lose);
    let stats = field.store.stats();
    println!("{checked} calls checked");
    let happened = [
        stats.counts.expired,
        stats.counts.spans,
        stats.counts.index_resizes,
        stats.counts.moved + stats.counts.evicted_space,
    ];
    assert!(cfg!(miri) || !happened.contains(&0), "{stats:?}");
}

#[test]
fn an_answer_would_be_impossible() {
    for eviction in [Eviction::S3Fifo, Eviction::Fifo, Eviction::None] {
        let field = Field::with(8 << 20, eviction);
        call_on_a_few(&field, eviction != Eviction::None, |at, round, hand| {
            if at == 1 && round % 10_000 == 0 {
                hand.flush();
            }
        });
        let flushed = field.store.stats().counts.flushed;
        assert!(cfg!(miri) || flushed > 0, "{}", eviction.name());
    }
}

/// One changes policy and memory all the while, another deletes key by key.
#[test]
fn an_answer_would_be_impossible_while_the_store_is_adjusted() {
    const MEMORY: u64 = 32 << 20;
    let field = Field::new(MEMORY);
    call_on_a_few(&field, true, |at, round, hand| {
        let often = if cfg!(miri) { 1 } else { 500 };
        if at == 0 && round % often == 0 {
            let turn = round / often;
            let policies = Eviction::ALL;
            let policy = policies[turn as usize % policies.len()];
            field.store.set_eviction(policy);
            let memory = MEMORY / (1 + turn % 4);
            // Miri's store is too small for less.
            let changed = field.store.set_memory(memory);
            assert!(cfg!(miri) || changed.is_ok(), "{changed:?}");
        }
        if at == 1 && round % (20 * often) == 0 {
            hand.remove();
        }
    });
    assert!(cfg!(miri) || field.store.stats().counts.evicted_space > 0);
}

/// Readers have their keys brought near before they read them, while others come and go in waves: segments are drained
/// and used again, and the index grows and shrinks. Every answer must be possible.
#[test]
fn a_prefetch_would_lead_a_reader_astray() {
    const KEYS: u64 = 64;
    const WAVES: u64 = if cfg!(miri) { 1 } else { 8 };
    const WAVE: u64 = if cfg!(miri) { 20 } else { 4_000 };
    for eviction in [Eviction::S3Fifo, Eviction::None] {
        let field = Field::with(8 << 20, eviction);
        let shared = history::hand::Field::new(field.store.clone(), thread::yield_now);
        let (done, shrunk) = (AtomicBool::new(false), AtomicU64::new(0));
        let read = |mut hand: history::hand::Hand, dice: &mut u64| {
            for _ in 0..WAVES * WAVE {
                let count = [2, 16, 32, 40][random(dice) as usize % 4];
                let keys: Vec<_> = (0..count).map(|_| (random(dice) % KEYS) as usize).collect();
                hand.get_many(&keys);
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
            hand.log
        };
        let change = |mut hand: history::hand::Hand, dice: &mut u64, at: u64| {
            for round in 0..WAVES * WAVE {
                let key = (random(dice) % KEYS) as usize;
                let length = [20, 100, 2_000][random(dice) as usize % 3];
                match random(dice) % 8 {
                    0 => hand.delete(key),
                    1 => hand.incr(key),
                    2 => hand.touch(key, 20),
                    3 => drop(hand.upload(key, length, 0)),
                    4 => hand.set(key, length, 1),
                    _ => hand.set(key, length, 0),
                }
                // Half a wave they come, half a wave they go.
                for n in 0..4 {
                    let stranger = KEYS + (round % (WAVE / 2) * 4 + n) * THREADS as u64 + at;
                    if round % WAVE < WAVE / 2 {
                        hand.set(stranger as usize, 20, 0);
                    } else {
                        hand.delete(stranger as usize);
                    }
                    hand.log.pop_if(|entry| entry.key >= KEYS as usize);
                }
                hand.work();
                if at == 1 && round % WAVE == WAVE - 1 {
                    shrunk.fetch_add(u64::from(field.shrinks(&shared)), Ordering::Relaxed);
                }
            }
            done.store(true, Ordering::Relaxed);
            hand.log
        };
        let logs = Field::run_with(
            || history::hand::Hand::new(&shared),
            |at, hand| {
                let mut dice = at as u64 + 1;
                if at % 2 == 0 {
                    read(hand, &mut dice)
                } else {
                    change(hand, &mut dice, at as u64)
                }
            },
        );
        let checked = history::check(logs.concat(), eviction != Eviction::None);
        let counts = field.store.stats().counts;
        // How often the index shrank is up to the machine: maintenance has so much time for it.
        let shrunk = shrunk.into_inner();
        println!(
            "{}: {checked} calls checked, {shrunk} times smaller",
            eviction.name()
        );
        let drained = counts.segments_dead + counts.segments_compacted + counts.segments_evicted;
        let happened = [counts.index_resizes, drained];
        assert!(cfg!(miri) || !happened.contains(&0), "{counts:?}");
    }
}

/// Nothing is evicted here, so a key that is present stays present while its partition grows and its neighbours come.
#[test]
fn a_present_key_never_misses_while_the_index_grows() {
    let field = Field::new(64 << 20);
    let keys = ROUNDS.min(40_000);
    field.run(|at, mut hand| {
        for n in 0..keys {
            hand.set(format!("grow-{at}-{n}").as_bytes(), b"v", 0);
            for back in [0, n / 2, n] {
                let key = format!("grow-{at}-{}", n - back);
                assert!(
                    hand.get(key.as_bytes()).is_some(),
                    "{key} is missing after {n}"
                );
            }
        }
    });
    assert_eq!(field.store.stats().items, keys * THREADS as u64);
}

/// Nothing is evicted or expires here, so only a flush can take a key away, and it takes every older one.
#[test]
fn a_flush_takes_everything_before_it_and_nothing_after() {
    let field = Field::new(16 << 20);
    let (begun, finished) = (AtomicU64::new(0), AtomicU64::new(0));
    field.run(|at, mut hand| {
        let mut dice = at as u64 + 77;
        for round in 0..ROUNDS / 20 {
            let keys: Vec<_> = (0..8).map(|n| format!("flush-{at}-{n}")).collect();
            let before = finished.load(Ordering::SeqCst);
            for key in &keys {
                hand.set(key.as_bytes(), format!("{round}").as_bytes(), 0);
            }
            for key in &keys {
                let present = hand.get(key.as_bytes()).is_some();
                // As many flushes as had ended before the sets have begun until now: none came in between.
                let undisturbed = begun.load(Ordering::SeqCst) == before;
                assert!(present || !undisturbed, "{key} was taken by an older flush");
            }
            if random(&mut dice).is_multiple_of(8) {
                begun.fetch_add(1, Ordering::SeqCst);
                field.store.flush();
                finished.fetch_add(1, Ordering::SeqCst);
                for key in &keys {
                    assert!(hand.get(key.as_bytes()).is_none(), "{key} outlived a flush");
                }
            }
            hand.turn(|_, writer, guard| writer.settle(guard));
        }
    });
    let mut hand = field.hand();
    field.store.flush();
    for _ in 0..2_000 {
        hand.turn(|_, writer, guard| writer.settle(guard));
        if field.store.stats().items == 0 {
            break;
        }
        thread::sleep(std::time::Duration::from_micros(500));
    }
    assert_eq!(
        field.store.stats().items,
        0,
        "a flushed store holds on to items: {:?}",
        field.store.stats()
    );
}
