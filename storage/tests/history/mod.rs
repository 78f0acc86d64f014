//! What several threads were told about the keys of one store, and whether it can be true.
//!
//! Every call is recorded with a tick of a common counter before and after it. The history of a key is possible when each
//! call can be given a moment between its two ticks such that a plain register, doing one call after the other in the
//! order of these moments, gives the answers that were given (linearizability: Herlihy and Wing, 1990). All the states
//! that the register may be in are followed from tick to tick, so the check takes as long as the history is.

// Some include this as a module of their own tests, and use a part of it.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod hand;

use std::collections::{HashMap, HashSet};

use storage::Seconds;

/// What was asked about a key, and what was answered. No two calls write the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Get(Option<u64>),
    /// The value and its unique.
    Gets(Option<(u64, u64)>),
    Set(u64),
    /// Stored or not.
    Add(u64, bool),
    Replace(u64, bool),
    /// Over the value of this unique.
    Cas(u64, u64, Swap),
    /// Whether there was a value.
    Delete(bool),
    /// By one; the new number, or none if there was no value.
    Incr(Option<u64>),
    Touch(bool),
    /// Of all keys.
    Flush,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    Stored,
    Exists,
    NotFound,
}

/// A call, as it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub key: usize,
    pub call: Call,
    /// When the value it leaves expires; 0: never.
    pub deadline: Seconds,
    /// The time of its guard.
    pub now: Seconds,
    /// The clock at its end.
    pub then: Seconds,
    pub began: u64,
    pub ended: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Value {
    number: u64,
    /// Once somebody has been told.
    unique: Option<u64>,
    deadline: Seconds,
}

/// The register after a call; `None`: it would not have answered so.
#[expect(
    clippy::option_option,
    reason = "an empty register is a state as any other"
)]
fn after(state: Option<Value>, entry: &Entry) -> Option<Option<Value>> {
    let seen = state.filter(|value| value.deadline == 0 || value.deadline > entry.now);
    let new = |number| {
        Some(Value {
            number,
            unique: None,
            deadline: entry.deadline,
        })
    };
    match (entry.call, seen) {
        (Call::Get(answer), _) => (answer == seen.map(|value| value.number)).then_some(state),
        (Call::Gets(Some((number, unique))), Some(value)) => {
            let same = number == value.number && value.unique.is_none_or(|known| known == unique);
            let unique = Some(unique);
            same.then_some(Some(Value { unique, ..value }))
        }
        (Call::Set(number), _) => Some(new(number)),
        (Call::Add(number, true), None) | (Call::Replace(number, true), Some(_)) => {
            Some(new(number))
        }
        (Call::Cas(unique, number, Swap::Stored), Some(value)) => {
            (value.unique == Some(unique)).then_some(new(number))
        }
        (Call::Cas(unique, _, Swap::Exists), Some(value)) => {
            (value.unique != Some(unique)).then_some(state)
        }
        (Call::Delete(there), _) => (there == seen.is_some()).then_some(None),
        (Call::Incr(Some(number)), Some(value)) => {
            (number == value.number + 1).then_some(Some(Value {
                number,
                unique: None,
                ..value
            }))
        }
        (Call::Add(_, false), Some(_))
        | (
            Call::Gets(None)
            | Call::Replace(_, false)
            | Call::Cas(_, _, Swap::NotFound)
            | Call::Incr(None)
            | Call::Touch(false),
            None,
        ) => Some(state),
        (Call::Touch(true), Some(value)) => Some(Some(Value {
            deadline: entry.deadline,
            ..value
        })),
        (Call::Flush, _) => Some(None),
        _ => None,
    }
}

/// Checks the history of each key, in which values may have been evicted at any moment if `evicts`; returns how many
/// calls there were.
///
/// # Panics
/// If a history is impossible.
pub fn check(mut entries: Vec<Entry>, evicts: bool) -> usize {
    let checked = entries.len();
    let flushes: Vec<Entry> = entries
        .extract_if(.., |entry| entry.call == Call::Flush)
        .collect();
    let mut keys: HashMap<usize, Vec<Entry>> = HashMap::new();
    let mut uniques = HashMap::new();
    for entry in entries {
        if let Call::Gets(Some((number, unique))) = entry.call {
            let before = *uniques.entry(unique).or_insert((entry.key, number));
            assert_eq!(
                before,
                (entry.key, number),
                "two values have the unique {unique}"
            );
        }
        keys.entry(entry.key).or_default().push(entry);
    }
    for (_, mut history) in keys {
        history.extend(&flushes);
        check_key(&history, evicts);
    }
    checked
}

fn check_key(history: &[Entry], evicts: bool) {
    let mut ticks: Vec<(u64, usize)> = Vec::new();
    for (at, entry) in history.iter().enumerate() {
        ticks.extend([(entry.began, at), (entry.ended, at)]);
    }
    ticks.sort_unstable();
    let mut clock = 0;
    let mut running: Vec<usize> = Vec::new();
    // A state, and which of the running calls have had their moment.
    let mut states: HashSet<(Option<Value>, Vec<usize>)> = HashSet::from([(None, Vec::new())]);
    for (tick, at) in ticks {
        let entry = &history[at];
        if tick == entry.began {
            running.push(at);
            continue;
        }
        clock = clock.max(entry.then);
        let mut open: Vec<_> = states.iter().cloned().collect();
        let mut seen = states.clone();
        let mut left = HashSet::new();
        while let Some((state, done)) = open.pop() {
            if done.contains(&at) {
                let done = done.into_iter().filter(|&other| other != at).collect();
                left.insert((state, done));
                continue;
            }
            let goes = state
                .is_some_and(|value| evicts || (value.deadline != 0 && value.deadline <= clock));
            let bases = [Some(state), goes.then_some(None)];
            for base in bases.into_iter().flatten() {
                for &next in running.iter().filter(|next| !done.contains(next)) {
                    if let Some(state) = after(base, &history[next]) {
                        let mut done = done.clone();
                        done.push(next);
                        done.sort_unstable();
                        if seen.insert((state, done.clone())) {
                            open.push((state, done));
                        }
                    }
                }
            }
        }
        if left.is_empty() {
            let from = tick.saturating_sub(200);
            let mut near: Vec<_> = history
                .iter()
                .filter(|e| e.ended > from && e.began <= tick)
                .collect();
            near.sort_unstable_by_key(|entry| entry.began);
            near.drain(..near.len().saturating_sub(30));
            panic!("impossible: {entry:?}\nafter {near:#?}\nthe key could be {states:?}");
        }
        running.retain(|&other| other != at);
        states = left;
    }
}
