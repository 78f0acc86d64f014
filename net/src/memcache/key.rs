//! What may be a key.

use crate::request::{KEY_MAX, Words};

/// memcached takes any byte but a blank, NUL and a line feed for part of a
/// key. Its specification forbids control characters, and so do we: behind a
/// key with a carriage return hides an attempt to smuggle a command in.
pub(super) fn is_key(word: &[u8]) -> bool {
    word.len() <= KEY_MAX && !has_control(word)
}

/// All words of `text` are keys.
pub(super) fn are_keys(text: &[u8]) -> bool {
    let fit = text.len() <= KEY_MAX || Words::new(text).all(|word| word.len() <= KEY_MAX);
    fit && !has_control(text)
}

pub(super) fn has_control(word: &[u8]) -> bool {
    // No early exit, so that it compiles to a few wide comparisons.
    word.iter()
        .fold(false, |found, byte| found | byte.is_ascii_control())
}
