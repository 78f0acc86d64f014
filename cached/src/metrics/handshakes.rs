//! What is counted of TLS handshakes. A block has one writer, as those of the other counts.

use std::array;

use net::tls::{Agreed, Cause};

use super::counters::Counter;

/// The ciphers that are counted by name: Mozilla's intermediate recommendation, and OpenSSL's
/// default for TLS 1.3. The last one stands for all others.
pub(crate) const CIPHERS: [&str; 13] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-CHACHA20-POLY1305",
    "other",
];

/// Counts of handshakes, live (`HandshakeCounters`) or read (`HandshakeTotals`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HandshakeBlock<T> {
    /// Handshakes that were begun: each completes, fails, or is under way.
    pub(crate) begun: T,
    /// Times that there came to be as many under way as may be.
    pub(crate) full: T,
    pub(crate) completed: T,
    /// Of those completed, those with a ticket of an earlier session.
    pub(crate) resumed: T,
    /// Of those completed, those of TLS 1.2.
    pub(crate) tls12: T,
    pub(crate) tls13: T,
    /// Those completed, by cipher.
    pub(crate) ciphers: [T; CIPHERS.len()],
    /// Failures, by their cause.
    pub(crate) plaintext: T,
    pub(crate) version: T,
    pub(crate) cipher: T,
    pub(crate) no_certificate: T,
    pub(crate) certificate: T,
    pub(crate) name: T,
    pub(crate) refused: T,
    pub(crate) closed: T,
    pub(crate) timed_out: T,
    pub(crate) other: T,
}

pub(crate) type HandshakeCounters = HandshakeBlock<Counter>;
pub(crate) type HandshakeTotals = HandshakeBlock<u64>;

impl<T> HandshakeBlock<T> {
    /// Combines two blocks field by field. A field forgotten here does not compile.
    fn zip<U, V>(&self, other: &HandshakeBlock<U>, f: impl Fn(&T, &U) -> V) -> HandshakeBlock<V> {
        HandshakeBlock {
            begun: f(&self.begun, &other.begun),
            full: f(&self.full, &other.full),
            completed: f(&self.completed, &other.completed),
            resumed: f(&self.resumed, &other.resumed),
            tls12: f(&self.tls12, &other.tls12),
            tls13: f(&self.tls13, &other.tls13),
            ciphers: array::from_fn(|index| f(&self.ciphers[index], &other.ciphers[index])),
            plaintext: f(&self.plaintext, &other.plaintext),
            version: f(&self.version, &other.version),
            cipher: f(&self.cipher, &other.cipher),
            no_certificate: f(&self.no_certificate, &other.no_certificate),
            certificate: f(&self.certificate, &other.certificate),
            name: f(&self.name, &other.name),
            refused: f(&self.refused, &other.refused),
            closed: f(&self.closed, &other.closed),
            timed_out: f(&self.timed_out, &other.timed_out),
            other: f(&self.other, &other.other),
        }
    }

    fn of_cause(&self, cause: Cause) -> &T {
        match cause {
            Cause::Plaintext => &self.plaintext,
            Cause::Version => &self.version,
            Cause::Cipher => &self.cipher,
            Cause::NoCertificate => &self.no_certificate,
            Cause::Certificate => &self.certificate,
            Cause::Name => &self.name,
            Cause::Refused => &self.refused,
            Cause::Closed => &self.closed,
            Cause::TimedOut => &self.timed_out,
            Cause::Other => &self.other,
        }
    }
}

impl HandshakeCounters {
    /// Counts a handshake that has come to an end, and its session to a beginning.
    pub(crate) fn complete(&self, agreed: Agreed) {
        self.completed.increment();
        self.resumed.add(agreed.is_resumed.into());
        let version = if agreed.is_tls13 {
            &self.tls13
        } else {
            &self.tls12
        };
        version.increment();
        let cipher = CIPHERS.iter().position(|name| *name == agreed.cipher);
        self.ciphers[cipher.unwrap_or(CIPHERS.len() - 1)].increment();
    }

    /// Counts a handshake that failed.
    pub(crate) fn fail(&self, cause: Cause) {
        self.of_cause(cause).increment();
    }
}

impl HandshakeTotals {
    /// These totals and one thread's counts on top.
    pub(super) fn plus(&self, counters: &HandshakeCounters) -> HandshakeTotals {
        self.zip(counters, |total, counter| total.wrapping_add(counter.get()))
    }

    /// What was counted since these totals were `earlier`.
    pub(super) fn since(&self, earlier: &HandshakeTotals) -> HandshakeTotals {
        self.zip(earlier, |now, then| now.saturating_sub(*then))
    }

    /// All that failed.
    pub(crate) fn failed(&self) -> u64 {
        [
            self.plaintext,
            self.version,
            self.cipher,
            self.no_certificate,
            self.certificate,
            self.name,
            self.refused,
            self.closed,
            self.timed_out,
            self.other,
        ]
        .iter()
        .sum()
    }
}
