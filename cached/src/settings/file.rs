//! The configuration file: TOML, read against the table.

use std::fs;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::setting::Setting;
use super::table::SETTINGS;
use super::{Effective, Origin, UsageError};

/// Below this likeness (Jaro-Winkler, 0 to 1) a known name is no help to who mistyped another.
const ALIKE: f64 = 0.7;

/// Reads the file at `path` into `effective`. Whatever the table does not know is refused.
pub(super) fn read(path: &Path, effective: &mut Effective) -> Result<(), UsageError> {
    let text = fs::read_to_string(path)
        .map_err(|error| UsageError(format!("cannot read {}: {error}", path.display())))?;
    let source = Source { path, text: &text };
    let document = DeTable::parse(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        source.refuse(start, &error.message().replace('\n', ", "))
    })?;
    for (section, keys) in document.get_ref() {
        read_section(&source, section, keys, effective)?;
    }
    Ok(())
}

fn read_section(
    source: &Source<'_>,
    section: &Spanned<DeString<'_>>,
    content: &Spanned<DeValue<'_>>,
    effective: &mut Effective,
) -> Result<(), UsageError> {
    let (at, name) = (section.span().start, section.get_ref());
    let DeValue::Table(keys) = content.get_ref() else {
        let hint = nearest(name, |setting| setting.path().1, |setting| setting.key);
        return Err(source.refuse(at, &format!("{name}: a key must stand in a section{hint}")));
    };
    if !SETTINGS.iter().any(|setting| setting.path().0 == name) {
        let hint = nearest(name, |setting| setting.path().0, |setting| setting.path().0);
        return Err(source.refuse(at, &format!("{name}: unknown section{hint}")));
    }
    for (key, value) in keys {
        let at = key.span().start;
        let full = format!("{name}.{}", key.get_ref());
        let Some(row) = SETTINGS.iter().position(|setting| setting.key == full) else {
            let hint = nearest(&full, |setting| setting.key, |setting| setting.key);
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

/// "; did you mean ...?" with what `show` makes of the setting whose `part` is most like `name`.
fn nearest(
    name: &str,
    part: fn(&Setting) -> &'static str,
    show: fn(&Setting) -> &'static str,
) -> String {
    SETTINGS
        .iter()
        .map(|setting| (strsim::jaro_winkler(name, part(setting)), setting))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, setting)| format!("; did you mean {}?", show(setting)))
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
