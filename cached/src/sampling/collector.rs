//! The collector: it takes the samples of all workers, and writes them to their logs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::command_log::{self, CommandLogs};
use super::{RING, Sample};
use crate::hotkeys::{By, HotKeys, Top};
use crate::log::{Format, LogFile, Replacement};
use crate::settings::Hotkeys;

/// Between two looks into the rings, with little in them and with much.
const PAUSE_MAX: Duration = Duration::from_millis(50);
const PAUSE_MIN: Duration = Duration::from_millis(2);

/// With more samples than this in a ring it is to be looked into sooner.
const MUCH: usize = RING / 4;

/// What others know of the collector.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// The files to be written to from now on.
    logs: Replacement<CommandLogs>,
    commands_unwritten: AtomicU64,
    slow_unwritten: AtomicU64,
    /// Workers have no part in it: the collector's thread adds, and the admin's looks.
    keys: Mutex<HotKeys>,
}

impl Recording {
    /// Writes to `logs` from now on. What somebody has moved out of the way is closed.
    pub(crate) fn switch(&self, logs: CommandLogs) {
        self.logs.put(logs);
    }

    /// Finds hot keys as `settings` say from now on.
    pub(crate) fn adapt(&self, settings: &Hotkeys) {
        let mut keys = self.keys();
        keys.set_window(settings.window);
        keys.set_sample(settings.sample);
    }

    /// The `most` hottest keys there are now.
    pub(crate) fn top(&self, by: By, most: usize) -> Top {
        self.keys().top(by, most, Instant::now())
    }

    fn keys(&self) -> MutexGuard<'_, HotKeys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines of the command log that were lost as they could not be written.
    pub(crate) fn commands_unwritten(&self) -> u64 {
        self.commands_unwritten.load(Ordering::Relaxed)
    }

    /// Likewise, of the slow log.
    pub(crate) fn slow_unwritten(&self) -> u64 {
        self.slow_unwritten.load(Ordering::Relaxed)
    }
}

/// The other end of all rings.
pub(crate) struct Collector {
    rings: Vec<Receiver<Sample>>,
    recording: Arc<Recording>,
    logs: CommandLogs,
    commands: Vec<u8>,
    slow: Vec<u8>,
}

impl Collector {
    pub(crate) fn new(rings: Vec<Receiver<Sample>>, recording: Arc<Recording>) -> Collector {
        Collector {
            rings,
            recording,
            logs: CommandLogs {
                commands: None,
                slow: None,
                format: Format::Text,
            },
            commands: Vec::new(),
            slow: Vec::new(),
        }
    }

    /// Collects until `stop`, and then once more. Who stops it unparks the thread.
    pub(crate) fn run(mut self, stop: &AtomicBool) {
        let mut pause = PAUSE_MAX;
        loop {
            let is_last = stop.load(Ordering::Acquire);
            let most = self.collect();
            if is_last {
                return;
            }
            pause = if most > MUCH { pause / 2 } else { pause * 2 };
            pause = pause.clamp(PAUSE_MIN, PAUSE_MAX);
            thread::park_timeout(pause);
        }
    }

    /// Takes what there is. Returns how much that was of one worker at most.
    fn collect(&mut self) -> usize {
        if let Some(logs) = self.recording.logs.take() {
            self.logs = logs;
        }
        let mut most = 0;
        for ring in &self.rings {
            let mut taken = 0;
            let mut keys = self.recording.keys();
            let now = Instant::now();
            for sample in ring.try_iter().take(RING) {
                taken += 1;
                let format = self.logs.format;
                if sample.for_commands {
                    command_log::append(&sample, format, false, &mut self.commands);
                }
                if sample.for_slow {
                    command_log::append(&sample, format, true, &mut self.slow);
                }
                if let (true, Some(key)) = (sample.for_keys, sample.key()) {
                    keys.add(key, sample.size as u64, now);
                }
            }
            drop(keys);
            most = most.max(taken);
            let recording = &*self.recording;
            write(
                &mut self.commands,
                self.logs.commands.as_mut(),
                &recording.commands_unwritten,
            );
            write(
                &mut self.slow,
                self.logs.slow.as_mut(),
                &recording.slow_unwritten,
            );
        }
        most
    }
}

/// Writes `lines` and counts those that are lost. Those of a log that is no more are nobody's loss.
fn write(lines: &mut Vec<u8>, file: Option<&mut LogFile>, unwritten: &AtomicU64) {
    if let Some(file) = file
        && !lines.is_empty()
    {
        unwritten.fetch_add(file.write(lines), Ordering::Relaxed);
    }
    lines.clear();
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crossbeam_channel::{Sender, bounded};

    use super::*;
    use crate::sampling::Asked;
    use crate::settings::Logs;

    fn collector() -> (Sender<Sample>, Collector) {
        let (ring, samples) = bounded(RING);
        (ring, Collector::new(vec![samples], Arc::default()))
    }

    fn open(commands: &Path, slow: &Path) -> CommandLogs {
        let logs = Logs {
            commands: Some(commands.to_owned()),
            slow: Some(slow.to_owned()),
            ..Logs::default()
        };
        CommandLogs::open(&logs).expect("files")
    }

    fn put(ring: &Sender<Sample>, key: &[u8], for_commands: bool, for_slow: bool) {
        let asked = Asked {
            command: "get",
            key: Some(key),
            brought: 0,
        };
        let sample = Sample {
            for_commands,
            for_slow,
            ..Sample::new(&asked)
        };
        ring.try_send(sample).expect("room");
    }

    fn lines(path: &Path) -> usize {
        fs::read_to_string(path).expect("text").lines().count()
    }

    #[test]
    fn a_sample_would_go_to_the_wrong_log_or_be_left_behind_by_a_stop() {
        let folder = tempfile::tempdir().expect("a folder");
        let [commands, slow] = ["commands", "slow"].map(|name| folder.path().join(name));
        let (ring, collector) = collector();
        collector.recording.switch(open(&commands, &slow));
        put(&ring, b"a", true, false);
        put(&ring, b"b", false, true);
        put(&ring, b"c", true, true);
        collector.run(&AtomicBool::new(true));
        assert_eq!((lines(&commands), lines(&slow)), (2, 2));
    }

    #[test]
    fn a_request_would_be_counted_that_was_chosen_for_a_log_alone() {
        let (ring, mut collector) = collector();
        put(&ring, b"logged", true, false);
        let asked = Asked {
            command: "set",
            key: Some(b"counted"),
            brought: 7,
        };
        let sample = Sample {
            for_keys: true,
            ..Sample::new(&asked)
        };
        ring.try_send(sample).expect("room");
        collector.collect();
        let top = collector.recording.top(By::Bytes, 2);
        assert_eq!(top.keys, [(b"counted".to_vec(), 7)]);
        assert_eq!((top.samples, top.total), (1, 7));
    }

    #[test]
    fn a_full_disk_would_go_unnoticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ring, mut collector) = collector();
        let full = Path::new("/dev/full");
        let recording = Arc::clone(&collector.recording);
        recording.switch(open(full, &folder.path().join("slow")));
        put(&ring, b"a", true, true);
        put(&ring, b"b", true, false);
        assert_eq!(collector.collect(), 2);
        assert_eq!(recording.commands_unwritten(), 2);
        assert_eq!(recording.slow_unwritten(), 0);
    }

    #[test]
    fn logs_that_were_moved_away_would_be_written_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let [commands, slow] = ["commands", "slow"].map(|name| folder.path().join(name));
        let (ring, mut collector) = collector();
        collector.recording.switch(open(&commands, &slow));
        put(&ring, b"a", true, false);
        collector.collect();
        let moved = folder.path().join("commands.1");
        fs::rename(&commands, &moved).expect("it is there");
        collector.recording.switch(open(&commands, &slow));
        put(&ring, b"b", true, false);
        collector.collect();
        assert_eq!((lines(&commands), lines(&moved)), (1, 1));
    }
}
