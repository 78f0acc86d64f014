//! A terminal that a test types into and reads.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long something may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of tmux with one window, which ends with it.
pub(crate) struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    /// Runs `script` in a shell, in so many columns and lines.
    pub(crate) fn run(script: &str, columns: u16, lines: u16) -> Terminal {
        let terminal = Terminal {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let size = [columns.to_string(), lines.to_string()];
        // Without the reader's own configuration, and kept when the script ends, to be read.
        #[rustfmt::skip]
        terminal.tmux(&[
            "-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1],
            "sh", "-c", &format!("{script}\nexec sleep 600"),
        ]);
        terminal
    }

    /// What a command of tmux prints.
    pub(crate) fn tmux(&self, words: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.folder.path().join("tmux"))
            .args(words)
            .env("LANG", "C.UTF-8")
            .env_remove("TMUX")
            .env_remove("NO_COLOR")
            .output()
            .expect("tmux is needed for this test");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {words:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A place for a file that the script writes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Types keys by tmux's names for them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "--"], keys].concat());
    }

    /// Types a text as it is.
    pub(crate) fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The screen, once it is as wanted.
    pub(crate) fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is_there(&screen) {
                return screen;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} is not to be seen:\n{screen}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What is in a file, once the script has written a line into it.
    pub(crate) fn wait_for_line(&self, path: &Path) -> String {
        let begun = Instant::now();
        loop {
            let written = std::fs::read_to_string(path).unwrap_or_default();
            if written.ends_with('\n') {
                return written.trim_end().to_owned();
            }
            let screen = self.screen();
            assert!(
                begun.elapsed() < PATIENCE,
                "{} is not written:\n{screen}",
                path.display()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
