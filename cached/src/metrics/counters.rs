//! What the threads of the data plane count.
//!
//! Each block has one writer, the thread that owns it; everybody may read. So a count is a plain
//! load and store, and no cache line is contended.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only its owner adds to and anybody may read.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`. Only the thread that owns the block may call this: two would lose counts.
    #[inline]
    pub(crate) fn add(&self, n: u64) {
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(n);
        self.0.store(sum, Ordering::Relaxed);
    }

    /// Adds one; as `add`.
    #[inline]
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A worker's counts, live (`WorkerCounters`) or read (`WorkerTotals`).
///
/// The names are memcached's where it has one, and so is the meaning: a key of a `gat` counts as
/// touched, not as looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkerBlock<T> {
    /// Turns that had at least one ready session.
    pub(crate) turns: T,
    /// Operations executed; every key of a retrieval is one.
    pub(crate) requests: T,
    /// Lines refused as malformed or unknown.
    pub(crate) request_errors: T,
    /// Keys looked up.
    pub(crate) cmd_get: T,
    /// Storage commands whose value arrived whole.
    pub(crate) cmd_set: T,
    pub(crate) cmd_touch: T,
    pub(crate) cmd_flush: T,
    /// Meta debug commands: memcached counts no others here.
    pub(crate) cmd_meta: T,
    pub(crate) get_hits: T,
    pub(crate) get_misses: T,
    pub(crate) delete_hits: T,
    pub(crate) delete_misses: T,
    pub(crate) incr_hits: T,
    pub(crate) incr_misses: T,
    pub(crate) decr_hits: T,
    pub(crate) decr_misses: T,
    pub(crate) cas_hits: T,
    pub(crate) cas_misses: T,
    pub(crate) cas_badval: T,
    pub(crate) touch_hits: T,
    pub(crate) touch_misses: T,
    /// Clients told to renew an item, or to make one.
    pub(crate) renewals: T,
    /// Items that a meta delete left in place.
    pub(crate) invalidated: T,
    pub(crate) store_too_large: T,
    pub(crate) store_no_memory: T,
    pub(crate) bytes_read: T,
    pub(crate) bytes_written: T,
    /// Turns that left a session with requests received and not executed.
    pub(crate) conn_yields: T,
    /// Turns in which a session sent as much as it may in one.
    pub(crate) input_full: T,
    /// Turns in which a session's replies came to as much as they may in one.
    pub(crate) output_full: T,
    /// Requests that had to wait for a free segment.
    pub(crate) store_waits: T,
    /// Sessions that had to wait for buffer memory.
    pub(crate) budget_waits: T,
    /// Large values that were received straight into the store.
    pub(crate) uploads_placed: T,
    /// Large values that were received into a buffer as the store had no place for them: others
    /// held as much as they may, there was no room at once, or they had expired.
    pub(crate) uploads_no_place: T,
    /// Uploads that were moved from their place in the store to a buffer.
    pub(crate) uploads_slow: T,
    /// Sessions that ended, for whatever reason.
    pub(crate) connections_closed: T,
    pub(crate) closed_idle: T,
    pub(crate) closed_request_timeout: T,
    pub(crate) closed_send_timeout: T,
    pub(crate) closed_line_too_long: T,
    pub(crate) closed_no_buffer: T,
    /// Clients slow with buffer memory that others wanted.
    pub(crate) closed_slow: T,
    /// Clients of another protocol: binary memcached, HTTP.
    pub(crate) closed_protocol: T,
    /// Of these, those of binary memcached.
    pub(crate) closed_binary: T,
    /// Of these, those of TLS, where it is not spoken.
    pub(crate) closed_tls: T,
    /// Errors of the socket, a reset among them.
    pub(crate) closed_error: T,
    /// Those that an operator ended.
    pub(crate) closed_killed: T,
    /// Those that ended as the server was drained.
    pub(crate) closed_drained: T,
    /// Lines of the command log that were lost to a full ring.
    pub(crate) command_log_dropped: T,
    /// Likewise, of the slow log.
    pub(crate) slow_log_dropped: T,
    /// Requests chosen to find hot keys that were lost to a full ring.
    pub(crate) hotkeys_dropped: T,
    /// Sessions in TLS that ended.
    pub(crate) tls_closed: T,
    /// Of these, those whose client left without a word.
    pub(crate) tls_truncated: T,
    /// Of the bytes received and sent, those of sessions in TLS, before they were encrypted.
    pub(crate) tls_bytes_read: T,
    pub(crate) tls_bytes_written: T,
}

pub(crate) type WorkerCounters = WorkerBlock<Counter>;
pub(crate) type WorkerTotals = WorkerBlock<u64>;

impl<T> WorkerBlock<T> {
    /// Combines two blocks field by field. A field forgotten here does not compile.
    fn zip<U, V>(&self, other: &WorkerBlock<U>, f: impl Fn(&T, &U) -> V) -> WorkerBlock<V> {
        WorkerBlock {
            turns: f(&self.turns, &other.turns),
            requests: f(&self.requests, &other.requests),
            request_errors: f(&self.request_errors, &other.request_errors),
            cmd_get: f(&self.cmd_get, &other.cmd_get),
            cmd_set: f(&self.cmd_set, &other.cmd_set),
            cmd_touch: f(&self.cmd_touch, &other.cmd_touch),
            cmd_flush: f(&self.cmd_flush, &other.cmd_flush),
            cmd_meta: f(&self.cmd_meta, &other.cmd_meta),
            get_hits: f(&self.get_hits, &other.get_hits),
            get_misses: f(&self.get_misses, &other.get_misses),
            delete_hits: f(&self.delete_hits, &other.delete_hits),
            delete_misses: f(&self.delete_misses, &other.delete_misses),
            incr_hits: f(&self.incr_hits, &other.incr_hits),
            incr_misses: f(&self.incr_misses, &other.incr_misses),
            decr_hits: f(&self.decr_hits, &other.decr_hits),
            decr_misses: f(&self.decr_misses, &other.decr_misses),
            cas_hits: f(&self.cas_hits, &other.cas_hits),
            cas_misses: f(&self.cas_misses, &other.cas_misses),
            cas_badval: f(&self.cas_badval, &other.cas_badval),
            touch_hits: f(&self.touch_hits, &other.touch_hits),
            touch_misses: f(&self.touch_misses, &other.touch_misses),
            renewals: f(&self.renewals, &other.renewals),
            invalidated: f(&self.invalidated, &other.invalidated),
            store_too_large: f(&self.store_too_large, &other.store_too_large),
            store_no_memory: f(&self.store_no_memory, &other.store_no_memory),
            bytes_read: f(&self.bytes_read, &other.bytes_read),
            bytes_written: f(&self.bytes_written, &other.bytes_written),
            conn_yields: f(&self.conn_yields, &other.conn_yields),
            input_full: f(&self.input_full, &other.input_full),
            output_full: f(&self.output_full, &other.output_full),
            store_waits: f(&self.store_waits, &other.store_waits),
            budget_waits: f(&self.budget_waits, &other.budget_waits),
            uploads_placed: f(&self.uploads_placed, &other.uploads_placed),
            uploads_no_place: f(&self.uploads_no_place, &other.uploads_no_place),
            uploads_slow: f(&self.uploads_slow, &other.uploads_slow),
            connections_closed: f(&self.connections_closed, &other.connections_closed),
            closed_idle: f(&self.closed_idle, &other.closed_idle),
            closed_request_timeout: f(&self.closed_request_timeout, &other.closed_request_timeout),
            closed_send_timeout: f(&self.closed_send_timeout, &other.closed_send_timeout),
            closed_line_too_long: f(&self.closed_line_too_long, &other.closed_line_too_long),
            closed_no_buffer: f(&self.closed_no_buffer, &other.closed_no_buffer),
            closed_slow: f(&self.closed_slow, &other.closed_slow),
            closed_protocol: f(&self.closed_protocol, &other.closed_protocol),
            closed_binary: f(&self.closed_binary, &other.closed_binary),
            closed_tls: f(&self.closed_tls, &other.closed_tls),
            closed_error: f(&self.closed_error, &other.closed_error),
            closed_killed: f(&self.closed_killed, &other.closed_killed),
            closed_drained: f(&self.closed_drained, &other.closed_drained),
            command_log_dropped: f(&self.command_log_dropped, &other.command_log_dropped),
            slow_log_dropped: f(&self.slow_log_dropped, &other.slow_log_dropped),
            hotkeys_dropped: f(&self.hotkeys_dropped, &other.hotkeys_dropped),
            tls_closed: f(&self.tls_closed, &other.tls_closed),
            tls_truncated: f(&self.tls_truncated, &other.tls_truncated),
            tls_bytes_read: f(&self.tls_bytes_read, &other.tls_bytes_read),
            tls_bytes_written: f(&self.tls_bytes_written, &other.tls_bytes_written),
        }
    }
}

impl WorkerTotals {
    /// These totals and a worker's counts on top.
    pub(super) fn plus(&self, worker: &WorkerCounters) -> WorkerTotals {
        self.zip(worker, |total, counter| total.wrapping_add(counter.get()))
    }

    /// What was counted since these totals were `earlier`.
    pub(super) fn since(&self, earlier: &WorkerTotals) -> WorkerTotals {
        self.zip(earlier, |now, then| now.saturating_sub(*then))
    }
}

/// The listener's counts, live (`ListenerCounters`) or read (`ListenerTotals`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListenerBlock<T> {
    /// Connections taken in.
    pub(crate) total_connections: T,
    /// Connections refused because there were as many as may be.
    pub(crate) rejected_connections: T,
    /// Failures of accept.
    pub(crate) accept_errors: T,
    /// Times that accepting was suspended after a failure.
    pub(crate) listen_disabled_num: T,
    /// Microseconds for which it was.
    pub(crate) time_in_listen_disabled_us: T,
}

pub(crate) type ListenerCounters = ListenerBlock<Counter>;
pub(crate) type ListenerTotals = ListenerBlock<u64>;

impl<T> ListenerBlock<T> {
    fn zip<U, V>(&self, other: &ListenerBlock<U>, f: impl Fn(&T, &U) -> V) -> ListenerBlock<V> {
        ListenerBlock {
            total_connections: f(&self.total_connections, &other.total_connections),
            rejected_connections: f(&self.rejected_connections, &other.rejected_connections),
            accept_errors: f(&self.accept_errors, &other.accept_errors),
            listen_disabled_num: f(&self.listen_disabled_num, &other.listen_disabled_num),
            time_in_listen_disabled_us: f(
                &self.time_in_listen_disabled_us,
                &other.time_in_listen_disabled_us,
            ),
        }
    }
}

impl ListenerTotals {
    /// What the listener counted since these totals were `earlier`.
    pub(super) fn since(&self, earlier: &ListenerTotals) -> ListenerTotals {
        self.zip(earlier, |now, then| now.saturating_sub(*then))
    }
}

impl ListenerCounters {
    pub(super) fn read(&self) -> ListenerTotals {
        self.zip(&ListenerTotals::default(), |counter, _| counter.get())
    }
}

/// What is counted of those who look after the server, by the admin protocol or by HTTP, live
/// (`ClientCounters`) or read (`ClientTotals`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientBlock<T> {
    pub(crate) accepted: T,
    /// Clients refused because there were as many as may be.
    pub(crate) refused: T,
    /// Clients closed for asking nothing.
    pub(crate) idle: T,
    /// Clients closed for taking too long to ask, or to take their answer.
    pub(crate) overdue: T,
    pub(crate) requests: T,
}

pub(crate) type ClientCounters = ClientBlock<Counter>;
pub(crate) type ClientTotals = ClientBlock<u64>;

impl<T> ClientBlock<T> {
    fn zip<U, V>(&self, other: &ClientBlock<U>, f: impl Fn(&T, &U) -> V) -> ClientBlock<V> {
        ClientBlock {
            accepted: f(&self.accepted, &other.accepted),
            refused: f(&self.refused, &other.refused),
            idle: f(&self.idle, &other.idle),
            overdue: f(&self.overdue, &other.overdue),
            requests: f(&self.requests, &other.requests),
        }
    }
}

impl ClientTotals {
    /// What was counted since these totals were `earlier`.
    pub(super) fn since(&self, earlier: &ClientTotals) -> ClientTotals {
        self.zip(earlier, |now, then| now.saturating_sub(*then))
    }
}

impl ClientCounters {
    pub(super) fn read(&self) -> ClientTotals {
        self.zip(&ClientTotals::default(), |counter, _| counter.get())
    }
}
