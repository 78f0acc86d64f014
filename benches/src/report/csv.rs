//! The report as lines of fields separated by commas, for spreadsheets.

use std::fmt::Write;

use super::{Phase, Report};

/// A column: its name, and its field of a phase, empty where there is none.
type Column = (&'static str, fn(&Phase) -> String);

const COLUMNS: &[Column] = &[
    ("phase", |p| p.phase.name().to_owned()),
    ("seconds", |p| p.seconds.to_string()),
    ("rate_asked", |p| field(p.rate_asked)),
    ("rate_kept", |p| field(p.rate_kept)),
    ("rate", |p| p.rate.to_string()),
    ("requests", |p| p.requests.to_string()),
    ("keys_read", |p| p.keys_read.to_string()),
    ("hits", |p| p.hits.to_string()),
    ("hit_ratio", |p| field(p.hit_ratio)),
    ("not_found", |p| p.not_found.to_string()),
    ("refills", |p| p.refills.to_string()),
    ("resumed", |p| field(p.resumed)),
    ("bytes_sent", |p| p.bytes_sent.to_string()),
    ("bytes_received", |p| p.bytes_received.to_string()),
    ("errors", |p| p.errors.total().to_string()),
    ("wrong_values", |p| p.errors.wrong_values.to_string()),
    ("verified", |p| p.verified.to_string()),
    ("overdue", |p| p.overdue.to_string()),
    ("min_ns", |p| p.latency.min_ns.to_string()),
    ("mean_ns", |p| p.latency.mean_ns.to_string()),
    ("p50_ns", |p| p.latency.p50_ns.to_string()),
    ("p90_ns", |p| p.latency.p90_ns.to_string()),
    ("p99_ns", |p| p.latency.p99_ns.to_string()),
    ("p999_ns", |p| p.latency.p999_ns.to_string()),
    ("p9999_ns", |p| p.latency.p9999_ns.to_string()),
    ("max_ns", |p| p.latency.max_ns.to_string()),
    ("server_cpu_ns_per_request", |p| {
        field(p.server.as_ref().map(|s| s.cpu_ns_per_request))
    }),
    ("server_cpu_user_ns", |p| {
        field(p.server.as_ref().map(|s| s.cpu_user_ns))
    }),
    ("server_cpu_system_ns", |p| {
        field(p.server.as_ref().map(|s| s.cpu_system_ns))
    }),
    ("server_memory_peak_bytes", |p| {
        field(p.server.as_ref().map(|s| s.memory_peak_bytes))
    }),
    ("server_memory_per_connection_bytes", |p| {
        field(
            p.server
                .as_ref()
                .and_then(|s| s.memory_per_connection_bytes),
        )
    }),
    ("server_system_calls_per_request", |p| {
        field(p.server.as_ref().and_then(|s| s.system_calls_per_request))
    }),
    ("server_instructions_per_request", |p| {
        field(p.server.as_ref().and_then(|s| s.instructions_per_request))
    }),
    ("server_instructions_source", |p| {
        let source = p
            .server
            .as_ref()
            .and_then(|s| s.instructions_source.as_ref());
        // A comma would begin a field.
        field(source).replace(',', ";")
    }),
    ("generator_cpu_ns_per_request", |p| {
        p.generator_cpu_ns_per_request.to_string()
    }),
];

fn field(number: Option<impl ToString>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

impl Report {
    /// A line of names, and one of fields for each phase.
    pub fn csv(&self) -> String {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let mut lines = names.join(",") + "\n";
        for phase in &self.phases {
            let fields: Vec<String> = COLUMNS.iter().map(|(_, field)| field(phase)).collect();
            let _ = writeln!(lines, "{}", fields.join(","));
        }
        lines
    }
}
