//! A client by OpenSSL alone, which can do what ours cannot, and a session with a server.

use std::ffi::{c_int, c_void};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use foreign_types::ForeignTypeRef;
use net::tls::authority::Signed;
use net::tls::{Failure, Server, Stream};
use openssl::pkey::PKey;
use openssl::ssl::{
    Error, ErrorCode, SslConnector, SslConnectorBuilder, SslMethod, SslSession,
    SslSessionCacheMode, SslStream, SslVersion,
};
use openssl::x509::X509;

use crate::pipe::{self, End};
use crate::server::Files;

pub(crate) const VERSIONS: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];

/// Turns that any handshake is complete in, a flight a turn.
const TURNS: usize = 16;

/// A client that trusts the tests' authority.
pub(crate) struct Peer {
    connector: SslConnector,
    /// The last ticket it was sent.
    ticket: Arc<Mutex<Option<SslSession>>>,
}

impl Peer {
    pub(crate) fn new(files: &Files) -> Peer {
        Peer::with(files, |_| {})
    }

    /// Speaks `version` alone.
    pub(crate) fn of(files: &Files, version: SslVersion) -> Peer {
        Peer::with(files, |builder| only(builder, version))
    }

    /// Shows a certificate, in `version`.
    pub(crate) fn showing(files: &Files, version: SslVersion, signed: &Signed) -> Peer {
        Peer::with(files, |builder| {
            only(builder, version);
            show(builder, signed);
        })
    }

    pub(crate) fn with(files: &Files, change: impl FnOnce(&mut SslConnectorBuilder)) -> Peer {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_ca_file(&files.trusted).unwrap();
        let ticket = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&ticket);
        builder.set_session_cache_mode(SslSessionCacheMode::CLIENT);
        builder.set_new_session_callback(move |_, session| *kept.lock().unwrap() = Some(session));
        change(&mut builder);
        Peer {
            connector: builder.build(),
            ticket,
        }
    }

    /// A session with the server `localhost`, before its handshake.
    pub(crate) fn dial(&self, server: &Server) -> Session {
        self.dial_as(server, Some("localhost"))
    }

    /// As [`Peer::dial`], with the server `host`, or with one whose name the client does not say.
    pub(crate) fn dial_as(&self, server: &Server, host: Option<&str>) -> Session {
        let (near, far) = pipe::pair();
        let mut ssl = match host {
            Some(host) => self.connector.configure().unwrap().into_ssl(host),
            None => self
                .connector
                .configure()
                .unwrap()
                .use_server_name_indication(false)
                .verify_hostname(false)
                .into_ssl(""),
        }
        .unwrap();
        if let Some(ticket) = self.ticket.lock().unwrap().as_deref() {
            // SAFETY: it was made by the same `SSL_CTX`, the connector's.
            unsafe { ssl.set_session(ticket) }.unwrap();
        }
        ssl.set_connect_state();
        Session {
            server: server.open(near).unwrap(),
            client: SslStream::new(ssl, far).unwrap(),
        }
    }

    /// An established session with the server `localhost`.
    #[track_caller]
    pub(crate) fn settle(&self, server: &Server) -> Session {
        let mut session = self.dial(server);
        session.settle();
        session
    }

    pub(crate) fn has_ticket(&self) -> bool {
        self.ticket.lock().unwrap().is_some()
    }
}

/// Makes a client speak `version` alone.
pub(crate) fn only(builder: &mut SslConnectorBuilder, version: SslVersion) {
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
}

/// Makes a client show `signed` with its chain.
pub(crate) fn show(builder: &mut SslConnectorBuilder, signed: &Signed) {
    let mut chain = X509::stack_from_pem(&signed.chain_pem().unwrap()).unwrap();
    let key = PKey::private_key_from_pem(&signed.key_pem().unwrap()).unwrap();
    builder.set_certificate(&chain.remove(0)).unwrap();
    for certificate in chain {
        builder.add_extra_chain_cert(certificate).unwrap();
    }
    builder.set_private_key(&key).unwrap();
}

/// A server's side and a client's.
pub(crate) struct Session {
    pub(crate) server: Stream<End>,
    pub(crate) client: SslStream<End>,
}

impl Session {
    /// Lets both sides shake hands until nothing moves. Returns whether each is done.
    pub(crate) fn shake(&mut self) -> (Result<bool, Failure>, Result<bool, Error>) {
        let (mut server, mut client) = (Ok(false), Ok(false));
        for _ in 0..TURNS {
            if matches!(client, Ok(false)) {
                client = shake_client(&mut self.client);
            }
            if matches!(server, Ok(false)) {
                server = self.server.handshake();
            }
        }
        (server, client)
    }

    /// Both are done.
    #[track_caller]
    pub(crate) fn establish(&mut self) {
        let (server, client) = self.shake();
        assert!(server.expect("the server's handshake"));
        assert!(client.expect("the client's handshake"));
    }

    /// As [`Session::establish`], and the client has read what the server says behind its handshake.
    #[track_caller]
    pub(crate) fn settle(&mut self) {
        self.establish();
        self.server.write_all(b"!").unwrap();
        self.client.read_exact(&mut [0]).unwrap();
    }

    /// Why the server ends the handshake.
    #[track_caller]
    pub(crate) fn failure(&mut self) -> Failure {
        self.shake().0.expect_err("a handshake that fails")
    }

    /// The client's bytes come to the server, and the server's to the client.
    #[track_caller]
    pub(crate) fn echo(&mut self, bytes: &[u8]) {
        let mut seen = vec![0; bytes.len()];
        self.client.write_all(bytes).unwrap();
        self.server.read_exact(&mut seen).unwrap();
        assert_eq!(seen, bytes);
        self.server.write_all(bytes).unwrap();
        self.client.read_exact(&mut seen).unwrap();
        assert_eq!(seen, bytes);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // OpenSSL's client throws away the ticket of a session that was not closed.
        let _ = self.client.shutdown();
    }
}

/// As [`Stream::handshake`].
pub(crate) fn shake_client(client: &mut SslStream<End>) -> Result<bool, Error> {
    match client.do_handshake() {
        Ok(()) => Ok(true),
        Err(error) if is_wait(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Nothing is wrong, but the pipe is empty, or full.
pub(crate) fn is_wait(error: &Error) -> bool {
    matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE)
}

// SAFETY: declared as in openssl/ssl.h, `SSL` being opaque. They are not in the crate `openssl`.
unsafe extern "C" {
    fn SSL_key_update(ssl: *mut c_void, update_type: c_int) -> c_int;
    fn SSL_renegotiate(ssl: *mut c_void) -> c_int;
}

/// Has the next write change the client's key, and ask for a new one of the server's (TLS 1.3).
pub(crate) fn update_keys(client: &SslStream<End>) {
    const SSL_KEY_UPDATE_REQUESTED: c_int = 1;
    // SAFETY: the pointer is that of an SSL object, which lives through the call.
    let done = unsafe { SSL_key_update(client.ssl().as_ptr().cast(), SSL_KEY_UPDATE_REQUESTED) };
    assert_eq!(done, 1);
}

/// Has the next call ask for another handshake (TLS 1.2).
pub(crate) fn renegotiate(client: &SslStream<End>) {
    // SAFETY: as above.
    let done = unsafe { SSL_renegotiate(client.ssl().as_ptr().cast()) };
    assert_eq!(done, 1);
}
