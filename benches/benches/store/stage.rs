//! A cache, filled, with those who play a case on it; and the time that they take.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::subjects::{Client, Key, Outcome, Size, Subject, Turn, VALUE_LEN, Value};
use crate::workload::{Asked, Call, Case};

/// Calls in a turn, and keys in a batch.
pub(crate) const TURN: usize = 32;
/// Calls between two looks at the clock: what is not measured is done between them.
const STRETCH: usize = 8192;
/// Tries until a call has failed, and the pause before the next.
const TRIES: usize = 1000;
const PAUSE: Duration = Duration::from_micros(100);

const VALUE: Value = [b'v'; VALUE_LEN];
/// Ten digits, so that its successors are as long.
const NUMBER: u64 = 1_000_000_000;

/// What a number of calls took, and how many of them did what they were to do.
#[derive(Clone, Copy, Default)]
pub(crate) struct Played {
    pub(crate) done: u64,
    /// Processor time of the threads, their mean. What else runs on the machine does not count, save through the caches.
    pub(crate) cpu: Duration,
    /// Of the thread that took longest.
    pub(crate) wall: Duration,
}

pub(crate) trait Stage {
    /// Plays so many calls in each thread.
    fn play(&mut self, calls: u64) -> Played;

    /// The share of the keys that were stored to begin with that is there now.
    fn kept(&mut self) -> f64;
}

/// Makes a stage for a case.
pub(crate) type Make = fn(&Case) -> Box<dyn Stage>;

/// A stage of such a cache, filled and warm.
pub(crate) fn stage<S: Subject>(case: &Case, new: impl Fn(Size) -> S) -> Box<dyn Stage> {
    let size = case.size();
    let caches: Vec<S> = (0..case.caches()).map(|_| new(size)).collect();
    let mut players: Vec<Player<S::Client>> = (0..case.threads)
        .map(|thread| Player {
            call: case.call,
            client: caches[thread % caches.len()].client(),
            asked: Asked::of(case, thread),
        })
        .collect();
    for (thread, player) in players.iter_mut().enumerate() {
        player.fill(&case.filled(thread));
    }
    let mut filled = Filled {
        case: *case,
        players,
    };
    filled.play(case.warming());
    Box::new(filled)
}

struct Filled<C> {
    case: Case,
    players: Vec<Player<C>>,
}

impl<C: Client> Stage for Filled<C> {
    fn play(&mut self, calls: u64) -> Played {
        match &mut self.players[..] {
            [player] => player.play(calls),
            players => play_together(players, calls),
        }
    }

    fn kept(&mut self) -> f64 {
        let mut found = 0;
        for (thread, player) in self.players.iter_mut().enumerate() {
            found += calls_for(Call::GetHit, &mut player.client, &self.case.filled(thread));
        }
        found as f64 / (self.players.len() as f64 * f64::from(self.case.keys))
    }
}

fn play_together<C: Client>(players: &mut [Player<C>], calls: u64) -> Played {
    let count = players.len() as u32;
    let barrier = Barrier::new(players.len());
    let played: Vec<Played> = thread::scope(|scope| {
        let threads: Vec<_> = players
            .iter_mut()
            .map(|player| {
                scope.spawn(|| {
                    barrier.wait();
                    player.play(calls)
                })
            })
            .collect();
        let joined = threads.into_iter().map(ScopedJoinHandle::join);
        joined.map(|played| played.expect("no panic")).collect()
    });
    Played {
        done: played.iter().map(|one| one.done).sum::<u64>() / u64::from(count),
        cpu: played.iter().map(|one| one.cpu).sum::<Duration>() / count,
        wall: played.iter().map(|one| one.wall).max().unwrap_or_default(),
    }
}

struct Player<C> {
    call: Call,
    client: C,
    asked: Asked,
}

impl<C: Client> Player<C> {
    fn fill(&mut self, keys: &[Key]) {
        match self.call {
            Call::Incr => turns(&mut self.client, keys, |turn, key| {
                turn.set_number(key, NUMBER)
            }),
            _ => turns(&mut self.client, keys, |turn, key| turn.set(key, &VALUE)),
        };
    }

    fn play(&mut self, calls: u64) -> Played {
        let mut played = Played::default();
        let mut left = calls;
        while left > 0 {
            let keys = self.asked.next(STRETCH.min(left as usize));
            if self.call == Call::Delete {
                turns(&mut self.client, keys, |turn, key| turn.set(key, &VALUE));
            }
            let (cpu, wall) = (thread_cpu(), Instant::now());
            played.done += calls_for(self.call, &mut self.client, keys);
            played.wall += wall.elapsed();
            played.cpu += thread_cpu().saturating_sub(cpu);
            left -= keys.len() as u64;
        }
        played
    }
}

/// A call for each key; tells how many did what they were to do.
fn calls_for<C: Client>(call: Call, client: &mut C, keys: &[Key]) -> u64 {
    let mut value: Value = [0; VALUE_LEN];
    let mut get = |turn: &mut C::Turn<'_>, key: &Key| {
        let outcome = turn.get(key, &mut value);
        black_box(&value);
        outcome
    };
    match call {
        Call::GetHit => turns(client, keys, get),
        Call::GetMiss => keys.len() as u64 - turns(client, keys, get),
        Call::SetNew | Call::SetOverwrite => {
            turns(client, keys, |turn, key| turn.set(key, black_box(&VALUE)))
        }
        Call::Mixed => {
            let mut round = 0_u32;
            turns(client, keys, |turn, key| {
                round += 1;
                if round.is_multiple_of(10) {
                    turn.set(key, black_box(&VALUE))
                } else {
                    get(turn, key)
                }
            })
        }
        Call::Incr => turns(client, keys, |turn, key| turn.incr(key)),
        Call::Delete => turns(client, keys, |turn, key| turn.delete(key)),
    }
}

fn turns<C: Client>(
    client: &mut C,
    keys: &[Key],
    mut call: impl FnMut(&mut C::Turn<'_>, &Key) -> Outcome,
) -> u64 {
    let mut done = 0;
    for keys in keys.chunks(TURN) {
        let mut turn = client.turn(keys);
        for key in keys {
            let mut outcome = call(&mut turn, key);
            for _ in 1..TRIES {
                if outcome != Outcome::Again {
                    break;
                }
                drop(turn);
                // Another thread may have a turn open, and not be running.
                thread::sleep(PAUSE);
                turn = client.turn(&[]);
                outcome = call(&mut turn, key);
            }
            done += u64::from(outcome == Outcome::Done);
        }
    }
    done
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
