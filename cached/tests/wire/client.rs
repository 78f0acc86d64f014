//! A blocking client that shows bytes as they are.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::secure::{CREDENTIALS, Secure};

/// How long a test waits for bytes that must come before it gives up. Only a
/// server that hangs gets near it, so it is not a bound on speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server listens, and whether it speaks TLS there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    Plain(SocketAddr),
    Tls(SocketAddr),
}

impl Address {
    pub(crate) fn socket(self) -> SocketAddr {
        let (Self::Plain(address) | Self::Tls(address)) = self;
        address
    }
}

pub(crate) struct Client {
    stream: Stream,
    /// Received and not yet asked for.
    pending: Vec<u8>,
}

/// What a client's bytes go through.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Secure),
    /// The server has ended the handshake.
    Refused,
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(room),
            Self::Tls(secure) => secure.read(room),
            Self::Refused => Ok(0),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(secure) => secure.write(bytes),
            Self::Refused => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Client {
    pub(crate) fn connect(address: Address) -> Self {
        let stream = connect(address.socket());
        Self::over(match address {
            Address::Plain(_) => Stream::Plain(stream),
            Address::Tls(_) => match CREDENTIALS.secure(stream) {
                Ok(secure) => Stream::Tls(secure),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => Stream::Refused,
                Err(error) => panic!("no handshake: {error}"),
            },
        })
    }

    pub(crate) fn over(stream: Stream) -> Self {
        Self {
            stream,
            pending: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("the server takes the bytes");
    }

    /// For clients whose connection the server may close at any moment.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    pub(crate) fn finish_sending(&mut self) {
        match &self.stream {
            Stream::Plain(stream) => stream.shutdown(Shutdown::Write),
            Stream::Tls(secure) => secure.finish(),
            Stream::Refused => Ok(()),
        }
        .expect("half-close the connection");
    }

    /// A second handle on the connection, to send from another thread.
    pub(crate) fn sender(&self) -> Stream {
        match &self.stream {
            Stream::Plain(stream) => Stream::Plain(stream.try_clone().expect("second handle")),
            Stream::Tls(secure) => Stream::Tls(secure.clone()),
            Stream::Refused => Stream::Refused,
        }
    }

    /// Waits for more bytes; false when the server has closed the connection.
    pub(crate) fn fill(&mut self) -> bool {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return false,
                Ok(n) => {
                    self.pending.extend_from_slice(&chunk[..n]);
                    return true;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // A close with bytes unread at the far side arrives as a reset.
                Err(e) if e.kind() == ErrorKind::ConnectionReset => return false,
                Err(e) => panic!("no answer: {e}; so far {:?}", self.pending_text()),
            }
        }
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.pending
    }

    pub(crate) fn take(&mut self, n: usize) -> Vec<u8> {
        while self.pending.len() < n {
            assert!(
                self.fill(),
                "closed after {} of {n} bytes: {:?}",
                self.pending.len(),
                self.pending_text()
            );
        }
        let rest = self.pending.split_off(n);
        std::mem::replace(&mut self.pending, rest)
    }

    /// The next line without its CRLF.
    pub(crate) fn line(&mut self) -> String {
        self.try_line()
            .unwrap_or_else(|| panic!("closed before a line: {:?}", self.pending_text()))
    }

    /// The next line without its CRLF, or `None` when the server closed first.
    pub(crate) fn try_line(&mut self) -> Option<String> {
        let mut scanned = 0;
        loop {
            if let Some(at) = self.pending[scanned..].iter().position(|&b| b == b'\n') {
                let line = self.take(scanned + at + 1);
                let line = line.strip_suffix(b"\r\n").expect("a line ends in CRLF");
                return Some(String::from_utf8_lossy(line).into_owned());
            }
            scanned = self.pending.len();
            if !self.fill() {
                return None;
            }
        }
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let want = bytes.as_ref();
        while self.pending.len() < want.len() && want.starts_with(&self.pending) {
            if !self.fill() {
                break;
            }
        }
        let seen = &self.pending[..self.pending.len().min(want.len())];
        assert_eq!(
            seen.escape_ascii().to_string(),
            want.escape_ascii().to_string()
        );
        self.pending.drain(..want.len());
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, request: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) {
        self.send(request);
        self.expect(reply);
    }

    /// The connection ends with no further byte.
    #[track_caller]
    pub(crate) fn expect_close(&mut self) {
        let open = self.fill();
        assert!(
            !open && self.pending.is_empty(),
            "expected the end of the connection, got {:?}",
            self.pending_text()
        );
    }

    /// The value stored under `key`.
    pub(crate) fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.send(format!("get {key}\r\n"));
        self.value_of(key)
    }

    /// The reply to a `get` of one key that was already sent.
    pub(crate) fn value_of(&mut self, key: &str) -> Option<Vec<u8>> {
        let header = self.line();
        if header == "END" {
            return None;
        }
        let mut words = header.split(' ');
        assert_eq!(words.next(), Some("VALUE"), "in {header:?}");
        assert_eq!(
            words.next(),
            Some(key),
            "a reply of another key: {header:?}"
        );
        let length: usize = words
            .nth(1)
            .and_then(|n| n.parse().ok())
            .unwrap_or_else(|| panic!("no length in {header:?}"));
        let value = self.take(length);
        self.expect("\r\nEND\r\n");
        Some(value)
    }

    #[track_caller]
    pub(crate) fn set(&mut self, key: &str, exptime: i64, value: &[u8]) {
        self.send(store("set", key, exptime, value));
        self.expect("STORED\r\n");
    }

    /// One row of `stats`, as a number.
    pub(crate) fn stat(&mut self, name: &str) -> u64 {
        self.send("stats\r\n");
        let mut found = None;
        loop {
            let line = self.line();
            if line == "END" {
                break;
            }
            if let Some(value) = line
                .strip_prefix("STAT ")
                .and_then(|row| row.strip_prefix(name))
                .and_then(|rest| rest.strip_prefix(' '))
            {
                found = value.parse().ok();
            }
        }
        found.unwrap_or_else(|| panic!("`stats` has no number {name}"))
    }

    fn pending_text(&self) -> String {
        let shown = &self.pending[..self.pending.len().min(200)];
        shown.escape_ascii().to_string()
    }
}

/// A connection that does not wait for ever.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server accepts a connection");
    stream.set_nodelay(true).expect("TCP_NODELAY");
    let timeout = Some(PATIENCE);
    stream.set_read_timeout(timeout).expect("read timeout");
    stream.set_write_timeout(timeout).expect("write timeout");
    stream
}

/// A storage request with flags 0.
pub(crate) fn store(verb: &str, key: &str, exptime: i64, value: &[u8]) -> Vec<u8> {
    let mut request = format!("{verb} {key} 0 {exptime} {}\r\n", value.len()).into_bytes();
    request.extend_from_slice(value);
    request.extend_from_slice(b"\r\n");
    request
}
