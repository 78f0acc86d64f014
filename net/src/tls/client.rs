//! The client's side: whom it trusts, and who it is.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::ptr;

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslConnector, SslContext, SslMethod, SslRef, SslSession, SslVerifyMode};

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
#[derive(Debug)]
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
        let opened = self.begin(name).and_then(|ssl| Stream::new(ssl, stream));
        opened.map_err(|error| Failure::new(Cause::Other, said(&error)))
    }

    /// As [`Client::open`], with the offer to go on with the session that `ticket` is of, which was
    /// one with the same server. Whether the server takes it, [`Stream::is_resumed`] says after the
    /// handshake. Another client's ticket is not offered.
    pub fn resume<S: Read + Write>(
        &self,
        stream: S,
        name: &str,
        ticket: &Ticket,
    ) -> Result<Stream<S>, Failure> {
        let opened = self.begin(name).and_then(|mut ssl| {
            ticket.offer(&mut ssl)?;
            Stream::new(ssl, stream)
        });
        opened.map_err(|error| Failure::new(Cause::Other, said(&error)))
    }

    fn begin(&self, name: &str) -> Result<Ssl, ErrorStack> {
        let configuration = self.connector.configure()?;
        let mut ssl = configuration
            .verify_hostname(!self.insecure)
            .into_ssl(name)?;
        ssl.set_connect_state();
        Ok(ssl)
    }
}

/// What a client keeps of a session to begin another one with: that costs both sides far less, for
/// neither has to prove again who it is.
#[derive(Clone)]
pub struct Ticket {
    session: SslSession,
    /// Of the client whose session it was.
    context: SslContext,
}

impl Ticket {
    pub(super) fn of(ssl: &SslRef) -> Option<Ticket> {
        Some(Ticket {
            session: ssl.session()?.to_owned(),
            context: ssl.ssl_context().to_owned(),
        })
    }

    #[allow(unsafe_code)]
    fn offer(&self, ssl: &mut SslRef) -> Result<(), ErrorStack> {
        if !ptr::eq(&raw const *self.context, &raw const *ssl.ssl_context()) {
            return Ok(());
        }
        // SAFETY: the session is one of this very context, as `set_session` demands.
        unsafe { ssl.set_session(&self.session) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::authority::{Signed, Terms};
    use crate::tls::{Server, ServerOptions};
    use std::os::unix::net::UnixStream;
    use std::thread;

    fn client() -> Client {
        Client::new(&ClientOptions {
            insecure: true,
            ..ClientOptions::default()
        })
        .unwrap()
    }

    /// A session of which the server sends one byte: whether it was resumed, and its ticket.
    fn session(server: &Server, client: &Client, offered: Option<&Ticket>) -> (bool, Ticket) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut session = server.open(theirs).unwrap();
                assert!(session.handshake().unwrap());
                session.write_all(b"!").unwrap();
                assert_eq!(session.read(&mut [0]).unwrap(), 0, "closed in order");
            });
            let mut session = match offered {
                Some(ticket) => client.resume(ours, "localhost", ticket).unwrap(),
                None => client.open(ours, "localhost").unwrap(),
            };
            assert!(session.handshake().unwrap());
            session.read_exact(&mut [0]).unwrap();
            let ticket = session.ticket().unwrap();
            session.close();
            (session.is_resumed(), ticket)
        })
    }

    #[test]
    fn a_ticket_would_not_be_taken_or_one_of_another_client_offered() {
        let folder = tempfile::tempdir().unwrap();
        let signed = Signed::by_itself(&Terms::new(&["localhost"])).unwrap();
        let server = Server::new(&ServerOptions {
            certificates: vec![signed.write(folder.path(), "server").unwrap()],
            ..ServerOptions::default()
        })
        .unwrap();
        let (one, other) = (client(), client());
        let (is_resumed, ticket) = session(&server, &one, None);
        assert!(!is_resumed);
        let (is_resumed, next) = session(&server, &one, Some(&ticket));
        assert!(is_resumed);
        assert!(
            session(&server, &one, Some(&next)).0,
            "the ticket of a resumed session"
        );
        assert!(!session(&server, &other, Some(&ticket)).0);
    }
}
