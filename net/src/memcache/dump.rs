//! What `lru_crawler metadump` and `mgdump` tell of every item.

use super::base64;
use super::form::write_number;
use super::key::has_line_end;
use super::line::LINE_END;
use crate::percent;
use crate::reply::Entry;

/// As what the items are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// All there is to know of each.
    Facts,
    /// A meta get of each.
    Gets,
}

impl Style {
    pub(crate) fn write(self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        match self {
            Style::Facts => write_facts(entry, out),
            Style::Gets => write_get(entry.key, out),
        }
    }

    /// What closes the dump.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Style::Facts => b"END\r\n",
            Style::Gets => b"EN\r\n",
        }
    }
}

fn write_facts(entry: &Entry<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"key=");
    percent::append(entry.key, percent::is_unreserved, out);
    out.extend_from_slice(b" exp=");
    write_number(entry.expires.unwrap_or(-1), out);
    out.extend_from_slice(b" la=");
    write_number(entry.accessed, out);
    out.extend_from_slice(b" cas=");
    write_number(entry.unique, out);
    out.extend_from_slice(if entry.was_fetched {
        b" fetch=yes"
    } else {
        b" fetch=no"
    });
    // There are no size classes: everything is in the first.
    out.extend_from_slice(b" cls=1 size=");
    write_number(entry.size, out);
    out.push(b'\n');
}

fn write_get(key: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"mg ");
    if has_line_end(key) || key.contains(&b' ') {
        base64::encode(key, out);
        out.extend_from_slice(b" b");
    } else {
        out.extend_from_slice(key);
    }
    out.extend_from_slice(LINE_END);
}
