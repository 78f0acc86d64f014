//! The log: lines from every thread, written by one.
//!
//! A thread that logs formats into a record of fixed size and puts it into a bounded ring. It
//! never waits: with the ring full, as when nobody reads standard error, the line is dropped and
//! counted. The log thread drains the ring; it ends when nobody is left who could log.
//!
//! Files are opened by the main thread, at the start and with each reload, so that whoever asked
//! for one is told when it cannot be; the log thread is handed what is open.

mod file;
mod latest;
mod line;
mod rarely;
mod replacement;

use std::fmt;
use std::iter;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use serde::Serialize;

use crate::settings::Logs;

pub(crate) use file::LogFile;
use latest::Latest;
use line::{Level, Line};
pub(crate) use rarely::Rarely;
pub(crate) use replacement::Replacement;

/// Lines the ring holds.
const RING: usize = 512;

/// Bytes of lines that are written in one go.
const BATCH: usize = 32 << 10;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: what they are, separated by blanks.
    Text,
    /// An object a line.
    Json,
}

/// Where lines go from some moment on.
pub(crate) struct Output {
    /// `None`: standard error.
    file: Option<LogFile>,
    format: Format,
}

impl Output {
    /// Opens what `logs` names. The error is a sentence.
    pub(crate) fn open(logs: &Logs) -> Result<Output, String> {
        let path = logs.file.as_deref();
        Ok(Output {
            file: path.map(LogFile::open).transpose()?,
            format: logs.format,
        })
    }
}

/// Appends `value` as a line of JSON.
pub(crate) fn append_json(value: &impl Serialize, lines: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *lines, value);
    debug_assert!(
        written.is_ok(),
        "a Vec takes every byte, and all keys are texts"
    );
    lines.push(b'\n');
}

/// A thread's way to the log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    shared: Arc<Shared>,
    /// `None`: there may be another output.
    ring: Sender<Option<Line>>,
}

#[derive(Debug)]
struct Shared {
    /// Lines of a higher level are not kept.
    verbosity: AtomicU8,
    /// Lines lost to a full ring.
    dropped: AtomicU64,
    /// Lines lost as they could not be written.
    unwritten: AtomicU64,
    /// What the log thread is to write to, once it sees it.
    output: Replacement<Output>,
    latest: Latest,
}

/// A log that keeps what `verbosity` asks for (0 warnings, 1 information too, 2 debugging too),
/// and the half that writes it: to standard error, until it is told otherwise.
pub(crate) fn start(verbosity: u8) -> (Log, Drain) {
    let (ring, entries) = bounded(RING);
    let shared = Arc::new(Shared {
        verbosity: verbosity.into(),
        dropped: AtomicU64::new(0),
        unwritten: AtomicU64::new(0),
        output: Replacement::default(),
        latest: Latest::default(),
    });
    let drain = Drain {
        shared: Arc::clone(&shared),
        entries,
        standard_error: LogFile::standard_error(),
        output: Output {
            file: None,
            format: Format::Text,
        },
        batch: Vec::new(),
        reported: 0,
    };
    (Log { shared, ring }, drain)
}

impl Log {
    /// Something whoever started the program waits for: always kept, and shown as it is.
    pub(crate) fn say(&self, text: fmt::Arguments<'_>) {
        self.put(Line::new(None, text));
    }

    /// Something the operator should know.
    pub(crate) fn warn(&self, text: fmt::Arguments<'_>) {
        self.keep(Level::Warn, text);
    }

    /// Something that went as it should.
    pub(crate) fn info(&self, text: fmt::Arguments<'_>) {
        self.keep(Level::Info, text);
    }

    /// Something for whoever looks into a problem.
    pub(crate) fn debug(&self, text: fmt::Arguments<'_>) {
        self.keep(Level::Debug, text);
    }

    /// Writes to `output` from now on. What somebody has moved out of the way is closed.
    pub(crate) fn switch(&self, output: Output) {
        self.shared.output.put(output);
        // With the ring full, the log thread looks by itself soon.
        let _ = self.ring.try_send(None);
    }

    /// Keeps more or fewer lines from now on.
    pub(crate) fn set_verbosity(&self, verbosity: u8) {
        self.shared.verbosity.store(verbosity, Ordering::Relaxed);
    }

    pub(crate) fn verbosity(&self) -> u8 {
        self.shared.verbosity.load(Ordering::Relaxed)
    }

    /// Lines lost to a full ring.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Lines lost as they could not be written: the disk is full, or nobody reads them.
    pub(crate) fn unwritten(&self) -> u64 {
        self.shared.unwritten.load(Ordering::Relaxed)
    }

    /// The latest lines from number `from` on, and the number of the one to come.
    pub(crate) fn latest(&self, from: u64) -> (Vec<(u64, Line)>, u64) {
        self.shared.latest.since(from)
    }

    /// Keeps a line if the verbosity asks for it.
    fn keep(&self, level: Level, text: fmt::Arguments<'_>) {
        if level as u8 <= self.verbosity() {
            self.put(Line::new(Some(level), text));
        }
    }

    fn put(&self, line: Line) {
        if self.ring.try_send(Some(line)).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The log thread's half.
pub(crate) struct Drain {
    shared: Arc<Shared>,
    entries: Receiver<Option<Line>>,
    standard_error: LogFile,
    output: Output,
    /// Lines that are not written yet.
    batch: Vec<u8>,
    /// How many lost lines have been told of.
    reported: u64,
}

impl Drain {
    /// Writes lines until the ring is empty and every `Log` is gone.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.entries.recv() {
            if let Some(output) = self.shared.output.take() {
                self.output = output;
            }
            let entries = self.entries.clone();
            for entry in iter::once(first).chain(entries.try_iter()) {
                if let Some(line) = entry {
                    self.append(line);
                }
                if self.batch.len() >= BATCH {
                    break;
                }
            }
            if entries.is_empty() {
                self.report_losses();
            }
            self.write();
        }
    }

    /// Appends a line to the batch. What is said goes to standard error, wherever the others go.
    fn append(&mut self, line: Line) {
        if line.is_said() {
            self.write();
            let mut said = Vec::new();
            line.append(Format::Text, &mut said);
            self.standard_error.write(&said);
        } else {
            line.append(self.output.format, &mut self.batch);
        }
        self.shared.latest.push(line);
    }

    fn write(&mut self) {
        let file = self.output.file.as_mut();
        let lost = file.unwrap_or(&mut self.standard_error).write(&self.batch);
        self.shared.unwritten.fetch_add(lost, Ordering::Relaxed);
        self.batch.clear();
    }

    /// Tells how many lines did not fit since it was told last.
    fn report_losses(&mut self) {
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        let lost = dropped - mem::replace(&mut self.reported, dropped);
        if lost > 0 {
            let line = Line::new(Some(Level::Warn), format_args!("{lost} lines were lost"));
            self.append(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::thread;

    use super::*;

    fn open(path: &Path) -> Output {
        let logs = Logs {
            file: Some(path.to_owned()),
            ..Logs::default()
        };
        Output::open(&logs).expect("a file")
    }

    /// The lines that a log writes which `fill` fills.
    fn written(verbosity: u8, fill: impl FnOnce(&Log)) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let (log, mut drain) = start(verbosity);
        drain.standard_error = LogFile::open(&path).expect("a file");
        log.switch(open(&path));
        fill(&log);
        drop(log);
        drain.run();
        lines(&path)
    }

    fn lines(path: &Path) -> Vec<String> {
        let text = fs::read_to_string(path).expect("a file of text");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_beyond_the_verbosity_are_not_kept() {
        let lines = written(0, |log| {
            log.info(format_args!("quiet"));
            log.warn(format_args!("heard"));
            log.set_verbosity(2);
            log.debug(format_args!("now heard"));
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("heard") && lines[0].contains(" warn "));
        assert!(lines[1].ends_with("now heard") && lines[1].contains(" debug "));
    }

    #[test]
    fn what_a_starter_waits_for_is_kept_and_shown_as_it_is() {
        let lines = written(0, |log| log.say(format_args!("cached: ready")));
        assert_eq!(lines, ["cached: ready"]);
    }

    #[test]
    fn what_a_starter_waits_for_would_go_to_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (said, logged) = (folder.path().join("said"), folder.path().join("logged"));
        let (log, mut drain) = start(0);
        drain.standard_error = LogFile::open(&said).expect("a file");
        log.switch(open(&logged));
        log.warn(format_args!("a warning"));
        log.say(format_args!("cached: ready"));
        drop(log);
        drain.run();
        assert_eq!(lines(&said), ["cached: ready"]);
        assert_eq!(lines(&logged).len(), 1);
    }

    #[test]
    fn a_full_ring_drops_and_counts_and_never_waits() {
        let lines = written(0, |log| {
            // One place is taken by the switch.
            for number in 0..RING + 2 {
                log.warn(format_args!("line {number}"));
            }
            assert_eq!(log.dropped(), 3);
        });
        assert_eq!(lines.len(), RING);
        assert!(lines[RING - 2].ends_with(&format!("line {}", RING - 2)));
        let last = &lines[RING - 1];
        assert!(last.ends_with("3 lines were lost"), "{last}");
    }

    #[test]
    fn a_file_that_was_moved_away_would_be_written_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, moved) = (folder.path().join("log"), folder.path().join("log.1"));
        let (log, drain) = start(0);
        log.switch(open(&path));
        let thread = thread::spawn(|| drain.run());
        log.warn(format_args!("before"));
        while !path.exists() || lines(&path).is_empty() {
            thread::yield_now();
        }
        fs::rename(&path, &moved).expect("moved");
        log.switch(open(&path));
        log.warn(format_args!("behind"));
        drop(log);
        thread.join().expect("it ends");
        assert!(lines(&moved)[0].ends_with("before"));
        assert!(lines(&path)[0].ends_with("behind"));
    }

    #[test]
    fn a_full_disk_would_go_unnoticed() {
        let (log, drain) = start(0);
        log.switch(open(Path::new("/dev/full")));
        log.warn(format_args!("a line"));
        let counts = log.clone();
        let thread = thread::spawn(|| drain.run());
        drop(log);
        while counts.unwritten() == 0 {
            thread::yield_now();
        }
        assert_eq!(counts.unwritten(), 1);
        drop(counts);
        thread.join().expect("it ends");
    }
}
