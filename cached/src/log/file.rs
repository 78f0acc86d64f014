//! Where log lines go: a file, or standard error.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Permissions of a log file that is made: others than its owner and group have no business with
/// who asked for what.
const MODE: u32 = 0o640;

/// Takes lines, whole or not at all, and never waits for somebody to read them, but for standard
/// error.
pub(crate) struct LogFile {
    out: Box<dyn Write + Send>,
    /// What was written last is part of a line.
    is_torn: bool,
}

impl LogFile {
    /// Standard error, which may be shared with others and so is left as it is: writing to it may
    /// wait.
    pub(crate) fn standard_error() -> LogFile {
        LogFile::new(io::stderr())
    }

    /// The end of the file at `path`, which is made if there is none. The error is a sentence.
    pub(crate) fn open(path: &Path) -> Result<LogFile, String> {
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(MODE)
            // For pipes: neither opening nor writing waits for somebody to read.
            .custom_flags(libc::O_NONBLOCK)
            .open(path);
        let named = |why: io::Error| format!("cannot open the log {}: {why}", path.display());
        opened.map(LogFile::new).map_err(named)
    }

    fn new(out: impl Write + Send + 'static) -> LogFile {
        LogFile {
            out: Box::new(out),
            is_torn: false,
        }
    }

    /// Writes `lines`, each with its newline. Returns how many of them were lost: those that the
    /// disk has no room for, or that nobody reads.
    pub(crate) fn write(&mut self, lines: &[u8]) -> u64 {
        let mut rest = lines;
        if self.is_torn && matches!(self.write_some(b"\n"), Ok(1)) {
            self.is_torn = false;
        }
        while !self.is_torn && !rest.is_empty() {
            match self.write_some(rest) {
                Ok(0) | Err(_) => break,
                Ok(bytes) => rest = &rest[bytes..],
            }
        }
        let written = &lines[..lines.len() - rest.len()];
        self.is_torn |= written.last().is_some_and(|last| *last != b'\n');
        rest.split_inclusive(|byte| *byte == b'\n').count() as u64
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.out.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return written,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes so many bytes, and then none until it is emptied.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Disk {
        fn free(&self, bytes: usize) {
            self.0.lock().unwrap().0 = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().1.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (free, text) = &mut *self.0.lock().unwrap();
            let taken = bytes.len().min(*free);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *free -= taken;
            text.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_behind_a_torn_one_would_be_taken_for_its_end() {
        let disk = Disk::default();
        let mut file = LogFile::new(disk.clone());
        disk.free(8);
        assert_eq!(file.write(b"first\nsecond\nthird\n"), 2);
        assert_eq!(file.write(b"fourth\n"), 1);
        disk.free(100);
        assert_eq!(file.write(b"fifth\n"), 0);
        assert_eq!(disk.text(), "first\nse\nfifth\n");
    }

    #[test]
    fn a_pipe_that_nobody_reads_would_hold_up_the_log() {
        let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        writer.set_nonblocking(true).unwrap();
        let mut file = LogFile::new(writer);
        let lost = (0..100_000).find(|_| file.write(b"a line that nobody reads\n") > 0);
        assert!(lost.is_some());
        drop(reader);
        assert_eq!(file.write(b"a line for nobody\n"), 1);
    }

    #[test]
    fn a_file_that_cannot_be_would_be_found_out_with_the_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let why = LogFile::open(folder.path()).err().expect("a folder");
        let path = folder.path().display().to_string();
        assert!(why.contains(&path), "{why}");
    }

    #[test]
    fn what_was_in_the_file_would_be_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for line in ["one\n", "two\n"] {
            assert_eq!(LogFile::open(&path).unwrap().write(line.as_bytes()), 0);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
