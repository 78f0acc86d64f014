//! One line of the log, in a record of fixed size.

use std::fmt::{self, Write};
use std::thread;
use std::time::SystemTime;

use serde::Serialize;

use super::Format;

/// How much a line matters; also the verbosity from which on it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Warn,
    Info,
    Debug,
}

/// A line as it travels through the ring.
#[derive(Clone, Debug)]
pub(crate) struct Line {
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

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// A line in JSON.
#[derive(Serialize)]
struct Fields<'a> {
    time: String,
    level: &'static str,
    thread: &'a str,
    message: &'a str,
}

impl Line {
    /// When it was, in UTC.
    pub(crate) fn time(&self) -> String {
        humantime::format_rfc3339_millis(self.time).to_string()
    }

    /// How much it matters; `notice`: whoever started the program waits for it.
    pub(crate) fn level(&self) -> &'static str {
        self.level.map_or("notice", Level::name)
    }

    pub(crate) fn thread(&self) -> &str {
        self.thread.get()
    }

    pub(crate) fn message(&self) -> &str {
        self.text.get()
    }

    /// Whoever started the program waits for it.
    pub(super) fn is_said(&self) -> bool {
        self.level.is_none()
    }

    /// Appends it with its newline.
    pub(super) fn append(&self, format: Format, lines: &mut Vec<u8>) {
        let (thread, message) = (self.thread.get(), self.text.get());
        let Some(level) = self.level else {
            lines.extend_from_slice(message.as_bytes());
            return lines.push(b'\n');
        };
        let (time, level) = (humantime::format_rfc3339_seconds(self.time), level.name());
        match format {
            Format::Text => {
                let line = format!("{time} {level} {thread}: {message}\n");
                lines.extend_from_slice(line.as_bytes());
            }
            Format::Json => super::append_json(
                &Fields {
                    time: time.to_string(),
                    level,
                    thread,
                    message,
                },
                lines,
            ),
        }
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
    fn a_line_would_not_say_when_how_grave_and_where() {
        let line = thread::Builder::new()
            .name("worker-0".to_owned())
            .spawn(|| Line {
                time: SystemTime::UNIX_EPOCH,
                ..Line::new(Some(Level::Info), format_args!("{} \"sessions\"", 3))
            })
            .expect("a thread")
            .join()
            .expect("no panic");
        for (format, text) in [
            (
                Format::Text,
                "1970-01-01T00:00:00Z info worker-0: 3 \"sessions\"\n",
            ),
            (
                Format::Json,
                "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\
                 \"thread\":\"worker-0\",\"message\":\"3 \\\"sessions\\\"\"}\n",
            ),
        ] {
            let mut lines = Vec::new();
            line.append(format, &mut lines);
            assert_eq!(String::from_utf8(lines).as_deref(), Ok(text));
        }
    }
}
