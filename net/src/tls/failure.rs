//! Why a session did not come about.

use std::ffi::c_int;
use std::fmt;
use std::io;

use openssl::error::ErrorStack;
use openssl::ssl::{Error, ErrorCode, SslRef};
use openssl::x509::X509VerifyResult;

/// The number of the library of OpenSSL's whose reasons these are: openssl/err.h.
const LIBRARY_SSL: c_int = 20;

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
        let errors = error.ssl_error().map_or(&[][..], ErrorStack::errors);
        // Below it may lie what made it fail, whose reasons are numbers of another library's.
        let is_of_ssl = |error: &&openssl::error::Error| error.library_code() == LIBRARY_SSL;
        let Some(first) = errors.iter().find(is_of_ssl).or(errors.first()) else {
            return Failure::new(Cause::Closed, "the peer left in the handshake");
        };
        let said = first.reason().unwrap_or("an unknown error");
        let cause = if is_of_ssl(&first) {
            cause_of(first.reason_code())
        } else {
            Cause::Other
        };
        match cause {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::authority::{Authority, Terms};
    use crate::tls::{Client, ClientAuth, ClientOptions, Server, ServerOptions};
    use openssl::x509::X509;
    use std::fs;
    use std::os::unix::net::UnixStream;
    use std::thread;

    #[test]
    fn a_forged_signature_would_be_counted_by_another_librarys_number() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("authority").unwrap();
        let signed = authority.issue(&Terms::new(&["localhost"])).unwrap();
        let good = signed.write(folder.path(), "server").unwrap();
        let forged = signed.write(folder.path(), "client").unwrap();
        let mut der = X509::from_pem(&fs::read(&good.0).unwrap())
            .and_then(|certificate| certificate.to_der())
            .unwrap();
        *der.last_mut().unwrap() ^= 1;
        let pem = X509::from_der(&der).and_then(|forged| forged.to_pem());
        fs::write(&forged.0, pem.unwrap()).unwrap();

        let server = Server::new(&ServerOptions {
            certificates: vec![good],
            authorities: Some(authority.write(folder.path(), "authority").unwrap()),
            client_auth: ClientAuth::Required,
            ..ServerOptions::default()
        });
        let client = Client::new(&ClientOptions {
            certificate: Some(forged),
            insecure: true,
            ..ClientOptions::default()
        });
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut session = server.unwrap().open(ours).unwrap();
        let mut client = client.unwrap().open(theirs, "localhost").unwrap();
        let failure = thread::scope(|scope| {
            // In TLS 1.3 it is through before it is refused.
            scope.spawn(move || client.handshake());
            session.handshake().unwrap_err()
        });
        assert_eq!(failure.cause, Cause::Certificate, "{failure}");
    }
}
