//! The configuration file: TOML, read against the table.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::table::SETTINGS;
use super::value::Kind;
use super::{Effective, Origin, UsageError};

/// Below this likeness (Jaro-Winkler, 0 to 1) a known name is no help to who mistyped another.
const ALIKE: f64 = 0.7;

/// The key, ahead of all sections, that names a folder of further files.
const INCLUDE: &str = "include";

/// What the file is that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Main,
    Included,
}

/// Reads the file at `path` into `effective`, and then those of the folder it includes, the later
/// before the earlier. Whatever the table does not know is refused.
pub(super) fn read(path: &Path, effective: &mut Effective) -> Result<(), UsageError> {
    for included in read_file(path, Part::Main, effective)? {
        read_file(&included, Part::Included, effective)?;
    }
    Ok(())
}

/// Reads one file. Returns those that it includes, in order.
fn read_file(
    path: &Path,
    part: Part,
    effective: &mut Effective,
) -> Result<Vec<PathBuf>, UsageError> {
    let text = fs::read_to_string(path)
        .map_err(|error| UsageError(format!("cannot read {}: {error}", path.display())))?;
    let source = Source { path, text: &text };
    let document = DeTable::parse(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        source.refuse(start, &error.message().replace('\n', ", "))
    })?;
    let mut included = Vec::new();
    for (section, content) in document.get_ref() {
        if section.get_ref() == INCLUDE && !matches!(content.get_ref(), DeValue::Table(_)) {
            let files = included_files(path, part, content.get_ref());
            included = files
                .map_err(|why| source.refuse(content.span().start, &format!("{INCLUDE}: {why}")))?;
        } else {
            read_section(&source, section, content, effective)?;
        }
    }
    Ok(included)
}

/// The files of the folder that `value` names in the file at `path`: `*.toml`, in the order of
/// their names. Hidden ones are an editor's.
fn included_files(path: &Path, part: Part, value: &DeValue<'_>) -> Result<Vec<PathBuf>, String> {
    if part == Part::Included {
        return Err("an included file cannot include others".to_owned());
    }
    let folder = Kind::Text.read_toml(value)?.text()?;
    if folder.is_empty() {
        return Ok(Vec::new());
    }
    let folder = path.parent().unwrap_or(path).join(folder);
    let cannot = |error| format!("cannot read {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.ends_with(b".toml") && !name.starts_with(b".") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_section(
    source: &Source<'_>,
    section: &Spanned<DeString<'_>>,
    content: &Spanned<DeValue<'_>>,
    effective: &mut Effective,
) -> Result<(), UsageError> {
    let (at, name) = (section.span().start, section.get_ref());
    let DeValue::Table(keys) = content.get_ref() else {
        let known = SETTINGS
            .iter()
            .map(|setting| (setting.path().1, setting.key));
        let hint = nearest(name, known.chain([(INCLUDE, INCLUDE)]));
        return Err(source.refuse(at, &format!("{name}: a key must stand in a section{hint}")));
    };
    let sections = SETTINGS.iter().map(|setting| setting.path().0);
    if !sections.clone().any(|section| section == name) {
        let hint = nearest(name, sections.map(|section| (section, section)));
        return Err(source.refuse(at, &format!("{name}: unknown section{hint}")));
    }
    for (key, value) in keys {
        let at = key.span().start;
        if key.get_ref() == INCLUDE {
            let message = format!("{name}.{INCLUDE}: {INCLUDE} must stand ahead of all sections");
            return Err(source.refuse(at, &message));
        }
        let full = format!("{name}.{}", key.get_ref());
        let Some(row) = SETTINGS.iter().position(|setting| setting.key == full) else {
            let keys = SETTINGS.iter().map(|setting| (setting.key, setting.key));
            let hint = nearest(&full, keys);
            return Err(source.refuse(at, &format!("{full}: unknown key{hint}")));
        };
        let origin = Origin::File {
            path: source.path.to_owned(),
            line: source.position(at).0,
        };
        SETTINGS[row]
            .kind
            .read_toml(value.get_ref())
            .and_then(|read| effective.set(row, read, origin))
            .map_err(|why| source.refuse(value.span().start, &format!("{full}: {why}")))?;
    }
    Ok(())
}

/// "; did you mean ...?" with the second of the pair whose first is most like `name`.
fn nearest(name: &str, known: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    known
        .map(|(like, meant)| (strsim::jaro_winkler(name, like), meant))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, meant)| format!("; did you mean {meant}?"))
        .unwrap_or_default()
}

/// The file being read, to say where in it something is wrong.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    /// Line and column, from 1, of the byte at `offset`.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (line, column)
    }

    fn refuse(&self, offset: usize, message: &str) -> UsageError {
        let (line, column) = self.position(offset);
        UsageError(format!(
            "{}:{line}:{column}: {message}",
            self.path.display()
        ))
    }
}
