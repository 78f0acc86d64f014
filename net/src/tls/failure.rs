//! Why a session did not come about.

use std::ffi::c_int;
use std::fmt;
use std::io;

use openssl::ssl::{Error, ErrorCode, SslRef};
use openssl::x509::X509VerifyResult;

/// Why a handshake failed, as far as counters tell failures apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What came was not TLS.
    Plaintext,
    /// No version of TLS that both would use.
    Version,
    /// No cipher, curve or kind of signature that both would use.
    Cipher,
    /// The client showed no certificate, and one is required.
    NoCertificate,
    /// The peer's certificate is expired, not yet valid, or from nobody who is trusted.
    Certificate,
    /// The client's certificate has none of the names that are let in.
    Name,
    /// The peer refused us, with an alert.
    Refused,
    /// The peer left.
    Closed,
    /// It took too long.
    TimedOut,
    /// Anything else.
    Other,
}

/// A failed handshake: its cause, and a text for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it is counted as.
    pub cause: Cause,
    detail: String,
}

impl Failure {
    pub(super) fn new(cause: Cause, detail: impl Into<String>) -> Failure {
        let detail = detail.into();
        Failure { cause, detail }
    }

    /// The handshake was not complete in time.
    pub fn timed_out() -> Failure {
        Failure::new(Cause::TimedOut, "the handshake took too long")
    }

    /// The system would not do what a handshake needs.
    pub fn system(error: &io::Error) -> Failure {
        Failure::new(Cause::Other, error.to_string())
    }

    /// What a failed call of a handshake says.
    pub(super) fn of_handshake(ssl: &SslRef, error: &Error) -> Failure {
        if let Some(error) = error.io_error() {
            return Failure::new(Cause::Closed, error.to_string());
        }
        let Some(first) = error.ssl_error().and_then(|stack| stack.errors().first()) else {
            return Failure::new(Cause::Closed, "the peer left in the handshake");
        };
        let said = first.reason().unwrap_or("an unknown error");
        match cause_of(first.reason_code()) {
            Cause::Certificate => Failure::new(Cause::Certificate, of_certificate(ssl, said)),
            Cause::Other if error.code() == ErrorCode::SYSCALL => Failure::new(Cause::Closed, said),
            cause => Failure::new(cause, said),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Failure {}

/// What is wrong with the peer's certificate.
fn of_certificate(ssl: &SslRef, said: &str) -> String {
    match ssl.verify_result() {
        X509VerifyResult::OK => said.to_owned(),
        verdict => format!("the peer's certificate: {}", verdict.error_string()),
    }
}

/// The cause that a reason of OpenSSL's stands for. The numbers are those of openssl/sslerr.h, which
/// do not change; from 1000 on they are the peer's alerts.
fn cause_of(reason: c_int) -> Cause {
    match reason {
        // HTTPS_PROXY_REQUEST, HTTP_REQUEST, WRONG_VERSION_NUMBER
        155 | 156 | 267 => Cause::Plaintext,
        // UNKNOWN_PROTOCOL, UNSUPPORTED_PROTOCOL, VERSION_TOO_LOW, VERSION_TOO_HIGH,
        // UNSUPPORTED_SSL_VERSION, INAPPROPRIATE_FALLBACK
        252 | 258 | 396 | 166 | 259 | 373 => Cause::Version,
        // NO_SHARED_CIPHER, NO_SUITABLE_KEY_SHARE, NO_SHARED_GROUPS, NO_SUITABLE_SIGNATURE_ALGORITHM,
        // NO_SUITABLE_GROUPS, NO_SHARED_SIGNATURE_ALGORITHMS, NO_CIPHERS_SPECIFIED
        193 | 101 | 410 | 118 | 295 | 376 | 183 => Cause::Cipher,
        // PEER_DID_NOT_RETURN_A_CERTIFICATE
        199 => Cause::NoCertificate,
        // CERTIFICATE_VERIFY_FAILED
        134 => Cause::Certificate,
        1000.. => Cause::Refused,
        _ => Cause::Other,
    }
}
