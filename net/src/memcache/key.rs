//! What may be a key.

use crate::request::{KEY_MAX, Words};

/// memcached takes any byte but a blank, a line feed and a NUL for part of a
/// key. We leave out the carriage return as well: see [`has_line_end`].
pub(super) fn is_key(word: &[u8]) -> bool {
    word.len() <= KEY_MAX && !has_line_end(word)
}

/// All words of `text` are keys.
pub(super) fn are_keys(text: &[u8]) -> bool {
    let fit = text.len() <= KEY_MAX || Words::new(text).all(|word| word.len() <= KEY_MAX);
    fit && !has_line_end(text)
}

/// It has a byte at which some end a line: many clients at a carriage return,
/// and what follows that in a key could pass for a reply of its own; memcached
/// at a NUL, and it takes a data block behind that for commands.
pub(super) fn has_line_end(word: &[u8]) -> bool {
    // No early exit, so that it compiles to a few wide comparisons.
    let is = |byte, end| u8::from(byte == end);
    let ends = word.iter().fold(0, |found, &byte| {
        found | is(byte, b'\r') | is(byte, b'\n') | is(byte, 0)
    });
    ends != 0
}
