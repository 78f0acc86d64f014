//! A comparison as a Markdown table.

use std::fmt;

use super::{CaseResult, Comparison, Series, ServerResult};

/// A column: its head, and what a server's cell says.
struct Column {
    head: &'static str,
    cell: fn(&ServerResult) -> String,
}

const COLUMNS: [Column; 7] = [
    Column {
        head: "requests/s",
        cell: |server| {
            let star = if server.was_idle { "\\*" } else { "" };
            format!("{}{star}", cell(&server.rate_max, 1.0))
        },
    },
    Column {
        head: "CPU ns",
        cell: |server| cell(&server.cpu_ns_max, 1.0),
    },
    Column {
        head: "CPU ns, paced",
        cell: |server| cell(&server.cpu_ns, 1.0),
    },
    Column {
        head: "p50 us",
        cell: |server| cell(&server.p50_ns, 1e3),
    },
    Column {
        head: "p99 us",
        cell: |server| cell(&server.p99_ns, 1e3),
    },
    Column {
        head: "p99.9 us",
        cell: |server| cell(&server.p999_ns, 1e3),
    },
    Column {
        head: "peak MiB",
        cell: |server| grouped(server.memory_peak_bytes as f64 / f64::from(1 << 20)),
    },
];

/// Columns that are there when they were asked for.
const OPTIONAL: [Column; 2] = [
    Column {
        head: "system calls",
        cell: |server| counted(server.system_calls_per_request),
    },
    Column {
        head: "instructions",
        cell: |server| counted(server.instructions_per_request),
    },
];

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        let heads: Vec<_> = columns.iter().map(|column| column.head).collect();
        writeln!(f, "| load | server | {} |", heads.join(" | "))?;
        writeln!(f, "|---|---|{}", "--:|".repeat(columns.len()))?;
        for case in &self.cases {
            case_rows(f, case, &columns)?;
        }
        writeln!(f)?;
        self.legend(f)
    }
}

impl Comparison {
    fn servers(&self) -> impl Iterator<Item = &ServerResult> {
        self.cases.iter().flat_map(|case| &case.servers)
    }

    fn columns(&self) -> Vec<&'static Column> {
        let asked = [
            self.servers().any(|s| s.system_calls_per_request.is_some()),
            self.servers().any(|s| s.instructions_per_request.is_some()),
        ];
        let optional = OPTIONAL.iter().zip(asked).filter(|(_, asked)| *asked);
        COLUMNS.iter().chain(optional.map(|(c, _)| c)).collect()
    }

    fn legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}, Linux {}; servers on core {}, load on core {}. Medians of {} rounds in turn; in \
             parentheses the median of the ratios to {} in the same round, and for {} itself how \
             far it was from itself between one round and the next. Flat out: requests a second, \
             and CPU time of the server for each. Paced, at {:.0} % of the maximum of {}: CPU \
             time, and latencies counted from the time a request was meant to be sent.",
            self.processor,
            self.kernel,
            self.server_cpus,
            self.client_cpus,
            self.rounds,
            self.reference,
            self.reference,
            100.0 * self.part,
            self.reference
        )?;
        if let Some(source) = self.servers().find_map(|s| s.instructions_source) {
            writeln!(f, "Instructions for each request: {source}.")?;
        }
        if self.servers().any(|s| s.system_calls_per_request.is_some()) {
            writeln!(f, "System calls for each request: flat out under strace.")?;
        }
        if self.servers().any(|server| server.was_idle) {
            writeln!(
                f,
                "\\* The server was not busy all the time: the load or the machine was the limit."
            )?;
        }
        for case in &self.cases {
            for server in &case.servers {
                if let Some(hits) = server.hit_ratio_min.filter(|hits| *hits < 1.0) {
                    let (name, load) = (&server.server, &case.case);
                    writeln!(f, "{name} found {:.2} % of the keys: {load}.", 100.0 * hits)?;
                }
            }
        }
        Ok(())
    }
}

fn case_rows(f: &mut fmt::Formatter<'_>, case: &CaseResult, columns: &[&Column]) -> fmt::Result {
    for (at, server) in case.servers.iter().enumerate() {
        let load = if at == 0 { case.case.as_str() } else { "" };
        let cells: Vec<_> = columns.iter().map(|column| (column.cell)(server)).collect();
        writeln!(f, "| {load} | {} | {} |", server.server, cells.join(" | "))?;
    }
    Ok(())
}

/// The median, and the ratio to the reference or the reference's own spread.
fn cell(series: &Series, unit: f64) -> String {
    let median = grouped(series.median / unit);
    match (series.ratio, series.spread) {
        (Some(ratio), _) => format!("{median} ({ratio:.2})"),
        (None, Some(spread)) => format!("{median} (±{:.0} %)", 100.0 * spread),
        (None, None) => median,
    }
}

fn counted(count: Option<f64>) -> String {
    count.map_or_else(String::new, |count| {
        if count < 100.0 {
            format!("{count:.2}")
        } else {
            grouped(count)
        }
    })
}

/// With commas between thousands; small figures keep a digit behind the point.
fn grouped(figure: f64) -> String {
    if !figure.is_finite() {
        return "-".to_owned();
    }
    if figure < 99.95 {
        return format!("{figure:.1}");
    }
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_would_be_misread() {
        assert_eq!(grouped(0.04), "0.0");
        assert_eq!(grouped(99.94), "99.9");
        assert_eq!(grouped(99.96), "100");
        assert_eq!(grouped(999.6), "1,000");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(f64::NAN), "-");
    }

    #[test]
    fn a_ratio_would_pass_for_a_spread() {
        let reference = [100.0, 100.0];
        let own = Series::new(vec![150.0, 150.0], Some(&reference));
        assert_eq!(cell(&own, 1.0), "150 (1.50)");
        let itself = Series::new(vec![100.0, 98.0], None);
        assert_eq!(cell(&itself, 1.0), "99.0 (±2 %)");
    }
}
