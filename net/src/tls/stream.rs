//! One TLS session, of a server or of a client.

use std::ffi::{c_int, c_void};
use std::fmt;
use std::io::{self, Read, Write};
use std::ptr;

use openssl::error::ErrorStack;
use openssl::ssl::{ErrorCode, Ssl, SslCipherRef, SslRef, SslStream, SslVersion};

use super::{Failure, Ticket};

/// A TLS session over the stream `S`, which may be non-blocking.
///
/// After [`Stream::handshake`] it is read and written as `S` would be: `WouldBlock` says that `S`
/// said so. A write that would block is to be repeated with the same bytes, wherever they are by
/// then, and as many or more of them (`SSL_write(3)`, "moving write buffer").
#[derive(Debug)]
pub struct Stream<S> {
    inner: SslStream<S>,
    wants_write: bool,
    truncated: bool,
}

impl<S: Read + Write> Stream<S> {
    /// A session of `ssl`, which knows its side, before its handshake.
    pub(super) fn new(ssl: Ssl, stream: S) -> Result<Stream<S>, ErrorStack> {
        Ok(Stream {
            inner: SslStream::new(ssl, stream)?,
            wants_write: false,
            truncated: false,
        })
    }

    /// Goes on with the handshake as far as the stream lets it. Returns whether it is complete.
    pub fn handshake(&mut self) -> Result<bool, Failure> {
        match self.inner.do_handshake() {
            Ok(()) => Ok(true),
            Err(error) if is_blocked(error.code()) => {
                self.wants_write = error.code() == ErrorCode::WANT_WRITE;
                Ok(false)
            }
            Err(error) => Err(Failure::of_handshake(self.inner.ssl(), &error)),
        }
    }

    /// The last call waits for the stream to take bytes, even if it was to read some: a handshake's,
    /// or the answer to a request for new keys.
    pub fn wants_write(&self) -> bool {
        self.wants_write
    }

    /// The stream has ended without the peer's word that nothing more would come: what was read may
    /// be less than what was sent, by the peer's fault or by somebody's in between.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// A client's: what another session with the same server can be begun with. In TLS 1.3 the server
    /// sends it behind the handshake, so something must have been read first; and it is only good
    /// if this session is closed ([`Stream::close`]) before it is dropped.
    pub fn ticket(&self) -> Option<Ticket> {
        Ticket::of(self.inner.ssl())
    }

    /// The handshake was a short one, of a client that offered the ticket of an earlier session.
    pub fn is_resumed(&self) -> bool {
        self.inner.ssl().session_reused()
    }

    /// Tells the peer that nothing more will come. Not after an error.
    pub fn close(&mut self) {
        // A peer that is gone, or does not read, need not be told.
        let _ = self.inner.shutdown();
    }

    fn blocked(&mut self, error: openssl::ssl::Error) -> io::Error {
        self.wants_write = error.code() == ErrorCode::WANT_WRITE;
        if is_blocked(error.code()) {
            return io::ErrorKind::WouldBlock.into();
        }
        error.into_io_error().unwrap_or_else(io::Error::other)
    }
}

impl<S> Stream<S> {
    /// The stream below.
    pub fn get_ref(&self) -> &S {
        self.inner.get_ref()
    }

    /// The stream below. What is read from it or written to it the session will miss.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.get_mut()
    }

    /// What a complete handshake has agreed on.
    pub fn agreed(&self) -> Agreed {
        let ssl = self.inner.ssl();
        Agreed {
            is_tls13: ssl.version2() == Some(SslVersion::TLS1_3),
            cipher: ssl.current_cipher().map_or("none", SslCipherRef::name),
            is_resumed: ssl.session_reused(),
        }
    }

    /// Bytes are inside that no read has handed out; they may still lack the rest of their record.
    #[allow(unsafe_code)]
    pub fn has_pending(&self) -> bool {
        // SAFETY: declared as in openssl/ssl.h, `SSL` being opaque.
        unsafe extern "C" {
            fn SSL_has_pending(ssl: *const c_void) -> c_int;
        }
        // SAFETY: a reference to an SslRef is its SSL's address (`ForeignTypeRef`); the call only
        // reads it.
        unsafe { SSL_has_pending(ptr::from_ref(self.inner.ssl()).cast()) != 0 }
    }

    pub(super) fn ssl(&self) -> &SslRef {
        self.inner.ssl()
    }
}

/// What a handshake has agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// TLS 1.3 is spoken, and not 1.2.
    pub is_tls13: bool,
    /// The cipher, by OpenSSL's name.
    pub cipher: &'static str,
    /// The client had a ticket of an earlier session.
    pub is_resumed: bool,
}

impl fmt::Display for Agreed {
    /// As `TLS 1.3 with TLS_AES_256_GCM_SHA384, resumed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.is_tls13 { "1.3" } else { "1.2" };
        let resumed = if self.is_resumed { ", resumed" } else { "" };
        write!(f, "TLS {version} with {}{resumed}", self.cipher)
    }
}

impl<S: Read + Write> Read for Stream<S> {
    /// Reads what one record has, or is left of it. 0: the peer has said that nothing more will
    /// come, or its stream has ended without a word.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.inner.ssl_read(room) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(0),
            Err(error) if error.code() == ErrorCode::SYSCALL && error.io_error().is_none() => {
                self.truncated = true;
                Ok(0)
            }
            Err(error) => Err(self.blocked(error)),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    /// Writes one record of at most 16 KiB.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner
            .ssl_write(bytes)
            .map_err(|error| self.blocked(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.get_mut().flush()
    }
}

fn is_blocked(code: ErrorCode) -> bool {
    code == ErrorCode::WANT_READ || code == ErrorCode::WANT_WRITE
}
