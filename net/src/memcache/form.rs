//! The form in which a request is answered.

use super::line::LINE_END;
use super::{classic, meta};
use crate::reply::{Item, Reply};

/// The form in which a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    /// Classic text. Under `noreply` nothing is written, errors included, as in
    /// memcached.
    Classic { quiet: bool },
    /// Meta text, with what the request wants to be told.
    Meta(meta::Form<'a>),
}

impl Form<'_> {
    /// Not even an error is to be told.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Form::Classic { quiet: true })
    }

    /// The reply of a found item has its value in it.
    pub(crate) fn wants_value(&self, item: &Item<'_>) -> bool {
        match self {
            Form::Classic { .. } => true,
            Form::Meta(form) => form.wants_value(item.unique),
        }
    }

    /// More than the reply of a found item takes beside its key and value.
    pub(crate) fn item_room(&self) -> usize {
        match self {
            Form::Classic { .. } => classic::ITEM_ROOM,
            Form::Meta(_) => meta::ITEM_ROOM,
        }
    }

    /// Appends the text of `reply`.
    #[inline]
    pub(crate) fn write(&self, reply: &Reply<'_>, out: &mut Vec<u8>) {
        match self {
            Form::Classic { quiet: true } => {}
            Form::Classic { quiet: false } => classic::write(reply, out),
            Form::Meta(form) => form.write(reply, out),
        }
    }

    /// Appends what goes before the value of a found item.
    #[inline]
    pub(crate) fn write_item(&self, key: &[u8], item: &Item<'_>, out: &mut Vec<u8>) {
        match self {
            Form::Classic { .. } => classic::write_item(key, item, out),
            Form::Meta(form) => form.write_item(item, out),
        }
    }
}

pub(super) fn write_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

pub(super) fn write_row(parts: &[&str], out: &mut Vec<u8>) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(LINE_END);
}
