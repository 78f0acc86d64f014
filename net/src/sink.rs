//! Where the reply to one request goes.

use crate::budget::Budget;
use crate::execute::Flow;
use crate::memcache::dump::Style;
use crate::memcache::form::Form;
use crate::memcache::line::LINE_END;
use crate::outlet::Account;
use crate::output::{LENT_MIN, Output};
use crate::reply::{Entry, Item, Reply};

/// Takes the reply to one request: writes it in the form that the client
/// wants, or not at all where it wants none.
#[derive(Debug)]
pub struct Sink<'a, 'v> {
    pub(crate) out: &'a mut Output<'v>,
    pub(crate) budget: &'a Budget,
    pub(crate) account: &'a mut Account,
    pub(crate) form: Form<'a>,
}

/// Takes the items of a dump.
#[derive(Debug)]
pub struct Dump<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) style: Style,
}

impl Dump<'_> {
    /// Writes one of them.
    pub fn entry(&mut self, entry: &Entry<'_>) {
        self.style.write(entry, self.out);
    }

    /// Writes what closes it.
    pub(crate) fn end(&mut self) {
        self.out.extend_from_slice(self.style.end());
    }
}

impl<'v> Sink<'_, 'v> {
    /// Writes a reply.
    #[inline]
    pub fn reply(&mut self, reply: &Reply<'_>) {
        self.form.write(reply, self.out.bytes());
    }

    /// Is there room for an item of `key`? Without, [`Flow::Wait`] is for the
    /// executor to return in turn. To be asked before a change that is not to
    /// be made twice.
    #[inline]
    pub fn room(&mut self, key: &[u8], item: &Item<'v>) -> Flow {
        let value = if self.form.wants_value(item) {
            item.value.len()
        } else {
            0
        };
        let length = key.len() + value + self.form.item_room();
        let end = self.out.len().saturating_add(length);
        if self.account.covers(end, self.budget) {
            Flow::Done
        } else {
            Flow::Wait
        }
    }

    /// Writes an item that a retrieval found under `key`. [`Flow::Wait`]: there
    /// is no [room](Sink::room) for it.
    #[inline]
    pub fn item(&mut self, key: &[u8], item: &Item<'v>) -> Flow {
        if self.room(key, item) == Flow::Wait {
            return Flow::Wait;
        }
        let value = item.value;
        // What is lent is charged all the same: what the socket does not take
        // of it is copied.
        let is_lent = value.len() >= LENT_MIN;
        let copied = if is_lent { 0 } else { value.len() };
        let bytes = self.out.bytes();
        bytes.reserve(key.len() + copied + self.form.item_room());
        self.form.write_item(key, item, bytes);
        if !self.form.wants_value(item) {
            return Flow::Done;
        }
        if is_lent {
            self.out.lend(value);
        } else {
            bytes.extend_from_slice(value);
        }
        self.out.bytes().extend_from_slice(LINE_END);
        Flow::Done
    }
}
