//! TLS for the suite's clients: a session over a socket, its records cut anywhere.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use net::tls::authority::{Authority, Signed, Terms};
use net::tls::{self, ClientOptions};

use crate::client::PATIENCE;

/// A server's certificate, and a client that trusts its authority alone.
pub(crate) struct Credentials {
    server: Signed,
    client: tls::Client,
}

/// Those of the suite's servers and clients.
pub(crate) static CREDENTIALS: LazyLock<Credentials> = LazyLock::new(Credentials::new);

impl Credentials {
    /// Others than those of any other call.
    pub(crate) fn new() -> Credentials {
        let authority = Authority::new("the wire suite's authority").expect("an authority");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let authorities = authority.write(folder.path(), "authority").expect("a file");
        let client = tls::Client::new(&ClientOptions {
            authorities: Some(authorities),
            ..ClientOptions::default()
        });
        let terms = Terms::new(&["127.0.0.1", "localhost"]);
        Credentials {
            server: authority.issue(&terms).expect("a certificate"),
            client: client.expect("a client"),
        }
    }

    /// The files of a server's certificate and of its key, in `folder`.
    pub(crate) fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        self.server.write(folder, "server").expect("two files")
    }

    /// Shakes hands with the server behind `stream`. Fails when the server closes, or is another.
    pub(crate) fn secure(&self, stream: TcpStream) -> io::Result<Secure> {
        let secure = self.open(stream)?;
        while !secure.session().handshake().map_err(closed)? {
            secure.wait(libc::POLLIN)?;
        }
        Ok(secure)
    }

    /// As [`Credentials::secure`], with `request` in one send with the handshake's last message.
    pub(crate) fn secure_with(&self, stream: TcpStream, request: &[u8]) -> io::Result<Secure> {
        let mut secure = self.open(stream)?;
        secure.session().get_mut().holds = true;
        while !secure.session().handshake().map_err(closed)? {
            secure.wait(libc::POLLIN)?;
        }
        secure.write_all(request)?;
        let held = secure.session().get_mut().held.take();
        (&*secure.socket).write_all(&held.expect("the server has answered"))?;
        Ok(secure)
    }

    /// A session before its handshake.
    fn open(&self, stream: TcpStream) -> io::Result<Secure> {
        stream.set_nonblocking(true)?;
        let socket = Arc::new(stream);
        let cutting = Cutting::new(Arc::clone(&socket));
        let session = self.client.open(cutting, "127.0.0.1").map_err(closed)?;
        Ok(Secure {
            session: Arc::new(Mutex::new(session)),
            socket,
        })
    }
}

/// One side of an established session; clones are handles on the same one.
#[derive(Clone)]
pub(crate) struct Secure {
    session: Arc<Mutex<tls::Stream<Cutting>>>,
    socket: Arc<TcpStream>,
}

impl Secure {
    /// Says in TLS that no more will be sent.
    pub(crate) fn say_end(&self) {
        self.session().close();
    }

    /// Says in TLS and in TCP that no more will be sent.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.say_end();
        self.socket.shutdown(Shutdown::Write)
    }

    /// The server ended the session without saying so.
    pub(crate) fn is_truncated(&self) -> bool {
        self.session().is_truncated()
    }

    fn session(&self) -> MutexGuard<'_, tls::Stream<Cutting>> {
        self.session.lock().expect("no user of it panicked")
    }

    /// Until the socket has or takes bytes; the session is not held meanwhile.
    fn wait(&self, events: i16) -> io::Result<()> {
        let mut waiting = libc::pollfd {
            fd: self.socket.as_raw_fd(),
            events,
            revents: 0,
        };
        // SAFETY: it is one pollfd, and the descriptor in it is open.
        let ready = unsafe { libc::poll(&raw mut waiting, 1, PATIENCE.as_millis() as i32) };
        match ready {
            0 => Err(ErrorKind::TimedOut.into()),
            1 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn closed(failure: tls::Failure) -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, failure)
}

impl Read for Secure {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.session().read(room);
            match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(libc::POLLIN)?,
                read => return read,
            }
        }
    }
}

impl Write for Secure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = self.session().write(bytes);
            match written {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(libc::POLLOUT)?,
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what it is given in pieces of many lengths, so that a server finds records cut anywhere.
struct Cutting {
    socket: Arc<TcpStream>,
    random: u64,
    /// From the first answer on, nothing is sent but held.
    holds: bool,
    held: Option<Vec<u8>>,
}

impl Cutting {
    fn new(socket: Arc<TcpStream>) -> Cutting {
        static SEED: AtomicU64 = AtomicU64::new(1);
        let random = SEED.fetch_add(1, Ordering::Relaxed);
        Cutting {
            socket,
            random,
            holds: false,
            held: None,
        }
    }

    /// From 1 to 4096, small ones as often as large ones.
    fn piece(&mut self) -> usize {
        // Knuth's MMIX; its low bits are worth little.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let magnitude = (self.random >> 60) % 13;
        1 + ((self.random >> 30) % (1 << magnitude)) as usize
    }
}

impl Read for Cutting {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.socket).read(room)?;
        if self.holds {
            self.held.get_or_insert_default();
        }
        Ok(read)
    }
}

impl Write for Cutting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        let piece = self.piece().min(bytes.len());
        (&*self.socket).write(&bytes[..piece])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
