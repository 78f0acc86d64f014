//! The rows of `stats settings`: memcached's keys for what cached has.

use std::path::PathBuf;

use net::tls::{ClientAuth, Version};

use super::Stats;
use crate::settings::{Config, Tls};

/// A row's name, and how its value is read.
type StatSetting = (&'static str, fn(&Stats, &Config) -> String);

/// Every row, in memcached's order.
pub(super) const STAT_SETTINGS: &[StatSetting] = &[
    ("maxbytes", |_, c| c.memory.to_string()),
    ("maxconns", |_, c| c.max_connections.to_string()),
    ("tcpport", |_, c| {
        if c.listen.is_empty() { 0 } else { c.port }.to_string()
    }),
    ("udpport", |_, _| "0".to_owned()),
    ("inter", |_, c| {
        let hosts: Vec<_> = c.listen.iter().map(ToString::to_string).collect();
        hosts.join(",")
    }),
    ("verbosity", |s, _| s.log.verbosity().to_string()),
    ("evictions", |_, c| {
        on_off(c.eviction != storage::Eviction::None)
    }),
    ("domain_socket", |_, c| match &c.unix_socket {
        Some(path) => path.display().to_string(),
        None => null(),
    }),
    ("umask", |_, c| format!("{:o}", c.unix_mode)),
    ("shutdown_command", |_, _| no()),
    ("num_threads", |_, c| c.workers().to_string()),
    ("detail_enabled", |_, _| no()),
    ("cas_enabled", |_, _| "yes".to_owned()),
    ("tcp_backlog", |_, c| c.backlog.to_string()),
    ("binding_protocol", |_, _| "ascii".to_owned()),
    ("auth_enabled_sasl", |_, _| no()),
    ("auth_enabled_ascii", |_, _| no()),
    ("item_size_max", |_, c| c.max_item_size.to_string()),
    ("maxconns_fast", |_, _| "yes".to_owned()),
    // With "yes", exporters ask for the settings of a crawler that there is not.
    ("lru_crawler", |_, _| no()),
    ("flush_enabled", |_, _| "yes".to_owned()),
    ("dump_enabled", |_, _| "yes".to_owned()),
    ("idle_timeout", |_, c| {
        c.idle_timeout.map_or(0, |t| t.as_secs()).to_string()
    }),
    ("track_sizes", |_, _| no()),
    ("ssl_enabled", |s, _| {
        if s.tls.is_some() { "yes" } else { "no" }.to_owned()
    }),
];

/// As above, of a row that is there only where TLS is spoken.
type StatSettingTls = (&'static str, fn(&Tls) -> String);

/// What memcached adds with TLS, in its order. Modes and formats are OpenSSL's numbers.
pub(super) const STAT_SETTINGS_TLS: &[StatSettingTls] = &[
    ("ssl_chain_cert", |tls| paths(&tls.certificates)),
    ("ssl_key", |tls| paths(&tls.keys)),
    ("ssl_verify_mode", |tls| {
        match tls.client_auth {
            ClientAuth::Off => "0",
            ClientAuth::Optional => "1",
            ClientAuth::Required => "3",
        }
        .to_owned()
    }),
    ("ssl_keyformat", |_| "1".to_owned()),
    ("ssl_ciphers", |tls| {
        tls.ciphers.clone().unwrap_or_else(null)
    }),
    ("ssl_ca_cert", |tls| {
        tls.authorities
            .as_ref()
            .map_or_else(null, |path| path.display().to_string())
    }),
    // The longest record, which is as much as is encrypted at a time.
    ("ssl_wbuf_size", |_| (16 << 10).to_string()),
    ("ssl_session_cache", |_| no()),
    ("ssl_kernel_tls", |_| no()),
    ("ssl_min_version", |tls| {
        match tls.min_version {
            Version::Tls12 => "tlsv1.2",
            Version::Tls13 => "tlsv1.3",
        }
        .to_owned()
    }),
];

fn paths(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(",")
}

fn null() -> String {
    "NULL".to_owned()
}

fn no() -> String {
    "no".to_owned()
}

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}
