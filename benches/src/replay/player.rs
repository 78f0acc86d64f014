//! Plays the requests of a trace, and checks every byte that comes back.

use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::schedule::Schedule;
use super::unlimited::Unlimited;
use crate::Error;
use crate::item::{Items, Stamp};
use crate::trace::{Operation, Request, Trace};
use crate::wire::{Header, Key, Reply, Wire};

/// A trace tells no client flags, and any would take a server's memory.
const FLAGS: u32 = 0;

/// Lifetimes beyond this are taken for points in time (memcached's protocol).
const RELATIVE_TTL_MAX_S: u32 = 30 * 86_400;

/// How long after its end a value may still be read: a server's clock has
/// whole seconds, and an answer takes its time.
const EXPIRY_SLACK: Duration = Duration::from_secs(2);

/// Of all values; a replay is to be repeated exactly.
const SEED: u64 = 1;

/// The deadline of values that have none.
const FOR_EVER: Duration = Duration::MAX;

/// How many wrong answers are kept in words.
const FIRST_WRONG_MAX: usize = 5;

/// What was counted over some of the requests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) gets: u64,
    pub(super) misses: u64,
    /// Misses that a cache without bounds would have had, too.
    pub(super) unlimited_misses: u64,
}

/// What a replay came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) warm_up: Count,
    pub(super) measured: Count,
    pub(super) sets: u64,
    pub(super) refills: u64,
    pub(super) deletes: u64,
    /// Values that the server would not store.
    pub(super) refused: u64,
    pub(super) wrong: u64,
    pub(super) first_wrong: Vec<String>,
    pub(super) elapsed: Duration,
    /// The longest time that a request was sent after it was due.
    pub(super) late_max: Duration,
}

pub(super) struct Player<'a> {
    trace: &'a Trace,
    client: Client,
    wire: Wire,
    /// Seconds of trace time in one; `None` plays as fast as answers come.
    speed: Option<f64>,
    /// Requests before this one are warm-up.
    warm_until: usize,
    /// By key, what the server was last told to keep.
    stored: Vec<Option<Stored>>,
    unlimited: Unlimited,
    begun: Instant,
    outcome: Outcome,
    /// Requests that are not sent yet.
    out: Vec<u8>,
    /// The set among them, and what it stores.
    unanswered_set: Option<(u32, Stored)>,
    /// The key and the value that a get is to bring back.
    key: Vec<u8>,
    expected: Vec<u8>,
}

/// A value, known by the request that stored it.
#[derive(Clone, Copy, Debug)]
struct Stored {
    version: u32,
    size: u32,
    /// On the player's clock.
    until: Duration,
}

impl Stored {
    /// The player knows what must come back, byte for byte; so values are
    /// checked that are too short to say whose they are, too.
    fn write_value(self, key: u32, out: &mut Vec<u8>) {
        let stamp = Stamp {
            key,
            version: self.version,
            written_ms: 0,
        };
        Items::new(SEED).write_value(stamp, self.size as usize, out);
    }
}

impl<'a> Player<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        client: Client,
        wire: Wire,
        speed: Option<f64>,
        warm_until: usize,
    ) -> Self {
        Self {
            trace,
            client,
            wire,
            speed,
            warm_until,
            stored: vec![None; trace.key_sizes.len()],
            unlimited: Unlimited::new(trace.key_sizes.len()),
            begun: Instant::now(),
            outcome: Outcome::default(),
            out: Vec::new(),
            unanswered_set: None,
            key: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// Plays all requests; tells `progress` before each how many are done.
    pub(super) fn play(
        mut self,
        mut progress: impl FnMut(usize, &Outcome),
    ) -> Result<Outcome, Error> {
        let requests = &self.trace.requests;
        let mut schedule = self.speed.map(|speed| Schedule::new(requests, speed));
        self.begun = Instant::now();
        for (at, request) in requests.iter().enumerate() {
            progress(at, &self.outcome);
            if let Some(schedule) = &mut schedule {
                self.wait_until(schedule.due(at))?;
            }
            self.request(at as u32, *request)?;
        }
        self.answer_set()?;
        self.outcome.elapsed = self.begun.elapsed();
        Ok(self.outcome)
    }

    fn wait_until(&mut self, due: Duration) -> Result<(), Error> {
        if self.begun.elapsed() < due {
            // What has been asked already does not wait.
            self.answer_set()?;
            thread::sleep(due.saturating_sub(self.begun.elapsed()));
        }
        let late = self.begun.elapsed().saturating_sub(due);
        self.outcome.late_max = self.outcome.late_max.max(late);
        Ok(())
    }

    fn request(&mut self, at: u32, request: Request) -> Result<(), Error> {
        match request.operation {
            Operation::Get => {
                let hit = self.get(request.key)?;
                self.count_get(at, request, hit);
                if !hit {
                    self.outcome.refills += 1;
                    self.set(at, request);
                }
            }
            Operation::Set => {
                self.answer_set()?;
                self.outcome.sets += 1;
                let (ttl_s, now_s) = (self.unlimited_ttl_s(request), self.now_s(request));
                self.unlimited.set(request.key, ttl_s, now_s);
                self.set(at, request);
            }
            Operation::Delete => {
                self.answer_set()?;
                self.outcome.deletes += 1;
                self.unlimited.delete(request.key);
                self.delete(request.key)?;
            }
        }
        Ok(())
    }

    fn count_get(&mut self, at: u32, request: Request, hit: bool) {
        let (ttl_s, now_s) = (self.unlimited_ttl_s(request), self.now_s(request));
        let unlimited_hit = self.unlimited.get(request.key, ttl_s, now_s);
        let count = if (at as usize) < self.warm_until {
            &mut self.outcome.warm_up
        } else {
            &mut self.outcome.measured
        };
        count.gets += 1;
        count.misses += u64::from(!hit);
        count.unlimited_misses += u64::from(!unlimited_hit);
    }

    /// The clock that lifetimes go by: the trace's, unless it is not kept.
    fn now_s(&self, request: Request) -> u64 {
        match self.speed {
            Some(_) => u64::from(request.at_s),
            None => self.begun.elapsed().as_secs(),
        }
    }

    /// The lifetime that the server is told.
    fn ttl_s(&self, request: Request) -> u32 {
        let ttl_s = f64::from(request.ttl_s);
        (ttl_s / self.speed.unwrap_or(1.0)).round() as u32
    }

    /// The same on the clock of `now_s`: what was lost by rounding stays lost.
    fn unlimited_ttl_s(&self, request: Request) -> u32 {
        let ttl_s = f64::from(self.ttl_s(request));
        (ttl_s * self.speed.unwrap_or(1.0)).round() as u32
    }

    fn key(&self, number: u32) -> Key {
        let length = u32::from(self.trace.key_sizes[number as usize]);
        Key { number, length }
    }

    /// Sends the get, behind a set that waits to be sent; says whether it hit.
    fn get(&mut self, number: u32) -> Result<bool, Error> {
        self.wire.get(self.key(number), &mut self.out);
        self.client.send(&self.out)?;
        self.out.clear();
        self.read_set_reply()?;

        let stored = self.stored[number as usize];
        self.key.clear();
        self.key(number).write(&mut self.key);
        self.expected.clear();
        if let Some(stored) = stored {
            stored.write_value(number, &mut self.expected);
        }
        let now = self.begun.elapsed();
        let (key, expected) = (&self.key, &self.expected);
        let is_listed = self.wire.lists_one_value();
        let first = self.client.reply(|reply| match reply {
            Reply::End if is_listed => Ok(None),
            Reply::Absent(got) if got == Some(key.as_slice()) => Ok(None),
            Reply::Value(value) => Ok(Some(if value.key != Some(key.as_slice()) {
                Err("the value of another key")
            } else if stored.is_none() {
                Err("a value where none was stored")
            } else if value.bytes != Some(expected.as_slice()) {
                Err("other bytes than were stored last")
            } else if value.flags != Some(FLAGS) {
                Err("other flags than were stored")
            } else if stored.is_some_and(|stored| now > stored.until) {
                Err("a value that had expired")
            } else {
                Ok(())
            })),
            other => Err(unexpected("get", other)),
        })??;
        let Some(checked) = first else {
            return Ok(false);
        };
        if is_listed {
            self.client.reply(|reply| match reply {
                Reply::End => Ok(()),
                other => Err(unexpected("get", other)),
            })??;
        }
        if let Err(what) = checked {
            self.outcome.wrong += 1;
            if self.outcome.first_wrong.len() < FIRST_WRONG_MAX {
                let key = String::from_utf8_lossy(&self.key);
                self.outcome.first_wrong.push(format!("get {key}: {what}"));
            }
        }
        Ok(true)
    }

    /// Prepares a set; it leaves together with the next request.
    fn set(&mut self, at: u32, request: Request) {
        let ttl_s = self.ttl_s(request);
        let stored = Stored {
            version: at,
            size: request.value_size,
            until: match ttl_s {
                0 => FOR_EVER,
                ttl_s => self.begun.elapsed() + Duration::from_secs(ttl_s.into()) + EXPIRY_SLACK,
            },
        };
        let header = Header {
            key: self.key(request.key),
            flags: FLAGS,
            exptime: exptime(ttl_s),
            length: request.value_size as usize,
        };
        self.wire.set(header, &mut self.out, |out| {
            stored.write_value(request.key, out);
        });
        self.unanswered_set = Some((request.key, stored));
    }

    fn delete(&mut self, number: u32) -> Result<(), Error> {
        self.wire.delete(self.key(number), &mut self.out);
        self.client.send(&self.out)?;
        self.out.clear();
        self.stored[number as usize] = None;
        self.client.reply(|reply| match reply {
            Reply::Deleted | Reply::Done | Reply::NotFound => Ok(()),
            other => Err(unexpected("delete", other)),
        })?
    }

    /// Sends the set that waits to be sent, if any, and takes its answer.
    fn answer_set(&mut self) -> Result<(), Error> {
        if !self.out.is_empty() {
            self.client.send(&self.out)?;
            self.out.clear();
        }
        self.read_set_reply()
    }

    fn read_set_reply(&mut self) -> Result<(), Error> {
        let Some((key, stored)) = self.unanswered_set.take() else {
            return Ok(());
        };
        let kept = self.client.reply(|reply| match reply {
            Reply::Stored | Reply::Done => Ok(true),
            // Out of memory, too large: a cache may refuse, and the old value is gone.
            Reply::NotStored | Reply::Error(_) => Ok(false),
            other => Err(unexpected("set", other)),
        })??;
        self.outcome.refused += u64::from(!kept);
        self.stored[key as usize] = kept.then_some(stored);
        Ok(())
    }
}

fn unexpected(request: &str, reply: Reply<'_>) -> Error {
    Error::Failed(match reply {
        Reply::Error(line) => format!("{request}: the server said {}", line.escape_ascii()),
        other => format!("{request}: the server answered {other:?}"),
    })
}

/// How a lifetime is written in a request.
fn exptime(ttl_s: u32) -> u32 {
    if ttl_s <= RELATIVE_TTL_MAX_S {
        return ttl_s;
    }
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (now.as_secs() as u32).saturating_add(ttl_s)
}
