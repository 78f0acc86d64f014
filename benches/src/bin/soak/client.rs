//! One client: sends pipelines of mixed requests and checks each reply.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use benches::item::{HEADER, Items, Stamp};

/// Requests in one pipeline, at most.
const DEPTH: u32 = 32;
/// A pipeline of more bytes is sent as it is. It must fit in the sockets'
/// buffers, because no reply is read before all of it is written.
const PIPELINE_BYTES: usize = 16 * 1024;
/// Keys in a multi-get, at most.
const MULTI_GET: u32 = 16;
/// Counters of each client.
const COUNTERS: usize = 500;
/// One pipeline in this many is a single value of up to `LARGE_BYTES`.
const LARGE_EVERY: u32 = 300;
const LARGE_BYTES: usize = 500_000;
/// No answer for so long means that the daemon hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all clients know.
pub(crate) struct Shared {
    items: Items,
    clients: u32,
    /// One a key, written by the client that owns the key alone.
    states: Vec<AtomicU32>,
    begun: Instant,
    pub(crate) stop: AtomicBool,
}

impl Shared {
    pub(crate) fn new(items: Items, keys: u32, clients: u32) -> Self {
        // Every client owns at least one key.
        let keys = keys.max(clients);
        Self {
            items,
            clients,
            states: (0..keys)
                .map(|_| AtomicU32::new(State::default().0))
                .collect(),
            begun: Instant::now(),
            stop: AtomicBool::new(false),
        }
    }

    fn state(&self, key: u32) -> State {
        State(self.states[key as usize].load(Ordering::Relaxed))
    }

    fn set_state(&self, key: u32, state: State) {
        self.states[key as usize].store(state.0, Ordering::Relaxed);
    }

    fn now_ms(&self) -> u32 {
        self.begun.elapsed().as_millis() as u32
    }
}

/// What the owner of a key knows of it: `version << 1 | absent`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(u32);

impl Default for State {
    fn default() -> Self {
        Self(1)
    }
}

impl State {
    fn version(self) -> u32 {
        self.0 >> 1
    }

    /// Deleted, or once not found: it must not come back by itself.
    fn is_absent(self) -> bool {
        self.0 & 1 == 1
    }

    fn absent(self) -> Self {
        Self(self.0 | 1)
    }

    fn overwritten(self) -> Self {
        Self((self.version() + 1) << 1)
    }
}

/// A reply that is due.
enum Due {
    Stored,
    Deleted,
    /// Values of `Client::asked`, in that range.
    Values(std::ops::Range<usize>),
    CounterStored {
        counter: usize,
        value: u64,
    },
    CounterRaised {
        counter: usize,
        by: u64,
    },
}

/// A key of a retrieval, and what its owner knew when it asked.
struct Asked {
    key: u32,
    /// `None` for a key of another client.
    own: Option<State>,
}

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) keys_read: u64,
    pub(crate) hits: u64,
    pub(crate) stored: u64,
    pub(crate) deleted: u64,
    pub(crate) counted: u64,
    /// From the making of a pipeline to its last reply.
    pub(crate) slowest: Duration,
    /// How long after its deadline a value was still served.
    latest: Duration,
}

impl Tally {
    pub(crate) fn plus(self, other: &Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            keys_read: self.keys_read + other.keys_read,
            hits: self.hits + other.hits,
            stored: self.stored + other.stored,
            deleted: self.deleted + other.deleted,
            counted: self.counted + other.counted,
            slowest: self.slowest.max(other.slowest),
            latest: self.latest.max(other.latest),
        }
    }

    /// A value is stored some time after it is stamped, but before its pipeline
    /// is answered: so nothing may be served later than the slowest pipeline.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.hits == 0 || self.stored == 0 {
            return Err("nothing was stored and read: the run proves nothing".to_owned());
        }
        if self.latest > self.slowest {
            return Err(format!(
                "a value was served {:?} after its deadline",
                self.latest
            ));
        }
        Ok(())
    }
}

pub(crate) struct Client<'s> {
    shared: &'s Shared,
    number: u32,
    stream: TcpStream,
    replies: BufReader<TcpStream>,
    random: fastrand::Rng,
    /// Values of this client's counters; `None` where there is none.
    counters: Vec<Option<u64>>,
    request: Vec<u8>,
    due: Vec<Due>,
    asked: Vec<Asked>,
    line: Vec<u8>,
    value: Vec<u8>,
    tally: Tally,
}

impl<'s> Client<'s> {
    pub(crate) fn connect(
        shared: &'s Shared,
        number: u32,
        address: SocketAddr,
        seed: u64,
    ) -> Result<Self, String> {
        let open = || {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok((stream.try_clone()?, stream))
        };
        let (read, write) = open().map_err(|e: std::io::Error| format!("cannot connect: {e}"))?;
        Ok(Self {
            shared,
            number,
            stream: write,
            replies: BufReader::with_capacity(64 * 1024, read),
            random: fastrand::Rng::with_seed(seed ^ u64::from(number)),
            counters: vec![None; COUNTERS],
            request: Vec::new(),
            due: Vec::new(),
            asked: Vec::new(),
            line: Vec::new(),
            value: Vec::new(),
            tally: Tally::default(),
        })
    }

    pub(crate) fn run(mut self) -> Result<Tally, String> {
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.pipeline()?;
        }
        Ok(self.tally)
    }

    fn pipeline(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        let sent_ms = self.shared.now_ms();
        self.request.clear();
        self.due.clear();
        self.asked.clear();
        if self.random.u32(..LARGE_EVERY) == 0 {
            let key = self.own_key();
            let length = self.random.usize(HEADER..LARGE_BYTES);
            self.set(key, length);
        } else {
            let depth = self.random.u32(1..=DEPTH);
            for _ in 0..depth {
                self.any_request();
                if self.request.len() > PIPELINE_BYTES {
                    break;
                }
            }
        }
        self.stream
            .write_all(&self.request)
            .map_err(|e| format!("cannot send: {e}"))?;
        for due in std::mem::take(&mut self.due) {
            self.check(&due, sent_ms)?;
            self.tally.requests += 1;
        }
        self.tally.slowest = self.tally.slowest.max(begun.elapsed());
        Ok(())
    }

    fn any_request(&mut self) {
        match self.random.u32(..100) {
            0..=49 => self.get(1),
            50..=57 => {
                let keys = self.random.u32(2..=MULTI_GET);
                self.get(keys);
            }
            58..=89 => {
                let key = self.own_key();
                let version = self.shared.state(key).overwritten().version();
                self.set(key, self.shared.items.length(key, version));
            }
            90..=93 => self.delete(),
            _ => self.count(),
        }
    }

    /// Low numbers are asked for far more often than high ones.
    fn any_key(&mut self) -> u32 {
        let skewed = self.random.f64().powi(4);
        (skewed * self.shared.states.len() as f64) as u32
    }

    /// A key that only this client writes: their numbers leave its own as remainder.
    fn own_key(&mut self) -> u32 {
        let clients = self.shared.clients;
        let key = self.any_key() / clients * clients + self.number;
        if (key as usize) < self.shared.states.len() {
            key
        } else {
            self.number
        }
    }

    fn set(&mut self, key: u32, length: usize) {
        let state = self.shared.state(key).overwritten();
        self.shared.set_state(key, state);
        let stamp = Stamp {
            key,
            version: state.version(),
            written_ms: self.shared.now_ms(),
        };
        let ttl = self.shared.items.ttl(key);
        self.verb("set ", key);
        self.push(format_args!(" 0 {ttl} {length}\r\n"));
        self.shared
            .items
            .write_value(stamp, length, &mut self.request);
        self.request.extend(b"\r\n");
        self.due.push(Due::Stored);
    }

    fn get(&mut self, keys: u32) {
        let first = self.asked.len();
        self.request.extend(b"get");
        for _ in 0..keys {
            let own = self.random.bool();
            let key = if own { self.own_key() } else { self.any_key() };
            let owned = key % self.shared.clients == self.number;
            self.asked.push(Asked {
                key,
                own: owned.then(|| self.shared.state(key)),
            });
            self.request.push(b' ');
            self.shared.items.write_key(key, &mut self.request);
        }
        self.request.extend(b"\r\n");
        self.due.push(Due::Values(first..self.asked.len()));
    }

    fn delete(&mut self) {
        let key = self.own_key();
        self.shared.set_state(key, self.shared.state(key).absent());
        self.verb("delete ", key);
        self.request.extend(b"\r\n");
        self.due.push(Due::Deleted);
    }

    fn count(&mut self) {
        let counter = self.random.usize(..COUNTERS);
        let number = self.number;
        if self.counters[counter].is_some() {
            let by = self.random.u64(..1 << 40);
            self.push(format_args!("incr n{number}.{counter} {by}\r\n"));
            self.due.push(Due::CounterRaised { counter, by });
        } else {
            let value = self.random.u64(..1 << 20);
            let length = value.to_string().len();
            self.push(format_args!(
                "set n{number}.{counter} 0 0 {length}\r\n{value}\r\n"
            ));
            self.due.push(Due::CounterStored { counter, value });
        }
    }

    fn verb(&mut self, verb: &str, key: u32) {
        self.request.extend(verb.as_bytes());
        self.shared.items.write_key(key, &mut self.request);
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.request
            .write_fmt(text)
            .expect("a vector takes all bytes");
    }

    fn check(&mut self, due: &Due, sent_ms: u32) -> Result<(), String> {
        if let Due::Values(range) = due {
            return self.check_values(range.clone(), sent_ms);
        }
        self.read_line()?;
        match (due, self.line.as_slice()) {
            (Due::Stored, b"STORED") => self.tally.stored += 1,
            (Due::Deleted, b"DELETED" | b"NOT_FOUND") => self.tally.deleted += 1,
            (&Due::CounterStored { counter, value }, b"STORED") => {
                self.counters[counter] = Some(value);
            }
            (&Due::CounterRaised { counter, .. }, b"NOT_FOUND") => self.counters[counter] = None,
            (&Due::CounterRaised { counter, by }, line) => {
                let found = std::str::from_utf8(line).ok().and_then(|n| n.parse().ok());
                let expected = self.counters[counter].map(|value| value.wrapping_add(by));
                if found.is_none() || found != expected {
                    let line = line.escape_ascii();
                    return Err(format!("counter {counter}: {line}, not {expected:?}"));
                }
                self.counters[counter] = found;
                self.tally.counted += 1;
            }
            (_, line) => return Err(format!("an error reply: {}", line.escape_ascii())),
        }
        Ok(())
    }

    /// Values come in the order asked, and a key left out was not found.
    fn check_values(
        &mut self,
        mut range: std::ops::Range<usize>,
        sent_ms: u32,
    ) -> Result<(), String> {
        self.tally.keys_read += range.len() as u64;
        loop {
            self.read_line()?;
            if self.line == b"END" {
                range.for_each(|at| self.missed(at));
                return Ok(());
            }
            let key = self.read_value()?;
            let hit = loop {
                let Some(at) = range.next() else {
                    return Err(format!("key {key} was not asked for"));
                };
                if self.asked[at].key == key {
                    break at;
                }
                self.missed(at);
            };
            self.check_value(hit, sent_ms)?;
        }
    }

    /// Reads the body behind the header in `line`, and the key's number from the header.
    fn read_value(&mut self) -> Result<u32, String> {
        let header = String::from_utf8_lossy(&self.line).into_owned();
        let odd = || format!("not a value: {header}");
        let mut words = header.split(' ');
        let (Some("VALUE"), Some(name), Some("0"), Some(length), None) = (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        ) else {
            return Err(odd());
        };
        let key = name
            .strip_prefix('k')
            .and_then(|rest| u32::from_str_radix(rest.trim_end_matches('.'), 16).ok())
            .ok_or_else(odd)?;
        let length: usize = length.parse().map_err(|_| odd())?;
        if length > LARGE_BYTES {
            return Err(odd());
        }
        self.value.resize(length + 2, 0);
        self.replies
            .read_exact(&mut self.value)
            .map_err(|e| format!("no value: {e}"))?;
        if self.value.split_off(length) != b"\r\n" {
            return Err(format!("no line end behind the value of key {key}"));
        }
        Ok(key)
    }

    fn check_value(&mut self, at: usize, sent_ms: u32) -> Result<(), String> {
        let Asked { key, own } = self.asked[at];
        let items = &self.shared.items;
        let stamp = items
            .read_value(&self.value)
            .map_err(|why| format!("the value of key {key}: {why}"))?;
        if stamp.key != key {
            return Err(format!(
                "the value of key {key} was written for key {}",
                stamp.key
            ));
        }
        let version = stamp.version;
        match own {
            Some(state) if state.is_absent() => {
                return Err(format!("key {key} came back with version {version}"));
            }
            Some(state) if state.version() != version => {
                let last = state.version();
                return Err(format!(
                    "key {key} has version {version}, the last was {last}"
                ));
            }
            None if version > self.shared.state(key).version() => {
                return Err(format!("version {version} of key {key} was never written"));
            }
            _ => {}
        }
        let ttl_ms = items.ttl(key) * 1000;
        if ttl_ms != 0 {
            let late = sent_ms.saturating_sub(stamp.written_ms + ttl_ms);
            self.tally.latest = self
                .tally
                .latest
                .max(Duration::from_millis(u64::from(late)));
        }
        self.tally.hits += 1;
        Ok(())
    }

    /// An own key that was not found stays so, unless it was written since it was asked for.
    fn missed(&mut self, at: usize) {
        let Asked { key, own } = self.asked[at];
        if own == Some(self.shared.state(key)) {
            self.shared.set_state(key, self.shared.state(key).absent());
        }
    }

    fn read_line(&mut self) -> Result<(), String> {
        self.line.clear();
        self.replies
            .read_until(b'\n', &mut self.line)
            .map_err(|e| format!("no reply: {e}"))?;
        match self.line.strip_suffix(b"\r\n") {
            Some(line) => {
                self.line.truncate(line.len());
                Ok(())
            }
            None => Err("the daemon closed the connection".to_owned()),
        }
    }
}
