//! TLS sessions by OpenSSL: servers' and clients'.
//!
//! ```text
//!   Server::new(&ServerOptions)             Client::new(&ClientOptions)
//!        | open(stream)                          | open(stream, name)
//!        v                                       v
//!      Stream -- handshake, until complete ----> read and write as the stream itself
//! ```
//!
//! All state that sessions share is in the [`Server`] or the [`Client`]; another one, made of newer
//! files, leaves their sessions alone. TLS 1.2 and 1.3 are spoken. There is no renegotiation, which
//! only serves to attack, and no early data (0-RTT): whoever records it could send it again, and an
//! increment would count twice (RFC 8446, section 8).

#[cfg(feature = "authority")]
pub mod authority;
mod client;
mod credentials;
mod failure;
mod names;
mod server;
mod stream;

pub use client::{Client, ClientOptions, Ticket};
pub use failure::{Cause, Failure};
pub use server::{ClientAuth, Server, ServerOptions};
pub use stream::{Agreed, Stream};

use openssl::ssl::SslVersion;

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246.
    #[default]
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl From<Version> for SslVersion {
    fn from(version: Version) -> SslVersion {
        match version {
            Version::Tls12 => SslVersion::TLS1_2,
            Version::Tls13 => SslVersion::TLS1_3,
        }
    }
}

/// The version of OpenSSL that is in use, as `OpenSSL 3.0.19 27 Jan 2026`.
pub fn library() -> &'static str {
    openssl::version::version()
}
