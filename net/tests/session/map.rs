//! The plainest executor: a map.

use std::collections::HashMap;

use net::{Condition, Error, Execute, Flow, Header, Reply, Request, Side, Sink, Upload};

/// Items larger than this, key and value together, do not fit.
pub(crate) const ITEM_MAX: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
struct Item {
    /// Lent to the output: never freed.
    value: &'static [u8],
    flags: u32,
    unique: u64,
}

/// A place for a value, which is a buffer.
#[derive(Debug)]
pub(crate) struct Place {
    key: Vec<u8>,
    flags: u32,
    exptime: i64,
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
    items: HashMap<Vec<u8>, Item>,
    unique: u64,
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
    fn put(&mut self, key: &[u8], value: Vec<u8>, flags: u32, exptime: i64) {
        let value = value.leak();
        self.unique += 1;
        let unique = self.unique;
        if exptime < 0 {
            self.items.remove(key);
        } else {
            let item = Item {
                value,
                flags,
                unique,
            };
            self.items.insert(key.to_vec(), item);
        }
    }

    fn store(&mut self, request: &Request<'_>) -> Reply<'static> {
        let &Request::Store {
            key,
            value,
            flags,
            exptime,
            condition,
        } = request
        else {
            unreachable!("{request:?} stores nothing");
        };
        let unique = self.items.get(key).map(|item| item.unique);
        match (condition, unique) {
            (Condition::Absent, Some(_)) | (Condition::Present, None) => return Reply::NotStored,
            (Condition::Unique(_), None) => return Reply::NotFound,
            (Condition::Unique(wanted), Some(unique)) if wanted != unique => return Reply::Exists,
            _ => {}
        }
        self.put(key, value.to_vec(), flags, exptime);
        Reply::Stored
    }

    fn concat(&mut self, key: &[u8], value: &[u8], side: Side) -> Reply<'static> {
        let Some(item) = self.items.get(key).cloned() else {
            return Reply::NotStored;
        };
        let value = match side {
            Side::Append => [item.value, value].concat(),
            Side::Prepend => [value, item.value].concat(),
        };
        self.put(key, value, item.flags, 0);
        Reply::Stored
    }

    fn arith(&mut self, key: &[u8], delta: u64, increment: bool) -> Reply<'static> {
        let Some(item) = self.items.get(key).cloned() else {
            return Reply::NotFound;
        };
        let text = String::from_utf8_lossy(item.value);
        let Ok(number) = text.trim_end().parse::<u64>() else {
            return Reply::Error(Error::NotNumeric);
        };
        let number = if increment {
            number.wrapping_add(delta)
        } else {
            number.saturating_sub(delta)
        };
        let width = item.value.len();
        self.put(key, format!("{number:<width$}").into(), item.flags, 0);
        Reply::Number(number)
    }

    fn get(&mut self, request: &Request<'_>, sink: &mut Sink<'_, 'static>) -> Flow {
        let &Request::Get { key, unique, touch } = request else {
            unreachable!("{request:?} gets nothing");
        };
        let Some(item) = self.items.get(key) else {
            sink.reply(&Reply::Miss);
            return Flow::Done;
        };
        let unique = unique.then_some(item.unique);
        let flow = sink.value(key, item.flags, item.value, unique);
        if flow == Flow::Done && touch.is_some_and(|exptime| exptime < 0) {
            self.items.remove(key);
        }
        flow
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

    fn begin(&mut self, header: &Header<'_>) -> Option<Place> {
        self.places.then(|| Place {
            key: header.key.to_vec(),
            flags: header.flags,
            exptime: header.exptime,
            value: vec![0; header.length],
            received: 0,
        })
    }

    fn complete(
        &mut self,
        upload: Place,
        condition: Condition,
        sink: &mut Sink<'_, 'static>,
    ) -> Result<(), Place> {
        assert!(upload.received == upload.value.len(), "half a value");
        let request = Request::Store {
            key: &upload.key,
            value: &upload.value,
            flags: upload.flags,
            exptime: upload.exptime,
            condition,
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
            Request::Get { key, .. } => {
                let flow = self.get(request, sink);
                if flow == Flow::Done {
                    self.requests.push(key.to_vec());
                }
                return flow;
            }
            Request::Store { .. } => self.store(request),
            Request::Concat { key, value, side } => self.concat(key, value, side),
            Request::TooLarge { key, overwrites } => {
                if overwrites {
                    self.items.remove(key);
                }
                Reply::Error(Error::TooLarge)
            }
            Request::Delete { key } => match self.items.remove(key) {
                Some(_) => Reply::Deleted,
                None => Reply::NotFound,
            },
            Request::Arith {
                key,
                delta,
                increment,
            } => self.arith(key, delta, increment),
            Request::Touch { key, .. } => match self.items.get(key) {
                Some(_) => Reply::Touched,
                None => Reply::NotFound,
            },
            Request::FlushAll { .. } => {
                self.items.clear();
                Reply::Ok
            }
            Request::Verbosity { .. } => Reply::Ok,
            Request::Version => Reply::Version("1.6.18"),
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
