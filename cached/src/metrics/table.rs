//! The table of metrics: each row is one, and the only place it is described.

use net::admin::{Kind, Value};

use super::Snapshot;
use crate::WIRE_VERSION;
use crate::process;
use crate::tls::Status;

/// One metric.
pub(crate) struct Metric {
    pub(crate) group: Group,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Of the value; empty where it is a plain number.
    pub(crate) unit: &'static str,
    pub(crate) help: &'static str,
    pub(crate) read: fn(&Snapshot) -> Value<'static>,
}

/// Which `stats` shows a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// `stats`: memcached's keys in memcached's order, and nothing else. Monitoring tools read
    /// them, some into a buffer of 4096 bytes.
    General,
    /// `stats cached`: what memcached has no name for.
    Cached,
    /// `stats`, where TLS is spoken: keys that memcached has only then.
    GeneralTls,
    /// `stats segments`: the heap and its index.
    Segments,
    /// `stats tls`: handshakes, sessions and certificates.
    Tls,
    /// `stats process`: what every process takes, named as Prometheus names it.
    Process,
}

use Group::{Cached, General, GeneralTls, Process, Segments, Tls};

impl Group {
    /// Behind `stats`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            General | GeneralTls => "",
            Cached => "cached",
            Segments => "segments",
            Tls => "tls",
            Process => "process",
        }
    }
}

impl Metric {
    /// Whether there is something to tell: without TLS there is nothing to tell of it.
    pub(crate) fn is_shown(&self, snapshot: &Snapshot) -> bool {
        !matches!(self.group, GeneralTls | Tls) || snapshot.tls.is_some()
    }
}

const fn counter(
    group: Group,
    name: &'static str,
    unit: &'static str,
    read: fn(&Snapshot) -> Value<'static>,
    help: &'static str,
) -> Metric {
    let kind = Kind::Counter;
    Metric {
        group,
        name,
        kind,
        unit,
        help,
        read,
    }
}

const fn gauge(
    group: Group,
    name: &'static str,
    unit: &'static str,
    read: fn(&Snapshot) -> Value<'static>,
    help: &'static str,
) -> Metric {
    let kind = Kind::Gauge;
    Metric {
        group,
        name,
        kind,
        unit,
        help,
        read,
    }
}

const fn text(
    group: Group,
    name: &'static str,
    read: fn(&Snapshot) -> Value<'static>,
    help: &'static str,
) -> Metric {
    let (kind, unit) = (Kind::Text, "");
    Metric {
        group,
        name,
        kind,
        unit,
        help,
        read,
    }
}

/// The meaning of a key of memcached's for what cached does not count.
pub(super) const ABSENT: &str = "always 0; for tools that ask for it";

const fn absent(name: &'static str) -> Metric {
    gauge(General, name, "", |_| Value::Number(0), ABSENT)
}

/// How much of `part` falls to each of `whole`; 0 of none.
fn ratio(part: u64, whole: u64) -> Value<'static> {
    Value::Real(if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    })
}

/// Every metric, each group in the order it is shown.
#[rustfmt::skip]
pub(crate) const METRICS: &[Metric] = &[
    gauge(General, "pid", "", |_| u64::from(std::process::id()).into(), "process id"),
    gauge(General, "uptime", "seconds", |s| s.uptime.into(), "time since the start"),
    gauge(General, "time", "seconds", |s| s.time.into(), "unix time"),
    text(General, "version", |_| WIRE_VERSION.into(), "version of memcached that is spoken, and of cached"),
    absent("libevent"),
    gauge(General, "pointer_size", "bits", |_| u64::from(usize::BITS).into(), "size of an address"),
    counter(General, "rusage_user", "seconds", |s| s.cpu.user.into(), "processor time in user mode"),
    counter(General, "rusage_system", "seconds", |s| s.cpu.system.into(), "processor time in the kernel"),
    gauge(General, "max_connections", "", |s| s.max_connections.into(), "connections there may be"),
    gauge(General, "curr_connections", "", |s| s.connections.into(), "connections there are"),
    counter(General, "total_connections", "", |s| s.counts.listener.total_connections.into(), "connections accepted"),
    counter(General, "rejected_connections", "", |s| s.counts.listener.rejected_connections.into(), "connections refused for being too many"),
    gauge(General, "connection_structures", "", |s| s.connections.into(), "sessions in memory"),
    absent("reserved_fds"),
    counter(General, "cmd_get", "", |s| s.counts.workers.cmd_get.into(), "keys looked up"),
    counter(General, "cmd_set", "", |s| s.counts.workers.cmd_set.into(), "storage commands"),
    counter(General, "cmd_flush", "", |s| s.counts.workers.cmd_flush.into(), "flush_all commands"),
    counter(General, "cmd_touch", "", |s| s.counts.workers.cmd_touch.into(), "keys touched"),
    counter(General, "cmd_meta", "", |s| s.counts.workers.cmd_meta.into(), "meta debug commands; memcached counts no other meta command here"),
    counter(General, "get_hits", "", |s| s.counts.workers.get_hits.into(), "keys looked up and found"),
    counter(General, "get_misses", "", |s| s.counts.workers.get_misses.into(), "keys looked up and not found"),
    absent("get_expired"),
    absent("get_flushed"),
    counter(General, "delete_misses", "", |s| s.counts.workers.delete_misses.into(), "deletes of absent keys"),
    counter(General, "delete_hits", "", |s| s.counts.workers.delete_hits.into(), "deletes of present keys"),
    counter(General, "incr_misses", "", |s| s.counts.workers.incr_misses.into(), "increments of absent keys"),
    counter(General, "incr_hits", "", |s| s.counts.workers.incr_hits.into(), "increments of present keys"),
    counter(General, "decr_misses", "", |s| s.counts.workers.decr_misses.into(), "decrements of absent keys"),
    counter(General, "decr_hits", "", |s| s.counts.workers.decr_hits.into(), "decrements of present keys"),
    counter(General, "cas_misses", "", |s| s.counts.workers.cas_misses.into(), "cas of absent keys"),
    counter(General, "cas_hits", "", |s| s.counts.workers.cas_hits.into(), "cas that stored"),
    counter(General, "cas_badval", "", |s| s.counts.workers.cas_badval.into(), "cas of keys changed meanwhile"),
    counter(General, "touch_hits", "", |s| s.counts.workers.touch_hits.into(), "touches of present keys"),
    counter(General, "touch_misses", "", |s| s.counts.workers.touch_misses.into(), "touches of absent keys"),
    counter(General, "store_too_large", "", |s| s.counts.workers.store_too_large.into(), "values refused for their size"),
    counter(General, "store_no_memory", "", |s| s.counts.workers.store_no_memory.into(), "values refused for want of memory"),
    absent("auth_cmds"),
    absent("auth_errors"),
    counter(General, "bytes_read", "bytes", |s| s.counts.workers.bytes_read.into(), "received from clients"),
    counter(General, "bytes_written", "bytes", |s| s.counts.workers.bytes_written.into(), "sent to clients"),
    gauge(General, "limit_maxbytes", "bytes", |s| s.memory.into(), "memory for items, index and session buffers"),
    gauge(General, "accepting_conns", "", |s| u64::from(s.accepting).into(), "0 while accepting rests after an error"),
    counter(General, "listen_disabled_num", "", |s| s.counts.listener.listen_disabled_num.into(), "times accepting was suspended after an error"),
    counter(General, "time_in_listen_disabled_us", "microseconds", |s| s.counts.listener.time_in_listen_disabled_us.into(), "time for which it was"),
    gauge(General, "threads", "", |s| s.threads.into(), "worker threads"),
    counter(General, "conn_yields", "", |s| s.counts.workers.conn_yields.into(), "turns that left requests of a session for later"),
    gauge(General, "hash_power_level", "", |s| u64::from(s.store.index_slots.checked_ilog2().unwrap_or(0)).into(), "logarithm of the slots of the index"),
    gauge(General, "hash_bytes", "bytes", |s| s.store.index_bytes.into(), "size of the index"),
    absent("hash_is_expanding"),
    absent("lru_crawler_running"),
    absent("lru_crawler_starts"),
    counter(GeneralTls, "ssl_handshake_errors", "", |s| s.counts.handshakes.failed().into(), "TLS handshakes that failed"),
    gauge(GeneralTls, "time_since_server_cert_refresh", "seconds", |s| s.of_tls(|tls| tls.age.as_secs()).into(), "since the files of TLS were read"),
    gauge(General, "bytes", "bytes", |s| s.store.item_bytes.into(), "size of the items there are"),
    gauge(General, "curr_items", "", |s| s.store.items.into(), "items there are"),
    counter(General, "total_items", "", |s| s.counts.store.stored.into(), "items stored"),
    counter(General, "expired_unfetched", "", |s| s.counts.store.expired_unfetched.into(), "items that expired without being read"),
    counter(General, "evicted_unfetched", "", |s| s.counts.store.evicted_unfetched.into(), "items evicted without being read"),
    absent("evicted_active"),
    counter(General, "evictions", "", |s| (s.counts.store.evicted_space + s.counts.store.evicted_index).into(), "live items that had to give way"),
    counter(General, "reclaimed", "", |s| s.counts.store.expired.into(), "expired items whose memory was taken back"),
    absent("crawler_reclaimed"),
    absent("crawler_items_checked"),
    absent("lrutail_reflocked"),
    absent("moves_to_cold"),
    absent("moves_to_warm"),
    absent("moves_within_lru"),
    absent("direct_reclaims"),

    text(Cached, "cached_version", |_| env!("CARGO_PKG_VERSION").into(), "version of cached"),
    text(Cached, "host", |_| Value::Text(process::host().into()), "name of the machine"),
    counter(Cached, "requests", "", |s| s.counts.workers.requests.into(), "operations executed"),
    counter(Cached, "request_errors", "", |s| s.counts.workers.request_errors.into(), "lines refused as malformed or unknown"),
    counter(Cached, "sets", "", |s| s.sets().into(), "storage commands but for cas"),
    counter(Cached, "renewals", "", |s| s.counts.workers.renewals.into(), "clients told to renew an item or to make one"),
    counter(Cached, "invalidated", "", |s| s.counts.workers.invalidated.into(), "items that a meta delete left in place, stale or empty"),
    counter(Cached, "turns", "", |s| s.counts.workers.turns.into(), "turns of the workers"),
    counter(Cached, "input_full", "", |s| s.counts.workers.input_full.into(), "turns in which a session filled its input buffer"),
    counter(Cached, "output_full", "", |s| s.counts.workers.output_full.into(), "turns in which a session filled its output buffer"),
    counter(Cached, "store_waits", "", |s| s.counts.workers.store_waits.into(), "requests that waited for a free segment"),
    counter(Cached, "budget_waits", "", |s| s.counts.workers.budget_waits.into(), "sessions that waited for buffer memory"),
    counter(Cached, "uploads_placed", "", |s| s.counts.workers.uploads_placed.into(), "large values received straight into the store"),
    counter(Cached, "uploads_no_place", "", |s| s.counts.workers.uploads_no_place.into(), "large values for which the store had no place, received into a buffer"),
    counter(Cached, "uploads_slow", "", |s| s.counts.workers.uploads_slow.into(), "uploads too slow for that, moved to a buffer"),
    gauge(Cached, "budget_waiting", "", |s| s.budget_waiting.into(), "sessions that wait for buffer memory now"),
    gauge(Cached, "buffer_bytes", "bytes", |s| s.buffer_bytes.into(), "memory in session buffers"),
    gauge(Cached, "buffer_limit", "bytes", |s| s.buffer_limit.into(), "memory that session buffers may take"),
    counter(Cached, "accept_errors", "", |s| s.counts.listener.accept_errors.into(), "failures to accept a connection"),
    counter(Cached, "connections_closed", "", |s| s.counts.workers.connections_closed.into(), "sessions that ended"),
    counter(Cached, "closed_idle", "", |s| s.counts.workers.closed_idle.into(), "by the idle timeout"),
    counter(Cached, "closed_request_timeout", "", |s| s.counts.workers.closed_request_timeout.into(), "by the request timeout"),
    counter(Cached, "closed_send_timeout", "", |s| s.counts.workers.closed_send_timeout.into(), "by the send timeout"),
    counter(Cached, "closed_line_too_long", "", |s| s.counts.workers.closed_line_too_long.into(), "for a line beyond its limit"),
    counter(Cached, "closed_no_buffer", "", |s| s.counts.workers.closed_no_buffer.into(), "for want of buffer memory"),
    counter(Cached, "closed_slow", "", |s| s.counts.workers.closed_slow.into(), "for being slow with buffer memory that others wanted"),
    counter(Cached, "closed_protocol", "", |s| s.counts.workers.closed_protocol.into(), "for speaking another protocol"),
    counter(Cached, "closed_binary", "", |s| s.counts.workers.closed_binary.into(), "of these, those that spoke memcached's binary protocol"),
    counter(Cached, "closed_tls", "", |s| s.counts.workers.closed_tls.into(), "of these, those that spoke TLS to a port without it"),
    counter(Cached, "closed_error", "", |s| s.counts.workers.closed_error.into(), "by an error of the socket"),
    counter(Cached, "closed_killed", "", |s| s.counts.workers.closed_killed.into(), "by an operator"),
    counter(Cached, "closed_drained", "", |s| s.counts.workers.closed_drained.into(), "by a drain of the server"),
    gauge(Cached, "draining", "", |s| u64::from(s.draining).into(), "1 while the server is being drained"),
    counter(Cached, "admin_clients", "", |s| s.counts.admin.accepted.into(), "clients of the admin protocol accepted"),
    counter(Cached, "admin_refused", "", |s| s.counts.admin.refused.into(), "clients of the admin protocol refused for being too many"),
    counter(Cached, "admin_idle", "", |s| s.counts.admin.idle.into(), "clients of the admin protocol closed for asking nothing"),
    counter(Cached, "admin_overdue", "", |s| s.counts.admin.overdue.into(), "clients of the admin protocol closed for taking too long to ask, or to take the answer"),
    counter(Cached, "admin_requests", "", |s| s.counts.admin.requests.into(), "requests of the admin protocol"),
    counter(Cached, "http_clients", "", |s| s.counts.http.accepted.into(), "clients of the metrics address accepted"),
    counter(Cached, "http_refused", "", |s| s.counts.http.refused.into(), "clients of the metrics address refused for being too many"),
    counter(Cached, "http_idle", "", |s| s.counts.http.idle.into(), "clients of the metrics address closed for asking nothing"),
    counter(Cached, "http_overdue", "", |s| s.counts.http.overdue.into(), "clients of the metrics address closed for taking too long to ask, or to take the answer"),
    counter(Cached, "http_requests", "", |s| s.counts.http.requests.into(), "requests to the metrics address"),
    counter(Cached, "log_dropped", "", |s| s.log_dropped.into(), "log lines lost to a full ring"),
    counter(Cached, "log_unwritten", "", |s| s.log_unwritten.into(), "log lines lost as they could not be written"),
    counter(Cached, "command_log_dropped", "", |s| s.counts.workers.command_log_dropped.into(), "lines of the command log lost to a full ring"),
    counter(Cached, "command_log_unwritten", "", |s| s.command_log_unwritten.into(), "lost as they could not be written"),
    counter(Cached, "slow_log_dropped", "", |s| s.counts.workers.slow_log_dropped.into(), "lines of the slow log lost to a full ring"),
    counter(Cached, "slow_log_unwritten", "", |s| s.slow_log_unwritten.into(), "lost as they could not be written"),
    counter(Cached, "hotkeys_dropped", "", |s| s.counts.workers.hotkeys_dropped.into(), "requests chosen to find hot keys that were lost to a full ring"),
    counter(Cached, "config_reloads", "", |s| s.reloads.succeeded.into(), "times the configuration was read again"),
    counter(Cached, "config_reloads_failed", "", |s| s.reloads.failed.into(), "times it could not be used, and nothing changed"),
    gauge(Cached, "config_reload_failed", "", |s| u64::from(s.reloads.last_failed).into(), "1 if that was so the last time: what is in effect is not what the files say"),
    gauge(Cached, "config_read_time", "seconds", |s| s.reloads.last_success.into(), "unix time at which what is in effect was read"),

    gauge(Segments, "heap_bytes", "bytes", |s| s.store.heap_bytes.into(), "size of the heap that the memory in force has room for"),
    gauge(Segments, "excess_bytes", "bytes", |s| s.store.excess_bytes.into(), "memory that is still to be given up since less was put in force"),
    gauge(Segments, "segment_bytes", "bytes", |s| s.store.segment_bytes.into(), "size of a segment"),
    gauge(Segments, "segments", "", |s| s.store.segments.into(), "segments of the heap"),
    gauge(Segments, "segments_free", "", |s| s.store.segments_free.into(), "free segments"),
    gauge(Segments, "segments_open", "", |s| s.census.open.segments.into(), "segments being written"),
    gauge(Segments, "segments_sealed", "", |s| s.census.sealed.segments.into(), "segments written"),
    gauge(Segments, "segments_draining", "", |s| s.census.draining.segments.into(), "segments being emptied"),
    gauge(Segments, "segments_retired", "", |s| s.census.retired.segments.into(), "empty segments that a reader may still see"),
    gauge(Segments, "segments_lent", "", |s| s.store.segments_lent.into(), "segments lent to the index"),
    gauge(Segments, "segments_withheld", "", |s| s.store.segments_withheld.into(), "segments beyond the memory in force"),
    gauge(Segments, "reserve_segments", "", |s| s.store.reserve_segments.into(), "free segments that are to be kept"),
    gauge(Segments, "dead_bytes", "bytes", |s| s.census.dead_bytes().into(), "memory of items deleted or replaced"),
    gauge(Segments, "expired_bytes", "bytes", |s| s.census.expired_bytes().into(), "memory of expired items, as far as known"),
    gauge(Segments, "coarse_expired_bytes", "bytes", |s| s.census.coarse_expired_bytes.into(), "memory of expired items in coarse segments as reclaim sees it, dead ones among them"),
    gauge(Segments, "open_item_bytes", "bytes", |s| s.census.open.item_bytes.into(), "items in segments being written"),
    gauge(Segments, "open_dead_bytes", "bytes", |s| s.census.open.dead_bytes.into(), "of these, deleted or replaced"),
    gauge(Segments, "open_expired_bytes", "bytes", |s| s.census.open.expired_bytes.into(), "of these, expired"),
    gauge(Segments, "sealed_item_bytes", "bytes", |s| s.census.sealed.item_bytes.into(), "items in segments written"),
    gauge(Segments, "sealed_dead_bytes", "bytes", |s| s.census.sealed.dead_bytes.into(), "of these, deleted or replaced"),
    gauge(Segments, "sealed_expired_bytes", "bytes", |s| s.census.sealed.expired_bytes.into(), "of these, expired"),
    gauge(Segments, "draining_item_bytes", "bytes", |s| s.census.draining.item_bytes.into(), "items in segments being emptied"),
    gauge(Segments, "draining_dead_bytes", "bytes", |s| s.census.draining.dead_bytes.into(), "of these, dropped or moved"),
    gauge(Segments, "draining_expired_bytes", "bytes", |s| s.census.draining.expired_bytes.into(), "of these, expired"),
    gauge(Segments, "retired_item_bytes", "bytes", |s| s.census.retired.item_bytes.into(), "items in segments that a reader may still see"),
    gauge(Segments, "age_oldest", "seconds", |s| u64::from(s.census.age_oldest()).into(), "since the oldest segment that holds items was opened"),
    gauge(Segments, "age_youngest", "seconds", |s| u64::from(s.census.age_youngest()).into(), "since the youngest was"),
    gauge(Segments, "index_bytes", "bytes", |s| s.store.index_bytes.into(), "size of the index"),
    gauge(Segments, "index_slots", "", |s| s.store.index_slots.into(), "slots of the index"),
    gauge(Segments, "index_load", "", |s| ratio(s.store.items, s.store.index_slots), "items for each slot of the index"),
    gauge(Segments, "header_bytes", "bytes", |s| s.store.header_bytes.into(), "what items take beyond key and value"),
    gauge(Segments, "overhead_per_item", "bytes", |s| ratio(s.store.header_bytes + s.store.index_bytes, s.store.items), "header and index, for each item"),
    counter(Segments, "index_resizes", "", |s| s.counts.store.index_resizes.into(), "steps of growth and shrinking"),
    text(Segments, "eviction", |s| s.store.eviction.name().into(), "policy by which items are evicted"),
    counter(Segments, "evicted_space", "", |s| s.counts.store.evicted_space.into(), "items evicted for want of heap"),
    counter(Segments, "evicted_window", "", |s| s.counts.store.evicted_window.into(), "of these, those that lay where a span was wanted"),
    counter(Segments, "evicted_index", "", |s| s.counts.store.evicted_index.into(), "items evicted for want of index"),
    counter(Segments, "returned_eighth", "", |s| s.counts.store.returned_eighth.into(), "items evicted and stored again before an eighth of ghost_memory was evicted after them: with so much more memory they would still have been there; under s3fifo, which remembers evicted keys"),
    counter(Segments, "returned_quarter", "", |s| s.counts.store.returned_quarter.into(), "likewise, before a quarter was"),
    counter(Segments, "returned_half", "", |s| s.counts.store.returned_half.into(), "likewise, before half of it was"),
    counter(Segments, "returned_whole", "", |s| s.counts.store.returned_whole.into(), "likewise, before as much as all of it was"),
    counter(Segments, "returned_later", "", |s| s.counts.store.returned_later.into(), "likewise, later"),
    gauge(Segments, "ghost_memory", "bytes", |s| s.store.ghost_memory.into(), "memory of the store at the start, of which these are parts"),
    counter(Segments, "expired", "", |s| s.counts.store.expired.into(), "expired items whose memory was taken back"),
    counter(Segments, "flushed", "", |s| s.counts.store.flushed.into(), "items dropped by flush_all"),
    counter(Segments, "segments_expired", "", |s| s.counts.store.segments_expired.into(), "segments reclaimed for having expired"),
    counter(Segments, "segments_flushed", "", |s| s.counts.store.segments_flushed.into(), "for a flush_all"),
    counter(Segments, "segments_dead", "", |s| s.counts.store.segments_dead.into(), "for holding nothing but deleted or replaced items"),
    counter(Segments, "segments_compacted", "", |s| s.counts.store.segments_compacted.into(), "for much that was expired or dead; the rest moved"),
    counter(Segments, "segments_evicted", "", |s| s.counts.store.segments_evicted.into(), "by the eviction policy"),
    counter(Segments, "segments_window", "", |s| s.counts.store.segments_window.into(), "for lying where a span was wanted"),
    counter(Segments, "spans", "", |s| s.counts.store.spans.into(), "items stored in several segments of their own"),
    counter(Segments, "moved", "", |s| s.counts.store.moved.into(), "items moved to another segment"),
    counter(Segments, "slices", "", |s| s.counts.store.slices.into(), "slices of reclaim work"),
    counter(Segments, "slices_slow", "", |s| s.counts.store.slices_slow.into(), "of these, those that took more than 50 us of CPU time"),
    gauge(Segments, "slice_ns_max", "nanoseconds", |s| s.counts.store.slice_ns_max.into(), "CPU time of the longest"),
    counter(Segments, "no_space", "", |s| s.counts.store.no_space.into(), "writes that found no free segment"),

    gauge(Tls, "sessions", "", |s| s.tls_sessions.into(), "sessions in TLS there are"),
    gauge(Tls, "handshakes_under_way", "", |s| s.tls_handshaking.into(), "handshakes there are"),
    counter(Tls, "handshakes_full", "", |s| s.counts.handshakes.full.into(), "times that as many were under way as may be: others had to wait, or were refused on the admin address"),
    counter(Tls, "handshakes", "", |s| s.counts.handshakes.completed.into(), "handshakes completed, those of the admin address among them"),
    counter(Tls, "handshakes_resumed", "", |s| s.counts.handshakes.resumed.into(), "of these, those that resumed an earlier session"),
    counter(Tls, "handshakes_tls12", "", |s| s.counts.handshakes.tls12.into(), "of these, those of TLS 1.2"),
    counter(Tls, "handshakes_tls13", "", |s| s.counts.handshakes.tls13.into(), "of these, those of TLS 1.3"),
    counter(Tls, "failed", "", |s| s.counts.handshakes.failed().into(), "handshakes that failed"),
    counter(Tls, "failed_plaintext", "", |s| s.counts.handshakes.plaintext.into(), "for not being TLS"),
    counter(Tls, "failed_version", "", |s| s.counts.handshakes.version.into(), "for want of a version that both speak"),
    counter(Tls, "failed_cipher", "", |s| s.counts.handshakes.cipher.into(), "for want of a cipher, curve or signature that both know"),
    counter(Tls, "failed_no_certificate", "", |s| s.counts.handshakes.no_certificate.into(), "for want of the client's certificate"),
    counter(Tls, "failed_certificate", "", |s| s.counts.handshakes.certificate.into(), "for a client's certificate that is expired, or signed by nobody who is trusted"),
    counter(Tls, "failed_name", "", |s| s.counts.handshakes.name.into(), "for a client's certificate without an allowed name"),
    counter(Tls, "failed_refused", "", |s| s.counts.handshakes.refused.into(), "for the client refused us"),
    counter(Tls, "failed_closed", "", |s| s.counts.handshakes.closed.into(), "for the client left"),
    counter(Tls, "failed_timeout", "", |s| s.counts.handshakes.timed_out.into(), "for taking too long"),
    counter(Tls, "failed_other", "", |s| s.counts.handshakes.other.into(), "for another reason"),
    counter(Tls, "truncated", "", |s| s.counts.workers.tls_truncated.into(), "sessions whose client left without a word"),
    counter(Tls, "bytes_read", "bytes", |s| s.counts.workers.tls_bytes_read.into(), "received from clients in TLS, once decrypted"),
    counter(Tls, "bytes_written", "bytes", |s| s.counts.workers.tls_bytes_written.into(), "sent to clients in TLS, before encryption"),
    gauge(Tls, "certificate_expires", "seconds", |s| s.of_tls(Status::expires_unix).into(), "unix time at which the first certificate ends"),
    gauge(Tls, "certificate_days", "days", |s| s.of_tls(Status::days_left).into(), "days until then; 0 once it has ended"),
    gauge(Tls, "certificates_age", "seconds", |s| s.of_tls(|tls| tls.age.as_secs()).into(), "since the files were read"),
    counter(Tls, "reloads", "", |s| s.of_tls(|tls| tls.reloads).into(), "times the files were read again"),
    counter(Tls, "reloads_failed", "", |s| s.of_tls(|tls| tls.failed_reloads).into(), "times they could not be used, and nothing changed"),

    counter(Process, "cpu", "seconds", |s| (s.cpu.user + s.cpu.system).into(), "processor time used"),
    gauge(Process, "resident_memory", "bytes", |s| s.usage.resident.into(), "memory in place"),
    gauge(Process, "virtual_memory", "bytes", |s| s.usage.addresses.into(), "addresses in use"),
    gauge(Process, "open_fds", "", |s| s.usage.open_files.into(), "open file descriptors"),
    gauge(Process, "max_fds", "", |s| s.usage.open_files_max.into(), "file descriptors there may be"),
    gauge(Process, "start_time", "seconds", |s| s.time.saturating_sub(s.uptime).into(), "unix time of the start"),
];
