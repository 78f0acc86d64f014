//! The same rows of several nodes: a column each, and their sum where it says something.

use std::collections::HashSet;

use net::admin::{Kind, Row, Value};

use crate::report::{Lookup, Report};

/// Gauges that say something of one node only, though they are whole numbers or sizes.
const OF_ONE: &[&str] = &["pid", "libevent", "hash_power_level", "segment_bytes"];

/// A line a row, in the order of the first node that has it, under the names of the nodes.
pub(super) fn table(nodes: &[(String, &Report)]) -> String {
    let heads = nodes.iter().map(|(place, _)| place.clone());
    let head = ["name".to_owned()].into_iter().chain(heads);
    let mut lines: Vec<Vec<String>> = vec![head.chain(["sum".to_owned()]).collect()];
    let mut seen = HashSet::new();
    for (_, report) in nodes {
        for row in report.rows() {
            if seen.insert(&row.name) {
                lines.push(line(row, nodes));
            }
        }
    }
    columns(&lines)
}

fn line(first: &Row<'_>, nodes: &[(String, &Report)]) -> Vec<String> {
    let values: Vec<_> = nodes
        .iter()
        .map(|(_, report)| report.row(&first.name).map(|row| &row.value))
        .collect();
    let shown = values
        .iter()
        .map(|value| value.map_or("-".to_owned(), Value::to_string));
    let sum = is_summed(first).then(|| sum(&values)).flatten();
    let sum = sum.as_ref().map_or(String::new(), Value::to_string);
    [first.name.to_string()]
        .into_iter()
        .chain(shown)
        .chain([sum])
        .collect()
}

/// Whether the sum over nodes means something: of what is counted, and of how many or how large,
/// but not of times, ratios and settings.
fn is_summed(row: &Row<'_>) -> bool {
    let is_amount = matches!(row.value, Value::Number(_)) && matches!(&*row.unit, "" | "bytes");
    match row.kind {
        Kind::Counter => true,
        Kind::Gauge => is_amount && !OF_ONE.contains(&&*row.name),
        Kind::Text | Kind::Unknown => false,
    }
}

fn sum(values: &[Option<&Value<'static>>]) -> Option<Value<'static>> {
    let mut sum = Value::Number(0);
    for value in values.iter().flatten() {
        sum = match (sum, value) {
            (Value::Number(sum), Value::Number(number)) => {
                Value::Number(sum.saturating_add(*number))
            }
            (Value::Number(sum), Value::Real(real)) => Value::Real(sum as f64 + real),
            (Value::Real(sum), Value::Number(number)) => Value::Real(sum + *number as f64),
            (Value::Real(sum), Value::Real(real)) => Value::Real(sum + real),
            _ => return None,
        };
    }
    Some(sum)
}

/// The first column to the left, the others to the right.
fn columns(lines: &[Vec<String>]) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..count).map(width).collect();
    let shown = lines.iter().map(|line| {
        let cells =
            line.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                });
        format!("{}\n", cells.collect::<String>().trim_end())
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: &str) -> Report {
        let line = format!("{{\"rows\":[{rows}]}}");
        Report::parse(line.as_bytes())
            .expect("a document")
            .expect("rows")
    }

    #[test]
    fn a_sum_would_be_shown_of_what_has_none_or_a_node_under_another_one() {
        let one = report(
            r#"{"name":"pid","kind":"gauge","value":7},
               {"name":"uptime","kind":"gauge","unit":"seconds","value":60},
               {"name":"version","kind":"text","value":"1.6"},
               {"name":"gets","kind":"counter","value":5},
               {"name":"cpu","kind":"counter","unit":"seconds","value":1.5},
               {"name":"bytes","kind":"gauge","unit":"bytes","value":100}"#,
        );
        let two = report(
            r#"{"name":"gets","kind":"counter","value":18446744073709551615},
               {"name":"cpu","kind":"counter","unit":"seconds","value":2},
               {"name":"items","kind":"gauge","value":3}"#,
        );
        let nodes = [("a".to_owned(), &one), ("b.example:9999".to_owned(), &two)];
        assert_eq!(
            table(&nodes),
            "\
name            a        b.example:9999                   sum
pid             7                     -
uptime         60                     -
version       1.6                     -
gets            5  18446744073709551615  18446744073709551615
cpu      1.500000                     2              3.500000
bytes         100                     -                   100
items           -                     3                     3
"
        );
    }
}
