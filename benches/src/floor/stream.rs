//! What the floor's bytes go through: a socket, or OpenSSL over it.

use std::ffi::{c_int, c_void};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use net::{Edge, socket};
use openssl::error::ErrorStack;
use openssl::ssl::{
    Error, ErrorCode, Ssl, SslContext, SslFiletype, SslMethod, SslMode, SslOptions, SslRef,
    SslSessionCacheMode, SslStream, SslVersion,
};

use crate::tls::Certificate;

/// How many pieces the kernel takes in one call (`IOV_MAX`).
const PIECES_MAX: usize = 1024;
/// What a TLS record holds.
const RECORD_BYTES: usize = 16 * 1024;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<Secure>),
}

pub(super) struct Secure {
    /// Its handshake happens in the first receives.
    session: SslStream<Edge>,
    /// Where pieces are put together, for each call makes a record.
    gathered: Vec<u8>,
}

/// What sessions of the floor share, with a certificate that is made for it.
pub fn context(certificate: &Certificate) -> Result<SslContext, ErrorStack> {
    let mut context = SslContext::builder(SslMethod::tls_server())?;
    // Not SslMode::RELEASE_BUFFERS: to release them and take new ones costs a tenth of a turn.
    context.set_mode(SslMode::ACCEPT_MOVING_WRITE_BUFFER | SslMode::ENABLE_PARTIAL_WRITE);
    context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_certificate_chain_file(&certificate.certificate)?;
    context.set_private_key_file(&certificate.key, SslFiletype::PEM)?;
    context.set_options(SslOptions::NO_RENEGOTIATION);
    context.set_read_ahead(true);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(1)?;
    Ok(context.build())
}

impl Stream {
    pub(super) fn new(stream: TcpStream, context: Option<&SslContext>) -> io::Result<Self> {
        let Some(context) = context else {
            return Ok(Self::Plain(stream));
        };
        let mut ssl = Ssl::new(context)?;
        ssl.set_accept_state();
        let session = SslStream::new(ssl, Edge::new(socket::Stream::Tcp(stream)))?;
        let gathered = Vec::new();
        Ok(Self::Tls(Box::new(Secure { session, gathered })))
    }

    pub(super) fn descriptor(&self) -> RawFd {
        match self {
            Self::Plain(stream) => stream.as_raw_fd(),
            Self::Tls(secure) => secure.session.get_ref().descriptor(),
        }
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Plain(stream) => {
                registry.register(stream, token, Interest::READABLE | Interest::WRITABLE)
            }
            Self::Tls(secure) => secure.session.get_mut().register(registry, token),
        }
    }

    pub(super) fn note(&mut self, event: &Event) {
        if let Self::Tls(secure) = self {
            secure.session.get_mut().note(event);
        }
    }

    /// Receives what there is, as far as there is room; the end is an error.
    pub(super) fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => match stream.read(room) {
                Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
                outcome => taken(outcome),
            },
            Self::Tls(secure) => secure.receive(room),
        }
    }

    /// Sends what the socket takes; says how many pieces are left at the end.
    pub(super) fn send(&mut self, unsent: &mut [IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => send(stream, unsent),
            Self::Tls(secure) => secure.send(unsent),
        }
    }
}

fn send(stream: &mut TcpStream, mut unsent: &mut [IoSlice<'_>]) -> io::Result<usize> {
    while !unsent.is_empty() {
        let pieces = &unsent[..unsent.len().min(PIECES_MAX)];
        let size: usize = pieces.iter().map(|piece| piece.len()).sum();
        let sent = match pieces {
            [piece] => taken(stream.write(piece))?,
            pieces => taken(stream.write_vectored(pieces))?,
        };
        IoSlice::advance_slices(&mut unsent, sent);
        if sent < size {
            break;
        }
    }
    Ok(unsent.len())
}

impl Secure {
    fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut received = 0;
        while received < room.len() {
            match ready(self.session.ssl_read(&mut room[received..]))? {
                0 => break,
                bytes => received += bytes,
            }
            // To be told so by a read that finds nothing costs a tenth of a turn, too.
            if !self.session.get_ref().is_readable() && !has_pending(self.session.ssl()) {
                break;
            }
        }
        Ok(received)
    }

    /// A record at a time; one that did not go is made of the same bytes again.
    fn send(&mut self, mut unsent: &mut [IoSlice<'_>]) -> io::Result<usize> {
        while !unsent.is_empty() {
            let bytes = match &unsent[..] {
                [piece] => &piece[..],
                pieces => {
                    self.gathered.clear();
                    for piece in pieces {
                        let room = RECORD_BYTES - self.gathered.len();
                        self.gathered
                            .extend_from_slice(&piece[..piece.len().min(room)]);
                    }
                    &self.gathered
                }
            };
            match ready(self.session.ssl_write(bytes))? {
                0 => break,
                sent => IoSlice::advance_slices(&mut unsent, sent),
            }
        }
        Ok(unsent.len())
    }
}

/// Whether bytes are inside the session that it has not handed out.
fn has_pending(ssl: &SslRef) -> bool {
    // SAFETY: declared as in openssl/ssl.h, `SSL` being opaque.
    unsafe extern "C" {
        fn SSL_has_pending(ssl: *const c_void) -> c_int;
    }
    // SAFETY: a reference to an SslRef is the address of its SSL; the call reads it, no more.
    unsafe { SSL_has_pending(ptr::from_ref(ssl).cast()) != 0 }
}

/// What a socket that is not ready takes or has: nothing.
fn taken(outcome: io::Result<usize>) -> io::Result<usize> {
    outcome.or_else(|e| {
        if e.kind() == ErrorKind::WouldBlock {
            Ok(0)
        } else {
            Err(e)
        }
    })
}

fn ready(outcome: Result<usize, Error>) -> io::Result<usize> {
    outcome.or_else(|e| match e.code() {
        ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Ok(0),
        _ => Err(io::Error::other(e)),
    })
}
