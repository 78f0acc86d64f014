//! The rows of `stats settings`: memcached's keys for what cached has.

use super::Stats;

/// A row's name, and how its value is read.
type StatSetting = (&'static str, fn(&Stats) -> String);

/// Every row, in memcached's order.
pub(super) const STAT_SETTINGS: &[StatSetting] = &[
    ("maxbytes", |s| s.config.memory.to_string()),
    ("maxconns", |s| s.config.max_connections.to_string()),
    ("tcpport", |s| {
        if s.config.listen.is_empty() {
            0
        } else {
            s.config.port
        }
        .to_string()
    }),
    ("udpport", |_| "0".to_owned()),
    ("inter", |s| {
        let hosts: Vec<_> = s.config.listen.iter().map(ToString::to_string).collect();
        hosts.join(",")
    }),
    ("verbosity", |s| s.log.verbosity().to_string()),
    ("evictions", |s| {
        on_off(s.config.eviction != storage::Eviction::None)
    }),
    ("domain_socket", |s| match &s.config.unix_socket {
        Some(path) => path.display().to_string(),
        None => "NULL".to_owned(),
    }),
    ("umask", |s| format!("{:o}", s.config.unix_mode)),
    ("shutdown_command", |_| no()),
    ("num_threads", |s| s.config.workers().to_string()),
    ("detail_enabled", |_| no()),
    ("cas_enabled", |_| "yes".to_owned()),
    ("tcp_backlog", |s| s.config.backlog.to_string()),
    ("binding_protocol", |_| "ascii".to_owned()),
    ("auth_enabled_sasl", |_| no()),
    ("auth_enabled_ascii", |_| no()),
    ("item_size_max", |s| s.config.max_item_size.to_string()),
    ("maxconns_fast", |_| "yes".to_owned()),
    // With "yes", exporters ask for the settings of a crawler that there is not.
    ("lru_crawler", |_| no()),
    ("flush_enabled", |_| "yes".to_owned()),
    ("dump_enabled", |_| "yes".to_owned()),
    ("idle_timeout", |s| {
        s.config.idle_timeout.map_or(0, |t| t.as_secs()).to_string()
    }),
    ("track_sizes", |_| no()),
    ("ssl_enabled", |_| no()),
];

fn no() -> String {
    "no".to_owned()
}

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}
