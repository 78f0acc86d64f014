//! One line of the log, in a record of fixed size.

use std::fmt::{self, Write};
use std::thread;
use std::time::SystemTime;

/// How much a line matters; also the verbosity from which on it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Warn,
    Info,
    Debug,
}

/// A line as it travels through the ring.
#[derive(Clone, Debug)]
pub(super) struct Line {
    time: SystemTime,
    /// `None`: shown as its text alone.
    level: Option<Level>,
    /// The name of the thread it is from.
    thread: Text<16>,
    text: Text<240>,
}

impl Line {
    /// A line of the calling thread. Text beyond the record's size is cut off.
    pub(super) fn new(level: Option<Level>, text: fmt::Arguments<'_>) -> Line {
        Line {
            time: SystemTime::now(),
            level,
            thread: Text::new(format_args!(
                "{}",
                thread::current().name().unwrap_or("unnamed")
            )),
            text: Text::new(text),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            None => return f.write_str(self.text.get()),
            Some(Level::Warn) => "warn",
            Some(Level::Info) => "info",
            Some(Level::Debug) => "debug",
        };
        let time = humantime::format_rfc3339_seconds(self.time);
        write!(
            f,
            "{time} {level} {}: {}",
            self.thread.get(),
            self.text.get()
        )
    }
}

/// At most `N` bytes of text, without an allocation.
#[derive(Clone, Debug)]
struct Text<const N: usize> {
    len: usize,
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    fn new(text: fmt::Arguments<'_>) -> Text<N> {
        let mut record = Text {
            len: 0,
            bytes: [0; N],
        };
        // An error is how `write_str` says that the record is full.
        let _ = record.write_fmt(text);
        record
    }

    fn get(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (N - self.len).min(text.len());
        let cut = (0..=room).rev().find(|&at| text.is_char_boundary(at));
        let fitting = &text[..cut.unwrap_or(0)];
        // What peers and files are called must not make two lines of one.
        for (place, byte) in self.bytes[self.len..].iter_mut().zip(fitting.bytes()) {
            *place = if byte.is_ascii_control() { b'?' } else { byte };
        }
        self.len += fitting.len();
        if fitting.len() < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_too_long_is_cut_between_characters() {
        let text = Text::<4>::new(format_args!("ab{}c", "éé"));
        assert_eq!(text.get(), "abé");
        assert_eq!(Text::<4>::new(format_args!("abcd")).get(), "abcd");
    }

    #[test]
    fn a_name_could_forge_a_line() {
        let text = Text::<16>::new(format_args!("a\r\nb\x1bc"));
        assert_eq!(text.get(), "a??b?c");
    }

    #[test]
    fn a_line_says_when_how_grave_and_where() {
        let line = thread::Builder::new()
            .name("worker-0".to_owned())
            .spawn(|| Line {
                time: SystemTime::UNIX_EPOCH,
                ..Line::new(Some(Level::Info), format_args!("{} sessions", 3))
            })
            .expect("a thread")
            .join()
            .expect("no panic");
        assert_eq!(
            line.to_string(),
            "1970-01-01T00:00:00Z info worker-0: 3 sessions"
        );
    }
}
