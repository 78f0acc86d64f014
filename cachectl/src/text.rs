//! Rows as people read them.

use std::fmt::Write;

use net::admin::{Row, Value};

/// One line a row: name, value and unit, meaning. Numbers stand to the right of their column.
pub(crate) fn table(rows: &[Row<'_>]) -> String {
    let cells: Vec<_> = rows
        .iter()
        .map(|row| (row, row.value.to_string()))
        .collect();
    let width = |of: fn(&(&Row<'_>, String)) -> usize| cells.iter().map(of).max().unwrap_or(0);
    let names = width(|(row, _)| row.name.chars().count());
    let values = width(|(_, value)| value.chars().count());
    let units = width(|(row, _)| row.unit.chars().count());
    let mut table = String::new();
    for (row, value) in &cells {
        let value = match row.value {
            Value::Text(_) => format!("{value:<values$}"),
            _ => format!("{value:>values$}"),
        };
        let line = format!(
            "{:<names$}  {value}  {:<units$}  {}",
            row.name, row.unit, row.help
        );
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A line of headings, and a line for each of `rows`, cell under cell.
pub(crate) fn columns(head: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let headings = head.iter().map(|(heading, _)| (*heading).to_owned());
    let headings: Vec<_> = headings.collect();
    let lines = || std::iter::once(&headings).chain(rows);
    let width = |column: usize| {
        let cells = lines().filter_map(|cells| cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let mut table = String::new();
    for cells in lines() {
        let mut line = String::new();
        for ((cell, width), (_, side)) in cells.iter().zip(&widths).zip(head) {
            // Writing to a String cannot fail.
            let _ = match side {
                Side::Left => write!(line, "{cell:<width$}  "),
                Side::Right => write!(line, "{cell:>width$}  "),
            };
        }
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

/// The values alone, one a line.
pub(crate) fn values(rows: &[Row<'_>]) -> String {
    let mut lines = String::new();
    for row in rows {
        let _ = writeln!(lines, "{}", row.value);
    }
    lines
}

#[cfg(test)]
mod tests {
    use net::admin::Kind;

    use super::*;

    fn row(
        name: &'static str,
        value: Value<'static>,
        unit: &'static str,
        help: &'static str,
    ) -> Row<'static> {
        Row {
            name: name.into(),
            kind: Kind::Gauge,
            unit: unit.into(),
            value,
            help: help.into(),
        }
    }

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let rows = [
            row(
                "bytes",
                Value::Number(1_048_576),
                "bytes",
                "size of the items",
            ),
            row("threads", Value::Number(2), "", ""),
            row("version", "0.1.0".into(), "", "version of cached"),
        ];
        assert_eq!(
            table(&rows),
            "bytes    1048576  bytes  size of the items\n\
             threads        2\n\
             version  0.1.0           version of cached\n"
        );
        assert_eq!(values(&rows[2..]), "0.1.0\n");
        assert_eq!(table(&[]), "");
    }
}
