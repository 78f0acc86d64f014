//! The whole store under shuttle: a few threads on a heap of a few segments, in many thousand random schedules.
//!
//! ```text
//! RUSTFLAGS='--cfg shuttle' cargo test --package storage --lib schedules
//! ```
//!
//! Each room is a store in which one kind of thing happens often. What every call was answered is checked for whether
//! it can be true (`tests/history`); at the end every key is read, deleted and looked for again, and all segments must
//! come back. `SCHEDULES` sets how many schedules of each kind a room is run through, `SEED` which: a failure comes again
//! with the same two.

use std::sync::Arc;

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner, thread};

use crate::history::hand::{Field, Hand};
use crate::history::{Entry, check};
use crate::segment::State;
use crate::segment::limits::Limits;
use crate::segment::space::Geometry;
use crate::{Eviction, Options, Store};

const SEGMENT: u32 = 4 << 10;
/// Three of them fill a segment.
const THIRD: usize = 1_300;
/// In a span of two segments.
const SPAN: usize = 5_000;
/// Preemptions that the second half of the schedules are made of (PCT: Burckhardt and others, 2010).
const DEPTH: usize = 3;

type Act = fn(&mut Hand, usize, usize);

const SET: Act = |hand, key, length| hand.set(key, length, 0);
const BRIEF: Act = |hand, key, length| hand.set(key, length, 1);
const ADD: Act = Hand::add;
const REPLACE: Act = Hand::replace;
const DELETE: Act = |hand, key, _| hand.delete(key);
const GET: Act = |hand, key, _| hand.get(key);
const INCR: Act = |hand, key, _| hand.incr(key);
const TOUCH: Act = |hand, key, _| hand.touch(key, 5);
const UPLOAD: Act = |hand, key, length| {
    hand.upload(key, length, 0);
};
const FLUSH: Act = |hand, _, _| hand.flush();
const REMOVE: Act = |hand, _, _| hand.remove();
const WORK: Act = |hand, _, _| hand.work();
const SWITCH: Act = |hand, _, _| {
    let policy = thread_rng().gen_range(0..Eviction::ALL.len());
    hand.field.store.set_eviction(Eviction::ALL[policy]);
};
/// Up to a third of the segments are withheld.
const RESTRICT: Act = |hand, _, _| {
    let space = &hand.field.store.space;
    let withheld = thread_rng().gen_range(0..=space.geometry.segments / 3);
    space.set_limits(Limits {
        withheld,
        ..space.geometry.limits
    });
};
const TICK: Act = |hand, _, _| {
    use std::sync::atomic::Ordering;
    hand.field.clock.fetch_add(20, Ordering::Relaxed);
};
/// Both partitions' arrays grow and shrink, so that each comes to lie where the other was.
const RESIZE: Act = |hand, _, _| {
    let (store, tally) = (&hand.field.store, hand.writer.tally());
    let guard = hand.participant.enter(hand.field.now());
    for partition in 0..2 {
        let mut places = (0..u8::MAX).map(|byte| store.place(&[byte]));
        let place = places.find(|place| place.bits >> 63 == partition);
        store.grow_index(place.expect("a key of the partition"), tally);
    }
    for partition in [1, 0] {
        store.shrink_index(partition, tally);
    }
    drop(guard);
    store.collect();
};
const CAS: Act = |hand, key, length| {
    if let Some(unique) = hand.gets(key) {
        thread::yield_now();
        hand.cas(key, unique, length);
    }
};
/// An upload that breaks off in another thread, while its segment fills up and is sealed.
const BREAK: Act = |hand, key, length| {
    let pending = hand.begin(key, length, 0);
    let other = thread::spawn(move || drop(pending));
    (0..3).for_each(|_| hand.set(key, THIRD, 0));
    other.join().expect("the other thread");
};

/// A store, and what is done to it.
#[derive(Clone, Copy)]
struct Room {
    eviction: Eviction,
    segments: u32,
    /// With as many as there are segments, drains always find something to do.
    reserve: u32,
    keys: usize,
    /// Keys stored before, and how many of them are deleted then.
    stored: usize,
    deleted: usize,
    lengths: &'static [usize],
    acts: &'static [Act],
    /// Threads, and what each of them does, so many times.
    threads: usize,
    rounds: usize,
    /// Bouts of maintenance meanwhile.
    bouts: usize,
}

const ROOM: Room = Room {
    eviction: Eviction::None,
    segments: 16,
    reserve: 16,
    keys: 4,
    stored: 4,
    deleted: 1,
    lengths: &[20, THIRD],
    acts: &[SET, GET],
    threads: 2,
    rounds: 4,
    bouts: 3,
};

impl Room {
    fn store(&self) -> Arc<Store> {
        let options = Options {
            // Two partitions of the index.
            memory: 64 << 10,
            eviction: self.eviction,
            max_item_size: 8 << 10,
            writers: self.threads + 1,
            seed: 3,
            ..Options::default()
        };
        let geometry = Geometry {
            segment_bytes: SEGMENT,
            segments: self.segments,
            hands: 2,
            drain_reserve: 2,
            limits: Limits {
                withheld: 0,
                reserve: self.reserve,
                tails: 2,
                held_max: u64::from(4 * SEGMENT),
            },
        };
        Store::cut(&options, geometry).expect("memory")
    }

    fn run_once(&self) -> usize {
        let field = Field::new(self.store(), thread::yield_now);
        let mut log = self.prepare(&field);
        let mut maintainer = field.store.maintainer().expect("the maintainer");
        let maintenance = {
            let (field, bouts) = (field.clone(), self.bouts);
            thread::spawn(move || {
                for _ in 0..bouts {
                    maintainer.tick(field.now());
                    thread::yield_now();
                }
            })
        };
        let hands: Vec<_> = (0..self.threads).map(|_| Hand::new(&field)).collect();
        let room = *self;
        let threads: Vec<_> = hands
            .into_iter()
            .map(|hand| thread::spawn(move || room.act(hand)))
            .collect();
        for thread in threads {
            log.extend(thread.join().expect("a thread"));
        }
        maintenance.join().expect("maintenance");
        self.close(&field, &mut log);
        check(log, self.eviction != Eviction::None)
    }

    /// Stores some keys and deletes some; what they lay in is sealed.
    fn prepare(&self, field: &Arc<Field>) -> Vec<Entry> {
        let mut hand = Hand::new(field);
        for key in 0..self.stored {
            hand.set(key, self.lengths[self.lengths.len() - 1], 0);
        }
        (0..self.deleted).for_each(|key| hand.delete(key));
        hand.log
    }

    fn act(&self, mut hand: Hand) -> Vec<Entry> {
        for _ in 0..self.rounds {
            let mut dice = thread_rng();
            let act = self.acts[dice.gen_range(0..self.acts.len())];
            let key = dice.gen_range(0..self.keys);
            act(
                &mut hand,
                key,
                self.lengths[dice.gen_range(0..self.lengths.len())],
            );
        }
        hand.log
    }

    /// No key is left twice, and no segment is lost.
    fn close(&self, field: &Arc<Field>, log: &mut Vec<Entry>) {
        let mut last = Hand {
            participant: field.store.join().expect("a place"),
            writer: crate::writer::Writer::new(field.store.clone(), 0),
            field: field.clone(),
            log: Vec::new(),
        };
        for key in 0..self.keys {
            last.get(key);
            last.delete(key);
            last.get(key);
        }
        let store = &field.store;
        let states = |state| store.space.count(state);
        let missing = || u64::from(self.segments) - states(State::Free) - states(State::Lent);
        // As after a flush, for tails that nobody has taken over.
        store.space.settle_idle(field.now(), u64::MAX);
        for _ in 0..2 * self.segments {
            if missing() == 0 {
                break;
            }
            let guard = last.participant.enter(field.now());
            last.writer.run_slices(&guard, 64, u64::MAX);
            drop(guard);
            store.collect();
        }
        log.append(&mut last.log);
        assert_eq!(missing(), 0, "segments are lost: {:?}", store.stats());
        assert_eq!(store.stats().items, 0);
    }

    fn explore(self) {
        let number = |name, default| {
            std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
        };
        let (schedules, seed) = (number("SCHEDULES", 1000), number("SEED", 1));
        let mut config = Config::new();
        config.stack_size = 256 << 10;
        // Thousands of steps long: the seed tells as much.
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::FailAfter(1_000_000);
        let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let model = |calls: Arc<std::sync::atomic::AtomicUsize>| {
            move || {
                calls.fetch_add(self.run_once(), std::sync::atomic::Ordering::Relaxed);
            }
        };
        let random = RandomScheduler::new_from_seed(seed as u64, schedules);
        Runner::new(random, config.clone()).run(model(calls.clone()));
        let pct = PctScheduler::new_from_seed(seed as u64, DEPTH, schedules);
        Runner::new(pct, config).run(model(calls.clone()));
        println!(
            "{} schedules, {} calls checked",
            2 * schedules,
            calls.load(std::sync::atomic::Ordering::Relaxed)
        );
    }
}

#[test]
fn a_move_would_undo_a_change() {
    Room {
        acts: &[SET, ADD, REPLACE, CAS, DELETE, GET, INCR],
        ..ROOM
    }
    .explore();
}

/// The values are too large to be copied under the lock.
#[test]
fn a_move_of_a_large_value_would_undo_a_change() {
    Room {
        acts: &[SET, CAS, DELETE, GET, TOUCH],
        lengths: &[THIRD, SPAN],
        segments: 24,
        reserve: 24,
        ..ROOM
    }
    .explore();
}

#[test]
fn a_reader_would_see_its_segment_reused() {
    Room {
        eviction: Eviction::Fifo,
        segments: 8,
        reserve: 4,
        stored: 12,
        keys: 12,
        lengths: &[THIRD],
        acts: &[SET, SET, GET, WORK],
        rounds: 6,
        ..ROOM
    }
    .explore();
}

#[test]
fn what_survives_eviction_would_come_back_to_life() {
    for eviction in [Eviction::Merge, Eviction::S3Fifo] {
        Room {
            eviction,
            segments: 10,
            stored: 6,
            keys: 6,
            acts: &[SET, ADD, CAS, DELETE, GET, INCR, WORK],
            ..ROOM
        }
        .explore();
    }
}

#[test]
fn a_change_of_policy_would_undo_a_change_or_lose_a_segment() {
    Room {
        eviction: Eviction::S3Fifo,
        segments: 10,
        stored: 6,
        keys: 6,
        acts: &[SET, SET, ADD, CAS, DELETE, GET, WORK, SWITCH, SWITCH],
        rounds: 6,
        ..ROOM
    }
    .explore();
}

/// Memory goes to and fro between heap and system.
#[test]
fn memory_withheld_would_be_used_or_lost() {
    for eviction in [Eviction::Fifo, Eviction::None] {
        Room {
            eviction,
            segments: 18,
            reserve: 4,
            stored: 8,
            keys: 8,
            lengths: &[20, THIRD],
            acts: &[SET, SET, GET, DELETE, WORK, RESTRICT, RESTRICT],
            rounds: 6,
            bouts: 6,
            ..ROOM
        }
        .explore();
    }
}

/// There are more keys than the index has slots at first: items make way, and the arrays grow.
#[test]
fn a_key_would_be_missed_or_doubled_while_the_index_grows() {
    Room {
        stored: 32,
        deleted: 2,
        keys: 40,
        lengths: &[20],
        acts: &[SET, ADD, ADD, ADD, DELETE, GET],
        segments: 12,
        reserve: 4,
        rounds: 8,
        bouts: 1,
        ..ROOM
    }
    .explore();
}

/// Some make way for others while all are deleted.
#[test]
fn a_removal_would_miss_a_key_or_undo_a_change() {
    Room {
        stored: 32,
        deleted: 0,
        keys: 40,
        lengths: &[20],
        acts: &[SET, ADD, ADD, DELETE, GET, REMOVE],
        segments: 12,
        reserve: 4,
        rounds: 8,
        bouts: 1,
        ..ROOM
    }
    .explore();
}

#[test]
fn an_array_of_the_index_would_be_reused_under_a_reader() {
    Room {
        stored: 12,
        deleted: 0,
        keys: 12,
        lengths: &[20],
        acts: &[SET, GET, GET, CAS, RESIZE],
        segments: 12,
        reserve: 4,
        bouts: 1,
        ..ROOM
    }
    .explore();
}

#[test]
fn an_upload_would_be_drained_or_its_segment_lost() {
    Room {
        acts: &[UPLOAD, BREAK, SET, GET, FLUSH, WORK],
        lengths: &[THIRD, SPAN],
        ..ROOM
    }
    .explore();
}

#[test]
fn a_flush_would_take_too_little_or_too_much() {
    Room {
        stored: 2,
        keys: 2,
        lengths: &[20],
        acts: &[SET, SET, CAS, INCR, INCR, GET, GET, FLUSH, FLUSH],
        threads: 3,
        rounds: 6,
        ..ROOM
    }
    .explore();
}

/// The last item of a segment dies while its writer leaves, and seals it.
#[test]
fn a_dead_segment_would_never_be_drained() {
    Room {
        stored: 0,
        deleted: 0,
        keys: 1,
        lengths: &[THIRD],
        acts: &[SET, DELETE],
        reserve: 4,
        rounds: 1,
        bouts: 0,
        ..ROOM
    }
    .explore();
}

/// Time goes on, so tails are given up while others write.
#[test]
fn a_tail_given_up_would_lose_its_items() {
    Room {
        acts: &[SET, BRIEF, GET, TOUCH, TICK, WORK],
        deleted: 0,
        rounds: 6,
        ..ROOM
    }
    .explore();
}

#[test]
fn anything_against_anything() {
    Room {
        eviction: Eviction::S3Fifo,
        stored: 8,
        keys: 8,
        lengths: &[20, THIRD, SPAN],
        acts: &[
            SET, BRIEF, ADD, REPLACE, CAS, DELETE, GET, INCR, TOUCH, UPLOAD, BREAK, FLUSH, WORK,
            TICK,
        ],
        threads: 3,
        segments: 24,
        reserve: 6,
        ..ROOM
    }
    .explore();
}
