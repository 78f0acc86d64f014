//! A comparison as a Markdown table.

use std::collections::BTreeSet;
use std::fmt;

use super::{CaseResult, Comparison, Paced, QuotientResult, Series, ServerResult};

/// Latencies that are farther from themselves than this are not comparable.
const LATENCY_SPREAD_MAX: f64 = 0.25;

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
        cell: |server| paced(server, |paced| cell(&paced.cpu_ns, 1.0)),
    },
    Column {
        head: "p50 us",
        cell: |server| paced(server, |paced| latency(paced, &paced.p50_ns)),
    },
    Column {
        head: "p99 us",
        cell: |server| paced(server, |paced| latency(paced, &paced.p99_ns)),
    },
    Column {
        head: "p99.9 us",
        cell: |server| paced(server, |paced| latency(paced, &paced.p999_ns)),
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
        self.quotients(f)?;
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

    /// At which rate latencies were measured.
    fn pace(&self) -> String {
        match self.part {
            Some(part) => format!(
                "at {:.0} % of the maximum of {}",
                100.0 * part,
                self.reference
            ),
            None => "at the rate that was asked for".to_owned(),
        }
    }

    /// How often one CPU time goes into another.
    fn quotients(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quotients.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "| CPU time for each request, flat out | ratio |\n|---|--:|"
        )?;
        for QuotientResult { quotient, series } in &self.quotients {
            let spread = 100.0 * series.spread.unwrap_or(f64::NAN);
            writeln!(f, "| {quotient} | {:.2} (±{spread:.0} %) |", series.median)?;
        }
        writeln!(f)
    }

    fn legend(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions: Vec<_> = self
            .servers()
            .filter_map(|s| Some(format!("{} is version {}", s.server, s.version.as_ref()?)))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if !versions.is_empty() {
            write!(f, "{}. ", versions.join(", "))?;
        }
        writeln!(
            f,
            "{}, Linux {}; servers on core {}, load on core {}. Medians of {} rounds in turn; in \
             parentheses the median of the ratios to {} in the same round, and for {} itself how \
             far it was from itself between one round and the next. Flat out: requests a second, \
             and CPU time of the server for each. Paced, {}: CPU time, and latencies counted from \
             the time a request was meant to be sent, a whole pipeline at a time. Latencies of \
             which the reference is more than 25 % from itself have no ratio: they are not \
             measurable here. Peak memory is the most since a server started, over the loads \
             above with values of that size.",
            self.processor,
            self.kernel,
            self.server_cpus,
            self.client_cpus,
            self.rounds,
            self.reference,
            self.reference,
            self.pace(),
        )?;
        if self.cores_are_shared {
            writeln!(
                f,
                "Servers and load share a core of the processor, and so slow each other down."
            )?;
        }
        if self
            .servers()
            .any(|s| s.paced.as_ref().is_some_and(|p| p.void))
        {
            writeln!(
                f,
                "Void: the rate was not kept in every round, so its latencies are none of that rate."
            )?;
        }
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
    if let Some(why) = &case.failed {
        let why = why.replace('|', "\\|").replace(['\r', '\n'], " ");
        return writeln!(
            f,
            "| {} | failed: {why} |{}",
            case.case,
            " |".repeat(columns.len())
        );
    }
    for (at, server) in case.servers.iter().enumerate() {
        let load = match case.rate {
            Some(rate) if at == 0 => format!("{}; paced {}/s", case.case, grouped(rate)),
            _ => String::new(),
        };
        let cells: Vec<_> = columns.iter().map(|column| (column.cell)(server)).collect();
        writeln!(f, "| {load} | {} | {} |", server.server, cells.join(" | "))?;
    }
    Ok(())
}

/// Nothing for a server that had no turns at the fixed rate.
fn paced(server: &ServerResult, cell: fn(&Paced) -> String) -> String {
    server.paced.as_ref().map_or_else(String::new, cell)
}

/// In microseconds; a ratio to something that is itself not measurable is none.
fn latency(paced: &Paced, series: &Series) -> String {
    if paced.void {
        return "void".to_owned();
    }
    let ratio = series.ratio.filter(|_| {
        series
            .reference_spread
            .is_some_and(|s| s <= LATENCY_SPREAD_MAX)
    });
    let is_lost = ratio.is_none() && series.ratio.is_some();
    let shown = Series {
        ratio,
        spread: series.spread.filter(|_| !is_lost),
        ..series.clone()
    };
    cell(&shown, 1e3)
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

    #[test]
    fn latencies_of_another_rate_would_be_compared() {
        let series = Series::new(vec![2e3, 2e3], Some(&[1e3, 1e3]));
        let paced = |void| Paced {
            rate_kept: series.clone(),
            void,
            cpu_ns: series.clone(),
            p50_ns: series.clone(),
            p99_ns: series.clone(),
            p999_ns: series.clone(),
        };
        assert_eq!(latency(&paced(false), &series), "2.0 (2.00)");
        assert_eq!(latency(&paced(true), &series), "void");
        // As it is where the reference did not keep the rate.
        let alone = Series {
            reference_spread: None,
            ..series.clone()
        };
        assert_eq!(latency(&paced(false), &alone), "2.0");
    }
}
