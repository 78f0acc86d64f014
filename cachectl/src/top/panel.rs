//! A part of a screen that shows a few figures, in the room there is for it.

use std::fmt;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::graph;
use super::look::{Look, Mark};
use crate::figure::Figure;

/// A title with what matters most beside it, and below it the rest. Where there is no room for
/// that, the title stands alone.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// The one figure to be read if there is only a line.
    pub(crate) headline: String,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Figures over time, one below another.
    Graphs(Vec<Graph>),
    Pairs(Vec<Pair>),
    Bars(Vec<Bar>),
    /// Sentences.
    Words(Vec<(Mark, String)>),
}

/// A figure over time.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// What it is, where a panel has several.
    pub(crate) label: String,
    pub(crate) points: Vec<Option<f64>>,
    /// Seconds from one to the next.
    pub(crate) step: f64,
    /// What its upper end stands for; not much more than the highest point shown, unless given.
    pub(crate) top: Option<f64>,
    /// How that is written.
    pub(crate) figure: fn(f64) -> Figure<'static>,
}

/// A name and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) mark: Mark,
}

/// Shares of a whole.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) label: String,
    /// Each of 1, and together at most 1; every one has a filling of its own, up to three.
    pub(crate) parts: Vec<f64>,
    /// What stands behind the bar.
    pub(crate) value: String,
}

impl Pair {
    pub(crate) fn new(name: impl Into<String>, value: impl fmt::Display) -> Pair {
        Pair {
            name: name.into(),
            value: value.to_string(),
            mark: Mark::Plain,
        }
    }
}

impl Panel {
    /// Lines that it would like to have, its title included. Graphs take more.
    pub(crate) fn height(&self) -> u16 {
        let body = match &self.body {
            Body::Graphs(graphs) => (3 * graphs.len()).max(4),
            Body::Pairs(pairs) => pairs.len(),
            Body::Bars(bars) => bars.len(),
            Body::Words(words) => words.len(),
        };
        u16::try_from(1 + body).unwrap_or(u16::MAX)
    }

    /// Draws it in `area`.
    pub(crate) fn draw(&self, area: Rect, look: Look, buffer: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let below = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let note = match &self.body {
            Body::Graphs(graphs) => match graphs.as_slice() {
                [graph] if !below.is_empty() => graph.scales(area.width.into()),
                _ => String::new(),
            },
            _ => String::new(),
        };
        heading(self.title, &self.headline, &note, area, look, buffer);
        match &self.body {
            Body::Graphs(graphs) => draw_graphs(graphs, below, look, buffer),
            Body::Pairs(pairs) => {
                draw_pairs(pairs, names_width(pairs, below), below, look, buffer);
            }
            Body::Bars(bars) => draw_bars(bars, below, look, buffer),
            Body::Words(words) => {
                for (row, (mark, words)) in below.rows().zip(words) {
                    let words = format!("{}{words}", mark.sign());
                    put(buffer, row, &words, look.of(*mark), look);
                }
            }
        }
    }
}

/// A line with a title, what belongs beside it, and a note at its end.
pub(crate) fn heading(
    title: &str,
    headline: &str,
    note: &str,
    area: Rect,
    look: Look,
    buffer: &mut Buffer,
) {
    let line = Rect { height: 1, ..area };
    for cell in line.positions() {
        if let Some(cell) = buffer.cell_mut(cell) {
            cell.set_symbol(look.rule()).set_style(look.of(Mark::Dim));
        }
    }
    let used = put(buffer, line, &format!("{title} "), Look::title(), look);
    let rest = behind(line, used);
    let used = if headline.is_empty() {
        0
    } else {
        put(
            buffer,
            rest,
            &format!("{headline} "),
            look.of(Mark::Plain),
            look,
        )
    };
    let rest = behind(rest, used);
    let note_width = note.width() as u16 + 1;
    if !note.is_empty() && note_width < rest.width {
        let end = behind(rest, rest.width - note_width);
        put(buffer, end, &format!(" {note}"), look.of(Mark::Dim), look);
    }
}

impl Graph {
    /// What its upper end stands for, in words.
    fn scale(&self, width: usize) -> String {
        let top = self.top(width);
        top.map_or(String::new(), |top| format!("top {}", (self.figure)(top)))
    }

    /// The same, and how far back it goes.
    fn scales(&self, width: usize) -> String {
        let reach = graph::reach(self.points.len(), width, self.step);
        format!(
            "{}, last {}",
            self.scale(width),
            Figure::Span(reach.round())
        )
    }

    fn top(&self, width: usize) -> Option<f64> {
        let highest = || graph::highest(&self.points, width).map(graph::rounded_up);
        self.top.or_else(highest)
    }

    fn draw(&self, area: Rect, look: Look, buffer: &mut Buffer) {
        let (width, height) = (area.width.into(), area.height.into());
        let top = self.top(width);
        let lines = graph::lines(&self.points, top.unwrap_or(0.0), width, height, look);
        for (row, line) in area.rows().zip(lines) {
            put(buffer, row, &line, look.data(), look);
        }
    }
}

fn draw_graphs(graphs: &[Graph], area: Rect, look: Look, buffer: &mut Buffer) {
    if let [graph] = graphs {
        return graph.draw(area, look, buffer);
    }
    let each = area.height / (graphs.len() as u16).max(1);
    if each == 0 {
        return;
    }
    let labels = graphs.iter().map(|graph| graph.label.width()).max();
    let gutter = (labels.unwrap_or(0) as u16 + 1).max(14).min(area.width / 2);
    for (number, graph) in graphs.iter().enumerate() {
        let place = Rect {
            y: area.y + number as u16 * each,
            height: each,
            ..area
        };
        let plot = behind(place, gutter);
        let scale = graph.scale(plot.width.into());
        let label = [(&graph.label, Mark::Plain), (&scale, Mark::Dim)];
        for (row, (text, mark)) in place.rows().zip(label) {
            let row = Rect {
                width: gutter.saturating_sub(1),
                ..row
            };
            put(buffer, row, text, look.of(mark), look);
        }
        graph.draw(plot, look, buffer);
    }
}

/// Columns for the names of pairs, and what separates them from the values.
pub(crate) fn names_width(pairs: &[Pair], area: Rect) -> u16 {
    const VALUE: u16 = 10;
    let names = pairs.iter().map(|pair| pair.name.width()).max();
    let most = area.width.saturating_sub(VALUE).max(area.width / 2);
    (names.unwrap_or(0) as u16 + 2).min(most)
}

/// Names at the left, in so many columns, values behind them.
pub(crate) fn draw_pairs(pairs: &[Pair], names: u16, area: Rect, look: Look, buffer: &mut Buffer) {
    for (row, pair) in area.rows().zip(pairs) {
        let name = Rect {
            width: names.saturating_sub(1),
            ..row
        };
        put(buffer, name, &pair.name, look.of(Mark::Dim), look);
        let value = format!("{}{}", pair.mark.sign(), pair.value);
        put(buffer, behind(row, names), &value, look.of(pair.mark), look);
    }
}

fn draw_bars(bars: &[Bar], area: Rect, look: Look, buffer: &mut Buffer) {
    let widest = |text: fn(&Bar) -> &String| bars.iter().map(|bar| text(bar).width()).max();
    let labels = (widest(|bar| &bar.label).unwrap_or(0) as u16 + 1).min(area.width / 3);
    let values = (widest(|bar| &bar.value).unwrap_or(0) as u16 + 1).min(area.width / 2);
    let length = area.width - labels - values;
    for (row, bar) in area.rows().zip(bars) {
        let label = Rect {
            width: labels.saturating_sub(1),
            ..row
        };
        put(buffer, label, &bar.label, look.of(Mark::Plain), look);
        let line = Rect {
            width: length,
            ..behind(row, labels)
        };
        draw_bar(&bar.parts, line, look, buffer);
        let value = behind(row, labels + length + 1);
        put(buffer, value, &bar.value, look.of(Mark::Plain), look);
    }
}

/// Draws shares of a line, one behind another.
pub(crate) fn draw_bar(parts: &[f64], line: Rect, look: Look, buffer: &mut Buffer) {
    let mut sum = 0.0;
    let mut from = 0;
    for (number, (part, filling)) in parts.iter().zip(look.fillings()).enumerate() {
        sum += part.max(0.0);
        let to = ((sum.min(1.0) * f64::from(line.width)).round() as u16).max(from);
        for x in from..to {
            if let Some(cell) = buffer.cell_mut((line.x + x, line.y)) {
                cell.set_symbol(filling).set_style(look.part(number));
            }
        }
        from = to;
    }
}

/// Writes what fits of `text`; returns the columns it takes.
pub(crate) fn put(
    buffer: &mut Buffer,
    area: Rect,
    text: &str,
    style: ratatui::style::Style,
    look: Look,
) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let shown = look.cut(text, area.width.into());
    let (end, _) = buffer.set_stringn(area.x, area.y, shown, area.width.into(), style);
    end - area.x
}

/// What is left of `area` behind its first columns.
pub(crate) fn behind(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect {
        x: area.x + columns,
        width: area.width - columns,
        ..area
    }
}
