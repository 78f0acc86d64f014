//! The keys of `stats`. What they mean here stands in the table of metrics; those of memcached's
//! that are left out, in cached-operations(7).

use crate::client::Client;
use crate::protocol::target::{Side, Target};
use crate::server::suite_is_secure;

/// A report, and its keys in memcached's order. The general one has what monitoring tools read: the
/// union over Prometheus' exporter, telegraf, netdata, Datadog, collectd and munin.
const REPORTS: &[(&str, &str)] = &[
    (
        "stats",
        "pid uptime time version libevent pointer_size rusage_user rusage_system max_connections \
         curr_connections total_connections rejected_connections connection_structures \
         reserved_fds cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits get_misses get_expired \
         get_flushed delete_misses delete_hits incr_misses incr_hits decr_misses decr_hits \
         cas_misses cas_hits cas_badval touch_hits touch_misses store_too_large store_no_memory \
         auth_cmds auth_errors bytes_read bytes_written limit_maxbytes accepting_conns \
         listen_disabled_num time_in_listen_disabled_us threads conn_yields hash_power_level \
         hash_bytes hash_is_expanding lru_crawler_running lru_crawler_starts bytes curr_items \
         total_items expired_unfetched evicted_unfetched evicted_active evictions reclaimed \
         crawler_reclaimed crawler_items_checked lrutail_reflocked moves_to_cold moves_to_warm \
         moves_within_lru direct_reclaims",
    ),
    (
        "stats settings",
        "maxbytes maxconns tcpport udpport inter verbosity evictions domain_socket umask \
         shutdown_command num_threads detail_enabled cas_enabled tcp_backlog binding_protocol \
         auth_enabled_sasl auth_enabled_ascii item_size_max maxconns_fast lru_crawler \
         flush_enabled dump_enabled idle_timeout track_sizes ssl_enabled",
    ),
];

/// A key that is there only with TLS, save one, here as in memcached.
fn is_of_tls(key: &str) -> bool {
    key.starts_with("ssl_") || key == "time_since_server_cert_refresh"
}

/// The keys of a report.
fn keys(client: &mut Client, report: &str) -> Vec<String> {
    client.send(format!("{report}\r\n"));
    let mut keys = Vec::new();
    loop {
        let line = client.line();
        let Some(row) = line.strip_prefix("STAT ") else {
            assert_eq!(line, "END");
            return keys;
        };
        let (key, _) = row.split_once(' ').expect("a key and its value");
        keys.push(key.to_owned());
    }
}

#[test]
fn a_key_would_be_gone_that_monitoring_reads_or_be_there_that_memcached_does_not_know() {
    Target::each(|target| {
        let mut client = Client::connect(target.address);
        for (report, wanted) in REPORTS {
            let wanted: Vec<_> = wanted.split(' ').collect();
            let mut seen = keys(&mut client, report);
            if suite_is_secure() {
                seen.retain(|key| wanted.contains(&key.as_str()) || !is_of_tls(key));
            }
            if let Side::Memcached { .. } = target.side {
                seen.retain(|key| wanted.contains(&key.as_str()));
            }
            assert_eq!(seen, wanted, "{report}");
        }
    });
}
