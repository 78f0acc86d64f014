//! How things look: signs and colours, as the terminal can show them.
//!
//! Nothing is said by a colour alone: each mark has a sign or a word beside it.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Signs beyond ASCII.
    pub(crate) unicode: bool,
    pub(crate) colour: bool,
}

/// What is to be thought of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// What stands out among others.
    Strong,
    /// To be looked at.
    Warn,
    /// To be mended.
    Bad,
}

impl Mark {
    /// What stands before a marked text.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Mark::Plain | Mark::Dim | Mark::Strong => "",
            Mark::Warn => "! ",
            Mark::Bad => "!! ",
        }
    }
}

/// Blue and orange of the colour cube differ for every kind of sight, on dark ground and on light.
const BLUE: Color = Color::Indexed(33);
const ORANGE: Color = Color::Indexed(208);
const RED: Color = Color::Indexed(202);
const GREY: Color = Color::Indexed(244);

impl Look {
    pub(crate) fn of(self, mark: Mark) -> Style {
        match mark {
            Mark::Plain => Style::new(),
            Mark::Dim => self.in_colour(GREY),
            Mark::Strong => Style::new().add_modifier(Modifier::BOLD),
            Mark::Warn => self.in_colour(ORANGE),
            Mark::Bad => self.in_colour(RED).add_modifier(Modifier::BOLD),
        }
    }

    /// Graphs and bars.
    pub(crate) fn data(self) -> Style {
        self.in_colour(BLUE)
    }

    /// The part of a bar with this number: its sign says the same.
    pub(crate) fn part(self, number: usize) -> Style {
        match number {
            0 => self.in_colour(BLUE),
            1 => self.in_colour(ORANGE),
            _ => self.in_colour(GREY),
        }
    }

    /// Headings.
    pub(crate) fn title() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Where one is.
    pub(crate) fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn in_colour(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// The sign that a line is drawn with.
    pub(crate) fn rule(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    /// What a frame is drawn with.
    pub(crate) fn frame(self) -> border::Set<'static> {
        const ASCII: border::Set<'static> = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        if self.unicode { border::PLAIN } else { ASCII }
    }

    /// What fills the parts of a bar, from the first on.
    pub(crate) fn fillings(self) -> [&'static str; 3] {
        if self.unicode {
            ["█", "▓", "░"]
        } else {
            ["#", "+", ":"]
        }
    }

    /// The order of a column.
    pub(crate) fn order(self, descending: bool) -> &'static str {
        match (self.unicode, descending) {
            (true, true) => "▼",
            (true, false) => "▲",
            (false, true) => "v",
            (false, false) => "^",
        }
    }

    /// `text` as it can be shown, in at most `width` columns.
    pub(crate) fn cut(self, text: &str, width: usize) -> String {
        let shown: String = text.chars().map(|c| self.shown(c)).collect();
        if shown.width() <= width {
            return shown;
        }
        let end = if self.unicode { '…' } else { '~' };
        let mut room = width;
        let mut cut: String = shown
            .chars()
            .take_while(|c| {
                let next = room.checked_sub(c.width().unwrap_or(0));
                let fits = next.is_some_and(|left| left >= 1);
                room = next.unwrap_or(0);
                fits
            })
            .collect();
        if width > 0 {
            cut.push(end);
        }
        cut
    }

    /// `text` in lines of at most `width` columns, broken at blanks where there are any.
    pub(crate) fn wrap(self, text: &str, width: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_inclusive(' ') {
            let word: String = word.chars().map(|c| self.shown(c)).collect();
            let used = lines.last().map_or(0, |line| line.width());
            if used > 0 && used + word.trim_end().width() > width {
                if let Some(full) = lines.last_mut() {
                    full.truncate(full.trim_end().len());
                }
                lines.push(String::new());
            }
            for c in word.chars() {
                let used = lines.last().map_or(0, |line| line.width());
                if c != ' ' && used > 0 && used + c.width().unwrap_or(0) > width {
                    lines.push(String::new());
                }
                if let Some(line) = lines.last_mut() {
                    line.push(c);
                }
            }
        }
        lines
    }

    fn shown(self, c: char) -> char {
        if c.is_control() {
            ' '
        } else if self.unicode || c.is_ascii() {
            c
        } else {
            '?'
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_text_would_lose_letters_or_be_too_wide() {
        let look = Look {
            unicode: true,
            colour: false,
        };
        for (text, width, wanted) in [
            ("", 4, vec![""]),
            ("one two", 9, vec!["one two"]),
            ("one two six", 7, vec!["one two", "six"]),
            ("abcdefgh ij", 4, vec!["abcd", "efgh", "ij"]),
            ("日本語", 3, vec!["日", "本", "語"]),
            ("ab", 0, vec!["a", "b"]),
        ] {
            assert_eq!(look.wrap(text, width), wanted, "{text}");
        }
    }

    #[test]
    fn a_cut_text_would_be_too_wide_or_not_plain() {
        let unicode = Look {
            unicode: true,
            colour: false,
        };
        let ascii = Look {
            unicode: false,
            ..unicode
        };
        for (look, text, width, wanted) in [
            (unicode, "overview", 8, "overview"),
            (unicode, "overview", 5, "over…"),
            (unicode, "日本語", 5, "日本…"),
            (unicode, "日本語", 4, "日…"),
            (unicode, "a\x1b[31m", 9, "a [31m"),
            (ascii, "häuser", 6, "h?user"),
            (ascii, "overview", 5, "over~"),
            (ascii, "ab", 1, "~"),
            (ascii, "ab", 0, ""),
        ] {
            assert_eq!(look.cut(text, width), wanted);
        }
    }
}
