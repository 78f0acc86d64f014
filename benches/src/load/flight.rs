//! The requests of one connection that are not answered yet, in their order.

use std::collections::VecDeque;

use super::ledger::{Ledger, State};
use super::tally::Tally;
use crate::item;
use crate::mix::Operation;
use crate::wire::{Reply, Value, Wire};

/// A key of a request, and what was known of it when it was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) key: u32,
    pub(super) state: State,
}

struct Request {
    operation: Operation,
    refill: bool,
    /// How many of its keys are neither found nor missed yet.
    keys: u32,
    hits: u32,
    /// An error answered it, or one of its keys.
    is_refused: bool,
    /// When it was meant to be sent.
    sent_ns: u64,
}

/// What is under way on one connection.
pub(super) struct Flight {
    requests: VecDeque<Request>,
    /// The keys of all of them.
    asked: VecDeque<Asked>,
    /// Keys that were missed and are to be set, and when they were missed.
    pub(super) refills: VecDeque<(u32, u64)>,
    cache_aside: bool,
    wire: Wire,
}

impl Flight {
    pub(super) fn new(pipeline: u32, cache_aside: bool, wire: Wire) -> Self {
        Self {
            wire,
            requests: VecDeque::with_capacity(pipeline as usize),
            asked: VecDeque::with_capacity(pipeline as usize),
            refills: VecDeque::new(),
            cache_aside,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Sets no key any more that was missed.
    pub(super) fn stop_refills(&mut self) {
        self.cache_aside = false;
        self.refills.clear();
    }

    #[inline]
    pub(super) fn push(
        &mut self,
        operation: Operation,
        refill: bool,
        sent_ns: u64,
        keys: impl IntoIterator<Item = Asked>,
    ) {
        let before = self.asked.len();
        self.asked.extend(keys);
        self.requests.push_back(Request {
            operation,
            refill,
            keys: (self.asked.len() - before) as u32,
            hits: 0,
            is_refused: false,
            sent_ns,
        });
    }

    /// The keys that were pushed last.
    pub(super) fn last_asked(&self, count: usize) -> impl Iterator<Item = Asked> {
        self.asked.range(self.asked.len() - count..).copied()
    }

    /// Takes a reply for the oldest request. An error says why it cannot be
    /// one: then the connection is of no more use.
    #[inline]
    pub(super) fn answer(
        &mut self,
        reply: Reply<'_>,
        now: u64,
        ledger: Option<&Ledger<'_>>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Some(request) = self.requests.front_mut() else {
            return Err(format!("{reply:?} came without a request"));
        };
        if let Some(ledger) = ledger {
            ledger.waited(now.saturating_sub(request.sent_ns));
        }
        let is_listed = request.operation == Operation::MultiGet || self.wire.lists_one_value();
        match (request.operation, reply) {
            (Operation::Get | Operation::MultiGet | Operation::Connect, Reply::Value(value)) => {
                self.wire.check(&value, is_listed)?;
                self.found(value, now, ledger, tally)?;
                if is_listed {
                    return Ok(());
                }
                self.end_of_values(now, ledger, tally);
            }
            (Operation::Get | Operation::MultiGet | Operation::Connect, Reply::End)
                if is_listed =>
            {
                self.end_of_values(now, ledger, tally);
            }
            (Operation::Get | Operation::Connect, Reply::Absent(key)) => {
                self.wire.check_key(key, is_listed)?;
                self.check_missed(key, ledger)?;
                self.end_of_values(now, ledger, tally);
            }
            (Operation::Set, Reply::Stored | Reply::Done)
            | (Operation::Delete, Reply::Deleted | Reply::Done)
            | (Operation::Incr, Reply::Number(_)) => {
                self.asked.pop_front();
            }
            (Operation::Incr, Reply::Value(value)) if is_number(&value) => {
                self.asked.pop_front();
            }
            (Operation::Delete, Reply::NotFound) => {
                tally.not_found();
                self.asked.pop_front();
            }
            (Operation::Incr, Reply::NotFound) => {
                tally.not_found();
                self.missed(now, ledger);
            }
            (Operation::MultiGet, Reply::Error(line)) if self.wire.lists_errors() => {
                request.is_refused = true;
                tally.error_reply(line);
                return Ok(());
            }
            (_, Reply::Error(line)) => {
                request.is_refused = true;
                tally.error_reply(line);
                let keys = request.keys as usize;
                self.asked.drain(..keys);
            }
            (operation, reply) => {
                return Err(format!("{reply:?} does not answer {}", operation.name()));
            }
        }
        if let Some(done) = self.requests.pop_front() {
            tally.answered(done.operation, done.refill, done.sent_ns, now);
            if done.is_refused {
                tally.refused();
            }
        }
        Ok(())
    }

    /// No value follows: what the oldest request asked for besides is missing,
    /// unless errors came, which do not say for which keys.
    fn end_of_values(&mut self, now: u64, ledger: Option<&Ledger<'_>>, tally: &mut Tally) {
        let Some(request) = self.requests.front() else {
            return;
        };
        let (hits, left) = (u64::from(request.hits), request.keys);
        if request.is_refused {
            tally.read(hits, hits);
            self.asked.drain(..left as usize);
            return;
        }
        tally.read(hits + u64::from(left), hits);
        for _ in 0..left {
            self.missed(now, ledger);
        }
    }

    /// A value came; keys that were asked for before it are missing.
    fn found(
        &mut self,
        value: Value<'_>,
        now: u64,
        ledger: Option<&Ledger<'_>>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        // A key that no load wrote comes from a server of canned answers, such
        // as the floor; only who does not verify believes it.
        let number = match (value.key, ledger) {
            (None, _) => self.asked.front().map(|asked| asked.key),
            (Some(key), None) => item::read_key(key).or_else(|| Some(self.asked.front()?.key)),
            (Some(key), Some(ledger)) => {
                item::read_key(key).filter(|&number| ledger.is_key(number, key))
            }
        };
        loop {
            let request = self.requests.front_mut().filter(|request| request.keys > 0);
            let (Some(request), Some(asked)) = (request, self.asked.front().copied()) else {
                let key = value.key.unwrap_or_default().escape_ascii();
                return Err(format!("key `{key}` was not asked for"));
            };
            request.keys -= 1;
            if Some(asked.key) != number && request.is_refused {
                self.asked.pop_front();
                continue;
            }
            if Some(asked.key) != number {
                tally.read(1, 0);
                self.missed(now, ledger);
                continue;
            }
            request.hits += 1;
            self.asked.pop_front();
            if let (Some(ledger), Some(flags), Some(bytes)) = (ledger, value.flags, value.bytes) {
                tally.verified += 1;
                if let Err(why) = ledger.check(asked.key, asked.state, flags, bytes) {
                    tally.errors.wrong_values += 1;
                    tally.errors.note(|| why);
                }
            }
            return Ok(());
        }
    }

    /// Whether this is the next key asked for, as far as the reply tells.
    fn check_missed(&self, key: Option<&[u8]>, ledger: Option<&Ledger<'_>>) -> Result<(), String> {
        let (Some(key), Some(ledger), Some(asked)) = (key, ledger, self.asked.front()) else {
            return Ok(());
        };
        if ledger.is_key(asked.key, key) {
            return Ok(());
        }
        let key = key.escape_ascii();
        Err(format!("key `{key}` is missing, and was not asked for"))
    }

    /// The next key asked for is not there.
    fn missed(&mut self, now: u64, ledger: Option<&Ledger<'_>>) {
        let Some(asked) = self.asked.pop_front() else {
            return;
        };
        if let Some(ledger) = ledger {
            ledger.missed(asked.key, asked.state);
        }
        if self.cache_aside {
            self.refills.push_back((asked.key, now));
        }
    }

    /// Gives up all that is under way.
    pub(super) fn lose(&mut self, now: u64, ledger: Option<&Ledger<'_>>, tally: &mut Tally) {
        for request in self.requests.drain(..) {
            tally.errors.lost += 1;
            tally.unanswered(now.saturating_sub(request.sent_ns));
        }
        for asked in self.asked.drain(..) {
            if let Some(ledger) = ledger {
                ledger.forget(asked.key, asked.state);
            }
        }
    }
}

/// Whether it is what a counter counts, and tells nothing else.
fn is_number(value: &Value<'_>) -> bool {
    let Value {
        key: None,
        flags: None,
        bytes: Some(bytes),
        ..
    } = value
    else {
        return false;
    };
    let number = str::from_utf8(bytes).map(str::parse::<u64>);
    bytes.iter().all(u8::is_ascii_digit) && matches!(number, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::super::tally::Window;
    use super::*;
    use crate::Scenario;
    use crate::wire::Protocol;

    const CLASSIC: Wire = Wire::new(Protocol::Classic, false);
    const META: Wire = Wire::new(Protocol::Meta, false);

    fn value(key: &[u8]) -> Reply<'_> {
        Reply::Value(Value {
            key: Some(key),
            flags: Some(0),
            bytes: None,
            length: 0,
        })
    }

    /// As the meta protocol tells it, where a key is told only if it was asked for.
    fn bare<'b>(key: Option<&'b [u8]>, bytes: Option<&'b [u8]>) -> Reply<'b> {
        Reply::Value(Value {
            key,
            flags: None,
            bytes,
            length: 0,
        })
    }

    fn asked(keys: &[u32]) -> impl Iterator<Item = Asked> {
        let state = State::default();
        keys.iter().map(move |&key| Asked { key, state })
    }

    fn tally() -> Tally {
        let mut tally = Tally::new();
        tally.begin();
        assert_eq!(tally.window, Window::Measured);
        tally
    }

    #[test]
    fn a_quiet_miss_would_count_as_found() {
        let (mut flight, mut tally) = (Flight::new(4, true, META), tally());
        flight.push(Operation::MultiGet, false, 0, asked(&[1, 2, 3]));
        flight.push(Operation::Get, false, 0, asked(&[4]));
        flight.push(Operation::Get, false, 0, asked(&[5]));
        let second = bare(Some(b"k00000002"), None);
        for reply in [second, Reply::End, bare(None, None), Reply::Absent(None)] {
            flight.answer(reply, 10, None, &mut tally).unwrap();
        }
        assert_eq!((tally.keys_read, tally.hits), (5, 2));
        assert_eq!(flight.refills, [(1, 10), (3, 10), (5, 10)]);
        assert!(flight.is_empty() && flight.asked.is_empty());
    }

    #[test]
    fn an_answer_of_the_other_shape_would_be_taken() {
        let key = Some(&b"k00000001"[..]);
        let wrong: [(Wire, Operation, Reply<'_>); 10] = [
            (META, Operation::Get, Reply::End),
            (META, Operation::Get, bare(key, None)),
            (META, Operation::Get, value(b"k00000001")),
            (META, Operation::MultiGet, Reply::Absent(None)),
            (META, Operation::Get, Reply::Absent(key)),
            (META, Operation::MultiGet, bare(None, None)),
            (META, Operation::Incr, Reply::Done),
            (META, Operation::Incr, bare(None, Some(b"1x"))),
            (META, Operation::Incr, bare(key, Some(b"1"))),
            (CLASSIC, Operation::Get, bare(None, None)),
        ];
        for (wire, operation, reply) in wrong {
            let (mut flight, mut tally) = (Flight::new(4, false, wire), tally());
            flight.push(operation, false, 0, asked(&[1]));
            let outcome = flight.answer(reply, 10, None, &mut tally);
            assert!(outcome.is_err(), "{operation:?} {reply:?}");
        }
    }

    #[test]
    fn an_error_amid_a_list_would_shift_the_replies_or_count_twice() {
        let (mut flight, mut tally) = (Flight::new(4, true, META), tally());
        flight.push(Operation::MultiGet, false, 0, asked(&[1, 2, 3, 4]));
        flight.push(Operation::Incr, false, 0, asked(&[9]));
        let error = Reply::Error(b"SERVER_ERROR out of memory");
        let third = bare(Some(b"k00000003"), None);
        let number = bare(None, Some(b"18446744073709551615"));
        for reply in [error, third, error, Reply::End, number] {
            flight.answer(reply, 10, None, &mut tally).unwrap();
        }
        assert_eq!((tally.keys_read, tally.hits), (1, 1));
        assert_eq!((tally.errors.replies, tally.requests()), (2, 2));
        assert_eq!(tally.succeeded(), 1);
        assert!(flight.refills.is_empty() && flight.asked.is_empty());
    }

    #[test]
    fn a_key_missing_amid_a_multi_get_would_count_as_found() {
        let (mut flight, mut tally) = (Flight::new(4, true, CLASSIC), tally());
        flight.push(Operation::MultiGet, false, 0, asked(&[1, 2, 3, 4]));
        for reply in [value(b"k00000002"), value(b"k00000003..."), Reply::End] {
            flight.answer(reply, 10, None, &mut tally).unwrap();
        }
        assert_eq!((tally.keys_read, tally.hits), (4, 2));
        assert_eq!(flight.refills, [(1, 10), (4, 10)], "missed at 10");
        assert!(flight.is_empty() && flight.asked.is_empty());
    }

    #[test]
    fn an_answer_to_another_request_would_be_taken() {
        let wrong: [(Operation, Reply<'_>); 5] = [
            (Operation::Get, Reply::Stored),
            (Operation::Get, value(b"k00000009")),
            (Operation::Set, Reply::End),
            (Operation::Delete, Reply::Number(1)),
            (Operation::Incr, Reply::Deleted),
        ];
        for (operation, reply) in wrong {
            let (mut flight, mut tally) = (Flight::new(4, false, CLASSIC), tally());
            flight.push(operation, false, 0, asked(&[1]));
            assert!(flight.answer(reply, 10, None, &mut tally).is_err());
        }
        let (mut flight, mut tally) = (Flight::new(4, false, CLASSIC), tally());
        assert!(flight.answer(Reply::End, 10, None, &mut tally).is_err());
    }

    #[test]
    fn an_error_would_be_swallowed_or_shift_the_replies() {
        let (mut flight, mut tally) = (Flight::new(4, false, CLASSIC), tally());
        flight.push(Operation::MultiGet, false, 0, asked(&[1, 2]));
        flight.push(Operation::Get, false, 5, asked(&[3]));
        let error = Reply::Error(b"SERVER_ERROR out of memory");
        flight.answer(error, 10, None, &mut tally).unwrap();
        assert_eq!(tally.errors.replies, 1);
        assert_eq!(tally.errors.first, ["SERVER_ERROR out of memory"]);
        for reply in [value(b"k00000003"), Reply::End] {
            flight.answer(reply, 10, None, &mut tally).unwrap();
        }
        assert_eq!((tally.hits, tally.requests()), (1, 2));
    }

    #[test]
    fn a_wrong_value_would_pass() {
        let scenario = Scenario::default();
        let ledger = Ledger::new(&scenario);
        let (mut flight, mut tally) = (Flight::new(4, false, CLASSIC), tally());
        let mut stale = Vec::new();
        ledger.write(1, 40, &mut stale);
        ledger.write(1, 40, &mut Vec::new());
        let state = ledger.state(1);
        flight.push(Operation::Get, false, 0, [Asked { key: 1, state }]);
        let mut key = Vec::new();
        item::write_key(1, 32, &mut key);
        let reply = Reply::Value(Value {
            key: Some(&key),
            flags: Some(item::flags(1)),
            bytes: Some(&stale),
            length: stale.len(),
        });
        flight.answer(reply, 10, Some(&ledger), &mut tally).unwrap();
        assert_eq!((tally.verified, tally.errors.wrong_values), (1, 1));
    }

    #[test]
    fn a_key_that_is_cut_or_longer_would_pass() {
        let scenario = Scenario::default();
        let ledger = Ledger::new(&scenario);
        for (length, is_whole) in [(31, false), (32, true), (33, false)] {
            let (mut flight, mut tally) = (Flight::new(4, false, CLASSIC), tally());
            flight.push(Operation::Get, false, 0, asked(&[1]));
            let mut key = Vec::new();
            item::write_key(1, length, &mut key);
            let outcome = flight.answer(value(&key), 10, Some(&ledger), &mut tally);
            assert_eq!(outcome.is_ok(), is_whole, "{length} bytes");
        }
    }

    #[test]
    fn a_miss_of_another_key_would_be_taken() {
        let scenario = Scenario::default();
        let ledger = Ledger::new(&scenario);
        let wire = Wire::new(Protocol::Meta, true);
        let whole = |number| {
            let mut key = Vec::new();
            item::write_key(number, 32, &mut key);
            key
        };
        let (own, other) = (whole(1), whole(2));
        for (key, is_own) in [
            (Some(own.as_slice()), true),
            (Some(&own[..31]), false),
            (Some(other.as_slice()), false),
            (None, false),
        ] {
            let (mut flight, mut tally) = (Flight::new(4, false, wire), tally());
            flight.push(Operation::Get, false, 0, asked(&[1]));
            let outcome = flight.answer(Reply::Absent(key), 10, Some(&ledger), &mut tally);
            assert_eq!(outcome.is_ok(), is_own, "{key:?}");
        }
    }

    #[test]
    fn a_miss_after_the_end_would_be_followed_by_a_set() {
        let (mut flight, mut tally) = (Flight::new(4, true, CLASSIC), tally());
        flight.push(Operation::Get, false, 0, asked(&[1]));
        flight.stop_refills();
        flight.answer(Reply::End, 10, None, &mut tally).unwrap();
        assert!(flight.refills.is_empty());
    }
}
