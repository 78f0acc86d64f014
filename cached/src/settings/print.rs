//! The configuration in effect, printed as a file that says the same.

use std::fmt::Write;

use super::Effective;
use super::table::SETTINGS;

/// Columns of the printed help, beside the mark of a comment.
const WIDTH: usize = 76;

const HEADER: &str = "\
# Configuration of cached; cached.toml(5) describes it.
# A setting behind a '#' stands at its default.
# A line ahead of all sections, as in include = \"conf.d\", adds the files of a folder.
";

/// Every setting with its help. Defaults are commented out; other values say where they are from.
pub(super) fn effective(effective: &Effective) -> String {
    let mut page = HEADER.to_owned();
    let mut current = "";
    for (row, setting) in SETTINGS.iter().enumerate() {
        let (section, key) = setting.path();
        if section != current {
            current = section;
            let _ = write!(page, "\n[{section}]\n");
        }
        page.push('\n');
        comment(&mut page, setting.help);
        let value = (setting.get)(&effective.config).to_toml();
        let _ = match effective.source(row) {
            None => writeln!(page, "#{key} = {value}"),
            Some(source) => writeln!(page, "{key} = {value}  # {source}"),
        };
    }
    page
}

/// Appends `text` as comment lines.
fn comment(page: &mut String, text: &str) {
    for line in wrap(text, WIDTH) {
        let _ = writeln!(page, "# {line}");
    }
}

/// Breaks `text` into lines of at most `width` columns, if no word is longer.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            if line.len() + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
            } else {
                line.push(' ');
            }
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}
