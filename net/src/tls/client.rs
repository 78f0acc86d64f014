//! The client's side: whom it trusts, and who it is.

use std::io::{Read, Write};
use std::path::PathBuf;

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};

use super::Version;
use super::credentials::{self, said};
use super::failure::{Cause, Failure};
use super::stream::Stream;

/// What a client's TLS is made of. Files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// Whom to trust; those whom the system trusts unless given.
    pub authorities: Option<PathBuf>,
    /// The certificate to show with its chain, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Take any server for the right one.
    pub insecure: bool,
    /// The oldest version that is spoken.
    pub min_version: Version,
}

/// The client's side of all sessions.
pub struct Client {
    connector: SslConnector,
    insecure: bool,
}

impl Client {
    /// Reads the files. Fails with a sentence, which names the file.
    pub fn new(options: &ClientOptions) -> Result<Client, String> {
        let unusable = |error: ErrorStack| format!("cannot use TLS: {}", said(&error));
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(unusable)?;
        builder
            .set_min_proto_version(Some(options.min_version.into()))
            .map_err(unusable)?;
        builder.set_read_ahead(true);
        if let Some(path) = &options.authorities {
            credentials::trust(&mut builder, path)?;
        }
        if let Some((certificate, key)) = &options.certificate {
            credentials::give(&mut builder, certificate, key)?;
        }
        if options.insecure {
            builder.set_verify(SslVerifyMode::NONE);
        }
        Ok(Client {
            connector: builder.build(),
            insecure: options.insecure,
        })
    }

    /// A session over `stream` with the server `name`, a host or an address, before its handshake.
    pub fn open<S: Read + Write>(&self, stream: S, name: &str) -> Result<Stream<S>, Failure> {
        let opened = self.connector.configure().and_then(|configuration| {
            let mut ssl = configuration
                .verify_hostname(!self.insecure)
                .into_ssl(name)?;
            ssl.set_connect_state();
            Stream::new(ssl, stream)
        });
        opened.map_err(|error| Failure::new(Cause::Other, said(&error)))
    }
}
