//! The configuration in effect, printed as a file that says the same.

use std::fmt::Write;

use super::table::SETTINGS;
use super::{Draft, Origin};

/// Columns of the printed help, beside the mark of a comment.
const WIDTH: usize = 76;

const HEADER: &str = "\
# Configuration of cached; cached.toml(5) describes it.
# A setting behind a '#' stands at its default.
";

/// Every setting with its help. Defaults are commented out; other values say where they are from.
pub(super) fn effective(draft: &Draft) -> String {
    let mut page = HEADER.to_owned();
    let mut current = "";
    for (setting, origin) in SETTINGS.iter().zip(&draft.origins) {
        let (section, key) = setting.path();
        if section != current {
            current = section;
            let _ = write!(page, "\n[{section}]\n");
        }
        page.push('\n');
        comment(&mut page, setting.help);
        let value = (setting.get)(&draft.config).to_toml();
        let _ = match origin {
            Origin::Default => writeln!(page, "#{key} = {value}"),
            Origin::Flag => writeln!(page, "{key} = {value}  # --{}", setting.flag.long),
            Origin::File { path, line } => {
                writeln!(page, "{key} = {value}  # {}:{line}", path.display())
            }
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
