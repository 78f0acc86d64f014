//! A session in a file, to be looked at elsewhere: its first line names format and version, each
//! other line is what came of one poll.
//!
//! ```text
//! {"format":"cachectl top","version":1}
//! {"time":1795429567000,"documents":[["stats",{"rows":[...]}],["stats cached",{"rows":[...]}]]}
//! ```

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answers::Answers;
use crate::failure::Failure;

const FORMAT: &str = "cachectl top";

const VERSION: u64 = 1;

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// A recording being made.
pub(crate) struct Recorder {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Recorder {
    /// Makes the file, which must not be there.
    pub(crate) fn create(path: &Path) -> Result<Recorder, Failure> {
        let file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| {
                Failure::Usage(format!("cannot record into {}: {error}", path.display()))
            })?;
        let mut recorder = Recorder {
            path: path.to_owned(),
            file: BufWriter::new(file),
        };
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
        };
        recorder.line(&header)?;
        Ok(recorder)
    }

    /// Adds what came of a poll. It is in the file when this returns.
    pub(crate) fn add(&mut self, answers: &Answers) -> Result<(), Failure> {
        self.line(answers)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let written = serde_json::to_writer(&mut self.file, line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush());
        written.map_err(|error| {
            Failure::Usage(format!(
                "cannot record into {}: {error}",
                self.path.display()
            ))
        })
    }
}

/// A recording being played.
pub(crate) struct Player {
    path: PathBuf,
    lines: std::io::Lines<BufReader<File>>,
    /// Lines read.
    number: usize,
}

impl Player {
    /// Opens a recording.
    pub(crate) fn open(path: &Path) -> Result<Player, Failure> {
        let file = File::open(path);
        let file = file.map_err(|error| {
            Failure::Usage(format!(
                "cannot open the recording {}: {error}",
                path.display()
            ))
        })?;
        let mut player = Player {
            path: path.to_owned(),
            lines: BufReader::new(file).lines(),
            number: 0,
        };
        let header = player.line()?.unwrap_or_default();
        match serde_json::from_str::<Header>(&header) {
            Ok(header) if header.format == FORMAT && header.version == VERSION => Ok(player),
            Ok(header) if header.format == FORMAT => Err(Failure::Usage(format!(
                "{} is a recording of version {}: this cachectl plays version {VERSION}",
                path.display(),
                header.version
            ))),
            _ => Err(Failure::Usage(format!(
                "{} is no recording of cachectl top",
                path.display()
            ))),
        }
    }

    fn line(&mut self) -> Result<Option<String>, Failure> {
        self.number += 1;
        let line = self.lines.next().transpose();
        line.map_err(|error| self.broken(&error.to_string()))
    }

    fn broken(&self, why: &str) -> Failure {
        let path = self.path.display();
        Failure::Usage(format!(
            "line {} of {path} cannot be played: {why}",
            self.number
        ))
    }
}

impl Iterator for Player {
    type Item = Result<Answers, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.line() {
            Ok(line) => line?,
            Err(failure) => return Some(Err(failure)),
        };
        let answers = serde_json::from_str(&line);
        Some(answers.map_err(|error| self.broken(&error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn answers(time: u64) -> Answers {
        let document = r#"{"rows":[{"name":"a","value":"é\n"}]}"#.to_owned();
        let document = RawValue::from_string(document).expect("JSON");
        Answers {
            time,
            documents: vec![("stats".to_owned(), document.into())],
        }
    }

    #[test]
    fn a_recording_would_not_be_played_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("top.jsonl");
        let mut recorder = Recorder::create(&path).expect("a new file");
        for time in [1, 2] {
            recorder.add(&answers(time)).expect("written");
        }
        let player = Player::open(&path).expect("a recording");
        let played: Vec<_> = player.map(|it| it.expect("whole")).collect();
        let text = |it: &Answers| serde_json::to_string(it).expect("JSON");
        let played: Vec<_> = played.iter().map(text).collect();
        assert_eq!(played, [text(&answers(1)), text(&answers(2))]);

        let again = Recorder::create(&path).err().expect("it is there");
        assert_eq!(again.status(), 2, "{again}");
    }

    #[test]
    fn a_broken_recording_would_end_in_silence_or_not_say_where() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("top.jsonl");
        let mut recorder = Recorder::create(&path).expect("a new file");
        recorder.add(&answers(1)).expect("written");
        let whole = fs::read(&path).expect("written");
        fs::write(&path, &whole[..whole.len() - 9]).expect("cut off");
        let mut player = Player::open(&path).expect("a recording");
        let broken = player.next().expect("a line").expect_err("cut off");
        assert!(broken.to_string().starts_with("line 2 of "), "{broken}");

        for (text, wanted) in [
            ("", "is no recording"),
            ("{}", "is no recording"),
            ("{\"format\":\"cachectl top\",\"version\":2}", "version 2"),
        ] {
            fs::write(&path, text).expect("written");
            let failure = Player::open(&path).err().expect("not ours");
            assert!(failure.to_string().contains(wanted), "{failure}");
        }
        let missing = folder.path().join("none");
        assert_eq!(Player::open(&missing).err().expect("none").status(), 2);
    }
}
