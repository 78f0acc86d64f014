//! The plainest executor: a map.

use std::collections::HashMap;

use net::{
    Arith, Birth, Condition, Dump, Error, Execute, Flow, Get, Header, Invalidate, Item, Number,
    Renewal, Reply, Request, Side, Sink, Ttl, Upload, Way,
};

/// Items larger than this, key and value together, do not fit.
pub(crate) const ITEM_MAX: usize = 1 << 20;

/// The wall clock when the map's own shows 0.
const UNIX: i64 = 1_800_000_000;

const MONTH: i64 = 60 * 60 * 24 * 30;

#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "an item has so many marks")]
struct Kept {
    /// Lent to the output: never freed.
    value: &'static [u8],
    flags: u32,
    unique: u64,
    /// `None`: never.
    deadline: Option<i64>,
    fetched: bool,
    accessed: i64,
    stale: bool,
    won: bool,
    encoded: bool,
}

/// A place for a value, which is a buffer.
#[derive(Debug)]
pub(crate) struct Place {
    value: Vec<u8>,
    received: usize,
}

impl Upload for Place {
    fn received(&self) -> &[u8] {
        &self.value[..self.received]
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.value[self.received..]
    }

    fn fill(&mut self, bytes: usize) {
        self.received += bytes;
        assert!(self.received <= self.value.len());
    }
}

/// Executes against a map, and notes what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Map {
    entries: HashMap<Vec<u8>, Kept>,
    unique: u64,
    /// Seconds, which only a test lets pass.
    pub(crate) now: i64,
    /// Every request executed; of a retrieval, its key.
    pub(crate) requests: Vec<Vec<u8>>,
    /// Every key it was told to expect, and after how many requests.
    pub(crate) expected: Vec<(usize, Vec<u8>)>,
    /// It has a place for every large value.
    pub(crate) places: bool,
    /// So many more requests are executed, then each has to wait.
    pub(crate) patience: Option<usize>,
}

impl Map {
    fn deadline(&self, exptime: i64) -> Option<i64> {
        match exptime {
            0 => None,
            ..0 => Some(self.now),
            1..=MONTH => Some(self.now + exptime),
            _ => Some(exptime - UNIX),
        }
    }

    fn born(&self, birth: Birth, touch: Option<i64>) -> Option<i64> {
        let touch = touch.filter(|_| birth.touched);
        self.deadline(touch.unwrap_or(birth.exptime))
    }

    fn ttl(&self, deadline: Option<i64>) -> Option<u32> {
        deadline.map(|at| u32::try_from((at - self.now).max(0)).unwrap_or(u32::MAX))
    }

    /// The item under `key`, unless it has expired.
    fn entry(&mut self, key: &[u8]) -> Option<&mut Kept> {
        let now = self.now;
        self.entries
            .get_mut(key)
            .filter(|entry| entry.deadline.is_none_or(|at| at > now))
    }

    /// Puts a new value there.
    fn put(
        &mut self,
        key: &[u8],
        value: Vec<u8>,
        entry: &Kept,
        given: Option<u64>,
    ) -> Reply<'static> {
        self.unique += 1;
        let unique = given.unwrap_or(self.unique);
        let length = value.len();
        let entry = Kept {
            value: value.leak(),
            unique,
            accessed: self.now,
            ..entry.clone()
        };
        self.entries.insert(key.to_vec(), entry);
        Reply::Stored { unique, length }
    }

    fn store(&mut self, header: &Header<'_>, value: &[u8]) -> Reply<'static> {
        let mut entry = Kept {
            flags: header.flags,
            deadline: self.deadline(header.exptime),
            encoded: header.encoded,
            ..Kept::default()
        };
        let old = self.entry(header.key).cloned();
        let value = match (header.way, old) {
            (Way::Put(Condition::Absent), Some(_)) | (Way::Put(Condition::Present), None) => {
                return Reply::NotStored;
            }
            (Way::Put(Condition::Unique(_) | Condition::Since(_)), None) => {
                return Reply::NotFound;
            }
            (Way::Put(Condition::Unique(wanted)), Some(old)) if wanted != old.unique => {
                return Reply::Exists;
            }
            (Way::Put(Condition::Since(wanted)), Some(old)) if wanted != old.unique => {
                if wanted > old.unique {
                    return Reply::Exists;
                }
                entry.deadline = old.deadline;
                entry.stale = true;
                entry.won = old.won;
                value.to_vec()
            }
            (Way::Put(_), _) | (Way::Join { vivify: true, .. }, None) => value.to_vec(),
            (Way::Join { .. }, None) => return Reply::NotStored,
            (
                Way::Join {
                    compare: Some(wanted),
                    ..
                },
                Some(old),
            ) if wanted != 0 && wanted != old.unique => {
                return Reply::Exists;
            }
            (Way::Join { side, .. }, Some(old)) => {
                entry.flags = old.flags;
                entry.deadline = old.deadline;
                entry.encoded = old.encoded;
                match side {
                    Side::Append => [old.value, value].concat(),
                    Side::Prepend => [value, old.value].concat(),
                }
            }
        };
        self.put(header.key, value, &entry, header.unique.given)
    }

    fn arith(&mut self, arith: &Arith<'_>) -> Reply<'static> {
        let key = arith.key;
        let touched = arith.touch.map(|exptime| self.deadline(exptime));
        let Some(old) = self.entry(key).cloned() else {
            let Some((initial, birth)) = arith.vivify else {
                return Reply::NotFound;
            };
            let deadline = self.born(birth, arith.touch);
            let entry = Kept {
                deadline,
                encoded: arith.encoded,
                ..Kept::default()
            };
            self.put(key, initial.to_string().into(), &entry, arith.unique.given);
            let ttl = Ttl {
                before: None,
                touched: self.ttl(touched.flatten()),
                made: Some(self.ttl(self.deadline(birth.exptime))),
            };
            return self.number(initial, key, ttl, true);
        };
        let text = String::from_utf8_lossy(old.value);
        if text.is_empty() {
            return Reply::Error(Error::NotNumeric);
        }
        if arith
            .compare
            .is_some_and(|wanted| wanted != 0 && wanted != old.unique)
        {
            return Reply::Exists;
        }
        let Ok(number) = text.trim_end().parse::<u64>() else {
            return Reply::Error(Error::NotNumeric);
        };
        let number = if arith.increment {
            number.wrapping_add(arith.delta)
        } else {
            number.saturating_sub(arith.delta)
        };
        let width = old.value.len();
        let value = format!("{number:<width$}").into_bytes();
        // What fits is written over the old digits: nothing else changes.
        let kept = value.len() == width;
        let entry = Kept {
            flags: old.flags,
            deadline: touched.unwrap_or(old.deadline),
            fetched: kept && old.fetched,
            stale: kept && old.stale,
            won: kept && old.won,
            encoded: old.encoded,
            ..Kept::default()
        };
        self.put(key, value, &entry, arith.unique.given);
        let ttl = Ttl {
            before: self.ttl(old.deadline),
            touched: self.ttl(touched.unwrap_or(old.deadline)),
            made: None,
        };
        self.number(number, key, ttl, false)
    }

    fn number(&self, value: u64, key: &[u8], ttl: Ttl, is_new: bool) -> Reply<'static> {
        let entry = &self.entries[key];
        Reply::Number(Number {
            value,
            unique: entry.unique,
            ttl,
            is_new,
        })
    }

    fn invalidate(&mut self, request: &Invalidate<'_>) -> Reply<'static> {
        let unique = self.unique + 1;
        let deadline = request.exptime.map(|exptime| self.deadline(exptime));
        let Some(entry) = self.entry(request.key) else {
            return Reply::NotFound;
        };
        if request.compare.is_some_and(|wanted| wanted != entry.unique) {
            return Reply::Exists;
        }
        if let Some(flags) = request.emptied {
            entry.value = &[];
            entry.flags = flags;
        }
        entry.stale = request.stale;
        entry.won = false;
        entry.deadline = deadline.unwrap_or(entry.deadline);
        entry.unique = request.unique.unwrap_or(unique);
        self.unique = unique;
        Reply::Deleted
    }

    fn get(&mut self, get: &Get<'_>, sink: &mut Sink<'_, 'static>) -> Flow {
        let key = get.key;
        let is_new = get.vivify.filter(|_| self.entry(key).is_none());
        if let Some(vivify) = is_new {
            let entry = Kept {
                deadline: self.born(vivify.birth, get.touch),
                encoded: vivify.encoded,
                ..Kept::default()
            };
            self.put(key, Vec::new(), &entry, vivify.unique);
        }
        let now = self.now;
        let touched = get.touch.map(|exptime| self.deadline(exptime));
        let below = get.renew.and_then(|renew| self.deadline(renew.below?));
        // One that was made to expire at once is told all the same.
        let found = match is_new {
            Some(_) => self.entries.get_mut(key),
            None => self.entry(key),
        };
        let Some(found) = found.cloned() else {
            sink.reply(&Reply::Miss);
            return Flow::Done;
        };
        let after = touched
            .filter(|_| is_new.is_none())
            .unwrap_or(found.deadline);
        let compared = match get.renew {
            Some(renew) if renew.touched => after,
            _ => found.deadline,
        };
        let is_due = below.zip(compared).is_some_and(|(below, at)| at < below);
        let renewal = if is_new.is_some() {
            Renewal::You
        } else if found.won {
            Renewal::Other
        } else if get.renew.is_some() && (found.stale || is_due) {
            Renewal::You
        } else {
            Renewal::Nobody
        };
        let ttl = Ttl {
            before: self.ttl(found.deadline.filter(|_| is_new.is_none())),
            touched: self.ttl(touched.unwrap_or(found.deadline)),
            made: is_new.map(|it| self.ttl(self.deadline(it.birth.exptime))),
        };
        let item = Item {
            value: found.value,
            flags: found.flags,
            unique: get.unique.then_some(found.unique),
            ttl,
            was_fetched: found.fetched,
            idle: if get.last_access {
                u32::try_from(now - found.accessed).expect("seconds")
            } else {
                0
            },
            is_stale: found.stale,
            renewal,
            is_encoded: found.encoded,
            size: key.len() + found.value.len() + 16,
        };
        let flow = sink.item(key, &item);
        if let (Flow::Done, Some(entry)) = (flow, self.entries.get_mut(key)) {
            entry.deadline = after;
            entry.won |= renewal == Renewal::You;
            if !get.peeks {
                entry.fetched = true;
                entry.accessed = now;
            }
        }
        flow
    }

    fn delete(&mut self, key: &[u8], compare: Option<u64>) -> Reply<'static> {
        match self.entry(key).map(|entry| entry.unique) {
            None => Reply::NotFound,
            Some(unique) if compare.is_some_and(|wanted| wanted != unique) => Reply::Exists,
            Some(_) => {
                self.entries.remove(key);
                Reply::Deleted
            }
        }
    }

    fn touch(&mut self, key: &[u8], exptime: i64) -> Reply<'static> {
        let (deadline, now) = (self.deadline(exptime), self.now);
        let Some(entry) = self.entry(key) else {
            return Reply::NotFound;
        };
        entry.deadline = deadline;
        entry.fetched = true;
        entry.accessed = now;
        Reply::Touched
    }
}

impl Execute<'static> for Map {
    fn fits(&self, key_len: usize, value_len: usize) -> bool {
        key_len + value_len <= ITEM_MAX
    }

    type Upload = Place;

    fn expect(&mut self, keys: &[&[u8]]) {
        let done = self.requests.len();
        let expected = keys.iter().map(|key| (done, key.to_vec()));
        self.expected.extend(expected);
    }

    fn dump(&mut self, from: u64, dump: &mut Dump<'_>) -> Option<u64> {
        let mut keys: Vec<_> = self.entries.keys().cloned().collect();
        keys.sort();
        let from = usize::try_from(from).expect("a place");
        for key in keys.iter().skip(from).take(3) {
            let entry = &self.entries[key];
            if entry.deadline.is_none_or(|at| at > self.now) {
                dump.entry(&net::Entry {
                    key,
                    expires: entry.deadline.map(|at| UNIX + at),
                    accessed: UNIX + entry.accessed,
                    unique: entry.unique,
                    was_fetched: entry.fetched,
                    size: key.len() + entry.value.len() + 16,
                });
            }
        }
        (from + 3 < keys.len()).then_some(from as u64 + 3)
    }

    fn begin(&mut self, header: &Header<'_>) -> Option<Place> {
        self.places.then(|| Place {
            value: vec![0; header.length],
            received: 0,
        })
    }

    fn complete(
        &mut self,
        upload: Place,
        header: &Header<'_>,
        sink: &mut Sink<'_, 'static>,
    ) -> Result<(), Place> {
        assert!(upload.received == upload.value.len(), "half a value");
        let request = Request::Store {
            header: *header,
            value: &upload.value,
        };
        match self.execute(&request, sink) {
            Flow::Done => Ok(()),
            Flow::Wait => Err(upload),
        }
    }

    fn execute(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 'static>) -> Flow {
        match &mut self.patience {
            Some(0) => return Flow::Wait,
            Some(left) => *left -= 1,
            None => {}
        }
        let reply = match *request {
            Request::Get(ref get) => {
                let flow = self.get(get, sink);
                if flow == Flow::Done {
                    self.requests.push(get.key.to_vec());
                }
                return flow;
            }
            Request::Noop | Request::Verbosity { .. } => Reply::Ok,
            Request::Store { ref header, value } => self.store(header, value),
            Request::TooLarge { key, supersedes } => {
                if supersedes {
                    self.entries.remove(key);
                }
                Reply::Error(Error::TooLarge)
            }
            Request::Delete { key, compare } => self.delete(key, compare),
            Request::Invalidate(ref request) => self.invalidate(request),
            Request::Arith(ref arith) => self.arith(arith),
            Request::Touch { key, exptime } => self.touch(key, exptime),
            Request::FlushAll { .. } => {
                self.entries.clear();
                Reply::Ok
            }
            Request::Version => Reply::Version("1.6.18"),
            Request::RefreshCerts => Reply::Failed("TLS not enabled"),
            Request::Stats { ref words } => match words.clone().next() {
                None => {
                    sink.reply(&Reply::Stat {
                        name: "threads",
                        value: "4",
                    });
                    Reply::End
                }
                Some(b"reset") => Reply::Reset,
                Some(_) => Reply::Error(Error::Unknown),
            },
        };
        self.requests.push(format!("{request:?}").into_bytes());
        sink.reply(&reply);
        Flow::Done
    }
}
