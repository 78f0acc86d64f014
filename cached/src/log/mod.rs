//! The log: lines from every thread, written to standard error by one.
//!
//! A thread that logs formats into a record of fixed size and puts it into a bounded ring. It
//! never waits: with the ring full, as when nobody reads standard error, the line is dropped and
//! counted. The log thread drains the ring; it ends when nobody is left who could log.

mod line;
mod rarely;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use line::{Level, Line};
pub(crate) use rarely::Rarely;

/// Lines the ring holds.
const RING: usize = 512;

/// A thread's way to the log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    shared: Arc<Shared>,
    ring: Sender<Line>,
}

#[derive(Debug)]
struct Shared {
    /// Lines of a higher level are not kept.
    verbosity: AtomicU8,
    /// Lines lost to a full ring.
    dropped: AtomicU64,
}

/// A log that keeps what `verbosity` asks for (0 warnings, 1 information too, 2 debugging too),
/// and the half that writes it.
pub(crate) fn start(verbosity: u8) -> (Log, Drain) {
    let (ring, lines) = bounded(RING);
    let shared = Arc::new(Shared {
        verbosity: verbosity.into(),
        dropped: AtomicU64::new(0),
    });
    let drain = Drain {
        shared: Arc::clone(&shared),
        lines,
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

    /// Keeps a line if the verbosity asks for it.
    fn keep(&self, level: Level, text: fmt::Arguments<'_>) {
        if level as u8 <= self.verbosity() {
            self.put(Line::new(Some(level), text));
        }
    }

    fn put(&self, line: Line) {
        if self.ring.try_send(line).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The log thread's half.
#[derive(Debug)]
pub(crate) struct Drain {
    shared: Arc<Shared>,
    lines: Receiver<Line>,
    /// How many lost lines have been told of.
    reported: u64,
}

impl Drain {
    /// Writes lines to standard error until the ring is empty and every `Log` is gone.
    pub(crate) fn run(mut self) {
        self.write_to(&mut io::stderr());
    }

    fn write_to(&mut self, out: &mut impl Write) {
        while let Ok(line) = self.lines.recv() {
            // Whoever reads standard error may have gone; the daemon stays.
            let _ = writeln!(out, "{line}");
            if self.lines.is_empty() {
                self.report_losses(out);
            }
        }
        self.report_losses(out);
    }

    /// Tells how many lines did not fit since it was told last.
    fn report_losses(&mut self, out: &mut impl Write) {
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        if dropped > self.reported {
            let lost = dropped - self.reported;
            let line = Line::new(Some(Level::Warn), format_args!("{lost} lines were lost"));
            let _ = writeln!(out, "{line}");
            self.reported = dropped;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(drain: &mut Drain) -> Vec<String> {
        let mut out = Vec::new();
        drain.write_to(&mut out);
        let text = String::from_utf8(out).expect("lines are text");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_beyond_the_verbosity_are_not_kept() {
        let (log, mut drain) = start(0);
        log.info(format_args!("quiet"));
        log.warn(format_args!("heard"));
        log.set_verbosity(2);
        log.debug(format_args!("now heard"));
        drop(log);
        let lines = written(&mut drain);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("heard") && lines[0].contains(" warn "));
        assert!(lines[1].ends_with("now heard") && lines[1].contains(" debug "));
    }

    #[test]
    fn what_a_starter_waits_for_is_kept_and_shown_as_it_is() {
        let (log, mut drain) = start(0);
        log.say(format_args!("cached: ready"));
        drop(log);
        assert_eq!(written(&mut drain), ["cached: ready"]);
    }

    #[test]
    fn a_full_ring_drops_and_counts_and_never_waits() {
        let (log, mut drain) = start(0);
        for number in 0..RING + 3 {
            log.warn(format_args!("line {number}"));
        }
        assert_eq!(log.dropped(), 3);

        drop(log);
        let lines = written(&mut drain);
        assert_eq!(lines.len(), RING + 1);
        assert!(lines[RING - 1].ends_with(&format!("line {}", RING - 1)));
        assert!(
            lines[RING].ends_with("3 lines were lost"),
            "{}",
            lines[RING]
        );
    }
}
