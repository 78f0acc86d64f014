//! A table: filtered, sorted, scrolled and drawn, whatever it is of.

use std::borrow::Cow;
use std::cmp::Ordering;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::look::{Look, Mark};
use super::panel::{Pair, behind, draw_bar, heading, put};
use super::screens::Scene;
use crate::figure::Figure;

/// The most that a column of bars takes.
const BAR_WIDTH: usize = 40;

/// The rows of a table, and what they mean.
pub(crate) struct Listing<'a> {
    /// What the rows are.
    pub(crate) title: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row<'a>>,
    /// The column that it is sorted by at first, and whether the largest is above; `None`: as the
    /// rows came.
    pub(crate) order: Option<Order>,
    /// One looks at its end, until one moves.
    pub(crate) tail: bool,
    /// What is said where there are no rows.
    pub(crate) empty: Cow<'a, str>,
    /// What more there is to tell of the row with this id.
    pub(crate) detail: fn(&Scene<'_>, &str) -> Vec<Pair>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Where columns do not fit, those with the highest number are left out. 0 always stays.
    pub(crate) priority: u8,
    /// It takes the room that the others leave.
    pub(crate) grows: bool,
}

/// One of the things listed.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// Which it is, from one answer to the next.
    pub(crate) id: Cow<'a, str>,
    /// A cell for each column.
    pub(crate) cells: Vec<Cell<'a>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Cell<'a> {
    pub(crate) figure: Figure<'a>,
    pub(crate) mark: Mark,
    /// Drawn instead of the figure, if there is one: shares of the column's width.
    pub(crate) bar: Vec<f64>,
}

/// By what a table is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

/// How somebody looks at a table. It is kept while other screens are shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {
    /// The row one is at. It is followed wherever it goes.
    pub(crate) selected: Option<String>,
    /// Where that was last, for when it is gone.
    pub(crate) position: usize,
    /// Instead of the table's own.
    pub(crate) order: Option<Order>,
    /// Only rows that hold this are shown, whatever the case.
    pub(crate) filter: String,
}

impl<'a> From<Figure<'a>> for Cell<'a> {
    fn from(figure: Figure<'a>) -> Cell<'a> {
        Cell {
            figure,
            ..Cell::default()
        }
    }
}

impl Cell<'_> {
    /// A bar of these parts, each of 1. It is sorted by their sum.
    pub(crate) fn bar(parts: Vec<f64>) -> Self {
        Cell {
            figure: Figure::Share(parts.iter().sum()),
            bar: parts,
            ..Cell::default()
        }
    }

    /// Figures stand to the right, so that their digits stand below each other.
    fn stands_right(&self) -> bool {
        self.bar.is_empty() && !matches!(self.figure, Figure::Nothing | Figure::Text(_))
    }

    fn draw(&self, text: &str, place: Rect, look: Look, buffer: &mut Buffer) {
        let style = look.of(self.mark);
        if !self.bar.is_empty() {
            draw_bar(&self.bar, place, look, buffer);
        } else if self.stands_right() {
            put_right(buffer, place, text, style, look);
        } else {
            put(buffer, place, text, style, look);
        }
    }
}

impl Column {
    pub(crate) const fn new(title: &'static str, priority: u8) -> Column {
        Column {
            title,
            priority,
            grows: false,
        }
    }

    pub(crate) const fn growing(title: &'static str) -> Column {
        Column {
            title,
            priority: 0,
            grows: true,
        }
    }
}

impl Listing<'_> {
    /// The rows that are shown, in their order.
    pub(crate) fn shown(&self, sight: &Sight) -> Vec<&Row<'_>> {
        let wanted = sight.filter.to_lowercase();
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter(|row| wanted.is_empty() || row.holds(&wanted))
            .collect();
        if let Some(order) = self.order(sight) {
            rows.sort_by(|a, b| compare(a, b, order));
        }
        rows
    }

    /// By what it is sorted.
    pub(crate) fn order(&self, sight: &Sight) -> Option<Order> {
        let order = sight.order.or(self.order)?;
        (order.column < self.columns.len()).then_some(order)
    }

    /// Which of the rows `shown` one is at.
    pub(crate) fn position(&self, sight: &Sight, shown: &[&Row<'_>]) -> usize {
        let last = shown.len().saturating_sub(1);
        match &sight.selected {
            Some(id) => {
                let found = shown.iter().position(|row| row.id == *id);
                found.unwrap_or(sight.position).min(last)
            }
            None if self.tail => last,
            None => 0,
        }
    }

    /// Draws it in `area`; returns where the row is that one is at.
    pub(crate) fn draw(
        &self,
        title: &str,
        sight: &Sight,
        area: Rect,
        look: Look,
        buffer: &mut Buffer,
    ) -> Option<(u16, u16)> {
        if area.is_empty() {
            return None;
        }
        let shown = self.shown(sight);
        let headline = self.headline(shown.len(), sight);
        heading(title, &headline, "", area, look, buffer);
        let head = below(area, 1);
        if shown.is_empty() {
            let why = if sight.filter.is_empty() {
                &self.empty
            } else {
                "nothing holds what is filtered for; Esc ends the filter"
            };
            put(buffer, head, why, look.of(Mark::Plain), look);
            return None;
        }
        let body = below(area, 2);
        let position = self.position(sight, &shown);
        let height = usize::from(body.height);
        // The row one is at stays in the middle, so that what is around it is seen.
        let first = position.saturating_sub(height / 2);
        let first = first.min(shown.len().saturating_sub(height));
        let shown: Vec<_> = shown.into_iter().skip(first).take(height).collect();
        let texts: Vec<Vec<String>> = shown.iter().map(|row| row.texts()).collect();
        let order = self.order(sight);
        let places = self.places(&texts, order, area.width);
        self.draw_head(&places, order, head, look, buffer);
        for (line, (row, texts)) in body.rows().zip(shown.iter().zip(&texts)) {
            for &(column, from, width) in &places {
                let place = Rect {
                    width,
                    ..behind(line, from)
                };
                let (Some(text), Some(cell)) = (texts.get(column), row.cells.get(column)) else {
                    continue;
                };
                cell.draw(text, place, look, buffer);
            }
        }
        let line = body.rows().nth(position - first)?;
        buffer.set_style(line, Look::selected());
        Some((line.x, line.y))
    }

    fn headline(&self, shown: usize, sight: &Sight) -> String {
        let all = self.rows.len();
        if sight.filter.is_empty() {
            format!("{all}")
        } else {
            format!("{shown} of {all} hold \"{}\"", sight.filter)
        }
    }

    fn draw_head(
        &self,
        places: &[(usize, u16, u16)],
        order: Option<Order>,
        head: Rect,
        look: Look,
        buffer: &mut Buffer,
    ) {
        for &(number, from, width) in places {
            let Some(column) = self.columns.get(number) else {
                continue;
            };
            let place = Rect {
                width,
                ..behind(head, from)
            };
            let sorted = order.filter(|order| order.column == number);
            let sign = sorted.map_or("", |order| look.order(order.descending));
            let title = format!("{}{sign}", column.title);
            let mut cells = self.rows.iter().filter_map(|row| row.cells.get(number));
            if cells.any(Cell::stands_right) {
                put_right(buffer, place, &title, Look::title(), look);
            } else {
                put(buffer, place, &title, Look::title(), look);
            }
        }
    }

    fn has_bars(&self, column: usize) -> bool {
        let first = self.rows.first().and_then(|row| row.cells.get(column));
        first.is_some_and(|cell| !cell.bar.is_empty())
    }

    /// Which columns fit into `width`: each with where it begins and how wide it is.
    fn places(
        &self,
        texts: &[Vec<String>],
        order: Option<Order>,
        width: u16,
    ) -> Vec<(usize, u16, u16)> {
        const BETWEEN: u16 = 2;
        let wanted = |number: usize, column: &Column| {
            let sorted = order.is_some_and(|order| order.column == number);
            let title = column.title.width() + usize::from(sorted);
            let cells = texts.iter().filter_map(|row| row.get(number));
            let widest = if self.has_bars(number) {
                Some(BAR_WIDTH)
            } else {
                cells.map(|text| text.width()).max()
            };
            (widest.unwrap_or(0).max(title)).min(usize::from(u16::MAX)) as u16
        };
        // What a growing column must have at least, so that it says anything.
        let least = |number: usize, column: &Column, wanted: u16| {
            let least = if self.has_bars(number) { 12 } else { 24 };
            if column.grows {
                wanted.min(least)
            } else {
                wanted
            }
        };
        let mut kept: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(number, column)| (number, column, wanted(number, column)))
            .collect();
        let taken = |kept: &[(usize, &Column, u16)]| -> u32 {
            let widths = kept
                .iter()
                .map(|(number, column, wanted)| least(*number, column, *wanted) + BETWEEN);
            widths
                .map(u32::from)
                .sum::<u32>()
                .saturating_sub(BETWEEN.into())
        };
        while taken(&kept) > width.into() {
            let least_important = kept
                .iter()
                .map(|(_, column, _)| column.priority)
                .max()
                .unwrap_or(0);
            if least_important == 0 {
                break;
            }
            let last = kept
                .iter()
                .rposition(|(_, column, _)| column.priority == least_important);
            last.map(|last| kept.remove(last));
        }
        let growing = kept.iter().filter(|(_, column, _)| column.grows).count() as u32;
        let spare = u32::from(width).saturating_sub(taken(&kept)) / growing.max(1);
        let mut from = 0;
        kept.into_iter()
            .map(|(number, column, wanted)| {
                let mut own = least(number, column, wanted);
                if column.grows {
                    own += (spare as u16).min(wanted - own);
                }
                let place = (number, from, own);
                from += own + BETWEEN;
                place
            })
            .collect()
    }
}

impl Row<'_> {
    fn figure(&self, column: usize) -> Option<&Figure<'_>> {
        let figure = &self.cells.get(column)?.figure;
        (*figure != Figure::Nothing).then_some(figure)
    }

    fn texts(&self) -> Vec<String> {
        let text = |cell: &Cell<'_>| format!("{}{}", cell.mark.sign(), cell.figure);
        self.cells.iter().map(text).collect()
    }

    fn holds(&self, wanted: &str) -> bool {
        let mut texts = self.texts().into_iter();
        texts.any(|text| text.to_lowercase().contains(wanted))
    }
}

/// Rows without a figure come last either way, and equal ones by their ids.
fn compare(a: &Row<'_>, b: &Row<'_>, order: Order) -> Ordering {
    let by_figure = match (a.figure(order.column), b.figure(order.column)) {
        (Some(a), Some(b)) => {
            let ascending = compare_figures(a, b);
            if order.descending {
                ascending.reverse()
            } else {
                ascending
            }
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    by_figure.then_with(|| a.id.len().cmp(&b.id.len()).then(a.id.cmp(&b.id)))
}

fn compare_figures(a: &Figure<'_>, b: &Figure<'_>) -> Ordering {
    match (a, b) {
        (Figure::Text(a), Figure::Text(b)) => a.cmp(b),
        _ => a.number().total_cmp(&b.number()),
    }
}

fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// As [`put`], at the right end.
fn put_right(
    buffer: &mut Buffer,
    area: Rect,
    text: &str,
    style: ratatui::style::Style,
    look: Look,
) {
    let free = area.width.saturating_sub(text.width() as u16);
    put(buffer, behind(area, free), text, style, look);
}
