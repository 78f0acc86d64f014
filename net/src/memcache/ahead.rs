//! A glance at requests whose turn has not come.

use memchr::memchr;

use super::line::{LINE_END, value_length};
use crate::request::Words;

/// The keys that the input at hand asks for, in their order, as far as a
/// glance tells: nothing is checked, so that a line that will be refused may
/// yield a key, and what follows it none.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    /// Keys of the line at hand.
    line: Words<'a>,
    /// Bytes of its end.
    line_end: usize,
    rest: &'a [u8],
}

impl<'a> Keys<'a> {
    /// `input` begins with a request or, for `retrieval` bytes, with keys of
    /// one that is under way.
    pub(crate) fn new(input: &'a [u8], retrieval: usize) -> Self {
        let (keys, rest) = input.split_at(retrieval.min(input.len()));
        Keys {
            line: Words::new(keys),
            line_end: 0,
            rest,
        }
    }

    /// Bytes of the input behind the last key.
    pub(crate) fn left(&self) -> usize {
        self.line.rest().len() + self.line_end + self.rest.len()
    }

    /// The keys of a line, behind which `rest` begins.
    fn keys_of(&mut self, line: &'a [u8]) -> Option<Words<'a>> {
        // Most lines are this.
        if let Some(keys) = line.strip_prefix(b"get ") {
            return Some(Words::new(keys));
        }
        let mut words = Words::new(line);
        match words.next()? {
            b"get" | b"gets" => Some(words),
            b"gat" | b"gats" => words.next().map(|_exptime| words),
            b"set" | b"add" | b"replace" | b"append" | b"prepend" | b"cas" => {
                self.behind_body(words.next()?, words.nth(2)?)
            }
            b"ms" => self.behind_body(words.next()?, words.next()?),
            _ => words.next().map(Words::new),
        }
    }

    /// The key of a storage command, whose body is passed over.
    fn behind_body(&mut self, key: &'a [u8], length: &[u8]) -> Option<Words<'a>> {
        let body = value_length(length)?.saturating_add(LINE_END.len());
        self.rest = self.rest.get(body..).unwrap_or_default();
        Some(Words::new(key))
    }
}

impl<'a> Iterator for Keys<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(key) = self.line.next() {
                return Some(key);
            }
            let end = memchr(b'\n', self.rest)?;
            let (line, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            self.line_end = end + 1 - text.len();
            self.line = self.keys_of(text).unwrap_or(Words::new(&[]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    fn keys(input: &[u8], retrieval: usize) -> Vec<&str> {
        let keys = Keys::new(input, retrieval);
        keys.map(|key| std::str::from_utf8(key).expect("text"))
            .collect()
    }

    #[test]
    fn keys_behind_any_command_are_found() {
        let input = b"get a\r\ngets b  c \nset d 0 0 7 noreply\r\nget x\r\n\r\nversion\r\n\
            gat 10 e f\r\ncas g 0 0 1 99\r\n1\r\n\r\ntouch h 1\r\nincr i 5\r\nget\r\ndelete j\r\n\
            ms k 7 T0\r\nget x\r\n\r\nmg l v t\r\nmn\r\nmd m q\r\nma n N0\r\nget o";
        let found = keys(input, 0).concat();
        assert_eq!(found, "abcdefghijklmn");
    }

    #[test]
    fn keys_of_a_retrieval_under_way_are_not_taken_for_a_command() {
        assert_eq!(keys(b" get a\r\nget b\r\n", 6), ["get", "a", "b"]);
    }

    #[test]
    fn a_length_beyond_the_input_ends_the_glance() {
        let input = format!("set a 0 0 {}\r\nget x\r\n", i32::MAX - 2);
        assert_eq!(keys(input.as_bytes(), 0), ["a"]);
    }
}
