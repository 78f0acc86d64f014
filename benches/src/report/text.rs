//! The report for people, at most 80 columns wide.

use std::fmt;

use super::{Errors, KEPT_MIN, Latency, Phase, Report, ServerUsage};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scenario = &self.scenario;
        writeln!(
            f,
            "{}: {}, connections {}, threads {}, pipeline {}",
            self.target,
            scenario.protocol,
            scenario.connections,
            scenario.threads,
            scenario.pipeline
        )?;
        writeln!(
            f,
            "{} keys of {} bytes ({}), values of {} bytes, seed {}",
            scenario.keys,
            scenario.key_size,
            scenario.popularity,
            scenario.value_size,
            scenario.seed
        )?;
        if scenario.verify {
            writeln!(
                f,
                "each connection has keys of its own, as popular as their neighbours"
            )?;
        }
        for phase in &self.phases {
            write!(f, "\n{phase}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.phase.name();
        writeln!(
            f,
            "{name:<10} {} requests in {:.3} s, {:.1} a second",
            self.requests, self.seconds, self.rate
        )?;
        if let (Some(asked), Some(kept)) = (self.rate_asked, self.rate_kept) {
            writeln!(
                f,
                "rate       {asked} a second were asked for, {kept:.1} were kept ({:+.2} %)",
                100.0 * (kept / asked - 1.0)
            )?;
            if kept < KEPT_MIN * asked {
                writeln!(
                    f,
                    "           the rate was not kept: compare it with no other"
                )?;
            }
        }
        let shares: Vec<String> = self
            .operations
            .iter()
            .map(|(name, count)| format!("{name} {}", percent(*count, self.requests)))
            .collect();
        writeln!(f, "operations {}", shares.join(", "))?;
        if self.keys_read > 0 {
            write!(f, "hits       {} of ", percent(self.hits, self.keys_read))?;
            write!(f, "{} keys read", self.keys_read)?;
            if self.refills > 0 {
                write!(f, ", {} refilled", self.refills)?;
            }
            writeln!(f)?;
        }
        if let Some(resumed) = self.resumed {
            let resumed = percent(resumed, self.requests);
            writeln!(f, "handshakes {resumed} resumed an earlier session")?;
        }
        if self.not_found > 0 {
            writeln!(f, "not found  {} deletes and incrs", self.not_found)?;
        }
        writeln!(
            f,
            "traffic    {}/s sent, {}/s received",
            bytes(self.bytes_sent as f64 / self.seconds),
            bytes(self.bytes_received as f64 / self.seconds)
        )?;
        writeln!(
            f,
            "latency  {:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
            "min", "mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"
        )?;
        latency(f, "all", &self.latency)?;
        if self.latency_by_operation.len() > 1 {
            for (name, of_operation) in &self.latency_by_operation {
                latency(f, name, of_operation)?;
            }
        }
        if self.overdue > 0 {
            writeln!(f, "overdue    {} at the end", self.overdue)?;
        }
        if let Some(server) = &self.server {
            usage(f, server)?;
        }
        writeln!(
            f,
            "generator  {:.0} ns of CPU time a request",
            self.generator_cpu_ns_per_request
        )?;
        if self.verified > 0 {
            writeln!(f, "verified   {} values", self.verified)?;
        }
        errors(f, &self.errors)
    }
}

fn latency(f: &mut fmt::Formatter<'_>, name: &str, latency: &Latency) -> fmt::Result {
    write!(f, "  {name:<8}")?;
    for ns in [
        latency.min_ns,
        latency.mean_ns as u64,
        latency.p50_ns,
        latency.p90_ns,
        latency.p99_ns,
        latency.p999_ns,
        latency.p9999_ns,
        latency.max_ns,
    ] {
        write!(f, " {:>7}", time(ns))?;
    }
    writeln!(f)
}

fn usage(f: &mut fmt::Formatter<'_>, server: &ServerUsage) -> fmt::Result {
    let user = server.cpu_user_ns as f64;
    let both = (server.cpu_user_ns + server.cpu_system_ns).max(1) as f64;
    writeln!(
        f,
        "server     {:.0} ns of CPU time a request, {:.0} % of it in user mode",
        server.cpu_ns_per_request,
        100.0 * user / both
    )?;
    let peak = bytes(server.memory_peak_bytes as f64);
    writeln!(f, "           {peak} of memory at most")?;
    if let Some(each) = server.memory_per_connection_bytes {
        writeln!(f, "           {} of it for each connection", bytes(each))?;
    }
    if let Some(calls) = server.system_calls_per_request {
        writeln!(f, "           {calls:.3} system calls a request")?;
    }
    if let Some(instructions) = server.instructions_per_request {
        writeln!(f, "           {instructions:.0} instructions a request")?;
    }
    if let Some(source) = &server.instructions_source {
        writeln!(f, "           (by {source})")?;
    }
    Ok(())
}

fn errors(f: &mut fmt::Formatter<'_>, errors: &Errors) -> fmt::Result {
    let counts: Vec<String> = [
        ("error replies", errors.replies),
        ("nonsense", errors.nonsense),
        ("connections", errors.connections),
        ("timeouts", errors.timeouts),
        ("requests lost", errors.lost),
        ("wrong values", errors.wrong_values),
    ]
    .iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| format!("{name} {count}"))
    .collect();
    if counts.is_empty() {
        return writeln!(f, "errors     none");
    }
    writeln!(f, "errors     {}", counts.join(", "))?;
    for sentence in &errors.first {
        writeln!(f, "           {sentence:.69}")?;
    }
    Ok(())
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// Three figures and a unit.
fn time(ns: u64) -> String {
    let ns = ns as f64;
    [("ns", 1.0), ("us", 1e3), ("ms", 1e6)]
        .iter()
        .find(|(_, unit)| ns < 999.5 * unit)
        .map_or_else(
            || figures(ns / 1e9, "s"),
            |(name, unit)| figures(ns / unit, name),
        )
}

fn bytes(count: f64) -> String {
    let (mut count, mut unit) = (count, "B");
    for larger in ["KiB", "MiB", "GiB"] {
        if count < 1000.0 {
            break;
        }
        (count, unit) = (count / 1024.0, larger);
    }
    figures(count, &format!(" {unit}"))
}

fn figures(number: f64, unit: &str) -> String {
    let decimals = match number {
        n if n < 9.995 => 2,
        n if n < 99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_would_be_wider_than_its_column() {
        let mut ns = 1;
        while ns < 1_000_000_000_000 {
            for ns in [ns - 1, ns, ns + 1] {
                assert!(time(ns).len() <= 7, "{}", time(ns));
            }
            ns *= 10;
        }
        assert_eq!(time(999_499), "999us");
        assert_eq!(time(999_500), "1.00ms");
        assert_eq!(time(1_234_567), "1.23ms");
        assert_eq!(bytes(1536.0), "1.50 KiB");
    }
}
