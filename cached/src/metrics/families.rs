//! What metrics are called in Prometheus, where that is more than their own name: those that are
//! one family there, told apart by labels, and those that `memcached_exporter` has a name for, so
//! that what was made for it goes on working.
//!
//! A metric that is named nowhere here is a family of its own, called by its name.

use super::table::Group::{self, Cached, General, GeneralTls, Segments, Tls};

/// Metrics that are one to Prometheus.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// Group and name of each in the table, and the labels it has here; of a text, the label that
    /// it is the value of.
    pub(crate) members: &'static [(Group, &'static str, &'static str)],
}

/// Metrics that are not told: they are sums of others, or say what others or the scraper says.
pub(crate) const LEFT_OUT: &[(Group, &str)] = &[
    (General, "pid"),
    (General, "pointer_size"),
    (General, "connection_structures"),
    (General, "hash_bytes"),
    (GeneralTls, "ssl_handshake_errors"),
    (Cached, "host"),
    (GeneralTls, "time_since_server_cert_refresh"),
    (Tls, "handshakes"),
    (Tls, "failed"),
    (Tls, "certificate_days"),
];

const fn family(
    name: &'static str,
    help: &'static str,
    members: &'static [(Group, &'static str, &'static str)],
) -> Family {
    Family {
        name,
        help,
        members,
    }
}

/// Every family that has to be named.
#[rustfmt::skip]
pub(crate) const FAMILIES: &[Family] = &[
    family("memcached_version", "Version of memcached that is spoken, and of cached.", &[(General, "version", "version")]),
    family("memcached_uptime_seconds", "Time since the start.", &[(General, "uptime", "")]),
    family("memcached_time_seconds", "Unix time.", &[(General, "time", "")]),
    family("memcached_process_user_cpu_seconds_total", "Processor time in user mode.", &[(General, "rusage_user", "")]),
    family("memcached_process_system_cpu_seconds_total", "Processor time in the kernel.", &[(General, "rusage_system", "")]),
    family("memcached_max_connections", "Connections there may be.", &[(General, "max_connections", "")]),
    family("memcached_current_connections", "Connections there are.", &[(General, "curr_connections", "")]),
    family("memcached_connections_total", "Connections accepted.", &[(General, "total_connections", "")]),
    family("memcached_connections_rejected_total", "Connections refused for being too many.", &[(General, "rejected_connections", "")]),
    family("memcached_connections_yielded_total", "Turns that left requests of a session for later.", &[(General, "conn_yields", "")]),
    family("memcached_connections_listener_disabled_total", "Times accepting was suspended after an error.", &[(General, "listen_disabled_num", "")]),
    family("memcached_accepting_connections", "0 while accepting rests after an error.", &[(General, "accepting_conns", "")]),
    family("memcached_read_bytes_total", "Bytes received from clients.", &[(General, "bytes_read", "")]),
    family("memcached_written_bytes_total", "Bytes sent to clients.", &[(General, "bytes_written", "")]),
    family("memcached_limit_bytes", "Memory for items, index and session buffers.", &[(General, "limit_maxbytes", "")]),
    family("memcached_current_bytes", "Size of the items there are.", &[(General, "bytes", "")]),
    family("memcached_malloced_bytes", "Size of the heap.", &[(Segments, "heap_bytes", "")]),
    family("memcached_commands_total", "Commands, by what came of them.", &[
        (General, "get_hits", r#"command="get",status="hit""#),
        (General, "get_misses", r#"command="get",status="miss""#),
        (Cached, "sets", r#"command="set",status="hit""#),
        (General, "delete_hits", r#"command="delete",status="hit""#),
        (General, "delete_misses", r#"command="delete",status="miss""#),
        (General, "incr_hits", r#"command="incr",status="hit""#),
        (General, "incr_misses", r#"command="incr",status="miss""#),
        (General, "decr_hits", r#"command="decr",status="hit""#),
        (General, "decr_misses", r#"command="decr",status="miss""#),
        (General, "cas_hits", r#"command="cas",status="hit""#),
        (General, "cas_misses", r#"command="cas",status="miss""#),
        (General, "cas_badval", r#"command="cas",status="badval""#),
        (General, "touch_hits", r#"command="touch",status="hit""#),
        (General, "touch_misses", r#"command="touch",status="miss""#),
        (General, "cmd_flush", r#"command="flush",status="hit""#),
    ]),
    family("memcached_current_items", "Items there are.", &[(General, "curr_items", "")]),
    family("memcached_items_total", "Items stored.", &[(General, "total_items", "")]),
    family("memcached_items_evicted_total", "Live items that had to give way.", &[(General, "evictions", "")]),
    family("memcached_items_reclaimed_total", "Expired items whose memory was taken back.", &[(General, "reclaimed", "")]),
    family("memcached_item_too_large_total", "Values refused for their size.", &[(General, "store_too_large", "")]),
    family("memcached_item_no_memory_total", "Values refused for want of memory.", &[(General, "store_no_memory", "")]),

    family("cached_build_info", "Version of cached.", &[(Cached, "cached_version", "version")]),
    family("cached_listener_disabled_seconds_total", "Time for which accepting was suspended after errors.", &[(General, "time_in_listen_disabled_us", "")]),
    family("cached_connections_ended_total", "Connections that ended, for whatever reason.", &[(Cached, "connections_closed", "")]),
    family("cached_connections_closed_total", "Connections that the server closed, by its reason.", &[
        (Cached, "closed_idle", r#"reason="idle""#),
        (Cached, "closed_request_timeout", r#"reason="request_timeout""#),
        (Cached, "closed_send_timeout", r#"reason="send_timeout""#),
        (Cached, "closed_line_too_long", r#"reason="line_too_long""#),
        (Cached, "closed_no_buffer", r#"reason="no_buffer""#),
        (Cached, "closed_slow", r#"reason="slow""#),
        (Cached, "closed_protocol", r#"reason="protocol""#),
        (Cached, "closed_error", r#"reason="error""#),
        (Cached, "closed_killed", r#"reason="killed""#),
        (Cached, "closed_drained", r#"reason="drained""#),
    ]),
    family("cached_connections_other_protocol_total", "Of the connections closed for their protocol, those whose protocol is known.", &[
        (Cached, "closed_binary", r#"protocol="binary""#),
        (Cached, "closed_tls", r#"protocol="tls""#),
    ]),
    family("cached_uploads_total", "Large values, by where they were received.", &[
        (Cached, "uploads_placed", r#"place="store""#),
        (Cached, "uploads_no_place", r#"place="buffer""#),
    ]),
    family("cached_uploads_slow_total", "Uploads too slow for their place in the store, moved to a buffer.", &[(Cached, "uploads_slow", "")]),
    family("cached_log_lines_lost_total", "Lines that were lost, by log, to a full ring or as they could not be written.", &[
        (Cached, "log_dropped", r#"log="debug",reason="full""#),
        (Cached, "log_unwritten", r#"log="debug",reason="unwritten""#),
        (Cached, "command_log_dropped", r#"log="command",reason="full""#),
        (Cached, "command_log_unwritten", r#"log="command",reason="unwritten""#),
        (Cached, "slow_log_dropped", r#"log="slow",reason="full""#),
        (Cached, "slow_log_unwritten", r#"log="slow",reason="unwritten""#),
    ]),
    family("cached_config_reloads_total", "Reloads of the configuration; of those that failed nothing has changed.", &[
        (Cached, "config_reloads", r#"result="success""#),
        (Cached, "config_reloads_failed", r#"result="failure""#),
    ]),
    family("cached_config_read_timestamp_seconds", "Unix time at which the configuration in effect was read.", &[(Cached, "config_read_time", "")]),
    family("cached_config_reload_failed", "1 if the last reload failed, and what is in effect is not what the files say.", &[(Cached, "config_reload_failed", "")]),

    family("cached_heap_segments", "Segments of the heap.", &[(Segments, "segments", "")]),
    family("cached_heap_bytes", "Size of the heap.", &[(Segments, "heap_bytes", "")]),
    family("cached_segments", "Segments, by their state.", &[
        (Segments, "segments_free", r#"state="free""#),
        (Segments, "segments_open", r#"state="open""#),
        (Segments, "segments_sealed", r#"state="sealed""#),
        (Segments, "segments_draining", r#"state="draining""#),
        (Segments, "segments_retired", r#"state="retired""#),
        (Segments, "segments_lent", r#"state="lent""#),
        (Segments, "segments_withheld", r#"state="withheld""#),
    ]),
    family("cached_segment_item_bytes", "Memory of items, by the state of their segments.", &[
        (Segments, "open_item_bytes", r#"state="open""#),
        (Segments, "sealed_item_bytes", r#"state="sealed""#),
        (Segments, "draining_item_bytes", r#"state="draining""#),
        (Segments, "retired_item_bytes", r#"state="retired""#),
    ]),
    family("cached_segment_dead_bytes", "Of these, memory of items deleted, replaced, dropped or moved.", &[
        (Segments, "open_dead_bytes", r#"state="open""#),
        (Segments, "sealed_dead_bytes", r#"state="sealed""#),
        (Segments, "draining_dead_bytes", r#"state="draining""#),
    ]),
    family("cached_segment_expired_bytes", "Of these, memory of expired items, as far as known.", &[
        (Segments, "open_expired_bytes", r#"state="open""#),
        (Segments, "sealed_expired_bytes", r#"state="sealed""#),
        (Segments, "draining_expired_bytes", r#"state="draining""#),
    ]),
    family("cached_eviction_info", "Policy by which items are evicted.", &[(Segments, "eviction", "policy")]),
    family("cached_evictions_total", "Live items that had to give way, by what there was too little of.", &[
        (Segments, "evicted_space", r#"reason="space""#),
        (Segments, "evicted_index", r#"reason="index""#),
    ]),
    family("cached_evictions_window_total", "Of those for want of space, items that lay where a span was wanted.", &[(Segments, "evicted_window", "")]),
    family("cached_items_returned_total", "Items evicted and stored again, by the share of the memory at the start that was evicted meanwhile, at most.", &[
        (Segments, "returned_eighth", r#"within="0.125""#),
        (Segments, "returned_quarter", r#"within="0.25""#),
        (Segments, "returned_half", r#"within="0.5""#),
        (Segments, "returned_whole", r#"within="1""#),
        (Segments, "returned_later", r#"within="+Inf""#),
    ]),
    family("cached_segments_reclaimed_total", "Segments reclaimed, by the reason.", &[
        (Segments, "segments_expired", r#"reason="expired""#),
        (Segments, "segments_flushed", r#"reason="flushed""#),
        (Segments, "segments_dead", r#"reason="dead""#),
        (Segments, "segments_compacted", r#"reason="compacted""#),
        (Segments, "segments_evicted", r#"reason="evicted""#),
        (Segments, "segments_window", r#"reason="window""#),
    ]),
    family("cached_items_expired_total", "Expired items whose memory was taken back.", &[(Segments, "expired", "")]),
    family("cached_items_flushed_total", "Items dropped by flush_all.", &[(Segments, "flushed", "")]),
    family("cached_items_moved_total", "Items moved to another segment.", &[(Segments, "moved", "")]),
    family("cached_reclaim_slices_total", "Slices of reclaim work.", &[(Segments, "slices", "")]),
    family("cached_reclaim_slices_slow_total", "Of these, those that took more than 50 microseconds of processor time.", &[(Segments, "slices_slow", "")]),
    family("cached_reclaim_slice_max_seconds", "Processor time of the longest slice.", &[(Segments, "slice_ns_max", "")]),
    family("cached_segment_age_oldest_seconds", "Time since the oldest segment that holds items was opened.", &[(Segments, "age_oldest", "")]),
    family("cached_segment_age_youngest_seconds", "Time since the youngest segment that holds items was opened.", &[(Segments, "age_youngest", "")]),

    family("cached_tls_handshakes_total", "TLS handshakes completed, by version.", &[
        (Tls, "handshakes_tls12", r#"version="1.2""#),
        (Tls, "handshakes_tls13", r#"version="1.3""#),
    ]),
    family("cached_tls_handshakes_failed_total", "TLS handshakes that failed, by their cause.", &[
        (Tls, "failed_plaintext", r#"cause="plaintext""#),
        (Tls, "failed_version", r#"cause="version""#),
        (Tls, "failed_cipher", r#"cause="cipher""#),
        (Tls, "failed_no_certificate", r#"cause="no_certificate""#),
        (Tls, "failed_certificate", r#"cause="certificate""#),
        (Tls, "failed_name", r#"cause="name""#),
        (Tls, "failed_refused", r#"cause="refused""#),
        (Tls, "failed_closed", r#"cause="closed""#),
        (Tls, "failed_timeout", r#"cause="timeout""#),
        (Tls, "failed_other", r#"cause="other""#),
    ]),
    family("cached_tls_read_bytes_total", "Bytes received from clients in TLS, once decrypted.", &[(Tls, "bytes_read", "")]),
    family("cached_tls_written_bytes_total", "Bytes sent to clients in TLS, before encryption.", &[(Tls, "bytes_written", "")]),
    family("cached_tls_certificate_expiry_timestamp_seconds", "Unix time at which the first certificate ends.", &[(Tls, "certificate_expires", "")]),
];
